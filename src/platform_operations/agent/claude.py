"""Claude through the Messages API. The only module that knows the SDK."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from platform_operations.agent.port import (
    Block,
    ModelUnavailable,
    Reply,
    Request,
    Tell,
    Unavailable,
    Usage,
)
from platform_operations.agent.retrying import Retryable, attempt

if TYPE_CHECKING:
    from anthropic import APIStatusError, AsyncAnthropic

_STOPS: dict[int, Unavailable] = {
    400: "request-refused",
    401: "no-credentials",
    402: "no-credit",
    403: "not-permitted",
    404: "no-such-model",
    413: "request-too-large",
}
_PASSING = frozenset({"overloaded_error", "api_error", "rate_limit_error", "timeout_error"})
"""Types of errors that come inside a stream, under status 200, and that another attempt may not meet."""

LONGEST_SILENCE = 120.0
"""Seconds without a byte after which a stream counts as broken; a healthy one sends pings in between."""
LONGEST_CONNECT = 10.0


class Claude:
    """A model behind `AsyncAnthropic().messages`; key and base URL come from the user's environment or settings.

    Its time begins when it is made: `seconds` later nothing is waited for any more.
    """

    def __init__(
        self,
        *,
        attempts: int,
        seconds: float,
        base_url: str | None = None,
        silence: float = LONGEST_SILENCE,
        client: "AsyncAnthropic | None" = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempts = attempts
        self._clock = clock
        self._deadline = clock() + seconds
        self._sleep = sleep
        self._client = client or _client(base_url, silence)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def complete(self, request: Request, tell: Tell) -> Reply:
        """Return the reply, streamed, so that nothing waits in silence."""
        from anthropic import AnthropicError, APIStatusError

        try:
            return await attempt(
                lambda: self._once(request, tell),
                attempts=self._attempts,
                deadline=self._deadline,
                clock=self._clock,
                sleep=self._sleep,
            )
        except Retryable as error:
            raise ModelUnavailable("model-unavailable", f"the model did not answer: {error}") from None
        except APIStatusError as error:
            stop = _STOPS.get(error.status_code, "request-refused")
            raise ModelUnavailable(
                stop, f"the model refused the request ({error.status_code} {error.type or 'error'})"
            ) from None
        except AnthropicError as error:
            raise ModelUnavailable(
                "model-unavailable", f"the model cannot be used: {type(error).__name__}"
            ) from None

    async def _once(self, request: Request, tell: Tell) -> Reply:
        import httpx2
        from anthropic import APIConnectionError, APIStatusError

        left = self._deadline - self._clock()
        if left <= 0:
            raise ModelUnavailable("out-of-time", "the time for this run is used up")
        try:
            async with asyncio.timeout(left):
                return await self._streamed(request, tell)
        except APIStatusError as error:
            if _passing(error):
                raise Retryable(f"{error.status_code} {error.type or 'error'}", _after(error)) from None
            raise
        except APIConnectionError as error:
            raise Retryable(type(error).__name__) from None
        except httpx2.TransportError as error:
            raise Retryable(f"the stream broke: {type(error).__name__}") from None
        except TimeoutError:
            raise ModelUnavailable("out-of-time", "the time for this run is used up") from None
        except ValueError:
            raise Retryable("the stream held something that is no JSON") from None

    async def _streamed(self, request: Request, tell: Tell) -> Reply:
        written, whole = 0, False
        async with self._client.messages.stream(**request.body()) as stream:
            async for event in stream:
                if event.type == "content_block_start" and event.content_block.type == "tool_use":
                    tell(f"calls {event.content_block.name}")
                elif event.type == "content_block_delta":
                    written += 1
                    if written % 200 == 0:
                        tell("writing")
                whole = whole or event.type == "message_stop"
            # A connection that closes early looks like an end: only message_stop is one.
            if not whole:
                raise Retryable("the stream ended before the message did")
            message = await stream.get_final_message()
        usage = message.usage
        return Reply(
            tuple(cast("Block", block.to_dict()) for block in message.content),
            message.stop_reason or "none",
            Usage(
                usage.input_tokens,
                usage.cache_creation_input_tokens or 0,
                usage.cache_read_input_tokens or 0,
                usage.output_tokens,
            ),
        )


def _client(base_url: str | None, silence: float) -> "AsyncAnthropic":
    import httpx2
    from anthropic import AnthropicError, AsyncAnthropic

    options: dict[str, Any] = {
        "max_retries": 0,
        "timeout": httpx2.Timeout(silence, connect=LONGEST_CONNECT),
    }
    if base_url is not None:
        options["base_url"] = base_url
    try:
        client = AsyncAnthropic(**options)
    except AnthropicError:
        client = None
    if client is None or not (client.api_key or client.auth_token or client.credentials):
        raise ModelUnavailable("no-credentials", "no key for the model: set ANTHROPIC_API_KEY")
    return client


def _passing(error: "APIStatusError") -> bool:
    code = error.status_code
    return code in {408, 409, 429} or code >= 500 or (code < 400 and error.type in _PASSING)


def _after(error: "APIStatusError") -> float | None:
    """Return what the server asked to wait, in seconds; the caller caps it."""
    headers = error.response.headers
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            asked = float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
        if math.isfinite(asked) and asked >= 0:
            return asked
    return None
