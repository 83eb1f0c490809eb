"""Claude through the Messages API. The only module that knows the SDK."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from platform_operations.agent.port import Block, ModelUnavailable, Reply, Request, Tell, Usage
from platform_operations.agent.retrying import Retryable, attempt

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_STOPS = {
    400: "request-refused",
    401: "no-credentials",
    402: "no-credit",
    403: "not-permitted",
    404: "no-such-model",
    413: "request-too-large",
}


class Claude:
    """A model behind `AsyncAnthropic().messages`; key and base URL come from the user's environment or settings."""

    def __init__(
        self,
        *,
        attempts: int,
        seconds: float,
        base_url: str | None = None,
        client: "AsyncAnthropic | None" = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._attempts = attempts
        self._deadline = time.monotonic() + seconds
        self._sleep = sleep
        self._client = client or _client(base_url)

    async def complete(self, request: Request, tell: Tell) -> Reply:
        """Return the reply, streamed, so that nothing waits in silence."""
        from anthropic import AnthropicError, APIStatusError

        try:
            return await attempt(
                lambda: self._once(request, tell),
                attempts=self._attempts,
                deadline=self._deadline,
                clock=time.monotonic,
                sleep=self._sleep,
            )
        except Retryable as error:
            raise ModelUnavailable("model-unavailable", f"the model did not answer: {error}") from None
        except APIStatusError as error:
            stop = _STOPS.get(error.status_code, "request-refused")
            raise ModelUnavailable(
                stop, f"the model refused the request ({error.status_code} {error.type})"
            ) from None
        except AnthropicError as error:
            raise ModelUnavailable(
                "model-unavailable", f"the model cannot be used: {type(error).__name__}"
            ) from None

    async def _once(self, request: Request, tell: Tell) -> Reply:
        import httpx2
        from anthropic import APIConnectionError, APIStatusError

        left = self._deadline - time.monotonic()
        if left <= 0:
            raise ModelUnavailable("out-of-time", "the time for this run is used up")
        try:
            async with asyncio.timeout(left):
                return await self._streamed(request, tell)
        except APIStatusError as error:
            if error.status_code in {408, 409, 429} or error.status_code >= 500:
                raise Retryable(f"{error.status_code} {error.type}", _after(error)) from None
            raise
        except APIConnectionError as error:
            raise Retryable(type(error).__name__) from None
        except httpx2.TransportError as error:
            raise Retryable(f"the stream broke: {type(error).__name__}") from None
        except TimeoutError:
            raise ModelUnavailable("out-of-time", "the time for this run is used up") from None

    async def _streamed(self, request: Request, tell: Tell) -> Reply:
        body = request.body()
        async with self._client.messages.stream(**body) as stream:
            written = 0
            async for event in stream:
                if event.type == "content_block_start" and event.content_block.type == "tool_use":
                    tell(f"calls {event.content_block.name}")
                elif event.type == "content_block_delta":
                    written += 1
                    if written % 200 == 0:
                        tell("writing")
            message = await stream.get_final_message()
        if message.stop_reason is None:
            raise Retryable("the stream ended before the message did")
        usage = message.usage
        return Reply(
            tuple(cast("Block", block.to_dict()) for block in message.content),
            message.stop_reason,
            Usage(
                usage.input_tokens,
                usage.cache_creation_input_tokens or 0,
                usage.cache_read_input_tokens or 0,
                usage.output_tokens,
            ),
        )


def _client(base_url: str | None) -> "AsyncAnthropic":
    from anthropic import AnthropicError, AsyncAnthropic

    options: dict[str, Any] = {"max_retries": 0}
    if base_url is not None:
        options["base_url"] = base_url
    try:
        return AsyncAnthropic(**options)
    except AnthropicError:
        raise ModelUnavailable("no-credentials", "no key for the model: set ANTHROPIC_API_KEY") from None


def _after(error: Any) -> float | None:
    """Return what the server asked to wait, in seconds; the caller caps it."""
    headers = error.response.headers
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
    return None
