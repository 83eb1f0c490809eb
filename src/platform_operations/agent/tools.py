"""The agent's tools: three that read, through an MCP client in memory, and two that hand in."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from platform_operations.agent.port import Block
from platform_operations.agent.prompts import quoted_result
from platform_operations.mcp_server import build_server
from platform_operations.model.record import canonical
from platform_operations.repository import redact

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
    """The reading tools over one session; the same question is answered once.

    Without a session, for a target that is not on disk, there are only the tools that hand in.
    """

    def __init__(self, client: "Client | None", tools: tuple[Block, ...], nonce: str) -> None:
        self._client = client
        self._nonce = nonce
        self._asked: set[str] = set()
        self.tools = (*tools, *HANDING_IN)

    async def call(self, name: str, arguments: Any) -> tuple[str, bool]:
        """Return (text, whether it is an error) of a tool call; any trouble is an answer, never an exception."""
        from mcp import MCPError

        offered = [str(tool["name"]) for tool in self.tools]
        if self._client is None or name not in READING or name not in offered:
            return f"there is no tool {name[:80]!r}; there are {', '.join(offered)}", True
        if not isinstance(arguments, dict):
            return "the arguments must be an object", True
        given = cast("dict[str, Any]", arguments)
        key = canonical([name, given])
        if key in self._asked:
            return "asked before: the answer stands above", False
        self._asked.add(key)
        try:
            result = await self._client.call_tool(name, given)
        except MCPError as error:
            return redact(str(error))[:1000], True
        text = "\n".join(block.text for block in result.content if block.type == "text")
        cut = "\n(cut here; narrow the question)" if len(text) > LONGEST_RESULT else ""
        if result.is_error or name == "load_reference":
            return text[:LONGEST_RESULT] + cut, bool(result.is_error)
        return quoted_result(text[:LONGEST_RESULT], self._nonce) + cut, False


@asynccontextmanager
async def reading(root: str | None, metrics: str | None, nonce: str) -> AsyncGenerator[Reading]:
    """Open the reading tools on one root; there is no other, no shell, and no address of the model's choosing.

    What the body raises comes out as it is: a task group would have wrapped it.
    """
    if root is None:
        yield Reading(None, (), nonce)
        return
    from mcp import Client

    try:
        async with Client(build_server([root], metrics)) as client:
            listed = await client.list_tools()
            tools = tuple(
                {"name": tool.name, "description": tool.description or "", "input_schema": tool.input_schema}
                for tool in listed.tools
                if tool.name in READING
            )
            yield Reading(client, tools, nonce)
    except BaseExceptionGroup as group:
        raise _first(group) from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseException", error.exceptions[0])
    return error
