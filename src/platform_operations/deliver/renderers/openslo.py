"""OpenSLO v1 files: each SLO with its indicator, and its burn-rate alerts as policies.

Structure and limits as the specification's README and its Go SDK state them (read on 2026-11-23): names are DNS labels, a
policy holds exactly one condition with one look-back window, a description 1,050 characters at most. Two windows that must
both burn cannot be said: each pair becomes a policy over its long window, and an annotation names the short one.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from platform_operations.deliver.alert_rules import file_name, unmeasured, windowed
from platform_operations.deliver.renderer import Renderer
from platform_operations.deliver.yaml_writer import yaml_lines
from platform_operations.model.artifact import Artifact, LeftOut, Rendering
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, Slo
from platform_operations.repository import redact
from platform_operations.slo.budget import decimal
from platform_operations.slo.durations import duration
from platform_operations.slo.expressions import BurnCondition
from platform_operations.slo.promql import Unreadable, selectors
from platform_operations.slo.sli import WINDOW, ranged

KIND = "openslo"
_LONGEST_NAME, _LONGEST_TEXT = 63, 1050
_LOST = """\
# Said here less exactly than in the rule files: a policy has one window, so the short window of each pair is only an
# annotation, and no policy asks for a least number of failures at low traffic.
"""


def _render(plan: Plan) -> Rendering:
    artifacts: list[Artifact] = []
    left_out: list[LeftOut] = []
    alerts: dict[str | None, list[Alert]] = {}
    for alert in plan.alerts:
        alerts.setdefault(alert.slo, []).append(alert)
    for slo in plan.slos:
        why = unmeasured(slo)
        if why is not None:
            left_out.append(LeftOut(KIND, f"slos/{slo.id}", why))
            continue
        documents = "---\n".join(
            yaml_lines(document) for document in _documents(plan, slo, alerts.get(slo.id, []))
        )
        artifacts.append(Artifact(f"openslo/{file_name(slo.id)}.yaml", KIND, _LOST + documents))
    return Rendering(tuple(artifacts), tuple(left_out))


def _documents(plan: Plan, slo: Slo, alerts: Sequence[Alert]) -> Iterator[dict[str, Any]]:
    """Yield the SLO, then what it refers to."""
    gone = any(alert.kind == "absence" for alert in alerts)
    policies = [
        _policy(alert, condition, gone)
        for alert in alerts
        if alert.windows and alert.route
        for condition in windowed(alert, slo, plan.ledger)
    ]
    named = [{"alertPolicyRef": row["metadata"]["name"]} for row in policies]
    yield _object(
        "SLO",
        slo.id,
        description=_text(slo.summary),
        service=_name(slo.component),
        indicator=_indicator(slo),
        timeWindow=[{"duration": slo.window, "isRolling": True}],
        budgetingMethod="Occurrences",
        objectives=[{"targetPercent": Decimal(slo.objective or "0")}],
        **({"alertPolicies": named} if named else {}),
    )
    yield from policies
    for route in dict.fromkeys(alert.route for alert in alerts if alert.windows and alert.route):
        yield _object("AlertNotificationTarget", route, target=_text(f"Alertmanager receiver {route}"))


def _indicator(slo: Slo) -> dict[str, Any]:
    """Return the ratio of good to all events: the counters themselves where the queries do no more than add them up."""
    queries = slo.sli.good or "", slo.sli.total or ""
    counters = [_counter(query) for query in queries]
    counted = all(counters)
    good, total = counters if counted else [ranged(query, slo.window) for query in queries]
    ratio = {"counter": counted, "good": _source(good or ""), "total": _source(total or "")}
    return {"metadata": {"name": _name(f"{slo.id}-sli")}, "spec": {"ratioMetric": ratio}}


def _counter(query: str) -> str | None:
    found = selectors(query)
    if isinstance(found, Unreadable) or len(found) != 1:
        return None
    return f"sum({found[0]})" if query == f"sum(increase({found[0]}[{WINDOW}]))" else None


def _source(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _policy(alert: Alert, condition: BurnCondition, gone: bool) -> dict[str, Any]:
    long, short = duration(condition.pair.long), duration(condition.pair.short)
    name = f"{alert.id}-{long}"
    burns = {
        "kind": "burnrate",
        "op": "gt",
        "threshold": Decimal(decimal(condition.pair.factor)),
        "lookbackWindow": long,
    }
    found = _object(
        "AlertPolicy",
        name,
        description=_text(alert.summary),
        alertWhenNoData=gone,
        alertWhenBreaching=True,
        conditions=[
            {
                "kind": "AlertCondition",
                "metadata": {"name": _name(name)},
                "spec": {"severity": alert.severity, "condition": burns},
            }
        ],
        notificationTargets=[{"targetRef": _name(alert.route or "")}],
    )
    found["metadata"]["annotations"] = {"platform-ops/short-window": short}
    return found


def _object(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": _name(name)}, "spec": spec}


@lru_cache(maxsize=4096)
def _name(text: str) -> str:
    """Return a text as a DNS label of at most 63 characters (RFC 1123)."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "unnamed"
    return file_name(plain, _LONGEST_NAME)


@lru_cache(maxsize=1024)
def _text(text: str) -> str:
    return redact(" ".join(text.split()))[:_LONGEST_TEXT]


RENDERER = Renderer(KIND, lambda plan: bool(plan.slos), _render)
