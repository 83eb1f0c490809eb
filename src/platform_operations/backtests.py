"""What alerts would have done over a history, as typed functions: those of a plan and those of a rule file."""

from collections.abc import Sequence
from typing import Any

from platform_operations.assess.telemetry.rule_files import RawAlert, read_rules
from platform_operations.assess.telemetry.rules import PAGING
from platform_operations.deliver.alert_rules import alert_rules, windowed
from platform_operations.documents import parsed, yaml_text
from platform_operations.errors import InputError
from platform_operations.metrics import AlertCase, MetricSource, backtest
from platform_operations.metrics.prometheus import PrometheusSource
from platform_operations.model.baseline import Backtest
from platform_operations.model.plan import Plan
from platform_operations.repository import InMemoryRepository
from platform_operations.slo.burn_forms import burn_form
from platform_operations.slo.durations import range_seconds
from platform_operations.slo.sli import NamedSli
from platform_operations.toolbox import MAX_PLAN_BYTES


def backtested(
    cases: Sequence[AlertCase | Backtest], source: MetricSource, *, as_of: str | None = None, days: int = 28
) -> tuple[Backtest, ...]:
    """Return what each alert would have done over the history, in order; what cannot be tried stays as it is.

    Raises:
        InputError: `days` is out of range, or the source cannot be used.
    """
    asked = [row for row in cases if isinstance(row, AlertCase)]
    found = backtest(source, asked, as_of=as_of, days=days)
    tried = (_answered(source, case, row) for case, row in zip(asked, found, strict=True))
    return tuple(row if isinstance(row, Backtest) else next(tried) for row in cases)


def _answered(source: MetricSource, case: AlertCase, row: Backtest) -> Backtest:
    """Return a backtest; that a file has no samples of an expression says only that it cannot evaluate any."""
    if row.status != "no-data" or case.sli is not None or isinstance(source, PrometheusSource):
        return row
    reason = "only a live Prometheus can evaluate this expression"
    return Backtest(name=row.name, status="unsupported", reason=reason)


def cases_of_plan(plan: Plan) -> tuple[AlertCase | Backtest, ...]:
    """Return the alerts of a plan as they would be deployed, or why one cannot be tried."""
    found = alert_rules(plan)
    rules = {rule.entry: rule for rule in found.rules}
    why = dict(found.left_out)
    cases: list[AlertCase | Backtest] = []
    for alert in plan.alerts:
        entry = f"alerts/{alert.id}"
        slo = next((row for row in plan.slos if row.id == alert.slo), None)
        conditions = windowed(alert, slo, plan.ledger) if slo is not None and alert.windows else ()
        if slo is not None and conditions:
            named = NamedSli(slo.id, slo.summary, slo.sli)
            held = rules[entry].held if entry in rules else 0
            cases.append(AlertCase(alert.id, alert.severity, None, named, slo.objective, conditions, held))
        elif entry in rules:
            cases.append(AlertCase(alert.id, alert.severity, rules[entry].expression, held=rules[entry].held))
        else:
            cases.append(Backtest(name=alert.id, status="unsupported", reason=why[entry]))
    return tuple(cases)


def cases_of_rules(text: str, name: str = "the rules") -> tuple[AlertCase | Backtest, ...]:
    """Return the alerting rules of a rule file, in whatever document they stand, or why one cannot be tried.

    Raises:
        InputError: the text holds no alerting rule.
    """
    if text.lstrip().startswith("{"):
        text = yaml_text(parsed(text, name, MAX_PLAN_BYTES))
    alerts = read_rules(InMemoryRepository({"alerts.rules.yml": text})).alerts
    if not alerts:
        raise InputError(f"{name} is no plan and holds no alerting rule with `alert` and `expr`")
    return tuple(_case(raw) for raw in alerts)


def _case(raw: RawAlert) -> AlertCase | Backtest:
    if not raw.exact:
        reason = "a template hides its expression; render the template first"
        return Backtest(name=raw.name, status="unsupported", reason=reason)
    held = range_seconds(raw.hold) if raw.hold else 0
    if held is None:
        return Backtest(name=raw.name, status="unsupported", reason=f"its `for` is no duration: {raw.hold!r}")
    said = raw.labels.get("severity") or raw.labels.get("priority") or raw.labels.get("level") or ""
    severity = "page" if PAGING.match(said.strip()) else "ticket"
    ours = burn_form(raw.expression) if raw.labels.get("slo") else None
    if ours is None:
        return AlertCase(raw.name, severity, raw.expression, held=held)
    named = NamedSli(raw.labels["slo"], raw.name, ours[0])
    return AlertCase(raw.name, severity, raw.expression, named, None, ours[1], held)


def backtest_document(rows: Sequence[Backtest]) -> dict[str, Any]:
    """Return the document platform-ops/backtest@1."""
    alerts = [row.model_dump(mode="json", by_alias=True) for row in rows]
    return {"schema": "platform-ops/backtest@1", "alerts": alerts}
