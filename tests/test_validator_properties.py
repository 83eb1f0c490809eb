"""What the validator promises, over changes of the drafted and the hand-written plans of the eight shapes.

tests/test_remedies.py asks the same of the base plans, and what remedies promise.
"""

from functools import cache

from evals.case import Looked, cases, looked
from evals.seal import good_plan
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plan_mutations import changes, losses, shuffled

from platform_operations.errors import InputError
from platform_operations.model.finding import Findings
from platform_operations.model.plan import Plan
from platform_operations.toolbox import citations_of, drafted, read_plan
from platform_operations.validate import validate

SHAPES = [case.name for case in cases() if case.is_shape]
SOUND = settings(max_examples=60)


@cache
def whole(name: str, kind: str) -> Plan:
    found = looked(name)
    return good_plan(found) if kind == "good" else drafted(found.target, found.assessment).plan


def verdict(plan: Plan, found: Looked) -> Findings:
    return validate(plan, found.assessment, citations_of(plan, found.assessment, found.target.repository))


@st.composite
def changed(draw: st.DrawFn) -> tuple[Plan, Looked]:
    name = draw(st.sampled_from(SHAPES))
    plan = whole(name, draw(st.sampled_from(["good", "draft"])))
    return draw(changes(plan)), looked(name)


@SOUND
@given(case=changed())
def test_validating_never_raises_and_says_the_same_twice(case: tuple[Plan, Looked]) -> None:
    plan, found = case

    assert verdict(plan, found) == verdict(plan.model_copy(), found)
    assert validate(plan, None) == validate(plan.model_copy(), None)


@SOUND
@given(case=changed(), seed=st.integers(1, 1_000_000))
def test_the_order_of_entries_has_no_say(case: tuple[Plan, Looked], seed: int) -> None:
    plan, found = case
    first, other = verdict(plan, found), verdict(shuffled(plan, seed), found)
    strategy = "deployStrategy"

    assert sorted(
        (row.rule, row.entry or "") for row in other.findings if row.entry or row.at != f"/{strategy}/summary"
    ) == sorted(
        (row.rule, row.entry or "") for row in first.findings if row.entry or row.at != f"/{strategy}/summary"
    )


@SOUND
@given(case=changed(), data=st.data())
def test_what_the_assessment_loses_makes_no_invalid_plan_valid(
    case: tuple[Plan, Looked], data: st.DataObject
) -> None:
    plan, found = case
    poorer = data.draw(losses(found.assessment))

    if not validate(plan, found.assessment).valid:
        assert not validate(plan, poorer).valid


@SOUND
@given(case=changed(), seed=st.integers(0, 2**32))
def test_what_the_plan_no_longer_cites_makes_no_invalid_plan_valid(
    case: tuple[Plan, Looked], seed: int
) -> None:
    plan, found = case
    if verdict(plan, found).valid:
        return
    left = tuple(entry for index, entry in enumerate(plan.evidence) if seed >> index % 32 & 1)

    assert not verdict(plan.model_copy(update={"evidence": left}), found).valid


@SOUND
@given(text=st.text(max_size=300))
def test_no_text_makes_reading_a_plan_raise_anything_but_one_clear_error(text: str) -> None:
    try:
        read_plan(text)
    except InputError as error:
        assert "\n" not in str(error)
