"""Evidence: URIs, the ledger a plan carries, and what a cited place is found to hold today."""

from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from platform_operations.model.record import (
    Document,
    Duration,
    Instant,
    Number,
    Percent,
    Record,
    Uri,
    digest,
    sha256,
)
from platform_operations.patterns import regex

REPO_URI = regex(r"^repo:(?P<path>.+)#L(?P<first>[1-9]\d{0,8})-L(?P<last>[1-9]\d{0,8})$")


class LedgerEntry(Record):
    """One cited URI with what it held: a sha256 (repo:, reference:, user:) or the numbers measured (metric:).

    `observed`, `coverage` and `budget_spent` are percentages; `hash` of a metric entry is of the entry
    without itself.
    """

    uri: Uri
    sha256: str | None = None
    value: str | None = None
    sli: str | None = None
    observed: Percent | None = None
    target: Percent | None = None
    status: str | None = None
    limited_by: str | None = None
    good_query: str | None = None
    total_query: str | None = None
    good_events: Number | None = None
    total_events: Number | None = None
    window: Duration | None = None
    start: Instant | None = None
    end: Instant | None = None
    step: Duration | None = None
    samples: int | None = None
    coverage: Percent | None = None
    episodes: int | None = None
    hours_firing: Number | None = None
    pages_per_week: Number | None = None
    budget_spent: Number | None = None
    reason: str | None = None
    hash: str | None = None

    def sealed(self) -> "LedgerEntry":
        """Return the entry with its own hash filled in."""
        return self.model_copy(update={"hash": self.own_hash()})

    def own_hash(self) -> str:
        """Return the hash of the entry without its hash."""
        document: Document = self.document()
        document.pop("hash", None)
        return digest(document)


class RepoPlace(NamedTuple):
    """The lines of a file that a `repo:` URI names, counted from 1, both ends included."""

    path: str
    first: int
    last: int


def repo_uri(path: str, first: int, last: int | None = None) -> str:
    """Return the URI of lines `first` to `last` of `path`."""
    return f"repo:{path}#L{first}-L{last or first}"


@lru_cache(maxsize=8192)
def repo_place(uri: str) -> RepoPlace | None:
    """Return the place a `repo:` URI names, None for any other text."""
    found = REPO_URI.match(uri)
    if not found:
        return None
    first, last = int(found["first"]), int(found["last"])
    return RepoPlace(found["path"], first, last) if first <= last else None


def repo_entry(uri: str, lines: str) -> LedgerEntry:
    """Return the ledger entry of a `repo:` URI; `lines` are the cited lines, each ended by one LF."""
    return LedgerEntry(uri=uri, sha256=sha256(lines))


def user_entry(key: str, value: str) -> LedgerEntry:
    """Return the ledger entry of what the user said about `key`."""
    return LedgerEntry(uri=f"user:{key}", sha256=sha256(value), value=value)


CitationState: TypeAlias = Literal["holds", "stale", "missing", "unchecked"]


class Citation(NamedTuple):
    """What looking at a cited place gave.

    It holds the same, other lines (stale), no such lines, or nobody could look.
    """

    uri: str
    state: CitationState
    reason: str = ""
