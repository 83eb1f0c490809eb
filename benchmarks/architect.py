"""What a scripted typical run sends: bytes by source, the part of each turn that no cache holds, and the turns.

Beside it, what people do today: pack the whole repository and paste it, with repomix (npm) and gitingest (PyPI). Each is
fetched for the measurement, and is skipped by name where it cannot be.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from platform_operations.agent import Reply, Settings, architect
from platform_operations.agent.architect import preview
from platform_operations.agent.scripted import ScriptedModel
from platform_operations.toolbox import assessed, open_target

REPOMIX = "repomix@1.18.1"
GITINGEST = "gitingest==0.3.1"
LONGEST = 180


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
        share = 100 * (size - before) / size
        print(f"turn {turn}: {size:,} bytes, {size - before:,} of them in no cache yet ({share:.1f}%)")
        before = size
    prefixes = {request.prefix_digest() for request in model.requests}
    print(f"{outcome.trace.turns} turns, ended {outcome.trace.stop}, {len(prefixes)} prefix over all of them")
    with tempfile.TemporaryDirectory() as folder:
        print(packed_by_repomix(path, Path(folder)))
        print(packed_by_gitingest(path, Path(folder)))


def packed_by_repomix(path: str, folder: Path) -> str:
    """Return the size of the whole repository as repomix packs it, or why it cannot be said."""
    npx = shutil.which("npx")
    if npx is None:
        return "repomix: skipped, npx is not installed"
    out = folder / "pack.xml"
    return _size("repomix", out, [npx, "--yes", REPOMIX, "--quiet", "--output", str(out), path])


def packed_by_gitingest(path: str, folder: Path) -> str:
    """Return the size of the whole repository as gitingest packs it, or why it cannot be said."""
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [programs / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install", GITINGEST]
    why = _tried(pip)
    if why is not None:
        return f"gitingest: skipped, it cannot be installed: {why}"
    out = folder / "digest.txt"
    return _size("gitingest", out, [programs / "gitingest", path, "--output", out])


def _size(name: str, out: Path, command: list[str | Path]) -> str:
    why = _tried(command)
    if why is not None or not out.exists():
        return f"{name}: skipped, {why or 'it wrote nothing'}"
    return f"{name}: {out.stat().st_size:,} bytes in one paste, without metrics, rules or a verdict"


def _tried(command: list[str | Path]) -> str | None:
    """Run a command, and return why it failed, None where it did not."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return f"it took longer than {LONGEST} seconds"
    return f"it ended with {done.returncode}" if done.returncode else None


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parent.parent / "examples" / "checkout"))
