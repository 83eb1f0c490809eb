"""The order in which a repository is read, and how the readers' answers become one assessment."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import get_args

from platform_operations.assess.as_is import (
    assembled,
    drift_checks,
    ledger,
    rollbacks,
    strategies,
    with_health,
    with_places,
    with_reference,
)
from platform_operations.assess.ci import Delivery, read_delivery
from platform_operations.assess.command_facts import command_facts
from platform_operations.assess.component_facts import facts_of
from platform_operations.assess.components import component_of, read_components
from platform_operations.assess.environment_facts import environment_facts, image_facts
from platform_operations.assess.outside import unseen_paths
from platform_operations.assess.practices import practices_of
from platform_operations.assess.published import serves
from platform_operations.assess.risk import risk_profile
from platform_operations.assess.shipping import Shipping
from platform_operations.assess.telemetry.instrumentation import read_instrumentation
from platform_operations.assess.telemetry.owners import read_owners
from platform_operations.assess.telemetry.rule_files import read_rules
from platform_operations.assess.telemetry.rules import read_alerts
from platform_operations.assess.telemetry.runbooks import read_runbooks
from platform_operations.assess.telemetry.slo_files import read_slos
from platform_operations.assess.toolchain import toolchain_facts
from platform_operations.assess.units import read_manifests
from platform_operations.assess.user_words import settings, with_kinds, with_platforms
from platform_operations.model.assessment import Assessment, Fact
from platform_operations.model.configuration import Configuration
from platform_operations.model.delivery import Artifact, Component, Owner, Stage
from platform_operations.model.evidence import LedgerEntry, repo_uri, user_entry
from platform_operations.model.plan import RiskProfile, Target
from platform_operations.model.reliability import Alert, Runbook
from platform_operations.model.words import ComponentType
from platform_operations.platforms import sightings
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository, all_remembered, remembered

INSTALLED = frozenset({"library", "cli", "mobile-app"})
ATTRIBUTED = frozenset({"build", "package", "publish", "deploy", "promote", "verify", "migrate", "rollback"})
"""Stage kinds that work on one component's artifact."""

REGISTRIES = "registries"
"""Where packages are published: a way to reach users, but nothing that runs what is delivered."""

NEGATIVE = frozenset({"no", "none", "false", "absent", "never"})
"""Answers of a user that say a practice is not there."""


def assess(
    repository: Repository,
    configuration: Configuration | None = None,
    *,
    as_of: str | None = None,
    problems: tuple[tuple[str, str], ...] = (),
) -> Assessment:
    """Return what a repository shows today. Baselines and backtests are measured elsewhere and added later.

    `as_of` is the time that ages are judged by; None takes the time of the last commit. `problems` are (path, reason)
    of configuration that could not be used.
    """
    user = configuration or Configuration()
    seen = remembered(sightings, repository)
    manifests, broken = remembered(read_manifests, repository)
    components, facts = remembered(read_components, repository, seen, manifests)
    components, said_platforms = with_platforms(components or _said_components(repository, user), user)
    owners, owner_facts, owner_of = remembered(read_owners, repository)
    delivery = remembered(_delivery, repository, components)
    place_of = remembered(_place_of, repository, components)
    rules = remembered(read_rules, repository)
    alerts = remembered(read_alerts, repository, place_of, rules)
    watched = alerts.entries if components else ()
    runbooks, runbook_facts = remembered(read_runbooks, repository, owner_of, rules, (), serves(components))
    slos, slo_facts = remembered(read_slos, repository, place_of, rules)
    pillars, telemetry = remembered(read_instrumentation, repository, components, manifests)
    environments, said_kinds = with_kinds(with_places(delivery.environments, seen), user)
    stages = _stages(delivery, components, seen)
    gathered: list[Fact] = [
        *_system_facts(delivery, seen),
        *broken,
        *facts,
        *owner_facts,
        *delivery.facts,
        *alerts.facts,
        *runbook_facts,
        *slo_facts,
        *telemetry,
        *all_remembered(facts_of, repository, components, owner_of),
        *all_remembered(environment_facts, repository, environments, seen),
        *image_facts(seen),
        *all_remembered(command_facts, repository, components, environments, seen),
        *all_remembered(toolchain_facts, repository, components),
        *_listing_facts(repository),
        *_problems(problems),
        *(fact for fact, _ in settings(user)),
    ]
    risk = _risk(user, remembered(risk_profile, repository, components, tuple(gathered), manifests))
    named, ledger_of_user = _owners(owners, user)
    ledger_of_user = (*ledger_of_user, *said_kinds, *said_platforms)
    named = (*named, *_labelled_owners(watched, named))
    plan = assembled(
        Target(
            name=user.name or repository.remote or _manifest_name(components, repository) or repository.name,
            commit=repository.commit,
            as_of=as_of or repository.committed_at,
            risk_profile=risk,
        ),
        components,
        environments,
        named,
        replace(delivery, artifacts=_cited(delivery.artifacts, stages)),
        stages,
        strategies(components, environments, seen, risk),
        rollbacks(stages, components, environments, seen),
        pillars,
        slos if components else (),
        tuple(_with_known_owner(alert, named) for alert in watched),
        _with_linked(runbooks, alerts.runbooks),
        drift_checks(delivery, seen),
        lambda uris: ledger(repository, uris),
    )
    practices = remembered(practices_of, repository, plan, seen, tuple(gathered))
    gathered += (*practices, *unseen_paths(plan, practices))
    answered, user_rows = _answered(gathered, user)
    unique = _unique(answered)
    user_rows = (*user_rows, *(entry for _, entry in settings(user)))
    rows = {entry.uri: entry for entry in (*plan.evidence, *ledger_of_user, *user_rows)}
    cited = [uri for fact in unique for uri in fact.evidence] + [row.source for row in alerts.seen]
    rows |= {entry.uri: entry for entry in ledger(repository, [uri for uri in cited if uri not in rows])}
    evidence = tuple(rows[uri] for uri in sorted(rows))
    plan = plan.model_copy(
        update={"evidence": tuple({e.uri: e for e in (*plan.evidence, *ledger_of_user)}.values())}
    )
    return Assessment(facts=unique, evidence=evidence, alerts=alerts.seen, as_is=plan)


def _said_components(repository: Repository, user: Configuration) -> tuple[Component, ...]:
    """Return the component that the user says is here where nothing shows one: [facts] "components#types"."""
    said = [word.strip() for word in dict(user.facts).get("components#types", "").split(",")]
    types = tuple(word for word in get_args(ComponentType) if word in said)
    if not types:
        return ()
    name = re.sub(r"[^a-z0-9]+", "-", (user.name or repository.name).lower()).strip("-") or "component"
    return (Component(id=name, types=types, origin="existing", evidence=("user:components#types",)),)


def _delivery(repository: Repository, components: tuple[Component, ...]) -> Delivery:
    return read_delivery(Shipping(repository), components)


def _place_of(repository: Repository, components: tuple[Component, ...]) -> Callable[[str], str]:
    del repository  # it is the same callable as before where the components are the same
    return component_of(components) if components else lambda path: "root"


def _unique(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the facts with one answer to each question: the first, but a present or unknown one before an absent one."""
    found: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        key = (fact.subject, fact.aspect)
        known = found.get(key)
        if known is None or (known.outcome == "absent" and fact.outcome != "absent"):
            found[key] = fact
    return tuple(found.values())


def _system_facts(delivery: Delivery, seen: Mapping[str, tuple[Sighting, ...]]) -> Iterable[Fact]:
    for name, uris in delivery.systems:
        yield Fact(subject="ci", aspect=name, outcome="present", evidence=uris)
    for name, group in seen.items():
        if group and name != REGISTRIES:
            uris = tuple(dict.fromkeys(repo_uri(row.path, row.first, row.last) for row in group))[:6]
            yield Fact(subject="platforms", aspect=name, outcome="present", evidence=uris)
    for group in seen.values():
        for row in group:
            if row.unreadable:
                yield Fact(
                    subject=f"file:{row.path}",
                    aspect="fully-read",
                    outcome="unknown",
                    reason=row.unreadable,
                    evidence=(repo_uri(row.path, row.first, row.last),),
                )


def _listing_facts(repository: Repository) -> Iterable[Fact]:
    if repository.cut:
        yield Fact(subject="repository", aspect="listing", outcome="unknown", reason=repository.cut)


def _problems(problems: Iterable[tuple[str, str]]) -> Iterable[Fact]:
    """Yield one fact for each file that cannot be used as it is, with every reason."""
    reasons: dict[str, list[str]] = {}
    for path, reason in problems:
        reasons.setdefault(path, []).append(reason)
    for path, told in reasons.items():
        yield Fact(
            subject=f"file:{path}",
            aspect="readable",
            outcome="unknown",
            reason="; ".join(told),
            evidence=(repo_uri(path, 1),),
        )


def _stages(
    delivery: Delivery, components: tuple[Component, ...], seen: Mapping[str, tuple[Sighting, ...]]
) -> tuple[Stage, ...]:
    by_id = {component.id: component for component in components}
    unknown = {fact.subject: fact for fact in delivery.facts if fact.aspect == "artifact-reference"}
    images = {fact.subject: (fact.value or "").lower() for fact in delivery.facts if fact.aspect == "image"}
    found: list[Stage] = []
    for stage in delivery.stages:
        component = by_id.get(stage.component or "")
        made = [artifact.id for artifact in delivery.artifacts if artifact.component == stage.component]
        fact = unknown.get(f"pipelineStages/{stage.id}")
        pushed = {images[f"artifacts/{one}"] for one in made if f"artifacts/{one}" in images}
        found.append(with_health(with_reference(stage, fact, made, component, seen, pushed), component, seen))
    return _verifying(_attributed(tuple(found), components, delivery.artifacts))


def _attributed(
    stages: tuple[Stage, ...], components: tuple[Component, ...], artifacts: tuple[Artifact, ...]
) -> tuple[Stage, ...]:
    """Return the stages with a component for each that works for one: its artifact's, else the first that is released so.

    A release of a whole repository names no component; it still has to be somebody's.
    """
    of_artifact = {artifact.id: artifact.component for artifact in artifacts}
    installed = [component.id for component in components if INSTALLED & set(component.types)]
    running = [component.id for component in components if not INSTALLED & set(component.types)]
    found: list[Stage] = []
    for stage in stages:
        if stage.component is None and components and stage.kind in ATTRIBUTED:
            named = [
                of_artifact.get(name)
                for name in (*(item.artifact for item in stage.consumes), *stage.produces)
            ]
            fitting = [name for name in named if name] + (
                installed + running if stage.kind in {"publish", "package", "build"} else running + installed
            )
            stage = stage.model_copy(update={"component": fitting[0]})
        found.append(stage)
    return tuple(found)


def _cited(artifacts: tuple[Artifact, ...], stages: tuple[Stage, ...]) -> tuple[Artifact, ...]:
    """Return the artifacts, each citing at least the stage that makes or takes it."""
    where: dict[str, tuple[str, ...]] = {}
    for stage in stages:
        for name in (*stage.produces, *(item.artifact for item in stage.consumes)):
            where.setdefault(name, stage.evidence[:1])
    return tuple(
        artifact
        if artifact.evidence
        else artifact.model_copy(update={"evidence": where.get(artifact.id, ())})
        for artifact in artifacts
    )


def _verifying(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Return the stages in which a verification takes what the deploy before it put there, by the same name."""
    by_id = {stage.id: stage for stage in stages}
    result: list[Stage] = []
    for stage in stages:
        if stage.kind == "verify" and not stage.consumes:
            before = [by_id[name] for name in stage.needs if name in by_id and by_id[name].consumes]
            same = [other for other in before if other.environment == stage.environment] or before
            if same:
                stage = stage.model_copy(update={"consumes": same[0].consumes})
        result.append(stage)
    return tuple(result)


def _risk(user: Configuration, found: RiskProfile) -> RiskProfile:
    if user.risk is None:
        return found
    return RiskProfile(level=user.risk, reasons=("the user says so",), evidence=("user:risk",))


def _owners(
    found: tuple[Owner, ...], user: Configuration
) -> tuple[tuple[Owner, ...], tuple[LedgerEntry, ...]]:
    rows: list[LedgerEntry] = [user_entry("risk", user.risk)] if user.risk else []
    owners = {owner.id: owner for owner in found}
    if user.owners:
        entry = user_entry("owners", ",".join(user.owners))
        rows.append(entry)
        owners = {name: Owner(id=name, evidence=(entry.uri,)) for name in user.owners} | owners
    return tuple(owners.values()), tuple(rows)


def _same_team(label: str, owner: str) -> bool:
    """Whether an alert's team label and an owner name the same people: `payments` and `@acme/payments`."""
    return label.lower().lstrip("@") in {owner.lower().lstrip("@"), owner.lower().rpartition("/")[2]}


def _with_known_owner(alert: Alert, owners: tuple[Owner, ...]) -> Alert:
    same = next(
        (owner.id for owner in owners if alert.owner and _same_team(alert.owner, owner.id)), alert.owner
    )
    return alert if same == alert.owner else alert.model_copy(update={"owner": same})


def _labelled_owners(alerts: tuple[Alert, ...], known: tuple[Owner, ...]) -> tuple[Owner, ...]:
    """Return the owners that only alert labels name."""
    found: dict[str, Owner] = {}
    for alert in alerts:
        if alert.owner and not any(_same_team(alert.owner, owner.id) for owner in known):
            found.setdefault(alert.owner, Owner(id=alert.owner, evidence=alert.evidence[:1]))
    return tuple(found.values())


def _manifest_name(components: tuple[Component, ...], repository: Repository) -> str | None:
    root = [component for component in components if component.path == "."]
    return root[0].id if len(root) == 1 and repository.commit is not None else None


def _with_linked(runbooks: tuple[Runbook, ...], linked: tuple[Runbook, ...]) -> tuple[Runbook, ...]:
    known = {book.id for book in runbooks}
    return (*runbooks, *(book for book in linked if book.id not in known))


def _answered(facts: list[Fact], user: Configuration) -> tuple[list[Fact], tuple[LedgerEntry, ...]]:
    """Return the facts with the user's answers in the place of what nobody could see."""
    answers = dict(user.facts)
    rows: list[LedgerEntry] = []
    result: list[Fact] = []
    for key, value in answers.items():
        subject, _, aspect = key.rpartition("#")
        if not subject or not aspect:
            continue
        entry = user_entry(key, value)
        rows.append(entry)
        negative = value.strip().lower() in NEGATIVE
        result.append(
            Fact(
                subject=subject,
                aspect=aspect,
                outcome="absent" if negative else "present",
                strength=None if negative else "documented",
                value=None if negative or value.lower() in {"yes", "true"} else value,
                reason="the user says so",
                evidence=(entry.uri,),
            )
        )
    said = {(fact.subject, fact.aspect) for fact in result}
    result += [fact for fact in facts if (fact.subject, fact.aspect) not in said]
    return result, tuple(rows)
