"""What remedies and the validator promise, on random changes of the base plans."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.plan_mutations import changes, hash_of, losses, shuffled, without
from tests.plan_overlays import base_case, bases

from platform_operations.draft import derived, draft, repaired
from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Entry
from platform_operations.model.plan import Plan
from platform_operations.model.summary import summarised
from platform_operations.validate import RULES, Review, Rule, Violation, read_document, validate, well_formed
from platform_operations.validate.structure import references

DERIVED = frozenset(
    {
        "existing-contradicted",
        "claim-unsupported",
        "evidence-unresolved",
        "evidence-stale",
        "evidence-contradicted",
        "evidence-unchecked",
        "rollout-unordered",
        "rollback-trigger-after-rollout",
    }
)
"""Rules about what is computed after all repairs: origins, ledger, summaries, rollout."""

SOUND = settings(max_examples=60)


def known(name: str) -> tuple[Plan, Assessment]:
    found = base_case(name)
    assert found.plan is not None
    assert found.assessment is not None
    return found.plan, found.assessment


BASES = {name: known(name) for name in bases()}


@st.composite
def changed(draw: st.DrawFn) -> tuple[Plan, Assessment]:
    plan, assessment = BASES[draw(st.sampled_from(sorted(BASES)))]
    plan = draw(changes(plan))
    if draw(st.booleans()):
        assessment = draw(losses(assessment))
    return plan, assessment


def findings(plan: Plan, assessment: Assessment) -> Iterator[tuple[Rule, Violation]]:
    review = Review(plan, assessment)
    for rule in RULES:
        if rule.id not in DERIVED:
            for violation in rule.check(review):
                yield rule, violation


def named(rule: Rule, violation: Violation) -> tuple[object, ...]:
    return (rule.id, violation.at, violation.message)


def written(before: Plan, after: Plan) -> set[str]:
    """Entries that differ, or are only in one of two plans."""
    names = {*before.by_name, *after.by_name}
    return {name for name in names if before.by_name.get(name) != after.by_name.get(name)}


def near(plan: Plan, names: set[str]) -> set[str]:
    """Return the entries that refer to one of `names` or that one of them refers to, signals among them."""
    found: set[str] = set()
    for one, other in links(plan):
        found |= {one} if other in names else set()
        found |= {other} if one in names else set()
    return found


def links(plan: Plan) -> Iterator[tuple[str, str]]:
    for section, entry_id, _, target, other in references(plan):
        for home in ("pipelineStages", "qualityGates") if target == "guards" else (target,):
            yield f"{section}/{entry_id}", f"{home}/{other}"
    homes = {"slo": "slos", "alert": "alerts", "stage": "pipelineStages"}
    for back in plan.rollback_plan:
        for trigger in back.triggers:
            kind, _, other = trigger.signal.partition(":")
            yield f"rollbackPlan/{back.id}", f"{homes.get(kind)}/{other}"


def stands_on(violation: Violation, names: set[str]) -> bool:
    """Whether a finding is on one of `names`, or speaks of one of them."""
    section, *rest = violation.at
    on = bool(rest) and f"{section}/{rest[0]}" in names
    return on or any(f"'{name.partition('/')[2]}'" in violation.message for name in names)


@SOUND
@given(case=changed())
def test_a_remedy_takes_its_own_finding_away_and_writes_a_sound_plan(case: tuple[Plan, Assessment]) -> None:
    plan, assessment = case
    for rule, violation in findings(plan, assessment):
        after = violation.repair(plan) if violation.repair else None
        if after is None:
            continue
        left = {named(*found) for found in findings(after, assessment)}
        assert named(rule, violation) not in left, f"{rule.id} is still there: {violation.message}"
        assert well_formed(after), rule.id
        assert read_document(after.document()) == after, rule.id


@SOUND
@given(case=changed())
def test_new_findings_stand_on_what_the_remedy_wrote_or_what_refers_to_it(
    case: tuple[Plan, Assessment],
) -> None:
    plan, assessment = case
    before = {named(*found) for found in findings(plan, assessment)}
    for rule, violation in findings(plan, assessment):
        after = violation.repair(plan) if violation.repair else None
        if after is None:
            continue
        touched = written(plan, after)
        touched |= near(plan, touched) | near(after, touched)
        for found in findings(after, assessment):
            if named(*found) not in before:
                assert stands_on(found[1], touched), f"{rule.id} led to {found[0].id}: {found[1].message}"


@SOUND
@given(case=changed())
def test_sweeping_ends_in_the_same_bytes_and_a_second_time_changes_nothing(
    case: tuple[Plan, Assessment],
) -> None:
    plan, assessment = case
    once = repaired(plan, assessment)

    assert repaired(plan, assessment).hash() == once.hash()
    assert repaired(once, assessment) == once
    assert well_formed(once)
    assert read_document(once.document()) == once


@SOUND
@given(case=changed(), seen=st.booleans())
def test_validating_never_raises_and_gives_the_same_twice(case: tuple[Plan, Assessment], seen: bool) -> None:
    plan, assessment = case
    given_ = assessment if seen else None

    assert validate(plan, given_) == validate(plan, given_)


@SOUND
@given(case=changed(), seed=st.integers(1, 1_000_000))
def test_the_order_of_entries_does_not_matter(case: tuple[Plan, Assessment], seed: int) -> None:
    plan, assessment = case
    first = validate(summarised(plan), assessment)
    other = validate(summarised(shuffled(plan, seed)), assessment)

    assert sorted((row.rule, row.entry or "") for row in other.findings) == sorted(
        (row.rule, row.entry or "") for row in first.findings
    )


@SOUND
@given(case=changed(), data=st.data())
def test_losing_evidence_never_makes_an_invalid_plan_valid(
    case: tuple[Plan, Assessment], data: st.DataObject
) -> None:
    plan, assessment = case
    poorer = data.draw(losses(assessment))

    if not validate(plan, assessment).valid:
        assert not validate(plan, poorer).valid


@pytest.mark.parametrize("name", bases())
@SOUND
@given(number=st.integers(0, 10_000))
@example(number=0)
def test_drafting_from_what_is_left_of_a_repository_gives_a_plan_without_errors(
    name: str, number: int
) -> None:
    """One entry of today is taken away; the drafter puts what is needed in its place."""
    _, assessment = BASES[name]
    rows = [row for row, entry in assessment.as_is.entries() if removable(row, entry)]
    section, _, entry_id = rows[number % len(rows)].partition("/")
    today = without(assessment.as_is, section, entry_id)
    if not well_formed(today):
        return
    left = assessment.model_copy(update={"as_is": summarised(today)})
    plan = draft(left)

    assert [row.rule for row in validate(plan, left).findings if row.severity == "error"] == []
    assert draft(left).hash() == plan.hash()


def removable(name: str, _: Entry) -> bool:
    return not name.startswith(("components/", "environments/", "pipelines/"))


def test_numbers_of_the_shuffle_differ_by_seed() -> None:
    assert len({hash_of("catalog", seed) for seed in range(50)}) > 40


def test_what_a_remedy_wrote_is_derived_into_a_plan_that_validates() -> None:
    plan, assessment = BASES["minimal"]
    broken = plan.model_copy(update={"drift_checks": ()})
    mended = derived(repaired(broken, assessment), assessment)

    assert validate(mended, assessment).valid
