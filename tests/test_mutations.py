"""Every operator, wherever it fits, on the drafted and the hand-written plan of eight shapes: each mutant is found out.

A mutant is killed where one of the rules that its operator names fires anew. What fires besides is an extra: it must
stand in FOLLOWS or EXTRAS with its reason. `python -m tests.test_mutations` prints the table, as `pytest -rP` does.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest
from evals.case import Looked, cases, looked
from evals.seal import good_plan
from tests.mutations import OPERATORS, Operator, settled

from platform_operations.model.plan import Plan
from platform_operations.toolbox import drafted, judged

SHAPES = tuple(case.name for case in cases() if case.is_shape)

REASONS = {
    "deploy-without-validation": "what looks at production took the artifact, or waited for the stage, that is no longer there",
    "production-unverified": "what verified the release took the artifact, or waited for the stage, that is no longer there",
    "strategy-exceeds-budget": "a strategy's cost follows from its verification, its way back and its objective",
    "approval-missing": "the release that is left, or added, does not wait for the approval of a high risk",
    "claim-unsupported": "what the mutant writes (a tag, an owner, an image) stands nowhere in the repository either",
    "evidence-contradicted": "a raw mutant keeps the summaries of the plan it was made from",
    "exposure-contradicted": "the stage that let users in after it is gone, waits no longer, or is elsewhere",
    "rollback-mechanism-unsupported": "the way back went by itself because of the stage or strategy that is gone",
    "rollback-trigger-missing": "the trigger was the stage that is gone",
    "rollback-trigger-unmeasurable": "the trigger named the entry that changed",
    "section-missing": "a component that is new, or has lost its last entry, says nothing in a section",
}
"""Rules that follow from the plan's other entries, with the reason."""

FOLLOWS: dict[str, str] = {
    "released-by-a-major-version": "claim-unsupported",
    "way-back-that-goes-on": "claim-unsupported",
    "release-that-nobody-is-said-to-meet": "approval-missing deploy-without-validation production-unverified",
    "release-given-to-a-shadow": "approval-missing claim-unsupported deploy-without-validation exposure-contradicted production-unverified strategy-exceeds-budget",
    "outage-opens-a-ticket": "rollback-trigger-unmeasurable",
    "scan-not-heard": "claim-unsupported",
    "verification-not-heard": "claim-unsupported strategy-exceeds-budget",
    "error-pages-accepted": "strategy-exceeds-budget",
    "nightly-beside-the-release": "approval-missing strategy-exceeds-budget",
    "gates-given-to-another": "section-missing",
    "tool-called-for-nothing": "claim-unsupported",
    "verification-of-nothing": "claim-unsupported",
    "verification-of-another-place": "rollback-trigger-unmeasurable",
    "constraint-waived": "deploy-without-validation rollback-mechanism-unsupported strategy-exceeds-budget",
    "release-retired": "deploy-without-validation exposure-contradicted strategy-exceeds-budget",
    "rollback-within-years": "strategy-exceeds-budget",
    "promise-postponed": "section-missing",
    "aspired-for-ever": "strategy-exceeds-budget",
    "guards-only-waited-for": "approval-missing exposure-contradicted strategy-exceeds-budget",
    "drop-release": "deploy-without-validation evidence-contradicted exposure-contradicted strategy-exceeds-budget",
    "drop-lower-verification": "deploy-without-validation rollback-mechanism-unsupported strategy-exceeds-budget",
    "drop-validation": "rollback-mechanism-unsupported rollback-trigger-missing",
    "drop-rollback": "strategy-exceeds-budget",
    "drop-rollback-owner": "strategy-exceeds-budget",
    "drop-slos": "rollback-trigger-unmeasurable",
    "empty-strategy": "rollback-mechanism-unsupported",
    "verify-after-release": "approval-missing deploy-without-validation exposure-contradicted strategy-exceeds-budget",
    "hotfix-pipeline": "approval-missing deploy-without-validation strategy-exceeds-budget",
    "command-by-tag": "claim-unsupported",
    "built-twice": "deploy-without-validation exposure-contradicted production-unverified",
    "another-artifact": "deploy-without-validation strategy-exceeds-budget",
    "foreign-strategy": "rollback-mechanism-unsupported",
    "full-called-internal": "approval-missing exposure-contradicted rollback-mechanism-unsupported rollback-trigger-missing",
    "waived-without-right": "rollback-trigger-unmeasurable",
    "verify-called-test": "rollback-trigger-unmeasurable",
    "objective-above-baseline": "strategy-exceeds-budget",
    "objective-without-baseline": "strategy-exceeds-budget",
    "invented-owner": "claim-unsupported",
    "called-existing": "claim-unsupported",
    "drift-looked-for-where-it-does-not-hurt": "claim-unsupported",
    "environments-swapped": "approval-missing exposure-contradicted strategy-exceeds-budget",
    "failure-takes-back-another-place": "rollback-mechanism-unsupported",
    "production-asked-at-stagings-address": "rollback-trigger-unmeasurable",
    "production-asked-on-the-runner": "rollback-trigger-unmeasurable",
    "promise-of-another-length-or-kind": "strategy-exceeds-budget rollback-trigger-unmeasurable",
    "release-to-a-place-called-lower": "deploy-without-validation rollback-trigger-unmeasurable",
    "released-by-the-name-of-a-branch": "claim-unsupported",
    "staging-asked-at-productions-address": "strategy-exceeds-budget",
    "steps-that-do-not-widen": "strategy-exceeds-budget",
    "two-names-for-what-is-built": "strategy-exceeds-budget",
    "verification-in-a-pipeline-of-its-own": "approval-missing deploy-without-validation exposure-contradicted strategy-exceeds-budget",
    "windows-in-other-units": "claim-unsupported",
}
"""Operators with the rules of REASONS that fire besides theirs: no other may."""

EXTRAS: dict[tuple[str, str], str] = {
    (
        "release-given-to-a-shadow",
        "deploy-without-health-check",
    ): "a heartbeat is the worker's own health check, and says nothing of what the shadow is",
    (
        "gate-borrowed-from-another-component",
        "gate-bypassable",
    ): "no release waits for the other component's stage",
    (
        "promise-of-another-length-or-kind",
        "burn-rate-inconsistent",
    ): "the alert's windows do not fit the other length",
    (
        "release-to-a-place-called-lower",
        "verification-not-before-exposure",
    ): "what stands below production shares its address",
    ("steps-that-do-not-widen", "canary-underpowered"): "a step of nobody sees no event",
    ("steps-that-nothing-can-judge", "canary-underpowered"): "a minute holds too few events",
    (
        "verification-in-a-pipeline-of-its-own",
        "gate-bypassable",
    ): "the release waited for its gates through the verification",
    (
        "empty-strategy",
        "release-dropped",
    ): "a deploy of no exposure is a release only under a strategy that opens it later",
    ("verify-after-release", "gate-bypassable"): "the release waited for its gates through the verification",
    ("service-called-library", "deploy-without-health-check"): "an http check says nothing of a library",
    ("waived-without-right", "slo-missing"): "the promise is gone, and the waiver does not count",
    (
        "objective-above-baseline",
        "canary-underpowered",
    ): "a higher objective needs more events to judge a step",
    (
        "objective-far-below",
        "burn-rate-inconsistent",
    ): "with a tenth of all events as budget a burn of 14.4 cannot happen",
    ("objective-without-baseline", "slo-unalerted"): "a promise that waited has no alert yet",
    ("canary-judged-by-all", "canary-underpowered"): "a thousandth of the traffic is too little to judge by",
    ("forged-baseline", "evidence-stale"): "the assessment's ledger has another entry of that URI",
    ("called-existing", "claim-unsupported"): "what is proposed cites nothing of today",
    ("release-given-to-a-shadow", "stage-missing"): "the new component is neither built nor tested",
    ("release-given-to-a-shadow", "release-without-security-check"): "the new component has no gates",
    ("release-given-to-a-shadow", "deploy-without-rollback"): "the new component has no way back",
    ("release-given-to-a-shadow", "release-without-dependency-check"): "the new component has no gates",
    ("release-given-to-a-shadow", "drift-unchecked"): "the new component runs, and nothing compares it",
    ("gates-given-to-another", "production-path-missing"): "the new component has no release",
    ("gates-given-to-another", "drift-unchecked"): "the new component runs, and nothing compares it",
    (
        "gates-given-to-another",
        "gate-not-run",
    ): "the gate's stage looks at the component that it was taken from",
    ("everyone-at-the-first-step", "strategy-unsupported"): "the same step twice widens nothing",
    ("canary-too-wide", "strategy-unsupported"): "the first step is wider than the second",
    (
        "production-called-staging",
        "drift-unchecked",
    ): "what compares that place now looks below production only",
    ("drop-release", "rollout-unordered"): "a raw mutant keeps the rollout of the plan it was made from",
    ("aspired-for-ever", "canary-underpowered"): "a higher objective needs more events to judge a step",
}


@dataclass
class Tally:
    """What came of an operator on all plans."""

    total: int = 0
    survived: list[str] = field(default_factory=list[str])
    extras: Counter[str] = field(default_factory=Counter[str])


def plans(name: str) -> Iterator[tuple[str, Looked, Plan]]:
    found = looked(name)
    yield "draft", found, drafted(found.target, found.assessment).plan
    yield "good", found, good_plan(found)


@cache
def tallies(shape: str) -> dict[str, Tally]:
    """Return what came of every operator on the two plans of a shape."""
    result = {entry.name: Tally() for entry in OPERATORS}
    for kind, found, plan in plans(shape):
        before = fired(found, plan)
        for entry in OPERATORS:
            tried(entry, found, plan, before, f"{shape} {kind}", result[entry.name])
    return result


def fired(found: Looked, plan: Plan) -> frozenset[tuple[str, str | None, str]]:
    verdict = judged(plan, found.assessment, found.target.repository)
    return frozenset((row.rule, row.entry, row.message) for row in verdict.findings)


def tried(
    entry: Operator,
    found: Looked,
    plan: Plan,
    before: frozenset[tuple[str, str | None, str]],
    where: str,
    tally: Tally,
) -> None:
    for mutant in entry.mutate(plan, found.assessment):
        rules = {row[0] for row in fired(found, settled(mutant, found.assessment)) - before}
        tally.total += 1
        if not rules & entry.rules:
            tally.survived.append(f"{where} {mutant.about}: {', '.join(sorted(rules)) or 'nothing'}")
        tally.extras.update(rules - entry.rules)


def unexplained(operator: str, extras: Counter[str]) -> list[str]:
    follows = FOLLOWS.get(operator, "").split()
    return [rule for rule in extras if rule not in follows and (operator, rule) not in EXTRAS]


def report(shapes: tuple[str, ...]) -> list[str]:
    """Return the table: killed and total of each operator, and what fired besides."""
    lines: list[str] = []
    for entry in OPERATORS:
        rows = [tallies(shape)[entry.name] for shape in shapes]
        total, survived = sum(row.total for row in rows), sum(len(row.survived) for row in rows)
        extras = sum((row.extras for row in rows), Counter[str]())
        besides = ", ".join(f"{rule} {count}" for rule, count in sorted(extras.items()))
        lines.append(f"{entry.name:34} {total - survived:5}/{total:<5} {besides}")
    every = [tally for shape in shapes for tally in tallies(shape).values()]
    total, survived = sum(row.total for row in every), sum(len(row.survived) for row in every)
    return [
        *lines,
        f"{'all':34} {total - survived:5}/{total:<5} {len(OPERATORS)} operators, {len(shapes)} shapes",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_every_mutant_is_found_out_by_a_rule_that_speaks_of_its_defect(shape: str) -> None:
    print("\n".join(report((shape,))))
    survivors = [f"{name}: {row}" for name, tally in tallies(shape).items() for row in tally.survived]

    assert survivors == []
    assert sum(tally.total for tally in tallies(shape).values()) > 150


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_what_fires_besides_is_explained(shape: str) -> None:
    rest = {name: unexplained(name, tally.extras) for name, tally in tallies(shape).items()}

    assert {name: rules for name, rules in rest.items() if rules} == {}


def test_a_few_mutants_of_one_shape_are_found_out() -> None:
    """The quick part: one operator of each family on one plan."""
    quick = {"drop-release", "need-becomes-optional", "by-tag", "forged-baseline", "verification-of-nothing"}
    _, found, plan = next(plans("pypi-library"))
    before = fired(found, plan)
    for entry in OPERATORS:
        if entry.name in quick:
            tally = Tally()
            tried(entry, found, plan, before, "pypi-library draft", tally)
            assert tally.survived == []


def test_every_extra_has_its_reason() -> None:
    assert {rule for rules in FOLLOWS.values() for rule in rules.split()} == set(REASONS)
    assert {name for name, _ in EXTRAS} | set(FOLLOWS) <= {entry.name for entry in OPERATORS}


def test_there_are_operators_enough_and_each_has_a_rule() -> None:
    assert len(OPERATORS) >= 90
    assert len({entry.name for entry in OPERATORS}) == len(OPERATORS)
    assert all(entry.rules for entry in OPERATORS)


if __name__ == "__main__":
    print("\n".join(report(SHAPES)))
