"""What pipelines build once and pass on: images, packages, bundles, archives; who makes each and how it is named later."""

import re
from collections.abc import Iterator

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import Draft, Graph, closure
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.naming import (
    applied_path,
    handed_reference,
    reference_in,
    reference_to_all,
    texts_of,
)
from platform_operations.assess.ci.packaging import image_names, pushes
from platform_operations.assess.ci.products import Product, Products, attest
from platform_operations.assess.ci.references import (
    best_identity,
    image_name,
    short_name,
    usable_name,
)
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component, Consumed
from platform_operations.model.words import ArtifactKind, Identity
from platform_operations.platforms.reading.commands import invocation

_PARTS: dict[str, tuple[str, ArtifactKind]] = {
    "bundle": ("bundle", "static-bundle"), "package": ("package", "package"), "archive": ("archive", "function-archive"),
    "source": ("deployment", "platform-deployment"), "image": ("image", "container-image"),
}  # fmt: skip


def products_of(
    graph: Graph, served: dict[str, tuple[str, ...]], components: tuple[Component, ...], name: str
) -> Products:
    """Return what the stages make and take. `served` names the components of each stage, `name` the repository."""
    found = Products([], {}, {}, [])
    if not components:
        return found
    _images(graph, served, components, name, found)
    for draft in graph.drafts:
        if draft.kind == "publish":
            _published(draft, graph, served, found)
        elif draft.kind == "deploy":
            _shipped(draft, graph, served, found)
    for kind in ("deploy", "promote"):
        for draft in graph.drafts:
            if draft.kind == kind and draft.id not in found.consumes:
                _taken(draft, graph, served, found)
    for draft in graph.drafts:
        if draft.kind == "verify":
            _verified(draft, found)
    attest(graph, found)
    return found


def _component_for(short: str, mine: tuple[str, ...], components: tuple[Component, ...]) -> str:
    wanted = kebab(short)
    for component in components:
        if component.id == wanted or component.path.rpartition("/")[2] == short:
            return component.id
    for component in components:
        if wanted.endswith(f"-{component.id}") or component.id.endswith(f"-{wanted}"):
            return component.id
    docker = [one.id for one in components if "docker" in one.platforms and one.id in mine]
    return docker[0] if docker else mine[0] if mine else components[0].id


def _images(
    graph: Graph,
    served: dict[str, tuple[str, ...]],
    components: tuple[Component, ...],
    name: str,
    found: Products,
) -> None:
    groups: dict[tuple[str, str], list[tuple[Draft, Atom, list[str]]]] = {}
    for draft in graph.drafts:
        local = _renamed(draft, graph)
        for atom in draft.atoms:
            if atom.act.makes != "image" or draft.kind != "package":
                continue
            for short, names in _by_short(image_names(draft, atom, graph), name).items():
                if short in local and not pushes(atom):
                    continue
                component = _component_for(short, served.get(draft.id, ()), components)
                groups.setdefault((component, short), []).append((draft, atom, names))
    per_component: dict[str, int] = {}
    for component, _ in groups:
        per_component[component] = per_component.get(component, 0) + 1
    for (component, short), rows in groups.items():
        makers = _makers(rows, graph)
        if not makers:
            continue
        triggers = makers[0].pipeline.triggers
        names = [one for draft, _, names in rows if draft in makers for one in names]
        alone = per_component[component] == 1
        product = Product(
            f"{component}-image" if alone else f"{kebab(short)}-image", component, "container-image",
            best_identity(names, triggers) or "tag", short, makers,
            [atom.places[0].uri for draft, atom, _ in rows if draft in makers],
        )  # fmt: skip
        _add(product, found)
        found.facts.extend(_named(names, product.evidence))
        pushed = next((usable for one in names if (usable := usable_name(one))), None)
        if pushed:
            found.facts.append(
                Fact(
                    subject=f"artifacts/{product.id}",
                    aspect="image",
                    outcome="present",
                    value=pushed,
                    evidence=tuple(product.evidence[:1]),
                )
            )


def _named(names: list[str], evidence: list[str]) -> Iterator[Fact]:
    """Yield the registry names that images are pushed by, where the files say them in full."""
    for name in dict.fromkeys(image_name(one) for one in names):
        if "/" in name and not re.search(r"[${\s]", name):
            yield Fact(
                subject=f"images/{name}",
                aspect="named",
                outcome="present",
                value=name,
                evidence=tuple(evidence[:1]),
            )


def _renamed(draft: Draft, graph: Graph) -> set[str]:
    """Return the names that the job only gives an image until `docker tag` gives it the one it is pushed by."""
    lane = graph.lanes[draft.pipeline.id][draft.job.key]
    calls = [invocation(atom.text) for atom in lane.atoms]
    return {short_name(call[2], "") for call in calls if call[:2] == ("docker", "tag") and len(call) > 3}


def _by_short(names: list[str], fallback: str) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for one in names:
        grouped.setdefault(short_name(one, fallback), []).append(one)
    return grouped or {fallback: []}


def _makers(rows: list[tuple[Draft, Atom, list[str]]], graph: Graph) -> list[Draft]:
    pushing = list(dict.fromkeys(draft for draft, atom, _ in rows if pushes(atom)))
    if pushing:
        return pushing
    shipped = {
        id(one)
        for draft in graph.drafts
        if draft.kind in {"deploy", "publish"}
        for one in closure(graph.before(draft))
    }
    return list(dict.fromkeys(draft for draft, _, _ in rows if id(draft) in shipped))


def _add(product: Product, found: Products) -> Product:
    taken = {one.id for one in found.products}
    base, turn = product.id[:100].strip("-"), 2
    product.id = base
    while product.id in taken:
        product.id, turn = f"{base}-{turn}", turn + 1
    found.products.append(product)
    for maker in product.makers:
        mine = found.produces.setdefault(maker.id, [])
        if product.id not in mine:
            mine.append(product.id)
    return product


def _upstream(draft: Draft, graph: Graph, makes: str) -> list[Draft]:
    """Return the builds that feed a stage: those of its own job, else those it waits for."""
    lane = graph.lanes[draft.pipeline.id][draft.job.key]
    own = [one for one in lane.drafts[: lane.drafts.index(draft)] if _makes(one, makes)]
    if own:
        return own[-1:]
    return sorted((one for one in closure(graph.before(draft)) if _makes(one, makes)), key=lambda one: one.id)


def _makes(draft: Draft, makes: str) -> bool:
    return draft.kind in {"build", "package"} and any(atom.act.makes == makes for atom in draft.atoms)


def _product(
    makes: str, component: str, makers: list[Draft], identity: Identity, found: Products, graph: Graph
) -> list[Product]:
    """Return the products of these makers, each new or known; builds that run side by side make different ones."""
    suffix, kind = _PARTS[makes]
    result: list[Product] = []
    for maker in makers:
        known = next((one for one in found.products if one.kind == kind and maker in one.makers), None)
        if known is not None:
            result.append(known)
            continue
        twin = next(
            (
                one
                for one in found.products
                if one.kind == kind and one.component == component and not one.own_name
            ),
            None,
        )
        beside = [one for one in makers if one is not maker]
        if twin is not None and not any(other in twin.makers for other in beside):
            twin.makers.append(maker)
            found.produces.setdefault(maker.id, []).append(twin.id)
            result.append(twin)
            continue
        own = twin is not None
        name = f"{maker.id}-{suffix}" if own else f"{component}-{suffix}"
        evidence = [atom.places[0].uri for atom in maker.atoms if atom.act.makes == makes][:2]
        result.append(
            _add(Product(name, component, kind, identity, "", [maker], evidence, own_name=own), found)
        )
    return result


def _published(draft: Draft, graph: Graph, served: dict[str, tuple[str, ...]], found: Products) -> None:
    mine = served.get(draft.id, ())
    if not mine:
        return
    registry = next((atom.act.makes for atom in draft.atoms if atom.kind == "publish"), "")
    charts = registry == "helm-repository"
    makers = (
        []
        if _builds_itself(draft)
        else _upstream(draft, graph, "package") or _upstream(draft, graph, "bundle")
    )
    makers = [one for one in makers if charts == any("helm package" in atom.text for atom in one.atoms)]
    if makers:
        for product in _product("package", mine[0], makers, "version", found, graph):
            _consume(draft, product, "version", found)
    else:
        _consume(draft, _packed(draft, registry, mine[0], found), "version", found)


def _packed(draft: Draft, registry: str, component: str, found: Products) -> Product:
    """Return the package that a stage publishes and nobody was seen to build: it packs it itself, or gets it from elsewhere."""
    mine = [one for one in found.products if one.kind == "package" and one.component == component]
    packs = _builds_itself(draft) or registry in {
        "npm",
        "vs-marketplace",
        "open-vsx",
        "jsr",
        "hex",
        "pub-dev",
    }
    known = next((one for one in mine if one.short in {registry, ""} or not packs), None)
    if known is None:
        name = f"{component}-{registry}-package" if mine and registry else f"{component}-package"
        evidence = [draft.atoms[0].places[0].uri]
        known = _add(Product(name, component, "package", "version", registry, [], evidence), found)
    if packs and draft not in known.makers:
        known.makers.append(draft)
        found.produces.setdefault(draft.id, []).append(known.id)
    return known


_BUILDERS = re.compile(
    r"^(?:uses )?(?:goreleaser|cargo (?:publish|release)|mvn deploy|gradle|sbt|poetry publish .*--build|ko publish|jreleaser|katyo)"
)


def _builds_itself(draft: Draft) -> bool:
    return any(_BUILDERS.search(" ".join(invocation(atom.text))) for atom in draft.atoms)


def _consume(draft: Draft, product: Product, reference: Identity, found: Products) -> None:
    rows = found.consumes.setdefault(draft.id, [])
    if not any(row.artifact == product.id for row in rows):
        rows.append(Consumed(artifact=product.id, reference=reference))


def _shipped(draft: Draft, graph: Graph, served: dict[str, tuple[str, ...]], found: Products) -> None:
    """A deployment of files or from source: what it ships was built in this run, or by the platform."""
    mine = served.get(draft.id, ())
    makes = next(
        (atom.act.makes for atom in draft.atoms if atom.act.makes in {"bundle", "archive", "source"}), ""
    )
    texts = " ".join(part for atom in draft.atoms for part in (atom.text, *atom.step.inputs.values()))
    if not makes or not mine:
        return
    if makes == "source" and "--prebuilt" in texts:
        makes = "bundle"
    if makes == "source" and (
        re.search(r"--image[ =]", texts)
        or any(invocation(atom.text)[:1] == ("curl",) for atom in draft.atoms)
    ):
        return
    if makes == "source":
        for product in _product("source", mine[0], [draft], "deployment", found, graph):
            _consume(draft, product, "deployment", found)
        return
    makers = (
        _upstream(draft, graph, makes)
        or _upstream(draft, graph, "bundle")
        or _upstream(draft, graph, "package")
    )
    for product in _product(makes, mine[0], makers, "commit", found, graph) if makers else ():
        _consume(draft, product, "commit", found)


def _taken(draft: Draft, graph: Graph, served: dict[str, tuple[str, ...]], found: Products) -> None:
    """Look in a deployment's commands for the images that it names; where it names none, say what it applies."""
    mine = served.get(draft.id, ())
    images = [
        one for one in found.products if one.kind == "container-image" and (one.component in mine or not mine)
    ]
    ahead = {id(one) for one in closure(graph.before(draft))}
    near = [one for one in images if any(id(maker) in ahead for maker in one.makers)] or images
    lane = graph.lanes[draft.pipeline.id][draft.job.key]
    before = texts_of(lane.atoms, draft, graph)
    unknown = None
    for product in images:
        reference, unclear = reference_in(before, product.short, near == [product], draft)
        unknown = unknown or unclear
        if reference is not None:
            _consume(draft, product, reference, found)
    if draft.id not in found.consumes and len(near) > 1:
        kept = reference_to_all(before, draft)
        handed = [one for one in near if any(maker in draft.needs for maker in one.makers)]
        for product in (handed or near) if kept else ():
            _consume(draft, product, kept or "tag", found)
    if draft.id not in found.consumes and draft.kind == "promote":
        _put_up(draft, found)
    told = handed_reference(before, draft) if any(atom.step.remote for atom in draft.atoms) else None
    if draft.id not in found.consumes and told is not None:
        found.facts.append(
            Fact(
                subject=f"pipelineStages/{draft.id}", aspect="artifact-reference", outcome="present", value=told,
                evidence=(draft.atoms[0].places[0].uri,),
            )
        )  # fmt: skip
    elif draft.id not in found.consumes:
        applied = unknown or applied_path(draft.atoms)
        reason = (
            f"what {unknown!r} holds is not in the pipeline"
            if unknown
            else "the command does not name the artifact"
        )
        found.facts.append(
            Fact(
                subject=f"pipelineStages/{draft.id}", aspect="artifact-reference", outcome="unknown",
                value=applied, reason=reason[:300], evidence=(draft.atoms[0].places[0].uri,),
            )
        )  # fmt: skip


def _put_up(draft: Draft, found: Products) -> None:
    """A promotion that names a deployment takes what its own pipeline last put up on that platform before it."""
    platforms = {atom.act.platform for atom in draft.atoms} - {None}
    for one in closure(draft.needs):
        if one.kind == "deploy" and platforms & {atom.act.platform for atom in one.atoms}:
            for row in found.consumes.get(one.id, ()):
                _consume(draft, next(p for p in found.products if p.id == row.artifact), row.reference, found)


def _verified(draft: Draft, found: Products) -> None:
    """A verification tests what the deployments right before it put there, by the name they used."""
    waiting, seen = [*draft.needs, *draft.optional], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.kind in {"deploy", "promote", "publish"}:
            for row in found.consumes.get(one.id, ()):
                product = next(product for product in found.products if product.id == row.artifact)
                _consume(draft, product, row.reference, found)
            continue
        if one.kind == "package" and not seen - {id(one)} and one.id in found.produces:
            for name in found.produces[one.id]:
                product = next(product for product in found.products if product.id == name)
                _consume(draft, product, product.identity, found)
            continue
        waiting.extend([*one.needs, *one.optional])
