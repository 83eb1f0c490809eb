"""The server object, for both eras of the protocol and both transports."""

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from platform_operations.errors import InputError
from platform_operations.mcp_server.roots import Roots, open_roots

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

Transport: TypeAlias = Literal["stdio", "http"]
TRANSPORTS: tuple[str, ...] = get_args(Transport)

LARGEST_REQUEST = 6 * 1024 * 1024
"""A plan of the largest size that is read, and the message around it."""
DEFAULT_PORT = 8000
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def build_server(
    roots: Sequence[str | Path] | Roots = (), metrics: str | None = None, *, longest_call: float | None = None
) -> "Server[Any]":
    """Return the server for the folders `roots` (none: the current one) and the user's metrics source.

    `longest_call` bounds each call in seconds, 120 unless given.

    Raises:
        InputError: a root cannot be used.
    """
    from platform_operations.mcp_server.protocol import server_for

    opened = roots if isinstance(roots, Roots) else open_roots(roots)
    return server_for(opened, metrics, longest_call)


def serve(
    roots: Sequence[str | Path] = (),
    *,
    metrics: str | None = None,
    transport: Transport = "stdio",
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
) -> None:
    """Serve until the input ends (stdio) or the process is told to stop (http).

    `host` is a loopback address: anything wider is refused, because a server for others needs authentication.
    Port 0 takes a free one; the address is printed on standard error.

    Raises:
        InputError: a root or an address cannot be used.
    """
    opened = open_roots(roots)
    _redact_logs()
    if transport == "http":
        if host not in LOOPBACK:
            raise InputError(f"host {host!r} is not this machine: only {', '.join(LOOPBACK)} can be served")
        _over_http(opened, metrics, host, port)
    else:
        _over_stdio(opened, metrics)


class _Redacting(logging.Formatter):
    """What the SDK logs of a failure can quote what was read."""

    def format(self, record: logging.LogRecord) -> str:
        from platform_operations.repository import redact

        return redact(super().format(record))


def _redact_logs() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting("platform-ops: %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _over_stdio(roots: Roots, metrics: str | None) -> None:
    import asyncio
    import gc

    # Thousands of long-lived classes are made while the SDK is imported: collecting in between finds nothing.
    gc.disable()
    from mcp.server.stdio import stdio_server

    server = build_server(roots, metrics)
    gc.freeze()
    gc.enable()

    async def run() -> None:
        async with stdio_server() as (incoming, outgoing):
            # The wire is the SDK's own copy of the descriptor from here on: what anybody prints is not on it.
            sys.stdout = sys.stderr
            await server.run(incoming, outgoing, server.create_initialization_options())

    with suppress(KeyboardInterrupt):
        asyncio.run(run())


def _over_http(roots: Roots, metrics: str | None, host: str, port: int) -> None:
    import asyncio
    import socket

    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    from platform_operations.mcp_server.guarding import Impatient, OnlyThisMachine

    names = [f"[{name}]" if ":" in name else name for name in LOOPBACK]
    app = build_server(roots, metrics).streamable_http_app(
        stateless_http=True,
        max_request_body_size=LARGEST_REQUEST,
        host=host,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[*names, *(f"{name}:*" for name in names)],
            allowed_origins=[f"http://{name}{port}" for name in names for port in ("", ":*")],
        ),
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise InputError(f"{host} port {port} cannot be served: {error}") from None
    taken = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    print(f"platform-ops: serving http://{shown}:{taken}/mcp", file=sys.stderr, flush=True)
    config = uvicorn.Config(
        OnlyThisMachine(app),
        http=Impatient,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
