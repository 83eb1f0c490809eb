"""Work that can be watched and stopped: engine code runs in threads and notices at its next read."""

from threading import Event
from typing import TYPE_CHECKING

from platform_operations.errors import PlatformOperationsError

if TYPE_CHECKING:
    from platform_operations.repository import Repository, Unreadable


class StoppedError(PlatformOperationsError):
    """Nobody waits for the answer any more."""


class Watch:
    """What a piece of work tells about itself, and how it is told to stop."""

    def __init__(self) -> None:
        self.step = ""
        self.read = 0
        self._stop = Event()

    def stop(self) -> None:
        """Make the work end at its next step."""
        self._stop.set()

    def at(self, step: str) -> None:
        """Say what begins now. Raises StoppedError when nobody waits for it."""
        self.step = step
        self.check()

    def check(self) -> None:
        """Raise StoppedError when nobody waits for the answer any more."""
        if self._stop.is_set():
            raise StoppedError("stopped")

    @property
    def message(self) -> str:
        """Where the work is, in one line."""
        return f"{self.step}: {self.read} reads" if self.read else self.step


class Watched:
    """A repository whose every read is counted, and refused once nobody waits for it."""

    def __init__(self, inner: "Repository", watch: Watch) -> None:
        self._inner = inner
        self._watch = watch

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
        self._watch.check()
        return self._inner.paths

    @property
    def cut(self) -> str | None:
        """Why `paths` is incomplete."""
        return self._inner.cut

    @property
    def left_out(self) -> "tuple[Unreadable, ...]":
        """Single names that are not in `paths`."""
        return self._inner.left_out

    def read(self, path: str) -> "str | Unreadable":
        """Return the text of a listed file. Raises StoppedError."""
        self._watch.check()
        self._watch.read += 1
        return self._inner.read(path)

    def exists(self, path: str) -> bool:
        """Say whether `path` is one of `paths`."""
        return self._inner.exists(path)
