"""What reaches standard output and files: redacted, one document at a time; progress goes to a terminal only."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from platform_operations.documents import json_text
from platform_operations.errors import InputError
from platform_operations.repository import redact

if TYPE_CHECKING:
    from collections.abc import Generator


def redacted(value: Any) -> Any:
    """Return a document with every text in it redacted: text by text, so that no quote or bracket is lost."""
    return _redacted(value, {})


def _redacted(value: Any, known: dict[str, str]) -> Any:
    """Return `value` redacted; `known` holds the texts of the document so far, since most occur often."""
    if isinstance(value, str):
        text = known.get(value)
        if text is None:
            text = known[value] = redact(value)
        return text
    if isinstance(value, Mapping):
        return {key: _redacted(item, known) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_redacted(item, known) for item in cast("list[Any]", value)]
    return value


def print_document(document: Any) -> None:
    """Put one JSON document on standard output."""
    sys.stdout.write(json_text(redacted(document)))


def print_text(text: str) -> None:
    """Put text on standard output."""
    sys.stdout.write(redact(text))


def note(text: str) -> None:
    """Put one line on standard error."""
    sys.stderr.write(f"{' '.join(redact(text).split())}\n")


def step(text: str) -> None:
    """Put one line on standard error while progress is shown; its indent is kept."""
    indent = len(text) - len(text.lstrip(" "))
    clear = _CLEAR if _moving() else ""
    sys.stderr.write(f"{clear}{' ' * indent}{' '.join(redact(text).split())}\n")
    sys.stderr.flush()


def _moving() -> bool:
    """Whether a line on standard error can be written over."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _fitting(text: str) -> str:
    """Return a line that fits the terminal: of one that wraps, only the last row could be cleared."""
    from rich.cells import cell_len, set_cell_size

    width = shutil.get_terminal_size().columns - 1
    line = f"{' '.join(redact(text).split())} …"
    return line if cell_len(line) <= width else f"{set_cell_size(line, max(width - 1, 0)).rstrip()}…"


_CLEAR = "\r\x1b[K"


def read_input(name: str, limit: int, what: str) -> str:
    """Return the text of a file, or of standard input for `-`.

    Raises:
        InputError: it cannot be read, is no UTF-8 text, or is larger than `limit` bytes.
    """
    try:
        if name == "-":
            data = getattr(sys.stdin, "buffer", sys.stdin).read(limit + 1)
        else:
            path = Path(name)
            if path.is_dir():
                raise InputError(f"{what} {name!r} is a folder; name a file")
            with path.open("rb") as file:
                data = file.read(limit + 1)
    except FileNotFoundError:
        raise InputError(f"{what} {name!r} does not exist") from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"{what} {name!r} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    if len(data) > limit:
        raise InputError(f"{what} {name!r} is larger than {limit // (1024 * 1024)} MiB")
    try:
        return (
            data.removeprefix("\ufeff") if isinstance(data, str) else cast("bytes", data).decode("utf-8-sig")
        )
    except UnicodeDecodeError:
        raise InputError(f"{what} {name!r} is no UTF-8 text") from None


@contextmanager
def progress() -> "Generator[Callable[[str], None]]":
    """Give a function that says on a terminal what is being done; the line is gone when it is over."""
    if not _moving():
        yield lambda _: None
        return
    try:
        yield lambda text: print(f"{_CLEAR}{_fitting(text)}", end="", file=sys.stderr, flush=True)
    finally:
        print(_CLEAR, end="", file=sys.stderr, flush=True)
