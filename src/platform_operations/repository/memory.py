"""A repository made of a mapping, for tests and for text that was never on disk."""

from collections.abc import Mapping

from platform_operations.repository.contract import Unreadable
from platform_operations.repository.guard import OUTSIDE, leaves_root, odd_name, shown
from platform_operations.repository.listing import SKIPPED, VERSION_CONTROL, bounded, without_builds
from platform_operations.repository.texts import Texts


class InMemoryRepository:
    """Files by path; names, skipped folders, secrets and bounds are treated as on disk."""

    def __init__(
        self,
        files: Mapping[str, str | bytes],
        name: str = "repository",
        commit: str | None = None,
        remote: str | None = None,
        committed_at: str | None = None,
        default_branch: str | None = None,
        cut: str | None = None,
    ) -> None:
        self.name = name
        self.commit = commit
        self.remote = remote
        self.committed_at = committed_at
        self.default_branch = default_branch
        self.cut = cut
        self._files = {path: _bytes(content) for path, content in files.items()}
        odd = {path: reason for path in files if (reason := _odd(path)) is not None}
        listed = [path for path in files if path not in odd and not _is_skipped(path)]
        self.paths, builds = without_builds(listed)
        self.left_out = bounded([*(Unreadable(shown(path), odd[path]) for path in odd), *builds])
        self._listed = frozenset(self.paths)
        self._texts = Texts(self._listed, self._fetch)

    def read(self, path: str) -> str | Unreadable:
        """Return the text of a listed file, or why there is none."""
        return self._texts.read(path)

    def exists(self, path: str) -> bool:
        """Say whether `path` is one of `paths`."""
        return path in self._listed

    def _fetch(self, path: str, limit: int) -> bytes | None:
        data = self._files[path]
        return data if len(data) <= limit else None


def _bytes(content: str | bytes) -> bytes:
    # Half a surrogate pair is no text; it is found out when it is read, as on disk.
    return content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content


def _is_skipped(path: str) -> bool:
    *folders, name = path.split("/")
    return name in VERSION_CONTROL or not SKIPPED.isdisjoint(folders)


def _odd(path: str) -> str | None:
    reasons = (odd_name(name) for name in path.split("/"))
    return next(filter(None, reasons), OUTSIDE if leaves_root(path) else None)
