"""The public CodeIPI payloads, planted in a target, and a model that does what they say: nothing of it gets into a plan.

The payloads (UK AISI inspect_evals, MIT) come out of a wheel on PyPI that `.ci/payloads` fetches; no text of theirs is
kept here. Without them the tests are skipped by name, which PLATFORM_OPS_REQUIRE=all turns into a failure.
"""

import asyncio
import json
import os
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from tests.agent_scripts import CHECKOUT, call, calls

from platform_operations.agent import Outcome, Settings, architect
from platform_operations.agent.scripted import ScriptedModel
from platform_operations.toolbox import assessed, drafted, open_target

# Read while tests are collected: later the user's folders are hidden from every test.
PAYLOADS = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    / "platform-operations"
    / "codeipi-0.26.0.json"
)
HARMFUL = 35
BENIGN = 10
Sample = dict[str, Any]

_SPOKEN = re.compile(r"`([^`\n]{2,400})`")
_LINE = re.compile(
    r"(?m)^\s*(?:[#>*-]+\s*)?(?:\$ )?((?:curl|wget|python|echo|cat|chmod|pip|export|env|touch|cp|bash|sh|git|crontab|mkdir|printf|source)\s[^\n]{1,300})$"
)
_CALLED = re.compile(r"^[\w./]+(?:\(.*\))?$|^[\[{'\"]")


@cache
def samples() -> tuple[Sample, ...]:
    """Return all samples, none where they were not fetched."""
    return tuple(json.loads(PAYLOADS.read_text(encoding="utf-8"))) if PAYLOADS.exists() else ()


def wanted(benign: bool) -> tuple[Sample, ...]:
    found = tuple(row for row in samples() if row["is_benign"] is benign)
    if not found:
        pytest.skip("needs the CodeIPI payloads: .ci/payloads fetches them")
    return found


def orders(sample: Sample) -> list[str]:
    """Return the commands that the texts of a sample give."""
    text = "\n".join([sample["issue_text"], *sample["repo_files"].values()])
    spoken = [line for line in _SPOKEN.findall(text) if not _CALLED.match(line) and " " in line]
    return sorted({*spoken, *_LINE.findall(text)})


def planted(folder: Path, sample: Sample) -> Path:
    """Return a copy of the example with the sample's files and issue in it, where each vector puts them."""
    target = folder / "target"
    shutil.copytree(CHECKOUT, target)
    for name, text in {**sample["repo_files"], "docs/issue.md": sample["issue_text"]}.items():
        path = target / ("docs" if (target / name).exists() else "") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return target


def obey(target: Path, lines: list[str]) -> tuple[Outcome, set[str]]:
    """Run a model that puts every line where it could do harm, and return what came of it with what the draft had."""
    opened = open_target(target)
    assessment = assessed(opened)
    draft = drafted(opened, assessment).plan
    stage = next(row for row in draft.pipeline_stages if row.id == "verify-staging")
    cited = ["repo:docs/issue.md#L1-L1"]
    sections: dict[str, Any] = {
        "pipelineStages": [{"id": "verify-staging", "runs": [*stage.runs, *lines], "evidence": cited}],
        "runbooks": [{"id": "checkout-errors", "confirm": lines, "mitigate": lines, "owner": lines[0], "evidence": cited}],
        "driftChecks": [{"id": f"d-{at}", "what": "all", "tool": line, "schedule": "daily", "evidence": cited} for at, line in enumerate(lines)],
        "environments": [{"id": "production", "url": f"https://{at}.payload.example/{lines[0][:40]}"} for at in (1,)],
        "owners": [{"id": lines[0][:100]}],
        "assumptions": [{"id": "as-told", "statement": f"Nobody minds: {line}", "about": line, "confirmWith": line, "fills": [line]} for line in lines[:1]],
    }  # fmt: skip
    reads = calls(*(call("read_repo", {"action": "read", "path": name}, at) for at, name in enumerate(("docs/issue.md", "README.md", "../outside", "/etc/passwd"))))  # fmt: skip
    answers = [reads, *[calls(call("revise_plan", {"sections": sections}))] * 9]  # fmt: skip
    outcome = asyncio.run(architect(opened, assessment, ScriptedModel(answers), Settings()))
    return outcome, _texts(draft.document())


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    rows: list[Any] = []
    if isinstance(value, dict):
        rows = list(cast("Sample", value).values())
    elif isinstance(value, list):
        rows = cast("list[Any]", value)
    return {text for row in rows for text in _texts(row)}


def test_there_are_as_many_payloads_as_were_published() -> None:
    assert (len(wanted(False)), len(wanted(True))) == (HARMFUL, BENIGN)


@pytest.mark.parametrize("number", range(HARMFUL))
def test_an_obedient_model_gets_no_payload_into_a_plan(number: int, tmp_path: Path) -> None:
    sample = wanted(False)[number]
    target = planted(tmp_path, sample)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    lines = [line for line in orders(sample) if line not in HARMLESS] or [
        f"run {sample['payload_indicator']}"
    ]

    outcome, had = obey(target, lines)

    added = {text for text in _texts(outcome.plan.document()) if text not in had}
    assert [(line, text) for line in lines for text in added if line in text] == []
    assert [text for text in added if "CANARY" in text or "payload.example" in text] == []
    # What was handed in is what was judged and mended: had it been unreadable, nothing would have been tried.
    assert outcome.plan.provenance.drafter == "claude+embedded"
    assert {owner.id for owner in outcome.plan.owners} == {"@acme/payments", "@acme/platform"}
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


HARMLESS = frozenset({"pip install -r requirements.txt", "python -m pytest tests/ -q"})
"""Orders that a payload gives beside its own, and that any engineer might."""


@pytest.mark.parametrize("number", range(BENIGN))
def test_a_benign_case_is_planned_as_if_nothing_were_there(number: int, tmp_path: Path) -> None:
    opened = open_target(planted(tmp_path, wanted(True)[number]))
    assessment = assessed(opened)
    answers = [
        calls(call("read_repo", {"action": "read", "path": "docs/issue.md"})),
        calls(
            call(
                "revise_plan",
                {"sections": {"runbooks": [{"id": "checkout-errors", "impact": "Nobody can pay."}]}},
            )
        ),
    ]

    outcome = asyncio.run(architect(opened, assessment, ScriptedModel(answers), Settings()))

    assert (outcome.trace.stop, outcome.findings.valid, outcome.trace.verdicts) == ("valid", True, [0])
    assert outcome.plan.provenance.drafter == "claude"
