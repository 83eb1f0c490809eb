"""Structure before rules: a plan whose references lead nowhere is malformed, and no rule is tried on it."""

import pytest
from tests.plan_overlays import Document, base_case, bases, case

from platform_operations.validate import RULES, validate
from platform_operations.validate.structure import defects, references, well_formed

BROKEN: dict[str, tuple[Document, str]] = {
    "a gate on no stage": ({"qualityGates": {"secrets": {"stage": "nowhere"}}}, "/qualityGates/2/stage"),
    "a stage of no pipeline": (
        {"pipelineStages": {"test": {"pipeline": "gone"}}},
        "/pipelineStages/0/pipeline",
    ),
    "a stage of no component": (
        {"pipelineStages": {"test": {"component": "x"}}},
        "/pipelineStages/0/component",
    ),
    "a deploy to nowhere": (
        {"pipelineStages": {"deploy-staging": {"environment": "moon"}}},
        "/pipelineStages/3/environment",
    ),
    "a need of nothing": ({"pipelineStages": {"test": {"needs": ["lunch"]}}}, "/pipelineStages/0/needs"),
    "an optional need of nothing": (
        {"pipelineStages": {"test": {"optionalNeeds": ["lunch"]}}},
        "/pipelineStages/0/optionalNeeds",
    ),
    "a product that is no artifact": (
        {"pipelineStages": {"package": {"produces": ["box"]}}},
        "/pipelineStages/2/produces",
    ),
    "a consumed nothing": (
        {"pipelineStages": {"deploy-staging": {"consumes": [{"artifact": "box", "reference": "digest"}]}}},
        "/pipelineStages/3/consumes",
    ),
    "a failure that leads nowhere": (
        {"pipelineStages": {"verify-production": {"onFailure": "cry"}}},
        "/pipelineStages/6/onFailure",
    ),
    "an artifact of no component": (
        {"artifacts": {"catalog-image": {"component": "x"}}},
        "/artifacts/0/component",
    ),
    "a pipeline protected by nothing": (
        {"pipelines": {"release": {"protectedBy": ["luck"]}}},
        "/pipelines/0/protectedBy",
    ),
    "a strategy for nowhere": (
        {"deployStrategy": {"catalog-production": {"environment": "moon"}}},
        "/deployStrategy/components/0/environment",
    ),
    "an alert on no promise": (
        {"alerts": {"catalog-availability-fast-burn": {"slo": "gone"}}},
        "/alerts/0/slo",
    ),
    "an alert with no such runbook": (
        {"alerts": {"catalog-availability-fast-burn": {"runbook": "gone"}}},
        "/alerts/0/runbook",
    ),
    "a runbook to no rollback": (
        {"runbooks": {"catalog-failing": {"rollback": "gone"}}},
        "/runbooks/0/rollback",
    ),
    "a rollback of no environment": (
        {"rollbackPlan": {"rollback-production": {"environment": "moon"}}},
        "/rollbackPlan/0/environment",
    ),
    "a pillar of no component": (
        {"observabilityPillars": {"logs": {"component": "x"}}},
        "/observabilityPillars/1/component",
    ),
    "a promise of no component": (
        {"slos": {"catalog-availability": {"component": "x"}}},
        "/slos/0/component",
    ),
}


@pytest.mark.parametrize(("overlay", "at"), BROKEN.values(), ids=BROKEN)
def test_a_reference_that_leads_nowhere_is_the_only_finding(overlay: Document, at: str) -> None:
    findings = case(overlay).findings()

    assert [(found.rule, found.at) for found in findings] == [("plan-malformed", at)]
    assert "which is not in" in findings[0].message


def test_a_dangling_reference_names_what_it_may_lead_to() -> None:
    (finding,) = case({"qualityGates": {"secrets": {"stage": "nowhere"}}}).findings()

    assert "scan" in finding.allowed
    assert finding.entry == "qualityGates/secrets"


def test_an_id_that_stands_twice_is_told_once() -> None:
    owner = {"id": "@acme/catalog", "evidence": ["repo:.github/CODEOWNERS#L1-L1"]}
    findings = case({"owners": [owner, owner]}).findings()

    assert [found.message for found in findings] == ["owners has 2 entries named '@acme/catalog'"]


def test_one_id_may_stand_in_two_sections() -> None:
    assert (
        case({"runbooks": {"catalog-image": {"path": "x.md", "evidence": ["repo:x.md#L1-L1"]}}}).findings()
        == ()
    )


def test_every_stage_of_a_cycle_is_named() -> None:
    findings = case({"pipelineStages": {"test": {"needs": ["scan"]}, "scan": {"needs": ["test"]}}}).findings()

    assert {found.rule for found in findings} == {"plan-malformed"}
    assert {"pipelineStages/test", "pipelineStages/scan"} <= {found.entry for found in findings}


def test_a_protecting_check_may_close_a_cycle_too() -> None:
    found = case({"pipelines": {"release": {"protectedBy": ["deploy-production"]}}}).findings()

    assert {row.rule for row in found} == {"plan-malformed"}


@pytest.mark.parametrize("name", bases())
def test_a_base_plan_is_well_formed_and_all_its_references_are_seen(name: str) -> None:
    plan = base_case(name).plan

    assert plan is not None
    assert well_formed(plan)
    seen = {(section, entry, target) for section, entry, _, target, _ in references(plan)}
    assert {("pipelineStages", stage.id, "pipelines") for stage in plan.pipeline_stages} <= seen
    assert {("alerts", alert.id, "components") for alert in plan.alerts} <= seen


def test_no_rule_is_tried_on_a_malformed_plan() -> None:
    found = case(
        {"qualityGates": {"secrets": {"stage": "nowhere"}}, "driftChecks": {"manifests-drift": None}}
    )

    assert found.plan is not None
    assert [row.rule for row in validate(found.plan).findings] == ["plan-malformed"]
    assert len(tuple(defects(found.plan))) == 1
    assert len(RULES) > 60
