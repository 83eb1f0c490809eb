"""The PromQL of burn-rate and absence alerts."""

from fractions import Fraction

import pytest

from platform_operations.errors import InputError
from platform_operations.model.reliability import Sli
from platform_operations.slo.budget import DAY, HOUR, Pair, pairs_for
from platform_operations.slo.expressions import (
    absence_expression,
    burn_conditions,
    burn_expression,
    error_ratio,
)
from platform_operations.slo.promql import Unreadable, parsed

GOOD = 'sum(increase(r_total{job="checkout",code!~"5.."}[$window]))'
TOTAL = 'sum(increase(r_total{job="checkout"}[$window]))'
SLI = Sli(kind="availability", source="prometheus", good=GOOD, total=TOTAL)
PAGES = [pair for pair in pairs_for("99.9", 28 * DAY) if pair.pages]


def spelled(window: str) -> str:
    good, total = GOOD.replace("$window", window), TOTAL.replace("$window", window)
    return f"(1 - ({good} or vector(0)) / (({total}) > 0))"


def test_a_page_needs_both_windows_of_either_pair_above_an_exact_threshold() -> None:
    expression = burn_expression(SLI, burn_conditions("99.9", 28 * DAY, PAGES))
    assert expression == (
        f"(\n  {spelled('1h')} > 0.0144\nand\n  {spelled('5m')} > 0.0144\n)\nor\n"
        f"(\n  {spelled('6h')} > 0.006\nand\n  {spelled('30m')} > 0.006\n)"
    )
    assert not isinstance(parsed(expression), Unreadable)


def test_each_condition_says_when_it_detects_a_full_outage_and_what_is_spent_by_then() -> None:
    first, second = burn_conditions("99.9", 28 * DAY, PAGES)
    assert (first.limit, first.detection, first.used) == (
        Fraction("0.0144"), Fraction("51.84"), Fraction(144 * HOUR, 280 * DAY),
    )  # fmt: skip
    assert (second.limit, second.detection) == (Fraction("0.006"), Fraction("129.6"))


@pytest.mark.parametrize(
    ("per_hour", "guards"),
    [
        (100, [None, None]),
        (60, [5, None]),
        (20, [5, 5]),
        (6, [3, 5]),
        (4, [2, 5]),
        (3, [5]),
        (Fraction(1, 2), []),
    ],
)
def test_low_traffic_asks_for_as_many_failures_as_can_happen_and_drops_pairs_that_see_too_little(
    per_hour: Fraction, guards: list[int | None]
) -> None:
    found = burn_conditions("99.9", 28 * DAY, PAGES, Fraction(per_hour) / HOUR)
    assert [condition.least_failures for condition in found] == guards


def test_the_guard_counts_failures_over_the_long_window() -> None:
    expression = burn_expression(SLI, burn_conditions("99.9", 28 * DAY, PAGES[:1], Fraction(6, HOUR)))
    total, good = TOTAL.replace("$window", "1h"), GOOD.replace("$window", "1h")
    assert f"and\n  (({total}) - ({good} or vector(0))) >= 3" in expression


@pytest.mark.parametrize(("objective", "factor"), [("90", "14.4"), ("99.9", "0.9")])
def test_a_pair_that_can_never_fire_or_is_sustainable_is_refused(objective: str, factor: str) -> None:
    with pytest.raises(InputError, match="no alert for"):
        burn_conditions(objective, 28 * DAY, [Pair(HOUR, 300, Fraction(factor), pages=True)])


def test_a_grouped_sli_fills_missing_good_series_group_by_group() -> None:
    grouped = Sli(
        kind="availability",
        source="prometheus",
        good="sum by (r) (increase(g[$window]))",
        total="sum by (r) (increase(t[$window]))",
    )
    assert error_ratio(grouped, "5m") == (
        "(1 - (sum by (r) (increase(g[5m])) or 0 * (sum by (r) (increase(t[5m]))))"
        " / ((sum by (r) (increase(t[5m]))) > 0))"
    )


def test_an_sli_without_queries_has_no_expression() -> None:
    with pytest.raises(InputError, match="without `good` and `total`"):
        error_ratio(Sli(kind="latency", source="file"), "5m")


@pytest.mark.parametrize(
    ("total", "expression"),
    [
        (TOTAL, 'absent(r_total{job="checkout"})'),
        (
            "sum(increase(a[$window])) + sum(increase(b[$window])) + sum(increase(a[$window]))",
            "absent(a) or absent(b)",
        ),
        ("sum(", None),
        (None, None),
    ],
)
def test_absence_is_asked_of_every_selector_of_the_total(total: str | None, expression: str | None) -> None:
    assert absence_expression(SLI.model_copy(update={"total": total})) == expression
