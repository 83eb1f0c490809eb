"""The Markdown report: complete, linked, and proof against what a repository names its things."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from platform_operations.deliver.markdown import code, link, prose, table
from platform_operations.deliver.mermaid import MOST_STAGES, diagram
from platform_operations.deliver.report import CONSTRAINTS, report
from platform_operations.model.difference import changed_entries
from platform_operations.model.finding import Finding, Findings
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import NotApplicable
from platform_operations.pipeline import Run, drafter, run
from platform_operations.toolbox import open_target
from platform_operations.validate import CONSTRAINTS as SEED_CONSTRAINTS

CHECKOUT = Path(__file__).parent.parent / "examples" / "checkout"
RENDER = MarkdownIt("commonmark").enable("table")
HOSTILE = "evil | `x` <b>bold</b> [a](https://x.example) ![i](x) *b* _c_ ~d~ \\ &amp; $e$ # f\n| g | https://x.example"


@pytest.fixture(scope="module")
def done() -> Run:
    return run(open_target(CHECKOUT), drafter("embedded"))


@pytest.fixture(scope="module")
def text(done: Run) -> str:
    return report(
        done.plan, done.findings, done.assessment, done.gaps.findings, done.gaps.questions, links="../"
    )


def rendered(markdown: str) -> str:
    return str(RENDER.render(markdown))


def words(markdown: str) -> str:
    """What a reader sees of Markdown."""
    html = re.sub(r"<!--.*?-->", "", rendered(markdown))
    plain = re.sub(r"</?[a-z][^>]*>", "", html)
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        plain = plain.replace(entity, letter)
    return " ".join(plain.split())


def test_the_report_has_every_part_in_order(text: str) -> None:
    headings = re.findall(r"(?m)^## (.*)$", text)

    assert headings == [
        "How it ships today",
        "Gaps today",
        "The plan",
        "Rollout, in this order",
        "Assumptions",
        "Questions that the repository does not answer",
        "Evidence",
    ]


def test_the_summary_counts_the_eight_constraints_before_and_after(done: Run, text: str) -> None:
    assert {name for name, _ in CONSTRAINTS} == SEED_CONSTRAINTS
    for name, says in CONSTRAINTS:
        today = sum(gap.constraint == name for gap in done.gaps.findings)
        assert f"| {says} | {today} | 0 |" in text
    assert "The plan is **valid**" in text


def test_every_gap_is_a_row_with_a_link_to_its_lines(done: Run, text: str) -> None:
    for gap in done.gaps.findings:
        assert f"| `{gap.rule}` |" in text
    assert "(../.github/workflows/deploy.yml#L74)" in text
    assert "(../monitoring/alerts.yml#L4-L10)" in text


def test_every_entry_of_the_plan_and_every_change_in_the_rollout_is_named(done: Run, text: str) -> None:
    for name, _entry in done.plan.entries():
        assert f"| `{name.partition('/')[2]}` |" in text
    for name in changed_entries(done.plan, done.assessment.as_is):
        assert f"`{name}`" in text
    for step in done.plan.rollout:
        assert f"### {step.order}. `{step.id}`" in text


def test_the_diagram_has_a_box_for_each_stage_and_an_arrow_for_each_need(done: Run, text: str) -> None:
    drawing = text.partition("```mermaid\n")[2].partition("```")[0]
    boxes = {found[2]: found[1] for found in re.finditer(r'(?m)^    (s\d+)\W+"([a-z0-9-]+)<br/>', drawing)}
    arrows = set(re.findall(r"(?m)^  (s\d+) --> (s\d+)$", drawing))

    stages = done.plan.pipeline_stages
    assert set(boxes) == {stage.id for stage in stages}
    assert arrows == {(boxes[need], boxes[stage.id]) for stage in stages for need in stage.needs}


def test_links_start_at_the_root_unless_a_way_there_is_given(done: Run) -> None:
    plain = report(done.plan, done.findings, done.assessment)

    assert "](.github/workflows/deploy.yml#L" in plain
    assert "](../" not in plain


def test_an_invalid_plan_says_so_and_lists_what_is_wrong(done: Run) -> None:
    finding = Finding(
        rule="slo-missing", severity="error", constraint="observed-slos", at="/slos", message="no SLO"
    )
    verdict = Findings(valid=False, evidence="unchecked", findings=(finding,))

    text = report(done.plan, verdict, done.assessment)

    assert "The plan is **invalid**: 1 error, 0 warnings; its citations were not looked up" in text
    assert "| error | `slo-missing` | no SLO | `/slos` |" in text


def test_an_empty_folder_has_a_report_too(tmp_path: Path) -> None:
    nothing = run(open_target(tmp_path), drafter("embedded"))

    text = report(nothing.plan, nothing.findings, nothing.assessment, nothing.gaps.findings)

    assert "For a folder without a commit." in text
    assert "No pipeline was found in the repository." in text
    assert "The plan is **invalid**" in text
    assert "Nothing is left to do." in text
    assert "mermaid" not in text
    assert "## Evidence" not in text


def test_what_does_not_apply_and_a_wording_of_the_strategy_are_told(done: Run) -> None:
    reason = NotApplicable(section="slos", component="checkout", because="it *only* runs in tests")
    strategy = done.plan.deploy_strategy.model_copy(update={"text": "Slowly.", "summary": "Slowly."})
    plan = done.plan.model_copy(update={"not_applicable": (reason,), "deploy_strategy": strategy})

    text = report(plan, done.findings, done.assessment)

    assert "- slos of `checkout` does not apply: it \\*only\\* runs in tests" in text
    assert "### Deploy strategy\n\nSlowly.\n" in text


def test_a_diagram_that_would_be_a_carpet_shows_what_releases(done: Run) -> None:
    stage = done.plan.pipeline_stages[0]
    many = tuple(stage.model_copy(update={"id": f"check-{index}"}) for index in range(200))
    plan = done.plan.model_copy(update={"pipeline_stages": (*many, *done.plan.pipeline_stages)})

    drawing = "\n".join(diagram(plan))

    assert "check-0" not in drawing
    assert "deploy-production" in drawing
    assert drawing.count(":::") <= MOST_STAGES


def test_a_need_that_may_fail_is_dotted(done: Run) -> None:
    stages = tuple(
        stage.model_copy(update={"needs": (), "optional_needs": stage.needs})
        for stage in done.plan.pipeline_stages
    )

    drawing = "\n".join(diagram(done.plan.model_copy(update={"pipeline_stages": stages})))

    assert " -.-> " in drawing
    assert " --> " not in drawing


def test_a_hostile_repository_cannot_add_rows_links_html_or_code(done: Run) -> None:
    finding = Finding(
        rule="slo-missing",
        severity="error",
        constraint="observed-slos",
        at="/slos",
        entry=None,
        message=HOSTILE,
        source="repo:a|b](javascript:alert(1)) <img>.yml#L1-L2",
    )
    plan: Plan = done.plan.model_copy(
        update={"target": done.plan.target.model_copy(update={"name": HOSTILE})}
    )

    markdown = report(plan, done.findings, done.assessment, (finding,))
    gaps = markdown.partition("## Gaps today")[2].partition("## The plan")[0]
    html = rendered(gaps)

    assert html.count("<tr>") == 2
    assert html.count("<td>") == 4
    assert re.findall(r'href="([^"]*)"', html) == [
        "a%7Cb%5D%28javascript%3Aalert%281%29%29%20%3Cimg%3E.yml#L1-L2"
    ]
    for tag in ("<b>", "<img", "<em>", "<script"):
        assert tag not in html
    assert words(markdown.splitlines()[0]) == "Platform operations plan: " + HOSTILE.replace("`", "").replace(
        "\n", " "
    )


@given(st.text(alphabet="ab1 |`*_[]()<>#~\\&$!-+.=@:/\n", max_size=40))
def test_prose_shows_exactly_the_text(text: str) -> None:
    flat = " ".join(text.split())
    if "`" in flat:
        return

    assert words(f"x {prose(flat)} y") == " ".join(f"x {flat} y".split())


@given(st.text(alphabet="ab |`<>[]()\n\\", max_size=30))
def test_a_cell_stays_one_cell(text: str) -> None:
    cell = code(text) or prose(text) or "-"
    html = rendered("\n".join(table(("a", "b"), [(cell, prose(text) or "-")])))

    assert html.count("<tr>") == 2
    assert html.count("<td>") == 2
    assert "href" not in html


@given(st.text(alphabet="ab`|", max_size=20))
def test_code_shows_exactly_the_text(text: str) -> None:
    flat = " ".join(text.split())
    markdown = "\n".join(table(("a",), [(code(flat) or "-",)]))
    cells: Any = re.findall(r"<td><code>(.*?)</code></td>", rendered(markdown))

    assert cells == ([flat] if flat else [])


def test_a_line_never_becomes_a_list_a_heading_or_a_rule() -> None:
    for text in ("1. one", "- two", "+ three", "=== four", "--- five", "# six", "> seven", "12) eight"):
        assert rendered(prose(text)).startswith("<p>")
        assert words(prose(text)) == text


def test_a_link_never_leaves_for_another_host() -> None:
    assert link("x", "//evil.example/a") == "[`x`](.//evil.example/a)"
    assert link("x", "https://evil.example") == "[`x`](https%3A//evil.example)"


def test_addresses_are_text_where_a_page_would_link_them_by_itself() -> None:
    assert prose("see https://x.example and www.x.example") == "see https\\://x.example and www\\.x.example"
    assert prose("ask a@x.example") == "ask a<!-- -->@x.example"
