"""The reference library: pages and platforms agree word for word, examples parse, plans can cite its sections."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from platform_operations.platforms import PLATFORMS, Platform
from platform_operations.platforms.recognised import RECOGNISED
from platform_operations.repository.yaml_lines import read_yaml

REFERENCE = Path(__file__).parent.parent / "reference"
OWN_PAGE = tuple(one for one in PLATFORMS if one not in RECOGNISED)
LONGEST = 150

SECTIONS = {
    "deployment-strategies": {
        "rolling", "blue-green", "canary", "feature-flags", "recreate", "atomic-promote", "publish", "choosing",
    },
    "rollback-and-security": {"triggers", "mechanisms", "migrations", "gates", "supply-chain"},
    "slo-and-alerting": {
        "baselines", "targets", "burn-rates", "alerting", "runbooks", "ownership", "error-budget-policy",
    },
    "monitoring-patterns": {"metrics", "logs", "traces", "correlation", "dashboards", "synthetic-probes"},
}  # fmt: skip
PAGES = [*(REFERENCE / f"{name}.md" for name in SECTIONS), *sorted(REFERENCE.glob("platforms/*.md"))]
PLATFORM_SECTIONS = [
    "environments", "promotion", "health-checks", "rollback", "progressive-delivery", "telemetry", "traps",
    "configuration", "words", "sources",
]  # fmt: skip


def anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def sections(text: str) -> dict[str, str]:
    """The text under each heading of the second level, by its anchor; headings inside fences do not count."""
    found: dict[str, str] = {}
    name, fenced = "", False
    for line in text.splitlines():
        fenced = fenced != line.startswith("```")
        if line.startswith("## ") and not fenced:
            name = anchor(line)
            assert name not in found, f"two sections {name!r}"
            found[name] = ""
        elif name:
            found[name] += line + "\n"
    return found


def fences(text: str) -> list[tuple[str, str]]:
    return re.findall(r"(?ms)^```([^\n]*)\n(.*?)^```$", text)


def words(text: str, title: str) -> list[str]:
    line = re.search(rf"(?m)^- {title}: (.*(?:\n  .*)*)", sections(text)["words"])
    assert line is not None, f"no line {title!r} under Words"
    return re.findall(r"`([^`]+)`", line[1])


@pytest.fixture(params=PAGES, ids=lambda path: path.stem)
def page(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_every_platform_has_a_page_and_every_page_a_platform() -> None:
    pages = {path.stem for path in REFERENCE.glob("platforms/*.md")}

    assert pages == {one.id for one in OWN_PAGE} | {"recognised"}
    assert set(SECTIONS) <= {path.stem for path in REFERENCE.glob("*.md")}


def test_a_page_says_when_to_read_it_and_when_it_was_checked(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()

    assert re.fullmatch(r"# \S.*", lines[0])
    assert re.fullmatch(r"Read when: \S.*\.", lines[2])
    assert re.fullmatch(r"checked: 20\d\d-[01]\d-[0-3]\d", lines[3])
    assert len(lines) < LONGEST
    assert max(map(len, lines)) <= 260


def test_a_page_decides_with_a_table_that_marks_its_default(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    head = text.partition("\n## ")[0]

    assert re.search(r"(?m)^\|(?:-+\|)+$", head)
    assert "**" in head or "Default: " in head


def test_examples_are_valid_in_the_language_they_name(page: Path) -> None:
    blocks = fences(page.read_text(encoding="utf-8"))

    assert blocks
    for language, text in blocks:
        if language == "yaml":
            documents = read_yaml(text)
            assert isinstance(documents, tuple), documents
            assert [one.kind for one in documents] == ["map"] * len(documents)
        elif language == "toml":
            assert tomllib.loads(text)
        elif language == "json":
            assert json.loads(text)
        else:
            assert language == "typescript"
            assert text.count("{") == text.count("}")
            assert text.count("(") == text.count(")")


def test_no_example_has_a_value_that_a_comment_ate(page: Path) -> None:
    """`channel: #deployments` is null in YAML: the seed's own mistake."""
    for language, text in fences(page.read_text(encoding="utf-8")):
        if language == "yaml":
            assert re.findall(r"(?m)^\s*(?:- )?[\w.-]+: +#.*$", text) == []


def test_links_lead_to_pages_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).is_file(), target
    assert re.findall(r"http://\S+", text.partition("## Configuration")[0]) == []


@pytest.mark.parametrize(("name", "anchors"), SECTIONS.items())
def test_a_page_of_the_seed_has_the_sections_that_plans_cite(name: str, anchors: set[str]) -> None:
    found = sections((REFERENCE / f"{name}.md").read_text(encoding="utf-8"))

    assert anchors | {"configuration", "sources"} <= set(found)
    assert [title for title, body in found.items() if not body.strip()] == []


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("platforms/*.md")), ids=lambda path: path.stem)
def test_a_platform_page_has_every_section_in_order(path: Path) -> None:
    found = sections(path.read_text(encoding="utf-8"))

    assert list(found) == PLATFORM_SECTIONS
    assert [title for title, body in found.items() if not body.strip()] == []


@pytest.mark.parametrize("one", OWN_PAGE, ids=lambda one: one.id)
def test_a_page_and_its_platform_have_the_same_words(one: Platform) -> None:
    text = (REFERENCE / "platforms" / f"{one.id}.md").read_text(encoding="utf-8")

    assert words(text, "Capabilities") == sorted(one.capabilities)
    assert words(text, "Actions") == list(one.actions)
    assert words(text, "Mechanisms") == list(one.mechanisms)
    assert words(text, "Rollbacks") == list(one.rollbacks)
    assert words(text, "Signals") == sorted(one.signals)


def test_the_recognised_platforms_share_one_page_that_names_each() -> None:
    text = (REFERENCE / "platforms" / "recognised.md").read_text(encoding="utf-8")
    table = re.findall(r"(?m)^\| `([\w-]+)` \|", text)

    assert table == sorted(one.id for one in RECOGNISED)
    assert set(re.findall(r"`([\w-]+)`", sections(text)["words"])) == set(table)


def test_the_burn_rates_on_the_page_spend_what_it_says() -> None:
    hours = {"h": 1, "d": 24}
    text = sections((REFERENCE / "slo-and-alerting.md").read_text(encoding="utf-8"))["burn-rates"]
    rows = re.findall(r"(?m)^\| (\d+) ([hd]) \| .*? \| ([\d.]+) \| ([\d.]+)% \| ([\d.]+)% \|", text)

    assert len(rows) == 4
    for length, unit, factor, four_weeks, month in rows:
        spent = float(factor) * int(length) * hours[unit]
        assert round(100 * spent / (28 * 24), 1) == float(four_weeks)
        assert round(100 * spent / (30 * 24), 1) == float(month)


def test_the_budgets_on_the_page_are_the_window_times_what_is_left() -> None:
    units = {"s": 1, "min": 60, "h": 3_600}
    text = sections((REFERENCE / "slo-and-alerting.md").read_text(encoding="utf-8"))["targets"]
    rows = re.findall(r"(?m)^\| ([\d.]+)% \| ([\d.]+) (\w+) \| ([\d.]+) (\w+) \| ([\d.]+) (\w+) \|", text)

    assert len(rows) == 5
    for objective, *cells in rows:
        for days, number, unit in zip((1, 28, 30), cells[::2], cells[1::2], strict=True):
            budget = (1 - float(objective) / 100) * days * 86_400
            assert budget == pytest.approx(float(number) * units[unit], rel=0.002)
