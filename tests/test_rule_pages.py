"""Every rule has its page, and the examples on it are run.

A page holds ```yaml fails and ```yaml passes blocks. A block is an overlay on a base plan of tests/plans/
(`base: NAME`, else `minimal`):

- A section as a mapping merges into the entries of that id (owners, rollout and assumptions too; evidence by
  URI); a new id is a new entry, `null` takes an entry or a field away, a list replaces. A section as a list
  replaces the section. `target` merges key by key.
- Today's plan (as-is) is the same plan, so that an overlay is a defect which is there today. `assessment: {asIs:
  OVERLAY}` lays more on today's plan, `asIs: base` leaves today's as the base plan has it. `assessment` also takes
  `facts` by SUBJECT#ASPECT, `baseline` by SLO and `backtests` by alert.
- What is generated is generated: summaries, origin and changes, the ledger (metrics as measured), and a last
  rollout step for what no step is about. What a block writes of it itself is kept.
- `citations: {URI: holds|stale|missing|unchecked}` says what looking up gave (else everything holds), `ignores`
  lists ignored findings, `also` names rules that cannot be kept from firing as well.

`fails` gives this rule and no other, `passes` gives no finding at all, both from the full validator.
"""

import re
from pathlib import Path
from typing import cast

import pytest
import yaml
from tests.plan_overlays import PLANS, Document, bases, canonical_text, case

from platform_operations.model.plan import Plan
from platform_operations.validate import BY_ID, RULES, read_document

PAGES = Path(__file__).parent.parent / "reference" / "rules"
BLOCK = re.compile(r"^```yaml (fails|passes)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADINGS = ["What", "Why", "Repair", "Fails", "Passes"]


def page(rule: str) -> str:
    return (PAGES / f"{rule}.md").read_text(encoding="utf-8")


def blocks() -> list[tuple[str, str, Document]]:
    return [
        (path.stem, kind, cast("Document", yaml.safe_load(text) or {}))
        for path in sorted(PAGES.glob("*.md"))
        for kind, text in BLOCK.findall(path.read_text(encoding="utf-8"))
    ]


def named(blocks: list[tuple[str, str, Document]]) -> list[str]:
    seen: dict[tuple[str, str], int] = {}
    names: list[str] = []
    for rule, kind, _ in blocks:
        seen[rule, kind] = seen.get((rule, kind), 0) + 1
        names.append(f"{rule}-{kind}-{seen[rule, kind]}")
    return names


BLOCKS = blocks()


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == set(BY_ID)


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_a_page_says_what_its_rule_is(rule: str) -> None:
    lines = page(rule).splitlines()

    assert lines[0] == f"# {rule}"
    assert lines[2] == f"{BY_ID[rule].severity} · {BY_ID[rule].constraint}"
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == HEADINGS
    assert len(lines) <= 70


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_a_page_shows_what_fails_and_what_passes(rule: str) -> None:
    assert {kind for name, kind, _ in BLOCKS if name == rule} == {"fails", "passes"}


@pytest.mark.parametrize(("rule", "kind", "block"), BLOCKS, ids=named(BLOCKS))
def test_the_example_of_a_page_gives_what_the_page_says(rule: str, kind: str, block: Document) -> None:
    findings = case(block).findings()
    expected = {rule, *cast("list[str]", block.get("also") or [])} if kind == "fails" else set[str]()

    assert {finding.rule for finding in findings} == expected, [
        f"{finding.rule} {finding.at}: {finding.message}" for finding in findings
    ]


@pytest.mark.parametrize("name", bases())
def test_a_base_plan_has_no_finding(name: str) -> None:
    assert [f"{found.rule}: {found.message}" for found in case({"base": name}).findings()] == []


@pytest.mark.parametrize("name", bases())
def test_a_base_plan_carries_what_is_generated(name: str) -> None:
    text = (PLANS / f"{name}.yaml").read_text(encoding="utf-8")

    assert text == canonical_text(name), "run python -m tests.plan_overlays"
    assert isinstance(read_document(yaml.safe_load(text)), Plan)
