"""The rollout promises that no step makes anything worse: taken in order, every state on the way is sound."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.plan_overlays import base_case, bases

from platform_operations.draft import consistent, derived, draft
from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Stage
from platform_operations.model.difference import advanced, changed_entries, retired_entries
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import RolloutStep
from platform_operations.model.words import RELEASING
from platform_operations.toolbox import assessed, open_target
from platform_operations.validate import RULES, Review, well_formed

ROOT = Path(__file__).parent.parent
REPOSITORIES = (ROOT / "examples" / "checkout", *sorted((ROOT / "evals" / "cases").glob("*/target")))
ABOUT_THE_ORDER = frozenset({"rollout-unordered", "rollback-trigger-after-rollout"})
"""Rules about the rollout of the whole plan: a plan half way has another one."""

NAMES = (*(str(path.relative_to(ROOT)) for path in REPOSITORIES), *(f"plans/{name}" for name in bases()))


@cache
def finished_plan(name: str) -> tuple[Plan, Assessment]:
    """Return the plan of a repository, or of a base plan with its rollout derived again."""
    if not name.startswith("plans/"):
        assessment = assessed(open_target(ROOT / name))
        return draft(assessment), assessment
    found = base_case(name.removeprefix("plans/"))
    assert found.plan is not None
    assert found.assessment is not None
    return derived(found.plan, found.assessment), found.assessment


def states(plan: Plan, assessment: Assessment) -> Iterator[tuple[RolloutStep, Plan]]:
    """Yield each rollout step with the plan that stands once it and all before it are taken."""
    done: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    for step in plan.rollout:
        done, gone = done.union(step.implements), gone.union(step.retires)
        yield step, advanced(assessment.as_is, plan, done, gone)


def errors(plan: Plan, assessment: Assessment) -> frozenset[tuple[str, str]]:
    """Return (rule, entry) of every error in a plan whose origins, ledger and summaries are computed for it."""
    review = Review(consistent(plan, assessment), assessment)
    return frozenset(
        (rule.id, "/".join(str(part) for part in violation.at[:2]))
        for rule in RULES
        if rule.id not in ABOUT_THE_ORDER
        for violation in rule.check(review)
        if (violation.severity or rule.severity) == "error"
    )


@pytest.mark.parametrize("name", NAMES)
def test_no_rollout_step_adds_an_error_that_the_state_before_it_lacked(name: str) -> None:
    plan, assessment = finished_plan(name)
    before = errors(assessment.as_is, assessment)
    for step, state in states(plan, assessment):
        assert well_formed(state), f"{name}: {step.id} leaves a reference to what is not there yet"
        after = errors(state, assessment)
        assert not after - before, f"{name}: {step.id} adds {sorted(after - before)}"
        before = after


@pytest.mark.parametrize("name", NAMES)
def test_the_steps_together_make_the_whole_plan_and_each_difference_once(name: str) -> None:
    plan, assessment = finished_plan(name)
    implemented = [entry for step in plan.rollout for entry in step.implements]
    retired = [entry for step in plan.rollout for entry in step.retires]
    assert sorted(implemented) == sorted(changed_entries(plan, assessment.as_is))
    assert sorted(retired) == sorted(retired_entries(plan, assessment.as_is))
    reached = [state for _, state in states(plan, assessment)][-1:] or [assessment.as_is]
    assert changed_entries(plan, reached[0]) == ()
    assert retired_entries(plan, reached[0]) == ()


@pytest.mark.parametrize("name", NAMES)
def test_steps_are_named_once_numbered_in_order_and_follow_what_they_come_after(name: str) -> None:
    plan, _ = finished_plan(name)
    ids = [step.id for step in plan.rollout]
    assert len(set(ids)) == len(ids)
    assert [step.order for step in plan.rollout] == list(range(1, len(ids) + 1))
    for index, step in enumerate(plan.rollout):
        assert set(step.after) <= set(ids[:index])


@pytest.mark.parametrize("name", NAMES)
def test_a_new_release_to_production_comes_with_its_verification_and_its_way_back(name: str) -> None:
    plan, assessment = finished_plan(name)
    kinds = {place.id: place.kind for place in plan.environments}
    for _, state in states(plan, assessment):
        for release in state.pipeline_stages:
            if f"pipelineStages/{release.id}" in assessment.as_is.by_name:
                continue
            if release.kind in RELEASING and kinds.get(release.environment or "") == "production":
                assert verified(state, release), f"{name}: {release.id} comes before what verifies it"
                ways = [(back.component, back.environment) for back in state.rollback_plan]
                assert (release.component, release.environment) in ways


def verified(plan: Plan, release: Stage) -> bool:
    """Whether a verification of the same environment follows a release, as far as its plan wants one."""
    graph = Review(plan).graph
    return any(
        stage.kind == "verify" and stage.environment == release.environment
        for stage in graph.followers(release.id)
    )
