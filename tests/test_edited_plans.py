"""A plan that is sent again with a few entries changed: what is kept of the last one changes no answer."""

import copy
from collections.abc import Callable

import pytest
from evals.case import cases, looked
from evals.seal import good_plan
from hypothesis import given, settings
from tests.mutations import OPERATORS, settled
from tests.plan_mutations import changes

from platform_operations.model.plan import Plan
from platform_operations.model.record import Document
from platform_operations.toolbox import drafted, judged
from platform_operations.validate import Read, read_document

SHAPES = tuple(case.name for case in cases() if case.is_shape)
KNOWN = looked(SHAPES[0])
DRAFT = drafted(KNOWN.target, KNOWN.assessment).plan


def _read(document: Document) -> Read:
    plan = read_document(document)
    assert isinstance(plan, Plan)
    return Read(document, plan)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_edit_read_after_another_plan_is_judged_as_if_it_came_first(shape: str) -> None:
    known = looked(shape)
    plan = good_plan(known)
    before = _read(plan.document())
    mutants = [next(iter(operator.mutate(plan, known.assessment)), None) for operator in OPERATORS]
    found = [settled(mutant, known.assessment) for mutant in mutants if mutant is not None]
    assert len(found) > 50
    for mutant in found:
        document = mutant.document()
        edited, whole = read_document(document, before), read_document(document)
        assert edited == whole
        if isinstance(edited, Plan) and isinstance(whole, Plan):
            for_edited = judged(edited, known.assessment, known.target.repository)
            assert for_edited == judged(whole, known.assessment, known.target.repository)
            before = Read(document, edited)


@given(changes(DRAFT))
@settings(max_examples=60, deadline=None)
def test_any_change_of_any_plan_is_read_alike_with_and_without_the_one_before(plan: Plan) -> None:
    document = plan.document()
    for before, after in ((DRAFT.document(), document), (document, DRAFT.document())):
        edited = read_document(after, _read(before))
        assert edited == read_document(after)


def _without_target(document: Document) -> None:
    document.pop("target")


def _alerts_of_null(document: Document) -> None:
    document["alerts"] = None


def _alerts_of_text(document: Document) -> None:
    document["alerts"] = "none"


def _unknown_section(document: Document) -> None:
    document["alert"] = []


def _unknown_word(document: Document) -> None:
    document["alerts"][1]["severity"] = "loud"


def _empty_entry(document: Document) -> None:
    document["alerts"].append({"id": "Bad Id"})


def _number_among_entries(document: Document) -> None:
    document["slos"].insert(0, 7)


def _unknown_field(document: Document) -> None:
    document["deployStrategy"]["kind"] = "canary"


def _sentence(document: Document) -> None:
    document["pipelineStages"].append("deploy to production")


def _later_schema(document: Document) -> None:
    document["schema"] = "platform-ops/plan@2"


SPOILED = (
    _without_target,
    _alerts_of_null,
    _alerts_of_text,
    _unknown_section,
    _unknown_word,
    _empty_entry,
    _number_among_entries,
    _unknown_field,
    _sentence,
    _later_schema,
)


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_what_the_format_refuses_is_told_in_the_same_words_after_a_plan_that_was_fine(
    spoil: Callable[[Document], None],
) -> None:
    before = _read(DRAFT.document())
    document = copy.deepcopy(before.document)
    spoil(document)
    told = read_document(document, before)

    assert isinstance(told, tuple) and told == read_document(document)


def test_what_was_not_changed_is_the_same_object_and_not_read_again() -> None:
    before = _read(DRAFT.document())
    document = copy.deepcopy(before.document)
    document["alerts"][0]["severity"] = "ticket"
    edited = read_document(document, before)

    assert isinstance(edited, Plan)
    assert edited.slos is before.plan.slos
    assert edited.alerts[0].severity == "ticket"
    assert all(now is was for now, was in zip(edited.alerts[1:], before.plan.alerts[1:], strict=True))
