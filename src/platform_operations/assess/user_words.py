"""What the user's configuration decides, as facts and evidence, so that every judge of a plan goes by the same words."""

from collections.abc import Iterator

from platform_operations.model.assessment import Fact
from platform_operations.model.configuration import Configuration
from platform_operations.model.delivery import Component, Environment
from platform_operations.model.evidence import LedgerEntry, user_entry
from platform_operations.platforms import platform

USUAL_SHARE = Configuration().budget_share


def settings(user: Configuration) -> tuple[tuple[Fact, LedgerEntry], ...]:
    """Return the budget share and the severities that the user sets, each with the ledger entry of it."""
    return tuple((_fact(key, value, entry), entry) for key, value, entry in _set(user))


def _set(user: Configuration) -> Iterator[tuple[tuple[str, str], str, LedgerEntry]]:
    if user.budget_share != USUAL_SHARE:
        yield (
            ("configuration", "budget-share"),
            user.budget_share,
            user_entry("budgetShare", user.budget_share),
        )
    for name, severity in user.rules:
        yield ("rules", name), severity, user_entry(f"rules.{name}", severity)


def _fact(key: tuple[str, str], value: str, entry: LedgerEntry) -> Fact:
    subject, aspect = key
    return Fact(
        subject=subject,
        aspect=aspect,
        outcome="present",
        strength="documented",
        value=value,
        reason="the user says so",
        evidence=(entry.uri,),
    )


def with_platforms(
    found: tuple[Component, ...], user: Configuration
) -> tuple[tuple[Component, ...], tuple[LedgerEntry, ...]]:
    """Return the components, each with the platforms that the user says it is on ([facts] "components/ID#platforms"), and the ledger entries of those words."""
    words = dict(user.facts)
    rows: list[LedgerEntry] = []
    said: list[Component] = []
    for component in found:
        key = f"components/{component.id}#platforms"
        named = [word.strip() for word in words.get(key, "").split(",") if platform(word.strip())]
        if named:
            rows.append(user_entry(key, words[key]))
            platforms = tuple(sorted({*component.platforms, *named}))
            evidence = (*component.evidence, rows[-1].uri)
            component = component.model_copy(update={"platforms": platforms, "evidence": evidence})
        said.append(component)
    return tuple(said), tuple(rows)


def with_kinds(
    found: tuple[Environment, ...], user: Configuration
) -> tuple[tuple[Environment, ...], tuple[LedgerEntry, ...]]:
    """Return the environments, those that the user calls another kind citing that word, and its ledger entries."""
    kinds = dict(user.environments)
    rows = {
        place.id: user_entry(f"environments.{place.id}.kind", kinds[place.id])
        for place in found
        if place.id in kinds
    }
    return tuple(
        place.model_copy(update={"kind": kinds[place.id], "evidence": (*place.evidence, rows[place.id].uri)})
        if place.id in rows
        else place
        for place in found
    ), tuple(rows.values())
