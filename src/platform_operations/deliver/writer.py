"""The only code that writes files: inside one folder, through no symlink, over nobody's work.

What is written carries a seal: a last line with the hash of everything above it, as a comment, or for JSON, which has
none, its `schema`. A file that is there is replaced when its seal holds, so when it is ours and unchanged since; any
other is somebody's work, and then nothing is written at all.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from platform_operations.errors import InputError

MAX_EXISTING_BYTES = 64 * 1024 * 1024
_COMMENT: Mapping[str, tuple[str, str]] = {".md": ("<!-- ", " -->")}
_SEAL = re.compile(r"platform-ops sha256:([0-9a-f]{64})")
_PART = re.compile(r"[A-Za-z0-9._@+-]{1,120}")

State: TypeAlias = Literal["new", "replaced", "unchanged"]


@dataclass(frozen=True, slots=True)
class File:
    """A file to write: its path below the folder, with slashes, and its text ended by one LF."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file."""

    path: str
    state: State


def sealed(file: File) -> str:
    """Return the file's text with its seal; JSON stays as it is."""
    if file.path.endswith(".json"):
        return file.text
    before, after = _COMMENT.get(Path(file.path).suffix, ("# ", ""))
    return f"{file.text}{before}platform-ops sha256:{_hash(file.text)}{after}\n"


def write_folder(folder: Path, files: Sequence[File]) -> tuple[Written, ...]:
    """Write the files below `folder`, which is made where it is missing, and return what became of each.

    Raises:
        InputError: the folder cannot be written, a path leaves it or goes through a symlink, or a file that is there
            is not ours or was changed since; nothing has been written then.
    """
    top = _opened(folder)
    try:
        states: list[State] = [_state(top, folder, file) for file in files]
        for file, state in zip(files, states, strict=True):
            if state != "unchanged":
                _put(top, folder, file)
        return tuple(Written(file.path, state) for file, state in zip(files, states, strict=True))
    finally:
        os.close(top)


def write_named(path: Path, text: str) -> None:
    """Write one file that the user named, over what is there; a symlink is replaced, not followed.

    Raises:
        InputError: it cannot be written.
    """
    top = _opened(path.parent)
    try:
        if path.is_dir():
            raise InputError(f"{str(path)!r} is a folder; name a file")
        _replace(top, path.name, path, text)
    finally:
        os.close(top)


def _opened(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot write to the folder {str(folder)!r}: {reason}") from None


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(path.split("/"))
    if not all(_PART.fullmatch(part) and part not in {".", ".."} for part in parts):
        raise InputError(f"{path!r} is no path below the folder to write to")
    return parts


def _state(top: int, folder: Path, file: File) -> State:
    *folders, name = _parts(file.path)
    place = top
    try:
        for part in folders:
            inner = _inner(place, part, folder / file.path)
            if place != top:
                os.close(place)
            if inner is None:
                return "new"
            place = inner
        there = _text(place, name, folder / file.path)
    finally:
        if place != top:
            os.close(place)
    if there is None:
        return "new"
    if there == sealed(file):
        return "unchanged"
    _refuse_unless_ours(there, folder / file.path)
    return "replaced"


def _inner(place: int, part: str, path: Path) -> int | None:
    try:
        return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
    except FileNotFoundError:
        return None
    except OSError:
        raise InputError(f"cannot write {str(path)!r}: {part!r} is a symlink or no folder") from None


def _text(place: int, name: str, path: Path) -> str | None:
    try:
        status = os.stat(name, dir_fd=place, follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            kind = "a symlink" if stat.S_ISLNK(status.st_mode) else "no regular file"
            raise InputError(f"{str(path)!r} is {kind}; move it away, or name another folder")
        if status.st_size > MAX_EXISTING_BYTES:
            raise InputError(f"{str(path)!r} is none of ours: it is too large; move it away")
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
        with os.fdopen(file, encoding="utf-8", errors="replace") as stream:
            return stream.read(MAX_EXISTING_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror}") from None


def _refuse_unless_ours(text: str, path: Path) -> None:
    if path.suffix == ".json":
        if not _schema_of(text).startswith("platform-ops/"):
            raise InputError(
                f"{str(path)!r} was not written by platform-ops; move it away, or name another folder"
            )
        return
    body, _, last = text.removesuffix("\n").rpartition("\n")
    seal = _SEAL.search(last)
    if seal is None:
        raise InputError(
            f"{str(path)!r} was not written by platform-ops; move it away, or name another folder"
        )
    if seal[1] != _hash(body + "\n"):
        raise InputError(
            f"{str(path)!r} was edited since it was written; move it away, or name another folder"
        )


def _schema_of(text: str) -> str:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return str(cast("dict[str, Any]", document).get("schema", "")) if isinstance(document, dict) else ""


def _put(top: int, folder: Path, file: File) -> None:
    *folders, name = _parts(file.path)
    place = top
    try:
        for part in folders:
            inner = _inner(place, part, folder / file.path)
            if inner is None:
                os.mkdir(part, dir_fd=place)
                inner = _inner(place, part, folder / file.path)
            if place != top:
                os.close(place)
            place = cast("int", inner)
        _replace(place, name, folder / file.path, sealed(file))
    finally:
        if place != top:
            os.close(place)


def _replace(place: int, name: str, path: Path, text: str) -> None:
    """Put the text beside its place and then in it, so that nobody ever reads half a file."""
    beside = f".{name}.{os.getpid()}.new"
    try:
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666, dir_fd=place)
        try:
            with os.fdopen(file, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            os.replace(beside, name, src_dir_fd=place, dst_dir_fd=place)
        except BaseException:
            os.unlink(beside, dir_fd=place)
            raise
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {error.strerror}") from None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
