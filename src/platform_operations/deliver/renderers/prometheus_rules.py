"""Prometheus rule files: an alert for each that the plan has, and the budget of each SLO as recordings."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from platform_operations.deliver.alert_rules import AlertRule, alert_rules, file_name
from platform_operations.deliver.renderer import Renderer
from platform_operations.deliver.yaml_writer import yaml_lines
from platform_operations.model.artifact import Artifact, LeftOut, Rendering
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Slo
from platform_operations.slo.budget import decimal, error_budget
from platform_operations.slo.durations import duration
from platform_operations.slo.expressions import error_ratio

KIND = "prometheus-rules"
_BUDGET_INTERVAL = "5m"
"""How often the budget is recorded: its window is weeks long, and nobody is paged by it."""


def _render(plan: Plan) -> Rendering:
    found = alert_rules(plan)
    grouped: dict[str, list[AlertRule]] = {}
    for rule in found.rules:
        grouped.setdefault(rule.group, []).append(rule)
    artifacts: list[Artifact] = []
    for name, rules in grouped.items():
        path = f"prometheus/{file_name(name)}"
        artifacts.append(Artifact(f"{path}.rules.yml", KIND, _file(name, rules)))
        slo = next((rule.slo for rule in rules if rule.slo is not None and rule.conditions), None)
        if slo is not None and slo.objective is not None:
            artifacts.append(Artifact(f"{path}-budget.rules.yml", KIND, _budget(name, slo, slo.objective)))
    return Rendering(tuple(artifacts), tuple(LeftOut(KIND, entry, why) for entry, why in found.left_out))


def _file(name: str, rules: Sequence[AlertRule]) -> str:
    replaced = [f"{rule.name} replaces {rule.replaces}" for rule in rules if rule.replaces]
    comments = "".join(f"# {' '.join(line.split())}.\n" for line in replaced)
    return f"{comments}{yaml_lines({'groups': list(_groups(name, rules))})}"


def _groups(name: str, rules: Sequence[AlertRule]) -> Iterator[dict[str, Any]]:
    ordered = sorted(rules, key=lambda rule: rule.interval)
    for interval, part in groupby(ordered, key=lambda rule: rule.interval):
        yield {
            "name": f"{name}-alerts-{duration(interval)}",
            "interval": duration(interval),
            "rules": [_alert(rule) for rule in part],
        }


def _budget(name: str, slo: Slo, objective: str) -> str:
    """Return the recordings of an SLO in a file of their own: no alert and so no behaviour test waits for weeks."""
    group = {
        "name": f"{name}-budget",
        "interval": _BUDGET_INTERVAL,
        "rules": list(_recordings(slo, objective)),
    }
    return yaml_lines({"groups": [group]})


def _recordings(slo: Slo, objective: str) -> Iterator[dict[str, Any]]:
    """Yield the ratio of failed events over the SLO's window, and the share of its budget that is left.

    Sums are divided, not ratios averaged: the mean of short ratios weighs a quiet night like a busy day.
    """
    labels = {"slo": slo.id, "component": slo.component}
    ratio = f"slo:error:ratio_{slo.window}"
    yield {"record": ratio, "expr": error_ratio(slo.sli, slo.window), "labels": labels}
    left = f'1 - {ratio}{{slo="{slo.id}"}} / {decimal(error_budget(objective))}'
    yield {"record": "slo:error_budget_left:ratio", "expr": left, "labels": labels}


def _alert(rule: AlertRule) -> dict[str, Any]:
    held = {"for": duration(rule.held)} if rule.held else {}
    return {
        "alert": rule.name,
        "expr": rule.expression,
        **held,
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }


RENDERER = Renderer(KIND, lambda plan: bool(plan.alerts or plan.slos), _render)
