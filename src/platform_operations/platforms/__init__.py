"""The platforms: one module each, found by looking, nothing to register."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from platform_operations.errors import DefectError
from platform_operations.platforms.platform import Platform, Sighting
from platform_operations.repository import Repository

NOT_PLATFORMS = frozenset({"checks", "platform", "recognised"})
"""Modules of this package that define no `PLATFORM`; `recognised` defines several in one table."""


def discovered() -> tuple[Platform, ...]:
    """Return every platform, sorted by id.

    Raises:
        DefectError: a module defines no `PLATFORM`, or two define the same id.
    """
    found: dict[str, Platform] = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__) if not one.ispkg):
        for platform in _defined(module):
            if platform.id in found:
                raise DefectError(f"two platforms have the id {platform.id!r}, one of them in {module}.py")
            found[platform.id] = platform
    return tuple(found[id] for id in sorted(found))


def _defined(module: str) -> tuple[Platform, ...]:
    if module in NOT_PLATFORMS - {"recognised"}:
        return ()
    loaded = importlib.import_module(f"{__name__}.{module}")
    if module == "recognised":
        return loaded.RECOGNISED
    defined = getattr(loaded, "PLATFORM", None)
    if not isinstance(defined, Platform):
        raise DefectError(f"platforms/{module}.py defines no PLATFORM")
    return (defined,)


PLATFORMS: tuple[Platform, ...] = discovered()
"""Every platform, sorted by id."""

_BY_ID: Mapping[str, Platform] = MappingProxyType({one.id: one for one in PLATFORMS})


def platform(id: str) -> Platform | None:
    """Return the platform `id`, None when there is none."""
    return _BY_ID.get(id)


def sightings(repository: Repository) -> Mapping[str, tuple[Sighting, ...]]:
    """Return by platform id where each platform shows, by path and line; platforms that do not are left out.

    A platform that another implies shows where the other does, without workloads, if it has no sighting.
    """
    found = {one.id: _sorted(one.detect(repository)) for one in PLATFORMS}
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
