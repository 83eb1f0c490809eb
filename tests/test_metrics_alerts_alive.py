"""The alert expressions in promtool: they fire when they must, and only then."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from platform_operations.model.reliability import Sli
from platform_operations.slo.budget import DAY, HOUR, Pair, pairs_for
from platform_operations.slo.expressions import (
    absence_expression,
    burn_conditions,
    burn_expression,
    error_ratio,
)

pytestmark = pytest.mark.needs("promtool")

SLI = Sli(
    kind="availability",
    source="prometheus",
    good='sum(increase(r_total{job="checkout",code!~"5.."}[$window]))',
    total='sum(increase(r_total{job="checkout"}[$window]))',
)
GROUPED = Sli(
    kind="availability",
    source="prometheus",
    good='sum by (route) (increase(r_total{job="checkout",code!~"5.."}[$window]))',
    total='sum by (route) (increase(r_total{job="checkout"}[$window]))',
)
FAST: Pair = pairs_for("99.9", 28 * DAY)[0]
GOOD, BAD = 'r_total{job="checkout",code="200"}', 'r_total{job="checkout",code="500"}'


def expression(sli: Sli = SLI, rate: Fraction | None = None) -> str:
    return burn_expression(sli, burn_conditions("99.9", 28 * DAY, [FAST], rate))


def verdict(
    tmp_path: Path,
    rule: str,
    series: dict[str, str],
    firing: dict[str, bool],
    held: str = "0s",
    **labels: str,
) -> str:
    """What promtool says of one rule over series of one value each 30 s; empty when all is as expected."""
    rules = tmp_path / "rules.yml"
    alert = {"alert": "A", "expr": rule, "for": held, "labels": {"severity": "page"}}
    rules.write_text(json.dumps({"groups": [{"name": "g", "rules": [alert]}]}), encoding="utf-8")
    expected = [
        {
            "eval_time": at,
            "alertname": "A",
            "exp_alerts": [{"exp_labels": {"severity": "page"} | labels}] if fires else [],
        }
        for at, fires in firing.items()
    ]
    values = [{"series": name, "values": text} for name, text in series.items()]
    test = {"interval": "30s", "input_series": values, "alert_rule_test": expected}
    document = {"rule_files": [str(rules)], "evaluation_interval": "30s", "tests": [test]}
    (tmp_path / "test.yml").write_text(json.dumps(document), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yml")], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_a_full_outage_fires_at_its_analytic_detection_time_and_clears_after_recovery(tmp_path: Path) -> None:
    series = {GOOD: "0+1000x240 240000x19 240000+1000x300", BAD: "0x240 0+1000x20 20000x300"}
    firing = {"120m": False, "120m30s": False, "121m30s": True, "130m": True, "136m": False, "200m": False}
    assert verdict(tmp_path, expression(), series, firing) == ""


def test_two_percent_of_errors_fire_within_one_evaluation_of_the_formula(tmp_path: Path) -> None:
    series = {GOOD: "0+1000x240 240000+980x300", BAD: "0x240 0+20x300"}
    assert verdict(tmp_path, expression(), series, {"163m": False, "164m": True}) == ""


def test_a_tenth_of_the_budget_is_silent(tmp_path: Path) -> None:
    series = {GOOD: "0+9999x300", BAD: "0+1x300"}
    assert verdict(tmp_path, expression(), series, {f"{minute}m": False for minute in (5, 60, 140)}) == ""


@pytest.mark.parametrize("sli", [SLI, GROUPED], ids=["plain", "grouped"])
def test_no_traffic_is_silent_and_its_ratio_is_empty_rather_than_nan(tmp_path: Path, sli: Sli) -> None:
    series = {GOOD: "500x300", BAD: "3x300"}
    silent = {"60m": False, "140m": False}
    assert verdict(tmp_path, expression(sli), series, silent) == ""
    assert verdict(tmp_path, error_ratio(sli, "5m"), series, silent) == ""


@pytest.mark.parametrize("sli", [SLI, GROUPED], ids=["plain", "grouped"])
def test_failures_without_any_series_of_successes_fire(tmp_path: Path, sli: Sli) -> None:
    assert verdict(tmp_path, expression(sli), {BAD: "0+100x300"}, {"140m": True}) == ""


def test_successes_without_any_series_of_failures_are_silent(tmp_path: Path) -> None:
    assert verdict(tmp_path, expression(), {GOOD: "0+100x300"}, {"60m": False, "140m": False}) == ""


def test_one_failure_at_six_requests_an_hour_pages_only_without_the_guard(tmp_path: Path) -> None:
    lone = {GOOD: "0x19 1x20 2x20 3x20 4x20 5x20 6x20 7x100", BAD: "0x130 1x200"}
    assert verdict(tmp_path, expression(), lone, {"66m": True}) == ""
    assert verdict(tmp_path, expression(rate=Fraction(6, HOUR)), lone, {"66m": False, "80m": False}) == ""


def test_an_outage_at_sixty_requests_an_hour_pages_with_the_guard(tmp_path: Path) -> None:
    steps = " ".join(f"{value} {value}" for value in range(240))
    failing = " ".join(["0 0"] * 120 + [f"{value} {value}" for value in range(1, 60)])
    series = {GOOD: " ".join(steps.split()[:240]) + " 119x200", BAD: failing}
    firing = {"120m": False, "130m": True}
    assert verdict(tmp_path, expression(rate=Fraction(60, HOUR)), series, firing) == ""


def test_a_metric_that_vanished_silences_the_ratio_and_fires_the_absence_alert(tmp_path: Path) -> None:
    series = {GOOD: "0+100x120 _x200", BAD: "0+100x120 _x200"}
    absent = absence_expression(SLI)
    assert absent is not None
    assert verdict(tmp_path, expression(), series, {"59m": True, "150m": False}) == ""
    assert (
        verdict(
            tmp_path, absent, series, {"59m": False, "66m": False, "90m": True}, held="10m", job="checkout"
        )
        == ""
    )
