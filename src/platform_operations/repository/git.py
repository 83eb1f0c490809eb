"""The git commands that read history, run so that a hostile repository runs nothing.

git executes programs which a repository's configuration names: for `status` and `diff` always, for `log -p`
through textconv, for `log` through log.showSignature, and for whatever meets a missing object through the
transport of a partial clone. So only `rev-parse`, `ls-tree` and `log` without a patch are used, and those are
cut off from the rest.
"""

import os
import shutil
import subprocess
import threading
from datetime import UTC, datetime

from platform_operations.repository.git_files import WorkTree, shallow_commits

TIME_LIMIT = 10.0
MAX_OUTPUT_BYTES = 64 * 1024 * 1024

# Whatever stands in the repository's own configuration, these win.
_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.sshCommand=false",
    "log.mailmap=false",
    "log.showSignature=false",
)


def head_object(tree: WorkTree) -> str | None:
    """Return the object id of HEAD's commit, however git keeps it; None where git could not say."""
    output = _run(tree, "rev-parse", "--verify", "--quiet", "HEAD")
    return (output or b"").decode("ascii", "replace").strip() or None


def held_files(tree: WorkTree, commit: str) -> frozenset[str] | None:
    """Return the paths below the target that `commit` holds, relative to it; None where git could not say."""
    output = _run(tree, "ls-tree", "-r", "-z", "--name-only", commit)
    return None if output is None else frozenset(os.fsdecode(output).split("\0")[:-1])


def committed_at(tree: WorkTree, commit: str) -> str | None:
    """Return the time of the last commit up to `commit` that touches the target, RFC 3339 in UTC.

    None where git could not say, or where a shallow clone of a part ends before that commit.
    """
    output = _run(
        tree,
        *("log", "-1", "--no-patch", "--no-show-signature", "--no-mailmap", "--no-decorate", "--no-notes"),
        *("--format=%H %ct", commit, "--", "."),
    )
    found, _, seconds = (output or b"").decode("ascii", "replace").strip().partition(" ")
    if not seconds or (tree.prefix and found in shallow_commits(tree)):
        return None
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


def _run(tree: WorkTree, command: str, *arguments: str) -> bytes | None:
    """Return what git prints, None when it is missing, fails, prints too much or takes too long."""
    # A relative folder on PATH would be one of the target's own.
    path = os.pathsep.join(
        folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder.startswith("/")
    )
    program = shutil.which("git", path=path)
    if program is None:
        return None
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    try:
        process = subprocess.Popen(
            [program, "--no-pager", "--literal-pathspecs", *settings, command, *arguments],
            cwd=tree.top / tree.prefix,
            env=_environment(tree, path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    with process:
        clock = threading.Timer(TIME_LIMIT, process.kill)
        clock.start()
        try:
            output = process.stdout.read(MAX_OUTPUT_BYTES + 1) if process.stdout else b""
            fits = len(output) <= MAX_OUTPUT_BYTES
            if not fits:
                process.kill()
        finally:
            clock.cancel()
    return output if fits and process.returncode == 0 else None


def _environment(tree: WorkTree, path: str) -> dict[str, str]:
    """Return all that git is told: nothing of the caller's but where programs are."""
    return {
        "PATH": path,
        "HOME": os.devnull,
        "LC_ALL": "C",
        # Named, so that git neither searches above nor believes core.worktree nor minds who owns the files.
        "GIT_DIR": os.fspath(tree.own),
        "GIT_WORK_TREE": os.fspath(tree.top),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        # Both, because git before 2.39.4 knows only the second: no transport is allowed.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "",
    }
