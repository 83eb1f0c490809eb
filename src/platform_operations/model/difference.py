"""How two plans differ, entry by entry.

What `origin` and `changes` are computed from, and what a rollout is made of.
"""

from functools import cache

from platform_operations.model.delivery import Entry
from platform_operations.model.plan import SECTIONS, Plan

NOT_COMPARED = frozenset({"summary", "text", "origin", "changes", "evidence"})


@cache
def _compared_fields(kind: type[Entry]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, info.alias or name)
        for name, info in kind.model_fields.items()
        if name not in NOT_COMPARED | {"id"}
    )


def difference(today: Entry, entry: Entry) -> tuple[str, ...]:
    """Return the wire names of the fields in which two entries differ, in declaration order."""
    before, after = today.__dict__, entry.__dict__
    if before == after:
        return ()
    return tuple(alias for name, alias in _compared_fields(type(entry)) if before[name] != after[name])


def with_origins(plan: Plan, today: Plan) -> Plan:
    """Return the plan with `origin` and `changes` of every entry computed against today's plan.

    An entry that is there today keeps today's evidence beside its own.
    """
    for section in SECTIONS:
        before = {entry.id: entry for entry in today.section(section)}
        entries = tuple(_with_origin(entry, before.get(entry.id)) for entry in plan.section(section))
        plan = plan.with_section(section, entries)
    return plan


def _with_origin(entry: Entry, today: Entry | None) -> Entry:
    if today is None:
        return entry.model_copy(update={"origin": "proposed", "changes": ()})
    changes = difference(today, entry)
    evidence = tuple(dict.fromkeys((*today.evidence, *entry.evidence)))
    update = {"origin": "changed" if changes else "existing", "changes": changes, "evidence": evidence}
    return entry.model_copy(update=update)


def changed_entries(plan: Plan, today: Plan) -> tuple[str, ...]:
    """Return `section/id` of every entry that is not as it is today, in wire order."""
    before = today.by_name
    return tuple(
        name for name, entry in plan.entries() if name not in before or difference(before[name], entry)
    )


def retired_entries(plan: Plan, today: Plan) -> tuple[str, ...]:
    """Return `section/id` of every entry of today that the plan no longer has, in wire order."""
    return tuple(name for name in today.by_name if name not in plan.by_name)


def advanced(today: Plan, plan: Plan, implemented: frozenset[str], retired: frozenset[str]) -> Plan:
    """Return today's plan with the named entries as in `plan` and the retired ones gone.

    What is no entry of a section (owners, assumptions, reasons, ledger) is taken from `plan` at once.
    """
    result = plan
    for section in SECTIONS:
        wanted = {
            entry.id: entry for entry in plan.section(section) if f"{section}/{entry.id}" in implemented
        }
        kept = [
            wanted.pop(entry.id, entry)
            for entry in today.section(section)
            if f"{section}/{entry.id}" not in retired
        ]
        result = result.with_section(section, (*kept, *wanted.values()))
    return result
