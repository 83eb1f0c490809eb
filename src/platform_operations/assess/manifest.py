"""What a package manifest says: its name, what it depends on, and whether it is published or run."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from platform_operations.assess.places import folder

Ecosystem: TypeAlias = Literal[
    "npm", "python", "cargo", "go", "ruby", "jvm", "php", "dotnet", "elixir", "dart", "swift", "deno"
]
Trait: TypeAlias = Literal[
    "package", "bin", "workspace", "private", "start", "web-sdk", "library", "publish", "locked"
]


class Dependency(NamedTuple):
    """One dependency as a manifest names it, lower case, with its line; `development`: not needed to run."""

    name: str
    path: str
    line: int
    development: bool = False


@dataclass(frozen=True)
class Manifest:
    """One manifest. `members` are the globs of a workspace, `traits` what it says about delivery."""

    path: str
    ecosystem: Ecosystem
    lines: int
    name: str | None = None
    dependencies: tuple[Dependency, ...] = ()
    traits: frozenset[Trait] = frozenset()
    members: tuple[str, ...] = ()
    name_line: int = 1

    @cached_property
    def by_name(self) -> Mapping[str, Dependency]:
        """The dependencies that running needs, by name; of several lines the first."""
        return {
            dependency.name: dependency
            for dependency in reversed(self.dependencies)
            if not dependency.development
        }

    @property
    def folder(self) -> str:
        """The folder the manifest speaks for."""
        return folder(self.path)
