"""A plan of many services made of a plan of one: every entry as often as asked, under an id of its own.

Environments, pipelines, owners and the ledger are shared, as in a monorepo; what the entries say stays as it is.
"""

from typing import Any, cast

from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.record import Document
from platform_operations.model.summary import summarised

_SHARED = frozenset({"environments", "pipelines"})
_WORDS = frozenset({"pillar", "kind", "tool", "mechanism", "action", "runs", "text"})
"""Fields whose words may be spelled like an id."""

_OWN = tuple(name for name in SECTIONS if name not in _SHARED)


def enlarged(plan: Plan, copies: int) -> Plan:
    """Return the plan with everything in it that belongs to a component `copies` times; its assumptions left out."""
    document = plan.document()
    shared = {entry.id for name in _SHARED for entry in plan.section(name)}
    named = {entry.id for name in _OWN for entry in plan.section(name)} - shared
    named |= {f"{name}/{entry.id}" for name in _OWN for entry in plan.section(name)}
    named |= {f"{kind}:{name}" for kind in ("slo", "stage", "alert") for name in named}
    for name in (*_OWN, "rollout"):
        known = named | {row["id"] for row in _rows(document, name)} if name == "rollout" else named
        rows = [_renamed(row, known, str(turn)) for turn in range(copies) for row in _rows(document, name)]
        if name == "deployStrategy":
            document[name] = {**document[name], "components": rows}
        else:
            document[name] = rows
    steps = [{**row, "order": order} for order, row in enumerate(document["rollout"], 1)]
    whole = Plan.model_validate(
        {**document, "rollout": steps, "assumptions": []}, by_alias=True, by_name=False
    )
    return summarised(whole)


def _rows(document: Document, name: str) -> list[Document]:
    found = document[name]["components"] if name == "deployStrategy" else document[name]
    return cast("list[Document]", found)


def _renamed(value: Any, known: set[str], turn: str) -> Any:
    if isinstance(value, dict):
        fields = cast("Document", value)
        return {key: item if key in _WORDS else _renamed(item, known, turn) for key, item in fields.items()}
    if isinstance(value, list):
        return [_renamed(item, known, turn) for item in cast("list[Any]", value)]
    return f"{value}-{turn}" if value in known else value
