"""The rollout strategy: one that the component's platforms can carry, and that fits the risk."""

from collections.abc import Iterator
from decimal import Decimal

from platform_operations.model.delivery import ComponentStrategy, Environment
from platform_operations.model.plan import Plan
from platform_operations.platforms import platform
from platform_operations.validate.compose.canary import in_use
from platform_operations.validate.compose.parties import REGISTRIES, carriers
from platform_operations.validate.compose.stages import component_of
from platform_operations.validate.compose.strategies import mechanisms_of, strategy_entry, unstopping
from platform_operations.validate.edits import amend
from platform_operations.validate.expectations import runs_for_users
from platform_operations.validate.rule import Review, Violation, rule


def place_of(plan: Plan, row: ComponentStrategy) -> Environment | None:
    """Return the environment that a strategy is for."""
    return next((place for place in plan.environments if place.id == row.environment), None)


@rule("workflow")
def strategy_unsupported(review: Review) -> Iterator[Violation]:
    """A strategy that no platform of the component can carry out."""
    for row in review.plan.deploy_strategy.components:
        component = review.related.components.get(row.component)
        if component is None:
            continue
        able = mechanisms_of(component, review.graph.environments.get(row.environment))
        offered = able.get(row.mechanism)
        known = offered.strategy if offered else _evidenced(review, row)
        shares = [Decimal(step.traffic) for step in row.steps]
        if shares and (shares != sorted(set(shares)) or shares[-1] != 100 or shares[0] <= 0):
            yield Violation(
                ("deployStrategy", row.id, "steps"),
                f"strategy {row.id!r} shows the new version to {', '.join(step.traffic for step in row.steps)}% of "
                "traffic: each step must widen it, and the last gives it to everyone",
                repair=lambda plan, row=row: _replaced(review, plan, row),
            )
        if known is None:
            why = (
                f"uses {row.mechanism!r}, which none of {', '.join(component.platforms) or 'its platforms'} "
                "offers"
            )
        elif known != row.kind:
            why = f"is called {row.kind}, and {row.mechanism} carries out {known}"
        else:
            continue
        yield Violation(
            ("deployStrategy", row.id, "mechanism"),
            f"strategy {row.id!r} {why}",
            repair=lambda plan, row=row: _replaced(review, plan, row),
            allowed=tuple(word for word in able if able[word].strategy == row.kind) or tuple(able),
        )


def _evidenced(review: Review, row: ComponentStrategy) -> str | None:
    """Return what the mechanism carries out where what it requires stands in an assumption of the plan."""
    component = review.related.components.get(row.component)
    places = carriers(component) if component else ()
    registries = platform(REGISTRIES)
    for place in (*places, *([registries] if registries else [])):
        mechanism = place.mechanisms.get(row.mechanism)
        assumed = f"deployStrategy/{row.id}" in review.related.assumed
        there = row.origin == "existing" or in_use(review, row.component, row.mechanism)
        if mechanism is not None and (assumed or there):
            return mechanism.strategy
    return None


def _replaced(review: Review, plan: Plan, row: ComponentStrategy) -> Plan | None:
    component, place = component_of(plan, row.component), place_of(plan, row)
    if component is None or place is None:
        return None
    return strategy_entry(review, plan.without_entry("deployStrategy", row.id), component, place)


@rule("workflow")
def strategy_mismatches_risk(review: Review) -> Iterator[Violation]:
    """A strategy for another risk, or one that stops a running service although the risk is not low."""
    level = review.plan.target.risk_profile.level
    for row in review.plan.deploy_strategy.components:
        component = review.related.components.get(row.component)
        place = review.graph.environments.get(row.environment)
        if component is None or place is None or place.kind != "production":
            continue
        if row.because != level:
            yield Violation(
                ("deployStrategy", row.id, "because"),
                f"strategy {row.id!r} was chosen for {row.because} risk; the target's is {level}",
                repair=lambda plan, row=row: amend(plan, "deployStrategy", row.id, because=level),
                allowed=(level,),
            )
        better = unstopping(review.plan, component, place)
        if row.kind == "recreate" and level != "low" and runs_for_users(component) and better:
            yield Violation(
                ("deployStrategy", row.id, "kind"),
                f"strategy {row.id!r} stops the old version before the new one runs, at {level} risk; "
                f"{', '.join(better)} would not",
                repair=lambda plan, row=row: _replaced(review, plan, row),
                allowed=better,
            )
