"""YAML with lines: positions that open on what they name, and input that means harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.repository.yaml_lines import Broken, Node, TooLarge, plain, read_yaml

WORKFLOW = """\
on: push
jobs:
  build: &shared
    steps:
      - run: |
          make
          make test

      - uses: actions/checkout@v4
  again:
    <<: *shared
    if: always()
"""


def document(text: str) -> Node:
    found = read_yaml(text)
    assert not isinstance(found, Broken)
    return found[0]


def test_a_node_knows_its_first_and_last_line_without_the_blank_lines_after_it() -> None:
    steps = document(WORKFLOW).children("jobs", "build", "steps")
    assert [(step.first, step.last) for step in steps] == [(5, 7), (9, 9)]


def test_scalars_stay_the_text_that_was_written() -> None:
    assert plain(document("on: off\nv: 012\nyes: ~\nq: '~'\n")) == {
        "on": "off",
        "v": "012",
        "yes": None,
        "q": "~",
    }


def test_merge_keys_bring_the_entries_of_an_anchor_under_the_own_ones() -> None:
    again = document(WORKFLOW).get("jobs", "again")
    assert again is not None
    assert again.string("if") == "always()"
    assert len(again.children("steps")) == 2


def test_documents_of_one_file_are_read_one_by_one() -> None:
    found = read_yaml("a: 1\n---\nb: 2\n")
    assert not isinstance(found, Broken)
    assert [plain(node) for node in found] == [{"a": "1"}, {"b": "2"}]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: [\n{{ .Values.x }}: c\n", 4, "did not find expected"),
        ("a: *nobody\n", 1, "unknown anchor"),
        ("[" * 300, 1, "nested deeper"),
        ("a: 1\n\tb: 2\n", 2, "found a tab"),
    ],
)
def test_what_is_no_yaml_says_where_and_why(text: str, line: int, reason: str) -> None:
    found = read_yaml(text)
    assert isinstance(found, Broken)
    assert found.line == line
    assert reason in found.reason


def test_a_bomb_of_aliases_is_read_but_not_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    found = document("\n".join(lines))
    with pytest.raises(TooLarge):
        plain(found)


def test_an_anchor_inside_itself_is_refused_when_expanded() -> None:
    with pytest.raises(TooLarge):
        plain(document("a: &a [*a]"))


@given(st.text(alphabet=st.sampled_from("ab:- \n\t[]{}&*!|>'\"#<0"), max_size=200))
def test_no_text_raises(text: str) -> None:
    assert isinstance(read_yaml(text), Broken | tuple)
