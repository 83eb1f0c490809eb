"""The renderers: one module each, found by looking, nothing to register."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType

from platform_operations.deliver.renderer import Renderer
from platform_operations.errors import DefectError


def defined(module: ModuleType) -> Renderer:
    """Return the renderer that a module defines.

    Raises:
        DefectError: it defines none, or one with another id than the module's name in kebab-case.
    """
    found = getattr(module, "RENDERER", None)
    if not isinstance(found, Renderer):
        raise DefectError(f"{module.__name__} defines no RENDERER")
    name = module.__name__.rpartition(".")[2].replace("_", "-")
    if found.id != name:
        raise DefectError(f"{module.__name__} defines the renderer {found.id!r}; call it {name!r}")
    return found


def by_id(renderers: Iterable[Renderer]) -> Mapping[str, Renderer]:
    """Return renderers by id, sorted."""
    return MappingProxyType({one.id: one for one in sorted(renderers, key=lambda one: one.id)})


RENDERERS: Mapping[str, Renderer] = by_id(
    defined(importlib.import_module(f"{__name__}.{module.name}")) for module in pkgutil.iter_modules(__path__)
)
"""Every renderer by id, sorted."""

__all__ = ["RENDERERS", "Renderer"]
