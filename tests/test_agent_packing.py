"""What a model is told of a repository fits, however much there is, and says what it leaves out."""

import pytest
from tests.agent_scripts import example

from platform_operations.agent.architect import opened
from platform_operations.agent.packing import LARGEST, LONGEST_LINE, SMALLEST, allowance, pack
from platform_operations.agent.prompts import first_message
from platform_operations.agent.settings import Settings
from platform_operations.model.assessment import Fact
from platform_operations.model.finding import Finding, Question
from platform_operations.toolbox import gaps_of
from platform_operations.validate import Verdict

TARGET, ASSESSMENT, DRAFTED = example()
TODAY = gaps_of(TARGET, ASSESSMENT)


def gap(number: int, rule: str = "alert-without-runbook", message: str = "has no runbook") -> Finding:
    return Finding(
        rule=rule,
        severity="error",
        constraint="actionable-alerts",
        at=f"/alerts/{number}",
        entry=f"alerts/alert-{number}",
        message=message,
    )


def fact(number: int, value: str = "yes") -> Fact:
    return Fact(subject=f"components/part-{number}", aspect="port", outcome="present", value=value)


def gaps(*findings: Finding) -> Verdict:
    return Verdict(findings, (), frozenset())


@pytest.mark.parametrize(
    ("files", "most"), [(0, 9_000), (150, 9_000), (200, 12_000), (300, 18_000), (90_000, 18_000)]
)
def test_a_pack_may_take_nine_thousand_bytes_and_more_only_where_there_are_more_files(
    files: int, most: int
) -> None:
    assert allowance(files) == most


def test_a_repository_that_fits_is_told_in_full() -> None:
    told = pack(ASSESSMENT, TODAY, LARGEST)

    assert "not shown here" not in told
    assert told.count("\ngap ") == len(TODAY.findings)
    assert told.count("\n") == len(TODAY.findings) + len(ASSESSMENT.facts) + len(ASSESSMENT.baseline)


def test_gaps_of_one_rule_do_not_crowd_out_the_facts_and_are_counted() -> None:
    told = pack(ASSESSMENT, gaps(*map(gap, range(3_000)), gap(1, "slo-missing")), SMALLEST).split("\n")

    assert sum(line.startswith("gap alert-without-runbook alerts/") for line in told) == 4
    assert "gap alert-without-runbook: 2996 more entries have it" in told
    assert any(line.startswith("gap slo-missing ") for line in told)
    assert any(line.startswith(f"{ASSESSMENT.facts[-1].subject} ") for line in told)


def test_facts_that_do_not_fit_are_counted() -> None:
    many = ASSESSMENT.model_copy(update={"facts": tuple(map(fact, range(2_000)))})
    told = pack(many, TODAY, SMALLEST).split("\n")
    shown = sum(line.startswith("components/part-") for line in told)

    assert 0 < shown < 2_000
    assert told[-1].startswith(f"(not shown here: {2_000 - shown} facts;")
    assert len("\n".join(told).encode()) > SMALLEST - 2 * LONGEST_LINE


@pytest.mark.parametrize("files", [3, 260, 40_000])
@pytest.mark.parametrize("word", ["plain ", "größe ", "監視 ", "password=hunter2 "])
def test_the_first_message_without_the_draft_stays_within_the_allowance(files: int, word: str) -> None:
    long = word * 120
    many = ASSESSMENT.model_copy(update={"facts": tuple(fact(number, long) for number in range(100))})
    asked = tuple(
        Question(
            key=f"k{number}", subject="s", aspect="a", constraint="release-gates", reason=long, text=long
        )
        for number in range(20)
    )
    found = tuple(gap(number, f"rule-{number}", long) for number in range(100))
    message = first_message(many, Verdict(found, asked, frozenset()), "", DRAFTED.findings, files)

    assert len(message.encode()) <= allowance(files)
    assert message.count("not shown here") == 3


def test_the_example_is_told_within_what_a_small_repository_may_take() -> None:
    opening = opened(TARGET, ASSESSMENT, Settings())

    assert len(opening.message.encode()) - len(opening.quoted_draft.encode()) <= SMALLEST
