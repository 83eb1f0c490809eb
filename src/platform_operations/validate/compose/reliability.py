"""New promises and what stands behind them: SLOs, alerts, runbooks, pillars."""

import json
import re

from platform_operations.model.baseline import Observation
from platform_operations.model.delivery import Component, Environment
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import (
    Alert,
    BudgetPolicy,
    BurnWindow,
    ObservabilityPillar,
    Sli,
    Slo,
)
from platform_operations.model.words import Pillar, SliKind
from platform_operations.slo.budget import decimal, pairs_for
from platform_operations.slo.durations import duration, seconds
from platform_operations.slo.expressions import ABSENT_FOR, absence_expression
from platform_operations.validate.compose.observed import (
    backtest_entry,
    backtest_uri,
    metric_uri,
    observation_entry,
    sli_of,
)
from platform_operations.validate.compose.parties import (
    asked_path,
    environment_of,
    owner_of,
    url_of,
    with_owner,
)
from platform_operations.validate.compose.runbooks import runbook_for
from platform_operations.validate.edits import assume, cite, fresh, kebab
from platform_operations.validate.rule import Review

STANDARD_WINDOW = "28d"
"""Four whole weeks, so that each weekday weighs the same (SRE workbook, chapter 2)."""

SLI_OF_TYPE: dict[str, SliKind] = {
    "http-service": "availability",
    "serverless": "availability",
    "static-site": "availability",
    "worker": "freshness",
    "scheduled-job": "freshness",
    "data-pipeline": "freshness",
}


def observations_of(review: Review, plan: Plan, component: Component) -> tuple[Observation, ...]:
    """Return the baselines that belong to a component.

    By the SLO that has it today, else by name, else the only ones.
    """
    if review.assessment is None:
        return ()
    rows = review.assessment.baseline
    owners = {slo.id: slo.component for slo in plan.slos}
    serving = [other.id for other in plan.components if set(other.types) & set(SLI_OF_TYPE)]
    found: list[Observation] = []
    for row in rows:
        owner = (
            owners.get(row.id) or _named_in(row.id, serving) or (serving[0] if len(serving) == 1 else None)
        )
        if owner == component.id:
            found.append(row)
    return tuple(found)


def _named_in(name: str, components: list[str]) -> str | None:
    fitting = [other for other in components if name == other or name.startswith(f"{other}-")]
    return max(fitting, key=len, default=None)


def budget_policy(owner: str) -> BudgetPolicy:
    """Return the error budget policy of the SRE workbook's example, chapter 4, in `owner`'s hands."""
    return BudgetPolicy(
        owner=owner,
        slow="work on the top cause of failed events comes before features",
        exhausted="freeze releases but for reliability fixes until the budget is positive",
        review=STANDARD_WINDOW,
    )


def slo_of(review: Review, plan: Plan, component: Component, row: Observation) -> tuple[Plan, Slo]:
    """Return the plan with the SLO that a baseline supports.

    Active at its target, else waiting for a baseline.
    """
    owner = owner_of(review, plan, component.id)
    supported = row.status in {"ok", "below-floor"} and row.target is not None
    name = kebab(row.id)
    slo = Slo(
        id=name,
        component=component.id,
        sli=sli_of(row),
        objective=row.target if supported else None,
        observed=row.observed,
        window=row.window,
        status="active" if supported else "needs-baseline",
        baseline=metric_uri(row.id) if supported else None,
        budget_policy=budget_policy(owner),
        evidence=(metric_uri(row.id),),
    )
    plan = cite(plan, observation_entry(row)).with_entry("slos", slo)
    return with_owner(plan, owner, (f"slos/{name}/budgetPolicy/owner",)), slo


def unmeasured_slo(review: Review, plan: Plan, component: Component) -> Plan:
    """Return the plan with an SLO that says what to measure and waits for its baseline."""
    kind = _sli_kind(component)
    owner = owner_of(review, plan, component.id)
    name = fresh(plan, "slos", f"{component.id}-{kind}")
    slo = Slo(
        id=name,
        component=component.id,
        sli=Sli(kind=kind, source="none"),
        window=STANDARD_WINDOW,
        status="needs-baseline",
        budget_policy=budget_policy(owner),
    )
    return with_owner(plan.with_entry("slos", slo), owner, (f"slos/{name}/budgetPolicy/owner",))


def _sli_kind(component: Component) -> SliKind:
    for name in component.types:
        if name in SLI_OF_TYPE:
            return SLI_OF_TYPE[name]
    return "availability"


def burn_alerts(review: Review, plan: Plan, slo: Slo) -> Plan:
    """Return the plan with the burn-rate alerts of an active SLO, and the one on its metric being gone.

    The paging pairs in one alert, the others in another. Without the metric there is no ratio, so both fall silent:
    an absence alert speaks then, unless one watches the SLO or its component already.
    """
    if slo.objective is None:
        return plan
    pairs = pairs_for(slo.objective, seconds(slo.window))
    for speed, severity in (("fast", "page"), ("slow", "ticket")):
        windows = tuple(
            BurnWindow(long=duration(pair.long), short=duration(pair.short), factor=decimal(pair.factor))
            for pair in pairs
            if pair.pages == (severity == "page")
        )
        if windows:
            name = fresh(plan, "alerts", f"{slo.id}-{speed}-burn")
            alert = Alert(
                id=name,
                component=slo.component,
                kind="burn-rate",
                slo=slo.id,
                windows=windows,
                severity="page" if severity == "page" else "ticket",
                evidence=slo.evidence,
            )
            plan = completed_alert(review, plan, alert)
    return _absence_alert(review, plan, slo)


def _absence_alert(review: Review, plan: Plan, slo: Slo) -> Plan:
    """Return the plan with an alert on the SLO's metric being gone, as loud and led as the first on its budget."""
    expression = absence_expression(slo.sli)
    burning = [alert for alert in plan.alerts if alert.slo == slo.id and alert.windows]
    known = {
        name for alert in plan.alerts if alert.kind == "absence" for name in (alert.component, alert.slo)
    }
    if expression is None or not burning or known & {slo.id, slo.component}:
        return plan
    alert = Alert(
        id=fresh(plan, "alerts", f"{slo.id}-absent"),
        component=slo.component,
        kind="absence",
        slo=slo.id,
        expression=expression,
        for_=ABSENT_FOR,
        severity=burning[0].severity,
        runbook=burning[0].runbook,
        evidence=slo.evidence,
    )
    return completed_alert(review, plan, alert)


def probe_alert(review: Review, plan: Plan, component: Component) -> Plan:
    """Return the plan with an alert on what users meet, for a component that promises nothing yet."""
    production = environment_of(plan, "production")
    if "http-service" in component.types or "serverless" in component.types:
        path = asked_path(review, plan, component)
        probed, asks = _probed(plan, component, production, path)
        name = fresh(plan, "alerts", f"{component.id}-unreachable")
        alert = Alert(
            id=name,
            component=component.id,
            kind="symptom",
            expression=f"max(probe_success{{{probed}}}) == 0",
            for_="5m",
            severity="page",
        )
        what = f"A blackbox probe asks {asks} and exports probe_success; Prometheus scrapes it."
    else:
        name = fresh(plan, "alerts", f"{component.id}-silent")
        job = "scheduled-job" in component.types or "data-pipeline" in component.types
        gauge = f"{re.sub(r'[^a-z0-9]+', '_', component.id)}_last_success_timestamp_seconds"
        alert = Alert(
            id=name,
            component=component.id,
            kind="absence",
            expression=f"absent({gauge}) or time() - max({gauge}) > 86400"
            if job
            else f'absent(up{{job="{component.id}"}} == 1)',
            for_="15m",
            severity="page",
        )
        what = (
            f"{component.id} runs at least daily, and each run that ends well pushes the time as {gauge}."
            if job
            else f'Prometheus scrapes {component.id} under the label job="{component.id}".'
        )
    plan = completed_alert(review, plan, alert)
    return assume(
        plan,
        f"{component.id}-probe",
        what,
        about=f"components/{component.id}#probe",
        fills=(f"alerts/{name}/expression",),
        confirm_with=owner_of(review, plan, component.id),
    )


def _probed(plan: Plan, component: Component, production: Environment | None, path: str) -> tuple[str, str]:
    """Return the label that a probe of production is told by, and what it asks.

    Prometheus expands no variables: where no URL is known, the name of the scrape job tells the probe.
    """
    url = url_of(plan, component, production)
    if "$" not in url:
        return f"instance={json.dumps(f'{url}{path}', ensure_ascii=False)}", f"{url}{path}"
    job = f"{component.id}-probe"
    asks = f'{path} of {component.id} in production, at a URL that nothing in the repository names, in the job "{job}",'
    return f'job="{job}"', asks


def completed_alert(review: Review, plan: Plan, alert: Alert) -> Plan:
    """Return the plan with an alert that has its owner, route, runbook and backtest."""
    owner = alert.owner or owner_of(review, plan, alert.component)
    plan, book = runbook_for(review, plan, alert)
    uri = backtest_uri(review, alert.id)
    whole = alert.model_copy(
        update={
            "owner": owner,
            "runbook": alert.runbook or book,
            "backtest": alert.backtest or uri,
            "evidence": tuple(dict.fromkeys((*alert.evidence, *([uri] if uri else [])))),
        }
    )
    plan = plan.with_entry("alerts", whole)
    if uri and (entry := backtest_entry(review, alert.id)):
        plan = cite(plan, entry)
    plan = with_owner(plan, owner, (f"alerts/{alert.id}/owner",))
    return plan if whole.route else routed(review, plan, alert.id)


def routed(review: Review, plan: Plan, alert_id: str) -> Plan:
    """Return the plan in which an alert goes to a receiver.

    One the repository names, else one that is assumed.
    """
    alert = plan.by_name[f"alerts/{alert_id}"]
    if not isinstance(alert, Alert):
        return plan
    receivers = review.value("alerts", "receivers")
    known = receivers.split(",") if receivers else []
    owner = kebab(alert.owner or "owner")
    route = known[0] if known else f"{alert.severity}-{owner}"
    plan = plan.with_entry("alerts", alert.model_copy(update={"route": route}))
    if known:
        return plan
    return assume(
        plan,
        "alert-receivers",
        "Alertmanager has the receivers that the alerts name; nothing in the repository shows its "
        "configuration.",
        about="alerts#receivers",
        fills=(f"alerts/{alert_id}/route",),
        confirm_with=alert.owner,
    )


_TOOLS: dict[Pillar, tuple[str, str, str]] = {
    "metrics": ("prometheus", "30d", "request rate, errors and duration"),
    "logs": ("loki", "30d", "structured logs to standard output"),
    "traces": ("opentelemetry", "7d", "OpenTelemetry automatic instrumentation"),
    "profiles": ("pyroscope", "7d", "continuous profiles"),
    "events": ("prometheus", "30d", "release events"),
}


_WHOLE = frozenset(
    {
        "datadog",
        "newrelic",
        "cloudwatch",
        "applicationinsights",
        "splunk",
        "elastic",
        "dynatrace",
        "honeycomb",
    }
)
"""Tools that hold every pillar: who has one for metrics needs no second one for logs."""


def pillar_entry(review: Review, plan: Plan, component: Component, pillar: Pillar) -> Plan:
    """Return the plan with a pillar of the component, in the tool that the repository uses for it already."""
    seen = [row.tool for row in plan.observability_pillars if row.pillar == pillar]
    seen += [row.tool for row in plan.observability_pillars if row.tool in _WHOLE]
    tool, kept, how = _TOOLS[pillar]
    entry = ObservabilityPillar(
        id=fresh(
            plan, "observabilityPillars", pillar if len(plan.components) == 1 else f"{component.id}-{pillar}"
        ),
        pillar=pillar,
        component=component.id,
        tool=seen[0] if seen else tool,
        instrumentation=f"{how} of {component.id}",
        correlation=_shared_keys(plan, component) or ("trace_id",),
        retention=kept,
    )
    plan = plan.with_entry("observabilityPillars", entry)
    if seen:
        return plan
    return assume(
        plan,
        f"{tool}-backend",
        f"{tool} is there for this team, or can be installed; nothing in the repository shows where {pillar} go.",
        about=f"observability#{pillar}",
        fills=(f"observabilityPillars/{entry.id}/tool",),
        confirm_with=owner_of(review, plan, component.id),
    )


def _shared_keys(plan: Plan, component: Component) -> tuple[str, ...]:
    """Return the keys that all pillars of the component carry already."""
    rows = [row.correlation for row in plan.observability_pillars if row.component == component.id]
    return tuple(key for key in rows[0] if all(key in row for row in rows)) if rows else ()


def correlated(plan: Plan, component: Component) -> Plan:
    """Return the plan in which all pillars of the component share the key that most carry, else trace_id."""
    rows = [row for row in plan.observability_pillars if row.component == component.id]
    counts: dict[str, int] = {}
    for row in rows:
        for key in row.correlation:
            counts[key] = counts.get(key, 0) + 1
    shared = max(counts, key=lambda key: (counts[key], key), default="trace_id")
    for row in rows:
        if shared not in row.correlation:
            wider = row.model_copy(update={"correlation": (*row.correlation, shared)})
            plan = plan.with_entry("observabilityPillars", wider)
    return plan
