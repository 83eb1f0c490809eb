"""New runbooks: what is hurt, how to see it, what to do and whom to call."""

from collections.abc import Mapping
from types import MappingProxyType

from platform_operations.model.delivery import Component, Environment, Rollback
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, Runbook
from platform_operations.patterns import regex
from platform_operations.validate.compose.kubernetes import namespace_flag, workload_of
from platform_operations.validate.compose.parameters import commands_of
from platform_operations.validate.compose.parties import (
    SERVING,
    asked_path,
    carriers,
    environment_of,
    fits,
    owner_of,
    url_of,
    with_owner,
)
from platform_operations.validate.compose.release import ways_back
from platform_operations.validate.edits import kebab
from platform_operations.validate.rule import Review

_ABOUT_FAILURE = regex(r"error|fail|5xx|burn|down|outage|unavailab|availab")


def runbook_for(review: Review, plan: Plan, alert: Alert) -> tuple[Plan, str]:
    """Return the plan with a runbook that fits the alert: one the plan has for it, else a new one.

    What speaks of users' failures fits the alerts on those; an alert on a cause has one of its own.
    """
    if alert.runbook:
        return plan, alert.runbook
    known = [book.id for book in plan.runbooks]
    cause = alert.kind == "cause" and not _ABOUT_FAILURE.search(alert.id)
    name = (
        alert.id
        if cause
        else kebab(f"{alert.component}-{'silent' if alert.kind == 'absence' else 'failing'}")
    )
    about = [book for book in known if alert.kind != "absence" and _ABOUT_FAILURE.search(book)]
    own = [book for book in about if book.startswith(alert.component)]
    shared = () if cause else (*own, *(about if len(plan.components) == 1 else ()))
    for fitting in (alert.id, name, *shared):
        if fitting in known:
            return plan, fitting
    book = Runbook(id=name, path=f"runbooks/{name}.md")
    plan = plan.with_entry("runbooks", book)
    return actionable(review, plan, name, alert.component, alert if cause else None), name


def said(text: str | None) -> str | None:
    """Return the text, None where it is blank."""
    return text if text and text.strip() else None


def spoken(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines that say something."""
    return tuple(line for line in lines if line.strip())


def actionable(review: Review, plan: Plan, name: str, component: str, cause: Alert | None = None) -> Plan:
    """Return the plan in which a runbook says what is hurt, how to see it, what to do and whom to call.

    For an alert on a cause: how to see whether users meet it yet, and what to look for first.
    """
    book = plan.by_name[f"runbooks/{name}"]
    if not isinstance(book, Runbook):
        return plan
    owner = owner_of(review, plan, component)
    entry = next((known for known in plan.components if known.id == component), None)
    production = environment_of(plan, "production")
    place = production.id if production else "production"
    back = next((row for row in plan.rollback_plan if row.component == component), None)
    ways = _ways_back(review, plan, entry, back) if entry else []
    if cause is not None:
        impact = f"Users of {component} may not feel it yet: {cause.id} is a cause of what they would meet in {place}."
        look = [f"Look at how `{cause.expression}` went since the last release"] if cause.expression else []
        look += _looks(review, plan, entry, production)
        mend = [
            f"Where it began with a release of {component}: {way[0].lower()}{way[1:]}" for way in ways[:1]
        ] + ways[1:]
        mend += [
            f"Where load or age brought it: give {component} more of what it lacks, and open a ticket on why"
        ]
    else:
        impact = _impact(entry, component, place)
        look = [
            *_looks(review, plan, entry, production),
            f"Compare the start of the alert with the last release of {component}",
        ]
        mend = ways or [f"Return {component} to the release before the last one"]
    update = {
        "impact": said(book.impact) or impact,
        "confirm": spoken(book.confirm) or tuple(look),
        "mitigate": spoken(book.mitigate) or tuple(mend),
        "rollback": book.rollback or (back.id if back else None),
        "escalate": said(book.escalate) or owner,
        "owner": book.owner or owner,
    }
    plan = plan.with_entry("runbooks", book.model_copy(update=update))
    return with_owner(plan, owner, (f"runbooks/{name}/owner", f"runbooks/{name}/escalate"))


def aligned(review: Review, plan: Plan | None, component: str | None) -> Plan | None:
    """Return the plan whose new runbooks of a component name the way back that the plan has for it by now."""
    back = next((row for row in plan.rollback_plan if row.component == component), None) if plan else None
    entry = next((known for known in plan.components if known.id == component), None) if plan else None
    if plan is None or back is None or entry is None:
        return plan
    led_to = {alert.runbook for alert in plan.alerts if alert.component == component}
    ways = _ways_back(review, plan, entry, back)
    rolls = any(
        row.component == component and row.mechanism.startswith("argo-")
        for row in plan.deploy_strategy.components
    )
    for book in plan.runbooks:
        today = review.as_is is not None and f"runbooks/{book.id}" in review.as_is.by_name
        if book.id not in led_to or today:
            continue
        at = next((index for index, line in enumerate(book.mitigate) if _BACK in line.lower()), None)
        mitigate = book.mitigate
        if at is not None and ways:
            before = mitigate[at].lower().index(_BACK)
            first = mitigate[at][:before] + (ways[0] if before == 0 else ways[0][0].lower() + ways[0][1:])
            rest = tuple(line for line in mitigate[at + 1 :] if not line.startswith("Then: "))
            mitigate = (*mitigate[:at], first, *ways[1:], *rest)
        confirm = tuple(
            _LOGS.sub(r"kubectl argo rollouts get rollout \g<name>\g<space>", line) if rolls else line
            for line in book.confirm
        )
        of_failures = at is None or book.mitigate[at].lower().startswith(_BACK)
        plan = plan.with_entry(
            "runbooks",
            book.model_copy(
                update={
                    "mitigate": mitigate,
                    "confirm": confirm,
                    "rollback": book.rollback or (back.id if of_failures else None),
                }
            ),
        )
    return plan


_BACK = "take the release back"
_LOGS = regex(r"kubectl(?P<space>(?: -n \S+)?) logs deployment/(?P<name>\S+) .*")


def _impact(entry: Component | None, component: str, place: str) -> str:
    if entry is not None and not SERVING & set(entry.types):
        return f"Work of {component} in {place} is late or lost: what waits for it does not come."
    return f"Users of {component} in {place} meet errors or no answer."


def _looks(review: Review, plan: Plan, entry: Component | None, production: Environment | None) -> list[str]:
    """Return commands that show whether the component serves, and what it says."""
    if entry is None:
        return []
    found: list[str] = []
    if SERVING & set(entry.types):
        found.append(
            f"curl --fail --show-error {url_of(plan, entry, production)}{asked_path(review, plan, entry)}"
        )
    if "kubernetes" in entry.platforms:
        name = production.id if production else "production"
        space = namespace_flag(review, entry.id, None, name)
        found.append(f"kubectl{space} get pods --sort-by=.status.startTime")
        what = workload_of(review, plan, entry, None, name)
        if what.startswith(("deployment/", "statefulset/", "daemonset/")):
            found.append(f"kubectl{space} logs {what} --since=15m --tail=200")
    return found


def _ways_back(review: Review, plan: Plan, component: Component, back: Rollback | None) -> list[str]:
    """Return the rollback in words and commands: the plan's own mechanism, else the first of the platform that fits."""
    environment = back.environment if back else "production"
    place = plan.by_name.get(f"environments/{environment}")
    ways = ways_back(component, place if isinstance(place, Environment) else None)
    fitting = next((word for word in ways if fits(component, word)), None)
    mechanism = back.mechanism if back and back.mechanism in ways else fitting
    if mechanism is None:
        return []
    carrier = next((row for row in carriers(component) if mechanism in row.rollbacks), None)
    if carrier is None or not ways[mechanism].commands:
        return [f"Take the release back: {_BY_HAND.get(mechanism, mechanism)}"]
    given = {"rollout": workload_of(review, plan, component, None, environment).partition("/")[2]}
    lines = commands_of(
        review, plan, component, environment, carrier, ways[mechanism].commands,
        **(given if given["rollout"] else {}),
    )  # fmt: skip
    lines = tuple(line for line in lines if "rollout status cronjob/" not in line)
    return [f"Take the release back ({mechanism}): {lines[0]}", *(f"Then: {line}" for line in lines[1:])]


_BY_HAND: Mapping[str, str] = MappingProxyType(
    {
        "railway-rollback": "in the service's deployments on Railway, choose the last good one and Rollback",
        "coolify-rollback": "in the application's Rollback on Coolify, choose the last good image",
        "ecs-circuit-breaker": "the circuit breaker does so while tasks fail; after that set the service to the task definition before",
        "ecs-alarm-rollback": "the deployment's alarms do so while it lasts; after that set the service to the task definition before",
        "codedeploy-auto-rollback": "CodeDeploy does so while the deployment lasts; after that deploy the revision before",
        "cloudformation-rollback": "CloudFormation does so while the update lasts; after that deploy the template of the commit before",
        "helm-atomic": "Helm does so while the upgrade lasts; after that `helm rollback` to the revision before",
        "flux-helm-remediation": "Flux does so while the upgrade lasts; after that revert the commit",
        "pypi-yank": "yank the version on its page of the project on PyPI, and release a fixed one",
        "forward-fix": "release a fixed version",
        "supabase-pitr": "restore the database to the time before, in the project's backups on Supabase",
        "vercel-flag-off": "turn the flag off",
    }
)
"""What people do where a way back has no command of its own."""
