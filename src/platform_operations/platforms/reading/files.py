"""Which files of a repository say how it ships, and their texts."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from platform_operations.repository import Repository

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Broken, Node

MAX_FILES = 2_000
"""Files of one kind that a detector reads: a bound for a hostile repository, far above real ones."""

NEVER = frozenset(
    {
        ".devcontainer", "__fixtures__", "__mocks__", "__tests__", "archive", "archived", "benchmark",
        "benchmarks", "bower_components", "demos", "deprecated", "doc", "docs", "documentation", "e2e",
        "evals", "example", "examples", "fixture", "fixtures", "legacy", "mocks", "node_modules", "sample",
        "samples", "site-packages", "spec", "testdata", "tests", "third-party", "third_party",
        "thirdparty", "tutorial", "tutorials", "vendor", "vendored",
    }
)  # fmt: skip
"""Folders whose files show how something else, or nothing any more, is shipped."""

_DELIVERY = frozenset(
    {
        "apps", "charts", "clusters", "deploy", "deployment", "deployments", "env", "environment",
        "environments", "envs", "gitops", "helm", "infra", "infrastructure", "k8s", "kube", "kubernetes",
        "kustomize", "manifests", "overlays", "stacks", "stages", "terraform", "tf", "variants",
    }
)  # fmt: skip

PLACEHOLDER = r"<[A-Za-z][A-Za-z0-9 _.-]{1,40}>|__[A-Z][A-Z0-9_]*__|\b(?:CHANGE|REPLACE|FILL|YOUR)[_-]?(?:ME|THIS|IN|HERE)\b"


@lru_cache(maxsize=4_096)
def _folder_counts(folder: str) -> bool:
    parts = folder.lower().split("/")
    for index, part in enumerate(parts):
        if part in NEVER:
            return False
        if part == "test" and not any(earlier in _DELIVERY for earlier in parts[:index]):
            return False
    return True


def counts(path: str) -> bool:
    """Whether a file at `path` may say how this repository ships: no folder of it holds examples or tests."""
    folder, slash, _ = path.rpartition("/")
    return not slash or _folder_counts(folder)


def name_of(path: str) -> str:
    """Return the file name of `path`."""
    return path.rpartition("/")[2]


def folder_of(path: str) -> str:
    """Return the folder of `path`, "" for the root."""
    return path.rpartition("/")[0]


def joined(folder: str, path: str) -> str | None:
    """Return `path` as seen from `folder`, from the root, or None when it leads out of the repository."""
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part in {"", "."}:
            continue
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


@lru_cache(maxsize=4)
def _by_name(paths: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the paths that count by file name: one walk for all platforms."""
    found: dict[str, list[str]] = {}
    for path in paths:
        if counts(path):
            found.setdefault(name_of(path), []).append(path)
    return MappingProxyType({name: tuple(rows) for name, rows in found.items()})


def named(repository: Repository, names: frozenset[str]) -> Iterator[str]:
    """Yield the paths that count and whose file name is one of `names`, in path order, at most MAX_FILES."""
    index = _by_name(repository.paths)
    return bounded(sorted(path for name in names for path in index.get(name, ())))


@lru_cache(maxsize=4)
def _by_extension(paths: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the names of files that count by what follows their last dot."""
    found: dict[str, list[str]] = {}
    for name in _by_name(paths):
        found.setdefault(name.rpartition(".")[2], []).append(name)
    return MappingProxyType({extension: tuple(names) for extension, names in found.items()})


def ending(repository: Repository, *endings: str) -> Iterator[str]:
    """Yield the paths that count and whose name ends like one of `endings`, in path order, at most MAX_FILES.

    Each ending has a dot: only the names with its extension are looked at.
    """
    index, names = _by_name(repository.paths), _by_extension(repository.paths)
    extensions = {end.rpartition(".")[2] for end in endings}
    fitting = (name for one in extensions for name in names.get(one, ()) if name.endswith(endings))
    return bounded(sorted(path for name in fitting for path in index[name]))


def matching(repository: Repository, fits: Callable[[str], bool]) -> Iterator[str]:
    """Yield the paths that count and whose file name `fits`, in path order, at most MAX_FILES."""
    index = _by_name(repository.paths)
    return bounded(sorted(path for name in index if fits(name) for path in index[name]))


def below(repository: Repository, prefix: str) -> Iterator[str]:
    """Yield the paths that begin with `prefix`, found in the sorted list, at most MAX_FILES."""
    return bounded(beginning(repository.paths, prefix))


def beginning(paths: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    """Return those of the sorted `paths` that begin with `prefix`, which is not empty."""
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return paths[bisect_left(paths, prefix) : bisect_left(paths, after)]


def bounded(paths: Iterable[str]) -> Iterator[str]:
    """Return the first MAX_FILES of `paths`."""
    return islice(paths, MAX_FILES)


def text(repository: Repository, path: str) -> str | None:
    """Return the text of a file, None when it cannot be read."""
    found = repository.read(path)
    return found if isinstance(found, str) else None


def documents(text: str) -> "tuple[Node, ...] | Broken":
    """Return the YAML documents of `text`; PyYAML is imported only when the first file needs it."""
    from platform_operations.repository.yaml_lines import read_yaml

    return read_yaml(text)


def first_document(text: str) -> "Node | None":
    """Return the first YAML document of `text`, None when it cannot be read or is no mapping."""
    found = documents(text)
    if isinstance(found, tuple) and found and found[0].kind == "map":
        return found[0]
    return None


def line_with(text: str, pattern: str) -> int | None:
    """Return the first line, counted from 1, where `pattern` is found outside a comment of `#` or `//`."""
    search = re.compile(pattern).search
    for number, line in enumerate(text.split("\n"), 1):
        if search(line) and not line.lstrip().startswith(("#", "//")):
            return number
    return None


def line_count(text: str) -> int:
    """Return how many lines `text` has; an empty text has one."""
    return max(1, len(text.removesuffix("\n").split("\n")))


def folder_named(path: str, told: str | None) -> str | None:
    """Return the folder that a file names relative to its own, `.` for the root; None for none or one outside."""
    if not told or "$" in told or told.startswith(("/", "~", "http", "git@")):
        return None
    parts = folder_of(path).split("/") if folder_of(path) else []
    for part in told.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts) or "."
