"""What git's own files say without git: work tree, HEAD, origin. They may be forged: values are checked."""

import os
import re
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from platform_operations.patterns import regex
from platform_operations.repository.guard import read_plain
from platform_operations.repository.redaction import redact

MAX_GIT_FILE_BYTES = 16 * 1024 * 1024

_COMMIT = regex(r"[0-9a-f]{40}")
_NAME = regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_SECTION = regex(r"[ \t]*\[(?P<section>[^\]\n]*)\]")
_URL = regex(r"[ \t]*url[ \t]*=[ \t]*\"?(?P<url>[^\"#;\s]+)", re.IGNORECASE)
_ORIGIN = "refs/remotes/origin/"


class WorkTree(NamedTuple):
    """A folder with a `.git`, and the way `prefix` from there down to the target, "" where they are one.

    `own` is the `.git` folder, or where a `.git` file points; `shared` is what linked work trees share.
    """

    top: Path
    own: Path
    shared: Path
    prefix: str


def find_work_tree(root: Path) -> WorkTree | None:
    """Return the work tree around the resolved `root`, None outside git."""
    for top in (root, *root.parents):
        own = top / ".git"
        link = _line(own)
        if link.startswith("gitdir: "):
            own = top / link.removeprefix("gitdir: ")
        if _line(own / "HEAD"):
            prefix = root.relative_to(top).as_posix()
            return WorkTree(top, own, own / _line(own / "commondir"), "" if prefix == "." else prefix)
    return None


def head_commit(tree: WorkTree) -> str | None:
    """Return the 40 hex digits of HEAD; None before the first commit, or where git keeps it otherwise."""
    head = _line(tree.own / "HEAD")
    if head.startswith("ref: "):
        head = _reference(tree, head.removeprefix("ref: "))
    return head if _COMMIT.fullmatch(head) else None


def default_branch(tree: WorkTree) -> str | None:
    """Return the branch that origin's HEAD names, else `main` or `master` where there is one, else None."""
    origin = _reference(tree, f"{_ORIGIN}HEAD")
    branch = origin.removeprefix(f"ref: {_ORIGIN}")
    if branch != origin and branch.isprintable() and " " not in branch:
        return branch
    for branch in ("main", "master"):
        if _reference(tree, f"refs/heads/{branch}") or _reference(tree, _ORIGIN + branch):
            return branch
    return None


def origin_name(tree: WorkTree) -> str | None:
    """Return the last part of origin's URL without `.git`; never a host, a user or a password."""
    section = ""
    for line in _text(tree.shared / "config").splitlines():
        opened = _SECTION.match(line)
        if opened:
            section = opened["section"]
        entry = _URL.match(line, opened.end() if opened else 0)
        if entry and section == 'remote "origin"':
            return _last_part(entry["url"])
    return None


def _last_part(url: str) -> str | None:
    # Either scheme://host/path, or host:path, or a path: what may hold credentials goes first.
    scheme, separator, rest = url.partition("://")
    path = rest.partition("/")[2] if separator else scheme.rpartition(":")[2]
    name = PurePosixPath(path).name.removesuffix(".git")
    return name if _NAME.fullmatch(name) and redact(name) == name else None


def shallow_commits(tree: WorkTree) -> frozenset[str]:
    """Return the commits at which a shallow clone ends."""
    return frozenset(_text(tree.shared / "shallow").split())


def is_sparse(tree: WorkTree) -> bool:
    """Say whether files of HEAD may be missing on purpose."""
    return (tree.own / "info" / "sparse-checkout").exists()


def _reference(tree: WorkTree, name: str) -> str:
    """Return what a reference holds, "" where there is none."""
    if not name.startswith("refs/") or ".." in name:
        return ""
    for folder in dict.fromkeys((tree.own, tree.shared)):
        line = _line(folder / name)
        if line:
            return line
    for line in _text(tree.shared / "packed-refs").splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name:
            return commit
    return ""


def _line(path: Path) -> str:
    return _text(path).partition("\n")[0].rstrip()


def _text(path: Path) -> str:
    """Return a file of git's as text, "" where it cannot be read."""
    try:
        data = read_plain(os.fspath(path), MAX_GIT_FILE_BYTES)
    except (OSError, ValueError):
        data = None
    return (data or b"").decode("utf-8", "surrogateescape")
