"""The clients that can be set up: which file of a project names their servers, and in which shape."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

Format: TypeAlias = Literal["json", "toml"]

SERVER = "platform-operations"
SKILL_FOLDERS = (".claude/skills", ".agents/skills")
"""Between them every client looks into one: Claude Code and VS Code into the first, the others into the second."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client: its configuration file in a project, the key that holds servers, and how its program is called.

    A project that has `mark` is one that it is used in. `folder` is the client's variable for the project, where a server is not started in it.
    """

    name: str
    file: str
    key: str
    program: str
    mark: str
    format: Format = "json"
    typed: bool = False
    folder: str | None = None


CLIENTS: Mapping[str, Client] = {
    client.name: client
    for client in (
        Client("claude-code", ".mcp.json", "mcpServers", "claude", ".claude", typed=True),
        Client("codex", ".codex/config.toml", "mcp_servers", "codex", ".codex", format="toml"),
        Client("gemini", ".gemini/settings.json", "mcpServers", "gemini", ".gemini"),
        Client(
            "vscode",
            ".vscode/mcp.json",
            "servers",
            "code",
            ".vscode",
            typed=True,
            folder="${workspaceFolder}",
        ),
        Client("cursor", ".cursor/mcp.json", "mcpServers", "cursor", ".cursor", folder="${workspaceFolder}"),
    )
}


def entry(client: Client) -> dict[str, Any]:
    """Return what a client's configuration says of our server."""
    command, *rest = program()
    at = ["--root", client.folder] if client.folder else []
    typed = {"type": "stdio"} if client.typed else {}
    return {**typed, "command": command, "args": [*rest, "serve", *at]}


def program() -> tuple[str, ...]:
    """Return how this installation is started: by name where the name leads here, else by this Python."""
    found = shutil.which("platform-ops")
    own = Path(sys.executable).parent
    if found is not None and Path(found).parent == own:
        return ("platform-ops",)
    beside = own / "platform-ops"
    return (str(beside),) if beside.is_file() else (sys.executable, "-m", "platform_operations.cli")
