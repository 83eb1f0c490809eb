"""Claude through the Messages API. The only module that knows the SDK."""

import asyncio
import json
import math
import re
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from platform_operations.agent.assembly import Assembly
from platform_operations.agent.port import (
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

_WORD = re.compile(r"[a-z][a-z_]{0,60}")

LONGEST_SILENCE = 120.0
"""Seconds without a byte after which a stream counts as broken; a healthy one sends pings in between."""
LONGEST_CONNECT = 10.0


class Claude:
    """A model behind `AsyncAnthropic().messages`; key and base URL come from the user's environment or settings.

    Its time begins with the first request: `seconds` later nothing is waited for any more.
    """

    def __init__(
        self,
        *,
        attempts: int,
        seconds: float,
        base_url: str | None = None,
        silence: float = LONGEST_SILENCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempts = attempts
        self._clock = clock
        self._seconds = seconds
        self._deadline: float | None = None
        self._sleep = sleep
        self._base_url, self._silence = base_url, silence
        self._client: AsyncAnthropic | None = None

    def ready(self) -> "AsyncAnthropic":
        """Return the client; before the first request it is made, so that a run replayed from a journal needs no key.

        Raises:
            ModelUnavailable: there is no key.
        """
        if self._client is None:
            self._client = _client(self._base_url, self._silence)
        return self._client

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def complete(self, request: Request, tell: Tell) -> Reply:
        """Return the reply, streamed, so that nothing waits in silence."""
        from anthropic import AnthropicError, APIStatusError

        lost = _Lost()
        deadline = self._deadline = self._deadline or self._clock() + self._seconds
        try:
            return await attempt(
                lambda: self._once(request, tell, lost, deadline),
                attempts=self._attempts,
                deadline=deadline,
                clock=self._clock,
                sleep=self._sleep,
                tell=tell,
            )
        except Retryable as error:
            raise lost.ended("model-unavailable", f"the model did not answer: {error}") from None
        except ModelUnavailable as error:
            raise lost.ended(error.stop, str(error)) from None
        except APIStatusError as error:
            raise lost.ended(_STOPS.get(error.status_code, "request-refused"), _refused(error)) from None
        except AnthropicError as error:
            raise lost.ended(
                "model-unavailable", f"the model cannot be used: {type(error).__name__}"
            ) from None

    async def _once(self, request: Request, tell: Tell, lost: "_Lost", deadline: float) -> Reply:
        import httpx2
        from anthropic import APIConnectionError, APIStatusError

        left = deadline - self._clock()
        if left <= 0:
            raise ModelUnavailable("out-of-time", "the time for this run is used up")
        came = Assembly()
        try:
            async with asyncio.timeout(left):
                await self._streamed(request, tell, came)
            return came.reply(lost.usage)
        except APIStatusError as error:
            if _passing(error.status_code):
                raise Retryable(_named(error.status_code, error.type), _after(error)) from None
            raise
        except APIConnectionError as error:
            raise Retryable(type(error).__name__) from None
        except httpx2.RequestError as error:
            raise Retryable(f"the stream broke: {type(error).__name__}") from None
        except TimeoutError:
            raise ModelUnavailable("out-of-time", "the time for this run is used up") from None
        except (ValueError, RecursionError):
            raise Retryable("the stream held something that is none of its events") from None
        finally:
            if not came.whole:
                lost.usage += came.usage

    async def _streamed(self, request: Request, tell: Tell, came: Assembly) -> None:
        """Take in the events of one reply, up to its end: what a connection does after that says nothing."""
        from anthropic import AsyncStream

        written = 0
        asked = self.ready().messages.with_streaming_response.create(**request.body(), stream=True)
        async with asked as response:
            events = AsyncStream[Any].raw_events(response.http_response)
            async for row in events:
                if row.event == "error":
                    raise _inside(row.data)
                if row.event in {None, "ping"} or not row.data:
                    continue
                event = came.take(row.data)
                if came.whole:
                    return
                if event.get("type") == "content_block_delta":
                    written += 1
                    if written % 100 == 0:
                        tell(f"writing, {came.size:,} characters")
        # A connection that closes early looks like an end: only message_stop is one.
        raise Retryable("the stream ended before the message did")


class _Lost:
    """The tokens of attempts at one request that broke off."""

    def __init__(self) -> None:
        self.usage = Usage()

    def ended(self, stop: Unavailable, message: str) -> ModelUnavailable:
        return ModelUnavailable(stop, message, self.usage)


def _client(base_url: str | None, silence: float) -> "AsyncAnthropic":
    import httpx2
    from anthropic import AnthropicError, AsyncAnthropic, DefaultAsyncHttpxClient

    patience = httpx2.Timeout(silence, connect=LONGEST_CONNECT)
    # What was read in the repository goes to the address that the user named and to no other.
    direct = DefaultAsyncHttpxClient(follow_redirects=False, timeout=patience)
    options: dict[str, Any] = {"max_retries": 0, "timeout": patience, "http_client": direct}
    if base_url is not None:
        options["base_url"] = base_url
    try:
        client = AsyncAnthropic(**options)
    except AnthropicError:
        client = None
    if client is None or not (client.api_key or client.auth_token or client.credentials):
        raise ModelUnavailable("no-credentials", "no key for the model: set ANTHROPIC_API_KEY")
    return client


def _passing(code: int) -> bool:
    return code in {408, 409, 429} or code >= 500


def _named(code: int, kind: object) -> str:
    """Return a status with the API's word for it; nothing else of the server's own text is repeated."""
    word = kind if isinstance(kind, str) and _WORD.fullmatch(kind) else "error"
    return f"{code} {word}"


def _refused(error: "APIStatusError") -> str:
    return f"the model refused the request ({_named(error.status_code, error.type)})"


def _inside(data: str) -> Exception:
    """Return what an `error` event inside a stream, under status 200, means."""
    try:
        kind = json.loads(data)["error"]["type"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return Retryable("the stream broke off with an error")
    if kind in _PASSING:
        return Retryable(_named(200, kind))
    return ModelUnavailable("request-refused", f"the model refused the request ({_named(200, kind)})")


def _after(error: "APIStatusError") -> float | None:
    """Return what the server asked to wait, in seconds: a number, or a date beside the answer's own; the caller caps it."""
    headers = error.response.headers
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            asked = float(headers[name]) / scale
        except KeyError:
            continue
        except ValueError:
            asked = _until(headers[name], headers.get("date"))
        if math.isfinite(asked) and asked >= 0:
            return asked
    return None


def _until(date: str, answered: str | None) -> float:
    """Return the seconds from the time of an answer to `date`; not a number where either is none."""
    try:
        there = parsedate_to_datetime(date).timestamp()
        here = parsedate_to_datetime(answered).timestamp() if answered else time.time()  # noqa: TID251 (a wait, no result)
        return there - here
    except ValueError:
        return math.nan
