"""Random changes of plans, for properties: what a careless or dishonest hand could write and the format allows."""

from typing import Any, Literal, cast, get_args, get_origin

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Entry
from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.record import Record
from platform_operations.validate import read_document, well_formed

KEPT = frozenset({"id", "summary", "text", "origin", "changes", "evidence"})
WORDS = (
    "",
    "true",
    "pip-audit || true",
    "echo done",
    "kubectl apply -k deploy/production",
    "latest",
    "@nobody",
)
NUMBERS = ("0", "1", "14.4", "99.99", "0.01", "100", "50", "1000", "-3")
DURATIONS = ("1s", "5m", "1h", "28d", "9999999d")


def changes(plan: Plan) -> st.SearchStrategy[Plan]:
    """One to four changes of a plan, kept where the result is still a plan with a sound structure."""
    return st.lists(st.integers(0, 2**32), min_size=1, max_size=4).map(lambda seeds: _changed(plan, seeds))


def _changed(plan: Plan, seeds: list[int]) -> Plan:
    for seed in seeds:
        after = _once(plan, seed)
        if after is not None and well_formed(after) and read_document(after.document()) == after:
            plan = after
    return plan


def _once(plan: Plan, seed: int) -> Plan | None:
    sections = [name for name in SECTIONS if plan.section(name)]
    section = sections[seed % len(sections)]
    seed //= len(sections)
    entries = plan.section(section)
    entry = entries[seed % len(entries)]
    seed //= len(entries)
    if seed % 5 == 0:
        return without(plan, section, entry.id)
    if seed % 25 == 1:
        return plan.with_section(section, plan.section(section)[::-1])
    fields = [field for field in type(entry).model_fields if field not in KEPT]
    seed //= 5
    field = fields[seed % len(fields)]
    seed //= len(fields)
    return _with_field(plan, section, entry, field, seed)


def without(plan: Plan, section: str, entry_id: str) -> Plan:
    """Return the plan without an entry and without the needs that name it."""
    plan = plan.without_entry(section, entry_id)
    if section != "pipelineStages":
        return plan
    stages = tuple(
        stage.model_copy(update={"needs": tuple(name for name in stage.needs if name != entry_id)})
        for stage in plan.pipeline_stages
    )
    return plan.model_copy(update={"pipeline_stages": stages})


def _with_field(plan: Plan, section: str, entry: Entry, field: str, seed: int) -> Plan | None:
    values = _values(plan, section, entry, field, type(entry).model_fields[field])
    value = values[seed % len(values)]
    try:
        changed = type(entry).model_validate({**dict(entry), field: value})
    except ValueError:
        return None
    return plan.with_entry(section, changed)


def _values(plan: Plan, section: str, entry: Entry, field: str, info: FieldInfo) -> list[Any]:
    """Return what may be put into a field: nothing, what other entries of the section have, and worse."""
    others = [getattr(other, field) for other in plan.section(section)]
    old = getattr(entry, field)
    if isinstance(old, Record):
        return [*others, None, *_inside(old)]
    if isinstance(old, tuple):
        rows = cast("tuple[Any, ...]", old)
        if rows and isinstance(rows[0], Record):
            return [*others, rows[1:], rows[::-1], (), *((inner, *rows[1:]) for inner in _inside(rows[0]))]
        halves: list[Any] = [old[1:], old[:-1], old[::-1], ()]
        return [*others, *halves, WORDS[:3]] if field == "runs" else [*others, *halves]
    if isinstance(old, bool):
        return [not old, None]
    worse = [*_literals(info.annotation), None]
    if isinstance(old, str):
        worse += [*WORDS, *NUMBERS, *DURATIONS]
    return [*others, *worse]


def _inside(record: Record) -> list[Any]:
    """Return what a record inside an entry may become: each of its fields taken away or made worse."""
    found: list[Any] = []
    for field, info in type(record).model_fields.items():
        for value in (*_literals(info.annotation), None, *WORDS[:3], *NUMBERS, *DURATIONS):
            try:
                found.append(type(record).model_validate({**dict(record), field: value}))
            except ValueError:
                continue
    return found


def _literals(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [word for word in get_args(annotation) if isinstance(word, str)]
    return [word for part in get_args(annotation) for word in _literals(part)]


def losses(assessment: Assessment) -> st.SearchStrategy[Assessment]:
    """An assessment that has lost some of what it knew: a fact nobody could see, a baseline or backtest gone."""
    return st.integers(0, 2**32).map(lambda seed: _lost(assessment, seed))


def _lost(assessment: Assessment, seed: int) -> Assessment:
    facts = tuple(
        fact
        if seed >> index & 1
        else fact.model_copy(update={"outcome": "unknown", "value": None, "evidence": (), "reason": "lost"})
        for index, fact in enumerate(assessment.facts)
    )
    baseline = assessment.baseline if seed & 1 else ()
    backtests = tuple(row for index, row in enumerate(assessment.backtests) if seed >> index + 1 & 1)
    return assessment.model_copy(update={"facts": facts, "baseline": baseline, "backtests": backtests})


def shuffled(plan: Plan, seed: int) -> Plan:
    """Return the plan with the entries of every section in another order; the rollout keeps its own."""
    for section in SECTIONS:
        rows = sorted(plan.section(section), key=lambda entry: (hash_of(entry.id, seed), entry.id))
        plan = plan.with_section(section, tuple(rows))
    owners = sorted(plan.owners, key=lambda owner: (hash_of(owner.id, seed), owner.id))
    return plan.model_copy(update={"owners": tuple(owners)})


def hash_of(text: str, seed: int) -> int:
    """Return a number that orders texts differently for each seed."""
    value = seed
    for letter in text:
        value = (value * 131 + ord(letter)) % 1_000_003
    return value
