"""Label matchers' regular expressions: the answers of a real engine, in linear time."""

import re
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.slo.label_regex import UnsupportedPatternError, matches

characters = st.sampled_from(
    ["a", "b", "5", ".", "[ab]", "[^a]", "[0-5b]", r"\d", r"\w", r"\.", r"\S", "(?:ab|5)"]
)
patterns = st.recursive(
    characters,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: "(" + "|".join(parts) + ")"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(pattern=patterns, text=st.text("ab5.-", max_size=8))
def test_every_pattern_answers_as_a_backtracking_engine_does(pattern: str, text: str) -> None:
    assert matches(pattern, text) == (re.fullmatch(pattern, text, re.ASCII) is not None)


@pytest.mark.parametrize(
    ("pattern", "accepted", "refused"),
    [
        ("5..", "503", "5033"),
        ("^5..$", "503", "a503"),
        ("(?i)error|failed", "ERROR", "errors"),
        ("", "", "x"),
        (".*", "anything", "two\nlines"),
        ("[]a]+", "]a", "b"),
        ("[a-]", "-", "b"),
        ("/api/v[12]/.+?", "/api/v1/x", "/api/v1/"),
        (r"a\\b", r"a\b", "ab"),
        ("()", "", "a"),
    ],
)
def test_patterns_of_rule_files_match_whole_values(pattern: str, accepted: str, refused: str) -> None:
    assert matches(pattern, accepted)
    assert not matches(pattern, refused)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*" * 10, "(.*)*b", "(a?){100}a{100}", "(x*)*" * 20])
def test_a_pattern_made_to_hang_does_not(pattern: str) -> None:
    started = monotonic()
    assert not matches(pattern, "a" * 200 + "!")
    assert monotonic() - started < 20


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "[a", "*a", "a{2", "a{3,2}", "a{1000}", "\\", r"\b", "(?=a)", "[[:alpha:]]", "a^b", 
     "(" * 60 + ")" * 60, "((((((){200}){200}){200}){200}){200}){200}", "(((a{200}){200}){200}){200}",
     "a" * 3000],
)  # fmt: skip
def test_a_pattern_that_is_wrong_too_large_or_not_read_is_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedPatternError):
        matches(pattern, "a")
