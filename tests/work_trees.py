"""Work trees that tests make: a git that says nothing, files by path, and a tree of two commits."""

import subprocess
from pathlib import Path

import pytest

FIRST = "2026-01-05T09:00:00Z"
SECOND = "2026-02-01T12:30:00Z"


def run(folder: Path, *arguments: str, text: str = "", check: bool = True) -> str:
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        input=text,
        check=check,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        timeout=60,
    ).stdout.strip()


def write(root: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")
    return root


def two_commits(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a work tree of two commits, at FIRST and SECOND, of which the second touches api/ only."""
    root.mkdir()
    run(root, "init", "-q", "-b", "main")
    write(root, {"a.yml": "a\n", "web/b.yml": "b\n", "api/c.yml": "c\n"})
    run(root, "add", ".")
    run(root, "commit", "-qm", "first")
    monkeypatch.setenv("GIT_COMMITTER_DATE", SECOND)
    write(root, {"api/c.yml": "c2\n"})
    run(root, "commit", "-qam", "second")
    return root
