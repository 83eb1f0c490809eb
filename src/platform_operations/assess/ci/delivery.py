"""From job graphs to the plan's own entries: pipelines, stages, gates, artifacts, environments, and what stays unknown."""

import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from platform_operations.assess.ci import systems
from platform_operations.assess.ci.artifacts import products_of
from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import MAX_STAGES, Draft, Graph, graph_of
from platform_operations.assess.ci.gates import gates_of
from platform_operations.assess.ci.jobs import CiPipeline, CiSystem, Reading
from platform_operations.assess.ci.kinds import starts_here
from platform_operations.assess.ci.names import kebab, region_of
from platform_operations.assess.ci.observations import facts_of
from platform_operations.assess.ci.products import Products
from platform_operations.assess.ci.serving import components_of
from platform_operations.assess.ci.settling import Ships
from platform_operations.assess.ci.targets import Named, exposure_of, target_of
from platform_operations.errors import DefectError
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Artifact, Component, Environment, Pipeline, QualityGate, Stage
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import ACTING, Assertion
from platform_operations.platforms.reading.commands import invocation
from platform_operations.repository import Repository, redact, remembered

MAX_RUNS = 24
MAX_EVIDENCE = 8
MAX_UNITED = 12


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything that CI configuration says about delivery, with the evidence for it."""

    systems: tuple[tuple[str, tuple[str, ...]], ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    stages: tuple[Stage, ...] = ()
    gates: tuple[QualityGate, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    environments: tuple[Environment, ...] = ()
    facts: tuple[Fact, ...] = ()
    cited: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def ci_systems() -> tuple[CiSystem, ...]:
    """Return every CI system, one per module of `systems`, sorted by id.

    Raises:
        DefectError: a module defines no `CI`, or two define the same id.
    """
    found: dict[str, CiSystem] = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(systems.__path__)):
        loaded = importlib.import_module(f"{systems.__name__}.{module}")
        defined: object = getattr(loaded, "CI", None)
        many = cast("tuple[object, ...]", defined) if isinstance(defined, tuple) else (defined,)
        for one in many:
            if not isinstance(one, CiSystem):
                raise DefectError(f"assess/ci/systems/{module}.py defines no CI")
            if one.id in found:
                raise DefectError(f"two CI systems have the id {one.id!r}, one of them in {module}.py")
            found[one.id] = one
    return tuple(found[id] for id in sorted(found))


def read_delivery(repository: Repository, components: tuple[Component, ...]) -> Delivery:
    """Return what the CI configuration of a repository says, as entries of the as-is plan.

    `components` are what stages, gates and artifacts are assigned to; without any there are no gates and no artifacts.
    Nothing raises for what the files hold: trouble is a fact with outcome `unknown`.
    """
    readings = [
        (system.id, reading)
        for system in ci_systems()
        if (reading := remembered(system.read, repository)) is not None
    ]
    pipelines = _distinct(readings)
    graph = graph_of(pipelines, repository, ships=_shipped(components))
    served = {draft.id: components_of(draft, components) for draft in graph.drafts}
    products = products_of(graph, served, components, repository.name)
    default = frozenset(
        {repository.default_branch} if repository.default_branch else {"main", "master", "trunk"}
    )
    targets = _targets(graph, default)
    facts = [fact for _, reading in readings for fact in reading.facts]
    if graph.cut:
        reason = f"more than {MAX_STAGES} stages: the rest was not read"
        facts.append(Fact(subject="pipelines", aspect="complete", outcome="unknown", reason=reason))
    kept = {draft.pipeline.id for draft in graph.drafts}
    stages = tuple(_stage(draft, targets.get(draft.id), served, products) for draft in graph.drafts)
    gates = gates_of(graph.drafts, served)
    environments = _environments(graph, targets)
    entries = (*stages, *gates)
    facts.extend([*products.facts, *facts_of(graph, targets, environments)])
    result_pipelines = tuple(_pipeline(one) for one in pipelines if one.id in kept)
    artifacts = products.artifacts()
    cited = dict.fromkeys(
        uri for entry in (*result_pipelines, *entries, *artifacts, *environments) for uri in entry.evidence
    )
    return Delivery(
        tuple((id, reading.evidence) for id, reading in readings), result_pipelines, stages, gates, artifacts, environments,
        _united(facts), tuple(cited),
    )  # fmt: skip


def _shipped(components: tuple[Component, ...]) -> Ships:
    types = {kind for one in components for kind in one.types}
    if types - {"library", "cli", "infrastructure"} or not components:
        served = types & {"http-service", "worker"} and "static-site" not in types
        return "services" if served else "site"
    return "packages"


def _united(facts: list[Fact]) -> tuple[Fact, ...]:
    """Return one fact per subject and aspect: several of a kind become one with all their evidence."""
    found: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        known = found.get((fact.subject, fact.aspect))
        if known is None:
            found[fact.subject, fact.aspect] = fact
            continue
        evidence = tuple(dict.fromkeys((*known.evidence, *fact.evidence)))[:MAX_UNITED]
        values = dict.fromkeys(value for one in (known.value, fact.value) if one for value in one.split(", "))
        reasons = dict.fromkeys(
            reason for one in (known.reason, fact.reason) if one for reason in one.split("; ")
        )
        found[fact.subject, fact.aspect] = known.model_copy(
            update={
                "evidence": evidence,
                "value": ", ".join(values)[:600] or None,
                "reason": "; ".join(reasons)[:600] or None,
            }
        )
    return tuple(
        fact.model_copy(
            update={
                "value": redact(fact.value) if fact.value else None,
                "reason": redact(fact.reason) if fact.reason else None,
            }
        )
        for fact in found.values()
    )


def _distinct(readings: list[tuple[str, Reading]]) -> tuple[CiPipeline, ...]:
    """Return all pipelines under ids of their own: the CI system's id goes before where two systems collide."""
    counts: dict[str, int] = {}
    for _, reading in readings:
        for pipeline in reading.pipelines:
            counts[pipeline.id] = counts.get(pipeline.id, 0) + 1
    found: dict[str, CiPipeline] = {}
    for system, reading in readings:
        for pipeline in reading.pipelines:
            base = pipeline.id if counts[pipeline.id] == 1 else f"{system}-{pipeline.id}"
            name, turn = base, 2
            while name in found:
                name, turn = f"{base}-{turn}", turn + 1
            found[name] = CiPipeline(
                name, pipeline.place, pipeline.triggers, pipeline.jobs, pipeline.name, pipeline.after,
                pipeline.names, pipeline.branches, pipeline.paths, pipeline.variables,
            )  # fmt: skip
    return tuple(found.values())


def _pipeline(one: CiPipeline) -> Pipeline:
    return Pipeline(id=one.id, triggers=one.triggers, origin="existing", evidence=(one.place.uri,))


def _targets(graph: Graph, default: frozenset[str]) -> dict[str, Named]:
    """Return the environment of every stage that acts on one; a verification looks at the place deployed to before it."""
    found: dict[str, Named] = {}
    for draft in graph.drafts:
        if draft.kind not in {
            "deploy",
            "promote",
            "publish",
            "migrate",
            "provision",
            "rollback",
            "verify",
            "approve",
        }:
            continue
        named = (
            None
            if draft.kind == "approve"
            else target_of(draft.kind, draft.atoms, draft.hint, draft.job, draft.pipeline, default)
        )
        if named is not None:
            found[draft.id] = named
    for draft in graph.drafts:
        if draft.kind == "verify" and draft.id not in found:
            near = _nearest(draft, found)
            if near is not None:
                found[draft.id] = near
        if draft.kind == "approve":
            guarded = next(
                (found[other.id] for other in graph.drafts if draft in other.needs and other.id in found),
                None,
            )
            if guarded is not None:
                found[draft.id] = guarded
    return found


def _nearest(draft: Draft, found: dict[str, Named]) -> Named | None:
    waiting, seen = [*draft.needs, *draft.optional], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.kind in {"deploy", "promote", "publish", "rollback"} and one.id in found:
            return found[one.id]
        waiting.extend([*one.needs, *one.optional])
    return None


def _stage(
    draft: Draft, named: Named | None, served: dict[str, tuple[str, ...]], products: Products
) -> Stage:
    mine = served.get(draft.id, ())
    acting = [atom for atom in draft.atoms if atom.kind == draft.kind or draft.kind == "rollback"]
    action = (
        next((atom.act.action for atom in acting if atom.act.action), None) if draft.kind in ACTING else None
    )
    waits = _waits(draft, acting)
    return Stage(
        id=draft.id,
        kind=draft.kind,
        pipeline=draft.pipeline.id,
        component=mine[0] if len(mine) == 1 else None,
        environment=kebab(named.name) if named else None,
        exposure=exposure_of(draft.kind, named, draft.atoms),
        needs=tuple(sorted(dict.fromkeys(one.id for one in draft.needs))),
        optional_needs=tuple(sorted({one.id for one in draft.optional} - {one.id for one in draft.needs})),
        runs=_runs(draft),
        produces=tuple(products.produces.get(draft.id, ())),
        consumes=tuple(products.consumes.get(draft.id, ())),
        waits=waits,
        action=action,
        asserts=_asserts(draft) if draft.kind == "verify" else (),
        origin="existing",
        evidence=_evidence(draft, named),
    )


def _waits(draft: Draft, acting: list[Atom]) -> bool | None:
    if draft.kind not in {"deploy", "promote", "rollback", "publish"}:
        return None
    if draft.waits_after or any(_waits_there(atom) for atom in acting):
        return True
    known = [atom.act.waits for atom in acting if atom.act.waits is not None]
    return any(known) if known else None


def _waits_there(atom: Atom) -> bool:
    """Say whether what is run on another machine waits until it is up there."""
    return atom.act.makes == "remote" and re.search(r"\s--wait\b", f"{atom.text}\n{atom.body}") is not None


def _runs(draft: Draft) -> tuple[str, ...]:
    return tuple(dict.fromkeys(redact(run) for atom in draft.atoms for run in atom.runs))[:MAX_RUNS]


def _evidence(draft: Draft, named: Named | None) -> tuple[str, ...]:
    """Cite the commands' lines, neighbours as one, then the line that names the environment."""
    spans: list[tuple[str, int, int]] = []
    for atom in draft.atoms:
        for place in atom.places:
            last = spans[-1] if spans else None
            if last and last[0] == place.path and last[1] <= place.first <= last[2] + 3:
                spans[-1] = (place.path, last[1], max(last[2], place.last))
            elif (place.path, place.first, place.last) not in spans:
                spans.append((place.path, place.first, place.last))
    uris = [repo_uri(path, first, last) for path, first, last in spans]
    uris.extend(place.uri for atom in draft.atoms[:1] for place in atom.step.via)
    if (
        named is not None
        and named.place is not None
        and named.reason is None
        and named.place.last - named.place.first < 6
    ):
        uris.append(named.place.uri)
    return tuple(dict.fromkeys(uris))[:MAX_EVIDENCE]


def _asserts(draft: Draft) -> tuple[Assertion, ...]:
    found: set[Assertion] = set()
    for atom in draft.atoms:
        if starts_here(invocation(atom.text)):
            continue
        text = f"{atom.text} {atom.body}".lower()
        if atom.act.check is not None and atom.act.check.gate == "performance":
            found.add("metrics")
        elif atom.act.check is not None or atom.act.kind == "test":
            found.add("user-journey")
        else:
            found.add("reachable")
        if re.search(r"version|revision|\bsha\b|commit", text) and atom.act.check is None:
            found.add("version")
    order: tuple[Assertion, ...] = ("version", "reachable", "user-journey", "metrics", "schema")
    return tuple(word for word in order if word in found)


def _environments(graph: Graph, targets: dict[str, Named]) -> tuple[Environment, ...]:
    found: dict[str, Environment] = {}
    for draft in sorted(graph.drafts, key=lambda draft: draft.kind == "verify"):
        named = targets.get(draft.id)
        if named is None or (draft.kind == "verify" and kebab(named.name) in found):
            continue
        id = kebab(named.name)
        place = named.place or draft.atoms[0].places[0]
        via = tuple(one.uri for one in draft.atoms[0].step.via[:1]) if named.place is not None else ()
        known = found.get(id)
        if known is None:
            found[id] = Environment(
                id=id,
                kind=named.kind,
                url=_url(named.url),
                region=region_of(named.name),
                origin="existing",
                evidence=(place.uri, *via),
            )
        elif len(known.evidence) < 4 and place.uri not in known.evidence:
            found[id] = known.model_copy(
                update={"evidence": (*known.evidence, place.uri, *via), "url": known.url or _url(named.url)}
            )
    return tuple(found[id] for id in sorted(found))


def _url(url: str | None) -> str | None:
    return redact(url) if url and "$" not in url and url.startswith(("http://", "https://")) else None
