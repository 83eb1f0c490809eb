"""The MCP side of the server: handlers that turn requests into calls, and answers into results."""

import logging
from typing import Any, TypeAlias

from mcp import types
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from platform_operations import __version__
from platform_operations.errors import InputError
from platform_operations.mcp_server.arguments import schema_of
from platform_operations.mcp_server.calling import LONGEST_CALL, Calls
from platform_operations.mcp_server.catalogue import BY_NAME, INSTRUCTIONS, OFFERS, Offer
from platform_operations.mcp_server.kept import Assessments
from platform_operations.mcp_server.roots import Roots
from platform_operations.mcp_server.shelf import (
    PAGE_TEMPLATE,
    PROMPTS,
    completed,
    prompt_text,
    read_resource,
    resources,
)
from platform_operations.mcp_server.tools import Desk

Context: TypeAlias = ServerRequestContext[Any, Any]
Page: TypeAlias = types.PaginatedRequestParams | None

logger = logging.getLogger(__name__)

NAME = "platform-operations"
_HOUR = 3_600_000

OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "result": {"type": "object", "description": "The document the command line gives with --format json"},
        "truncated": {"type": "boolean", "description": "Whether result is only part of it"},
        # Not a list of types: clients that know one type a schema would drop the tool.
        "cursor": {
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "description": "Continues a truncated result",
        },
    },
    "required": ["result", "truncated", "cursor"],
    "additionalProperties": False,
}


def server_for(roots: Roots, metrics: str | None, longest_call: float | None) -> Server[Any]:
    """Return the server over opened roots."""
    calls = Calls(Desk(roots, Assessments(metrics)), longest_call or LONGEST_CALL)
    fixed = CacheHint(ttl_ms=_HOUR, scope="public")
    server: Server[Any] = Server(
        NAME,
        version=__version__,
        title="Platform Operations",
        description="Delivery pipelines and production observability as one validated plan",
        instructions=INSTRUCTIONS,
        cache_hints={
            "tools/list": fixed,
            "prompts/list": fixed,
            "resources/list": fixed,
            "resources/templates/list": fixed,
            "resources/read": fixed,
        },
        on_list_tools=_list_tools,
        on_call_tool=_Tools(calls).call,
        on_list_resources=_list_resources,
        on_list_resource_templates=_list_templates,
        on_read_resource=_read_resource,
        on_list_prompts=_list_prompts,
        on_get_prompt=_get_prompt,
        on_completion=_complete,
        on_subscriptions_listen=ListenHandler(InMemorySubscriptionBus()),
    )
    server.middleware.append(_without_details)
    return server


async def _without_details(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Keep the text of an unforeseen error off the wire: it can name folders and quote what was read."""
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):
        raise
    except Exception as error:
        logger.exception("%s failed", ctx.method)
        raise MCPError(types.INTERNAL_ERROR, f"Internal error ({type(error).__name__})") from None


class _Tools:
    """tools/call of one server."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def call(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Return what a tool answers; what the caller can correct is an answer too."""
        offer = BY_NAME.get(params.name)
        if offer is None:
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: there is {', '.join(BY_NAME)}")

        async def report(progress: float, message: str) -> None:
            await context.session.report_progress(progress, None, message)

        try:
            text, structured = await self._calls.call(offer, params.arguments, report)
        except InputError as error:
            return types.CallToolResult(content=[_text(str(error))], is_error=True)
        return types.CallToolResult(content=[_text(text)], structured_content=structured, is_error=False)


def _text(text: str) -> types.TextContent:
    return types.TextContent(type="text", text=text)


async def _list_tools(context: Context, params: Page) -> types.ListToolsResult:
    del context, params
    return types.ListToolsResult(tools=[tool_of(offer) for offer in OFFERS])


async def _list_resources(context: Context, params: Page) -> types.ListResourcesResult:
    del context, params
    rows = [
        types.Resource(uri=row.uri, name=row.name, title=row.title, mime_type=row.mime_type, size=row.size)
        for row in resources()
    ]
    return types.ListResourcesResult(resources=rows)


async def _list_templates(context: Context, params: Page) -> types.ListResourceTemplatesResult:
    del context, params
    template = types.ResourceTemplate(
        uri_template=PAGE_TEMPLATE,
        name="reference page",
        title="A reference page, such as rules/slo-missing",
        mime_type="text/markdown",
    )
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def _read_resource(
    context: Context, params: types.ReadResourceRequestParams
) -> types.ReadResourceResult:
    del context
    uri = str(params.uri)
    found = read_resource(uri)
    if found is None:
        from platform_operations.repository import redact

        raise MCPError(types.INVALID_PARAMS, "Resource not found", {"uri": redact(uri[:400])[:200]})
    text, mime_type = found
    return types.ReadResourceResult(
        contents=[types.TextResourceContents(uri=uri, mime_type=mime_type, text=text)]
    )


async def _list_prompts(context: Context, params: Page) -> types.ListPromptsResult:
    del context, params
    rows = [
        types.Prompt(
            name=row.name,
            title=row.title,
            description=row.description,
            arguments=[
                types.PromptArgument(name=row.argument, description=row.argument_description, required=False)
            ],
        )
        for row in PROMPTS
    ]
    return types.ListPromptsResult(prompts=rows)


async def _get_prompt(context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
    del context
    try:
        description, text = prompt_text(params.name, params.arguments or {})
    except InputError as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from None
    return types.GetPromptResult(
        description=description, messages=[types.PromptMessage(role="user", content=_text(text))]
    )


async def _complete(context: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
    del context
    page = isinstance(params.ref, types.ResourceTemplateReference) and params.ref.uri == PAGE_TEMPLATE
    values = completed(params.argument.value) if page and params.argument.name == "page" else ()
    return types.CompleteResult(
        completion=types.Completion(values=list(values[:100]), total=len(values), has_more=len(values) > 100)
    )


def tool_of(offer: Offer) -> types.Tool:
    """Return a tool as tools/list shows it. The hints are for people: nothing here relies on them."""
    return types.Tool(
        name=offer.name,
        title=offer.title,
        description=offer.description,
        input_schema=schema_of(offer.arguments),
        output_schema=OUTPUT_SCHEMA,
        annotations=types.ToolAnnotations(
            title=offer.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=offer.open_world,
        ),
    )
