"""The reliability half of a plan: what is observed, what is promised, who is woken and what they then do."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from platform_operations.model.delivery import Entry
from platform_operations.model.record import Duration, Id, Number, Percent, Record, Uri
from platform_operations.model.words import (
    AlertKind,
    AlertSeverity,
    Effort,
    Pillar,
    RiskLevel,
    SliKind,
    SliSource,
    SloStatus,
)


class ObservabilityPillar(Entry):
    """One signal type of a component and how it is produced, kept and correlated."""

    pillar: Pillar
    component: Id
    tool: str
    instrumentation: str | None = None
    correlation: tuple[str, ...] = ()
    retention: Duration | None = None
    sampling: Percent | None = None
    dashboards: tuple[str, ...] = ()


class Sli(Record):
    """What is measured. `$window` in the queries stands for the range that baselines and alerts put in."""

    kind: SliKind
    source: SliSource
    good: str | None = None
    total: str | None = None
    threshold_seconds: Number | None = None
    slice: Duration | None = None


class BudgetPolicy(Record):
    """Who decides, and what happens, when the error budget burns slowly or is exhausted."""

    owner: str
    exhausted: str
    slow: str | None = None
    review: Duration | None = None


class Slo(Entry):
    """A service level objective over an SLI; it has an objective exactly when its baseline supports one."""

    component: Id
    sli: Sli
    objective: Percent | None = None
    observed: Percent | None = None
    window: Duration
    status: SloStatus
    baseline: Uri | None = None
    budget_policy: BudgetPolicy | None = None
    owner: str | None = None
    by: str | None = None

    @model_validator(mode="after")
    def _objective_matches_status(self) -> "Slo":
        if (self.objective is None) != (self.status == "needs-baseline"):
            raise ValueError("`objective` is present exactly when `status` is not 'needs-baseline'")
        if self.objective is not None and Decimal(self.objective) >= 100:
            raise ValueError(f"an objective of {self.objective}% leaves no error budget; it is below 100")
        return self


class BurnWindow(Record):
    """A pair of windows that must both burn faster than `factor`."""

    long: Duration
    short: Duration
    factor: Number


class Alert(Entry):
    """What wakes someone or opens a ticket; `kind` is left out where the classifier says unknown."""

    component: Id
    kind: AlertKind | None = None
    slo: Id | None = None
    windows: tuple[BurnWindow, ...] = ()
    expression: str | None = None
    for_: Annotated[Duration | None, Field(alias="for")] = None
    time_to_impact: Duration | None = None
    severity: AlertSeverity
    owner: str | None = None
    route: str | None = None
    runbook: Id | None = None
    backtest: Uri | None = None


class Runbook(Entry):
    """What a page leads to: a file of the repository, a URL, or text that the plan proposes."""

    path: str | None = None
    url: str | None = None
    impact: str | None = None
    confirm: tuple[str, ...] = ()
    mitigate: tuple[str, ...] = ()
    rollback: Id | None = None
    escalate: str | None = None
    owner: str | None = None


class DriftCheck(Entry):
    """What is compared with what, how often, by whom."""

    what: str
    tool: str
    schedule: str
    owner: str | None = None


class RolloutStep(Record):
    """One prioritised step from as-is to to-be; `implements` and `retires` name entries as `section/id`."""

    id: Id
    order: Annotated[int, Field(ge=1)]
    summary: str
    implements: tuple[str, ...] = ()
    retires: tuple[str, ...] = ()
    after: tuple[Id, ...] = ()
    owner: str | None = None
    effort: Effort
    risk: RiskLevel
    acceptance: str


class Assumption(Record):
    """What had to be assumed: `about` is the open question it answers, `fills` the fields that rest on it."""

    id: Id
    statement: str
    about: str | None = None
    fills: tuple[str, ...] = ()
    confirm_with: str | None = None


class NotApplicable(Record):
    """Why a section or a constraint does not apply to a component; checked against the component's types."""

    section: str | None = None
    constraint: str | None = None
    component: Id | None = None
    because: str
    evidence: tuple[Uri, ...] = ()

    @model_validator(mode="after")
    def _one_subject(self) -> "NotApplicable":
        if (self.section is None) == (self.constraint is None):
            raise ValueError("give exactly one of `section` and `constraint`")
        return self
