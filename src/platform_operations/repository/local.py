"""A repository on disk."""

import os
from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from platform_operations.errors import InputError
from platform_operations.repository import git, git_files
from platform_operations.repository.contract import Unreadable
from platform_operations.repository.guard import OUTSIDE, read_inside, resolve_inside, shown
from platform_operations.repository.ignored import Ignored
from platform_operations.repository.listing import VERSION_CONTROL, Listing, list_files
from platform_operations.repository.secret_files import MAY_HOLD_SECRETS, named_for_secrets
from platform_operations.repository.texts import Texts


class _Checkout(NamedTuple):
    """The work tree the folder belongs to, the commit checked out, and the files of the folder it holds."""

    tree: git_files.WorkTree
    head: str | None
    held: frozenset[str] | None
    remote: str | None
    default_branch: str | None


class LocalRepository:
    """A folder on disk; everything is found out when it is first asked for, and remembered.

    Not listed: what git ignores and HEAD does not hold, version control's own folders, and what a package
    manager or a build put there (`listing.SKIPPED` by name, `build`, `vendor` and the like by size). A folder
    of which HEAD holds nothing is no part of the work tree around it. Without a git program HEAD's files are
    unknown, and whatever .gitignore names is left aside.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    @property
    def name(self) -> str:
        """The folder's name."""
        return shown(self._root.name) or "root"

    @property
    def commit(self) -> str | None:
        """The 40 hex digits of HEAD, None outside git and where ids are longer."""
        head = self._checkout.head if self._checkout else None
        return head if head is not None and len(head) == 40 else None

    @property
    def remote(self) -> str | None:
        """The last part of origin's URL without `.git`, None when there is none."""
        return self._checkout.remote if self._checkout else None

    @property
    def committed_at(self) -> str | None:
        """The time of the last commit that touches the folder, RFC 3339 in UTC; None where unknown."""
        return self._committed_at

    @property
    def default_branch(self) -> str | None:
        """The branch that origin calls its default, else `main` or `master` where such a branch exists."""
        return self._checkout.default_branch if self._checkout else None

    @property
    def paths(self) -> tuple[str, ...]:
        """The regular files, sorted: POSIX paths relative to the folder."""
        return self._listing.paths

    @property
    def cut(self) -> str | None:
        """Why `paths` is incomplete, None when it is complete."""
        return self._listing.cut

    @property
    def left_out(self) -> tuple[Unreadable, ...]:
        """Single names that are not in `paths` although they are there, their paths escaped."""
        return self._listing.left_out

    def read(self, path: str) -> str | Unreadable:
        """Return the text of a listed file, or why there is none."""
        return self._texts.read(path)

    def exists(self, path: str) -> bool:
        """Say whether `path` is one of `paths`."""
        return path in self._listed

    def resume(self, before: "LocalRepository", same: Collection[str]) -> frozenset[str] | None:
        """Take over what `before`, the same folder earlier, read of the files in `same`.

        Return the files that it read and that say something else now; None where other files are listed or git's side
        has moved: then what was made of it is made anew.
        """
        if (self._listing, self._checkout) != (before._listing, before._checkout):
            return None
        self._listing = before._listing
        if "_committed_at" in vars(before):
            self._committed_at = before._committed_at
        return self._texts.resume(before._texts, frozenset(same) - self._listing.links)

    @cached_property
    def _checkout(self) -> _Checkout | None:
        tree = git_files.find_work_tree(self._root)
        if tree is None:
            return None
        head = git_files.head_commit(tree) or git.head_object(tree)
        held = git.held_files(tree, head) if head else frozenset[str]()
        if tree.prefix and held is not None and not held:
            return None
        return _Checkout(tree, head, held, git_files.origin_name(tree), git_files.default_branch(tree))

    @cached_property
    def _committed_at(self) -> str | None:
        if self._checkout is None or self._checkout.head is None:
            return None
        return git.committed_at(self._checkout.tree, self._checkout.head)

    @cached_property
    def _listing(self) -> Listing:
        root = os.fspath(self._root)
        checkout = self._checkout
        if checkout is None:
            return list_files(root, lambda _path, _is_folder: False, ())
        held = checkout.held or frozenset()
        held_folders = _folders(held)
        ignored = Ignored(os.fspath(checkout.tree.top))
        prefix = checkout.tree.prefix and f"{checkout.tree.prefix}/"

        def is_ignored(path: str, is_folder: bool) -> bool:
            if path in (held_folders if is_folder else held):
                return False
            return ignored.holds(prefix + path, is_folder=is_folder)

        listing = list_files(root, is_ignored, held_folders)
        cuts = [listing.cut] if listing.cut else []
        if ignored.gave_up:
            cuts.append("too many patterns in .gitignore files: ignored files are listed")
        if git_files.is_sparse(checkout.tree):
            missing = sum(not os.path.lexists(f"{root}/{path}") for path in held)
            cuts += [f"a sparse checkout: {missing} files of HEAD are not on disk"] if missing else []
        return replace(listing, cut="; ".join(cuts) or None)

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def _texts(self) -> Texts:
        return Texts(self._listed, self._fetch)

    def _fetch(self, path: str, limit: int) -> bytes | Unreadable | None:
        root = os.fspath(self._root)
        try:
            if path not in self._listing.links:
                return read_inside(root, path, limit)
            target = resolve_inside(root, path)
            if target is None or target not in self._listed:
                return Unreadable(path, OUTSIDE)
            if named_for_secrets(target):
                return Unreadable(path, MAY_HOLD_SECRETS)
            return read_inside(root, target, limit)
        except OSError as error:
            return Unreadable(path, error.strerror or str(error))


def open_repository(path: str | Path) -> LocalRepository:
    """Return the repository in the folder `path`. Raises InputError when it is no folder that can be read."""
    named = shown(os.fspath(path))
    if not named:
        raise InputError("no folder is named")
    if "://" in named:
        raise InputError(f"{named!r} is an address: clone it and name the folder")
    try:
        Path(path).stat()
        root = Path(path).resolve()
        with os.scandir(root):
            pass
    except FileNotFoundError:
        raise InputError(f"{named!r} does not exist") from None
    except NotADirectoryError:
        raise InputError(f"{named!r} is no folder: name the folder of a repository") from None
    except OSError as error:
        raise InputError(f"the folder {named!r} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{named!r} cannot name a folder: {error}") from None
    if not VERSION_CONTROL.isdisjoint(root.parts):
        raise InputError(f"{named!r} lies in a folder of version control: name the folder with the files")
    return LocalRepository(root)


def _folders(paths: frozenset[str]) -> frozenset[str]:
    folders: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(folders)
