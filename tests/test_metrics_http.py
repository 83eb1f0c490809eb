"""The Prometheus HTTP API at its worst: limits, faults, redirects and servers that mean harm."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from platform_operations.errors import InputError
from platform_operations.metrics import http_api, observe, open_source
from platform_operations.metrics.http_api import HttpApi, Refusal
from platform_operations.metrics.prometheus import PrometheusSource
from platform_operations.metrics.source import Span
from platform_operations.model.reliability import Sli
from platform_operations.slo.sli import NamedSli

BASE = "http://prometheus.example/prefix"
Handler = Callable[[httpx2.Request], httpx2.Response]
ACCEPTED: dict[str, Any] = {"status": "success", "data": {"resultType": "vector", "result": []}}


def api(handler: Handler, waits: list[float] | None = None, **environment: str) -> HttpApi:
    noted = waits if waits is not None else []
    return HttpApi(
        BASE, environment, transport=httpx2.MockTransport(handler), wait=noted.append, longest_request=5.0
    )


class Endless(httpx2.SyncByteStream):
    """A body without an end."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield b" " * 65_536


Reply = Callable[[], httpx2.Response] | Exception


def reply(status: int, content: str = "", **headers: str) -> Reply:
    """A new response each time it is asked for."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx2.Response(status, content=content, headers=named)


def replies(*answers: Reply) -> tuple[Handler, list[httpx2.Request]]:
    seen: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        answer = answers[min(len(seen), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer()

    return handler, seen


def answer(document: Any, status: int = 200) -> Reply:
    return reply(status, json.dumps(document))


def test_a_query_is_asked_at_the_fixed_endpoint_below_the_base() -> None:
    handler, seen = replies(answer(ACCEPTED))
    assert api(handler).ask("query", {"query": "up"}) == ACCEPTED["data"]
    assert str(seen[0].url) == f"{BASE}/api/v1/query?query=up"
    assert seen[0].headers["accept-encoding"] == "identity"
    assert "authorization" not in seen[0].headers


def test_a_long_query_is_posted() -> None:
    handler, seen = replies(answer(ACCEPTED))
    api(handler).ask("query", {"query": "x" * 5000})
    assert (seen[0].method, str(seen[0].url)) == ("POST", f"{BASE}/api/v1/query")
    assert parse_qs(seen[0].content.decode())["query"] == ["x" * 5000]


@pytest.mark.parametrize(
    "endpoint", ["admin/tsdb/delete_series", "label/../../x/values", "query?x", "status/config"]
)
def test_no_other_endpoint_can_be_asked(endpoint: str) -> None:
    handler, seen = replies(answer(ACCEPTED))
    with pytest.raises(ValueError, match="no endpoint"):
        api(handler).ask(endpoint, {})
    assert seen == []


def test_credentials_come_from_the_environment() -> None:
    handler, seen = replies(answer(ACCEPTED))
    api(handler, PROMETHEUS_TOKEN="t0ken", PROMETHEUS_TENANT="team").ask("query", {})
    api(handler, PROMETHEUS_USERNAME="me", PROMETHEUS_PASSWORD="pw").ask("query", {})
    assert seen[0].headers["authorization"] == "Bearer t0ken"
    assert seen[0].headers["x-scope-orgid"] == "team"
    assert seen[1].headers["authorization"] == "Basic bWU6cHc="


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://me:secret@prometheus.example", "must not carry credentials"),
        ("http://prometheus.example?token=secret", "without [?] and #"),
        ("http://", "is not http"),
        ("http://prometheus.example:99999", "cannot be used"),
        ("http://[::1", "cannot be used"),
    ],
)
def test_a_url_that_cannot_be_a_base_is_refused_without_repeating_a_secret(url: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        open_source(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "passing",
    [
        reply(429),
        reply(503),
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("cut off"),
    ],
    ids=["429", "503", "refused", "slow", "cut-off"],
)
def test_a_passing_fault_is_tried_again(passing: Reply) -> None:
    handler, seen = replies(passing, passing, answer(ACCEPTED))
    assert api(handler).ask("query", {}) == ACCEPTED["data"]
    assert len(seen) == 3


@pytest.mark.parametrize("fault", [reply(503), httpx2.ConnectError("refused")], ids=["503", "refused"])
def test_after_four_attempts_the_source_cannot_be_used(fault: Reply) -> None:
    handler, seen = replies(fault)
    waits: list[float] = []
    with pytest.raises(InputError, match="4 attempts"):
        api(handler, waits).ask("query", {})
    assert (len(seen), waits) == (4, [0.5, 1.0, 2.0])


def test_the_wait_a_server_asks_for_is_kept_within_bounds() -> None:
    handler, _ = replies(
        reply(429, retry_after="7"),
        reply(429, retry_after="86400"),
        reply(429, retry_after="Fri, 31 Dec 1999 23:59:59 GMT"),
        answer(ACCEPTED),
    )
    waits: list[float] = []
    api(handler, waits).ask("query", {})
    assert waits == [7.0, 30.0, 2.0]


def test_a_query_the_server_refuses_is_a_value_and_is_not_tried_again() -> None:
    handler, seen = replies(answer({"status": "error", "errorType": "bad_data", "error": "parse error"}, 400))
    assert api(handler).ask("query", {}) == Refusal("bad_data: parse error")
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (answer({"status": "error", "error": "no"}, 401), "HTTP 401.*PROMETHEUS_TOKEN"),
        (reply(404, "<html>"), "not an answer of the Prometheus API"),
        (reply(200, '{"status":"succ'), "not an answer"),
        (reply(200, "[" * 100_000), "not an answer"),
        (answer(["success"]), "not an answer"),
        (answer({"status": "error"}), "no reason given"),
        (lambda: httpx2.Response(200, stream=Endless(), headers={"content-encoding": "gzip"}), "compressed"),
    ],
    ids=["refused", "page", "cut-off", "nested", "list", "error", "compressed"],
)
def test_an_answer_that_is_no_answer_is_told_in_one_line(response: Reply, why: str) -> None:
    handler, seen = replies(response)
    with pytest.raises(InputError, match=why) as caught:
        api(handler).ask("query", {})
    assert "\n" not in str(caught.value)
    assert len(seen) == 1


def test_warnings_are_kept_once_each() -> None:
    handler, _ = replies(answer(ACCEPTED | {"warnings": ["partial"], "infos": ["not a counter"]}))
    found = api(handler)
    found.ask("query", {})
    found.ask("query", {})
    assert PrometheusSource(found).warnings == ("partial", "not a counter")


@pytest.mark.parametrize(
    "location",
    ["http://evil.example/api/v1/query", "https://prometheus.example/prefix/api/v1/query", "//evil.example/", "",
     "http://prometheus.example:8080/"],
)  # fmt: skip
def test_a_redirect_to_another_host_port_or_scheme_is_not_followed(location: str) -> None:
    handler, seen = replies(reply(302, location=location))
    with pytest.raises(InputError, match="redirects to another host"):
        api(handler, PROMETHEUS_TOKEN="t0ken").ask("query", {"query": "up"})
    assert len(seen) == 1


def test_a_redirect_on_the_same_host_is_followed_with_the_query_and_not_for_ever() -> None:
    moved = reply(307, location="/new/api/v1/query")
    handler, seen = replies(moved, answer(ACCEPTED))
    api(handler).ask("query", {"query": "up"})
    assert str(seen[1].url) == "http://prometheus.example/new/api/v1/query?query=up"
    handler, seen = replies(moved)
    with pytest.raises(InputError, match="more than 3 redirects"):
        api(handler).ask("query", {})
    assert len(seen) == 4


def test_a_body_without_an_end_is_cut_at_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "LARGEST_ANSWER", 1024 * 1024)
    handler, seen = replies(lambda: httpx2.Response(200, stream=Endless()))
    with pytest.raises(InputError, match="larger than 1 MiB"):
        api(handler).ask("query", {})
    assert len(seen) == 1


def test_a_body_that_drips_is_cut_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 3))
    monkeypatch.setattr(http_api, "monotonic", lambda: float(next(clock)))
    handler, _ = replies(lambda: httpx2.Response(200, stream=Endless()))
    with pytest.raises(InputError, match="took longer than 5 s"):
        api(handler).ask("query", {})


def test_a_range_of_more_than_11_000_points_is_asked_in_chunks_that_meet() -> None:
    asked: list[tuple[int, int, int]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        start, end, step = (int(request.url.params[name]) for name in ("start", "end", "step"))
        assert (end - start) // step + 1 <= 11_000
        asked.append((start, end, step))
        values = [[time, "1"] for time in range(start, end + 1, step)]
        data: dict[str, Any] = {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}
        return httpx2.Response(200, content=json.dumps({"status": "success", "data": data}))

    points = PrometheusSource(api(handler)).values("up", Span(0, 28 * 86_400, 60))
    assert not isinstance(points, Refusal)
    assert list(points) == list(range(60, 28 * 86_400 + 1, 60))
    assert [(start, end) for start, end, _ in asked] == [
        (60, 660_000), (660_060, 1_320_000), (1_320_060, 1_980_000), (1_980_060, 2_419_200),
    ]  # fmt: skip


SLI = NamedSli(
    "a",
    "a",
    Sli(
        kind="availability",
        source="prometheus",
        good="sum(increase(g[$window]))",
        total="sum(increase(t[$window]))",
    ),
)


SHAPES: list[Any] = [
    None,
    [],
    {"result": 3},
    {"result": [{}]},
    {"result": [{"values": [[1]]}]},
    {"result": [{"values": [["x", "1"]]}]},
    {"result": [{"values": [[1, "one"]]}]},
    {"result": [{"values": [[1e400, "1"]]}]},
]


@pytest.mark.parametrize("data", SHAPES)
def test_data_of_another_shape_is_told_in_one_line(data: Any) -> None:
    handler, _ = replies(answer({"status": "success", "data": data}))
    with pytest.raises(InputError, match="not the shape"):
        observe(PrometheusSource(api(handler)), [SLI], as_of="2026-11-20T09:00:00Z")


def test_values_that_are_no_finite_numbers_are_left_out() -> None:
    values = [[3600, "NaN"], [7200, "+Inf"], [10_800, "5"], [14_400, "1e3"]]
    handler, _ = replies(answer({"status": "success", "data": {"result": [{"values": values}]}}))
    points = PrometheusSource(api(handler)).values("x", Span(0, 14_400, 3600))
    assert points == {10_800: 5, 14_400: 1000}


def test_queries_without_the_window_are_not_measured() -> None:
    handler, _ = replies(answer({"status": "success", "data": {"result": [{"value": [1, "1700000000"]}]}}))
    source = PrometheusSource(api(handler))
    fixed = NamedSli("a", "a", SLI.sli.model_copy(update={"good": "sum(rate(g[5m]))"}))
    (row,) = observe(source, [fixed], as_of="2026-11-20T09:00:00Z")
    assert row.status == "no-data"
    assert "a: both queries must measure over $window" in source.warnings
