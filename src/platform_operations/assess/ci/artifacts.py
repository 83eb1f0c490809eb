"""What pipelines build once and pass on: images, packages, bundles, archives; who makes each and how it is named later."""

import re

from platform_operations.assess.ci.drafts import Draft, Graph, closure
from platform_operations.assess.ci.image_products import add_images
from platform_operations.assess.ci.naming import (
    UNRESOLVED,
    applied_path,
    attaches,
    filled_in,
    handed_reference,
    labelled_reference,
    reference_in,
    reference_to_all,
    restarts,
    taken_reference,
    texts_of,
)
from platform_operations.assess.ci.products import Product, Products, attest
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component, Consumed
from platform_operations.model.words import ArtifactKind, Identity
from platform_operations.patterns import regex
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
    add_images(graph, served, components, name, found)
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
            found.add(Product(name, component, kind, identity, "", [maker], evidence, own_name=own))
        )
    return result


def _published(draft: Draft, graph: Graph, served: dict[str, tuple[str, ...]], found: Products) -> None:
    mine = served.get(draft.id, ())
    if not mine:
        return
    registry = next((atom.act.makes for atom in draft.atoms if atom.kind == "publish"), "")
    if registry in _PAGES and not any(attaches(atom) for atom in draft.atoms):
        return
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


_PAGES = frozenset({"github-releases", "gitlab-releases"})
"""Registries whose releases may hold files, or be no more than a tag and its notes."""


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
        known = found.add(Product(name, component, "package", "version", registry, [], evidence))
    if packs and draft not in known.makers:
        known.makers.append(draft)
        found.produces.setdefault(draft.id, []).append(known.id)
    return known


_BUILDERS = regex(
    r"^(?:uses )?(?:goreleaser|cargo (?:publish|release)|mvn deploy|gradle|sbt|poetry publish .*--build|ko publish|jreleaser|katyo)"
)


def _builds_itself(draft: Draft) -> bool:
    return any(_BUILDERS.search(" ".join(invocation(atom.text))) for atom in draft.atoms)


def _consume(draft: Draft, product: Product, reference: Identity, found: Products) -> None:
    rows = found.consumes.setdefault(draft.id, [])
    if not any(row.artifact == product.id for row in rows):
        rows.append(Consumed(artifact=product.id, reference=reference))


_TAGS_BY_COMMIT = frozenset(
    {("kamal", "deploy"), ("kamal", "redeploy"), ("kamal", "setup"), ("mrsk", "deploy")}
)
"""Commands that build, name by the checkout's commit and put up an image all at once."""


def _shipped(draft: Draft, graph: Graph, served: dict[str, tuple[str, ...]], found: Products) -> None:
    """A deployment of files or from source: what it ships was built in this run, or by the platform."""
    mine = served.get(draft.id, ())
    if mine and any(invocation(atom.text)[:2] in _TAGS_BY_COMMIT for atom in draft.atoms):
        for product in _product("image", mine[0], [draft], "commit", found, graph):
            _consume(draft, product, "commit", found)
        return
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
    lane = graph.lanes[draft.pipeline.id][draft.job.key]
    kept = labelled_reference(texts_of(lane.atoms, draft, graph), draft) or taken_reference(lane.atoms)
    if kept is not None:
        _told(draft, kept, found)
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
    if draft.id not in found.consumes and restarts(draft, lane.atoms):
        for product in near if all(one.moves for one in near) else ():
            _consume(draft, product, "tag", found)
    elsewhere = any(atom.step.remote or atom.act.makes == "handover" for atom in draft.atoms)
    told = handed_reference(before, draft) if elsewhere else None
    told = (
        told or labelled_reference(before, draft) or filled_in(before, draft) or taken_reference(lane.atoms)
    )
    if draft.id not in found.consumes and told is not None:
        _told(draft, told, found)
    elif draft.id not in found.consumes:
        applied = unknown or applied_path(draft.atoms)
        reason = f"what {unknown!r} {UNRESOLVED}" if unknown else "the command does not name the artifact"
        found.facts.append(
            Fact(
                subject=f"pipelineStages/{draft.id}", aspect="artifact-reference", outcome="unknown",
                value=applied, reason=reason[:300], evidence=(draft.atoms[0].places[0].uri,),
            )
        )  # fmt: skip


def _told(draft: Draft, reference: Identity, found: Products) -> None:
    """Note that a release says by what name that cannot move it is kept, though no artifact here has that name."""
    found.facts.append(
        Fact(
            subject=f"pipelineStages/{draft.id}", aspect="artifact-reference", outcome="present", value=reference,
            evidence=(draft.atoms[0].places[0].uri,),
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
