"""Backtests over slots: episodes, hours, pages a week, budget spent, and what cannot be tried."""

from collections.abc import Sequence
from fractions import Fraction

import pytest

from platform_operations.errors import InputError
from platform_operations.metrics.backtest import AlertCase, backtest, quiet_objective, standard_cases
from platform_operations.metrics.instants import rfc3339
from platform_operations.metrics.snapshot import Snapshot, SnapshotSource
from platform_operations.metrics.source import History, Slot, Span
from platform_operations.model.baseline import Backtest
from platform_operations.model.reliability import Sli
from platform_operations.slo.budget import DAY, HOUR, MINUTE
from platform_operations.slo.sli import NamedSli

START = 1_761_955_200
CHECKOUT = NamedSli("checkout", "availability of checkout", Sli(kind="availability", source="file"))
FIVE = 5 * MINUTE


class Recorded:
    """A source of five-minute slots with a thousand events each, of which some fail."""

    name = "recorded"
    warnings: tuple[str, ...] = ()

    def __init__(
        self, failing: dict[int, Fraction], *, days: int = 28, step: int = FIVE, events: int = 1000
    ) -> None:
        self.step = step
        self.end = START + days * DAY
        self.slots = tuple(
            Slot(at, events * (1 - failing.get((at - START) // HOUR, Fraction(0))), Fraction(events))
            for at in range(START, self.end, step)
        )

    def listed(self) -> tuple[NamedSli, ...]:
        return (CHECKOUT,)

    def newest(self, slis: object, not_after: int | None) -> int | None:
        return self.end if self.slots else None

    def histories(self, slis: Sequence[NamedSli], span: Span) -> tuple[History, ...]:
        inside = tuple(slot for slot in self.slots if span.start <= slot.start < span.end)
        return tuple(History(inside, self.step) for _ in slis)


def named(results: Sequence[Backtest], name: str) -> Backtest:
    return next(result for result in results if result.name == name)


CASES = standard_cases(CHECKOUT, "99.9", 28 * DAY)


def test_a_history_without_failures_fires_nothing_and_spends_nothing() -> None:
    page, ticket = backtest(Recorded({}), CASES)
    assert page.document() == {
        "name": "checkout-fast-burn",
        "status": "ok",
        "episodes": 0,
        "hoursFiring": "0.00",
        "pagesPerWeek": "0.00",
        "budgetSpent": "0.0",
        "reason": "0 episodes in 28d",
    }
    assert ticket.document() == {
        "name": "checkout-slow-burn",
        "status": "ok",
        "episodes": 0,
        "hoursFiring": "0.00",
        "budgetSpent": "0.0",
        "reason": "0 episodes in 28d",
    }


def test_an_hour_of_full_outage_is_one_page_that_ends_when_the_short_window_has_cleared() -> None:
    page = named(backtest(Recorded({100: Fraction(1)}), CASES), "checkout-fast-burn")
    assert (page.status, page.episodes, page.hours_firing, page.pages_per_week) == ("ok", 1, "1.42", "0.25")
    assert page.budget_spent == "148.8"


@pytest.mark.parametrize("ratio", ["0.0144", "0.0145"])
def test_a_pair_fires_above_its_threshold_and_not_at_it(ratio: str) -> None:
    fast = AlertCase("a", "page", sli=CHECKOUT, objective="99.9", conditions=CASES[0].conditions[:1])
    (page,) = backtest(Recorded({hour: Fraction(ratio) for hour in range(100, 103)}), [fast])
    assert (page.episodes == 1) is (ratio == "0.0145")


def test_more_than_two_pages_a_week_are_noise() -> None:
    failing = {hour: Fraction(1, 2) for hour in range(0, 672, 48)}
    page = named(backtest(Recorded(failing), CASES), "checkout-fast-burn")
    assert (page.status, page.episodes, page.pages_per_week) == ("noisy", 14, "3.50")
    assert page.reason == "it would have paged 3.50 times a week, more than 2"


def test_a_ticket_open_for_more_than_a_fifth_of_the_time_is_noise_and_a_quieter_rung_is_found() -> None:
    source = Recorded({hour: Fraction(12, 10_000) for hour in range(672)})
    ticket = named(backtest(source, CASES), "checkout-slow-burn")
    assert (ticket.status, ticket.hours_firing) == ("noisy", "672.00")
    objective, results = quiet_objective(source, CHECKOUT, "99.9", 28 * DAY)
    assert objective == "99.8"
    assert {result.status for result in results} == {"ok"}


def test_a_failure_before_the_interval_still_counts_in_its_long_windows() -> None:
    source = Recorded({26 * 24: Fraction(1, 5)})
    ticket = named(backtest(source, CASES, days=1), "checkout-slow-burn")
    assert ticket.episodes == 0
    late = Recorded({27 * 24 - 1: Fraction(1, 5)})
    assert named(backtest(late, CASES, days=1), "checkout-slow-burn").episodes == 1


def test_slots_longer_than_the_short_window_and_foreign_expressions_are_unsupported_with_the_reason() -> None:
    hourly = Recorded({}, step=HOUR)
    page, ticket = backtest(hourly, CASES)
    assert (page.status, page.reason) == ("unsupported", "slots of 1h are longer than the short window, 5m")
    assert ticket.status == "ok"
    (foreign,) = backtest(hourly, [AlertCase("foreign", "page", "up == 0")])
    assert (foreign.status, foreign.episodes) == ("unsupported", None)


def test_a_source_without_samples_is_no_data() -> None:
    empty = Recorded({}, days=0)
    assert {result.status for result in backtest(empty, CASES)} == {"no-data"}


def test_a_snapshot_gives_back_the_backtests_that_were_recorded_in_it() -> None:
    kept = Backtest(name="checkout-fast-burn", status="noisy", episodes=9, reason="measured then")
    saved = Snapshot.model_validate(
        {
            "schema": "platform-ops/metrics@1",
            "source": "http://prometheus.example",
            "newest": rfc3339(START + DAY),
            "slis": [
                {"id": "checkout", "name": "x", "sli": CHECKOUT.sli.document(), "step": "1h", "slots": []}
            ],
            "backtests": [
                {
                    "objective": "99.9",
                    "start": rfc3339(START - 27 * DAY),
                    "end": rfc3339(START + DAY),
                    "result": kept.document(),
                }
            ],
        }
    )
    source = SnapshotSource("metrics.json", saved)
    assert [result.status for result in backtest(source, CASES)] == ["noisy", "no-data"]
    assert backtest(source, CASES)[0] == kept
    for other in (standard_cases(CHECKOUT, "99.8", 28 * DAY), CASES):
        earlier = rfc3339(START + HOUR) if other is CASES else None
        assert backtest(source, other, as_of=earlier)[0].status == "no-data"


def test_an_objective_at_which_no_page_can_fire_has_a_ticket_alone() -> None:
    assert [case.name for case in standard_cases(CHECKOUT, "80", 28 * DAY)] == ["checkout-slow-burn"]


def test_a_low_rate_guards_the_page_against_a_lone_failure() -> None:
    lone = {hour: Fraction(1, 12) for hour in (100, 300)}
    source = Recorded(lone, events=1)
    guarded = standard_cases(CHECKOUT, "99.9", 28 * DAY, Fraction(12, HOUR))
    plain = standard_cases(CHECKOUT, "99.9", 28 * DAY)
    assert named(backtest(source, plain), "checkout-fast-burn").episodes == 2
    assert named(backtest(source, guarded), "checkout-fast-burn").episodes == 0


def test_days_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="500 days"):
        backtest(Recorded({}), CASES, days=500)
