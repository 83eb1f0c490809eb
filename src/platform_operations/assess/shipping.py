"""A repository without the folders that show, test or remember: what is looked for how things ship."""

from platform_operations.platforms.reading.files import counts
from platform_operations.repository import Repository, Unreadable


class Shipping:
    """Lists only what may say how this repository ships; whatever it is asked to read by name it still reads."""

    def __init__(self, whole: Repository) -> None:
        self.whole = whole
        self._paths = tuple(path for path in whole.paths if counts(path))

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths outside examples, tests, documentation and the like."""
        return self._paths

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.whole.name

    @property
    def commit(self) -> str | None:
        """The commit of the whole."""
        return self.whole.commit

    @property
    def remote(self) -> str | None:
        """The remote of the whole."""
        return self.whole.remote

    @property
    def committed_at(self) -> str | None:
        """The time of the whole's last commit."""
        return self.whole.committed_at

    @property
    def default_branch(self) -> str | None:
        """The default branch of the whole."""
        return self.whole.default_branch

    @property
    def cut(self) -> str | None:
        """Why the whole's list is incomplete."""
        return self.whole.cut

    @property
    def left_out(self) -> tuple[Unreadable, ...]:
        """What the whole left out."""
        return self.whole.left_out

    def read(self, path: str) -> str | Unreadable:
        """Return the text of any file of the whole."""
        return self.whole.read(path)

    def exists(self, path: str) -> bool:
        """Say whether the whole has a file."""
        return self.whole.exists(path)
