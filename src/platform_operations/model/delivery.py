"""The delivery half of a plan.

What is built, through which stages, under which gates, and how it is taken back.
"""

from typing import Annotated

from pydantic import Field, model_validator

from platform_operations.model.record import Duration, Id, Number, Percent, Record, Text, Uri
from platform_operations.model.words import (
    ArtifactKind,
    Assertion,
    Attestation,
    ComponentType,
    DataStance,
    EnvironmentKind,
    Exposure,
    GateKind,
    HealthKind,
    Identity,
    Origin,
    Restores,
    RiskLevel,
    Scope,
    StageKind,
    StrategyKind,
    Trigger,
)


class Entry(Record):
    """What every entry of a section has.

    `summary` is always generated, from `text` (a wording with placeholders) where there is one, else from the
    section's template; `origin` and `changes` are computed from the as-is plan. Validation generates both
    again and compares.
    """

    id: Id
    summary: Text = ""
    text: Text | None = None
    origin: Origin = "proposed"
    changes: tuple[str, ...] = ()
    evidence: tuple[Uri, ...] = ()


class DataStore(Record):
    """A data store of a component; `migrations` is the folder of its schema migrations."""

    kind: str
    migrations: str | None = None


class Component(Entry):
    """One deliverable of the repository."""

    types: Annotated[tuple[ComponentType, ...], Field(min_length=1)]
    path: str = "."
    languages: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    data_stores: tuple[DataStore, ...] = ()


class Environment(Entry):
    """A place where an artifact meets someone."""

    kind: EnvironmentKind
    url: str | None = None
    region: str | None = None


class Owner(Record):
    """Who can be named as owner; `id` as written in CODEOWNERS, a catalog, a label or by the user."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    evidence: tuple[Uri, ...] = ()


class Pipeline(Entry):
    """What starts stages.

    `protected_by`: required checks or approvals (stage or gate ids) that guard the way in.
    """

    triggers: tuple[Trigger, ...] = ()
    protected_by: tuple[Id, ...] = ()


class Artifact(Entry):
    """What is built once and promoted."""

    component: Id
    kind: ArtifactKind
    identity: Identity
    attestations: tuple[Attestation, ...] = ()


class Consumed(Record):
    """An artifact that a stage takes; `reference` is how the stage names it."""

    artifact: Id
    reference: Identity


class HealthCheck(Record):
    """How the platform learns that a new version is up."""

    kind: HealthKind
    target: str | None = None
    period: Duration | None = None
    timeout: Duration | None = None
    because: str | None = None

    @model_validator(mode="after")
    def _none_says_why(self) -> "HealthCheck":
        if self.kind == "none" and not self.because:
            raise ValueError("a health check of kind 'none' needs `because`")
        return self


class Stage(Entry):
    """A maximal run of consecutive steps of one kind in one job."""

    kind: StageKind
    pipeline: Id
    component: Id | None = None
    environment: Id | None = None
    exposure: Exposure | None = None
    needs: tuple[Id, ...] = ()
    optional_needs: tuple[Id, ...] = ()
    runs: tuple[str, ...] = ()
    produces: tuple[Id, ...] = ()
    consumes: tuple[Consumed, ...] = ()
    waits: bool | None = None
    health_check: HealthCheck | None = None
    action: str | None = None
    on_failure: Id | None = None
    asserts: tuple[Assertion, ...] = ()


class Step(Record):
    """One step of a stepped strategy.

    The share of traffic in percent, how long it holds, what judges it and how often.
    """

    traffic: Percent
    hold: Duration
    interval: Duration | None = None
    judged_by: tuple[str, ...] = ()
    scope: Scope = "whole-service"


class StepCost(Record):
    """What a wholly failed release costs at a step, in percent of the window's error budget."""

    traffic: Percent
    detection: Duration
    rollback: Duration
    budget_spent: Number
    events: Number | None = None


class ExposureCost(Record):
    """The cost of every step; `worst` is of the steps a release must pass before everyone meets it."""

    slo: Id
    steps: tuple[StepCost, ...]
    worst: Number


class ComponentStrategy(Entry):
    """How one component is rolled out in one environment."""

    component: Id
    environment: Id
    kind: StrategyKind
    mechanism: str
    requires: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    because: RiskLevel
    exposure: ExposureCost | None = None


class DeployStrategy(Record):
    """The rollout strategies of all components; its own summary is the interface's `deployStrategy`."""

    summary: Text = ""
    text: Text | None = None
    components: tuple[ComponentStrategy, ...] = ()


class FailsOn(Record):
    """When a gate stops the release: `metric` at least, or below, a bound (a number, or a severity word)."""

    metric: str
    at_least: str | None = None
    below: str | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> "FailsOn":
        if (self.at_least is None) == (self.below is None):
            raise ValueError("give exactly one of `atLeast` and `below`")
        return self


class QualityGate(Entry):
    """A check that a release must pass; `blocking` is false when it runs but cannot stop the release."""

    kind: GateKind
    component: Id
    stage: Id
    tool: str
    fails_on: FailsOn
    blocking: bool
    owner: str | None = None


class RollbackTrigger(Record):
    """A measurable signal (slo: alert: stage: metric: platform:) and what about it starts a rollback."""

    signal: str
    comparison: str
    burn_rate: Number | None = None
    value: Number | None = None
    window: Duration | None = None
    scope: Scope | None = None


class DataPlan(Record):
    """What happens to data when the code goes back."""

    stance: DataStance
    note: str | None = None


class Rollback(Entry):
    """How a component in an environment is taken back, when, by whom and within what time."""

    component: Id
    environment: Id
    triggers: tuple[RollbackTrigger, ...] = ()
    mechanism: str
    restores: Restores
    automatic: bool
    owner: str | None = None
    time_limit: Duration | None = None
    data: DataPlan | None = None
