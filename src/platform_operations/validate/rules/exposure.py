"""Delivery meets observability: what a failed release costs at each step of the strategy, and who could see it."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from platform_operations.model.delivery import Component, ComponentStrategy, ExposureCost
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Slo
from platform_operations.slo.budget import fastest_detection, fixed, pairs_for
from platform_operations.slo.durations import seconds
from platform_operations.slo.exposure import (
    StepExposure,
    exposure,
    exposure_cost,
    spent,
    worst_before_everyone,
)
from platform_operations.validate.compose.canary import canary
from platform_operations.validate.compose.parties import carriers, fits
from platform_operations.validate.compose.release import TIME_LIMIT
from platform_operations.validate.compose.runbooks import aligned
from platform_operations.validate.edits import amend
from platform_operations.validate.rule import Review, Violation, rule


class Stake(NamedTuple):
    """What one strategy puts at stake: the promise it is measured by, and the cost of each of its steps."""

    slo: Slo
    costs: tuple[StepExposure, ...]
    unstepped: Fraction | None

    @property
    def worst(self) -> Fraction:
        """The largest share of the budget that a release can spend before everyone meets it."""
        return self.unstepped if self.unstepped is not None else worst_before_everyone(self.costs)


def stake_of(review: Review, row: ComponentStrategy) -> Stake | None:
    """Return what a strategy in production puts at stake; None where no promise with an objective says."""
    known: dict[int, tuple[ComponentStrategy, Stake | None]] = review.worked_out.setdefault("stakes", {})
    if id(row) not in known:
        # The row is kept beside its stake, so that no other can come to have its identity.
        known[id(row)] = (row, _stake_of(review, row))
    return known[id(row)][1]


def _stake_of(review: Review, row: ComponentStrategy) -> Stake | None:
    place = review.graph.environments.get(row.environment)
    slo = _promise(review, row)
    if place is None or place.kind != "production" or slo is None or slo.objective is None:
        return None
    pairs = pairs_for(slo.objective, seconds(slo.window))
    limit = seconds(_way_back(review, row))
    costs = exposure(row.steps, slo.objective, seconds(slo.window), limit, pairs, _rate(review, slo))
    return Stake(slo, costs, None if row.steps else _at_once(review, row, slo, limit))


def _promise(review: Review, row: ComponentStrategy) -> Slo | None:
    """The availability promise of the component, else its first with an objective."""
    promised = [slo for slo in review.related.slos_of.get(row.component, ()) if slo.objective is not None]
    named = [slo for slo in promised if row.exposure is not None and slo.id == row.exposure.slo]
    return next(
        (slo for slo in (*named, *(s for s in promised if s.sli.kind == "availability"), *promised)), None
    )


def _way_back(review: Review, row: ComponentStrategy) -> str:
    backs = review.related.rollbacks_in.get((row.component, row.environment), ())
    return next((back.time_limit for back in backs if back.time_limit), TIME_LIMIT)


def _rate(review: Review, slo: Slo) -> Fraction | None:
    """Events a second at the baseline."""
    entry = review.plan.ledger.get(slo.baseline or "")
    if entry is None or entry.total_events is None or not entry.samples or entry.step is None:
        return None
    return Fraction(entry.total_events) / (entry.samples * seconds(entry.step))


def _at_once(review: Review, row: ComponentStrategy, slo: Slo, limit: int) -> Fraction:
    """The cost of a strategy without steps: everyone, or nobody where a verification precedes the switch."""
    if _verified_before_switch(review, row):
        return Fraction(0)
    pairs = [pair for pair in pairs_for(slo.objective or "0", seconds(slo.window)) if pair.pages]
    found = fastest_detection(slo.objective or "0", 1, pairs)
    detection = -(-found // 60) * 60 if found is not None else Fraction(seconds("1h"))
    return spent(1, int(detection) + limit, slo.objective or "0", seconds(slo.window))


def _verified_before_switch(review: Review, row: ComponentStrategy) -> bool:
    """Whether the new version is verified in production itself before users are switched to it."""
    if row.kind not in {"blue-green", "atomic-promote", "publish"}:
        return False
    releases = [
        stage
        for stage in review.graph.releases_of(row.component)
        if stage.exposure != "partial" and stage.environment == row.environment
    ]
    return bool(releases) and all(
        any(
            review.graph.guarded_by(release.id, stage.id)
            for stage in review.graph.lower_verifications(release)
        )
        for release in releases
    )


def cheaper(component: Component) -> tuple[str, ...]:
    """Return the mechanisms on the platforms' pages that show a release to fewer users first, or to none."""
    return tuple(
        word
        for place in carriers(component)
        for word, mechanism in place.mechanisms.items()
        if mechanism.strategy in {"canary", "blue-green", "atomic-promote"} and fits(component, word)
    )


@rule("workflow")
def strategy_exceeds_budget(review: Review) -> Iterator[Violation]:
    """A failed release would spend too much of the error budget; a warning where no strategy of the platform spends less."""
    for row in review.plan.deploy_strategy.components:
        component, stake = review.related.components.get(row.component), stake_of(review, row)
        if component is None or stake is None or stake.worst * 100 <= Fraction(review.budget_share):
            continue
        better = cheaper(component)
        avoidable = bool(better or row.steps)
        yield Violation(
            ("deployStrategy", row.id, "steps" if row.steps else "mechanism"),
            f"a release of {row.component!r} that fails wholly spends {fixed(stake.worst * 100, 1)}% of the error budget of "
            f"{stake.slo.id!r} before it is taken back; at most {review.budget_share}% is allowed"
            + ("" if avoidable else f", and no strategy of {', '.join(component.platforms)} spends less"),
            severity="error" if avoidable else "warning",
            repair=lambda plan, name=row.id: _stepped(review, plan, name),
            allowed=better,
            source=next((uri for uri in row.evidence if uri.startswith("repo:")), None),
        )


@rule("workflow")
def canary_underpowered(review: Review) -> Iterator[Violation]:
    """A step sees so few events that one unlucky request looks like a bad release."""
    for row, stake, index, cost in _steps(review):
        if cost.underpowered and judged_step(row, index):
            yield Violation(
                ("deployStrategy", row.id, "steps", index, "hold"),
                f"step {index + 1} of {row.id!r} sees {fixed(cost.events or 0, 0, down=True)} events in its hold; "
                f"{fixed(cost.needed or 0, 0)} are needed to judge {stake.slo.id!r}",
            )


@rule("workflow")
def canary_blind(review: Review) -> Iterator[Violation]:
    """A step is judged by a signal of the whole service, in which a failure of its share of traffic cannot be seen."""
    for row, stake, index, _ in _steps(review):
        if index < len(row.steps) - 1 and not _judges(review, row, index):
            yield Violation(
                ("deployStrategy", row.id, "steps", index, "judgedBy"),
                f"nothing judges step {index + 1} of {row.id!r}: a failure in {row.steps[index].traffic}% of traffic "
                "goes on to everyone",
                repair=lambda plan, row=row, stake=stake: _judged(plan, row.id, stake.slo.id),
                allowed=(f"slo:{stake.slo.id}",),
            )
    for row, stake, index, cost in _steps(review):
        if cost.blind and judged_step(row, index) and index < len(row.steps) - 1:
            yield Violation(
                ("deployStrategy", row.id, "steps", index, "scope"),
                f"step {index + 1} of {row.id!r} shows {row.steps[index].traffic}% of traffic to the new version and judges the whole "
                f"service by {stake.slo.id!r}, whose alerts such a failure does not reach; judge the new version",
                repair=lambda plan, row=row: _by_new_version(plan, row.id),
                allowed=("new-version",),
            )


def _judges(review: Review, row: ComponentStrategy, index: int) -> bool:
    """Whether something judges the step while it holds: a signal of the component itself, looked at often enough."""
    step = row.steps[index]
    slow = step.interval is not None and seconds(step.interval) > seconds(step.hold)
    return not slow and any(_tells_of(review, row, signal) for signal in step.judged_by)


def _tells_of(review: Review, row: ComponentStrategy, signal: str) -> bool:
    """Whether a signal can tell of the new version: not one of another component, nor a stage that is over before."""
    kind, _, name = signal.partition(":")
    section = {"slo": "slos", "alert": "alerts", "stage": "pipelineStages"}.get(kind)
    entry = review.plan.by_name.get(f"{section}/{name}") if section else None
    if entry is not None and getattr(entry, "component", None) != row.component:
        return False
    releases = [
        stage for stage in review.graph.releases_of(row.component) if stage.environment == row.environment
    ]
    return kind != "stage" or not any(review.graph.guarded_by(stage.id, name) for stage in releases)


def judged_step(row: ComponentStrategy, index: int) -> bool:
    """Whether a promise judges the step."""
    return any(signal.startswith("slo:") for signal in row.steps[index].judged_by)


def _steps(review: Review) -> Iterator[tuple[ComponentStrategy, Stake, int, StepExposure]]:
    for row in review.plan.deploy_strategy.components:
        stake = stake_of(review, row) if row.steps else None
        for index, cost in enumerate(stake.costs if stake else ()):
            if stake is not None:
                yield row, stake, index, cost


def _judged(plan: Plan, name: str, slo: str) -> Plan | None:
    row = plan.by_name.get(f"deployStrategy/{name}")
    if not isinstance(row, ComponentStrategy):
        return None
    steps = tuple(
        step.model_copy(
            update={
                "judged_by": (f"slo:{slo}",),
                "interval": step.interval
                if step.interval is None or seconds(step.interval) <= seconds(step.hold)
                else step.hold,
            }
        )
        if step in row.steps[:-1]
        else step
        for step in row.steps
    )
    return amend(plan, "deployStrategy", name, steps=steps)


def _by_new_version(plan: Plan, name: str) -> Plan | None:
    row = plan.by_name.get(f"deployStrategy/{name}")
    if not isinstance(row, ComponentStrategy):
        return None
    steps = tuple(step.model_copy(update={"scope": "new-version"}) for step in row.steps[:-1])
    return amend(plan, "deployStrategy", name, steps=(*steps, *row.steps[-1:]))


def _stepped(review: Review, plan: Plan, name: str) -> Plan | None:
    now = Review(plan, review.assessment)
    row = plan.by_name.get(f"deployStrategy/{name}")
    slo = _promise(now, row) if isinstance(row, ComponentStrategy) else None
    if not isinstance(row, ComponentStrategy) or slo is None:
        return None
    return aligned(now, canary(now, plan, row, slo, _rate(now, slo)), row.component)


def forged_costs(review: Review) -> Iterator[Violation]:
    """Yield where a strategy says that a failed release costs something else than its steps give."""
    for row in review.plan.deploy_strategy.components:
        wanted = cost_of(review, row)
        if row.exposure is None or row.exposure == wanted:
            continue
        gives = "nothing that could be computed without a promise" if wanted is None else f"{wanted.worst}%"
        yield Violation(
            ("deployStrategy", row.id, "exposure"),
            f"strategy {row.id!r} says that a failed release costs {row.exposure.worst}% of the budget at worst; its steps give {gives}",
        )


def cost_of(review: Review, row: ComponentStrategy) -> ExposureCost | None:
    """Return the cost that a stepped strategy must carry, None for one without steps or without a promise."""
    stake = stake_of(review, row)
    return exposure_cost(stake.slo.id, stake.costs) if stake is not None and stake.costs else None
