"""The verdict: questions, the user's word, ignored findings, order, pointers, the same every time."""

import json
from typing import Any, cast

import pytest
from tests.plan_mutations import shuffled
from tests.plan_overlays import Case, Document, case

from platform_operations.model.assessment import Assessment, Fact
from platform_operations.model.finding import Finding, Findings
from platform_operations.model.plan import Plan
from platform_operations.validate import BY_ID, RULES, Ignore, Review, gaps, judge, validate
from platform_operations.validate.judge import pointer

NO_WAY_BACK: Document = {
    "rollbackPlan": {"rollback-production": None},
    "pipelineStages": {"verify-production": {"onFailure": None}},
    "runbooks": {"catalog-failing": {"rollback": None}},
}
MANY: Document = {
    **NO_WAY_BACK,
    "qualityGates": {"secrets": None, "dependencies": {"blocking": False}},
    "alerts": {"catalog-availability-fast-burn": {"route": None, "runbook": None, "owner": None}},
    "observabilityPillars": {"traces": None},
    "artifacts": {"catalog-image": {"attestations": []}},
}


def seen(found: Case, *facts: Fact) -> tuple[Plan, Assessment]:
    assert found.plan is not None
    assert found.assessment is not None
    kept = tuple(
        fact
        for fact in found.assessment.facts
        if (fact.subject, fact.aspect) not in {(f.subject, f.aspect) for f in facts}
    )
    return found.plan, found.assessment.model_copy(update={"facts": (*kept, *facts)})


ROLLBACK_UNKNOWN = Fact(subject="practices", aspect="rollback", outcome="unknown", reason="a remote template")
ROLLBACK_SAID = Fact(
    subject="practices", aspect="rollback", outcome="present", evidence=("user:practices#rollback",)
)
ROLLBACK_SEEN = Fact(subject="practices", aspect="rollback", outcome="present", evidence=("repo:a#L1-L1",))


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def test_what_nobody_could_see_is_a_question_about_today() -> None:
    _, assessment = seen(case(NO_WAY_BACK), ROLLBACK_UNKNOWN)
    verdict = gaps(assessment)

    assert "deploy-without-rollback" not in rules(verdict.findings)
    (question,) = verdict.questions
    assert question.key == "practices#rollback"
    assert question.constraint == "checks-and-rollback"
    assert '"practices#rollback" = "yes"; if it is not: "no"' in question.text


def test_what_nobody_could_see_is_unproven_in_a_plan() -> None:
    plan, assessment = seen(case(NO_WAY_BACK), ROLLBACK_UNKNOWN)
    verdict = judge(Review(plan, assessment))

    assert rules(verdict.findings) == ["constraint-unproven"]
    assert verdict.findings[0].constraint == "checks-and-rollback"
    assert verdict.questions == ()
    assert not verdict.valid


def test_an_unknown_of_the_workflow_is_no_constraint_and_stays_a_finding() -> None:
    fact = Fact(
        subject="components/catalog", aspect="traces", outcome="unknown", reason="an agent of the platform"
    )
    plan, assessment = seen(case({"observabilityPillars": {"traces": None}}), fact)

    assert rules(judge(Review(plan, assessment)).findings) == ["pillar-missing"]
    assert [question.key for question in gaps(assessment).questions] == ["components/catalog#traces"]


def test_the_users_word_answers_a_question_and_is_counted() -> None:
    plan, assessment = seen(case(NO_WAY_BACK), ROLLBACK_SAID)
    findings = validate(plan, assessment)

    assert findings.findings == ()
    assert findings.valid
    assert findings.on_user_word == 1


def test_a_fact_that_the_repository_shows_is_no_users_word() -> None:
    plan, assessment = seen(case(NO_WAY_BACK), ROLLBACK_SEEN)
    findings = validate(plan, assessment)

    assert rules(findings.findings) == ["deploy-without-rollback"]
    assert findings.on_user_word == 0


def test_several_findings_under_one_word_count_once() -> None:
    word = Fact(subject="alerts", aspect="receivers", outcome="present", evidence=("user:alerts#receivers",))
    overlay: Document = {
        "alerts": {
            "catalog-availability-fast-burn": {"route": None},
            "catalog-availability-slow-burn": {"route": None},
        }
    }
    plan, assessment = seen(case(overlay), word)

    assert validate(plan, assessment).on_user_word == 1


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        (Ignore("alert-without-route", "the pager moves"), []),
        (Ignore("alert-without-route", "the pager moves", "alerts/catalog-availability-fast-burn"), []),
        (Ignore("alert-without-route", "the pager moves", expires="2026-11-20"), []),
        (Ignore("alert-without-route", "another alert", "alerts/other"), ["alert-without-route"]),
        (Ignore("alert-without-owner", "another rule"), ["alert-without-route"]),
        (
            Ignore("alert-without-route", "over", expires="2026-11-19"),
            ["alert-without-route", "ignore-expired"],
        ),
    ],
)
def test_an_ignore_holds_for_its_rule_and_entry_until_its_day(ignore: Ignore, left: list[str]) -> None:
    found = case({"alerts": {"catalog-availability-fast-burn": {"route": None}}})
    assert found.plan is not None

    assert rules(validate(found.plan, found.assessment, found.citations, (ignore,)).findings) == left


def test_without_a_time_nothing_is_over() -> None:
    found = case({"target": {"asOf": None}, "alerts": {"catalog-availability-fast-burn": {"route": None}}})
    assert found.plan is not None
    ignore = Ignore("alert-without-route", "long ago", expires="1999-12-31")

    assert validate(found.plan, found.assessment, found.citations, (ignore,)).findings == ()


def test_an_expired_ignore_cannot_be_ignored_and_a_malformed_plan_neither() -> None:
    found = case({"qualityGates": {"secrets": {"stage": "nowhere"}}})
    assert found.plan is not None
    whole = case()
    assert whole.plan is not None
    over = Ignore("alert-noisy", "over", expires="2020-01-01")

    assert rules(validate(found.plan, ignores=(Ignore("plan-malformed", "please"),)).findings) == [
        "plan-malformed"
    ]
    assert rules(validate(whole.plan, None, None, (over, Ignore("ignore-expired", "please"))).findings) == [
        "ignore-expired"
    ]


def test_findings_stand_in_the_order_of_the_rules_then_of_sections_and_ids() -> None:
    findings = case(MANY).findings()
    order = [rule.id for rule in RULES]
    places = [(order.index(found.rule), found.entry or "") for found in findings]

    assert len(findings) > 6
    assert [place[0] for place in places] == sorted(place[0] for place in places)
    assert places == sorted(places)


def test_entries_past_the_tenth_are_ordered_by_id_and_not_by_the_text_of_the_pointer() -> None:
    alert: Document = {
        "component": "catalog",
        "kind": "symptom",
        "for": "5m",
        "severity": "ticket",
        "owner": "@acme/catalog",
        "runbook": "catalog-failing",
        "evidence": ["repo:a.yml#L1-L2"],
    }
    more = {f"probe-{n:02}": {**alert, "expression": f"probe_success == {n}"} for n in range(12)}
    found = [row for row in case({"alerts": more}).findings() if row.rule == "alert-without-route"]

    assert [row.entry for row in found] == [f"alerts/probe-{n:02}" for n in range(12)]


def test_every_pointer_leads_into_the_document() -> None:
    found = case(MANY)
    assert found.plan is not None
    document = found.plan.document()

    for finding in found.findings():
        assert reached(document, finding.at) is not document, finding.at


def reached(document: Document, at: str) -> object:
    """Return what a pointer leads to, or what holds the field that is left out."""
    inside: Any = document
    for step in at.removeprefix("/").split("/"):
        rows = cast("list[Any]", inside) if isinstance(inside, list) else None
        fields = cast("Document", inside) if isinstance(inside, dict) else {}
        if rows is None and step not in fields:
            break
        inside = rows[int(step)] if rows is not None else fields[step]
    return cast("object", inside)


def test_a_pointer_escapes_what_the_standard_asks_for() -> None:
    found = case()
    assert found.plan is not None
    uri = "repo:.github/CODEOWNERS#L1-L1"
    index = [entry.uri for entry in found.plan.evidence].index(uri)

    assert pointer(found.plan, ("evidence", uri)) == f"/evidence/{index}"
    assert pointer(found.plan, ("owners", "a/b~c")) == "/owners/a~1b~0c"
    assert (
        pointer(found.plan, ("deployStrategy", "catalog-production", "kind"))
        == "/deployStrategy/components/0/kind"
    )
    assert pointer(found.plan, ("deployStrategy", "summary")) == "/deployStrategy/summary"
    assert pointer(found.plan, ()) == ""


def test_the_same_input_gives_the_same_bytes() -> None:
    found = case(MANY)
    assert found.plan is not None

    def verdict(plan: Plan) -> str:
        return json.dumps(validate(plan, found.assessment, found.citations).document())

    assert verdict(found.plan) == verdict(found.plan.model_copy(deep=True))
    again = shuffled(found.plan, 7)
    assert sorted(rules(validate(again, found.assessment).findings)) == sorted(
        rules(validate(found.plan, found.assessment).findings)
    )


def test_evidence_is_checked_only_where_somebody_looked() -> None:
    found = case()
    assert found.plan is not None

    assert validate(found.plan, found.assessment).evidence == "unchecked"
    assert validate(found.plan, found.assessment, found.citations).evidence == "checked"


def test_a_warning_leaves_a_plan_valid_and_an_error_does_not() -> None:
    warned = case({"artifacts": {"catalog-image": {"attestations": []}}})
    broken = case({"driftChecks": {"manifests-drift": None}})
    assert warned.plan is not None
    assert broken.plan is not None

    assert validate(warned.plan, warned.assessment).valid
    assert not validate(broken.plan, broken.assessment).valid


def test_a_finding_carries_every_key_of_the_contract() -> None:
    found = case({"driftChecks": {"manifests-drift": None}})
    assert found.plan is not None
    verdict: Findings = validate(found.plan, found.assessment, found.citations)
    document = verdict.document()

    assert document["schema"] == "platform-ops/findings@1"
    assert list(document["findings"][0]) == [
        "rule",
        "severity",
        "constraint",
        "at",
        "entry",
        "message",
        "repair",
        "allowed",
        "source",
    ]
    assert document["findings"][0]["repair"] == "reference rules/drift-unchecked#repair"


def test_the_gaps_of_today_are_the_findings_on_todays_plan() -> None:
    found = case({"driftChecks": {"manifests-drift": None}})
    assert found.assessment is not None

    assert rules(gaps(found.assessment).findings) == ["drift-unchecked"]


def test_rule_ids_are_unique_and_name_functions_of_their_severity() -> None:
    assert len(BY_ID) == len(RULES)
    assert {rule.severity for rule in RULES} == {"error", "warning"}


def test_summaries_that_nobody_generated_after_an_edit_are_one_finding_that_names_them_all() -> None:
    found = case()
    assert found.plan is not None
    slo, alert = found.plan.slos[0], found.plan.alerts[0]
    plan = found.plan.with_entry("slos", slo.model_copy(update={"summary": "Good."}))
    one = Case(plan, found.assessment, found.citations).findings()
    plan = plan.with_entry("alerts", alert.model_copy(update={"summary": "Loud."}))
    both = Case(plan, found.assessment, found.citations).findings()

    assert [(row.rule, row.entry, row.allowed) for row in one] == [
        ("evidence-contradicted", f"slos/{slo.id}", (slo.summary,))
    ]
    assert rules(both) == ["evidence-contradicted"]
    assert (
        f"2 summaries are not what the fields of their entries give (slos/{slo.id}, alerts/{alert.id})"
        in (both[0].message)
    )


def test_a_mechanism_that_nobody_offers_is_answered_with_those_of_the_wanted_kind() -> None:
    rolling = case({"deployStrategy": {"catalog-production": {"kind": "rolling", "mechanism": "teleport"}}})
    (finding,) = [row for row in rolling.findings() if row.rule == "strategy-unsupported"]

    assert "kubernetes-rolling-update" in finding.allowed
    assert "kubernetes-recreate" not in finding.allowed
