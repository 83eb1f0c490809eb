"""Wordings find what ignoring case finds, whatever a pattern is made of and whatever a text is written in."""

import re
from pathlib import Path

import pytest

from platform_operations.assess import pipeline_words
from platform_operations.assess.wording import Wording

PATTERNS = (
    r"enable(?:Security|Fortify)Scan",
    r"(?P<Tool>Trivy) (?:fs|repo)(?P=Tool)?",
    r"[A-F]{2}[^A-Z]\S\W\D",
    r"\bsnyk\b(?![-_/ ]?(?:Code|container))",
    r"(?<![A-Z])Stage(?=$|\s)",
    r"\x2d\tB|STRASSE|key|sign",
)
TEXTS = (
    "enableSECURITYscan() then TRIVY FS and trivy repoTrivy",
    "AB1x. ab-Y+ fE z",
    "- uses: Snyk/actions\n- run: snyk-code\nSNYK",
    "a STAGE b\nstage",
    "-\tb a\tB strasse",
    "\u212aey and \u017fign, İstanbul STAGE, straße",
    "",
)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_wording_finds_what_ignoring_case_finds(pattern: str, text: str) -> None:
    assert Wording(pattern).stands_in(text) == bool(re.search(pattern, text, re.IGNORECASE))


def test_every_wording_of_pipelines_finds_what_ignoring_case_finds_in_real_pipelines() -> None:
    named = {id(one): one for one in vars(pipeline_words).values() if isinstance(one, Wording)}
    wordings = [*named.values(), *vars(pipeline_words)["_WORDS"].values()]
    folder = Path(__file__).parent.parent
    texts = [
        path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("tests/**/*.y*ml"))
    ]
    rows = [row for text in texts[:300] for row in (text, text.upper(), *text.split("\n")[:40])]
    assert len(wordings) > 8
    assert len(rows) > 1000
    for wording in wordings:
        exact = re.compile(wording.source, re.IGNORECASE)
        found = [row for row in rows if wording.stands_in(row) != bool(exact.search(row))]
        assert not found
