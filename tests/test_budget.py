"""Error budgets, burn rates and durations, against the numbers of the SRE workbook's chapter 5."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.errors import InputError
from platform_operations.slo import budget
from platform_operations.slo.budget import DAY, HOUR, MINUTE, Pair
from platform_operations.slo.durations import duration, range_seconds, seconds

MONTH = 30 * DAY


def spelled(pair: Pair) -> tuple[str, str, str]:
    return duration(pair.long), duration(pair.short), budget.decimal(pair.factor)


@pytest.mark.parametrize(
    ("objective", "window", "minutes"),
    [
        ("99.9", 28 * DAY, "40.32"),
        ("99.9", MONTH, "43.2"),
        ("99.99", MONTH, "4.32"),
        ("99.999", MONTH, "0.432"),
        ("95", 7 * DAY, "504"),
    ],
)
def test_the_budget_in_minutes_is_exact(objective: str, window: int, minutes: str) -> None:
    assert budget.budget_minutes(objective, window) == Fraction(minutes)


@pytest.mark.parametrize(("percentile_target", "events"), [("97", 109_897), ("90", 366_325), ("99", 36_632)])
def test_the_budget_in_events_is_that_of_the_workbook(percentile_target: str, events: int) -> None:
    assert int(budget.budget_events(percentile_target, 3_663_253)) == events


@pytest.mark.parametrize(
    ("factor", "limit"), [("14.4", "0.0144"), ("6", "0.006"), ("3", "0.003"), ("1", "0.001")]
)
def test_the_thresholds_of_three_nines_carry_no_float_noise(factor: str, limit: str) -> None:
    assert budget.decimal(budget.threshold("99.9", factor)) == limit


@pytest.mark.parametrize(
    ("long", "factor", "share"),
    [(HOUR, "14.4", "0.02"), (6 * HOUR, "6", "0.05"), (DAY, "3", "0.1"), (3 * DAY, "1", "0.1")],
)
def test_the_standard_pairs_use_the_workbook_s_share_of_a_30_day_budget(
    long: int, factor: str, share: str
) -> None:
    assert budget.budget_used(MONTH, long, factor) == Fraction(share)


@pytest.mark.parametrize(
    ("ratio", "expected"), [("1", "51.84"), ("0.02", "2592"), ("0.0144", None), ("0.001", None)]
)
def test_detection_time_is_the_workbook_s_and_none_where_the_window_never_crosses(
    ratio: str, expected: str | None
) -> None:
    found = budget.detection_time("99.9", ratio, HOUR, "14.4")
    assert found == (None if expected is None else Fraction(expected))


def test_one_failure_of_ten_an_hour_burns_a_hundred_times_not_a_thousand() -> None:
    assert budget.burn_rate(Fraction(1, 10), "99.9") == 100


@pytest.mark.parametrize(
    ("objective", "factor", "possible"),
    [
        ("93.06", "14.4", True),
        ("93.05", "14.4", False),
        ("83.34", "6", True),
        ("83.33", "6", False),
        ("90", "14.4", False),
        ("99.9", "0.99", False),
        ("99.9", "1", True),
        ("0", "1", False),
    ],
)
def test_an_alert_is_feasible_when_its_threshold_is_below_1_and_its_burn_not_below_1(
    objective: str, factor: str, possible: bool
) -> None:
    assert budget.feasible(objective, factor) is possible
    assert (budget.infeasibility(objective, factor) is None) is possible


@pytest.mark.parametrize("window", [14 * DAY, 28 * DAY, MONTH, 90 * DAY, 365 * DAY])
def test_from_14_days_the_pairs_are_the_workbook_s_unscaled(window: int) -> None:
    assert [(*spelled(pair), pair.pages) for pair in budget.standard_pairs(window)] == [
        ("1h", "5m", "14.4", True),
        ("6h", "30m", "6", True),
        ("1d", "2h", "3", False),
        ("3d", "6h", "1", False),
    ]


def test_below_14_days_the_windows_shrink_and_the_burn_rates_stay() -> None:
    assert [spelled(pair) for pair in budget.standard_pairs(7 * DAY)] == [
        ("15m", "1m", "14.4"),
        ("90m", "8m", "6"),
        ("6h", "30m", "3"),
        ("18h", "90m", "1"),
    ]


@given(days=st.integers(1, 400), objective=st.integers(1, 99_999).map(lambda n: f"{n / 1000:.3f}"))
def test_no_pair_for_any_window_and_objective_is_dead_or_below_the_sustainable_rate(
    days: int, objective: str
) -> None:
    for pair in budget.pairs_for(objective, days * DAY):
        assert pair.factor >= 1
        assert budget.threshold(objective, pair.factor) < 1
        assert MINUTE <= pair.short < pair.long <= days * DAY
        assert budget.detection_time(objective, 1, pair.long, pair.factor) is not None
        assert budget.budget_used(days * DAY, pair.long, pair.factor) <= 1


@pytest.mark.parametrize(("objective", "events"), [("99", 7), ("99.9", 70), ("99.99", 695)])
def test_a_lone_failure_pages_unless_the_hour_has_enough_events(objective: str, events: int) -> None:
    fast = Pair(HOUR, 5 * MINUTE, Fraction("14.4"), pages=True)
    assert -(-budget.events_needed(objective, "14.4") // 1) == events
    assert budget.lone_failure_alerts(objective, fast, Fraction(events - 1, HOUR))
    assert not budget.lone_failure_alerts(objective, fast, Fraction(events, HOUR))


@pytest.mark.parametrize("objective", ["100", "-1", "three nines", "1/0", "101"])
def test_an_objective_without_an_error_budget_is_refused_by_name(objective: str) -> None:
    with pytest.raises(InputError, match=objective):
        budget.error_budget(objective)


@pytest.mark.parametrize(
    ("text", "length"), [("30s", 30), ("5m", 300), ("1h", 3600), ("28d", 2_419_200), ("2w", 1_209_600)]
)
def test_durations_are_read(text: str, length: int) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize(
    "text", ["", "5", "m", "-5m", "1h30m", "5 m", "1.5h", "05m", "٣m", "9999999999h", "1y"]
)
def test_what_is_no_duration_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match="is not a duration"):
        seconds(text)


@given(length=st.integers(0, 10**8))
def test_writing_a_duration_and_reading_it_gives_the_same_length(length: int) -> None:
    assert seconds(duration(length)) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [("1h30m", 5400), ("1500ms", None), ("2000ms", 2), ("1y", 31_536_000), ("1x", None), ("", None)],
)
def test_prometheus_ranges_are_read_in_whole_seconds(text: str, length: int | None) -> None:
    assert range_seconds(text) == length


@given(value=st.fractions(), places=st.integers(0, 6))
def test_rounding_half_up_is_never_off_by_more_than_half_a_unit_and_down_never_above(
    value: Fraction, places: int
) -> None:
    unit = Fraction(1, 10**places)
    assert abs(Fraction(budget.fixed(value, places)) - value) <= unit / 2
    assert 0 <= abs(value) - abs(Fraction(budget.fixed(value, places, down=True))) < unit


@pytest.mark.parametrize(
    ("value", "places", "text"), [("0.05", 1, "0.1"), ("-0.04", 1, "0.0"), ("2.5", 0, "3"), ("7", 2, "7.00")]
)
def test_fixed_spelling(value: str, places: int, text: str) -> None:
    assert budget.fixed(value, places) == text
