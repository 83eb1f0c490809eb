"""The container images that pipelines make, by the names they are pushed under."""

import re
from collections.abc import Iterator

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import Draft, Graph, closure
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.packaging import image_names, pushes
from platform_operations.assess.ci.products import Product, Products
from platform_operations.assess.ci.references import (
    best_identity,
    identity_of,
    image_name,
    short_name,
    usable_name,
)
from platform_operations.assess.ci.variables import resolved
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.platforms.reading.commands import invocation


def add_images(
    graph: Graph,
    served: dict[str, tuple[str, ...]],
    components: tuple[Component, ...],
    name: str,
    found: Products,
) -> None:
    """Add an image for each name that stages push, or make for a later stage. `name` is the repository's, for names that are variables."""
    groups: dict[tuple[str, str], list[tuple[Draft, Atom, list[str]]]] = {}
    for draft in graph.drafts:
        local = _renamed(draft, graph)
        for atom in draft.atoms:
            if atom.act.makes != "image" or draft.kind != "package":
                continue
            pushed = _with_tags(image_names(draft, atom, graph), draft, atom, graph)
            for short, names in _by_short(pushed, name).items():
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
            moves=any(identity_of(one, triggers) == "tag" for one in names),
        )  # fmt: skip
        found.add(product)
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


def _with_tags(names: list[str], draft: Draft, atom: Atom, graph: Graph) -> list[str]:
    """Return what a push sends: of an image that it names without a tag, all the tags that the job gave it before."""
    called = invocation(atom.text)
    if called[:2] != ("docker", "push"):
        return names
    bare = {one for one in names if image_name(one) == one.lower()}
    if not bare:
        return names
    given = [
        resolved(word, draft, other, graph)
        for other in graph.lanes[draft.pipeline.id][draft.job.key].atoms
        if invocation(other.text)[:2] in {("docker", "tag"), ("docker", "build")}
        for word in invocation(other.text)[2:]
        if ":" in word
    ]
    tagged = [word for word in given if any(image_name(word) == one.lower() != word.lower() for one in bare)]
    return [one for one in names if one not in bare] + tagged if tagged else names


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
