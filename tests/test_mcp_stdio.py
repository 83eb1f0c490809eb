"""The server as a process: a real client over stdio, a clean wire, and a quick end."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

ROOT = Path(__file__).parent.parent
SERVE = "from platform_operations.mcp_server import serve; serve({roots!r}, metrics={metrics!r})"
INITIALIZE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def command(*roots: Path, metrics: str | None = None) -> list[str]:
    return [sys.executable, "-c", SERVE.format(roots=[str(root) for root in roots], metrics=metrics)]


def parameters(*roots: Path) -> StdioServerParameters:
    program, *rest = command(*roots)
    return StdioServerParameters(command=program, args=rest, env=dict(os.environ))


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_a_real_client_drafts_a_plan_and_has_it_validated(mode: Any) -> None:
    async def session() -> tuple[dict[str, Any], dict[str, Any]]:
        async with Client(parameters(ROOT / "examples"), mode=mode) as client:
            drafted = await client.call_tool("draft_plan", {"path": "checkout", "detail": "detailed"})
            assert drafted.structured_content is not None
            plan = drafted.structured_content["result"]
            judged = await client.call_tool("validate_plan", {"plan": plan, "path": "checkout"})
            assert judged.structured_content is not None
            return plan, judged.structured_content["result"]

    plan, verdict = asyncio.run(session())

    assert plan["schema"] == "platform-ops/plan@1"
    assert (verdict["valid"], verdict["evidence"], verdict["findings"]) == (True, "checked", [])


def test_the_process_ends_within_a_second_of_the_end_of_its_input() -> None:
    with subprocess.Popen(
        command(ROOT / "examples"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        assert b"platform-operations" in process.stdout.readline()
        begun = time.monotonic()
        process.stdin.close()
        process.wait(timeout=20)
        took = time.monotonic() - begun

    assert process.returncode == 0
    assert took < 1


def test_work_in_progress_does_not_keep_the_process_alive(tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    slow = (
        "import time, platform_operations.mcp_server.tools as tools\n"
        "def stuck(desk, arguments, watch): print('stray'); time.sleep(30)\n"
        "tools.assess_repo = stuck\n"
    )
    program, flag, code = command(tmp_path / "repository")
    with subprocess.Popen(
        [program, flag, slow + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        call: dict[str, Any] = {
            "jsonrpc": "2.0",
            "id": 2,
            "method": "tools/call",
            "params": {"name": "assess_repo", "arguments": {}},
        }
        ready: dict[str, Any] = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        listing: dict[str, Any] = {"jsonrpc": "2.0", "id": 3, "method": "tools/list"}
        for message in (INITIALIZE, ready, call, listing):
            process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        answered = [json.loads(process.stdout.readline())["id"] for _ in range(2)]
        begun = time.monotonic()
        process.stdin.close()
        rest = process.stdout.read()
        process.wait(timeout=40)
        took = time.monotonic() - begun

    assert answered == [1, 3]
    assert took < 1
    assert b"stray" not in rest


def test_every_line_on_standard_output_is_a_message_of_the_protocol() -> None:
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    lines = b"\n".join(json.dumps(message).encode() for message in (INITIALIZE, listing)) + b"\nnot json\n"
    with subprocess.Popen(
        command(ROOT / "examples"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(lines)
        process.stdin.flush()
        first = [process.stdout.readline() for _ in range(2)]
        rest, _ = process.communicate(timeout=20)

    messages = [json.loads(line) for line in (*first, *rest.splitlines())]
    assert {message["jsonrpc"] for message in messages} == {"2.0"}
    assert {1, 2} <= {message.get("id") for message in messages}


def test_starting_loads_no_engine_and_no_language_model() -> None:
    probe = (
        "import sys; from platform_operations.mcp_server import build_server; build_server(['.'])\n"
        "heavy = ('anthropic', 'yaml', 'promql_parser', 'rich', 'jinja2', 'platform_operations.toolbox')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert shown.stdout.strip() == "[]"
