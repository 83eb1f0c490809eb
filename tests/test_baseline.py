"""Baselines: from slots of events to the target that they support."""

from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.errors import InputError
from platform_operations.metrics.baseline import LADDER, judge, observe, observe_again
from platform_operations.metrics.source import History, Slot, Span
from platform_operations.metrics.wilson import lower_bound, supports
from platform_operations.model.baseline import Observation
from platform_operations.model.reliability import Sli
from platform_operations.slo.sli import NamedSli

HOUR, DAY = 3600, 86_400
START = 1_761_955_200
MONTH = Span(START, START + 28 * DAY, HOUR)


def history(total: int, bad: int, *, hours: int = 672) -> list[Slot]:
    """`total` and `bad` events over so many hours, each hour with its even share."""

    def share(amount: int, hour: int) -> int:
        return amount * (hour + 1) // hours - amount * hour // hours

    return [
        Slot(
            START + hour * HOUR, Fraction(share(total, hour) - share(bad, hour)), Fraction(share(total, hour))
        )
        for hour in range(hours)
    ]


def with_incident(slots: list[Slot], hour: int, bad: int) -> list[Slot]:
    struck = slots[hour]
    return [
        *slots[:hour],
        Slot(struck.start, struck.good - bad, struck.total, struck.seen),
        *slots[hour + 1 :],
    ]


def verdict(slots: list[Slot], span: Span = MONTH) -> tuple[str, str | None, str | None]:
    found = judge(slots, span)
    return found.status, found.target, found.limited_by


FIFTY_A_SECOND = 50 * 28 * DAY


def test_a_month_with_one_incident_and_a_gap_supports_three_nines_because_the_worst_day_may_repeat() -> None:
    slots = with_incident(history(144_000_000, 57_600), 300, 21_400)
    slots = [slot for slot in slots if not 400 <= (slot.start - START) // HOUR < 403]
    found = judge(slots, MONTH)
    assert (found.status, found.target, found.limited_by) == ("ok", "99.9", "worst-day")
    assert found.coverage == Fraction(669, 672)
    assert found.spent is not None
    assert Fraction(50, 100) < found.spent < Fraction(65, 100)


@pytest.mark.parametrize(
    ("case", "slots", "expected"),
    [
        (
            "steady",
            history(FIFTY_A_SECOND, FIFTY_A_SECOND * 4 // 10_000),
            ("ok", "99.95", "worst-day"),
        ),
        ("perfect and busy", history(FIFTY_A_SECOND, 0), ("ok", "99.99", "cap")),
        ("perfect, 5,000 events", history(5000, 0), ("ok", "99.8", "event-support")),
        ("perfect, 200 events", history(200, 0), ("low-traffic", "95", "event-support")),
        ("perfect, 50 events", history(50, 0), ("insufficient-events", None, "event-support")),
        ("3% errors", history(FIFTY_A_SECOND, FIFTY_A_SECOND * 3 // 100), ("below-floor", "95", "worst-day")),
        (
            "15% errors",
            history(FIFTY_A_SECOND, FIFTY_A_SECOND * 15 // 100),
            ("below-ladder", None, "worst-day"),
        ),
        ("workbook chapter 2", history(3_663_253, 3_663_253 - 3_557_865), ("below-floor", "97", "worst-day")),
        ("no slots", [], ("no-data", None, None)),
        ("no traffic", history(0, 0), ("no-traffic", None, None)),
        (
            "more bad than total",
            with_incident(history(1_000_000, 0), 5, 2_000_000),
            ("data-error", None, None),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind_of_history_gets_its_status_its_target_and_the_bound_that_limited_it(
    case: str, slots: list[Slot], expected: tuple[str, str | None, str | None]
) -> None:
    assert verdict(slots) == expected, case


def test_the_workbook_s_numbers_give_its_budget_and_the_bound_that_its_worst_day_leaves() -> None:
    found = judge(history(3_663_253, 105_388), MONTH)
    assert found.budget_events is not None
    assert round(found.budget_events) == 109_898
    assert str(float(dict(found.bounds)["worst-day"]))[:6] == "0.9702"


def test_three_days_of_history_give_a_provisional_target_at_full_coverage() -> None:
    recent = [
        slot
        for slot in history(FIFTY_A_SECOND, FIFTY_A_SECOND * 4 // 10_000)
        if slot.start >= MONTH.end - 3 * DAY
    ]
    found = judge(recent, MONTH)
    assert (found.status, found.target, found.coverage) == ("provisional", "99.9", 1)


def test_a_history_with_a_gap_of_two_fifths_gives_a_provisional_target() -> None:
    slots = history(FIFTY_A_SECOND, FIFTY_A_SECOND * 4 // 10_000)
    kept = [slot for index, slot in enumerate(slots) if not 100 <= index < 369]
    found = judge(kept, MONTH)
    assert (found.status, found.target) == ("provisional", "99.95")
    assert found.coverage == Fraction(403, 672)


def test_a_slot_seen_for_less_than_half_is_dropped_and_lowers_coverage_instead_of_counting_as_failure() -> (
    None
):
    slots = history(1_000_000, 0)
    slots[7] = Slot(slots[7].start, Fraction(0), slots[7].total, Fraction(49, 100))
    found = judge(slots, MONTH)
    assert (found.dropped, found.used) == (1, 671)
    assert found.good == found.total
    assert found.coverage == Fraction(671, 672)


def test_the_worst_day_is_any_24_hours_so_midnight_does_not_halve_an_incident() -> None:
    slots = with_incident(with_incident(history(1_000_000, 0), 23, 500), 24, 500)
    assert judge(slots, MONTH).worst_day == 1000


def test_a_lower_cap_is_kept_and_still_is_an_ok_baseline() -> None:
    found = judge(history(FIFTY_A_SECOND, 0), MONTH, cap="98")
    assert (found.status, found.target, found.limited_by) == ("ok", "98", "cap")


@pytest.mark.parametrize(("trials", "bound"), [(1000, "0.99730"), (3000, "0.99910"), (10_000, "0.99973")])
def test_wilson_s_bound_without_failures_matches_the_published_values(trials: int, bound: str) -> None:
    assert f"{float(lower_bound(Fraction(trials), Fraction(trials))):.5f}" == bound


@given(trials=st.integers(1, 10**9), bad=st.integers(0, 10**9), rung=st.sampled_from(LADDER))
def test_the_exact_comparison_agrees_with_the_bound_it_stands_for(trials: int, bad: int, rung: str) -> None:
    good = Fraction(max(0, trials - bad))
    bound = lower_bound(good, Fraction(trials))
    assert supports(Fraction(rung) / 100, good, Fraction(trials)) == (bound >= Fraction(rung) / 100)
    share, square = float(good / trials), 1.6448536269514722**2
    middle = share + square / (2 * trials)
    spread = 1.6448536269514722 * sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    assert abs(float(bound) - (middle - spread) / (1 + square / trials)) < 1e-6


def test_the_95_percent_rung_is_reached_exactly_where_floating_point_misses_it() -> None:
    assert judge(history(200, 0), MONTH).target == "95"
    assert judge(history(199, 0), MONTH).target == "90"


hours = st.lists(
    st.tuples(st.integers(0, 50_000), st.integers(0, 2000)).map(lambda pair: (pair[0], min(pair))),
    min_size=1,
    max_size=80,
)


def counted(pairs: list[tuple[int, int]]) -> list[Slot]:
    return [
        Slot(START + index * HOUR, Fraction(total - bad), Fraction(total))
        for index, (total, bad) in enumerate(pairs)
    ]


@given(pairs=hours)
def test_a_target_s_budget_always_covers_what_was_seen_and_the_next_rung_s_never_covers_all_bounds(
    pairs: list[tuple[int, int]],
) -> None:
    found = judge(counted(pairs), MONTH)
    if not found.total:
        assert found.status == "no-traffic"
        return
    bad = found.total - found.good
    reachable = [rung for rung in LADDER if all(bound >= Fraction(rung) / 100 for _, bound in found.bounds)]
    assert found.target == (reachable[-1] if reachable else None)
    if found.budget_events is not None:
        assert found.budget_events >= bad + found.worst_day
        assert found.budget_events >= 10


@given(pairs=hours, extra=st.integers(0, 79))
def test_one_more_failure_never_raises_the_target(pairs: list[tuple[int, int]], extra: int) -> None:
    index = extra % len(pairs)
    total, bad = pairs[index]
    worse = [*pairs[:index], (total, min(total, bad + 1)), *pairs[index + 1 :]]
    before, after = judge(counted(pairs), MONTH).target, judge(counted(worse), MONTH).target
    assert after is None or (before is not None and Fraction(after) <= Fraction(before))


class Recorded:
    """A source that gives the slots it was made with."""

    name = "recorded"
    warnings: tuple[str, ...] = ()

    def __init__(self, slots: list[Slot]) -> None:
        self.slots = tuple(slots)

    def listed(self) -> tuple[NamedSli, ...]:
        return ()

    def newest(self, slis: object, not_after: int | None) -> int | None:
        end = max((slot.start + HOUR for slot in self.slots), default=None)
        return end if end is None or not_after is None else min(end, not_after)

    def histories(self, slis: object, span: Span) -> tuple[History, ...]:
        return (
            History(tuple(slot for slot in self.slots if span.start <= slot.start < span.end), span.step),
        )


CHECKOUT = NamedSli(
    "checkout-availability",
    "availability of checkout",
    Sli(
        kind="availability",
        source="prometheus",
        good='sum(increase(r{code!~"5.."}[$window]))',
        total="sum(increase(r[$window]))",
    ),
)


def test_an_observation_carries_queries_interval_counts_and_a_hash_of_all_of_it() -> None:
    (row,) = observe(Recorded(history(5000, 0)), [CHECKOUT])
    assert row.document() == {
        "id": "checkout-availability",
        "sli": "availability of checkout",
        "kind": "availability",
        "goodQuery": 'sum(increase(r{code!~"5.."}[$window]))',
        "totalQuery": "sum(increase(r[$window]))",
        "goodEvents": "5000",
        "totalEvents": "5000",
        "observed": "100.000",
        "target": "99.8",
        "status": "ok",
        "limitedBy": "event-support",
        "window": "28d",
        "start": "2025-11-01T00:00:00Z",
        "end": "2025-11-29T00:00:00Z",
        "step": "1h",
        "samples": 672,
        "coverage": "100.0",
        "hash": row.own_hash(),
    }


def test_measuring_the_same_history_again_gives_the_same_hash_and_one_event_more_another() -> None:
    source = Recorded(history(5000, 3))
    first = observe(source, [CHECKOUT])[0]
    assert observe_again(source, CHECKOUT, first) == first
    assert observe(Recorded(history(5001, 3)), [CHECKOUT])[0].hash != first.hash


def test_percentages_are_rounded_down_so_that_they_never_claim_more_than_was_seen() -> None:
    slots = [*history(2_000_000, 1)[:400], *history(2_000_000, 1)[401:]]
    row = observe(Recorded(slots), [CHECKOUT])[0]
    assert (row.observed, row.coverage) == ("99.999", "99.8")


def test_the_baseline_ends_at_the_last_whole_hour_not_after_as_of() -> None:
    row = observe(Recorded(history(5000, 0)), [CHECKOUT], as_of="2025-11-20T09:12:44Z")[0]
    assert (row.start, row.end) == ("2025-11-01T00:00:00Z", "2025-11-20T09:00:00Z")


def test_without_any_sample_the_status_is_no_data_and_no_number_is_given() -> None:
    row = observe(Recorded([]), [CHECKOUT], as_of="2025-11-20T09:12:44Z")[0]
    assert (row.status, row.target, row.observed, row.total_events, row.samples) == (
        "no-data",
        None,
        None,
        None,
        0,
    )
    assert (row.start, row.end) == ("2025-10-23T09:00:00Z", "2025-11-20T09:00:00Z")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"window": "2h"}, "2h"),
        ({"window": "a while"}, "a while"),
        ({"as_of": "yesterday"}, "yesterday"),
        ({"cap": "50"}, "50"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(arguments: dict[str, str], named: str) -> None:
    with pytest.raises(InputError, match=named):
        observe(Recorded([]), [CHECKOUT], **arguments)


def test_a_refusal_with_a_target_is_no_observation() -> None:
    with pytest.raises(ValueError, match="comes with no target"):
        Observation(
            id="x",
            sli="x",
            kind="availability",
            status="no-data",
            target="99",
            window="28d",
            step="1h",
            samples=0,
        )
