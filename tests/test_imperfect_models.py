"""Imperfect models over the eight shapes, through the SDK: each comes to its end, in exactly so many replies and calls."""

import asyncio
import json
from functools import cache
from typing import Any, cast

import pytest
import respx
from evals.case import Looked, cases, looked
from evals.ends import checks, end_of, opening
from evals.imperfect import SCRIPTS, SETTINGS, Script
from tests.fake_messages_api import events, problem

from platform_operations.agent import Outcome, Reply, architect
from platform_operations.agent.claude import Claude

BASE = "https://model.test"
SHAPES = tuple(one.name for one in cases() if one.is_shape)


@cache
def shape(name: str) -> Looked:
    return looked(name)


def stream_of(reply: Reply) -> bytes:
    rows = events({"content": list(reply.content), "stop_reason": reply.stop_reason})
    return b"".join(
        f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode() for name, data in rows
    )


def asked(route: respx.Route, found: Looked, script: Script) -> tuple[Outcome, list[Any]]:
    """Run a script behind an API whose first call is overloaded; return the end and every body that was sent."""
    answers = [stream_of(reply) for reply in script.says(found, opening(found.case.name).draft)]
    headers = {"content-type": "text/event-stream"}
    busy = respx.MockResponse(
        529, json={"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    )
    route.side_effect = [busy, *(respx.MockResponse(200, content=body, headers=headers) for body in answers)]

    async def sleep(seconds: float) -> None:
        del seconds

    async def work() -> Outcome:
        model = Claude(attempts=2, seconds=900, base_url=BASE, sleep=sleep)
        try:
            begun = opening(found.case.name)
            return await architect(found.target, found.assessment, model, SETTINGS, opening=begun)
        finally:
            await model.close()

    outcome = asyncio.run(work())
    calls = cast("list[respx.models.Call]", list(route.calls))
    return outcome, [json.loads(call.request.content) for call in calls]


def test_there_are_eight_shapes() -> None:
    assert len(SHAPES) == 8


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("script", SCRIPTS)
def test_each_imperfect_model_comes_to_its_end_in_each_shape(
    script: str, name: str, httpx2_mock: respx.Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key")
    found = shape(name)
    end = SCRIPTS[script].end

    outcome, sent = asked(httpx2_mock.post(f"{BASE}/v1/messages"), found, SCRIPTS[script])

    assert end_of(outcome) == end
    assert len(sent) == end.replies + 1, "one call was refused as overloaded and made again"
    assert sent[0] == sent[1]
    assert [problem(body) for body in sent] == [None] * len(sent)
    assert [check.told for check in checks(found, SCRIPTS[script], outcome) if not check.holds] == []
