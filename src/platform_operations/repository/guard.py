"""What may be opened at all: plain relative paths below the root, regular files, without following links."""

import os
import stat
import unicodedata
from pathlib import Path

OUTSIDE = "outside the root"
# A program writes a NUL byte early or not at all; so a picture costs one small read.
_SNIFF = 8192
# Without O_NONBLOCK, opening a pipe waits for its writer.
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
_UNSHOWABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class NotRegularError(OSError):
    """A folder, pipe, socket or device where a file was expected."""


def leaves_root(path: str) -> bool:
    """Say whether `path` is anything but names joined by single slashes."""
    names = path.split("/")
    return "\\" in path or "\0" in path or _is_drive(names[0]) or not {"", ".", ".."}.isdisjoint(names)


def odd_name(name: str) -> str | None:
    """Say why a file or folder of this name is left out of a listing, None for an ordinary name."""
    if name.isascii() and name.isprintable() and "\\" not in name and name[1:] != ":":
        return None
    if _is_drive(name):
        return "the name is a drive letter"
    if "\\" in name:
        return "a backslash in the name"
    categories = {unicodedata.category(letter) for letter in name}
    if "Cs" in categories:
        return "the name is not UTF-8"
    if categories & _UNSHOWABLE:
        return "a control or invisible character in the name"
    return None


def _is_drive(name: str) -> bool:
    return len(name) == 2 and name[1] == ":"


def shown(path: str) -> str:
    """Return `path` with whatever cannot be shown escaped, at most 200 characters of it."""
    escaped = (
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in path
    )
    return "".join(escaped)[:200]


def resolve_inside(root: str, path: str) -> str | None:
    """Return where a link below the resolved `root` leads, relative to it; None when it leaves the root.

    A sibling of the root with the same beginning is outside. Raises OSError when it leads nowhere.
    """
    link = Path(root, path)
    # The kernel gives up on a long chain of links; `resolve` alone would follow it until Python's stack ends.
    link.stat()
    target = link.resolve()
    return target.relative_to(root).as_posix() if target.is_relative_to(root) else None


def read_inside(root: str, path: str, limit: int) -> bytes | None:
    """Return the bytes of a regular file, of a binary one only the first; None where they exceed `limit`.

    No link is followed, and nothing changes between the check of that and the read. Raises OSError.
    """
    file = _opened_at_once(f"{root}/{path}")
    return _read(_opened_in_steps(root, path) if file is None else file, limit)


def _opened_at_once(path: str) -> int | None:
    """Return an open file of which the kernel says that it is `path` and no other; None where it does not."""
    try:
        file = os.open(path, _FILE)
    except OSError:
        return None
    try:
        itself = os.readlink(f"/proc/self/fd/{file}") == path  # noqa: PTH115 (a Path for each file costs more than the read)
    except OSError:
        itself = False
    if not itself:
        os.close(file)
        return None
    return file


def _opened_in_steps(root: str, path: str) -> int:
    """Open a file from its folder, and every folder from the one above it. Raises OSError."""
    *folders, name = path.split("/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, _FILE, dir_fd=folder)
    finally:
        os.close(folder)


def read_plain(path: str, limit: int) -> bytes | None:
    """Return the bytes of a regular file of git's own, links followed; None where they exceed `limit`.

    Raises OSError.
    """
    return _read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), limit)


def _read(file: int, limit: int) -> bytes | None:
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularError("not a regular file")
        if status.st_size > limit:
            return None
        data = os.read(file, _SNIFF)
        if b"\0" in data or len(data) == status.st_size < _SNIFF:
            return data
        # The size is a promise only: a file may grow while it is read.
        while len(data) <= limit and (more := os.read(file, limit + 1 - len(data))):
            data += more
        return data if len(data) <= limit else None
    finally:
        os.close(file)
