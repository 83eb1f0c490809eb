"""What a platform is to us: how to recognise it, and what it can do.

The words (actions, mechanisms, rollbacks, capabilities, signals) are the platform's vocabulary in a plan and are the
same on its page, `reference/platforms/<id>.md`; the commands are templates of what the platform's own tools accept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from platform_operations.model.delivery import HealthCheck
from platform_operations.model.words import (
    ComponentType,
    HealthKind,
    Identity,
    Restores,
    StageKind,
    StrategyKind,
)
from platform_operations.repository import Repository

FILLED_IN_FIRST = "it is filled in first"
"""Why a manifest with placeholders tells what runs, but not which image of it."""


@dataclass(frozen=True, slots=True)
class Workload:
    """One thing the platform runs, as its files declare it; None where they do not say.

    `image` is the reference as written and `reference` what kind of name that is; `probe_lines`, `strategy_lines` and
    `image_lines` are (path, first, last) of what declares the health check, the rollout strategy and the image; `url` is where users reach it, `source` the folder of the
    repository that it runs.
    """

    name: str
    component_type: ComponentType | None = None
    image: str | None = None
    reference: Identity | None = None
    image_lines: tuple[str, int, int] | None = None
    health: HealthCheck | None = None
    probe_lines: tuple[str, int, int] | None = None
    replicas: int | None = None
    strategy: StrategyKind | None = None
    mechanism: str | None = None
    strategy_lines: tuple[str, int, int] | None = None
    rollback: str | None = None
    owner: str | None = None
    url: str | None = None
    region: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a platform shows: a place in the repository and what stands there.

    `environment` is the environment that the place itself names (an overlay, a stack, a values file), as written.
    `unreadable` says why the place could only be read by lines or not at all (a template, broken YAML).
    """

    path: str
    first: int
    last: int
    detail: str = ""
    environment: str | None = None
    workload: Workload | None = None
    unreadable: str | None = None


class Action(NamedTuple):
    """A way to act on the platform: for which stage kinds, with which commands, and whether it waits for the result.

    Commands may hold {name} {environment} {artifact} {path} {folder} {dist} {url} {reference} and the names of the platform's
    parameters; what is not known becomes a variable that the plan names as an assumption.
    `seen` are the beginnings of commands, and `uses` the CI steps (GitHub actions, orbs), that do this when a pipeline
    runs them; the longest match over all platforms wins.
    """

    kinds: tuple[StageKind, ...]
    commands: tuple[str, ...]
    waits: bool
    seen: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()


class Parameter(NamedTuple):
    """What commands take that only the repository, its pipelines or a person can know.

    `says` is what it is in words, with {component} and {environment}; `after` are the beginnings of commands of today
    that carry it, behind one of `flags`, as the operand of that number, or as the group of `pattern`; `form` is how a command has it again. `otherwise` stands where nobody knows it
    (it may hold other placeholders); without it a variable stands there.
    """

    says: str
    after: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    operand: int | None = None
    pattern: str | None = None
    form: str = "{}"
    otherwise: str | None = None


class Mechanism(NamedTuple):
    """What carries a strategy out, and the capability words it needs.

    `ladders` are the only shares of traffic that it can climb, and `longest_hold` how many seconds a share can stand;
    without them any share may stand for any time.
    """

    strategy: StrategyKind
    requires: tuple[str, ...] = ()
    ladders: tuple[tuple[str, ...], ...] = ()
    longest_hold: int | None = None


class Rollback(NamedTuple):
    """A way back: what it restores, whether the platform does it by itself, on which signals, by which commands."""

    restores: Restores
    automatic: bool
    commands: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()


EMPTY_ACTIONS: Mapping[str, Action] = MappingProxyType({})
EMPTY_MECHANISMS: Mapping[str, Mechanism] = MappingProxyType({})
EMPTY_ROLLBACKS: Mapping[str, Rollback] = MappingProxyType({})
EMPTY_PARAMETERS: Mapping[str, Parameter] = MappingProxyType({})


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
    actions: Mapping[str, Action] = field(default_factory=lambda: EMPTY_ACTIONS)
    mechanisms: Mapping[str, Mechanism] = field(default_factory=lambda: EMPTY_MECHANISMS)
    rollbacks: Mapping[str, Rollback] = field(default_factory=lambda: EMPTY_ROLLBACKS)
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: EMPTY_PARAMETERS)
    signals: frozenset[str] = frozenset()
    environments: str = ""
