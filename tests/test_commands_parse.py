"""Every command that a draft proposes is a command: the shell reads it, and what it names is set or said to be."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from platform_operations.draft import draft
from platform_operations.model.assessment import Assessment
from platform_operations.model.plan import Plan
from platform_operations.platforms import PLATFORMS
from platform_operations.platforms.checks import CHECKS
from platform_operations.toolbox import assessed, open_target

ROOT = Path(__file__).parent.parent
TARGETS = (ROOT / "examples" / "checkout", *sorted((ROOT / "evals" / "cases").glob("*/target")))
NAMES = [str(path.relative_to(ROOT)) for path in TARGETS]
EXPRESSION = re.compile(r"\$\{\{.*?\}\}|\$\(Build\.\w+\)")
PLACEHOLDER = re.compile(r"\{[a-z]+\}")


@cache
def drafted(name: str) -> tuple[Plan, Assessment]:
    assessment = assessed(open_target(ROOT / name))
    return draft(assessment), assessment


def read_by_shell(script: str) -> str:
    """What bash says against a script that it reads and does not run; nothing where it can be read."""
    told = subprocess.run(
        ["bash", "-n"], input=script, capture_output=True, text=True, check=False, timeout=60
    )
    return told.stderr


def commands(lines: tuple[str, ...]) -> str:
    """The lines of a stage as one script, the CI system's own expressions filled in; actions are no commands."""
    return "\n".join(EXPRESSION.sub("x", line) for line in lines if not line.startswith("uses ")) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_the_shell_can_read_what_new_and_changed_stages_run(name: str) -> None:
    plan, _ = drafted(name)
    wrong = {
        stage.id: told
        for stage in plan.pipeline_stages
        if stage.origin != "existing" and (told := read_by_shell(commands(stage.runs)))
    }

    assert wrong == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_shell_can_read_drift_checks_and_what_runbooks_say_to_run(name: str) -> None:
    plan, _ = drafted(name)
    lines = [check.tool for check in plan.drift_checks if check.origin != "existing"]
    for book in plan.runbooks:
        said = [*book.confirm, *book.mitigate] if book.origin != "existing" else []
        lines += [
            found[1]
            for line in said
            if (found := re.search(r"(?:^Then: |: )((?:aws|docker|git|helm|kubectl) .*)", line))
        ]

    assert read_by_shell(commands(tuple(lines))) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_new_stage_takes_no_digest_that_nothing_gave_it(name: str) -> None:
    plan, _ = drafted(name)
    empty = [
        stage.id
        for stage in plan.pipeline_stages
        if stage.origin == "proposed"
        and any("IMAGE_DIGEST" in line for line in stage.runs)
        and not any(line.startswith("IMAGE_DIGEST=") for line in stage.runs)
    ]

    assert empty == []


@pytest.mark.parametrize("name", NAMES)
def test_what_a_stage_reads_another_writes(name: str) -> None:
    plan, _ = drafted(name)
    lines = [line for stage in plan.pipeline_stages for line in stage.runs]
    written = {found[1] for line in lines if (found := re.search(r"> (\S+\.digest)$", line))}
    taken = {found[1] for line in lines if (found := re.search(r"\$\(cat (\S+\.digest)\)", line))}

    assert taken <= written


@pytest.mark.parametrize("name", NAMES)
def test_an_attestation_is_claimed_only_where_a_command_makes_it(name: str) -> None:
    plan, assessment = drafted(name)
    today = {entry.id: entry.attestations for entry in assessment.as_is.artifacts}
    lines = " ".join(line for stage in plan.pipeline_stages for line in stage.runs)
    makers = {
        "sbom": "syft scan",
        "signature": "cosign sign",
        "provenance": r"gh-action-pypi-publish|--provenance|twine upload --attestations",
    }
    for artifact in plan.artifacts:
        for claim in set(artifact.attestations) - set(today.get(artifact.id, ())):
            assert re.search(makers[claim], lines), (artifact.id, claim)


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_that_nothing_sets_is_owned_up_to_and_settled_by_an_early_step(name: str) -> None:
    plan, _ = drafted(name)
    said = " ".join(note.statement for note in plan.assumptions if note.id.startswith("variable-"))
    for stage in plan.pipeline_stages:
        if stage.origin != "proposed":
            continue
        own = {found[1] for line in stage.runs if (found := re.match(r"([A-Z][A-Z0-9_]*)=", line))}
        taken = {word for line in stage.runs for word in re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", line)}
        unset = {
            word
            for word in taken - own
            if not word.startswith(("CI_", "GITHUB_", "CIRCLE_", "GIT_", "BUILDKITE_"))
        }
        assert [word for word in sorted(unset) if f"{word} is set in CI" not in said] == [], stage.id
    if said:
        assert "set-variables" in [step.id for step in plan.rollout[:2]]


@pytest.mark.parametrize("one", PLATFORMS, ids=[one.id for one in PLATFORMS])
def test_the_shell_can_read_every_template_of_a_platform(one: object) -> None:
    place = next(found for found in PLATFORMS if found is one)
    for word, entry in (*place.actions.items(), *place.rollbacks.items()):
        assert read_by_shell(PLACEHOLDER.sub("x", commands(entry.commands))) == "", word


def test_the_shell_can_read_every_check_that_we_propose() -> None:
    assert (
        read_by_shell("\n".join(PLACEHOLDER.sub("x", check.run) for check in CHECKS if check.run) + "\n")
        == ""
    )
