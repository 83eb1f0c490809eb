"""Finding text in a repository: literal and without case, so that no pattern can run away."""

from collections.abc import Iterator
from typing import NamedTuple

from platform_operations.repository.contract import Repository, Unreadable
from platform_operations.repository.redaction import redact

MAX_MATCHES = 1000
# A quarter of what one repository may be read: searching never uses up what reading needs.
MAX_SEARCHED = 16 * 1024 * 1024
_LONG_LINE = 2000
_SHOWN = 300


class Match(NamedTuple):
    """A line that holds the text: its number from 1, and its beginning, redacted."""

    path: str
    line: int
    text: str


def search(repository: Repository, pattern_text: str, *, limit: int) -> tuple[Match, ...]:
    """Return the first `limit` lines (at most 1000) that hold `pattern_text`, in the order of `paths`.

    An empty text and one of several lines match nothing. What could not be searched: `unsearched`.
    """
    wanted = pattern_text.casefold()
    limit = min(limit, MAX_MATCHES)
    found: list[Match] = []
    if not wanted or "\n" in wanted or limit < 1:
        return ()
    for path, text in _texts(repository):
        if isinstance(text, Unreadable) or wanted not in text.casefold():
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if wanted in line.casefold():
                found.append(Match(path, number, redact(line[:_LONG_LINE])[:_SHOWN]))
                if len(found) == limit:
                    return tuple(found)
    return tuple(found)


def unsearched(repository: Repository) -> tuple[Unreadable, ...]:
    """Return the files in which `search` cannot look, and why: a text in them is unknown, not absent."""
    return tuple(text for _, text in _texts(repository) if isinstance(text, Unreadable))


def _texts(repository: Repository) -> Iterator[tuple[str, str | Unreadable]]:
    left = MAX_SEARCHED
    for path in repository.paths:
        if left < 0:
            yield path, Unreadable(path, f"beyond the {MAX_SEARCHED // (1024 * 1024)} MiB that are searched")
            continue
        text = repository.read(path)
        left -= len(text) if isinstance(text, str) else 0
        yield path, text
