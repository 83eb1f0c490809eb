"""What a scripted typical run sends: bytes by source, the part of each turn that no cache holds, and the turns.

Beside it, what people do today: pack the whole repository and paste it (repomix), where `npx` can fetch that.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from platform_operations.agent import Reply, Settings, architect
from platform_operations.agent.architect import preview
from platform_operations.agent.scripted import ScriptedModel
from platform_operations.toolbox import assessed, open_target

REPOMIX = "repomix@1"


def call(name: str, arguments: dict[str, Any], number: int) -> Reply:
    return Reply(({"type": "tool_use", "id": f"t{number}", "name": name, "input": arguments},), "tool_use")


def main(path: str) -> None:
    target = open_target(path)
    assessment = assessed(target)
    shown = asyncio.run(preview(target, assessment, Settings()))
    for source, size in shown.sizes.items():
        print(f"{source:<12}{size:>9,} bytes")
    replies = [
        call("read_repo", {"action": "list"}, 1),
        call("load_reference", {"page": "deployment-strategies"}, 2),
        call("revise_plan", {"sections": {}}, 3),
    ]
    model = ScriptedModel(replies)
    outcome = asyncio.run(architect(target, assessment, model, Settings()))
    before = 0
    for turn, request in enumerate(model.requests, 1):
        size = len(json.dumps(request.body(), ensure_ascii=False).encode())
        print(f"turn {turn}: {size:,} bytes, {size - before:,} of them new")
        before = size
    print(f"{outcome.trace.turns} turns, ended {outcome.trace.stop}")
    print(packed(path))


def packed(path: str) -> str:
    """Return the size of the whole repository as repomix packs it, or why it cannot be said."""
    npx = shutil.which("npx")
    if npx is None:
        return "repomix: skipped, npx is not installed"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "pack.xml"
        command = [npx, "--yes", REPOMIX, "--quiet", "--output", str(out), path]
        try:
            done = subprocess.run(command, check=False, capture_output=True, timeout=120)
        except subprocess.TimeoutExpired:
            return "repomix: skipped, it took longer than two minutes"
        if done.returncode or not out.exists():
            return f"repomix: skipped, it ended with {done.returncode}"
        return f"repomix: {out.stat().st_size:,} bytes in one paste, without metrics, rules or a verdict"


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parent.parent / "examples" / "checkout"))
