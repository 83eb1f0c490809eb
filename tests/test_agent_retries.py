"""How many HTTP calls each fault costs, counted by respx below the SDK: one owner of retries, nothing multiplies."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import httpcore2
import pytest
import respx
from tests.fake_messages_api import events, problem

from platform_operations.agent.claude import Claude
from platform_operations.agent.port import ModelUnavailable, Request
from platform_operations.agent.retrying import FIRST_WAIT, LONGEST_WAIT, Retryable, attempt

KEY = "sk-ant-test-key-that-nobody-repeats"
REQUEST = Request("m", "s", (), ({"role": "user", "content": "a"},), 100, "low")
BASE = "https://model.test"
Fault: TypeAlias = respx.MockResponse | Exception


def stream(*content: dict[str, Any]) -> respx.MockResponse:
    rows = events({"content": list(content), "stop_reason": "end_turn"})
    text = "".join(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n" for name, data in rows)
    return respx.MockResponse(200, text=text, headers={"content-type": "text/event-stream"})


def error(status: int, kind: str = "api_error", **headers: str) -> respx.MockResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"type": "error", "error": {"type": kind, "message": f"you sent {KEY}"}}
    return respx.MockResponse(status, json=body, headers=named)


@pytest.fixture
def route(httpx2_mock: respx.Router, monkeypatch: pytest.MonkeyPatch) -> respx.Route:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    return httpx2_mock.post(f"{BASE}/v1/messages")


@dataclass(frozen=True, slots=True)
class Asked:
    """How a request ended (`answered` or why not), what it said, how long it waited, and what the user was told."""

    end: str
    note: str
    slept: list[float]
    told: list[str]


def ask(route: respx.Route, *answers: Fault, attempts: int = 4, seconds: float = 900) -> Asked:
    # Beyond the last answer respx raises StopIteration, which nothing here takes for a fault of the network.
    route.side_effect = list(answers)
    slept: list[float] = []
    told: list[str] = []

    async def sleep(wait: float) -> None:
        slept.append(wait)

    async def work() -> tuple[str, str]:
        model = Claude(attempts=attempts, seconds=seconds, base_url=BASE, sleep=sleep)
        try:
            await model.complete(REQUEST, told.append)
        except ModelUnavailable as unavailable:
            return unavailable.stop, str(unavailable)
        finally:
            await model.close()
        return "answered", ""

    end, note = asyncio.run(work())
    return Asked(end, note, slept, told)


DONE = stream({"type": "text", "text": "hello"})
NOON = "Mon, 23 Nov 2026 12:00:00 GMT"
FAULTS: dict[str, tuple[list[Fault], str, list[float]]] = {
    "nothing": ([DONE], "answered", []),
    "429 with a wish": ([error(429, retry_after="3"), DONE], "answered", [3.0]),
    "429 with a date": ([error(429, retry_after="Mon, 23 Nov 2026 12:00:20 GMT", date=NOON), DONE], "answered", [20.0]),
    "429 with a date gone by": ([error(429, retry_after="Mon, 23 Nov 2026 11:00:00 GMT", date=NOON), DONE], "answered", [0.5]),
    "429 with a date far off": ([error(429, retry_after="Tue, 24 Nov 2026 12:00:00 GMT", date=NOON), DONE], "answered", [LONGEST_WAIT]),
    "429 with a date that is none": ([error(429, retry_after="tomorrow", date=NOON), DONE], "answered", [0.5]),
    "429 with a date and no clock": ([error(429, retry_after="Mon, 23 Nov 2020 12:00:00 GMT"), DONE], "answered", [0.5]),
    "429 with less than nothing": ([error(429, retry_after="-5"), DONE], "answered", [0.5]),
    "408": ([error(408), DONE], "answered", [0.5]),
    "409": ([error(409), DONE], "answered", [0.5]),
    "500 thrice": ([error(500), error(500), error(500), DONE], "answered", [0.5, 1.0, 2.0]),
    "529 for ever": ([error(529)] * 4, "model-unavailable", [0.5, 1.0, 2.0]),
    "no connection": ([httpcore2.ConnectError("x")] * 4, "model-unavailable", [0.5, 1.0, 2.0]),
    "timeout, then answer": ([httpcore2.ReadTimeout("x"), DONE], "answered", [0.5]),
    "cut off, then answer": ([httpcore2.RemoteProtocolError("x"), DONE], "answered", [0.5]),
    "400": ([error(400)], "request-refused", []),
    "401": ([error(401)], "no-credentials", []),
    "402": ([error(402)], "no-credit", []),
    "403": ([error(403)], "not-permitted", []),
    "404": ([error(404)], "no-such-model", []),
    "413": ([error(413)], "request-too-large", []),
    "a redirect elsewhere": ([error(307, location="https://elsewhere.test/v1/messages")], "request-refused", []),
    "422": ([error(422)], "request-refused", []),
    "401 that asks to be retried": ([error(401, x_should_retry="true")], "no-credentials", []),
    "an error whose type is no word": ([error(400, f"\x1b[2J{KEY}")], "request-refused", []),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_costs_so_many_calls_and_waits(name: str, route: respx.Route) -> None:
    answers, end, slept = FAULTS[name]

    asked = ask(route, *answers)

    assert (asked.end, route.call_count, asked.slept) == (end, len(answers), slept)
    assert KEY not in asked.note and asked.note.isprintable()


def test_each_wait_is_told_with_its_reason(route: respx.Route) -> None:
    asked = ask(route, error(429, "rate_limit_error", retry_after="3"), httpcore2.ConnectError("x"), DONE)

    assert asked.told == [
        "429 rate_limit_error; asking again in 3 s",
        "APIConnectionError; asking again in 1 s",
    ]


def test_one_attempt_is_one_call(route: respx.Route) -> None:
    assert ask(route, error(500), attempts=1).end == "model-unavailable"
    assert route.call_count == 1


def test_no_call_is_made_when_the_time_is_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    # The fixture would have every route called; that none is, is the point here.
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        route = router.post(f"{BASE}/v1/messages")
        assert ask(route, DONE, seconds=0).end == "out-of-time"
        assert route.call_count == 0


def test_the_request_has_nothing_that_late_models_refuse(route: respx.Route) -> None:
    ask(route, DONE)

    sent = cast("list[respx.models.Call]", list(route.calls))[0].request
    assert problem(json.loads(sent.content)) is None
    assert KEY in sent.headers["authorization"] and KEY not in sent.content.decode()


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
