"""The MCP server: the toolbox for agents and IDEs, read-only, below configured folders.

Importing this package is cheap: the SDK is loaded when a server is built.
"""

from platform_operations.mcp_server.serving import DEFAULT_PORT, TRANSPORTS, build_server, serve

__all__ = ["DEFAULT_PORT", "TRANSPORTS", "build_server", "serve"]
