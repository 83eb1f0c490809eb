"""What the remedies propose fits the component: its registry, its service, the image that was built, honest assumptions."""

import pytest

from platform_operations.draft import draft
from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Component, Consumed, Stage
from platform_operations.model.plan import Plan, RiskProfile, Target
from platform_operations.model.reliability import ObservabilityPillar
from platform_operations.validate import Review
from platform_operations.validate.compose.parties import action_for
from platform_operations.validate.compose.reliability import pillar_entry
from platform_operations.validate.compose.stages import add_stage, packaging
from platform_operations.validate.compose.verification import verification

LIBRARY = Component(id="ring", types=("library",), languages=("rust",), platforms=("aws",))
SITE = Component(id="docs", types=("static-site",), languages=("javascript",), platforms=("aws",))
FUNCTION = Component(id="resize", types=("serverless",), languages=("python",), platforms=("aws",))
SERVICE = Component(id="shop", types=("http-service",), languages=("typescript",), platforms=())
DOCKERED = SERVICE.model_copy(update={"platforms": ("docker",)})
CHART = DOCKERED.model_copy(update={"platforms": ("docker", "helm")})


def plan_of(component: Component) -> Plan:
    target = Target(name="shop", risk_profile=RiskProfile(level="low", reasons=("none",)))
    return Plan(target=target, components=(component,))


@pytest.mark.parametrize(
    ("component", "kind", "word"),
    [
        (LIBRARY, "publish", "cargo-publish"),
        (SITE, "deploy", "s3-sync"),
        (FUNCTION, "deploy", "sam-deploy"),
    ],
)
def test_a_release_goes_where_such_a_component_can_run_or_be_installed_from(
    component: Component, kind: str, word: str
) -> None:
    found = action_for(component, "publish" if kind == "publish" else "deploy")
    assert found is not None
    assert found[1] == word


def test_a_service_is_never_published_to_a_registry_of_packages() -> None:
    assert action_for(SERVICE, "publish") is None
    plan = draft(Assessment(as_is=plan_of(SERVICE)))
    assert not [line for stage in plan.pipeline_stages for line in stage.runs if "publish" in line]


def test_the_image_that_a_verification_starts_is_the_one_that_was_pushed() -> None:
    lines = packaging(Review(plan_of(DOCKERED)), DOCKERED, "container-image", "shop-image", "$GITHUB_SHA")
    made = Stage(id="package", kind="package", pipeline="ci", runs=lines, produces=("shop-image",))
    plan = plan_of(DOCKERED).with_entry("pipelineStages", made)
    pushed = lines[-1].removeprefix("docker push ").removesuffix(":$GITHUB_SHA")
    release = Stage(
        id="deploy",
        kind="deploy",
        pipeline="ci",
        consumes=(Consumed(artifact="shop-image", reference="digest"),),
    )
    assert f"{pushed}@$IMAGE_DIGEST" in verification(Review(plan), plan, DOCKERED, None, release)[0]


def test_a_packed_chart_is_rendered_and_no_image_is_started_in_its_place() -> None:
    release = Stage(
        id="publish",
        kind="publish",
        pipeline="ci",
        action="helm-push",
        consumes=(Consumed(artifact="shop-package", reference="version"),),
    )
    plan = plan_of(CHART)
    assert verification(Review(plan), plan, CHART, None, release) == ("helm template ./*.tgz",)


def test_only_vercel_builds_with_the_tool_of_vercel() -> None:
    netlify = SITE.model_copy(update={"platforms": ("netlify",)})
    vercel = SITE.model_copy(update={"platforms": ("vercel",)})
    assert packaging(Review(plan_of(netlify)), netlify, "platform-deployment", "docs") == (
        "npm install",
        "npm run build",
    )
    assert (
        packaging(Review(plan_of(vercel)), vercel, "platform-deployment", "docs")[-1] == "vercel build --prod"
    )


def test_a_target_of_make_that_nobody_has_seen_is_assumed_by_its_name() -> None:
    plan = plan_of(SERVICE)
    stage = Stage(id="verify", kind="verify", pipeline="ci", runs=("make verify COMPONENT=shop",))
    notes = {note.id: note for note in add_stage(Review(plan), plan, stage).assumptions}
    assert notes["make-verify"].fills == ("pipelineStages/verify/runs",)


def test_logs_go_to_the_tool_that_holds_the_metrics_when_it_holds_both() -> None:
    known = ObservabilityPillar(
        id="metrics", pillar="metrics", component="shop", tool="datadog", instrumentation="the agent"
    )
    plan = plan_of(SERVICE).with_entry("observabilityPillars", known)
    done = pillar_entry(Review(plan), plan, SERVICE, "logs")
    assert [row.tool for row in done.observability_pillars] == ["datadog", "datadog"]
    assert done.assumptions == ()


def test_a_tool_that_nothing_in_the_repository_shows_is_assumed() -> None:
    plan = plan_of(SERVICE)
    done = pillar_entry(Review(plan), plan, SERVICE, "logs")
    assert [note.fills for note in done.assumptions] == [("observabilityPillars/logs/tool",)]
