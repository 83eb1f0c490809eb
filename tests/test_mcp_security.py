"""What a hostile repository, a fooled model or a foreign web page can do to the server: nothing."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import CallToolResult
from tests.mcp_sessions import call, document, everything, repository, said, session

from platform_operations.errors import InputError
from platform_operations.mcp_server import build_server

OUTSIDE = "stands outside of every root"
Use = Callable[[str], tuple[str, dict[str, Any]]]

# Every argument of every tool that names a place.
PLACES: tuple[Use, ...] = (
    lambda path: ("assess_repo", {"path": path}),
    lambda path: ("draft_plan", {"path": path}),
    lambda path: ("read_repo", {"action": "list", "path": path}),
    lambda path: ("read_repo", {"action": "search", "path": path, "query": "outside"}),
    lambda path: ("read_repo", {"action": "read", "path": path}),
    lambda path: ("fetch_metrics", {"path": path}),
    lambda path: ("validate_plan", {"plan": {}, "path": path}),
    lambda path: ("validate_plan", {"planPath": path}),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a root with neighbours: what stands in them must never be seen."""
    repository(tmp_path / "secret", {"plan.json": json.dumps({"schema": OUTSIDE}), "a.txt": OUTSIDE})
    repository(tmp_path / "repo-evil", {"a.txt": OUTSIDE, "Dockerfile": f"FROM {OUTSIDE}\n"})
    return repository(
        tmp_path / "repo", {"a.txt": "inside\n", "folder/b.txt": "inside\n", "Dockerfile": "FROM scratch\n"}
    )


# Leaving the root


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "../secret/a.txt",
        "../repo-evil",
        "../repo-evil/a.txt",
        "folder/../../secret/a.txt",
        "./../secret/a.txt",
        "..",
        "folder/..",
        "/etc/passwd",
        "{tmp}/secret/a.txt",
        "//etc/passwd",
        "~",
        "~root/.profile",
        "..\\secret\\a.txt",
        "C:/secret",
        "file:///etc/passwd",
        "https://example.invalid/repo.git",
        "a.txt\0../secret/a.txt",
        "-x",
        "--upload-pack=touch marker",
        "--output=marker",
        "$HOME",
        "a\u202etxt",
        "x" * 5000,
        "link-to-file",
        "link-to-folder",
        "link-to-folder/a.txt",
        "link-to-sibling/a.txt",
        "link-to-itself",
        "link-that-dangles",
    ],
)
def test_no_path_leads_out_of_the_root(root: Path, path: str) -> None:
    links = {
        "link-to-file": root.parent / "secret" / "a.txt",
        "link-to-folder": root.parent / "secret",
        "link-to-sibling": root.parent / "repo-evil",
        "link-to-itself": root / "link-to-itself",
        "link-that-dangles": root / "nothing",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)

    async def use(client: Client) -> list[CallToolResult]:
        return [await client.call_tool(*place(path.format(tmp=root.parent))) for place in PLACES]

    begun = time.monotonic()
    results = session(use, root)

    assert time.monotonic() - begun < 20
    assert all(result.is_error for result in results)
    assert not any(OUTSIDE in everything(result) for result in results)
    assert not any(str(root) in everything(result) for result in results)
    assert max(len(said(result)) for result in results) < 400


def test_a_link_within_the_root_may_be_followed(root: Path) -> None:
    (root / "link").symlink_to(root / "folder")

    assert document(call("assess_repo", {"path": "link"}, root))["target"]["name"] == "folder"


def test_a_root_that_is_a_link_is_what_the_user_meant(root: Path, tmp_path: Path) -> None:
    (tmp_path / "by-link").symlink_to(root)

    assert (
        document(call("read_repo", {"action": "read", "path": "a.txt"}, tmp_path / "by-link"))["text"]
        == "inside"
    )


def test_two_roots_of_one_name_and_roots_that_are_none_are_refused(root: Path, tmp_path: Path) -> None:
    twin = repository(tmp_path / "other" / "repo", {"a.txt": ""})

    for folders in ((root, twin), (root / "nothing",), (root / "a.txt",)):
        with pytest.raises(InputError):
            build_server(folders)


def test_another_root_is_reached_by_its_name_only(root: Path) -> None:
    other = root.parent / "secret"
    result = call("read_repo", {"action": "read", "path": "repo/../secret/a.txt"}, root, other)

    assert result.is_error
    assert (
        document(call("read_repo", {"action": "read", "path": "secret/a.txt"}, root, other))["text"]
        == OUTSIDE
    )


# Odd files


def test_pipes_are_never_waited_for(root: Path) -> None:
    for name in ("pipe", "compose.yaml", ".github/workflows/ci.yml", "platform-ops.toml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(root / name)

    async def use(client: Client) -> list[CallToolResult]:
        return [await client.call_tool(*place("pipe")) for place in PLACES]

    begun = time.monotonic()
    results = session(use, root)
    assessed = call("assess_repo", {}, root)

    assert all(result.is_error for result in results)
    assert not assessed.is_error
    assert time.monotonic() - begun < 10


def test_folders_devices_and_files_made_for_secrets_are_no_plans(root: Path) -> None:
    repository(root, {".env": f"A={OUTSIDE}\n", "id_rsa": OUTSIDE, "binary.json": "{\0}"})
    for name in (".env", "id_rsa", "folder", "binary.json"):
        result = call("validate_plan", {"planPath": name}, root)

        assert result.is_error and OUTSIDE not in everything(result)


def test_a_hard_link_shows_no_more_than_any_file(root: Path) -> None:
    """Making one takes access to both ends, so it opens nothing; a secret in it is redacted like everywhere."""
    secret = root.parent / "secret" / "settings"
    secret.write_text("db_password = 'correct-horse-battery'\n", encoding="utf-8")
    os.link(secret, root / "settings.ini")

    shown = everything(call("read_repo", {"action": "read", "path": "settings.ini"}, root))

    assert "[redacted]" in shown and "correct-horse" not in shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(40)), id="aliases"),
        pytest.param("[" * 100_000, id="nested JSON"),
        pytest.param("- " * 50_000, id="nested YAML"),
        pytest.param("x" * 6_000_000, id="large"),
        pytest.param('{"schema": "platform-ops/plan@1", "alerts": ' + "[{}]" * 1 + "}", id="nearly a plan"),
    ],
)
def test_a_hostile_plan_file_is_answered_at_once(root: Path, text: str) -> None:
    (root / "plan.yaml").write_text(text, encoding="utf-8")
    begun = time.monotonic()
    result = call("validate_plan", {"planPath": "plan.yaml"}, root)

    assert time.monotonic() - begun < 10
    assert result.is_error or document(result)["valid"] is False
    assert len(everything(result)) < 20_000


def test_a_hostile_plan_argument_is_answered_at_once(root: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(150):
        deep = {"a": deep}
    wide = {"schema": "platform-ops/plan@1", "target": {"name": "x" * 100_000}, "slos": [deep] * 200}
    begun = time.monotonic()
    result = call("validate_plan", {"plan": wide}, root)

    assert document(result)["valid"] is False
    assert time.monotonic() - begun < 10
    assert len(everything(result)) < 40_000


def test_huge_files_and_a_huge_line_are_cut(root: Path) -> None:
    repository(
        root,
        {
            "huge.yml": "a: b\n" * 1_000_000,
            "line.txt": "y" * 900_000,
            ".github/workflows/x.yml": "x" * 4_000_000,
        },
    )

    assert "larger than 1 MiB" in said(call("read_repo", {"action": "read", "path": "huge.yml"}, root))
    assert len(everything(call("read_repo", {"action": "read", "path": "line.txt"}, root))) < 20_000
    assert len(everything(call("assess_repo", {}, root))) < 40_000


# Running something


@pytest.mark.needs("git")
def test_nothing_that_the_repositorys_git_configures_is_run(root: Path) -> None:
    marker = root.parent / "marker"
    trap = root.parent / "trap"
    trap.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n", encoding="utf-8")
    trap.chmod(0o755)
    git = ["git", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    repository(root, {".gitattributes": "* filter=trap diff=trap\n", "a.txt": "changed\n"})
    for name in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "diff.external",
        "diff.trap.textconv",
        "diff.trap.command",
        "filter.trap.clean",
        "filter.trap.smudge",
        "filter.trap.process",
        "gpg.program",
        "credential.helper",
    ):
        subprocess.run([*git, "config", name, str(trap)], check=True)
    for hook in ("post-checkout", "post-index-change", "fsmonitor-watchman"):
        (root / ".git" / "hooks" / hook).write_text(trap.read_text(encoding="utf-8"), encoding="utf-8")
        (root / ".git" / "hooks" / hook).chmod(0o755)

    async def use(client: Client) -> None:
        plan = document(await client.call_tool("draft_plan", {"detail": "detailed"}))
        for name, arguments in (
            ("assess_repo", {}),
            ("validate_plan", {"plan": plan}),
            ("fetch_metrics", {}),
            ("read_repo", {"action": "list"}),
            ("read_repo", {"action": "search", "query": "changed"}),
            ("read_repo", {"action": "read", "path": "a.txt"}),
        ):
            await client.call_tool(name, arguments)

    session(use, root)
    assert not marker.exists()
    subprocess.run([*git, "status"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert marker.exists(), "the trap itself does not work: this test would prove nothing"
