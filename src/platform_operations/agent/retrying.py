"""The one owner of retries: typed errors, capped waits, a deadline. The SDK itself retries nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base

T = TypeVar("T")

LONGEST_WAIT = 90.0
FIRST_WAIT = 0.5


class Retryable(Exception):
    """A fault that another attempt may not meet; `after` is what the server asked to wait, in seconds."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class _Wait(wait_base):
    """The server's wish where it has one, else doubling from half a second; never longer than the cap.

    No jitter: a run is one caller, and the same input takes the same time.
    """

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.after if isinstance(error, Retryable) else None
        grown = FIRST_WAIT * 2.0 ** min(retry_state.attempt_number - 1, 10)
        return min(max(asked or 0.0, grown), LONGEST_WAIT)


async def attempt(
    call: Callable[[], Awaitable[T]],
    *,
    attempts: int,
    deadline: float,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    tell: Callable[[str], None] = lambda _: None,
) -> T:
    """Return what `call` gives, tried up to `attempts` times while a wait would still end before `deadline`.

    `deadline` and `clock` are in seconds of the same clock; `tell` hears of each fault and wait. The last fault is
    raised as it is.
    """

    def waits(state: RetryCallState) -> None:
        fault = state.outcome.exception() if state.outcome else None
        tell(f"{fault}; asking again in {_Wait()(state):g} s")

    def too_late(state: RetryCallState) -> bool:
        waiting = _Wait()(state)
        return stop_after_attempt(attempts)(state) or clock() + waiting >= deadline

    async for trial in AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, Retryable)),
        wait=_Wait(),
        stop=too_late,
        sleep=sleep,
        before_sleep=waits,
        reraise=True,
    ):
        with trial:
            return await call()
    raise AssertionError("unreachable: tenacity raises or returns")
