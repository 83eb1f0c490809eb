"""What tests of the MCP server share: a session in memory, a call, and what came of it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from mcp import Client
from mcp.types import CallToolResult, TextContent

from platform_operations.mcp_server import build_server

T = TypeVar("T")
Mode = Literal["legacy", "2026-07-28"]

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
CHECKOUT = {"path": "checkout"}
HELLO = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
).encode()
ERAS: tuple[Mode, ...] = ("legacy", "2026-07-28")


def session(
    use: Callable[[Client], Awaitable[T]],
    *roots: Path,
    mode: Mode = "2026-07-28",
    longest_call: float | None = None,
) -> T:
    async def run() -> T:
        server = build_server(roots or (EXAMPLES,), longest_call=longest_call)
        async with Client(server, mode=mode, raise_exceptions=True) as client:
            return await use(client)

    return asyncio.run(run())


def call(name: str, arguments: dict[str, Any], *roots: Path, mode: Mode = "2026-07-28") -> CallToolResult:
    return session(lambda client: client.call_tool(name, arguments), *roots, mode=mode)


def said(result: CallToolResult) -> str:
    assert len(result.content) == 1 and isinstance(result.content[0], TextContent)
    return result.content[0].text


def document(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, said(result)
    assert result.structured_content is not None
    return result.structured_content["result"]


def continued(result: CallToolResult) -> str | None:
    assert result.structured_content is not None
    return result.structured_content["cursor"]


def repository(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def many_services(folder: Path, number: int) -> Path:
    files: dict[str, str] = {}
    for index in range(number):
        name = f"service-{index:04}"
        files[f"{name}/Dockerfile"] = 'FROM python:3.12\nCOPY . .\nEXPOSE 8080\nCMD ["python", "-m", "app"]\n'
        files[f"{name}/pyproject.toml"] = f'[project]\nname = "{name}"\ndependencies = ["flask"]\n'
        files[f".github/workflows/{name}.yml"] = (
            f"name: {name}\non: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    environment: production\n"
            f"    steps:\n      - run: docker build -t ghcr.io/acme/{name}:latest {name}\n"
            f"      - run: docker push ghcr.io/acme/{name}:latest\n"
            f"      - run: kubectl set image deployment/{name} app=ghcr.io/acme/{name}:latest\n"
        )
    return repository(folder, files)


def everything(result: CallToolResult) -> str:
    return said(result) + json.dumps(result.structured_content, ensure_ascii=False)
