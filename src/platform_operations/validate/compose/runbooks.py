"""New runbooks: what is hurt, how to see it, what to do and whom to call."""

import re

from platform_operations.model.delivery import Component
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, Runbook
from platform_operations.validate.compose.kubernetes import in_namespace, namespace_flag
from platform_operations.validate.compose.parties import (
    carriers,
    environment_of,
    owner_of,
    url_of,
    with_owner,
)
from platform_operations.validate.edits import kebab
from platform_operations.validate.rule import Review

_ABOUT_FAILURE = re.compile(r"error|fail|5xx|burn|down|outage|unavailab|availab")


def runbook_for(review: Review, plan: Plan, alert: Alert) -> tuple[Plan, str]:
    """Return the plan with a runbook that fits the alert: one the plan has for it, else a new one."""
    if alert.runbook:
        return plan, alert.runbook
    name = kebab(f"{alert.component}-{'silent' if alert.kind == 'absence' else 'failing'}")
    known = [book.id for book in plan.runbooks]
    about = [book for book in known if alert.kind != "absence" and _ABOUT_FAILURE.search(book)]
    own = [book for book in about if book.startswith(alert.component)]
    for fitting in (alert.id, name, *own, *(about if len(plan.components) == 1 else ())):
        if fitting in known:
            return plan, fitting
    book = Runbook(id=name, path=f"runbooks/{name}.md")
    plan = plan.with_entry("runbooks", book)
    return actionable(review, plan, name, alert.component), name


def said(text: str | None) -> str | None:
    """Return the text, None where it is blank."""
    return text if text and text.strip() else None


def spoken(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines that say something."""
    return tuple(line for line in lines if line.strip())


def actionable(review: Review, plan: Plan, name: str, component: str) -> Plan:
    """Return the plan in which a runbook says what is hurt, how to see it, what to do and whom to call."""
    book = plan.by_name[f"runbooks/{name}"]
    if not isinstance(book, Runbook):
        return plan
    owner = owner_of(review, plan, component)
    entry = next((known for known in plan.components if known.id == component), None)
    production = environment_of(plan, "production")
    place = production.id if production else "production"
    back = next((row for row in plan.rollback_plan if row.component == component), None)
    health = review.value(f"components/{component}", "health-endpoint")
    look = [f"curl --fail --show-error {url_of(production)}{health}"] if health else []
    look += [f"Compare the last release of {component} with the start of the alert"]
    ways = _ways_back(review, entry, back.mechanism if back else None) if entry else []
    update = {
        "impact": said(book.impact) or f"Users of {component} in {place} meet errors or no answer.",
        "confirm": spoken(book.confirm) or tuple(look),
        "mitigate": spoken(book.mitigate)
        or tuple(ways)
        or (f"Return {component} to the release before the last one",),
        "rollback": book.rollback or (back.id if back else None),
        "escalate": said(book.escalate) or owner,
        "owner": book.owner or owner,
    }
    plan = plan.with_entry("runbooks", book.model_copy(update=update))
    return with_owner(plan, owner, (f"runbooks/{name}/owner", f"runbooks/{name}/escalate"))


def _ways_back(review: Review, component: Component, mechanism: str | None) -> list[str]:
    """Return the rollback in words and commands: the plan's own mechanism, else the first of the platform."""
    for place in carriers(component):
        for word, way in place.rollbacks.items():
            if mechanism not in {word, None}:
                continue
            space = namespace_flag(review, None, "production") if place.id == "kubernetes" else ""
            lines = [
                in_namespace(
                    line.replace("{name}", component.id).replace("{environment}", "production"), space
                )
                for line in way.commands[:1]
            ]
            known = [line for line in lines if "{" not in line]
            return [f"Roll back with {word}: {known[0]}" if known else f"Roll back with {word}"]
    return []
