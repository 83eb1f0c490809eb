"""The server and the plugin in the hands of programs that others wrote; `.ci/clients` installs them.

No account and no network: each is kept to this machine.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import yaml

from platform_operations.mcp_server.catalogue import OFFERS

ROOT = Path(__file__).parent.parent
SERVE = "from platform_operations.mcp_server import serve; serve([{root!r}]{more})"
NAMES = {offer.name for offer in OFFERS}

pytestmark = pytest.mark.slow


def served(more: str = "") -> list[str]:
    return [sys.executable, "-c", SERVE.format(root=str(ROOT / "examples"), more=more)]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder to work in, as the only home, from which nobody calls home."""
    for name in ("DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def run(folder: Path, *command: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )


# The official conformance suite


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    with subprocess.Popen(served(", transport='http', port=0"), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "serving" in line)
        try:
            yield told.split()[-1]
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.mark.needs("conformance")
@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_the_server_conforms_but_for_the_checks_that_are_listed(
    url: str, revision: str, tmp_path: Path
) -> None:
    expected = ROOT / "tests" / "conformance" / f"expected-{revision}.yml"
    done = run(
        tmp_path,
        *("conformance", "server", "--url", url, "--requirements", revision),
        *("--expected-failures", str(expected), "-o", str(tmp_path / "results")),
    )

    assert "Baseline check passed" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]
    assert done.returncode == 0


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
def test_what_is_not_conformed_to_is_listed_check_by_check(revision: str) -> None:
    listed = yaml.safe_load(
        (ROOT / "tests" / "conformance" / f"expected-{revision}.yml").read_text(encoding="utf-8")
    )

    assert all(re.fullmatch(r"[a-z0-9-]+:[a-z0-9-]+", row) for row in listed["server"])
    assert len(listed["server"]) == len(set(listed["server"]))


# MCP Inspector


def inspected(folder: Path, era: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ("--cli", "--protocol-era", era, "--format", "json", "-q")
    return run(folder, "mcp-inspector", *options, *arguments, "--", *served())


@pytest.mark.needs("mcp-inspector")
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_finds_no_fault_with_the_schemas(alone: Path, era: str) -> None:
    done = inspected(alone, era, "--method", "tools/list", "--strict")

    assert (done.returncode, done.stderr) == (0, "")
    assert {row["name"] for row in json.loads(done.stdout)["result"]["tools"]} == NAMES


@pytest.mark.needs("mcp-inspector")
@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_calls_a_tool_and_reads_its_structured_answer(alone: Path, era: str) -> None:
    arguments = json.dumps({"plan": {"schema": "platform-ops/plan@1"}, "path": "checkout"})
    done = inspected(
        alone, era, "--method", "tools/call", "--tool-name", "validate_plan", "--tool-args-json", arguments
    )
    structured = json.loads(done.stdout)["result"]["structuredContent"]

    assert done.returncode == 0
    assert structured["result"]["schema"] == "platform-ops/findings@1"
    assert (structured["truncated"], structured["cursor"]) == (False, None)


@pytest.mark.needs("mcp-inspector")
def test_the_inspector_sees_a_mistake_as_an_error_of_the_tool(alone: Path) -> None:
    done = inspected(
        alone,
        "modern",
        "--method",
        "tools/call",
        "--tool-name",
        "assess_repo",
        "--tool-args-json",
        '{"pth": "x"}',
    )

    assert done.returncode == 5
    assert "unknown argument 'pth'" in done.stdout


# Claude Code


@pytest.mark.needs("claude")
def test_claude_code_connects_to_the_server(alone: Path) -> None:
    run(alone, "claude", "mcp", "add", "--scope", "user", "platform-operations", "--", *served())
    listed = run(alone, "claude", "mcp", "list")

    assert re.search(r"(?m)^platform-operations: .* Connected$", listed.stdout), listed.stdout + listed.stderr


@pytest.mark.needs("claude")
def test_claude_code_accepts_the_plugin(alone: Path) -> None:
    done = run(alone, "claude", "plugin", "validate", "--strict", str(ROOT))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation passed" in done.stdout


@pytest.mark.needs("claude")
def test_claude_code_starts_with_the_skill_and_the_server_of_the_plugin(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first line it prints says what it loaded; the question itself goes to a port where nobody listens."""
    runner = alone.parent / "bin" / "uvx"
    runner.parent.mkdir()
    quoted = " ".join(f"'{part}'" if " " in part else part for part in served()[:1])
    runner.write_text(f'#!/bin/sh\nexec {quoted} -c "{served()[2]}"\n', encoding="utf-8")
    runner.chmod(0o755)
    monkeypatch.setenv("PATH", f"{runner.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "none")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    server = "plugin:platform-operations:platform-operations"
    first: dict[str, Any] = {}
    # It waits 5 s for servers: on a busy machine starting one can take longer.
    for _ in range(6):
        first = first_line(alone)
        if {row["name"]: row["status"] for row in first["mcp_servers"]}.get(server) == "connected":
            break

    assert first["subtype"] == "init"
    assert "platform-operations:platform-operations" in first["skills"]
    assert {row["name"]: row["status"] for row in first["mcp_servers"]}[server] == "connected"
    prefix = "mcp__plugin_platform-operations_platform-operations__"
    assert {name.removeprefix(prefix) for name in first["tools"] if name.startswith(prefix)} == NAMES


def first_line(folder: Path) -> dict[str, Any]:
    command = ["claude", "--plugin-dir", str(ROOT), "-p", "x", "--output-format", "stream-json", "--verbose"]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.kill()
    return json.loads(line)
