"""`platform-ops render` and `platform-ops backtest` as their users meet them."""

import json
from pathlib import Path

import pytest

from platform_operations.cli import main

EXAMPLE = Path(__file__).parent.parent / "examples" / "checkout"
METRICS = str(EXAMPLE / "metrics.csv")
RULES = str(EXAMPLE / "monitoring" / "alerts.yml")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    assert main(["plan", str(EXAMPLE), "-o", str(folder), "--format", "interface"]) == 0
    return folder / "plan.yaml"


def test_a_valid_plan_is_written_as_files_and_what_is_left_out_is_printed_with_the_reason(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", str(plan), "-o", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "prometheus" / "slo-checkout-availability.rules.yml").is_file()
    assert (tmp_path / "prometheus" / "tests" / "checkout-availability-fast-burn.test.yml").is_file()
    assert "slo-checkout-availability.rules.yml new" in said
    assert "alerts/checkout-latency-fast-burn SLO 'checkout-latency' has no `good` and `total` query" in said

    assert main(["render", str(plan), "-o", str(tmp_path)]) == 0
    assert "slo-checkout-availability.rules.yml unchanged" in " ".join(capsys.readouterr().out.split())


def test_only_the_named_kinds_are_written(plan: Path, tmp_path: Path) -> None:
    assert main(["render", str(plan), "-o", str(tmp_path), "--only", "prometheus-rules"]) == 0
    assert not (tmp_path / "prometheus" / "tests").exists()
    assert (tmp_path / "prometheus").is_dir()


def test_a_plan_whose_evidence_nobody_can_look_up_is_not_rendered(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "plan.yaml"
    alone.write_text(plan.read_text(encoding="utf-8"), encoding="utf-8")
    assert main(["render", str(alone), "-o", str(tmp_path / "out")]) == 1
    assert "evidence-unchecked" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["render", str(alone), "-o", str(tmp_path / "out"), "--repo", str(EXAMPLE)]) == 0


def test_what_is_no_plan_is_not_rendered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("schema: platform-ops/plan@1\nstages: []\n", encoding="utf-8")
    assert main(["render", str(path), "-o", str(tmp_path / "out")]) == 1
    assert "plan-malformed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_unknown_kind_is_refused(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(plan), "-o", str(tmp_path / "out"), "--only", "dashboards"]) == 2
    assert "'dashboards'; known: openslo, prometheus-rules" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_file_that_somebody_edited_is_not_overwritten(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", str(plan), "-o", str(tmp_path)]) == 0
    rules = tmp_path / "prometheus" / "slo-checkout-availability.rules.yml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("0.0144", "0.02"), encoding="utf-8")
    assert main(["render", str(plan), "-o", str(tmp_path)]) == 2
    assert "was edited since" in capsys.readouterr().err


def test_our_burn_rates_are_backtested_from_a_file_and_the_rest_is_unsupported_with_the_reason(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["backtest", str(plan), "--metrics", METRICS, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == ["schema", "alerts"]
    assert document["schema"] == "platform-ops/backtest@1"
    rows = {row["name"]: row for row in document["alerts"]}
    slow = rows["checkout-latency-slow-burn"]
    assert set(slow) == {
        "name", "status", "episodes", "hoursFiring", "pagesPerWeek", "budgetSpent", "reason",
    }  # fmt: skip
    assert (slow["status"], slow["episodes"]) == ("ok", 0)
    assert rows["checkout-availability-fast-burn"]["status"] == "unsupported"
    assert "slots of 1h are longer" in rows["checkout-availability-fast-burn"]["reason"]
    assert rows["checkout-errors"]["reason"] == "only a live Prometheus can evaluate this expression"


def test_rules_rendered_from_a_plan_are_recognised_and_backtested_from_a_file(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", str(plan), "-o", str(tmp_path)]) == 0
    capsys.readouterr()
    rules = str(tmp_path / "prometheus" / "slo-checkout-availability.rules.yml")
    assert main(["backtest", rules, "--metrics", METRICS, "--format", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["alerts"]}
    assert main(["backtest", str(plan), "--metrics", METRICS, "--format", "json"]) == 0
    plans = {row["name"]: row for row in json.loads(capsys.readouterr().out)["alerts"]}
    ours, theirs = rows["CheckoutAvailabilitySlowBurn"], plans["checkout-availability-slow-burn"]
    assert (ours["episodes"], ours["hoursFiring"]) == (theirs["episodes"], theirs["hoursFiring"])
    assert ours["status"] == "ok"


def test_existing_rules_over_a_file_are_unsupported_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", RULES, "--metrics", METRICS]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("unsupported") == 5
    assert "HighCpu unsupported only a live Prometheus can evaluate this expression" in said


@pytest.mark.parametrize("text", ["", "groups: []\n", "a: [", '{"groups": []}'])
def test_a_file_without_an_alerting_rule_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(text, encoding="utf-8")
    assert main(["backtest", str(path), "--metrics", METRICS]) == 2
    assert "no alerting rule" in capsys.readouterr().err


def test_rules_in_json_are_read_like_rules_in_yaml(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.json"
    rule = {"alert": "Down", "expr": "up == 0", "for": "5m"}
    path.write_text(json.dumps({"groups": [{"name": "a", "rules": [rule]}]}), encoding="utf-8")
    assert main(["backtest", str(path), "--metrics", METRICS]) == 0
    assert "Down" in capsys.readouterr().out


@pytest.mark.parametrize("days", ["0", "401"])
def test_days_out_of_range_are_refused(days: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", RULES, "--metrics", METRICS, "--days", days]) == 2
    assert f"{days} days cannot be tried" in capsys.readouterr().err
