"""A model's assumptions: references to what is known, and a name; what they say to people is composed from those.

A sentence of the model's own would be read by people as the plan's, and could carry whatever a file told the model.
"""

import re
from typing import cast

from platform_operations.model.assessment import Assessment
from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.record import Document

_FILLS = re.compile(rf"(?:{'|'.join(SECTIONS)})/[a-z0-9-]{{1,120}}(?:/[A-Za-z]{{1,40}})?")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_NAME = 80


def assumed(rows: object, assessment: Assessment, draft: Plan) -> object:
    """Return a model's assumptions as the plan has them: those of the draft in its words, others by their names.

    What is no list, and rows that are no objects, are returned as they are: they are findings.
    """
    if not isinstance(rows, list):
        return rows
    known = {
        row.id: row.model_dump(mode="json", by_alias=True, exclude_none=True) for row in draft.assumptions
    }
    asked = {f"{fact.subject}#{fact.aspect}" for fact in assessment.facts}
    asked |= {row.about for row in draft.assumptions if row.about}
    owners = {owner.id for owner in draft.owners}
    return [
        _one(cast("Document", row), known, asked, owners) if isinstance(row, dict) else row
        for row in cast("list[object]", rows)
    ]


def _one(row: Document, known: dict[str, Document], asked: set[str], owners: set[str]) -> Document:
    name = row.get("id")
    given = row.get("fills")
    names = cast("list[object]", given) if isinstance(given, list) else []
    fills = [one for one in names if isinstance(one, str) and _FILLS.fullmatch(one)]
    if isinstance(name, str) and name in known:
        return {**known[name], "fills": list(dict.fromkeys([*known[name].get("fills", []), *fills]))}
    found: Document = {"id": name, "statement": sentence(name), "fills": fills}
    for key, allowed in (("about", asked), ("confirmWith", owners)):
        if row.get(key) in allowed:
            found[key] = row[key]
    return found


def sentence(name: object) -> str:
    """Return what an assumption of that name says to people; a name that is none says nothing."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        return "The drafting model assumes something that it gave no usable name."
    return f"The drafting model assumes, and nobody has confirmed: {name.replace('-', ' ')}."
