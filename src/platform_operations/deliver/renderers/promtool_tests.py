"""promtool unit tests: for each alert that a rule file has, histories in which it must fire or must not."""

from collections.abc import Mapping
from typing import Any

from platform_operations.deliver.alert_rules import AlertRule, alert_rules, file_name
from platform_operations.deliver.renderer import Renderer
from platform_operations.deliver.trials import Trial, Trials, trials_of
from platform_operations.deliver.yaml_writer import yaml_lines
from platform_operations.model.artifact import Artifact, LeftOut, Rendering
from platform_operations.model.plan import Plan
from platform_operations.slo.durations import duration

KIND = "promtool-tests"


def _render(plan: Plan) -> Rendering:
    artifacts: list[Artifact] = []
    left_out: list[LeftOut] = []
    for rule in alert_rules(plan).rules:
        found = trials_of(rule)
        if isinstance(found, str):
            left_out.append(LeftOut(KIND, rule.entry, f"{rule.name} has no behaviour test: {found}"))
        else:
            path = f"prometheus/tests/{file_name(rule.entry.removeprefix('alerts/'))}.test.yml"
            artifacts.append(Artifact(path, KIND, yaml_lines(_document(rule, found))))
    return Rendering(tuple(artifacts), tuple(left_out))


def _document(rule: AlertRule, found: Trials) -> dict[str, Any]:
    firing = [_firing(rule, labels) for labels in found.labels]
    return {
        "rule_files": [f"../{file_name(rule.group)}.rules.yml"],
        "evaluation_interval": duration(found.step),
        "tests": [_test(rule, firing, trial) for trial in found.trials],
    }


def _test(rule: AlertRule, firing: list[dict[str, Any]], trial: Trial) -> dict[str, Any]:
    return {
        "name": f"{rule.name}: {trial.name}",
        "interval": duration(trial.interval),
        "input_series": [{"series": row.name, "values": row.values} for row in trial.series],
        "alert_rule_test": [
            {
                "eval_time": duration(check.at),
                "alertname": rule.name,
                "exp_alerts": firing if check.fires else [],
            }
            for check in trial.checks
        ],
    }


def _firing(rule: AlertRule, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "exp_labels": {**labels, **_expanded(rule.labels)},
        "exp_annotations": _expanded(rule.annotations),
    }


def _expanded(texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts as they read once Prometheus has expanded what `escaped` wrote."""
    return {name: text.replace('{{ "{{" }}', "{{") for name, text in texts.items()}


RENDERER = Renderer(KIND, lambda plan: bool(plan.alerts or plan.slos), _render)
