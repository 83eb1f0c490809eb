"""What a rule is: a small pure function over a review, whose violations may carry their repair."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from platform_operations.model.assessment import Assessment, Fact
from platform_operations.model.delivery import Entry
from platform_operations.model.difference import difference
from platform_operations.model.evidence import Citation
from platform_operations.model.plan import Plan
from platform_operations.model.words import Constraint, Severity
from platform_operations.validate.graph import Graph, graph_of
from platform_operations.validate.relations import Relations

Path: TypeAlias = tuple[str | int, ...]
"""Where in a plan: wire names and entry ids, as in ("pipelineStages", "deploy", "needs")."""

Repair: TypeAlias = Callable[[Plan], Plan | None]
"""Takes a plan to one without this finding, or to None when it knows no way."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a plan breaks a rule.

    `question` names the (subject, aspect) that nobody could see: where that fact is unknown the rule asks
    instead. `source` is the `repo:` URI where the defect shows today.
    """

    at: Path
    message: str
    question: tuple[str, str] | None = None
    repair: Repair | None = None
    allowed: tuple[str, ...] = ()
    source: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True)
class Review:
    """A plan under review, with what is known of the repository.

    `today` is true for the as-is plan itself.
    """

    plan: Plan
    assessment: Assessment | None = None
    citations: Mapping[str, Citation] | None = None
    today: bool = False

    @cached_property
    def graph(self) -> Graph:
        """The plan's stages as a graph."""
        return graph_of(self.plan)

    @cached_property
    def related(self) -> Relations:
        """The plan's entries by what they are about."""
        return Relations(self.plan)

    @cached_property
    def related_today(self) -> Relations | None:
        """Today's entries by what they are about, None where nothing is known of today."""
        return Relations(self.as_is) if self.as_is is not None else None

    @property
    def as_is(self) -> Plan | None:
        """Today's plan, None when there is no assessment or the plan under review is today's."""
        return None if self.today or self.assessment is None else self.assessment.as_is

    @cached_property
    def graph_today(self) -> Graph | None:
        """Today's stages as a graph, None where nothing is known of today."""
        return graph_of(self.as_is) if self.as_is is not None else None

    @cached_property
    def differences(self) -> Mapping[str, tuple[str, ...]]:
        """The fields in which each entry that is there today differs from today, by `section/id`."""
        before: Mapping[str, Entry] = self.as_is.by_name if self.as_is is not None else {}
        return {
            name: difference(before[name], entry) for name, entry in self.plan.entries() if name in before
        }

    @cached_property
    def worked_out(self) -> dict[str, Any]:
        """What several rules compute of this plan, by a name of their own: worked out once."""
        return {}

    def fact(self, subject: str, aspect: str) -> Fact | None:
        """Return what the assessment knows of `aspect` of `subject`, None when nothing was asked."""
        return self.assessment.fact(subject, aspect) if self.assessment else None

    @property
    def budget_share(self) -> str:
        """The share of an error budget, in percent, that one failed release may spend: 10 unless the user says."""
        return self.value("configuration", "budget-share") or "10"

    def value(self, subject: str, aspect: str) -> str | None:
        """Return the value of a present fact, None otherwise."""
        fact = self.fact(subject, aspect)
        return fact.value if fact is not None and fact.outcome == "present" else None


Check: TypeAlias = Callable[[Review], Iterator[Violation]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its identity.

    `implied_by` names rules whose finding on the same entry makes this one redundant.
    """

    id: str
    severity: Severity
    constraint: Constraint
    check: Check
    implied_by: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The rule's page in reference/."""
        return f"rules/{self.id}"


def rule(
    constraint: Constraint, severity: Severity = "error", *, implied_by: tuple[str, ...] = ()
) -> Callable[[Check], Rule]:
    """Return a decorator that makes a rule of a check; the rule's id is the function's name in kebab-case."""

    def declare(check: Check) -> Rule:
        return Rule(check.__name__.replace("_", "-"), severity, constraint, check, implied_by)

    return declare
