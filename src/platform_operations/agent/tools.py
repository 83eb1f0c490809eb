"""The agent's tools: three that read, through an MCP client in memory, and two that hand in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from platform_operations.agent.port import Block
from platform_operations.mcp_server import build_server
from platform_operations.model.record import canonical

if TYPE_CHECKING:
    from mcp import Client

READING = ("read_repo", "fetch_metrics", "load_reference")
LONGEST_RESULT = 12_000

HANDING_IN: tuple[Block, ...] = (
    {
        "name": "submit_plan",
        "description": "Hand in a whole PlatformOpsPlan (platform-ops/plan@1). Answers with the verdict and all findings.",
        "input_schema": {
            "type": "object",
            "properties": {
                "plan": {"type": "object", "description": "The plan document; computed parts are left out."}
            },
            "required": ["plan"],
            "additionalProperties": False,
        },
    },
    {
        "name": "revise_plan",
        "description": "Hand in changes to the current plan: entries by id, laid over it, and entries to take out. "
        "Answers with the verdict and all findings.",
        "input_schema": {
            "type": "object",
            "properties": {
                "sections": {
                    "type": "object",
                    "description": "Section name to list of entries (upserts by id).",
                },
                "remove": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "section/id of entries to take out.",
                },
            },
            "additionalProperties": False,
        },
    },
)


class Reading:
    """The reading tools over one session; the same question is answered once."""

    def __init__(self, client: "Client", tools: tuple[Block, ...]) -> None:
        self._client = client
        self._asked: dict[str, str] = {}
        self.tools = (*tools, *HANDING_IN)

    async def call(self, name: str, arguments: Any) -> tuple[str, bool]:
        """Return (text, whether it is an error) of a tool call; any trouble is an answer, never an exception."""
        if name not in READING:
            return (
                f"there is no tool {name!r}; there are {', '.join((*READING, 'submit_plan', 'revise_plan'))}",
                True,
            )
        if not isinstance(arguments, dict):
            return "the arguments must be an object", True
        key = canonical([name, arguments])
        if key in self._asked:
            return "asked before: the answer stands above", False
        result = await self._client.call_tool(name, arguments)
        text = "\n".join(block.text for block in result.content if block.type == "text")
        cut = text[:LONGEST_RESULT] + (
            "\n(cut here; narrow the question)" if len(text) > LONGEST_RESULT else ""
        )
        if not result.is_error:
            self._asked[key] = cut
        return cut, bool(result.is_error)


@asynccontextmanager
async def reading(root: str, metrics: str | None) -> AsyncIterator[Reading]:
    """Open the reading tools on one root; there is no other, no shell, and no address of the model's choosing."""
    from mcp import Client

    async with Client(build_server([root], metrics)) as client:
        listed = await client.list_tools()
        tools = tuple(
            {"name": tool.name, "description": tool.description or "", "input_schema": tool.input_schema}
            for tool in listed.tools
            if tool.name in READING
        )
        yield Reading(client, tools)
