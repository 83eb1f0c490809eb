"""What a wholly failed release costs at each step of a strategy."""

from fractions import Fraction

import pytest

from platform_operations.model.delivery import Step
from platform_operations.slo.budget import DAY, MINUTE, pairs_for
from platform_operations.slo.exposure import exposure, exposure_cost, worst_before_everyone

WINDOW = 28 * DAY
RATE = Fraction(144_104_456, WINDOW)
PAIRS = pairs_for("99.9", WINDOW)
CANARY = (
    Step(traffic="5", hold="10m", interval="1m", scope="new-version"),
    Step(traffic="25", hold="20m", interval="1m", scope="new-version"),
    Step(traffic="100", hold="30m", interval="1m", scope="whole-service"),
)


def test_the_plan_format_s_canary_costs_what_its_example_says() -> None:
    costs = exposure(CANARY, "99.9", WINDOW, 10 * MINUTE, PAIRS, RATE)
    assert exposure_cost("checkout-availability", costs).document() == {
        "slo": "checkout-availability",
        "steps": [
            {"traffic": "5", "detection": "1m", "rollback": "10m", "budgetSpent": "1.4", "events": "1787"},
            {"traffic": "25", "detection": "1m", "rollback": "10m", "budgetSpent": "6.8", "events": "17870"},
            {
                "traffic": "100",
                "detection": "1m",
                "rollback": "10m",
                "budgetSpent": "27.3",
                "events": "107220",
            },
        ],
        "worst": "6.8",
    }
    assert not any(cost.underpowered or cost.blind for cost in costs)


@pytest.mark.parametrize(
    ("traffic", "scope", "interval", "detection"),
    [
        ("5", "new-version", "1m", 60),
        ("5", "new-version", "30s", 60),
        ("5", "whole-service", "1h", 18 * MINUTE),
        ("1", "whole-service", "24h", 216 * MINUTE),
        ("1", "new-version", "24h", 60),
        ("0.5", "whole-service", "24h", 1440 * MINUTE),
        ("5", "whole-service", None, 10 * MINUTE),
    ],
)
def test_detection_is_the_shorter_of_judging_and_the_alert_at_the_ratio_it_sees_in_whole_minutes(
    traffic: str, scope: str, interval: str | None, detection: int
) -> None:
    step = Step.model_validate({"traffic": traffic, "hold": "10m", "interval": interval, "scope": scope})
    (cost,) = exposure([step], "99.9", WINDOW, 0, PAIRS, None)
    assert cost.detection == detection


@pytest.mark.parametrize(("traffic", "blind"), [("0.5", True), ("0.6", True), ("0.7", False)])
def test_a_whole_service_signal_is_blind_up_to_the_smallest_paging_threshold(
    traffic: str, blind: bool
) -> None:
    steps = [
        Step(traffic=traffic, hold="10m", scope="whole-service"),
        Step(traffic=traffic, hold="10m", scope="new-version"),
    ]
    assert [cost.blind for cost in exposure(steps, "99.9", WINDOW, 0, PAIRS, None)] == [blind, False]


@pytest.mark.parametrize(("rate", "underpowered"), [("2.31", True), ("2.32", False), (None, False)])
def test_a_step_is_underpowered_below_the_events_at_which_one_failure_looks_like_a_burn(
    rate: str | None, underpowered: bool
) -> None:
    (cost,) = exposure([CANARY[0]], "99.9", WINDOW, 600, PAIRS, rate)
    assert cost.underpowered is underpowered


def test_a_single_step_counts_itself_and_no_step_costs_nothing() -> None:
    whole = exposure(CANARY[2:], "99.9", WINDOW, 600, PAIRS, RATE)
    assert worst_before_everyone(whole) == Fraction(11 * MINUTE * 1000, WINDOW)
    assert worst_before_everyone(()) == 0


def test_an_objective_without_a_feasible_page_is_judged_by_the_interval_alone() -> None:
    (cost,) = exposure([CANARY[0]], "80", WINDOW, 600, pairs_for("80", WINDOW), RATE)
    assert (cost.detection, cost.needed, cost.blind) == (60, None, False)
