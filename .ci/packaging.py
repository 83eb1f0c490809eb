"""Writes what agent clients want to find in a checkout, all of it derived: `make format` runs it, CI checks it.

skills/platform-operations/ is SKILL.md with the pages it links. The manifests are the Claude Code plugin with its
marketplace (.claude-plugin/, .mcp.json) and the same for clients of Agent Plugins (plugin.json, mcp.json).
With --check nothing is written, and stale files make the exit code 1.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from platform_operations import __version__
from platform_operations.install import skill_files

ROOT = Path(__file__).resolve().parent.parent
NAME = "platform-operations"
DESCRIPTION = (
    "Assess how a repository is delivered and observed, draft a PlatformOpsPlan for it, and validate it"
)
KEYWORDS = ["ci-cd", "deployment", "observability", "slo", "sre", "mcp"]
AUTHOR = {"name": "Platform Operations contributors"}
SCHEMAS = "https://agent-plugins.org/schemas/1.0.0"


def server(plugin_root: str) -> dict[str, Any]:
    """The server as it runs out of a plugin's own folder; its root is the folder that the client works in."""
    return {"command": "uvx", "args": ["--from", plugin_root, "platform-ops", "serve"]}


def manifests() -> dict[str, Any]:
    """Every manifest by its path."""
    about = {"name": NAME, "version": __version__, "description": DESCRIPTION, "author": AUTHOR}
    about |= {"license": "Apache-2.0", "keywords": KEYWORDS}
    return {
        ".claude-plugin/plugin.json": {**about, "displayName": "Platform Operations"},
        ".claude-plugin/marketplace.json": {
            "name": NAME,
            "owner": AUTHOR,
            "description": DESCRIPTION,
            "plugins": [{"name": NAME, "source": "./", "description": DESCRIPTION, "category": "deployment"}],
        },
        ".mcp.json": {"mcpServers": {NAME: server("${CLAUDE_PLUGIN_ROOT}")}},
        "plugin.json": {"$schema": f"{SCHEMAS}/plugin.schema.json", **about},
        "mcp.json": {
            "$schema": f"{SCHEMAS}/mcp.schema.json",
            "mcpServers": {NAME: {"type": "stdio", **server("${PLUGIN_ROOT}")}},
        },
    }


def wanted() -> Iterator[tuple[Path, str]]:
    """Every derived file with its text."""
    for path, document in manifests().items():
        yield ROOT / path, json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    for path, text in skill_files().items():
        yield ROOT / "skills" / NAME / path, text


def main() -> int:
    """Write or check them; say which were stale."""
    files = dict(wanted())
    there = {path for path in (ROOT / "skills").rglob("*") if path.is_file()}
    stale = [path for path, text in files.items() if not path.is_file() or path.read_text("utf-8") != text]
    stale += sorted(there - files.keys())
    for path in stale:
        print(path.relative_to(ROOT))
    if "--check" in sys.argv:
        return 1 if stale else 0
    for path in stale:
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], "utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
