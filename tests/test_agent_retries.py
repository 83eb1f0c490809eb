"""How many HTTP calls each fault costs, with the SDK's transport mocked: one owner of retries, nothing multiplies."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.fake_messages_api import events, problem

from platform_operations.agent.claude import Claude
from platform_operations.agent.port import ModelUnavailable, Request
from platform_operations.agent.retrying import FIRST_WAIT, LONGEST_WAIT, Retryable, attempt

REQUEST = Request("m", "s", (), ({"role": "user", "content": "a"},), 100, "low")


def stream(*content: dict[str, Any]) -> Callable[[], httpx2.Response]:
    rows = events({"content": list(content), "stop_reason": "end_turn"})
    text = "".join(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n" for name, data in rows)
    return lambda: httpx2.Response(200, text=text, headers={"content-type": "text/event-stream"})


def error(status: int, kind: str = "api_error", **headers: str) -> Callable[[], httpx2.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx2.Response(
        status, json={"type": "error", "error": {"type": kind, "message": "x"}}, headers=named
    )


class Answers:
    """Gives the answers in turn and counts the calls: below the SDK, above every socket."""

    def __init__(self, answers: tuple[Any, ...]) -> None:
        self._answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer()


def ask(*makers: Any, attempts: int = 4, seconds: float = 900) -> tuple[str, int, list[float]]:
    """Return how it ended (`answered` or why not), the HTTP calls and the waits."""
    answers = Answers(makers)
    end, slept = _asked(answers, attempts, seconds)
    return end, len(answers.requests), slept


def _asked(answers: Answers, attempts: int, seconds: float) -> tuple[str, list[float]]:
    from anthropic import AsyncAnthropic

    slept: list[float] = []

    async def sleep(wait: float) -> None:
        slept.append(wait)

    async def work() -> str:
        client = AsyncAnthropic(
            api_key="a-key",
            max_retries=0,
            http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(answers)),
        )
        model = Claude(attempts=attempts, seconds=seconds, sleep=sleep, client=client)
        try:
            await model.complete(REQUEST, lambda _: None)
        except ModelUnavailable as unavailable:
            return unavailable.stop
        finally:
            await model.close()
        return "answered"

    return asyncio.run(work()), slept


DONE = stream({"type": "text", "text": "hello"})
CASES: dict[str, tuple[tuple[Any, ...], str, int, list[float]]] = {
    "answers": ((DONE,), "answered", 1, []),
    "429 with a wish": ((error(429, retry_after="3"), DONE), "answered", 2, [3.0]),
    "429 with a date": (
        (error(429, retry_after="Mon, 23 Nov 2026 09:00:00 GMT"), DONE),
        "answered",
        2,
        [0.5],
    ),
    "429 with less than nothing": ((error(429, retry_after="-5"), DONE), "answered", 2, [0.5]),
    "408": ((error(408), DONE), "answered", 2, [0.5]),
    "409": ((error(409), DONE), "answered", 2, [0.5]),
    "500 thrice": ((error(500), error(500), error(500), DONE), "answered", 4, [0.5, 1.0, 2.0]),
    "529 for ever": ((error(529),) * 9, "model-unavailable", 4, [0.5, 1.0, 2.0]),
    "no connection": ((httpx2.ConnectError("x"),) * 9, "model-unavailable", 4, [0.5, 1.0, 2.0]),
    "timeout, then answer": ((httpx2.ReadTimeout("x"), DONE), "answered", 2, [0.5]),
    "400": ((error(400), DONE), "request-refused", 1, []),
    "401": ((error(401), DONE), "no-credentials", 1, []),
    "402": ((error(402), DONE), "no-credit", 1, []),
    "403": ((error(403), DONE), "not-permitted", 1, []),
    "404": ((error(404), DONE), "no-such-model", 1, []),
    "413": ((error(413), DONE), "request-too-large", 1, []),
    "422": ((error(422), DONE), "request-refused", 1, []),
    "401 that asks to be retried": ((error(401, x_should_retry="true"), DONE), "no-credentials", 1, []),
}


@pytest.mark.parametrize("name", CASES)
def test_each_fault_costs_so_many_calls_and_waits(
    name: str,
) -> None:
    answers, end, count, slept = CASES[name]

    assert ask(*answers) == (end, count, slept)


def test_one_attempt_is_one_call() -> None:
    assert ask(error(500), DONE, attempts=1) == ("model-unavailable", 1, [])


def test_no_call_is_made_when_the_time_is_used_up() -> None:
    assert ask(DONE, seconds=0) == ("out-of-time", 0, [])


def test_the_request_has_nothing_that_late_models_refuse() -> None:
    answers = Answers((DONE,))

    _asked(answers, 1, 900)

    assert problem(json.loads(answers.requests[0].content)) is None


@pytest.mark.parametrize("asked", [None, 0.1, 10_000.0])
def test_a_wait_is_capped_and_never_shorter_than_the_first(asked: float | None) -> None:
    slept: list[float] = []

    async def sleep(wait: float) -> None:
        slept.append(wait)

    async def fails() -> None:
        raise Retryable("busy", asked)

    with pytest.raises(Retryable):
        asyncio.run(attempt(fails, attempts=12, deadline=1e9, clock=lambda: 0.0, sleep=sleep))

    assert len(slept) == 11
    assert all(FIRST_WAIT <= wait <= LONGEST_WAIT for wait in slept)
    assert slept == sorted(slept)
