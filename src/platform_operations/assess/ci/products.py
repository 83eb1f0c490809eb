"""Artifacts being put together, and the attestations that pipelines make for them."""

from dataclasses import dataclass, field

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import Draft, Graph
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Artifact, Consumed
from platform_operations.model.words import ArtifactKind, Attestation, Identity
from platform_operations.platforms.reading.commands import invocation


@dataclass(slots=True)
class Product:
    """An artifact being put together; `moves` where one of its names is a tag that does."""

    id: str
    component: str
    kind: ArtifactKind
    identity: Identity
    short: str
    makers: list[Draft]
    evidence: list[str]
    attestations: set[Attestation] = field(default_factory=set["Attestation"])
    own_name: bool = False
    moves: bool = False


@dataclass(slots=True)
class Products:
    """All artifacts with the stages that make and take them."""

    products: list[Product]
    produces: dict[str, list[str]]
    consumes: dict[str, list[Consumed]]
    facts: list[Fact]

    def add(self, product: Product) -> Product:
        """Take an artifact in, under an id of its own, as what its makers produce."""
        base, turn = product.id[:100].strip("-"), 2
        taken = {one.id for one in self.products}
        product.id = base
        while product.id in taken:
            product.id, turn = f"{base}-{turn}", turn + 1
        self.products.append(product)
        for maker in product.makers:
            mine = self.produces.setdefault(maker.id, [])
            if product.id not in mine:
                mine.append(product.id)
        return product

    def artifacts(self) -> tuple[Artifact, ...]:
        """Return the plan's entries."""
        return tuple(
            Artifact(
                id=one.id, component=one.component, kind=one.kind, identity=one.identity, origin="existing",
                attestations=tuple(word for word in ("sbom", "provenance", "signature") if word in one.attestations),
                evidence=tuple(dict.fromkeys(one.evidence))[:4],
            )
            for one in self.products
        )  # fmt: skip


def attest(graph: Graph, found: Products) -> None:
    """Give each product the attestations that its makers, or the jobs right after them, make for it."""
    for by_job in graph.lanes.values():
        for lane in by_job.values():
            words: set[Attestation] = {word for atom in lane.atoms for word in _attestations(atom)}
            if not words:
                continue
            here = {id(draft) for draft in lane.drafts}
            near = here | {id(one) for draft in lane.drafts[:1] for one in (*draft.needs, *draft.optional)}
            for product in found.products:
                makers = {id(maker) for maker in product.makers}
                if makers & here or (
                    makers & near and not any(set(found.produces.get(draft.id, ())) for draft in lane.drafts)
                ):
                    product.attestations |= words


def _attestations(atom: Atom) -> set[Attestation]:
    found: set[Attestation] = set()
    words: tuple[Attestation, ...] = ("sbom", "provenance", "signature")
    found.update(word for word in words if atom.act.makes == word)
    inputs = atom.step.inputs
    if atom.act.makes == "image" and atom.step.uses is not None:
        if inputs.get("provenance", "false").lower() not in {"false", ""}:
            found.add("provenance")
        if inputs.get("sbom", "false").lower() not in {"false", ""}:
            found.add("sbom")
        if "attest" in inputs and "type=sbom" in inputs["attest"]:
            found.add("sbom")
    if atom.kind == "publish" and (
        "--provenance" in atom.text or inputs.get("attestations", "").lower() == "true"
    ):
        found.add("provenance")
    called = invocation(atom.text)
    if called[:1] == ("docker",) and ("--sbom=true" in called or "--sbom" in called):
        found.add("sbom")
    if called[:1] == ("docker",) and any(
        word.startswith("--provenance") and not word.endswith("false") for word in called
    ):
        found.add("provenance")
    return found
