"""What assessing a repository gave: facts, the evidence for them, baselines, and today's state as a plan."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import cast

from pydantic import ConfigDict

from platform_operations.model.baseline import Backtest, Observation
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.plan import Plan
from platform_operations.model.record import Record, Uri, digest
from platform_operations.model.words import AlertKind, Outcome, Strength


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        rows = (
            cast("dict[str, object]", value).values()
            if isinstance(value, dict)
            else cast("list[object]", value)
        )
        for item in rows:
            yield from _texts(item)


class Fact(Record):
    """One thing the assessment knows, or knows that it could not see.

    `unknown` means nobody could look, `unsupported` that the platform or source cannot have it; neither is
    `absent`. `strength` of a present fact: enforced (blocks), present (runs, cannot block), documented
    (prose). `value` is the typed answer where the aspect is not a yes or no.
    """

    subject: str
    aspect: str
    outcome: Outcome
    strength: Strength | None = None
    value: str | None = None
    reason: str | None = None
    evidence: tuple[Uri, ...] = ()


class SeenAlert(Record):
    """An alert that the repository defines today, as a reader of `assess` sees it."""

    name: str
    kind: AlertKind | None = None
    severity: str | None = None
    runbook: str | None = None
    owner: str | None = None
    route: str | None = None
    source: Uri
    why: str = ""


class Assessment(Record):
    """Facts, evidence, baselines and backtests, and the as-is plan assembled from them."""

    model_config = ConfigDict(ignored_types=(cached_property,))

    facts: tuple[Fact, ...] = ()
    evidence: tuple[LedgerEntry, ...] = ()
    baseline: tuple[Observation, ...] = ()
    backtests: tuple[Backtest, ...] = ()
    alerts: tuple[SeenAlert, ...] = ()
    as_is: Plan

    def hash(self) -> str:
        """Return `sha256:` over facts, evidence, baseline and backtests: not over gaps or the as-is plan."""
        return digest(
            {
                "facts": [fact.document() for fact in self.facts],
                "evidence": [entry.document() for entry in self.evidence],
                "baseline": [row.model_dump(mode="json", by_alias=True) for row in self.baseline],
                "backtests": [row.model_dump(mode="json", by_alias=True) for row in self.backtests],
            }
        )

    @cached_property
    def by_subject(self) -> Mapping[tuple[str, str], Fact]:
        """Every fact by (subject, aspect)."""
        return {(fact.subject, fact.aspect): fact for fact in self.facts}

    @cached_property
    def ledger(self) -> Mapping[str, LedgerEntry]:
        """The evidence by URI."""
        return {entry.uri: entry for entry in self.evidence}

    def fact(self, subject: str, aspect: str) -> Fact | None:
        """Return what is known of `aspect` of `subject`, None when the assessment never asked."""
        return self.by_subject.get((subject, aspect))

    def about(self, subject: str) -> tuple[Fact, ...]:
        """Return every fact of `subject`, in the assessment's order."""
        return tuple(fact for fact in self.facts if fact.subject == subject)

    @cached_property
    def said(self) -> str:
        """Every text of today's plan, of the facts' values and of the alerts, one to a line: what stands somewhere."""
        documents = [self.as_is.document(), *(row.document() for row in self.alerts)]
        return "\n".join([*_texts(documents), *(fact.value for fact in self.facts if fact.value)])

    @cached_property
    def observations(self) -> Mapping[str, Observation]:
        """Every baseline observation by SLI id."""
        return {row.id: row for row in self.baseline}
