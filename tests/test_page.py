"""Pages: wrapped to their width, redacted, with nothing lost; and stages drawn as a tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.cli.page import Page
from platform_operations.cli.show_stages import write_pipelines
from platform_operations.model.delivery import Pipeline, Stage
from platform_operations.model.plan import Plan, RiskProfile, Target

WORDS = st.lists(st.text(alphabet="abcé漢-./", min_size=1, max_size=12), min_size=1, max_size=30)


def lines(page: Page) -> list[str]:
    return page.plain().splitlines()


@given(WORDS, st.integers(40, 120))
def test_a_paragraph_keeps_every_word_within_the_width(words: list[str], width: int) -> None:
    from rich.cells import cell_len

    page = Page(width)
    page.write(" ".join(words), indent=2, hang=4)

    assert page.plain().split() == words
    assert all(cell_len(line) <= width for line in lines(page))
    assert lines(page)[0].startswith("  ")
    assert all(line.startswith("      ") for line in lines(page)[1:])


@given(WORDS, WORDS, st.integers(40, 120))
def test_a_row_keeps_label_and_body_whatever_the_width(label: list[str], body: list[str], width: int) -> None:
    page = Page(width)
    page.row(" ".join(label), " ".join(body), width=24)

    assert page.plain().split() == [*label, *body]


def test_a_row_stands_beside_its_label_where_there_is_room_and_below_it_elsewhere() -> None:
    wide, narrow = Page(80), Page(40)
    for page in (wide, narrow):
        page.row("alert-without-owner", "nobody is woken by it", width=20)

    assert lines(wide) == ["  alert-without-owner   nobody is woken by it"]
    assert lines(narrow) == ["  alert-without-owner", "      nobody is woken by it"]


def test_a_path_too_long_for_its_column_stays_whole() -> None:
    page = Page(60)
    path = "a/very/deep/" + "folder/" * 12 + "file.yml:12"
    page.row("rule", ["the message", ("  " + path, "dim")], width=20)

    assert path in page.plain()


def test_headings_are_set_apart_by_one_empty_line_and_none_comes_first() -> None:
    page = Page(80)
    page.blank()
    page.title("checkout", "commit 1", "")
    page.blank()
    page.heading("Gaps", "2 errors")
    page.write("one")

    assert page.plain() == "checkout  commit 1\n\nGaps  2 errors\none\n"


def test_nothing_secret_and_nothing_that_drives_a_terminal_reaches_a_page() -> None:
    page = Page(80)
    page.write(["a\x1b[31mred\nline", (" token=ghp_" + "a1B2" * 9, "bold"), "[bold]not a style[/bold]"])

    assert page.plain() == "ared line token=[redacted][bold]not a style[/bold]\n"


def plan(*stages: tuple[str, tuple[str, ...]]) -> Plan:
    return Plan(
        target=Target(name="x", risk_profile=RiskProfile(level="low")),
        pipelines=(Pipeline(id="main", triggers=("tag",)),),
        pipeline_stages=tuple(
            Stage(id=name, kind="build", pipeline="main", needs=needs) for name, needs in stages
        ),
    )


def drawn(*stages: tuple[str, tuple[str, ...]]) -> list[str]:
    page = Page(100)
    write_pipelines(page, plan(*stages), marks=False)
    return [line.removeprefix("    ") for line in lines(page)[1:]]


def test_a_stage_stands_below_the_last_one_it_waits_for() -> None:
    assert drawn(
        ("build", ()),
        ("lint", ()),
        ("image", ("build", "lint")),
        ("staging", ("image",)),
        ("scan", ("image",)),
        ("production", ("staging", "scan")),
    ) == [
        "build             build",
        "└ image           build  (and after lint)",
        "  ├ staging       build",
        "  │ └ production  build  (and after scan)",
        "  └ scan          build",
        "lint              build",
    ]


@pytest.mark.parametrize(
    "stages", [(("a", ("a",)),), (("a", ("b",)), ("b", ("a",))), (("a", ("gone",)), ("b", ("a", "a")))]
)
def test_a_circle_or_a_stage_that_is_gone_is_drawn_and_not_followed_forever(
    stages: tuple[tuple[str, tuple[str, ...]], ...],
) -> None:
    assert {line.lstrip("└├│ ").split()[0] for line in drawn(*stages)} == {name for name, _ in stages}


def test_a_chain_of_a_thousand_stages_is_one_line() -> None:
    chain = tuple((f"s{index}", (f"s{index - 1}",) if index else ()) for index in range(1000))

    assert drawn(*chain) == ["s0  build: 1000 stages one after the other, up to s999"]


def test_a_thousand_stages_side_by_side_are_cut_and_counted() -> None:
    shown = drawn(*((f"s{index}", ()) for index in range(1000)))

    assert len(shown) == 41
    assert shown[-1] == "and 960 more stages"
