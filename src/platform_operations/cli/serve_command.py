"""`platform-ops serve`: the tools over MCP."""

from argparse import Namespace
from importlib import import_module
from importlib.util import find_spec

from platform_operations.errors import InputError


def run(arguments: Namespace) -> int:
    """Serve until the client goes away."""
    if find_spec("platform_operations.mcp_server") is None:
        raise InputError("this build has no MCP server")
    server = import_module("platform_operations.mcp_server")
    roots = tuple(arguments.root) or (".",)
    server.serve(roots, metrics=arguments.metrics, transport=arguments.transport, as_of=arguments.as_of)
    return 0
