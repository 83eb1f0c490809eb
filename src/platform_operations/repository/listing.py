"""The files of a folder: our own walk, which runs nothing and follows no link to a folder."""

import os
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path

from platform_operations.patterns import regex
from platform_operations.repository.contract import Unreadable
from platform_operations.repository.guard import odd_name, resolve_inside, shown

MAX_ENTRIES = 200_000
MAX_DEPTH = 64
MAX_LEFT_OUT = 100
# More files than this in a folder named for what a build makes, and it is one.
MAX_BUILD_FILES = 2000

VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", ".jj"})
# What a tool downloads or caches and rebuilds at will: nobody keeps delivery configuration in there.
DOWNLOADED = frozenset(
    {
        ".aws-sam", ".bundle", ".cache", ".dart_tool", ".direnv", ".eggs", ".gradle", ".hypothesis",
        ".mypy_cache", ".next", ".nox", ".nuxt", ".parcel-cache", ".pnpm-store", ".pytest_cache",
        ".ruff_cache", ".serverless", ".sst", ".stack-work", ".svelte-kit", ".terraform",
        ".terragrunt-cache", ".tox", ".turbo", ".venv", "DerivedData", "Pods", "__pycache__",
        "__pypackages__", "bower_components", "cdk.out", "elm-stuff", "node_modules", "site-packages",
        "venv",
    }
)  # fmt: skip
SKIPPED = VERSION_CONTROL | DOWNLOADED
# Made by builds as often as written by people: the size decides, and git where it ignores them.
_BUILD = regex(r"(?:[^/]*/)*?(?:_build|build|dist|out|target|third_party|vendor)(?=/)")
# A folder with one of these files is what its tool unpacked there.
UNPACKED = {"vendor": frozenset({"modules.txt", "autoload.php"})}


@dataclass(frozen=True, slots=True)
class Listing:
    """What a walk found: see `Repository` for the fields of the same names; `links` are those of `paths`."""

    paths: tuple[str, ...]
    cut: str | None
    left_out: tuple[Unreadable, ...]
    links: frozenset[str] = frozenset()


def list_files(root: str, ignored: Callable[[str, bool], bool], held_folders: Container[str]) -> Listing:
    """Walk the resolved `root` level by level, so that a bound cuts off what lies deepest.

    `ignored` is asked about a path and whether it is a folder; `held_folders` are those of HEAD.
    """
    walk = _Walk(root, ignored, held_folders)
    walk.run()
    links = walk.linked_files()
    paths, builds = without_builds([*walk.files, *links])
    return Listing(paths, _cut(walk.cuts), bounded([*walk.left_out, *builds]), links.intersection(paths))


class _Walk:
    def __init__(self, root: str, ignored: Callable[[str, bool], bool], held_folders: Container[str]) -> None:
        self.files: list[str] = []
        self.left_out: list[Unreadable] = []
        self.cuts: list[str] = []
        self._root = root
        self._ignored = ignored
        self._held_folders = held_folders
        self._links: list[str] = []
        self._room = MAX_ENTRIES

    def run(self) -> None:
        level = [""]
        for _ in range(MAX_DEPTH):
            level = [inner for folder in level for inner in self._folder(folder)]
        if level:
            self.cuts.append(f"folders more than {MAX_DEPTH} deep are not listed")

    def linked_files(self) -> frozenset[str]:
        """Return the links that lead to a listed file."""
        files = frozenset(self.files)
        links: list[str] = []
        for path in self._links:
            try:
                target = resolve_inside(self._root, path)
            except OSError:
                self._leave_out(path, "a link that leads nowhere")
                continue
            if target is None:
                self._leave_out(path, "a link that leaves the root")
            elif target in files:
                links.append(path)
            elif not Path(self._root, target).is_dir():
                self._leave_out(path, "a link to a file that is not listed")
        return frozenset(links)

    def _folder(self, folder: str) -> Iterator[str]:
        """Yield the folders in `folder` that are to be walked; none once a folder did not fit."""
        if self._room < 0:
            return
        try:
            with os.scandir(f"{self._root}/{folder}") as scanned:
                entries = sorted(islice(scanned, self._room + 1), key=attrgetter("name"))
        except OSError as error:
            self.cuts.append(f"the folder {shown(folder) or '.'!r} cannot be read: {error.strerror}")
            return
        self._room -= len(entries)
        if self._room < 0:
            self.cuts.append(f"more than {MAX_ENTRIES} files and folders")
        elif not self._is_unpacked(folder, entries):
            prefix = folder and f"{folder}/"
            for entry in entries:
                if self._enters(entry, prefix + entry.name):
                    yield prefix + entry.name

    def _is_unpacked(self, folder: str, entries: list[os.DirEntry[str]]) -> bool:
        name = folder.rpartition("/")[2]
        signs = UNPACKED.get(name, frozenset())
        if folder and folder not in self._held_folders:
            signs |= {"pyvenv.cfg"}
        return any(entry.name in signs for entry in entries) if signs else False

    def _enters(self, entry: os.DirEntry[str], path: str) -> bool:
        """Note a file; say whether it is a folder to be walked."""
        is_folder = entry.is_dir(follow_symlinks=False)
        # A linked work tree's `.git` is a file.
        if entry.name in (SKIPPED if is_folder else VERSION_CONTROL) or self._ignored(path, is_folder):
            return False
        odd = odd_name(entry.name)
        if odd is not None:
            self._leave_out(path, odd)
        elif is_folder:
            return True
        elif entry.is_file(follow_symlinks=False):
            self.files.append(path)
        elif entry.is_symlink():
            self._links.append(path)
        else:
            self._leave_out(path, "not a regular file")
        return False

    def _leave_out(self, path: str, reason: str) -> None:
        self.left_out.append(Unreadable(shown(path), reason))


def without_builds(paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[Unreadable, ...]]:
    """Return the sorted paths without those in folders that a build filled, and these folders."""
    made: dict[str, list[str]] = {}
    kept: list[str] = []
    for path in paths:
        build = _BUILD.match(path)
        (made.setdefault(build[0], []) if build else kept).append(path)
    left_out: list[Unreadable] = []
    for folder, inside in made.items():
        if len(inside) > MAX_BUILD_FILES:
            left_out.append(Unreadable(folder, f"made by a build: more than {MAX_BUILD_FILES} files"))
        else:
            kept += inside
    return tuple(sorted(kept)), tuple(left_out)


def bounded(entries: Iterable[Unreadable]) -> tuple[Unreadable, ...]:
    """Return the first hundred of `entries` by path."""
    return tuple(sorted(entries, key=attrgetter("path"))[:MAX_LEFT_OUT])


def _cut(reasons: list[str]) -> str | None:
    more = [f"{len(reasons) - 3} more such reasons"] if len(reasons) > 3 else []
    return "; ".join([*reasons[:3], *more]) or None
