"""Who answers for what: CODEOWNERS, catalog entries, OWNERS files."""

from collections.abc import Callable

from platform_operations.assess.places import (
    aside,
    documents,
    file_name,
    folder,
    text_of,
    vendored,
    within,
)
from platform_operations.assess.telemetry.codeowners import PLACES, Rule, owner_of, read_codeowners
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Owner
from platform_operations.model.evidence import repo_uri
from platform_operations.repository import Repository

MAX_FILES = 100
MAX_ID = 200


def read_owners(
    repository: Repository,
) -> tuple[tuple[Owner, ...], tuple[Fact, ...], Callable[[str], str | None]]:
    """Return every owner named, what is known of CODEOWNERS, and what gives the owner of a path.

    CODEOWNERS decides first; where it says nothing of a path the nearest OWNERS file, then the nearest
    catalog entry. Owners are as written: teams, users or addresses.
    """
    place, rules = _codeowners(repository)
    found: dict[str, list[str]] = {}
    for rule in rules:
        for name in rule.owners:
            found.setdefault(name, []).append(repo_uri(place, rule.line))
    near: list[tuple[str, str]] = []
    facts = [_practice(repository, place, rules)]
    for path, name, line in [*_owners_files(repository), *_catalog(repository, facts)]:
        found.setdefault(name, []).append(repo_uri(path, line))
        near.append((folder(path), name))
    owners = tuple(
        Owner(id=name, evidence=tuple(uris[:3])) for name, uris in found.items() if len(name) <= MAX_ID
    )

    def owner(path: str) -> str | None:
        named = owner_of(rules, path)
        if named:
            return named
        holding = [(where, name) for where, name in near if within(path, where)]
        return max(holding, key=lambda item: 0 if item[0] == "." else len(item[0]))[1] if holding else None

    return owners, tuple(facts), owner


def _codeowners(repository: Repository) -> tuple[str, tuple[Rule, ...]]:
    for place in PLACES:
        text = text_of(repository, place) if repository.exists(place) else None
        if text is not None:
            return place, read_codeowners(text)
    return "", ()


def _practice(repository: Repository, place: str, rules: tuple[Rule, ...]) -> Fact:
    active = [rule for rule in rules if rule.owners]
    if active:
        return Fact(
            subject="practices",
            aspect="codeowners",
            outcome="present",
            strength="present",
            reason="whether a review by an owner is required is set outside the repository",
            evidence=(repo_uri(place, active[0].line),),
        )
    if place:
        return Fact(
            subject="practices",
            aspect="codeowners",
            outcome="absent",
            reason=f"{place} has no rule that names an owner",
            evidence=(repo_uri(place, 1),),
        )
    return Fact(
        subject="practices",
        aspect="codeowners",
        outcome="unknown" if repository.cut else "absent",
        reason=repository.cut or f"none of {', '.join(PLACES)}",
    )


def _owners_files(repository: Repository) -> list[tuple[str, str, int]]:
    """Return (path, owner, line) of the first approver of each OWNERS file."""
    found: list[tuple[str, str, int]] = []
    wanted = [path for path in repository.paths if file_name(path) == "OWNERS" and not vendored(path)]
    for path in wanted[:MAX_FILES]:
        read = documents(path, text_of(repository, path) or "")
        if isinstance(read, Fact) or not read:
            continue
        people = [item for item in read[0].children("approvers") if item.kind == "text" and item.text]
        found += [(path, people[0].text, people[0].first)] if people else []
    return found


def _catalog(repository: Repository, facts: list[Fact]) -> list[tuple[str, str, int]]:
    """Return (path, owner, line) of each Backstage catalog entry of a component, system or API."""
    found: list[tuple[str, str, int]] = []
    names = {"catalog-info.yaml", "catalog-info.yml", "cortex.yaml", "opslevel.yml"}
    wanted = [path for path in repository.paths if file_name(path) in names and not aside(path)]
    for path in wanted[:MAX_FILES]:
        read = documents(path, text_of(repository, path) or "")
        if isinstance(read, Fact):
            facts.append(read)
            continue
        for document in read:
            for keys in (("spec", "owner"), ("component", "owner"), ("info", "x-cortex-owners")):
                node = document.get(*keys)
                if node is not None and node.kind == "text" and node.text and not node.null:
                    found.append((path, node.text, node.first))
    return found
