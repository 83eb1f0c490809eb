"""Who may talk to a server over HTTP, and how long: programs of this machine that get to the point."""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from uvicorn.protocols.http.h11_impl import H11Protocol

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

PATIENCE = 20.0
"""Seconds within which a request's head, and then its body, must have arrived."""

_NAME = r"(?:localhost|127\.0\.0\.1|\[::1\])"
_HOST = re.compile(rf"{_NAME}(?::[0-9]{{1,5}})?")
_ORIGIN = re.compile(rf"http://{_NAME}(?::[0-9]{{1,5}})?")


class OnlyThisMachine:
    """An application that answers only what was addressed to this machine, by nobody or by a page of it.

    The SDK compares the beginning of a name with a port; here the whole of it counts, and each header stands once.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it: 421 for another host, 403 for another page."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif not _allowed(scope, b"host", _HOST, needed=True):
            await _refused(send, 421, b"Invalid Host header")
        elif not _allowed(scope, b"origin", _ORIGIN, needed=False):
            await _refused(send, 403, b"Invalid Origin header")
        else:
            await self._app(scope, _hurried(receive), send)


class Impatient(H11Protocol):
    """A connection that is closed where no request has arrived in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self.loop.call_later(PATIENCE, self._given_up)

    def _given_up(self) -> None:
        if not self.cycle:
            self.transport.close()


def _allowed(scope: Message, name: bytes, pattern: re.Pattern[str], *, needed: bool) -> bool:
    given = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return (not given and not needed) or (len(given) == 1 and pattern.fullmatch(given[0]) is not None)


async def _refused(send: Send, status: int, why: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(why)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": why})


def _hurried(receive: Receive) -> Receive:
    """Return `receive` to which a body that does not come to its end in time is one that nobody sends any more."""
    until = asyncio.get_running_loop().time() + PATIENCE
    arrived = False

    async def received() -> Message:
        nonlocal arrived
        if arrived:
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        arrived = not message.get("more_body", False)
        return message

    return received
