"""`platform-ops serve`: the tools over MCP."""

from argparse import Namespace

from platform_operations.errors import InputError
from platform_operations.mcp_server import DEFAULT_PORT, serve


def run(arguments: Namespace) -> int:
    """Serve until the client goes away."""
    for option, given in (("--as-of", arguments.as_of), ("--config", arguments.config)):
        if given:
            raise InputError(
                f"serve has no {option}: a server reads each repository as it stands when it is asked"
            )
    if arguments.port is not None and arguments.transport != "http":
        raise InputError("--port needs --transport http")
    serve(
        tuple(arguments.root) or (".",),
        metrics=arguments.metrics,
        transport=arguments.transport,
        port=DEFAULT_PORT if arguments.port is None else arguments.port,
    )
    return 0
