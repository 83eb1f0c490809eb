"""platform-ops.toml: the user's words reach the rules, and what cannot be used is told and stops nothing."""

from pathlib import Path

import pytest
from tests.plan_overlays import Document, case

from platform_operations.draft import draft
from platform_operations.errors import InputError
from platform_operations.model.assessment import Assessment, Fact
from platform_operations.model.finding import Finding
from platform_operations.toolbox import Target, assessed, drafted, gaps_of, open_target
from platform_operations.validate import Review, judge

PIPELINE = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    environment: production
    steps: [{run: kubectl apply -f deploy.yaml}]
"""


def target(root: Path, text: str) -> Target:
    (root / ".github/workflows").mkdir(parents=True)
    (root / ".github/workflows/deploy.yml").write_text(PIPELINE)
    (root / "Dockerfile").write_text("FROM python:3.12\nEXPOSE 8080\n")
    (root / "platform-ops.toml").write_text(text)
    return open_target(root)


def told(found: Assessment) -> str:
    fact = found.fact("file:platform-ops.toml", "readable")
    return fact.reason or "" if fact else ""


def judged(block: Document, *facts: Fact) -> dict[str, Finding]:
    found = case(block)
    assert found.plan is not None
    assert found.assessment is not None
    assessment = found.assessment.model_copy(update={"facts": (*found.assessment.facts, *facts)})
    findings = judge(Review(found.plan, assessment, found.citations)).findings
    return {finding.rule: finding for finding in findings}


def said(subject: str, aspect: str, value: str) -> Fact:
    return Fact(subject=subject, aspect=aspect, outcome="present", value=value, evidence=("user:x",))


def test_the_budget_share_of_the_user_is_what_a_failed_release_is_measured_by() -> None:
    assert "strategy-exceeds-budget" not in judged({"base": "canary"})
    found = judged({"base": "canary"}, said("configuration", "budget-share", "0.1"))
    assert "at most 0.1% is allowed" in found["strategy-exceeds-budget"].message


def test_the_budget_share_and_the_severities_are_facts_with_the_users_word_as_evidence(
    tmp_path: Path,
) -> None:
    found = assessed(target(tmp_path, 'budgetShare = 2.5\nrules = {artifact-unattested = "error"}'))
    share = found.fact("configuration", "budget-share")
    severity = found.fact("rules", "artifact-unattested")
    assert share is not None
    assert severity is not None
    assert (share.value, severity.value) == ("2.5", "error")
    assert {*share.evidence, *severity.evidence} <= {entry.uri for entry in found.evidence}


def test_a_warning_can_be_made_an_error_and_then_the_plan_is_invalid() -> None:
    bare: Document = {"artifacts": {"catalog-image": {"attestations": []}}}
    assert judged(bare)["artifact-unattested"].severity == "warning"
    raised = judged(bare, said("rules", "artifact-unattested", "error"))
    assert raised["artifact-unattested"].severity == "error"


def test_an_error_of_the_workflow_can_be_lowered_and_one_of_a_constraint_cannot() -> None:
    bare: Document = {"driftChecks": [], "qualityGates": {"secrets": None}}
    found = judged(
        bare,
        said("rules", "drift-unchecked", "warning"),
        said("rules", "release-without-security-check", "warning"),
    )
    assert found["drift-unchecked"].severity == "warning"
    assert found["release-without-security-check"].severity == "error"


def test_every_reason_why_a_part_cannot_be_used_is_told(tmp_path: Path) -> None:
    found = assessed(
        target(
            tmp_path,
            'risk = "extreme"\nbudgetShare = -5\nowners = [""]\nwat = 1\nfacts = {"a\\nb#c" = 1, nohash = 2}\n'
            'environments = {production = {knd = "staging"}}\n'
            'rules = {release-without-security-check = "warning", nowhere = "error"}\n'
            'ignore = [{rule = "nothing-such", reason = "because"}]\n',
        )
    )
    for word in (
        "risk: ",
        "budgetShare: -5",
        "owners: ",
        "'wat'",
        "'nohash'",
        "'a\\nb#c'",
        "environments.production",
        "release-without-security-check stays an error",
        "no rule 'nowhere'",
        "no rule 'nothing-such'",
    ):
        assert word in told(found)
    assert found.as_is.owners == ()


@pytest.mark.parametrize("name", ["missing.csv", "Dockerfile", ".github"])
def test_metrics_that_the_repository_itself_names_and_nobody_can_read_stop_nothing(
    tmp_path: Path, name: str
) -> None:
    found = target(tmp_path, f'metrics = "{name}"')
    assessment = assessed(found)
    assert "metrics: " in told(assessment)
    assert assessment.baseline == ()
    assert "file-unreadable" in {finding.rule for finding in gaps_of(found, assessment).findings}


def test_a_configuration_that_the_user_names_is_refused_with_its_reason(tmp_path: Path) -> None:
    target(tmp_path, "")
    (tmp_path / "mine.toml").write_text('rules = {nowhere = "error"}')
    with pytest.raises(InputError, match="no rule 'nowhere'"):
        open_target(tmp_path, tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_text('metrics = "missing.csv"')
    with pytest.raises(InputError, match=r"missing\.csv"):
        assessed(open_target(tmp_path, tmp_path / "mine.toml"))


def test_an_environment_of_another_kind_by_the_users_word_cites_that_word(tmp_path: Path) -> None:
    found = target(tmp_path, '[environments.production]\nkind = "staging"')
    assessment = assessed(found)
    (place,) = (place for place in assessment.as_is.environments if place.id == "production")
    assert place.kind == "staging"
    assert "user:environments.production.kind" in place.evidence
    done = drafted(found, assessment)
    wrong = {"evidence-unresolved", "evidence-stale", "evidence-unchecked"}
    assert not wrong & {finding.rule for finding in done.findings.findings}


@pytest.mark.parametrize("owner", ["", " ", "a\nb", "a" * 201])
def test_an_owner_that_is_no_name_is_refused_in_one_line(tmp_path: Path, owner: str) -> None:
    assessment = assessed(target(tmp_path, ""))
    with pytest.raises(InputError, match="an owner is a name on one line"):
        draft(assessment, owner)
