"""Reading PromQL: selectors, what decides an alert, implied SLIs, and hostile expressions."""

import pytest

from platform_operations.slo.promql import (
    Matcher,
    Selector,
    Unreadable,
    availability_sli,
    deciding,
    grouping,
    metric_names,
    parsed,
    selectors,
)


def test_selectors_come_with_name_matchers_and_range_each_once() -> None:
    text = 'rate(a_total{job="x",code=~"5.."}[5m]) / rate(a_total{job="x"}[1h30m]) + {__name__="b"} + b'
    found = selectors(text)
    assert found == (
        Selector("a_total", (Matcher("job", "=", "x"), Matcher("code", "=~", "5..")), 300),
        Selector("a_total", (Matcher("job", "=", "x"),), 5400),
        Selector("b"),
    )


def test_selectors_are_written_back_as_promql_that_reads_the_same() -> None:
    text = r'a{path="/x\"y\\z\n",code!~"5..|4.."}'
    found = selectors(text)
    assert not isinstance(found, Unreadable)
    assert selectors(str(found[0])) == found


def test_metric_names_are_found_below_every_kind_of_node() -> None:
    text = (
        "-sum by (job) (max_over_time(rate(a[5m])[1h:1m])) > bool on (job) group_left () (b offset 5m)"
        ' or label_replace(c, "x", "$1", "y", "(.*)") unless topk(3, d)'
    )
    assert metric_names(text) == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a > 1 and b > 2", ["a"]),
        ("(a > 1) unless on () b", ["a"]),
        ("a > 1 or (b > 2 and c)", ["a", "b"]),
        ("(((a and b) or c)) and d", ["a", "c"]),
        ("a / b > 0.1", ["a", "b"]),
    ],
)
def test_what_decides_an_alert_is_left_of_and_and_unless_and_on_each_side_of_or(
    text: str, names: list[str]
) -> None:
    found = deciding(text)
    assert not isinstance(found, Unreadable)
    assert [selector.name for selector in found] == names


def test_comments_and_template_windows_are_understood() -> None:
    text = 'sum(rate(a{x="#no"}[$window])) # total\n/ sum(rate(b[$__rate_interval])) # "unclosed'
    assert metric_names(text) == ("a", "b")


@pytest.mark.parametrize(
    "text",
    ["", "sum(", "rate(x)", "foo bar", "(" * 100_000, "-" * 100_000 + "1", "1" + "+1" * 9000, 
     "x or " * 3000 + "x", "x" * 30_000, "\x00", "a{b=~'['}"],
)  # fmt: skip
def test_what_is_no_promql_or_too_large_is_a_reason_not_an_exception(text: str) -> None:
    found = parsed(text)
    assert isinstance(found, Unreadable)
    assert found.reason
    assert metric_names(text) == found
    assert availability_sli(text) is None


TOTAL = 'sum(increase(http_requests_total{job="checkout"}[$window]))'
NO_5XX = 'sum(increase(http_requests_total{job="checkout",code!~"5.."}[$window]))'


def rate(matcher: str = "", name: str = "http_requests_total") -> str:
    return f'sum(rate({name}{{job="checkout"{"," if matcher else ""}{matcher}}}[5m]))'


@pytest.mark.parametrize(
    ("alert", "good"),
    [
        (rate('code=~"5.."') + " / " + rate() + " > 0.05", NO_5XX),
        (
            '100 * sum by (job) (increase(http_requests_total{code=~"5..",job="checkout"}[1h]))'
            ' / sum by (job) (increase(http_requests_total{job="checkout"}[1h])) >= 5',
            NO_5XX,
        ),
        (
            rate('code!~"2..|3.."') + f" / ({rate()} > 0) > 0.01 and on () hour() > 7",
            'sum(increase(http_requests_total{job="checkout",code=~"2..|3.."}[$window]))',
        ),
        (
            rate('status="success"') + " / " + rate() + " < 0.99",
            'sum(increase(http_requests_total{job="checkout",status="success"}[$window]))',
        ),
        ("(1 - " + rate('code!~"5.."') + " / " + rate() + ") * 100 > 1", NO_5XX),
        ("(" + rate('code=~"5.."') + " or vector(0)) / " + rate() + " > 0.05", NO_5XX),
        (
            rate(name="http_request_errors_total") + " / " + rate() + " > 0.01",
            TOTAL + ' - (sum(increase(http_request_errors_total{job="checkout"}[$window])) or vector(0))',
        ),
    ],
)
def test_an_error_ratio_alert_implies_its_sli(alert: str, good: str) -> None:
    sli = availability_sli(alert)
    assert sli is not None
    assert (sli.kind, sli.source, sli.good, sli.total) == ("availability", "prometheus", good, TOTAL)
    assert not isinstance(parsed(good), Unreadable)


@pytest.mark.parametrize(
    "alert",
    [
        "up == 0",
        'sum(rate(r{code=~"4.."}[5m])) / sum(rate(r[5m])) > 0.1',
        'sum(rate(r{path="/pay"}[5m])) / sum(rate(r[5m])) > 0.5',
        'sum(rate(r{code=~"5..",a="b"}[5m])) / sum(rate(r[5m])) > 0.5',
        'sum(rate(r{code=~"5.."}[5m])) / sum(rate(r{a="b"}[5m])) > 0.5',
        'sum(rate(r{code=~"5.."}[5m])) / sum(rate(r[5m])) < 0.5',
        'sum(rate(r{code=~"5.."}[5m] offset 1d)) / sum(rate(r[5m])) > 0.5',
        "sum(rate(errors_total[5m])) / sum(rate(retry_errors_total[5m])) > 0.5",
        "sum(rate(cache_misses_total[5m])) / sum(rate(cache_requests_total[5m])) > 0.5",
        'max(r{code=~"5.."}) / max(r) > 0.5',
        'sum(rate(r{code=~"(5"}[5m])) / sum(rate(r[5m])) > 0.1',
        "node_filesystem_free_bytes / node_filesystem_size_bytes < 0.1",
        'sum(rate(r{code=~"5.."}[5m])) > 3',
    ],
)
def test_an_alert_that_is_no_error_ratio_for_certain_implies_nothing(alert: str) -> None:
    assert availability_sli(alert) is None


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("sum(rate(a[5m]))", ()),
        ("sum by (x, y) (a)", ("x", "y")),
        ("sum without (x) (a)", None),
        ("sum(a) - (sum(b) or vector(0))", ()),
        ("2 * sum(a) / 3", ()),
        ("sum(a) - sum by (x) (b)", None),
        ("rate(a[5m])", None),
    ],
)
def test_the_labels_a_result_keeps(text: str, labels: tuple[str, ...] | None) -> None:
    assert grouping(parsed(text)) == labels


def test_a_selector_accepts_series_as_prometheus_does_with_missing_labels_empty() -> None:
    (selector,) = (Selector("a", (Matcher("code", "!~", "5.."), Matcher("env", "=", ""))),)
    assert selector.accepts({"__name__": "a", "code": "200"})
    assert selector.accepts({"__name__": "a"})
    assert not selector.accepts({"__name__": "a", "code": "503"})
    assert not selector.accepts({"__name__": "b"})
    assert not selector.accepts({"__name__": "a", "env": "dev"})
