"""What readers found before, taken again where nothing they read has changed.

A server that is asked again after one file was edited would read ten thousand files anew. Here every reader that is
called through `remembered` leaves a note: what it was given, which files it read, and what it found. The next time, in a
repository with the same files of which some have other texts, the note holds if the reader is given the same and none
of its files is among those. A reader must find the same each time it is given the same, and nobody may change
what it gave.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Concatenate, NamedTuple, ParamSpec, TypeAlias, TypeVar, cast

from platform_operations.repository.contract import Repository, Unreadable

Given = ParamSpec("Given")
Found = TypeVar("Found")
_Call: TypeAlias = tuple[Callable[..., object], int]


class Note(NamedTuple):
    """What one call of a reader was given, which files it read and what it found; `inner` are those it made itself."""

    given: tuple[object, ...]
    found: object
    read: frozenset[str]
    inner: "dict[_Call, Note]"


Notes: TypeAlias = dict[_Call, Note]


@dataclass(slots=True)
class _Running:
    """A reader at work: its notes of the last time and of now, how often it called each other one, what it read."""

    before: Notes
    notes: Notes = field(default_factory=Notes)
    calls: dict[Callable[..., object], int] = field(default_factory=dict[Callable[..., object], int])
    read: set[str] = field(default_factory=set[str])


class Remembering:
    """A repository whose readers are remembered; `notes` are those of the last time, when all but `changed` was the same.

    One thread reads it.
    """

    def __init__(
        self, inner: Repository, notes: Notes | None = None, changed: frozenset[str] = frozenset()
    ) -> None:
        self._inner = inner
        self._changed = changed
        self._running = _Running(notes or {})

    @property
    def notes(self) -> Notes:
        """What is remembered for the next time."""
        return self._running.notes

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._inner.name

    @property
    def commit(self) -> str | None:
        """The 40 hex digits of HEAD."""
        return self._inner.commit

    @property
    def remote(self) -> str | None:
        """The last part of origin's URL."""
        return self._inner.remote

    @property
    def committed_at(self) -> str | None:
        """The time of the last commit that touches the folder."""
        return self._inner.committed_at

    @property
    def default_branch(self) -> str | None:
        """The default branch."""
        return self._inner.default_branch

    @property
    def paths(self) -> tuple[str, ...]:
        """The regular files, sorted."""
        return self._inner.paths

    @property
    def cut(self) -> str | None:
        """Why `paths` is incomplete."""
        return self._inner.cut

    @property
    def left_out(self) -> tuple[Unreadable, ...]:
        """Single names that are not in `paths`."""
        return self._inner.left_out

    def read(self, path: str) -> str | Unreadable:
        """Return the text of a listed file."""
        self._running.read.add(path)
        return self._inner.read(path)

    def exists(self, path: str) -> bool:
        """Say whether `path` is one of `paths`."""
        return self._inner.exists(path)

    def recalled(self, reader: Callable[..., Found], view: Repository, given: tuple[object, ...]) -> Found:
        """Return what `reader` finds in a view of this repository, the same for each call of it."""
        outer = self._running
        number = outer.calls[reader] = outer.calls.get(reader, 0) + 1
        known = outer.before.get((reader, number))
        if known is None or not self._changed.isdisjoint(known.read) or not _same(known.given, given):
            known = self._noted(reader, view, given, known)
        outer.notes[reader, number] = known
        outer.read |= known.read
        return cast("Found", known.found)

    def _noted(
        self, reader: Callable[..., object], view: Repository, given: tuple[object, ...], known: Note | None
    ) -> Note:
        outer = self._running
        self._running = running = _Running(known.inner if known is not None else {})
        try:
            found = reader(view, *given)
            if isinstance(found, Iterator):
                found = tuple(cast("Iterator[object]", found))
        finally:
            self._running = outer
        if known is not None and found == known.found:
            # The same value again: those who are given it need not compare it.
            found = known.found
        return Note(given, found, frozenset(running.read), running.notes)


def remembered(
    reader: Callable[Concatenate[Repository, Given], Found],
    repository: Repository,
    *given: Given.args,
    **named: Given.kwargs,
) -> Found:
    """Return what `reader` finds in the repository, perhaps from where the repository remembers its readers.

    Arguments by name are not remembered: a call with them is made each time.
    """
    # Of a view, as `Shipping` is one, what it is a view of remembers.
    memory = getattr(repository, "whole", repository)
    if isinstance(memory, Remembering) and not named:
        return memory.recalled(reader, repository, given)
    return reader(repository, *given, **named)


def all_remembered(
    reader: Callable[Concatenate[Repository, Given], Iterable[Found]],
    repository: Repository,
    *given: Given.args,
    **named: Given.kwargs,
) -> tuple[Found, ...]:
    """Return everything that `reader` yields, as `remembered` does."""
    return tuple(remembered(reader, repository, *given, **named))


def _same(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    return len(before) == len(now) and all(a is b or a == b for a, b in zip(before, now, strict=True))
