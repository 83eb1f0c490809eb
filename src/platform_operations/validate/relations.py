"""What belongs to what in one plan: looked up, so that judging stays in proportion to the plan's size."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TypeAlias, TypeVar

from platform_operations.model.delivery import (
    Artifact,
    Component,
    ComponentStrategy,
    QualityGate,
    Rollback,
)
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import ObservabilityPillar, Slo

K = TypeVar("K")
E = TypeVar("E")
Spot: TypeAlias = tuple[str | None, str | None]
"""A component in an environment."""


class Relations:
    """Entries of a plan by what they are about; each table is made when it is first asked for."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @cached_property
    def components(self) -> Mapping[str | None, Component]:
        """The components by id."""
        return {entry.id: entry for entry in self.plan.components}

    @cached_property
    def artifacts_of(self) -> Mapping[str, tuple[Artifact, ...]]:
        """The artifacts of each component."""
        return grouped(self.plan.artifacts, lambda entry: entry.component)

    @cached_property
    def gates_of(self) -> Mapping[str, tuple[QualityGate, ...]]:
        """The gates of each component."""
        return grouped(self.plan.quality_gates, lambda entry: entry.component)

    @cached_property
    def strategies_in(self) -> Mapping[Spot, tuple[ComponentStrategy, ...]]:
        """The strategies of each component in each environment."""
        return grouped(
            self.plan.deploy_strategy.components, lambda entry: (entry.component, entry.environment)
        )

    @cached_property
    def mechanisms(self) -> frozenset[tuple[str, str]]:
        """Each component with each mechanism that a strategy of it uses."""
        return frozenset((row.component, row.mechanism) for row in self.plan.deploy_strategy.components)

    @cached_property
    def rollbacks_in(self) -> Mapping[Spot, tuple[Rollback, ...]]:
        """The ways back of each component in each environment."""
        return grouped(self.plan.rollback_plan, lambda entry: (entry.component, entry.environment))

    @cached_property
    def begun(self) -> frozenset[str]:
        """The ways back that a stage begins by itself when it fails."""
        return frozenset(stage.on_failure for stage in self.plan.pipeline_stages if stage.on_failure)

    @cached_property
    def pillars_of(self) -> Mapping[str, tuple[ObservabilityPillar, ...]]:
        """The pillars of each component."""
        return grouped(self.plan.observability_pillars, lambda entry: entry.component)

    @cached_property
    def slos(self) -> Mapping[str | None, Slo]:
        """The SLOs by id."""
        return {entry.id: entry for entry in self.plan.slos}

    @cached_property
    def slos_of(self) -> Mapping[str, tuple[Slo, ...]]:
        """The SLOs of each component."""
        return grouped(self.plan.slos, lambda entry: entry.component)

    @cached_property
    def watched(self) -> frozenset[str | None]:
        """The SLOs that a burn-rate alert watches."""
        return frozenset(
            row.slo
            for row in self.plan.alerts
            if row.windows
            and row.kind == "burn-rate"
            and ((slo := self.slos.get(row.slo)) is None or slo.component == row.component)
        )

    @cached_property
    def owners(self) -> frozenset[str]:
        """Who may be named."""
        return frozenset(owner.id for owner in self.plan.owners)

    @cached_property
    def assumed(self) -> frozenset[str]:
        """The entries and fields that rest on an assumption, and the entries of those fields."""
        fills = [name for note in self.plan.assumptions for name in note.fills]
        return frozenset((*fills, *("/".join(name.split("/")[:2]) for name in fills)))


def grouped(entries: Iterable[E], key: Callable[[E], K]) -> Mapping[K, tuple[E, ...]]:
    """Return the entries by `key`, in their order."""
    found: dict[K, list[E]] = {}
    for entry in entries:
        found.setdefault(key(entry), []).append(entry)
    return {name: tuple(group) for name, group in found.items()}
