"""What a release that fails wholly costs of the error budget: where delivery and observability meet.

At a step with traffic share s such a release spends s x (detection + rollback) / (window x (1 - T)) of the
budget. Detection is the shorter of how often the step is judged and the burn-rate alert's analytic time at
the error ratio that the alert sees: s for a signal of the whole service, 1 for one of the new version.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from platform_operations.model.delivery import ExposureCost, Step, StepCost
from platform_operations.model.words import Scope
from platform_operations.slo.budget import (
    MINUTE,
    Exact,
    Pair,
    decimal,
    detection_time,
    error_budget,
    events_needed,
    fixed,
    threshold,
)
from platform_operations.slo.durations import duration, seconds


class StepExposure(NamedTuple):
    """What one step costs: `detection` and `rollback` in seconds, `spent` as a share of the window's budget.

    `events` are those the new version meets while the step holds, None without a known rate. `needed` are
    the events below which one failure looks like a burn, None without a paging pair; `blind` says that the
    whole service's ratio cannot show the failure.
    """

    traffic: Fraction
    detection: int
    rollback: int
    spent: Fraction
    events: Fraction | None
    needed: Fraction | None
    blind: bool

    @property
    def underpowered(self) -> bool:
        """Whether the step sees too few events to tell a bad version from one unlucky request."""
        return self.events is not None and self.needed is not None and self.events < self.needed

    @lru_cache(maxsize=4096)  # noqa: B019 - a frozen value of a few numbers
    def cost(self) -> StepCost:
        """The step's cost as a plan carries it: percent with one decimal, half up; whole events."""
        return StepCost(
            traffic=decimal(self.traffic * 100),
            detection=duration(self.detection),
            rollback=duration(self.rollback),
            budget_spent=fixed(self.spent * 100, 1),
            events=None if self.events is None else fixed(self.events, 0, down=True),
        )


def exposure(
    steps: Sequence[Step],
    objective: str,
    window: int,
    rollback_limit: int,
    pairs: Sequence[Pair],
    event_rate: Exact | None,
) -> tuple[StepExposure, ...]:
    """The cost of a wholly failed release at each step.

    `objective` in percent, `window` and `rollback_limit` in seconds, `pairs` the alert's window pairs (those
    that page count), `event_rate` in events a second from the baseline. A step without an interval is judged
    once, at the end of its hold.
    """
    known = (objective, window, rollback_limit, tuple(pairs), event_rate)
    return tuple(_step(step.traffic, step.hold, step.interval, step.scope, *known) for step in steps)


@lru_cache(maxsize=4096)
def _step(
    traffic: str,
    hold: str,
    interval: str | None,
    scope: Scope,
    objective: str,
    window: int,
    rollback: int,
    pairs: tuple[Pair, ...],
    event_rate: Exact | None,
) -> StepExposure:
    share = Fraction(traffic) / 100
    seen = Fraction(1) if scope == "new-version" else share
    fastest = _fastest(objective, seen, pairs)
    judged = seconds(interval or hold)
    detection = _whole_minutes(judged if fastest is None else min(fastest[0], Fraction(judged)))
    factor = fastest[1] if fastest is not None else _smallest_factor(pairs)
    return StepExposure(
        traffic=share,
        detection=detection,
        rollback=rollback,
        spent=spent(share, detection + rollback, objective, window),
        events=None if event_rate is None else Fraction(event_rate) * share * seconds(hold),
        needed=None if factor is None else events_needed(objective, factor),
        blind=scope == "whole-service" and blind(share, objective, pairs),
    )


def spent(share: Exact, length: int, objective: str, window: int) -> Fraction:
    """The part of the budget that a failure of `share` of the traffic uses in `length` seconds."""
    return Fraction(share) * length / (window * error_budget(objective))


def blind(share: Exact, objective: str, pairs: Sequence[Pair]) -> bool:
    """Whether a failure of this share of traffic stays at or below every paging threshold of the service."""
    factor = _smallest_factor(pairs)
    return factor is not None and Fraction(share) <= threshold(objective, factor)


def worst_before_everyone(costs: Sequence[StepExposure]) -> Fraction:
    """The highest cost of the steps that a release must pass before everyone meets it.

    The last step is left out: whoever fails there already has everyone. A single step counts itself, and
    no step at all costs nothing.
    """
    return max((cost.spent for cost in costs[:-1] or costs), default=Fraction(0))


def exposure_cost(slo: str, costs: Sequence[StepExposure]) -> ExposureCost:
    """The cost of a whole strategy as a plan carries it."""
    worst = fixed(worst_before_everyone(costs) * 100, 1)
    return ExposureCost(slo=slo, steps=tuple(cost.cost() for cost in costs), worst=worst)


def _fastest(objective: str, ratio: Fraction, pairs: Sequence[Pair]) -> tuple[Fraction, Fraction] | None:
    times = [
        (time, pair.factor)
        for pair in pairs
        if pair.pages and (time := detection_time(objective, ratio, pair.long, pair.factor)) is not None
    ]
    return min(times, default=None)


def _smallest_factor(pairs: Sequence[Pair]) -> Fraction | None:
    return min((pair.factor for pair in pairs if pair.pages), default=None)


def _whole_minutes(length: Exact) -> int:
    return -(-Fraction(length) // MINUTE) * MINUTE
