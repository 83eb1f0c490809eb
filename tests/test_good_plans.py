"""No false alarm: what a careful engineer wrote gives no error, and the embedded drafter ends valid on each target."""

import pytest
from evals.case import cases, looked
from evals.seal import good_plan

from platform_operations.model.finding import Finding
from platform_operations.toolbox import drafted, gaps_of, judged

NAMES = [case.name for case in cases()]
WRITTEN = [case.name for case in cases() if (case.folder / "good.yaml").is_file()]


def told(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{row.rule} {row.entry}: {row.message}" for row in findings]


def test_there_are_eight_shapes_and_nine_more() -> None:
    assert sum(case.is_shape for case in cases()) == 8
    assert len(NAMES) >= 17


@pytest.mark.parametrize("name", WRITTEN)
def test_a_careful_engineers_plan_gives_no_error(name: str) -> None:
    found = looked(name)
    verdict = judged(good_plan(found), found.assessment, found.target.repository)

    assert told(tuple(row for row in verdict.findings if row.severity == "error")) == []
    assert verdict.evidence == "checked"


@pytest.mark.parametrize("name", WRITTEN)
def test_its_warnings_are_those_that_the_case_accepts(name: str) -> None:
    found = looked(name)
    verdict = judged(good_plan(found), found.assessment, found.target.repository)

    assert {row.rule for row in verdict.findings if row.severity == "warning"} == set(found.case.warnings)


@pytest.mark.parametrize("name", WRITTEN)
def test_it_is_another_plan_than_the_drafters(name: str) -> None:
    found = looked(name)

    assert good_plan(found).hash() != drafted(found.target, found.assessment).plan.hash()


@pytest.mark.parametrize("name", NAMES)
def test_the_embedded_drafter_ends_valid(name: str) -> None:
    found = looked(name)
    result = drafted(found.target, found.assessment)

    assert told(tuple(row for row in result.findings.findings if row.severity == "error")) == []


@pytest.mark.parametrize("name", NAMES)
def test_today_is_judged_as_the_case_says(name: str) -> None:
    found = looked(name)
    fired = {row.rule for row in gaps_of(found.target, found.assessment).findings}

    assert set(found.case.fires) - fired == set()
    assert set(found.case.silent) & fired == set()
