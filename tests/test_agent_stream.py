"""A reply from its events: what is unknown is passed over, what is cut apart is joined, what is broken is said."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import respx
from tests.agent_scripts import call, calls, last_results, revise, run

from platform_operations.agent import Reply, Request, Usage
from platform_operations.agent.assembly import LONGEST_REPLY
from platform_operations.agent.claude import Claude
from platform_operations.agent.conversation import NO_JSON
from platform_operations.agent.port import ModelUnavailable

BASE = "https://model.test"
REQUEST = Request("m", "s", (), ({"role": "user", "content": "a"},), 100, "low")
Event = tuple[str, dict[str, Any]]

START: Event = ("message_start", {"message": {"usage": {"input_tokens": 11, "cache_read_input_tokens": 7, "output_tokens": 1}}})  # fmt: skip
STOP: tuple[Event, Event] = (
    ("message_delta", {"delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 13}}),
    ("message_stop", {}),
)


def sent(*events: Event) -> bytes:
    rows = (f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n" for name, data in events)
    return "".join(rows).encode()


def begins(block: dict[str, Any], index: int = 0) -> Event:
    return ("content_block_start", {"index": index, "content_block": block})


def grows(delta: dict[str, Any], index: int = 0) -> Event:
    return ("content_block_delta", {"index": index, "delta": delta})


def given(*parts: str) -> tuple[Event, ...]:
    deltas = (grows({"type": "input_json_delta", "partial_json": part}) for part in parts)
    return (begins(call("revise_plan", {})), *deltas, ("content_block_stop", {"index": 0}))


@pytest.fixture
def route(httpx2_mock: respx.Router, monkeypatch: pytest.MonkeyPatch) -> respx.Route:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key")
    return httpx2_mock.post(f"{BASE}/v1/messages")


def asked(route: respx.Route, *bodies: bytes | AsyncIterator[bytes]) -> Reply:
    headers = {"content-type": "text/event-stream"}
    route.side_effect = [respx.MockResponse(200, content=body, headers=headers) for body in bodies]

    async def sleep(seconds: float) -> None:
        del seconds

    async def work() -> Reply:
        model = Claude(attempts=2, seconds=900, base_url=BASE, sleep=sleep)
        try:
            return await model.complete(REQUEST, lambda _: None)
        finally:
            await model.close()

    return asyncio.run(work())


def test_blocks_come_as_they_were_sent_and_tokens_as_they_were_counted_last(route: respx.Route) -> None:
    thought = {"type": "thinking", "thinking": "so…", "signature": "c2ln"}
    events = [
        START,
        begins({"type": "thinking", "thinking": "", "signature": ""}),
        grows({"type": "thinking_delta", "thinking": "so"}),
        grows({"type": "thinking_delta", "thinking": "…"}),
        grows({"type": "signature_delta", "signature": "c2ln"}),
        begins({"type": "redacted_thinking", "data": "x"}, 1),
        begins({"type": "text", "text": "", "citations": None}, 2),
        grows({"type": "text_delta", "text": "hello"}, 2),
        begins({"type": "hologram", "depth": [3]}, 3),
    ]

    reply = asked(route, sent(*events, *STOP))

    assert reply.content == (
        thought,
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "hello", "citations": None},
        {"type": "hologram", "depth": [3]},
    )
    assert (reply.stop_reason, reply.usage) == ("tool_use", Usage(11, 0, 7, 13))


@pytest.mark.filterwarnings("error")
def test_events_deltas_and_fields_that_nobody_knows_are_passed_over(route: respx.Route) -> None:
    unknown: Event = ("moon_phase", {"phase": ["full"]})
    events: list[Event] = [unknown, START, ("ping", {}), begins({"type": "text", "text": "a"}), grows({"type": "sparkle_delta", "z": 1})]  # fmt: skip

    assert asked(route, sent(*events, unknown, *STOP)).content == ({"type": "text", "text": "a"},)


@pytest.mark.parametrize(
    "parts",
    [
        ('{"impact": "pay 🛒 now"}',),
        ('{"impact": "pay \ud83d', '\uded2 now"}'),
        ('{"impact": "pay \\ud83', "d\\ud", 'ed2 now"}'),
        tuple('{"impact": "pay 🛒 now"}'),
    ],
)
def test_arguments_cut_anywhere_are_whole_again(parts: tuple[str, ...], route: respx.Route) -> None:
    reply = asked(route, sent(START, *given(*parts), *STOP))

    assert (reply.calls()[0]["input"], reply.broken) == ({"impact": "pay 🛒 now"}, ())


@pytest.mark.parametrize("text", ['{"a": ', "{]", "[1]", '"x"', '{"a": NaN}', '{"a": "\\ud800"}', "[" * 5000])
def test_arguments_that_are_no_json_object_are_said_to_be_broken(text: str, route: respx.Route) -> None:
    reply = asked(route, sent(START, *given(text), *STOP))

    assert (reply.calls()[0]["input"], reply.broken) == ({}, ("toolu_1",))
    assert route.call_count == 1


def test_the_model_is_told_that_its_arguments_were_no_json_and_calls_again() -> None:
    broken = Reply(
        (call("submit_plan", {}), call("read_repo", {"action": "list"}, 2)), "tool_use", broken=("toolu_1",)
    )

    outcome, model = run(broken, revise())

    first, second = last_results(model.requests[1])
    assert (first["content"], first["is_error"]) == (NO_JSON, True)
    assert "Dockerfile" in second["content"]
    assert (outcome.trace.stop, outcome.trace.verdicts) == ("valid", [0])


def test_nothing_is_read_after_the_end_of_the_message(route: respx.Route) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield sent(START, *given("{}"), *STOP)
        raise AssertionError("read on")

    assert asked(route, body()).stop_reason == "tool_use"


def test_tokens_of_a_stream_that_broke_off_are_counted(route: respx.Route) -> None:
    whole = sent(START, *given("{}"), *STOP)

    assert asked(route, sent(START), whole).usage == Usage(22, 0, 14, 14)
    assert route.call_count == 2


@pytest.mark.parametrize(
    ("kind", "stop", "asked_for"),
    [("overloaded_error", "model-unavailable", 2), ("api_error", "model-unavailable", 2), ("invalid_request_error", "request-refused", 1)],
)  # fmt: skip
def test_an_error_inside_a_stream_is_what_its_type_says(
    kind: str, stop: str, asked_for: int, route: respx.Route
) -> None:
    body = sent(START, ("error", {"error": {"type": kind, "message": "m"}}))

    with pytest.raises(ModelUnavailable) as raised:
        asked(route, *[body] * asked_for)

    assert (raised.value.stop, route.call_count) == (stop, asked_for)
    assert raised.value.usage == Usage(11 * asked_for, 0, 7 * asked_for, asked_for)


def test_a_reply_without_end_is_given_up(route: respx.Route) -> None:
    part = sent(grows({"type": "text_delta", "text": "x" * 1_000_000}))

    async def body() -> AsyncIterator[bytes]:
        yield sent(START, begins({"type": "text", "text": ""}))
        for _ in range(2 * LONGEST_REPLY // 1_000_000):
            yield part

    with pytest.raises(ModelUnavailable, match="larger than any plan"):
        asked(route, body())

    assert route.call_count == 1


def test_a_text_of_nothing_does_not_go_back() -> None:
    blank = {"type": "text", "text": " \n"}
    _, model = run(calls(blank, call("read_repo", {"action": "list"})), Reply((blank,), "end_turn"), revise())

    said = [message["content"] for message in model.requests[-1].messages if message["role"] == "assistant"]
    assert [[block["type"] for block in content] for content in said] == [["tool_use"]]
