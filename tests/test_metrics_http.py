"""The Prometheus HTTP API at its worst: limits, faults, redirects and servers that mean harm.

respx answers in place of the network, below httpx2's own client: what the wire would raise is raised as httpcore2's
errors, and mapped as real ones are. What only a wire can do wrong is done by a socket on this machine.
"""

import json
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import httpcore2
import pytest
from respx import MockResponse, Router

from platform_operations.errors import InputError
from platform_operations.metrics import http_api, observe, open_source
from platform_operations.metrics.http_api import HttpApi, Refusal
from platform_operations.metrics.prometheus import PrometheusSource
from platform_operations.metrics.source import Span
from platform_operations.model.reliability import Sli
from platform_operations.slo.sli import NamedSli

BASE = "http://prometheus.example/prefix"
ACCEPTED: dict[str, Any] = {"status": "success", "data": {"resultType": "vector", "result": []}}
TOO_MANY = {
    "status": "error",
    "errorType": "bad_data",
    "error": "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution",
}
Reply = Callable[[], MockResponse] | Exception


def api(waits: list[float] | None = None, base: str = BASE, **environment: str) -> HttpApi:
    noted = waits if waits is not None else []
    return HttpApi(base, environment, wait=noted.append, longest_request=5.0)


def endless() -> Iterator[bytes]:
    """A body without an end."""
    while True:
        yield b" " * 65_536


def cut_off() -> Iterator[bytes]:
    """A body whose connection breaks."""
    yield b'{"status":"succ'
    raise httpcore2.RemoteProtocolError("peer closed connection without sending complete message body")


def reply(status: int, content: str | Callable[[], Iterator[bytes]] = "", **headers: str) -> Reply:
    """A new response each time it is asked for."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: MockResponse(
        status, content=content if isinstance(content, str) else content(), headers=named
    )


def recorded(router: Router, *answers: Reply) -> Any:
    """The server's answers in turn, the last of them for ever; a request to any other host fails the test."""
    route: Any = router.route(host="prometheus.example")

    def turn(_: object) -> MockResponse:
        found = answers[min(int(route.call_count), len(answers) - 1)]
        if isinstance(found, Exception):
            raise found
        return found()

    route.mock(side_effect=turn)
    return route


def answer(document: Any, status: int = 200) -> Reply:
    return reply(status, json.dumps(document))


def test_a_query_is_asked_at_the_fixed_endpoint_below_the_base(httpx2_mock: Router) -> None:
    route = recorded(httpx2_mock, answer(ACCEPTED))
    assert api().ask("query", {"query": "up"}) == ACCEPTED["data"]
    (seen,) = route.calls
    assert str(seen.request.url) == f"{BASE}/api/v1/query?query=up"
    assert seen.request.headers["accept-encoding"] == "identity"
    assert "authorization" not in seen.request.headers


def test_a_long_query_is_posted(httpx2_mock: Router) -> None:
    route = recorded(httpx2_mock, answer(ACCEPTED))
    api().ask("query", {"query": "x" * 5000})
    asked = route.calls[0].request
    assert (asked.method, str(asked.url)) == ("POST", f"{BASE}/api/v1/query")
    assert parse_qs(asked.content.decode())["query"] == ["x" * 5000]


@pytest.mark.parametrize(
    "endpoint", ["admin/tsdb/delete_series", "label/../../x/values", "query?x", "status/config"]
)
def test_no_other_endpoint_can_be_asked(httpx2_mock: Router, endpoint: str) -> None:
    with pytest.raises(ValueError, match="no endpoint"):
        api().ask(endpoint, {})
    assert not httpx2_mock.calls


def test_credentials_come_from_the_environment(httpx2_mock: Router) -> None:
    route = recorded(httpx2_mock, answer(ACCEPTED))
    api(PROMETHEUS_TOKEN="t0ken", PROMETHEUS_TENANT="team").ask("query", {})
    api(PROMETHEUS_USERNAME="me", PROMETHEUS_PASSWORD="pw").ask("query", {})
    first, second = (call.request.headers for call in route.calls)
    assert first["authorization"] == "Bearer t0ken"
    assert first["x-scope-orgid"] == "team"
    assert second["authorization"] == "Basic bWU6cHc="


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
        httpcore2.ConnectError("refused"),
        httpcore2.ReadTimeout("slow"),
        httpcore2.RemoteProtocolError("cut off"),
        reply(200, cut_off),
        reply(200, cut_off, content_length="900"),
    ],
    ids=["429", "503", "refused", "slow", "cut-off", "body-cut-off", "body-shorter-than-told"],
)
def test_a_passing_fault_is_tried_again(httpx2_mock: Router, passing: Reply) -> None:
    route = recorded(httpx2_mock, passing, passing, answer(ACCEPTED))
    assert api().ask("query", {}) == ACCEPTED["data"]
    assert route.call_count == 3


@pytest.mark.parametrize("fault", [reply(503), httpcore2.ConnectError("refused")], ids=["503", "refused"])
def test_after_four_attempts_the_source_cannot_be_used(httpx2_mock: Router, fault: Reply) -> None:
    route = recorded(httpx2_mock, fault)
    waits: list[float] = []
    with pytest.raises(InputError, match="4 attempts"):
        api(waits).ask("query", {})
    assert (route.call_count, waits) == (4, [0.5, 1.0, 2.0])


def test_the_wait_a_server_asks_for_is_kept_within_bounds(httpx2_mock: Router) -> None:
    recorded(
        httpx2_mock,
        reply(429, retry_after="7"),
        reply(429, retry_after="86400"),
        reply(429, retry_after="Fri, 31 Dec 1999 23:59:59 GMT"),
        answer(ACCEPTED),
    )
    waits: list[float] = []
    api(waits).ask("query", {})
    assert waits == [7.0, 30.0, 2.0]


def test_a_query_the_server_refuses_is_a_value_and_is_not_tried_again(httpx2_mock: Router) -> None:
    refused = {"status": "error", "errorType": "bad_data", "error": "parse error"}
    route = recorded(httpx2_mock, answer(refused, 400))
    assert api().ask("query", {}) == Refusal("bad_data: parse error")
    assert route.call_count == 1


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (answer({"status": "error", "error": "no"}, 401), "HTTP 401.*PROMETHEUS_TOKEN"),
        (reply(404, "<html>"), "not an answer of the Prometheus API"),
        (reply(200, '{"status":"succ'), "not an answer"),
        (reply(200, "[" * 100_000), "not an answer"),
        (answer(["success"]), "not an answer"),
        (answer({"status": "error"}), "no reason given"),
        (reply(200, endless, content_encoding="gzip"), "compressed"),
    ],
    ids=["refused", "page", "cut-off", "nested", "list", "error", "compressed"],
)
def test_an_answer_that_is_no_answer_is_told_in_one_line(
    httpx2_mock: Router, response: Reply, why: str
) -> None:
    route = recorded(httpx2_mock, response)
    with pytest.raises(InputError, match=why) as caught:
        api().ask("query", {})
    assert "\n" not in str(caught.value)
    assert route.call_count == 1


def test_warnings_are_kept_once_each(httpx2_mock: Router) -> None:
    recorded(httpx2_mock, answer(ACCEPTED | {"warnings": ["partial"], "infos": ["not a counter"]}))
    found = api()
    found.ask("query", {})
    found.ask("query", {})
    assert PrometheusSource(found).warnings == ("partial", "not a counter")


@pytest.mark.parametrize(
    "location",
    ["http://evil.example/api/v1/query", "https://prometheus.example/prefix/api/v1/query", "//evil.example/", "",
     "http://prometheus.example:8080/"],
)  # fmt: skip
def test_a_redirect_to_another_host_port_or_scheme_is_not_followed(
    httpx2_mock: Router, location: str
) -> None:
    recorded(httpx2_mock, reply(302, location=location))
    with pytest.raises(InputError, match="redirects to another host"):
        api(PROMETHEUS_TOKEN="t0ken").ask("query", {"query": "up"})
    assert len(httpx2_mock.calls) == 1


def test_a_redirect_on_the_same_host_is_followed_with_the_query_and_not_for_ever(httpx2_mock: Router) -> None:
    moved = reply(307, location="/new/api/v1/query")
    route = recorded(httpx2_mock, moved, answer(ACCEPTED), moved)
    api().ask("query", {"query": "up"})
    assert str(route.calls[1].request.url) == "http://prometheus.example/new/api/v1/query?query=up"
    with pytest.raises(InputError, match="more than 3 redirects"):
        api().ask("query", {})
    assert route.call_count == 2 + 4


def test_a_body_without_an_end_is_cut_at_the_cap(
    httpx2_mock: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_api, "LARGEST_ANSWER", 1024 * 1024)
    route = recorded(httpx2_mock, reply(200, endless))
    with pytest.raises(InputError, match="larger than 1 MiB"):
        api().ask("query", {})
    assert route.call_count == 1


def test_a_body_that_drips_is_cut_at_the_deadline(
    httpx2_mock: Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 3))
    monkeypatch.setattr(http_api, "monotonic", lambda: float(next(clock)))
    recorded(httpx2_mock, reply(200, endless))
    with pytest.raises(InputError, match="took longer than 5 s"):
        api().ask("query", {})


def test_a_range_of_more_than_11_000_points_is_asked_in_chunks_that_meet(httpx2_mock: Router) -> None:
    """The server refuses as Prometheus does, so a chunk that is too long would not go unseen."""
    asked: list[tuple[int, ...]] = []

    def server(request: Any) -> MockResponse:
        start, end, step = (int(request.url.params[name]) for name in ("start", "end", "step"))
        if (end - start) // step + 1 > 11_000:
            return MockResponse(400, json=TOO_MANY)
        asked.append((start, end, step))
        values = [[time, "1"] for time in range(start, end + 1, step)]
        data: dict[str, Any] = {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}
        return MockResponse(200, json={"status": "success", "data": data})

    httpx2_mock.get(f"{BASE}/api/v1/query_range").mock(side_effect=server)
    points = PrometheusSource(api()).values("up", Span(0, 28 * 86_400, 60))
    assert not isinstance(points, Refusal)
    assert list(points) == list(range(60, 28 * 86_400 + 1, 60))
    assert [(start, end) for start, end, _ in asked] == [
        (60, 660_000), (660_060, 1_320_000), (1_320_060, 1_980_000), (1_980_060, 2_419_200),
    ]  # fmt: skip


def test_a_server_that_allows_fewer_points_than_prometheus_is_quoted(httpx2_mock: Router) -> None:
    recorded(httpx2_mock, answer(TOO_MANY, 400))
    source = PrometheusSource(api())
    assert source.values("up", Span(0, 3600, 60)) == Refusal(f"bad_data: {TOO_MANY['error']}")


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
def test_data_of_another_shape_is_told_in_one_line(httpx2_mock: Router, data: Any) -> None:
    recorded(httpx2_mock, answer({"status": "success", "data": data}))
    with pytest.raises(InputError, match="not the shape"):
        observe(PrometheusSource(api()), [SLI], as_of="2026-11-20T09:00:00Z")


def test_values_that_are_no_finite_numbers_are_left_out(httpx2_mock: Router) -> None:
    values = [[3600, "NaN"], [7200, "+Inf"], [10_800, "5"], [14_400, "1e3"]]
    recorded(httpx2_mock, answer({"status": "success", "data": {"result": [{"values": values}]}}))
    points = PrometheusSource(api()).values("x", Span(0, 14_400, 3600))
    assert points == {10_800: 5, 14_400: 1000}


def test_queries_without_the_window_are_not_measured(httpx2_mock: Router) -> None:
    recorded(httpx2_mock, answer({"status": "success", "data": {"result": [{"value": [1, "1700000000"]}]}}))
    source = PrometheusSource(api())
    fixed = NamedSli("a", "a", SLI.sli.model_copy(update={"good": "sum(rate(g[5m]))"}))
    (row,) = observe(source, [fixed], as_of="2026-11-20T09:00:00Z")
    assert row.status == "no-data"
    assert "a: both queries must measure over $window" in source.warnings


@contextmanager
def on_the_wire(*answers: bytes) -> Generator[tuple[str, list[bytes]]]:
    """The URL of a server that sends these bytes, one answer to a connection, and the requests it was sent."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for sent in answers:
                connection, _ = listening.accept()
                with connection:
                    seen.append(connection.recv(65_536))
                    connection.sendall(sent)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
        thread.join(timeout=5)


def sent(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", *headers, "", "")).encode() + body


WHOLE = sent(json.dumps(ACCEPTED).encode(), f"Content-Length: {len(json.dumps(ACCEPTED))}")


@pytest.mark.parametrize(
    "broken",
    [
        sent(b'{"status"', "Content-Length: 900"),
        sent(b"5\r\n{}", "Transfer-Encoding: chunked"),
        sent(b"", f"X-Long: {'x' * 200_000}"),
        sent(b"", *(f"X-{n}: {'x' * 100}" for n in range(2000))),
        b"\x16\x03\x01 not HTTP\r\n\r\n",
        b"",
    ],
    ids=["shorter-than-told", "chunk-cut-off", "huge-header", "many-headers", "no-http", "nothing"],
)
def test_what_breaks_on_the_wire_is_tried_again(broken: bytes) -> None:
    with on_the_wire(broken, WHOLE) as (url, seen):
        assert api(base=url).ask("query", {}) == ACCEPTED["data"]
        assert len(seen) == 2
