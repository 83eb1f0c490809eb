"""The stages of a plan as a graph: what guards what, what is released where, and to whom."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from platform_operations.model.delivery import Environment, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import RELEASING
from platform_operations.validate.addresses import asks_another_place
from platform_operations.validate.idling import tells

FOLLOWING = frozenset({"upstream", "deployment-status"})
"""Triggers by which one pipeline starts another: only so can a stage wait for one of another pipeline."""

LOWER_KINDS = frozenset({"development", "ephemeral", "staging"})
"""Environments in which no user depends on the artifact."""


def proves(verification: Stage) -> bool:
    """Return whether a verify stage can fail: it runs something that looks at the artifact and may say no."""
    return tells(verification.runs)


class Graph:
    """Questions over the stages of one plan.

    `needs` is an AND-join: a stage runs only after all of them succeeded. So what guards a stage is the
    closure of its needs, with the checks that protect the way into its pipeline; `optionalNeeds` guard
    nothing, nor does a need of another pipeline where this one has other ways to start.
    """

    def __init__(self, plan: Plan) -> None:
        self.stages: Mapping[str, Stage] = {stage.id: stage for stage in plan.pipeline_stages}
        self.environments: dict[str, Environment] = {place.id: place for place in plan.environments}
        self._protected = {pipeline.id: pipeline.protected_by for pipeline in plan.pipelines}
        self._following = {
            row.id for row in plan.pipelines if row.triggers and FOLLOWING.issuperset(row.triggers)
        }
        self._gate_stage = {gate.id: gate.stage for gate in plan.quality_gates}

    @cached_property
    def _position(self) -> Mapping[str, int]:
        return {name: index for index, name in enumerate(self.order)}

    def _waits_for(self, stage: Stage, *, optional: bool) -> set[str]:
        ways_in = (self._gate_stage.get(name, name) for name in self._protected.get(stage.pipeline, ()))
        needs = (*stage.needs, *stage.optional_needs) if optional else self.held(stage)
        return {name for name in (*needs, *ways_in) if name in self.stages and name != stage.id}

    def held(self, stage: Stage) -> tuple[str, ...]:
        """Return the needs of a stage that hold: in its own pipeline, or in those that alone can start that one."""
        if stage.pipeline in self._following:
            return stage.needs
        return tuple(
            name
            for name in stage.needs
            if (other := self.stages.get(name)) is None or other.pipeline == stage.pipeline
        )

    @cached_property
    def _waiting(self) -> Mapping[str, set[str]]:
        return {stage.id: self._waits_for(stage, optional=True) for stage in self.stages.values()}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Every stage id so that what a stage waits for comes first, else by id.

        Those on a cycle come last.
        """
        waiting = {name: set(before) for name, before in self._waiting.items()}
        dependents: dict[str, list[str]] = {}
        for name, before in waiting.items():
            for other in before:
                dependents.setdefault(other, []).append(name)
        ready = sorted(name for name in self.stages if not waiting[name])
        order: list[str] = []
        while ready:
            following: list[str] = []
            for name in ready:
                order.append(name)
                for other in dependents.get(name, ()):
                    waiting[other].discard(name)
                    if not waiting[other]:
                        following.append(other)
            ready = sorted(following)
        placed = set(order)
        return (*order, *sorted(name for name in self.stages if name not in placed))

    def cycle(self) -> tuple[str, ...]:
        """Return the stages that wait for themselves, directly or through others; nothing in a sound plan."""
        done: set[str] = set()
        on_cycle: list[str] = []
        for name in self.order:
            (done.add if self._waiting[name] <= done else on_cycle.append)(name)
        return tuple(on_cycle)

    @cached_property
    def _guard_bits(self) -> Mapping[str, int]:
        """For each stage the set of its guards as the bits of one integer, by position."""
        bits: dict[str, int] = {}
        for name in self.order:
            found = 0
            for before in self._waits_for(self.stages[name], optional=False):
                found |= bits.get(before, 0) | 1 << self._position[before]
            bits[name] = found
        return bits

    def guarded_by(self, stage: str, guard: str) -> bool:
        """Return whether `stage` cannot run unless `guard` succeeded before."""
        at = self._position.get(guard)
        return at is not None and bool(self._guard_bits.get(stage, 0) >> at & 1)

    def guards(self, stage: str) -> tuple[Stage, ...]:
        """Return all stages that must have succeeded before `stage` can start, in order."""
        bits = self._guard_bits.get(stage, 0)
        found: list[Stage] = []
        while bits:
            found.append(self.stages[self.order[(bits & -bits).bit_length() - 1]])
            bits &= bits - 1
        return tuple(found)

    def followers(self, stage: str) -> tuple[Stage, ...]:
        """Return the stages that run only after `stage` succeeded, in order."""
        at = self._position[stage]
        return tuple(self.stages[name] for name in self.order if self._guard_bits[name] >> at & 1)

    def place(self, stage: Stage) -> Environment | None:
        """Return the environment of a stage, None for a run in CI."""
        return self.environments.get(stage.environment) if stage.environment else None

    def reaches_users(self, stage: Stage) -> bool:
        """Return whether a stage puts an artifact before users, in production or a registry.

        An exposure that is not said counts as full; none or internal counts as full too unless a later stage
        of the same component widens it, so that relabelling the only release hides nothing.
        """
        place = self.place(stage)
        if stage.kind not in RELEASING or place is None or place.kind not in {"production", "registry"}:
            return False
        if place.kind == "registry":
            return stage.exposure in {None, "partial", "full"}
        if stage.exposure in {None, "partial", "full"}:
            return True
        return not any(
            other.exposure in {"partial", "full", None}
            and other.component == stage.component
            and other.environment == stage.environment
            and self.guarded_by(other.id, stage.id)
            for other in self._of_component.get(stage.component or "", ())
            if other.kind in RELEASING
        )

    @cached_property
    def releases(self) -> tuple[Stage, ...]:
        """The stages that put an artifact before users, in order of the graph."""
        return tuple(stage for name in self.order if self.reaches_users(stage := self.stages[name]))

    @cached_property
    def full_releases(self) -> tuple[Stage, ...]:
        """The releases that everyone meets."""
        return tuple(stage for stage in self.releases if stage.exposure != "partial")

    def first_releases(self, component: str) -> tuple[Stage, ...]:
        """Return the release points of a component: its releases that no other release of it comes before."""
        own = self.releases_of(component)
        return tuple(stage for stage in own if not any(self.guarded_by(stage.id, other.id) for other in own))

    @cached_property
    def made(self) -> frozenset[str]:
        """The artifacts that a stage of the plan makes."""
        return frozenset(name for stage in self.stages.values() for name in stage.produces)

    def consumed(self, stage: Stage) -> frozenset[str]:
        """Return the ids of the artifacts that a stage takes."""
        return frozenset(item.artifact for item in stage.consumes)

    def lower_verifications(self, release: Stage) -> tuple[Stage, ...]:
        """Return the verify stages of what `release` takes at a lower exposure, wherever they stand."""
        known = self._lower.get(release.id)
        if known is None:
            taken = self.consumed(release)
            known = tuple(
                stage
                for stage in self.verifications.get(release.component or "", ())
                if taken & self.consumed(stage) and self.is_lower(stage, release)
            )
            if self.stages.get(release.id) is release:
                self._lower[release.id] = known
        return known

    def asks_elsewhere(self, verification: Stage) -> str | None:
        """Return the place that a verification's commands ask instead of the one it is about, None where they do not."""
        return asks_another_place(verification, self.environments)

    def attempts(self, release: Stage) -> tuple[Stage, ...]:
        """Return the verify stages of the release's component below it, whatever they take and do."""
        return tuple(
            stage
            for stage in self._of_component.get(release.component or "", ())
            if stage.kind == "verify" and stage.component == release.component and self._below(stage, release)
        )

    def _below(self, verification: Stage, release: Stage) -> bool:
        place = self.place(verification)
        if place is None or place.kind in LOWER_KINDS:
            return True
        return place.kind == "registry" and verification.environment != release.environment

    def _ci_is_lower(self, release: Stage) -> bool:
        """Return whether a run in CI is the lower exposure: where the component has no staging of its own."""
        place = self.place(release)
        staged = any(
            stage.component == release.component and (there := self.place(stage)) and there.kind == "staging"
            for stage in self._of_component.get(release.component or "", ())
            if stage.kind in RELEASING
        )
        return not staged or (place is not None and place.kind == "registry")

    @cached_property
    def verifications(self) -> Mapping[str, tuple[Stage, ...]]:
        """The verify stages of each component that can fail, in order."""
        return self._grouped(
            "component",
            [
                stage
                for stage in self._in_order
                if stage.kind == "verify" and proves(stage) and self.asks_elsewhere(stage) is None
            ],
        )

    @cached_property
    def _lower(self) -> dict[str, tuple[Stage, ...]]:
        return {}

    @cached_property
    def _of_component(self) -> Mapping[str, tuple[Stage, ...]]:
        return self._grouped("component", self._in_order)

    def stages_of(self, component: str) -> tuple[Stage, ...]:
        """Return the stages of a component, in order."""
        return self._of_component.get(component, ())

    def releases_of(self, component: str) -> tuple[Stage, ...]:
        """Return the releases of a component, in order."""
        return self._releases_of.get(component, ())

    @cached_property
    def _releases_of(self) -> Mapping[str, tuple[Stage, ...]]:
        return self._grouped("component", self.releases)

    @cached_property
    def _putting(self) -> Mapping[tuple[str, str], tuple[Stage, ...]]:
        """The releasing stages by the environment they release into and an artifact that they take or make."""
        found: dict[tuple[str, str], list[Stage]] = {}
        for stage in self._in_order:
            if stage.kind in RELEASING:
                for name in sorted(self.consumed(stage) | set(stage.produces)):
                    found.setdefault((stage.environment or "", name), []).append(stage)
        return {key: tuple(group) for key, group in found.items()}

    @cached_property
    def _in_order(self) -> tuple[Stage, ...]:
        return tuple(self.stages[name] for name in self.order)

    @staticmethod
    def _grouped(field: str, stages: Iterable[Stage]) -> Mapping[str, tuple[Stage, ...]]:
        found: dict[str, list[Stage]] = {}
        for stage in stages:
            found.setdefault(getattr(stage, field) or "", []).append(stage)
        return {key: tuple(group) for key, group in found.items()}

    def is_lower(self, verification: Stage, release: Stage) -> bool:
        """Return whether a verification meets the artifact at a lower exposure than `release` gives it.

        Lower is: a run in CI where the component has no staging, a lower environment, a registry that is not this release's, or a place in
        production where an earlier stage put it before nobody, the team or some of the users.
        """
        place = self.place(verification)
        if place is None:
            return self._ci_is_lower(release)
        if place.kind in LOWER_KINDS:
            return self.put_there(verification, release)
        if verification.environment != release.environment:
            return place.kind == "registry"
        return self.put_there(verification, release)

    def put_there(self, verification: Stage, release: Stage) -> bool:
        """Return whether an earlier stage put the same artifact there at less than full exposure."""
        lower = {"none", "internal", "partial"}
        taken = self.consumed(verification)
        there = verification.environment or ""
        for stage in (stage for name in sorted(taken) for stage in self._putting.get((there, name), ())):
            if stage.id == release.id or not self.guarded_by(verification.id, stage.id):
                continue
            place = self.place(stage)
            if stage.exposure in lower or (place is not None and place.kind in LOWER_KINDS):
                return True
        return False


_RESTS_ON = frozenset({"pipeline_stages", "environments", "pipelines", "quality_gates"})


def graph_of(plan: Plan) -> Graph:
    """Return the graph of a plan's stages: the same one for everybody who asks."""
    return plan.kept("graph", _RESTS_ON, Graph)
