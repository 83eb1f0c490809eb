"""Words that stand where an answer should and give none, and words for an answer that is not there."""

import re
from functools import lru_cache

SILENT = {
    "pipelineStages": "no stage works on",
    "deployStrategy": "nothing says how releases are put before the users of",
    "qualityGates": "no gate checks",
    "rollbackPlan": "nothing says how to take back",
    "observabilityPillars": "nothing observes",
    "slos": "no objective is set for",
    "alerts": "no alert watches",
}
"""What it means that a section says nothing of a component, in words of its own."""

_PLACES = """
    todo tbd tba fixme xxx n/a na none null nil nothing nobody noone never unknown whatever whoever anyone someone
    ignore blackhole /dev/null dev/null devnull - -- ? ... . because placeholder
"""
_STAND_INS = frozenset(_PLACES.split())

_COMMON = """
    a an and any as at be by do for from get go has have i if in is it its of on or our out so some that the their them
    then there this to up us was we what when where which who why will with you your
    action appropriate as-soon-as-possible asap awake bad broken call cause check contact debug deal down engineer error
    errors everything failure find fix handle happens incident investigate issue issues look logs matter mitigate
    needed necessary notify on-call oncall page people please possible problem problems quickly repair resolve
    restore root see service situation solve something someone system take team things thing try wait watch work wrong
"""
_GENERAL = frozenset(_COMMON.split())
"""Words that any runbook could have: a sentence of these alone tells nobody what to do."""


@lru_cache(maxsize=4096)
def says_nothing(text: str | None) -> bool:
    """Return whether a text is empty, punctuation, or a word that only keeps the place: TODO, n/a, none, nobody."""
    words = [word.strip(".,;:!?()[]\"'") or word for word in (text or "").lower().split()]
    return all(word in _STAND_INS or not re.search(r"\w", word) for word in words)


@lru_cache(maxsize=4096)
def platitude(text: str) -> bool:
    """Return whether a text has no word of its own: nothing in it names what to look at or what to do."""
    words = re.findall(r"[\w/-]+", text.lower())
    return says_nothing(text) or all(word in _GENERAL or word in _STAND_INS for word in words)
