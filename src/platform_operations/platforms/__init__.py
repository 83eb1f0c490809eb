"""The platforms: one module each, found by looking, nothing to register."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from platform_operations.errors import DefectError
from platform_operations.platforms.platform import Platform, Sighting
from platform_operations.repository import Repository, remembered

NOT_PLATFORMS = frozenset({"checks", "platform"})
"""Modules of this package that define no platform; `recognised` defines several, from one table."""


def defined(module: ModuleType) -> tuple[Platform, ...]:
    """Return the platforms that a module defines.

    Raises:
        DefectError: it defines none.
    """
    found: Any = getattr(module, "PLATFORM", None)
    several: Any = getattr(module, "RECOGNISED", ()) if found is None else (found,)
    if not several or not all(isinstance(one, Platform) for one in several):
        raise DefectError(f"{module.__name__} defines no PLATFORM")
    return several


def by_id(platforms: Iterable[Platform]) -> Mapping[str, Platform]:
    """Return platforms by id, sorted.

    Raises:
        DefectError: two have the same id.
    """
    found: dict[str, Platform] = {}
    for one in platforms:
        if one.id in found:
            raise DefectError(f"two platforms have the id {one.id!r}: {found[one.id].title} and {one.title}")
        found[one.id] = one
    return MappingProxyType({id: found[id] for id in sorted(found)})


def _discovered() -> Iterator[Platform]:
    for module in pkgutil.iter_modules(__path__):
        if not module.ispkg and module.name not in NOT_PLATFORMS:
            yield from defined(importlib.import_module(f"{__name__}.{module.name}"))


_BY_ID = by_id(_discovered())

PLATFORMS: tuple[Platform, ...] = tuple(_BY_ID.values())
"""Every platform, sorted by id."""


def platform(id: str) -> Platform | None:
    """Return the platform `id`, None when there is none."""
    return _BY_ID.get(id)


def sightings(repository: Repository) -> Mapping[str, tuple[Sighting, ...]]:
    """Return by platform id where each platform shows, by path and line; platforms that do not are left out.

    A platform that another implies shows where the other does, without workloads, if it has no sighting.
    """
    found = {one.id: _sorted(remembered(one.detect, repository)) for one in PLATFORMS}
    for one in PLATFORMS:
        for implied in one.implies if found[one.id] else ():
            if not found.get(implied):
                found[implied] = tuple(_implied(sighting, one) for sighting in found[one.id])
    return MappingProxyType({id: seen for id, seen in sorted(found.items()) if seen})


def _sorted(found: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
    return tuple(sorted(found, key=lambda one: (one.path, one.first, one.environment or "", one.detail)))


def _implied(sighting: Sighting, by: Platform) -> Sighting:
    return Sighting(
        sighting.path,
        sighting.first,
        sighting.last,
        f"implied by {by.title}",
        sighting.environment,
        unreadable=sighting.unreadable,
    )


__all__ = ["PLATFORMS", "Platform", "Sighting", "platform", "sightings"]
