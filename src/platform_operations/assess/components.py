"""One component per deliverable: what it is, what it is written in, where it runs, what it keeps data in."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from platform_operations.assess.component_types import Unit
from platform_operations.assess.data_stores import Migrations, data_stores, find_migrations, store_of_image
from platform_operations.assess.deliverables import deliverables, with_bundled
from platform_operations.assess.exposure import exposure_facts
from platform_operations.assess.languages import languages
from platform_operations.assess.manifest import Manifest
from platform_operations.assess.places import file_name, first_lines, kebab, nearest, text_of, unique, within
from platform_operations.assess.units import read_manifests, read_units
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import ComponentType
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository, all_remembered

MAX_EVIDENCE = 6


def read_components(
    repository: Repository,
    sightings: Mapping[str, tuple[Sighting, ...]],
    manifests: Sequence[Manifest] | None = None,
) -> tuple[tuple[Component, ...], tuple[Fact, ...]]:
    """Return the components, and what is known of languages, migrations, exposure, flags and health.

    A folder is a component when it delivers: something runs from it, or it is published. Folders under a
    workspace or a folder of services need a type of their own; other folders below a deliverable need
    something that runs them. Where nothing has a type but there is code or configuration, the root is one
    component whose type is unknown. `manifests` are those of the repository where they were read before.
    """
    known, broken = read_manifests(repository) if manifests is None else (manifests, ())
    units = read_units(repository, known, sightings)
    migrations = find_migrations(repository.paths)
    spoken = languages(repository.paths, known)
    chosen = deliverables(units, known, sightings, migrations, bool(spoken))
    chosen = with_bundled(chosen, units, migrations)
    seen = _seen(sightings, [unit for unit, _ in chosen])
    components: list[Component] = []
    facts: list[Fact] = [
        *broken,
        *_language_facts(repository, spoken),
        _migration_fact(repository, migrations),
    ]
    for unit, types in chosen:
        taken = [component.id for component in components]
        component, store_uris = _component(repository, unit, types, seen, migrations, taken)
        components.append(component)
        if not types:
            facts.append(_type_unknown(component))
        if component.data_stores:
            facts.append(_stores_fact(component, store_uris))
        facts += all_remembered(exposure_facts, repository, component, unit, len(chosen))
    return tuple(components), tuple(facts)


def component_of(components: Sequence[Component]) -> Callable[[str], str]:
    """Return what gives the component of a path: the innermost one, the first where none holds it.

    The callable raises LookupError when there is no component at all.
    """
    by_place = {candidate.path: candidate.id for candidate in reversed(components)}

    def component(path: str) -> str:
        place = nearest(path, by_place)
        if place is not None:
            return by_place[place]
        words = {kebab(part) for part in path.split("/")} | {kebab(file_name(path).partition(".")[0])}
        named = next((candidate.id for candidate in components if candidate.id in words), None)
        if named or components:
            return named or components[0].id
        raise LookupError("the repository has no component")

    return component


def _component(
    repository: Repository,
    unit: Unit,
    types: Mapping[ComponentType, tuple[str, ...]],
    seen: "Sequence[_Seen]",
    migrations: Sequence[Migrations],
    taken: Sequence[str],
) -> tuple[Component, tuple[str, ...]]:
    """Return the component and the URIs that show its data stores."""
    given, below_root = {id(mine) for _, mine in unit.sightings}, unit.folder != "."
    # What was given to this component, or lies in it, or where no component is in particular: what stands beside a
    # workload in one file is of that workload's component.
    own = [
        (one.platform, one.place)
        for one in seen
        if id(one.place) in given
        or (
            not one.place.workload
            and not one.spoken_for
            and (one.home in {None, "."} or (below_root and within(one.place.path, unit.folder)))
        )
    ]
    stores, shown = data_stores(repository, unit, migrations, _stores_beside(seen, unit))
    evidence = [uri for uris in types.values() for uri in uris]
    evidence += [_manifest_uri(manifest) for manifest in unit.manifests if manifest.name][:1]
    evidence += [repo_uri(image.path, 1, min(image.lines, 40)) for image in unit.images[:1]]
    store_uris = tuple(repo_uri(path, line) for path, line in shown)
    evidence += store_uris[:2]
    if not evidence:
        evidence += [uri for _, place in own if (uri := repo_uri(place.path, place.first, place.last))][:1]
    if not evidence:
        evidence += [repo_uri(manifest.path, 1) for manifest in unit.manifests[:1]]
    component = Component(
        id=unique(_name(repository, unit), taken),
        types=tuple(types) or (_fallback(unit),),
        path=unit.folder,
        languages=tuple(languages(unit.files, unit.manifests)),
        platforms=tuple(sorted({platform for platform, _ in own})),
        data_stores=stores,
        origin="existing",
        evidence=tuple(dict.fromkeys(evidence))[:MAX_EVIDENCE],
    )
    return component, store_uris


class _Seen(NamedTuple):
    """Where a platform shows: in which component's folder, and the data store that runs there."""

    platform: str
    place: Sighting
    home: str | None
    store: str | None
    alone: bool
    """Whether there is but one component."""
    spoken_for: bool
    """Whether a workload that the platform declares in the same file was given to a component."""


def _seen(sightings: Mapping[str, tuple[Sighting, ...]], units: Sequence[Unit]) -> tuple[_Seen, ...]:
    places = frozenset(unit.folder for unit in units)
    held = {(platform, place.path) for unit in units for platform, place, _ in unit.workloads}
    return tuple(
        _Seen(
            platform,
            place,
            nearest(place.path, places),
            store_of_image(place.workload.image) if place.workload and place.workload.image else None,
            len(places) == 1,
            (platform, place.path) in held,
        )
        for platform in sorted(sightings)
        for place in sightings[platform]
    )


def _stores_beside(seen: Sequence[_Seen], unit: Unit) -> dict[str, tuple[str, int]]:
    """Return the stores that platforms run beside the component, with the first place of each."""
    found: dict[str, tuple[str, int]] = {}
    for one in seen:
        if one.store and (one.alone or one.home == unit.folder):
            found.setdefault(one.store, (one.place.path, one.place.first))
    return found


_GENERIC = frozenset({"", "src", "app", "source", "code", "main", "service", "root"})


def _name(repository: Repository, unit: Unit) -> str:
    named = next((manifest.name for manifest in unit.manifests if manifest.name), None)
    if unit.folder != ".":
        if not named or kebab(named) in _GENERIC:
            named = next(
                (part for part in reversed(unit.folder.split("/")) if kebab(part) not in _GENERIC), named
            )
        return kebab(named or "") or kebab(file_name(unit.folder)) or "component"
    named = named if kebab(named or "") not in _GENERIC else None
    return kebab(named or "") or kebab(repository.remote or "") or kebab(repository.name) or "component"


def _manifest_uri(manifest: Manifest) -> str:
    return repo_uri(manifest.path, manifest.name_line)


def _fallback(unit: Unit) -> ComponentType:
    """Return the type of a component that shows none: something that runs is held to a service's standard."""
    if unit.images or unit.workloads:
        return "http-service"
    return "library" if unit.manifests else "infrastructure"


def _type_unknown(component: Component) -> Fact:
    return Fact(
        subject=f"components/{component.id}",
        aspect="type",
        outcome="unknown",
        reason="no port, framework, command, schedule or package metadata says what this component is",
        evidence=component.evidence[:2],
    )


def _stores_fact(component: Component, uris: tuple[str, ...]) -> Fact:
    return Fact(
        subject=f"components/{component.id}",
        aspect="data-stores",
        outcome="present",
        value=", ".join(store.kind for store in component.data_stores),
        evidence=uris[:3],
    )


def _language_facts(repository: Repository, spoken: Mapping[str, str]) -> list[Fact]:
    facts: list[Fact] = []
    for language, path in spoken.items():
        uri = first_lines(path, text_of(repository, path) or "")
        facts.append(
            Fact(subject="languages", aspect=language, outcome="present", evidence=(uri,) if uri else ())
        )
    return facts


def _migration_fact(repository: Repository, migrations: Sequence[Migrations]) -> Fact:
    if migrations:
        uris = tuple(
            uri
            for found in migrations[:3]
            if (uri := first_lines(found.files[0], text_of(repository, found.files[0]) or ""))
        )
        place = migrations[0].folder
        return Fact(
            subject="practices",
            aspect="migrations",
            outcome="present",
            strength="present",
            value=place,
            reason=f"{sum(len(found.files) for found in migrations)} migration files in {place}",
            evidence=uris,
        )
    return Fact(
        subject="practices",
        aspect="migrations",
        outcome="unknown" if repository.cut else "absent",
        reason=repository.cut or "no versioned schema migration files",
    )
