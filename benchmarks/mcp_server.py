"""How quickly the MCP server starts, answers and ends, beside a bare server of the SDK in the same run.

Run `python benchmarks/mcp_server.py`. Limits: start to the first answer at most 1.15 times the bare server's; 250
warm validate_plan calls a second of a free core, in memory; the end within 1 s of the end of input, with work in
progress too. Beside the plan that was judged before stand plans in each of which another entry was changed: these are
judged anew, and have no limit of their own.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from mcp import Client

from platform_operations.mcp_server import build_server

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, CALLS, PASSES = 15, 50, 12
LIMIT_RATIO, LIMIT_CALLS, LIMIT_END = 1.15, 250, 1.0

OURS = f"from platform_operations.mcp_server import serve; serve([{str(ROOT / 'examples')!r}])"
BARE = """
from mcp.server import MCPServer
server = MCPServer("bare")
@server.tool()
def echo(text: str) -> str:
    return text
server.run()
"""
STUCK = (
    "import time, platform_operations.mcp_server.tools as t; t.assess_repo = lambda *a: time.sleep(20);"
    + OURS
)
HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}
CALL: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "assess_repo", "arguments": {}},
}


def started(code: str, *after: dict[str, Any]) -> tuple[float, float]:
    """Return the seconds from the start to the first answer, and from the end of input to the end."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(HELLO).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        answered = time.perf_counter()
        for message in after:
            process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        if after:
            time.sleep(0.5)
        closing = time.perf_counter()
        process.stdin.close()
        process.wait()
        return answered - begun, time.perf_counter() - closing


async def warm() -> tuple[float, float, int, int]:
    """Return the calls a second of a free core, for plans never seen and for one again, and the sizes of two answers."""
    async with Client(build_server([ROOT / "examples"])) as client:
        drafted = await client.call_tool("draft_plan", {"path": "checkout", "detail": "detailed"})
        assert drafted.structured_content is not None
        arguments = {"plan": drafted.structured_content["result"], "path": "checkout"}
        first = await client.call_tool("validate_plan", arguments)
        assert first.structured_content is not None and first.structured_content["result"]["valid"]
        # A host changes the plan before it asks again; the verdict on the same plan is remembered.
        edited = [_edited(arguments, number) for number in range(PASSES * CALLS)]
        rates = {"edited": 0.0, "same": 0.0}
        for _ in range(PASSES):
            for kind in rates:
                given = [edited.pop() if kind == "edited" else arguments for _ in range(CALLS)]
                begun = time.process_time()
                for one in given:
                    answer = await client.call_tool("validate_plan", one)
                    assert not answer.is_error
                rates[kind] = max(rates[kind], CALLS / (time.process_time() - begun))
        listed = len((await client.list_tools()).model_dump_json(by_alias=True, exclude_none=True))
        assessed = await client.call_tool("assess_repo", {"path": "checkout"})
        return rates["edited"], rates["same"], listed, len(assessed.model_dump_json(by_alias=True))


def _edited(arguments: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the call for a plan that was never judged: an assumption, a runbook, an alert or a stage is its own."""
    plan = arguments["plan"]
    section, change = (
        ("assumptions", {"statement": f"the team has agreed to it {number} times"}),
        ("runbooks", {"impact": f"{number} orders fail"}),
        ("alerts", {"for": f"{number + 1}s"}),
        ("pipelineStages", {"runs": [f"make check-{number}"]}),
    )[number % 4]
    entries = list(plan[section])
    at = number // 4 % len(entries)
    entries[at] = entries[at] | change
    return arguments | {"plan": plan | {section: entries}}


def main() -> int:
    """Measure and print; 1 where a limit is missed."""
    ours: list[float] = []
    bare: list[float] = []
    ends: list[float] = []
    for code in (OURS, BARE):
        started(code)
    for _ in range(ROUNDS):
        bare.append(started(BARE)[0])
        answer, end = started(OURS)
        ours.append(answer)
        ends.append(end)
    stuck = max(started(STUCK, CALL)[1] for _ in range(3))
    # The quickest, not the middle: other work on the machine only ever adds.
    ratio = min(ours) / min(bare)
    rate, again, listed, assessed = asyncio.run(warm())
    print(
        f"start to first answer   {min(ours) * 1000:.0f} ms, bare server {min(bare) * 1000:.0f} ms: ratio {ratio:.2f}"
    )
    print(
        f"  medians               {statistics.median(ours) * 1000:.0f} ms and {statistics.median(bare) * 1000:.0f} ms"
    )
    print(
        f"warm validate_plan      {again:.0f} a second of processor time; with an entry changed {rate:.0f}, {1000 / rate:.1f} ms each"
    )
    print(f"end of input to end     {max(ends):.2f} s idle, {stuck:.2f} s with a call in progress")
    print(f"tools/list              {listed} characters; assess_repo of the example {assessed}")
    print(f"load on this machine    {os.getloadavg()[0]:.1f}")
    missed = [
        name
        for name, fine in (
            (f"start is over {LIMIT_RATIO} times the bare server's", ratio <= LIMIT_RATIO),
            (f"fewer than {LIMIT_CALLS} calls a second", again >= LIMIT_CALLS),
            (f"the end takes over {LIMIT_END} s", max(*ends, stuck) <= LIMIT_END),
        )
        if not fine
    ]
    for name in missed:
        print(f"MISSED: {name}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
