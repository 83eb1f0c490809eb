"""Which folders of a repository are deliverables, and of which types."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from platform_operations.assess.component_types import SERVICES, Unit, types_of
from platform_operations.assess.data_stores import Migrations
from platform_operations.assess.manifests import Manifest
from platform_operations.assess.places import within
from platform_operations.assess.units import MANY, member_folders
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import ComponentType
from platform_operations.platforms.platform import Sighting

Types: TypeAlias = Mapping[ComponentType, tuple[str, ...]]
Chosen: TypeAlias = list[tuple[Unit, Types]]

_INFRASTRUCTURE = frozenset({"terraform", "pulumi", "aws", "kubernetes", "helm", "argocd", "flux"})
_UNTYPED: Types = {}


def deliverables(
    units: Sequence[Unit],
    manifests: Sequence[Manifest],
    sightings: Mapping[str, tuple[Sighting, ...]],
    migrations: Sequence[Migrations],
    code: bool,
) -> Chosen:
    """Return the units that deliver, each with its types and the URIs that show them; the root comes first.

    `code` says whether the repository holds source code: manifests of what others built are infrastructure.
    """
    members = member_folders(units, manifests)
    typed: Chosen = [(unit, types_of(unit)) for unit in units]
    (root, types), nested = typed[0], typed[1:]
    if not (root.manifests or root.images or root.processes or code):
        types = _UNTYPED
    kept = [
        (unit, found) for unit, found in nested if found and _stands_alone(unit, found, root, types, members)
    ]
    kept = [
        (unit, found)
        for unit, found in kept
        if unit.deployed
        or unit.folder in members
        or not any(other is not unit and within(unit.folder, other.folder) for other, _ in kept)
    ]
    if types and (not kept or _root_delivers(root)):
        kept.insert(0, (root, types))
    if kept:
        return kept
    only = _UNTYPED if manifests else _data_or_infrastructure(sightings, migrations)
    if only:
        return [(root, only)]
    return [(root, _UNTYPED)] if manifests or root.images else []


def _stands_alone(unit: Unit, types: Types, root: Unit, root_types: Types, members: frozenset[str]) -> bool:
    """Whether a folder below the root delivers by itself: it is run, or one of many, or published on its own."""
    if unit.deployed or any(within(place.path, unit.folder) for _, place in unit.sightings):
        return True
    grouped = unit.folder in members or bool(set(unit.folder.split("/")[:-1]) & MANY)
    if not grouped and (root.manifests or root.images):
        return False
    if SERVICES & set(types):
        return True
    bundled = bool(SERVICES & set(root_types)) and "publish" not in unit.traits
    return not bundled and ("package" in unit.traits or not members)


def _root_delivers(root: Unit) -> bool:
    """Whether the root delivers beside what lies below it: a workspace by itself does not."""
    if root.images or root.processes:
        return True
    if "workspace" in root.traits and "package" not in root.traits:
        return False
    return bool(root.manifests)


def _data_or_infrastructure(
    sightings: Mapping[str, tuple[Sighting, ...]], migrations: Sequence[Migrations]
) -> Types:
    runs = any(place.workload for places in sightings.values() for place in places)
    if migrations and not runs:
        return {"database": (repo_uri(migrations[0].files[0], 1),)}
    places = [
        place
        for platform in sorted(_INFRASTRUCTURE & set(sightings))
        for place in sightings[platform]
        if not place.path.startswith(".github/")
    ]
    return (
        {"infrastructure": tuple(repo_uri(place.path, place.first) for place in places[:3])} if places else {}
    )
