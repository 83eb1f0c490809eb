"""Small steps that repairs are made of: each takes a plan to a plan."""

import re
from typing import Any

from platform_operations.model.delivery import Entry, Stage
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Assumption, NotApplicable
from platform_operations.validate.structure import references


def amend(plan: Plan, section: str, entry_id: str, **fields: Any) -> Plan:
    """Return the plan with fields of one entry replaced; the plan itself when there is no such entry."""
    entry = plan.by_name.get(f"{section}/{entry_id}")
    return plan if entry is None else plan.with_entry(section, entry.model_copy(update=fields))


def united(*lists: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of all lists, each once, in order of appearance."""
    return tuple(dict.fromkeys(word for words in lists for word in words))


def fresh(plan: Plan, section: str, wanted: str) -> str:
    """Return `wanted` as an id, with -2, -3... where an entry of the section already has it."""
    taken = {entry.id for entry in plan.section(section)}
    base, number = kebab(wanted)[:110], 2
    name = base
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def kebab(text: str) -> str:
    """Return `text` as an id: lower case letters, digits and single hyphens; "entry" when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "entry"


def assume(
    plan: Plan,
    wanted: str,
    statement: str,
    *,
    about: str | None = None,
    fills: tuple[str, ...] = (),
    confirm_with: str | None = None,
) -> Plan:
    """Return the plan with the assumption `wanted`, or with `fills` added where it is there already."""
    name = kebab(wanted)
    for index, known in enumerate(plan.assumptions):
        if known.id == name:
            wider = known.model_copy(update={"fills": united(known.fills, fills)})
            return plan.model_copy(
                update={"assumptions": (*plan.assumptions[:index], wider, *plan.assumptions[index + 1 :])}
            )
    added = Assumption(id=name, statement=statement, about=about, fills=fills, confirm_with=confirm_with)
    return plan.model_copy(update={"assumptions": (*plan.assumptions, added)})


def waive(plan: Plan, section: str, component: str, because: str) -> Plan:
    """Return the plan with a reason why `section` does not apply to `component`."""
    row = NotApplicable(section=section, component=component, because=because)
    return plan.model_copy(update={"not_applicable": (*plan.not_applicable, row)})


def cite(plan: Plan, *entries: LedgerEntry) -> Plan:
    """Return the plan with ledger entries added, those of a known URI left as they are."""
    known = plan.ledger
    added = tuple({entry.uri: entry for entry in entries if entry.uri not in known}.values())
    return plan.model_copy(update={"evidence": (*plan.evidence, *added)}) if added else plan


def restore(plan: Plan, today: Plan, name: str) -> Plan:
    """Return the plan with the entry `section/id` as it is today, together with what that entry stands on.

    A stage waits only for what the plan still has: what was retired on purpose stays away.
    """
    waiting, done = [name], set[str]()
    while waiting:
        name = waiting.pop()
        entry = today.by_name.get(name)
        if entry is None or name in done or (done and name in plan.by_name):
            continue
        done.add(name)
        section = name.partition("/")[0]
        plan = plan.with_entry(section, _without_lost(entry, plan))
        plan = cite(plan, *(today.ledger[uri] for uri in entry.evidence if uri in today.ledger))
        waiting += [
            f"{target}/{other}"
            for at, entry_id, field, target, other in references(today)
            if f"{at}/{entry_id}" == name and field[0] not in {"needs", "optionalNeeds", "onFailure"}
        ]
    return plan


def _without_lost(entry: Entry, plan: Plan) -> Entry:
    if not isinstance(entry, Stage):
        return entry
    known = {stage.id for stage in plan.pipeline_stages}
    kept = {
        "needs": tuple(name for name in entry.needs if name in known),
        "optional_needs": tuple(name for name in entry.optional_needs if name in known),
        "on_failure": entry.on_failure if f"rollbackPlan/{entry.on_failure}" in plan.by_name else None,
    }
    return entry.model_copy(update=kept)
