"""What a platform is to us: how to recognise it, and what it can do.

The words (actions, mechanisms, rollbacks, capabilities, signals) are the platform's vocabulary in a plan and are the
same on its page, `reference/platforms/<id>.md`; the commands are templates of what the platform's own tools accept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from platform_operations.model.words import HealthKind, Restores, StageKind, StrategyKind
from platform_operations.repository import Repository


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a platform shows: a place in the repository, and what stands there (a service, an environment...)."""

    path: str
    first: int
    last: int
    detail: str = ""
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A way to act on the platform: for which stage kinds, with which commands, and whether it waits for the result.

    Commands may hold {name} {environment} {artifact} {path} {url} {reference}; what is not known becomes a variable.
    """

    kinds: tuple[StageKind, ...]
    commands: tuple[str, ...]
    waits: bool


@dataclass(frozen=True, slots=True)
class Mechanism:
    """What carries a strategy out, and the capability words it needs."""

    strategy: StrategyKind
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rollback:
    """A way back: what it restores, whether the platform does it by itself, on which signals, by which commands."""

    restores: Restores
    automatic: bool
    commands: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()


EMPTY_ACTIONS: Mapping[str, Action] = MappingProxyType({})
EMPTY_MECHANISMS: Mapping[str, Mechanism] = MappingProxyType({})
EMPTY_ROLLBACKS: Mapping[str, Rollback] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform. The first entry of `actions`, `mechanisms` and `rollbacks` is the default of its kind.

    `implies` names platforms that are there whenever this one is (Helm implies Kubernetes). `capabilities` are what a
    repository on this platform can rely on without installing more; a mechanism whose `requires` are not all among
    them must be proven by evidence (Argo Rollouts in the manifests) or assumed by name.
    """

    id: str
    title: str
    detect: Callable[[Repository], tuple[Sighting, ...]]
    implies: tuple[str, ...] = ()
    capabilities: frozenset[str] = frozenset()
    health: tuple[HealthKind, ...] = ()
    actions: Mapping[str, Action] = field(default=EMPTY_ACTIONS)
    mechanisms: Mapping[str, Mechanism] = field(default=EMPTY_MECHANISMS)
    rollbacks: Mapping[str, Rollback] = field(default=EMPTY_ROLLBACKS)
    signals: frozenset[str] = frozenset()
    environments: str = ""
