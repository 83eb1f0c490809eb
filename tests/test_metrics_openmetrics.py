"""The OpenMetrics source: exact increases, gaps and resets, odd spellings, and bad lines by their number."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.errors import InputError
from platform_operations.metrics import discover, observe, open_source, slis_of
from platform_operations.metrics.source import History, Span
from platform_operations.model.assessment import Assessment
from platform_operations.model.plan import Plan, RiskProfile, Target
from platform_operations.model.reliability import Alert, Sli, Slo
from platform_operations.slo.sli import NamedSli

START, HOUR = 1_790_812_800, 3600
Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(text: str) -> str:
        path = tmp_path / "metrics.om"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return to


def sli(good: str = "sum(increase(g[$window]))", total: str = "sum(increase(t[$window]))") -> NamedSli:
    return NamedSli("a", "a", Sli(kind="availability", source="prometheus", good=good, total=total))


def samples(name: str, values: dict[int, int]) -> str:
    return "".join(f"{name} {value} {START + at}\n" for at, value in values.items())


def history(source: str, wanted: NamedSli, hours: int = 2, step: int = HOUR) -> History:
    return open_source(source).histories([wanted], Span(START, START + hours * HOUR, step))[0]


def steady(minutes: range, each: int = 10) -> dict[int, int]:
    return {minute * 60: minute * each for minute in minutes}


def test_increases_are_exact_and_the_sample_on_an_edge_closes_one_slot_and_opens_the_next(
    write: Write,
) -> None:
    text = samples("g", steady(range(121), 9)) + samples("t", steady(range(121))) + "# EOF\n"
    found = history(write(text), sli())
    assert [(slot.start - START, slot.good, slot.total, slot.seen) for slot in found.slots] == [
        (0, 540, 600, 1),
        (HOUR, 540, 600, 1),
    ]


def test_a_reset_counts_what_the_counter_reached_since(write: Write) -> None:
    values = {minute * 60: (minute if minute < 30 else minute - 30) * 10 for minute in range(61)}
    found = history(write(samples("g", values) + samples("t", values) + "# EOF\n"), sli(), hours=1)
    assert found.slots[0].total == 290 + 300


def test_events_of_a_gap_over_an_edge_are_put_into_no_slot(write: Write) -> None:
    minutes = [*range(40), *range(85, 121)]
    values: dict[int, int] = {minute * 60: minute * 10 for minute in minutes}
    found = history(write(samples("g", values) + samples("t", values) + "# EOF\n"), sli())
    assert [(slot.total, slot.seen < 1) for slot in found.slots] == [(390, False), (350, True)]


def test_scrapes_off_the_hour_lose_nothing_at_the_edges(write: Write) -> None:
    values: dict[int, int] = {minute * 60 + 17: minute * 10 for minute in range(-60, 180)}
    found = history(write(samples("g", values) + samples("t", values) + "# EOF\n"), sli())
    assert [slot.total for slot in found.slots] == [600, 600]


@given(
    rises=st.lists(st.integers(0, 1000), min_size=60, max_size=60),
    resets=st.sets(st.integers(1, 59), max_size=3),
)
def test_the_slot_s_total_is_the_sum_of_all_rises_whatever_resets(
    tmp_path_factory: pytest.TempPathFactory, rises: list[int], resets: set[int]
) -> None:
    value, values = 0, {0: 0}
    for minute, rise in enumerate(rises, 1):
        value = rise if minute in resets else value + rise
        values[minute * 60] = value
    lines = samples("g", dict(values)) + samples("t", dict(values)) + "# EOF\n"
    path = tmp_path_factory.mktemp("resets") / "metrics.om"
    path.write_text(lines, encoding="utf-8")
    total = history(str(path), sli(), hours=1).slots
    unseen = [minute for minute in resets if rises[minute - 1] >= values[(minute - 1) * 60]]
    lost = sum(values[(minute - 1) * 60] for minute in unseen)
    assert sum(slot.total for slot in total) == sum(rises) - lost


def test_series_with_the_total_but_no_failures_yet_and_hours_without_successes_are_counted(
    write: Write,
) -> None:
    good: dict[int, int] = {minute * 60: minute for minute in range(61)}
    text = (
        samples('r{code="200"}', good)
        + samples('r{code="500"}', {60 * m: m for m in range(60, 121)})
        + "# EOF\n"
    )
    wanted = sli('sum(increase(r{code!~"5.."}[$window]))', "sum(increase(r[$window]))")
    found = history(write(text), wanted)
    assert [(slot.good, slot.total) for slot in found.slots] == [(60, 60), (0, 60)]


def test_added_subtracted_and_optional_sums_are_answered(write: Write) -> None:
    text = samples("ok", steady(range(61), 8)) + samples("bad", steady(range(61), 2)) + "# EOF\n"
    both = "sum(increase(ok[$window])) + sum(increase(bad[$window]))"
    wanted = sli(
        f"{both} - (sum(increase(bad[$window])) or vector(0)) - (sum(increase(no[$window])) or vector(0))",
        both,
    )
    (slot,) = history(write(text), wanted, hours=1).slots
    assert (slot.good, slot.total) == (480, 600)


def test_a_query_that_only_a_prometheus_answers_is_a_problem_not_a_number(write: Write) -> None:
    path = write(samples("t", steady(range(61))) + "# EOF\n")
    for query in (
        "avg(increase(t[$window]))",
        "sum(rate(t[$window]))",
        "sum by (x) (increase(t[$window]))",
        "sum(",
    ):
        found = history(path, sli(query, "sum(increase(t[$window]))"))
        assert found.slots == ()
        assert found.problem is not None and query in found.problem


def test_a_good_query_that_selects_nothing_is_no_data_and_not_a_total_failure(write: Write) -> None:
    source = open_source(write(samples("t", steady(range(48 * 60))) + "# EOF\n"))
    (row,) = observe(source, [sli()])
    assert row.status == "no-data"


def test_slots_are_made_as_long_as_the_scrapes_are_apart(write: Write) -> None:
    values: dict[int, int] = {minute * 60: minute for minute in range(0, 121, 5)}
    found = history(write(samples("g", values) + samples("t", values) + "# EOF\n"), sli(), step=60)
    assert found.step == 300
    assert {slot.total for slot in found.slots} == {5}


def test_labels_exemplars_floats_and_stale_markers_are_read(write: Write) -> None:
    text = (
        "# HELP t Things\n"
        f't{{a="x\\"}} 1",b="y"}} 1 {START}\n'
        f't{{a="x\\"}} 1",b="y"}} 1.5e1 {START + 60}.5 # {{trace_id="abc"}} 0.1 {START}\n'
        f't{{a="x\\"}} 1",b="y"}} NaN {START + 120}\n'
        f't{{a="x\\"}} 1",b="y"}} 20.5 {START + 180}.000\n'
        "# EOF\n"
    )
    wanted = sli('sum(increase(t{a="x\\"} 1"}[$window]))', 'sum(increase(t{b=~"y|z"}[$window]))')
    (slot,) = history(write(text), wanted, hours=1).slots
    assert (slot.good, slot.total) == (Fraction("19.5"), Fraction("19.5"))


@pytest.mark.parametrize(
    ("lines", "number", "named"),
    [
        (["t 1"], 2, "no timestamp"),
        (["t"], 2, "no sample"),
        (["t one 1790812800"], 2, "'one'"),
        (["t 1 yesterday"], 2, "yesterday"),
        (["t 1 1e99"], 2, "not in seconds"),
        (["t 1 1790812800000"], 2, "not in seconds"),
        (["t 1 1790812800", "t 2 1790812800"], 3, "back in time"),
        (['t{a="1" 1 1790812800'], 2, "no sample"),
        (["t{a=1} 1 1790812800"], 2, "no series"),
        (['1t{a="1"} 1 1790812800'], 2, "no series"),
        (["# EOF", "t 1 1790812800"], 3, "after '# EOF'"),
        (["t" * 20_000], 2, "longer than"),
    ],
)
def test_a_bad_line_is_named_by_its_number(write: Write, lines: list[str], number: int, named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        open_source(write("\n".join(["# TYPE t counter", *lines, ""])))
    assert f"line {number}:" in str(caught.value)


def test_a_file_without_its_end_mark_is_warned_of(write: Write) -> None:
    source = open_source(write(samples("t", steady(range(61)))))
    assert any("may have been cut off" in warning for warning in source.warnings)


def test_a_byte_order_mark_other_line_ends_and_empty_lines_change_nothing(write: Write) -> None:
    text = (
        "# TYPE g counter\n" + samples("g", steady(range(61))) + samples("t", steady(range(61))) + "# EOF\n"
    )
    plain = history(write(text), sli())
    odd = "\ufeff" + text.replace("\n", "\r\n") + "\r\n\n"
    assert history(write(odd), sli()) == plain
    assert plain.slots


def test_a_matcher_that_is_not_read_is_refused_with_the_reason(write: Write) -> None:
    source = open_source(write(samples('t{a="b"}', steady(range(61))) + "# EOF\n"))
    with pytest.raises(InputError, match="label matcher"):
        observe(source, [sli(total='sum(increase(t{a=~"(?P<n>b)"}[$window]))')])


def test_slis_are_found_in_a_file_and_measured(write: Write) -> None:
    text = (
        samples('http_requests_total{job="shop",code="200"}', steady(range(48 * 60 + 1), 99))
        + samples('http_requests_total{job="shop",code="500"}', steady(range(48 * 60 + 1), 1))
        + "# EOF\n"
    )
    source = open_source(write(text))
    found = discover(source, ["shop-api"])
    (row,) = observe(source, found.slis)
    assert (row.id, row.observed, row.status) == ("shop-availability", "99.000", "provisional")


@pytest.mark.parametrize(
    ("name", "code", "asks"),
    [("job", "code", 'job="shop",code!~"5.."'), ("service", "code", 'service="shop",code!~"5.."'),
     ("job", "status", 'job="shop",status!~"5.."')],
)  # fmt: skip
def test_what_an_alert_watches_gives_way_to_what_is_there_and_a_promise_does_not(
    write: Write, name: str, code: str, asks: str
) -> None:
    """Without the label that tells failures, the alert's ratio would call everything good."""
    rows = {"200": steady(range(61), 99), "500": steady(range(61), 1)}
    series = {f'http_requests_total{{{name}="shop",{code}="{value}"}}': row for value, row in rows.items()}
    source = open_source(write("".join(samples(name, row) for name, row in series.items()) + "# EOF\n"))
    ratio = " / ".join(
        f'sum(rate(http_requests_total{{job="shop"{more}}}[5m]))' for more in (',code=~"5.."', "")
    )
    alert = Alert(id="errors", component="shop", severity="page", expression=f"{ratio} > 0.05")
    plan = Plan(target=Target(name="shop", risk_profile=RiskProfile(level="low")), alerts=(alert,))
    (found,) = slis_of(Assessment(as_is=plan), source)
    assert found.sli.good == f"sum(increase(http_requests_total{{{asks}}}[$window]))"
    promise = Slo(id=found.id, component="shop", sli=sli().sli, window="28d", status="needs-baseline")
    (found,) = slis_of(Assessment(as_is=plan.model_copy(update={"slos": (promise,)})), source)
    assert found.sli == sli().sli
