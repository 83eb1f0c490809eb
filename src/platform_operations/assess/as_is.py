"""The as-is plan: what the readers found, joined into one plan in which every entry cites what shows it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from platform_operations.assess.ci import Delivery
from platform_operations.assess.ci.naming import UNRESOLVED
from platform_operations.assess.places import kebab
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import (
    Component,
    ComponentStrategy,
    Consumed,
    DeployStrategy,
    Environment,
    Owner,
    Rollback,
    RollbackTrigger,
    Stage,
)
from platform_operations.model.evidence import LedgerEntry, repo_entry, repo_place, repo_uri
from platform_operations.model.plan import Plan, RiskProfile, Target
from platform_operations.model.reliability import Alert, DriftCheck, ObservabilityPillar, Runbook, Slo
from platform_operations.model.summary import summarised
from platform_operations.model.words import EnvironmentKind
from platform_operations.platforms import platform
from platform_operations.platforms.platform import Sighting, Workload
from platform_operations.platforms.reading.images import split
from platform_operations.repository import Repository, Unreadable, cited_lines

KIND_OF_NAME: Mapping[str, EnvironmentKind] = {
    "prod": "production",
    "production": "production",
    "live": "production",
    "prd": "production",
    "staging": "staging",
    "stage": "staging",
    "uat": "staging",
    "qa": "staging",
    "preprod": "staging",
    "test": "staging",
    "preview": "ephemeral",
    "review": "ephemeral",
    "pr": "ephemeral",
    "dev": "development",
    "development": "development",
    "local": "development",
}


def kind_of(name: str) -> EnvironmentKind | None:
    """Return what kind of environment a name says, by its parts; None when it says nothing."""
    for part in name.lower().replace("_", "-").split("-"):
        if part in KIND_OF_NAME:
            return KIND_OF_NAME[part]
    return None


def placed(sightings: Mapping[str, tuple[Sighting, ...]]) -> tuple[tuple[str, Sighting, Workload], ...]:
    """Return (platform id, sighting, workload) of everything the platforms run."""
    return tuple(
        (name, sighting, sighting.workload)
        for name, group in sightings.items()
        for sighting in group
        if sighting.workload is not None
    )


def with_places(
    known: tuple[Environment, ...], sightings: Mapping[str, tuple[Sighting, ...]]
) -> tuple[Environment, ...]:
    """Return the environments with those that the platforms' files name, their URLs and regions."""
    found = {place.id: place for place in known}
    for group in sightings.values():
        for sighting in group:
            name = kebab(sighting.environment or "")
            kind = kind_of(name)
            if not name or kind is None:
                continue
            same = next(
                (
                    place
                    for place in found.values()
                    if place.id == name
                    or (
                        place.kind == kind
                        and kind_of(place.id) == kind
                        and place.kind in {"staging", "production"}
                    )
                ),
                None,
            )
            uri = repo_uri(sighting.path, sighting.first, sighting.last)
            load = sighting.workload
            base = same or Environment(id=name, kind=kind, origin="existing")
            found[base.id] = base.model_copy(
                update={
                    "url": base.url or (load.url if load else None),
                    "region": base.region or (load.region if load else None),
                    "evidence": base.evidence
                    if len(base.evidence) > 3 or uri in base.evidence
                    else (*base.evidence, uri),
                }
            )
    return tuple(found.values())


def loads_of(
    component: Component, sightings: Mapping[str, tuple[Sighting, ...]]
) -> tuple[tuple[str, Sighting, Workload], ...]:
    """Return what the platforms run of a component: by name, else everything when the names say nothing of others."""
    every = placed(sightings)
    named = [
        row
        for row in every
        if component.id in {row[2].name, row[2].name.split("-")[0]} or row[2].name in component.id
    ]
    return tuple(named or every)


def with_health(
    stage: Stage, component: Component | None, sightings: Mapping[str, tuple[Sighting, ...]]
) -> Stage:
    """Return a deploy stage with the health check and image name that its environment's manifests declare."""
    if component is None or stage.kind not in {"deploy", "promote"} or stage.environment is None:
        return stage
    loads = loads_of(component, sightings)
    here = [
        row
        for row in loads
        if (row[1].environment or "") in {stage.environment, ""}
        or kind_of(row[1].environment or "") == kind_of(stage.environment)
    ]
    exact = [row for row in here if row[1].environment] or here
    update: dict[str, object] = {}
    checked = next((row for row in exact if row[2].health is not None), None)
    if stage.health_check is None and checked is not None:
        update["health_check"] = checked[2].health
        lines = checked[2].probe_lines
        uri = repo_uri(*lines) if lines else repo_uri(checked[1].path, checked[1].first, checked[1].last)
        update["evidence"] = tuple(dict.fromkeys((*stage.evidence, uri)))
    return stage.model_copy(update=update) if update else stage


def with_reference(
    stage: Stage,
    unknown: Fact | None,
    artifacts: Iterable[str],
    component: Component | None,
    sightings: Mapping[str, tuple[Sighting, ...]],
    images: Collection[str] = (),
) -> Stage:
    """Return a deploy that applies manifests with the artifact that those manifests name, by the name they give it.

    `images` are the names under which the component's images are pushed. A Compose file speaks for a deploy only where that deploy starts it: else it is one of a developer's machine.
    """
    if stage.consumes or unknown is None or component is None or UNRESOLVED in (unknown.reason or ""):
        return stage
    composed = any("compose" in run or "docker stack" in run for run in stage.runs)
    named = next(
        (
            row
            for row in (*loads_of(component, sightings), *_named_so(images, sightings))
            if row[2].reference is not None
            and (row[0] != "docker" or composed)
            and (
                row[1].environment in {None, stage.environment}
                or kind_of(row[1].environment or "") == kind_of(stage.environment or "")
            )
        ),
        None,
    )
    artifact = next(iter(artifacts), None)
    if named is None or named[2].reference is None or artifact is None:
        return stage
    uri = repo_uri(named[1].path, named[1].first, named[1].last)
    return stage.model_copy(
        update={
            "consumes": (Consumed(artifact=artifact, reference=named[2].reference),),
            "evidence": tuple(dict.fromkeys((*stage.evidence, uri))),
        }
    )


def _named_so(
    images: Collection[str], sightings: Mapping[str, tuple[Sighting, ...]]
) -> Iterator[tuple[str, Sighting, Workload]]:
    for row in placed(sightings) if images else ():
        if row[2].image and split(row[2].image)[0].lower() in images:
            yield row


def strategies(
    components: tuple[Component, ...],
    environments: tuple[Environment, ...],
    sightings: Mapping[str, tuple[Sighting, ...]],
    risk: RiskProfile,
) -> tuple[ComponentStrategy, ...]:
    """Return the strategies that manifests declare for production."""
    found: list[ComponentStrategy] = []
    production = next((place for place in environments if place.kind == "production"), None)
    if production is None:
        return ()
    for component in components:
        for name, sighting, load in loads_of(component, sightings):
            place = platform(name)
            if load.strategy is None or load.mechanism is None or place is None:
                continue
            if sighting.environment and kind_of(sighting.environment) not in {"production", None}:
                continue
            lines = load.strategy_lines
            uri = repo_uri(*lines) if lines else repo_uri(sighting.path, sighting.first, sighting.last)
            mechanism = place.mechanisms.get(load.mechanism)
            found.append(
                ComponentStrategy(
                    id=f"{component.id}-{production.id}",
                    component=component.id,
                    environment=production.id,
                    kind=load.strategy,
                    mechanism=load.mechanism,
                    requires=mechanism.requires if mechanism else (),
                    because=risk.level,
                    origin="existing",
                    evidence=(uri,),
                )
            )
            break
    return tuple(found)


def rollbacks(
    stages: tuple[Stage, ...],
    components: tuple[Component, ...],
    environments: tuple[Environment, ...],
    sightings: Mapping[str, tuple[Sighting, ...]],
) -> tuple[Rollback, ...]:
    """Return the ways back that pipelines and manifests hold today; their triggers are what starts them there."""
    found: dict[tuple[str, str], Rollback] = {}
    production = next((place for place in environments if place.kind == "production"), None)
    by_id = {stage.id: stage for stage in stages}
    for stage in stages:
        where = stage.environment or (production.id if production else None)
        if stage.kind != "rollback" or stage.component is None or where is None:
            continue
        found.setdefault(
            (stage.component, where),
            Rollback(
                id=f"rollback-{where}" if len(components) == 1 else f"rollback-{stage.component}-{where}",
                component=stage.component,
                environment=where,
                mechanism=stage.action or "unknown",
                restores="previous-artifact",
                triggers=_begun_by(stage, by_id),
                automatic=bool(stage.needs or stage.optional_needs),
                origin="existing",
                evidence=stage.evidence,
            ),
        )
    for component in components:
        for name, sighting, load in loads_of(component, sightings):
            place = platform(name)
            way = place.rollbacks.get(load.rollback or "") if place else None
            if production is None or way is None or load.rollback is None:
                continue
            found.setdefault(
                (component.id, production.id),
                Rollback(
                    id=f"rollback-{production.id}"
                    if len(components) == 1
                    else f"rollback-{component.id}-{production.id}",
                    component=component.id,
                    environment=production.id,
                    mechanism=load.rollback,
                    restores=way.restores,
                    automatic=way.automatic,
                    origin="existing",
                    evidence=(repo_uri(sighting.path, sighting.first, sighting.last),),
                ),
            )
    return tuple(found.values())


def _begun_by(stage: Stage, stages: Mapping[str, Stage]) -> tuple[RollbackTrigger, ...]:
    """Return what a rollback in a pipeline waits for: the failure of the deployment or verification that it follows."""
    before = [stages[name] for name in stage.optional_needs if name in stages]
    return tuple(
        RollbackTrigger(signal=f"stage:{other.id}", comparison="failed")
        for other in before
        if other.kind in {"deploy", "promote", "verify"}
        and (other.component, other.environment) == (stage.component, stage.environment)
    )


def drift_checks(delivery: Delivery, sightings: Mapping[str, tuple[Sighting, ...]]) -> tuple[DriftCheck, ...]:
    """Return what compares declared with actual state today: scheduled plans, and controllers that heal."""
    scheduled = {pipeline.id for pipeline in delivery.pipelines if "schedule" in pipeline.triggers}
    tools = (
        "terraform plan",
        "pulumi preview",
        "pulumi refresh",
        "kubectl diff",
        "tofu plan",
        "driftctl",
        "detect-stack-drift",
        "sst diff",
    )
    found: list[DriftCheck] = []
    for stage in delivery.stages:
        line = next((line for line in stage.runs if any(tool in line for tool in tools)), None)
        if stage.pipeline in scheduled and line is not None:
            found.append(
                DriftCheck(
                    id=f"{stage.id}-drift",
                    what="infrastructure",
                    tool=line[:200],
                    schedule="scheduled",
                    origin="existing",
                    evidence=stage.evidence,
                )
            )
    for name in ("argocd", "flux"):
        for sighting in sightings.get(name, ())[:1]:
            uri = repo_uri(sighting.path, sighting.first, sighting.last)
            found.append(
                DriftCheck(
                    id=f"{name}-reconciliation",
                    what=f"{name}-application",
                    tool=name,
                    schedule="continuous",
                    origin="existing",
                    evidence=(uri,),
                )
            )
    return tuple(found)


def ledger(repository: Repository, uris: Iterable[str]) -> tuple[LedgerEntry, ...]:
    """Return the ledger entries of cited places, sorted; lines that are not there are left out."""
    found: dict[str, LedgerEntry] = {}
    for uri in sorted(set(uris)):
        place = repo_place(uri)
        text = repository.read(place.path) if place is not None else None
        if place is None or text is None or isinstance(text, Unreadable):
            continue
        lines = cited_lines(text, place.first, place.last)
        if lines is not None:
            found[uri] = repo_entry(uri, lines)
    return tuple(found.values())


def assembled(
    target: Target,
    components: tuple[Component, ...],
    environments: tuple[Environment, ...],
    owners: tuple[Owner, ...],
    delivery: Delivery,
    stages: tuple[Stage, ...],
    strategy: tuple[ComponentStrategy, ...],
    ways_back: tuple[Rollback, ...],
    pillars: tuple[ObservabilityPillar, ...],
    slos: tuple[Slo, ...],
    alerts: tuple[Alert, ...],
    runbooks: tuple[Runbook, ...],
    drift: tuple[DriftCheck, ...],
    evidence: Callable[[Iterable[str]], tuple[LedgerEntry, ...]],
) -> Plan:
    """Return today's plan with its ledger and summaries."""
    plan = Plan(
        target=target,
        components=components,
        environments=environments,
        owners=owners,
        pipelines=delivery.pipelines,
        artifacts=delivery.artifacts,
        pipeline_stages=stages,
        deploy_strategy=DeployStrategy(components=strategy),
        quality_gates=delivery.gates,
        rollback_plan=ways_back,
        observability_pillars=pillars,
        slos=slos,
        alerts=alerts,
        runbooks=runbooks,
        drift_checks=drift,
    )
    uris = [uri for _, entry in plan.entries() for uri in entry.evidence]
    uris += [uri for owner in owners for uri in owner.evidence]
    uris += list(target.risk_profile.evidence)
    return summarised(plan.model_copy(update={"evidence": evidence(uris)}))
