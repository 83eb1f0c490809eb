"""What a repository is to everyone who reads one."""

from dataclasses import dataclass
from typing import Protocol

MAX_FILE_BYTES = 1024 * 1024
MAX_TOTAL_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file whose text cannot be had, and why: the reason is a clause without a full stop."""

    path: str
    reason: str


class Repository(Protocol):
    """A folder of files, read-only.

    Nothing here raises for what a repository holds: trouble is an `Unreadable`.
    """

    @property
    def name(self) -> str:
        """The folder's name."""
        ...

    @property
    def commit(self) -> str | None:
        """The 40 hex digits of HEAD, None outside git."""
        ...

    @property
    def remote(self) -> str | None:
        """The last part of origin's URL without `.git`, None when there is none."""
        ...

    @property
    def committed_at(self) -> str | None:
        """The time of the last commit that touches the folder, RFC 3339 in UTC; None where unknown."""
        ...

    @property
    def default_branch(self) -> str | None:
        """The branch that origin calls its default, else `main` or `master` where such a branch exists."""
        ...

    @property
    def paths(self) -> tuple[str, ...]:
        """The regular files, sorted: POSIX paths relative to the folder."""
        ...

    @property
    def cut(self) -> str | None:
        """Why `paths` is incomplete, so that a file missing from it proves nothing; None when complete."""
        ...

    @property
    def left_out(self) -> tuple[Unreadable, ...]:
        """Single names that are not in `paths` although they are there, their paths escaped."""
        ...

    def read(self, path: str) -> str | Unreadable:
        """Return the text of a listed file: UTF-8 without a byte order mark, each line end one LF."""
        ...

    def exists(self, path: str) -> bool:
        """Say whether `path` is one of `paths`."""
        ...
