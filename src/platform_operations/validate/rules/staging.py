"""No production without staged verification.

No deploy without a validation after it and a way back.
"""

from collections.abc import Iterator
from decimal import Decimal

from platform_operations.model.delivery import Environment, Stage
from platform_operations.model.evidence import repo_place
from platform_operations.model.plan import Plan
from platform_operations.patterns import regex
from platform_operations.validate.compose.acting import acting_in, by_digest
from platform_operations.validate.compose.parties import lower_environment
from platform_operations.validate.compose.release import rollback_entry
from platform_operations.validate.compose.runbooks import aligned
from platform_operations.validate.compose.stages import (
    add_need,
    add_stage,
    component_of,
    consumed,
)
from platform_operations.validate.compose.verification import verify_stage
from platform_operations.validate.edits import amend, fresh, united
from platform_operations.validate.graph import proves
from platform_operations.validate.rule import Review, Violation, rule


def judged_canary(review: Review, release: Stage) -> bool:
    """Whether the release's strategy shows the new version to a share of users first and judges it there."""
    rows = review.related.strategies_in.get((release.component, release.environment), ())
    for row in rows[:1]:
        stepped = row.steps and row.kind in {"canary", "feature-flag", "blue-green"}
        first = row.steps[0] if stepped else None
        return first is not None and bool(first.judged_by) and 0 < Decimal(first.traffic) < 100
    return False


@rule("staged-verification")
def production_unverified(review: Review) -> Iterator[Violation]:
    """Everyone meets an artifact that no stage verified at a lower exposure."""
    for release in review.graph.full_releases:
        if review.graph.lower_verifications(release) or review.graph.attempts(release):
            continue
        if judged_canary(review, release):
            continue
        yield Violation(
            ("pipelineStages", release.id, "needs"),
            f"{release.id!r} puts "
            f"{', '.join(sorted(review.graph.consumed(release))) or 'something unnamed'} before everyone"
            " in "
            f"{release.environment}, and no stage verified it at a lower exposure",
            question=("practices", "stagedVerification"),
            repair=lambda plan, name=release.id: _verified_first(review, plan, name),
            source=release.evidence[0] if release.evidence else None,
        )


@rule("staged-verification")
def verification_not_before_exposure(review: Review) -> Iterator[Violation]:
    """A verification at a lower exposure is there, but the release does not wait for it."""
    for release in review.graph.full_releases:
        found = review.graph.lower_verifications(release)
        if judged_canary(review, release) or any(
            review.graph.guarded_by(release.id, stage.id) for stage in found
        ):
            continue
        if not found and not review.graph.attempts(release):
            continue
        yield Violation(
            ("pipelineStages", release.id, "needs"),
            f"{release.id!r} reaches everyone although {_why_not_first(review, release, found)}",
            repair=lambda plan, name=release.id, found=found: _after_one_of(review, plan, name, found),
            allowed=tuple(stage.id for stage in found),
            source=release.evidence[0] if release.evidence else None,
        )


def _why_not_first(review: Review, release: Stage, found: tuple[Stage, ...]) -> str:
    """Say why what verifies below the release does not stop it, of the attempt that comes nearest to it."""
    graph = review.graph
    for stage in found:
        late = graph.guarded_by(stage.id, release.id)
        return f"{stage.id!r} comes only after it" if late else f"it does not wait for {stage.id!r}"
    stage = min(graph.attempts(release), key=lambda stage: not proves(stage))
    if not proves(stage):
        return f"{stage.id!r} cannot fail"
    elsewhere = graph.asks_elsewhere(stage)
    if elsewhere is not None:
        return f"{stage.id!r} asks {elsewhere}"
    taken, wanted = graph.consumed(stage), graph.consumed(release)
    if not taken & wanted:
        what = f"takes {', '.join(sorted(taken))}" if taken else "names no artifact"
        return f"{stage.id!r} {what}, and the release takes {', '.join(sorted(wanted)) or 'nothing named'}"
    if stage.environment is None:
        return f"{stage.id!r} looks at it in CI only, and the component has staging"
    return f"nothing puts the artifact in {stage.environment} before {stage.id!r} looks at it there"


def _after_one_of(review: Review, plan: Plan, name: str, found: tuple[Stage, ...]) -> Plan | None:
    graph = Review(plan, review.assessment).graph
    release = graph.stages.get(name)
    for stage in found:
        if (
            release
            and stage.id in graph.stages
            and not graph.guarded_by(stage.id, name)
            and stage.pipeline == release.pipeline
        ):
            return add_need(plan, name, stage.id)
    return _made_able(review, plan, name) or _verified_first(review, plan, name)


def _made_able(review: Review, plan: Plan, name: str) -> Plan | None:
    """Return the plan in which a verification before the release may fail, None where that was not what it lacked."""
    graph = Review(plan, review.assessment).graph
    for stage in graph.attempts(graph.stages[name]) if name in graph.stages else ():
        runs = tuple(_ESCAPE.sub("", line) for line in stage.runs)
        if proves(stage) or runs == stage.runs:
            continue
        mended = amend(plan, "pipelineStages", stage.id, runs=runs)
        now = Review(mended, review.assessment).graph
        if any(now.guarded_by(name, other.id) for other in now.lower_verifications(now.stages[name])):
            return mended
    return None


_ESCAPE = regex(r"\s*+\|\|[^|]*$")


def _verified_first(review: Review, plan: Plan, name: str) -> Plan | None:
    """Verify where the component is put already below production, else in a lower environment, else in CI."""
    graph = Review(plan, review.assessment).graph
    release = graph.stages.get(name)
    component = component_of(plan, release.component) if release else None
    if release is None or component is None or not release.consumes:
        return None
    place = lower_environment(plan, component.id)
    registry = graph.place(release)
    if place is None or (registry is not None and registry.kind == "registry"):
        needs = _makers(graph_plan=plan, release=release) or release.needs
        stage = verify_stage(review, plan, release, None, needs)
        return add_stage(review, plan, stage, before=name) if stage else None
    plan, deployed = _lower_deploy(review, plan, release, place)
    if deployed is None:
        return None
    stage = verify_stage(review, plan, release, place, (deployed.id,))
    return add_stage(review, plan, stage, before=name) if stage else None


def _makers(graph_plan: Plan, release: Stage) -> tuple[str, ...]:
    graph = Review(graph_plan).graph
    taken = graph.consumed(release)
    return tuple(
        stage.id
        for stage in graph.stages.values()
        if taken & set(stage.produces)
        and stage.id != release.id
        and stage.pipeline == release.pipeline
        and not graph.guarded_by(stage.id, release.id)
    )[:1]


def _lower_deploy(
    review: Review, plan: Plan, release: Stage, place: Environment
) -> tuple[Plan, Stage | None]:
    """Return the plan with a deploy of the release's artifact to `place` that comes before the release."""
    graph = Review(plan, review.assessment).graph
    taken = graph.consumed(release)
    for stage in graph.stages.values():
        if stage.kind != "deploy" or stage.environment != place.id or stage.component != release.component:
            continue
        if graph.guarded_by(stage.id, release.id) or stage.pipeline != release.pipeline:
            continue
        if not taken & graph.consumed(stage):
            plan = amend(
                plan, "pipelineStages", stage.id, consumes=(*stage.consumes, *consumed(plan, *sorted(taken)))
            )
        return plan, stage
    action, runs = acting_in(review, plan, release, place)
    takes = consumed(plan, *sorted(taken))
    if any(item.reference == "commit" for item in release.consumes) and not by_digest(runs):
        takes = tuple(item for item in release.consumes if item.artifact in taken)
    deploy = release.model_copy(
        update={
            "id": fresh(
                plan,
                "pipelineStages",
                f"deploy-{place.id}"
                if len(plan.components) == 1
                else f"deploy-{release.component}-{place.id}",
            ),
            "kind": "deploy",
            "environment": place.id,
            "exposure": "internal",
            "needs": _makers(plan, release) or release.needs,
            "optional_needs": (),
            "consumes": takes,
            "runs": runs,
            "action": action,
            "text": None,
            "evidence": united(place.evidence, release.evidence),
            "on_failure": None,
        }
    )
    return add_stage(review, plan, deploy), deploy


@rule("checks-and-rollback")
def deploy_without_validation(review: Review) -> Iterator[Violation]:
    """Nothing checks production, or the published package, after a release."""
    for release in review.graph.full_releases:
        taken = review.graph.consumed(release)
        after = [
            stage
            for stage in review.graph.verifications.get(release.component or "", ())
            if stage.environment == release.environment
            and review.graph.guarded_by(stage.id, release.id)
            and (not taken or taken & review.graph.consumed(stage))
        ]
        if after:
            continue
        yield Violation(
            ("pipelineStages", release.id),
            f"nothing checks {release.environment} after {release.id!r}",
            question=("practices", "postDeployValidation"),
            repair=lambda plan, name=release.id: _validated(review, plan, name),
            source=release.evidence[0] if release.evidence else None,
        )


def _validated(review: Review, plan: Plan, name: str) -> Plan | None:
    release = plan.by_name.get(f"pipelineStages/{name}")
    if not isinstance(release, Stage):
        return None
    place = plan.by_name.get(f"environments/{release.environment}")
    back = next(
        (
            row.id
            for row in plan.rollback_plan
            if row.component == release.component and row.environment == release.environment
        ),
        None,
    )
    stage = verify_stage(
        review,
        plan,
        release,
        place if isinstance(place, Environment) else None,
        (release.id,),
        on_failure=back,
    )
    return add_stage(review, plan, stage) if stage else None


def _way_back(review: Review) -> str:
    """Return what there is of a way back where no release has one: a page, something apart, or nothing."""
    fact = review.fact("practices", "rollback") if review.today else None
    place = next((found for uri in (fact.evidence if fact else ()) if (found := repo_place(uri))), None)
    if fact is None or fact.outcome != "present" or place is None:
        return "nothing says how it is taken back"
    if fact.strength == "documented":
        return f"only a page tells how it is taken back ({place.path}:{place.first})"
    return f"what takes something back ({place.path}:{place.first}) is not tied to it"


@rule("checks-and-rollback")
def deploy_without_rollback(review: Review) -> Iterator[Violation]:
    """A component is released to production with no way back."""
    planned = review.related.rollbacks_in
    seen: set[tuple[str | None, str | None]] = set()
    for release in review.graph.releases:
        pair = (release.component, release.environment)
        if pair in planned or pair in seen:
            continue
        seen.add(pair)
        yield Violation(
            ("pipelineStages", release.id),
            f"{release.id!r} releases {release.component} to {release.environment}, and {_way_back(review)}",
            question=("practices", "rollback"),
            repair=lambda plan, release=release: aligned(
                review, rollback_entry(review, plan, release), release.component
            ),
            source=release.evidence[0] if release.evidence else None,
        )
