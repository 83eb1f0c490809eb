"""PlatformOpsPlan: the one type that describes both what a repository does today and what it should do."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from itertools import chain
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, TypeAlias, TypedDict, TypeVar, cast

from pydantic import ConfigDict, Field

from platform_operations.model.delivery import (
    Artifact,
    Component,
    DeployStrategy,
    Entry,
    Environment,
    Owner,
    Pipeline,
    QualityGate,
    Rollback,
    Stage,
)
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.record import Document, Instant, Record, Uri, digest
from platform_operations.model.reliability import (
    Alert,
    Assumption,
    DriftCheck,
    NotApplicable,
    ObservabilityPillar,
    RolloutStep,
    Runbook,
    Slo,
)
from platform_operations.model.words import RiskLevel

SCHEMA: Literal["platform-ops/plan@1"] = "platform-ops/plan@1"

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "components": "components",
        "environments": "environments",
        "pipelines": "pipelines",
        "artifacts": "artifacts",
        "pipelineStages": "pipeline_stages",
        "deployStrategy": "deploy_strategy",
        "qualityGates": "quality_gates",
        "rollbackPlan": "rollback_plan",
        "observabilityPillars": "observability_pillars",
        "slos": "slos",
        "alerts": "alerts",
        "runbooks": "runbooks",
        "driftChecks": "drift_checks",
    }
)
"""The sections of entries, wire name to field name, in wire order.

deployStrategy's entries are its `components`.
"""

SEED_SECTIONS = (
    "pipelineStages",
    "deployStrategy",
    "qualityGates",
    "rollbackPlan",
    "observabilityPillars",
    "slos",
    "alerts",
)
"""The seven fields of the seed's interface."""


class RiskProfile(Record):
    """How much a bad release would hurt, by stated rules.

    A person may override it (then the evidence is user:...).
    """

    level: RiskLevel
    reasons: tuple[str, ...] = ()
    evidence: tuple[Uri, ...] = ()


class Target(Record):
    """What the plan is for. `as_of` is the time that all judgements of age use."""

    name: str
    commit: Annotated[str | None, Field(pattern=r"^[0-9a-f]{40}$")] = None
    as_of: Instant | None = None
    risk_profile: RiskProfile


class Verdict(Record):
    """A stored verdict: information only, whoever relies on it validates again."""

    valid: bool
    rule_set: str
    plan: str


class Provenance(Record):
    """Who drafted the plan from which assessment. Not part of the plan's hash."""

    drafter: Literal["embedded", "claude", "claude+embedded", "person"] = "person"
    model: str | None = None
    assessment: str | None = None
    repaired: tuple[str, ...] = ()
    verdict: Verdict | None = None


class Interface(TypedDict):
    """The seed's exact shape: strings only."""

    pipelineStages: list[str]
    deployStrategy: str
    qualityGates: list[str]
    rollbackPlan: list[str]
    observabilityPillars: list[str]
    slos: list[str]
    alerts: list[str]


T = TypeVar("T")
_Named: TypeAlias = tuple[tuple[str, Entry], ...]
_FIELD: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: frozenset({at}) for name, at in SECTIONS.items()}
)


class Plan(Record):
    """A PlatformOpsPlan, wire format platform-ops/plan@1."""

    model_config = ConfigDict(ignored_types=(cached_property,))

    schema_: Annotated[Literal["platform-ops/plan@1"], Field(alias="schema")] = SCHEMA
    target: Target
    components: tuple[Component, ...] = ()
    environments: tuple[Environment, ...] = ()
    owners: tuple[Owner, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    pipeline_stages: tuple[Stage, ...] = ()
    deploy_strategy: DeployStrategy = DeployStrategy()
    quality_gates: tuple[QualityGate, ...] = ()
    rollback_plan: tuple[Rollback, ...] = ()
    observability_pillars: tuple[ObservabilityPillar, ...] = ()
    slos: tuple[Slo, ...] = ()
    alerts: tuple[Alert, ...] = ()
    runbooks: tuple[Runbook, ...] = ()
    drift_checks: tuple[DriftCheck, ...] = ()
    rollout: tuple[RolloutStep, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()
    evidence: tuple[LedgerEntry, ...] = ()
    provenance: Provenance = Provenance()

    def section(self, name: str) -> tuple[Entry, ...]:
        """Return the entries of a section by its wire name."""
        if name == "deployStrategy":
            return self.deploy_strategy.components
        return cast("tuple[Entry, ...]", getattr(self, SECTIONS[name]))

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield (`section/id`, entry) for every entry of every section, in wire order."""
        yield from self._named

    @cached_property
    def _named(self) -> _Named:
        return tuple(
            chain.from_iterable(
                self.kept(f"named {name}", _FIELD[name], partial(_named_in, section=name))
                for name in SECTIONS
            )
        )

    def kept(self, name: str, fields: frozenset[str], make: "Callable[[Plan], T]") -> T:
        """Return what `make` gives of the plan, worked out once from `fields` alone.

        Copies that replace none of them keep it: a remedy changes one entry of hundreds.
        """
        known: dict[str, tuple[frozenset[str], Any]] = vars(self).setdefault("_kept", {})
        if name not in known:
            known[name] = (fields, make(self))
        return cast("T", known[name][1])

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with fields replaced, which keeps what was worked out from the others."""
        copied = super().model_copy(update=update, deep=deep)
        known: dict[str, tuple[frozenset[str], Any]] = vars(self).get("_kept", {})
        if known and not deep:
            rests = {name: row for name, row in known.items() if row[0].isdisjoint(update or ())}
            vars(copied)["_kept"] = rests
        return copied

    @cached_property
    def by_name(self) -> Mapping[str, Entry]:
        """Every entry by its `section/id`."""
        return dict(self._named)

    @cached_property
    def ledger(self) -> Mapping[str, LedgerEntry]:
        """The evidence ledger by URI."""
        return self.kept("ledger", frozenset({"evidence"}), _ledger_of)

    @cached_property
    def cited(self) -> Mapping[str, tuple[str, str]]:
        """Every URI that an entry cites, with the section and id of the first that does."""
        return self.kept("cited", _CITING, _cited_in)

    def citations(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield every URI that is cited, with the section and id of what cites it."""
        for name, entry in self.entries():
            if entry.evidence:
                section, _, entry_id = name.partition("/")
                yield from ((uri, (section, entry_id)) for uri in entry.evidence)
        yield from ((uri, ("target", "riskProfile")) for uri in self.target.risk_profile.evidence)
        yield from ((uri, ("owners", owner.id)) for owner in self.owners for uri in owner.evidence)
        yield from ((slo.baseline, ("slos", slo.id)) for slo in self.slos if slo.baseline)
        yield from ((alert.backtest, ("alerts", alert.id)) for alert in self.alerts if alert.backtest)

    def with_section(self, name: str, entries: tuple[Entry, ...]) -> "Plan":
        """Return the plan with the entries of one section replaced."""
        if name == "deployStrategy":
            strategy = self.deploy_strategy.model_copy(update={"components": entries})
            return self.model_copy(update={"deploy_strategy": strategy})
        return self.model_copy(update={SECTIONS[name]: entries})

    def with_entry(self, name: str, entry: Entry) -> "Plan":
        """Return the plan with `entry` in section `name`.

        In the place of the entry of that id, else at the end.
        """
        entries = self.section(name)
        if any(other.id == entry.id for other in entries):
            return self.with_section(
                name, tuple(entry if other.id == entry.id else other for other in entries)
            )
        return self.with_section(name, (*entries, entry))

    def without_entry(self, name: str, entry_id: str) -> "Plan":
        """Return the plan without the entry `entry_id` of section `name`."""
        return self.with_section(name, tuple(entry for entry in self.section(name) if entry.id != entry_id))

    def interface(self) -> Interface:
        """Return the seed's seven keys.

        Each entry's summary in order; deployStrategy's is its own summary.
        """
        lists = {
            name: [entry.summary for entry in self.section(name)]
            for name in SEED_SECTIONS
            if name != "deployStrategy"
        }
        ordered = {
            name: self.deploy_strategy.summary if name == "deployStrategy" else lists[name]
            for name in SEED_SECTIONS
        }
        return cast("Interface", ordered)

    def document(self) -> Document:
        """Return the wire form: every section, even when empty, and `target.commit`, even when null."""
        body = super().document()
        ordered: Document = {}
        for field, info in type(self).model_fields.items():
            alias = info.alias or field
            ordered[alias] = body.get(alias, [])
        target: Document = {"name": self.target.name, "commit": self.target.commit, "asOf": self.target.as_of}
        ordered["target"] = {**target, "riskProfile": body["target"]["riskProfile"]}
        ordered["deployStrategy"].setdefault("components", [])
        return ordered

    def hash(self) -> str:
        """Return `sha256:` of the sorted-key compact JSON of the plan without `provenance`."""
        document = self.document()
        document.pop("provenance")
        return digest(document)


def _ledger_of(plan: Plan) -> Mapping[str, LedgerEntry]:
    return {entry.uri: entry for entry in plan.evidence}


_CITING = frozenset({"target", "owners", *SECTIONS.values()})


def _cited_in(plan: Plan) -> Mapping[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for uri, place in plan.citations():
        found.setdefault(uri, place)
    return found


def _named_in(plan: Plan, section: str) -> _Named:
    return tuple((f"{section}/{entry.id}", entry) for entry in plan.section(section))


def plan_schema() -> Document:
    """Return the JSON Schema of the wire format."""
    schema: dict[str, Any] = Plan.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": SCHEMA}
