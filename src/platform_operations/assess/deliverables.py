"""Which folders of a repository are deliverables, and of which types."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from platform_operations.assess.component_types import SERVICES, Unit, types_of
from platform_operations.assess.data_stores import Migrations
from platform_operations.assess.languages import EXTENSIONS, LEAST_FILES, PROGRAMMED
from platform_operations.assess.manifest import Manifest
from platform_operations.assess.places import aside, within
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
    own = root.manifests or root.images or root.processes or (code and _written(root))
    if not own and all(platform in _INFRASTRUCTURE for platform, _ in root.sightings):
        types = _UNTYPED
    served = any(SERVICES & set(found) for _, found in typed)
    kept = [
        (unit, found) for unit, found in nested if found and _stands_alone(unit, found, root, members, served)
    ]
    kept = [
        (unit, found)
        for unit, found in kept
        if unit.deployed
        or unit.folder in members
        or not any(other is not unit and within(unit.folder, other.folder) for other, _ in kept)
    ]
    apps = any(SERVICES & set(found) for _, found in kept)
    if types and (not kept or _root_delivers(root, apps)):
        kept.insert(0, (root, types))
    if kept:
        return kept
    only = _UNTYPED if own else _data_or_infrastructure(sightings, migrations)
    if only:
        return [(root, only)]
    return [(root, _UNTYPED)] if manifests or root.images else []


def _written(root: Unit) -> bool:
    """Whether source code lies in the root's own folders: a stray script is none."""
    sources = [path for path in root.files if EXTENSIONS.get(path.rpartition(".")[2]) in PROGRAMMED]
    return sum(not aside(path) for path in sources) >= LEAST_FILES


def _stands_alone(unit: Unit, types: Types, root: Unit, members: frozenset[str], served: bool) -> bool:
    """Whether a folder below the root delivers by itself: it is run, or one of many, or published on its own.

    Beside services (`served`) a package counts only when it is filled in for a registry: most are bundled.
    """
    if unit.deployed or any(within(place.path, unit.folder) for _, place in unit.sightings):
        return bool(SERVICES & set(types)) or "publish" in unit.traits or not served
    if "mobile-app" in types and unit.mains:
        return True
    grouped = unit.folder in members or bool(set(unit.folder.split("/")[:-1]) & MANY)
    if not grouped and (root.manifests or root.images):
        return False
    if SERVICES & set(types):
        return True
    if "cli" in types and unit.mains:
        return True
    return (not served or "publish" in unit.traits) and ("package" in unit.traits or not members)


def _root_delivers(root: Unit, apps: bool) -> bool:
    """Whether the root delivers beside what lies below it: a workspace of applications does not."""
    if "manage.py" in root.files and any(manifest.ecosystem == "python" for manifest in root.manifests):
        return True
    if "workspace" in root.traits and "package" not in root.traits:
        return bool(root.images or root.processes) and not apps
    return bool(root.manifests or root.images or root.processes)


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


def with_bundled(chosen: Chosen, units: Sequence[Unit], migrations: Sequence[Migrations]) -> Chosen:
    """Return the deliverables with what they bundle: packages of the repository that are none by themselves.

    A package belongs to every deliverable that depends on it, directly or through another. Files of schema migrations
    that are in no deliverable belong to the first that runs as a service.
    """
    places = {unit.folder for unit, _ in chosen}
    loose = [unit for unit in units if unit.folder not in places]
    found: Chosen = []
    for unit, types in chosen:
        parts = _bundled(unit, loose) if loose else []
        manifests = tuple(manifest for part in (unit, *parts) for manifest in part.manifests)
        files = frozenset(path for part in (unit, *parts) for path in part.files)
        found.append((replace(unit, manifests=manifests, files=files), types))
    orphans = [one.files[0] for one in migrations if not any(one.files[0] in unit.files for unit, _ in found)]
    first = next((at for at, (_, types) in enumerate(found) if _KEEPERS & set(types)), None)
    if orphans and first is not None:
        unit, types = found[first]
        found[first] = (replace(unit, files=unit.files | frozenset(orphans)), types)
    return found


_KEEPERS: frozenset[ComponentType] = frozenset({"http-service", "worker", "serverless", "data-pipeline"})


def _bundled(unit: Unit, loose: Sequence[Unit]) -> list[Unit]:
    by_name = {manifest.name.lower(): part for part in loose for manifest in part.manifests if manifest.name}
    found: list[Unit] = []
    waiting = [unit]
    while waiting:
        for name in waiting.pop().dependencies:
            part = by_name.get(name.rpartition("/")[2])
            if part is not None and part not in found and part.folder != ".":
                found.append(part)
                waiting.append(part)
    return found
