"""New drift checks: what is declared compared with what runs, by a command that differs only where they do."""

from collections.abc import Mapping
from types import MappingProxyType

from platform_operations.model.delivery import Component
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import DriftCheck
from platform_operations.platforms.platform import Platform
from platform_operations.validate.compose.parameters import commands_of, meaning_of, variable
from platform_operations.validate.compose.parties import carriers, environment_of, owner_of, with_owner
from platform_operations.validate.edits import assume, fresh
from platform_operations.validate.rule import Review

_TOOLS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "terraform": (
            "terraform",
            "terraform -chdir={module} plan -input=false -lock=false -detailed-exitcode{variables}",
        ),
        "pulumi": ("pulumi", "pulumi preview --stack {stack} --cwd {project} --refresh --expect-no-changes"),
        "argocd": ("argocd-application", "argocd app diff {application}"),
        "flux": ("flux-kustomization", "flux diff kustomization {kustomization} --path {path}"),
        "helm": ("helm-release", "helm get manifest {release}{namespace} | kubectl diff --filename -"),
        "kubernetes": ("kubernetes-manifests", "kubectl diff {manifests}"),
        "aws": (
            "cloudformation-stack",
            "DRIFT=$(aws cloudformation detect-stack-drift --stack-name {stack} --query StackDriftDetectionId --output text)"
            " && sleep 60 && aws cloudformation describe-stack-drift-detection-status --stack-drift-detection-id $DRIFT"
            " --query StackDriftStatus --output text | grep --fixed-strings IN_SYNC",
        ),
        "sst": ("sst-app", "npx sst diff --stage {stage}"),
        "supabase": ("database-schema", "supabase db diff --linked"),
    }
)
_IMAGE_APART = 'KUBECTL_EXTERNAL_DIFF="diff -N -u -Iimage -Igeneration" '
"""Releases set the image beside the manifests: it differs every day and is no drift (kubectl takes letters, digits, - and = here)."""


def drift_entry(review: Review, plan: Plan, component: Component | None) -> Plan:
    """Return the plan with a scheduled comparison of declared and actual state by the platform's tool.

    Where no platform has one, with a comparison of the repository's assessment with this plan.
    """
    production = environment_of(plan, "production")
    environment = production.id if production else "production"
    place = _comparing(review, plan, component)
    what, template = _TOOLS[place.id] if place else ("plan", "platform-ops check .")
    tool = template
    if component is not None and place is not None:
        tool = commands_of(review, plan, component, environment, place, (template,))[0]
    if place is not None and place.id == "kubernetes" and component and _sets_images(plan, component):
        tool = _IMAGE_APART + tool
    owner = owner_of(review, plan, component.id if component else None)
    name = fresh(plan, "driftChecks", f"{what}-drift")
    plan = plan.with_entry(
        "driftChecks", DriftCheck(id=name, what=what, tool=tool, schedule="daily", owner=owner)
    )
    if component is not None and place is not None:
        for parameter in place.parameters:
            word = variable(plan, component, place, parameter, environment)
            if f"${word}" in tool:
                says = meaning_of(component, environment, place, parameter)
                fills = (f"driftChecks/{name}/tool",)
                plan = assume(
                    plan, f"variable-{word}", f"{word} is set in CI: {says}.", fills=fills, confirm_with=owner
                )
    return with_owner(plan, owner, (f"driftChecks/{name}/owner",))


def _comparing(review: Review, plan: Plan, component: Component | None) -> Platform | None:
    """Return the platform whose tool compares: of several that the component is on, the one that declares most."""
    places = {place.id: place for place in carriers(component)} if component else {}
    for name in _TOOLS:
        if name not in places:
            continue
        if name == "aws" and component is not None and not _stacked(review, plan, component):
            continue
        if name == "helm" and component is not None and "helm" not in _acting(plan, component):
            continue
        return places[name]
    return None


def _stacked(review: Review, plan: Plan, component: Component) -> bool:
    """Whether CloudFormation, or what writes for it, declares the component on AWS."""
    told = review.value(f"components/{component.id}", "aws.template") is not None
    return told or bool({"cloudformation", "sam", "cdk"} & _acting(plan, component))


def _acting(plan: Plan, component: Component) -> set[str]:
    return {
        (stage.action or "").partition("-")[0]
        for stage in plan.pipeline_stages
        if stage.component == component.id
    }


def _sets_images(plan: Plan, component: Component) -> bool:
    """Whether releases of the component name the image beside what the manifests say."""
    return any(
        stage.component == component.id and any(" set image " in line for line in stage.runs)
        for stage in plan.pipeline_stages
    )
