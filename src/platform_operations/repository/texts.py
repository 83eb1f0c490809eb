"""From bytes to text, each file once, within the bounds of one repository."""

from collections.abc import Callable, Container

from platform_operations.repository.contract import MAX_FILE_BYTES, MAX_TOTAL_BYTES, Unreadable
from platform_operations.repository.guard import OUTSIDE, leaves_root
from platform_operations.repository.secret_files import (
    MAY_HOLD_SECRETS,
    named_for_secrets,
    settings_with_token,
)

_BOM = b"\xef\xbb\xbf"
_MIB = 1024 * 1024


class Texts:
    """The texts of the listed files; `fetch` gets a path and a limit, and returns None beyond it."""

    def __init__(
        self, listed: Container[str], fetch: Callable[[str, int], bytes | Unreadable | None]
    ) -> None:
        self._listed = listed
        self._fetch = fetch
        self._known: dict[str, str | Unreadable] = {}
        self._sizes: dict[str, int] = {}
        self._left = MAX_TOTAL_BYTES

    def read(self, path: str) -> str | Unreadable:
        """Return the text of one file or why there is none."""
        known = self._known.get(path)
        if known is not None:
            return known
        if leaves_root(path):
            return Unreadable(path, OUTSIDE)
        if path not in self._listed:
            return Unreadable(path, "no such file")
        text = self._known[path] = self._first_read(path)
        return text

    def resume(self, before: "Texts", same: Container[str]) -> frozenset[str]:
        """Take over what was read before of the files in `same`; return those of the others that say something else now."""
        changed: set[str] = set()
        for path, text in tuple(before._known.items()):
            size = before._sizes.get(path)
            if path in same and size is not None and size <= self._left:
                if path not in self._known:
                    self._known[path] = text
                    self._sizes[path] = size
                    self._left -= size
            elif self.read(path) != text:
                changed.add(path)
        return frozenset(changed)

    def _first_read(self, path: str) -> str | Unreadable:
        if named_for_secrets(path):
            return Unreadable(path, MAY_HOLD_SECRETS)
        data = self._fetch(path, min(MAX_FILE_BYTES, self._left))
        if data is None and self._left < MAX_FILE_BYTES:
            return Unreadable(
                path, f"beyond the {MAX_TOTAL_BYTES // _MIB} MiB that are read of one repository"
            )
        if data is None:
            return Unreadable(path, f"larger than {MAX_FILE_BYTES // _MIB} MiB")
        if isinstance(data, Unreadable):
            return data
        self._left -= len(data)
        self._sizes[path] = len(data)
        return decoded(path, data)


def decoded(path: str, data: bytes) -> str | Unreadable:
    """Return UTF-8 as text, LF ending its lines, without byte order mark; or why it cannot be shown."""
    if b"\0" in data:
        return Unreadable(path, "binary: it holds a NUL byte")
    start = len(_BOM) if data.startswith(_BOM) else 0
    try:
        text = data[start:].decode("utf-8")
    except UnicodeDecodeError as error:
        return Unreadable(path, f"not UTF-8 at byte {start + error.start}")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Unreadable(path, MAY_HOLD_SECRETS) if settings_with_token(path, text) else text


def cited_lines(text: str, first: int, last: int) -> str | None:
    """Return lines `first` to `last`, counted from 1 and each ended by one LF; None when they do not exist.

    `text` has LF line ends, as `Repository.read` gives it; nothing else ends a line.
    """
    if not 1 <= first <= last:
        return None
    start = _after(text, 0, first - 1)
    if start is None or start == len(text):
        return None
    end = _after(text, start, last - first)
    if end is None or end == len(text):
        return None
    newline = text.find("\n", end)
    return text[start : newline + 1] if newline >= 0 else f"{text[start:]}\n"


def _after(text: str, start: int, count: int) -> int | None:
    """Return where the line begins that comes `count` line ends after `start`; None where there are fewer."""
    for _ in range(count):
        start = text.find("\n", start) + 1
        if not start:
            return None
    return start
