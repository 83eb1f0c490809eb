"""Truth: what the plan says of today is so, its citations hold, its summaries say what its fields say."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import cast

from platform_operations.model.delivery import Entry
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.reliability import Alert
from platform_operations.model.summary import BARE_NUMBER, PLACEHOLDER, strategy_summary, summary_of
from platform_operations.patterns import regex
from platform_operations.validate.compose.observed import backtest_entry, observation_entry
from platform_operations.validate.compose.standard import tried_as
from platform_operations.validate.edits import amend, cite, united
from platform_operations.validate.rule import Review, Violation, rule
from platform_operations.validate.rules.exposure import forged_costs
from platform_operations.validate.rules.provenance import unsupported


@rule("truth")
def existing_contradicted(review: Review) -> Iterator[Violation]:
    """An entry's origin or changes are not what comparing it with today gives."""
    today = review.as_is
    if today is None:
        return
    before = today.by_name
    yield from _relabelled_risk(review, today)
    for name, entry in review.plan.entries():
        section, _, entry_id = name.partition("/")
        known = before.get(name)
        if known is None:
            if entry.origin != "proposed":
                yield Violation(
                    (section, entry_id, "origin"),
                    f"{name} is called {entry.origin}, and today has no such entry",
                    allowed=("proposed",),
                )
            continue
        changes = review.differences[name]
        origin = "changed" if changes else "existing"
        source = next((uri for uri in known.evidence if uri.startswith("repo:")), None)
        if entry.origin != origin:
            differs = f"differs from today in {', '.join(changes)}" if changes else "is as it is today"
            yield Violation(
                (section, entry_id, "origin"),
                f"{name} is called {entry.origin}, and {differs}",
                allowed=(origin,),
                source=source,
            )
        elif set(entry.changes) != set(changes):
            yield Violation(
                (section, entry_id, "changes"),
                f"{name} says that {', '.join(entry.changes) or 'nothing'} changed; it is "
                f"{', '.join(changes)}",
                allowed=changes,
                source=source,
            )


def _relabelled_risk(review: Review, today: Plan) -> Iterator[Violation]:
    """Yield where the risk is another than the assessment found, and no user said so."""
    if review.plan.target.name != today.target.name:
        yield Violation(
            ("target", "name"),
            f"the plan is for {review.plan.target.name!r}; the repository is called {today.target.name!r}",
            repair=lambda plan: plan.model_copy(
                update={"target": plan.target.model_copy(update={"name": today.target.name})}
            ),
            allowed=(today.target.name,),
            severity="warning",
        )
    said, found = review.plan.target.risk_profile, today.target.risk_profile
    if said.level != found.level and not any(uri.startswith("user:") for uri in said.evidence):
        yield Violation(
            ("target", "riskProfile", "level"),
            f"the risk is called {said.level}; the repository shows {found.level} ({', '.join(found.reasons)})",
            repair=lambda plan: plan.model_copy(
                update={"target": plan.target.model_copy(update={"risk_profile": found})}
            ),
            allowed=(found.level,),
        )


@rule("truth")
def evidence_contradicted(review: Review) -> Iterator[Violation]:
    """A summary that its fields do not give, a wording with its own number, or an altered ledger entry."""
    yield from _wordings(review)
    wanted = review.plan.kept(
        "strategy summary", frozenset({"deploy_strategy", "evidence"}), strategy_summary
    )
    if review.plan.deploy_strategy.summary != wanted:
        yield Violation(
            ("deployStrategy", "summary"),
            f"the strategy's summary is not what its fields give: {wanted!r}",
            allowed=(wanted,),
        )
    yield from forged_costs(review)
    bare = _bare_number(review.plan.deploy_strategy.text)
    if bare:
        yield Violation(
            ("deployStrategy", "text"),
            f"the wording of the strategy has the number {bare!r} of its own; numbers come from fields",
        )
    for entry in review.plan.evidence:
        if entry.uri.startswith("metric:") and entry.hash != _own_hash(entry):
            yield Violation(
                ("evidence", entry.uri, "hash"), f"the ledger entry {entry.uri} does not hash to what it says"
            )
        measured = _measured(review, entry.uri)
        if measured is not None and entry.hash != measured:
            yield Violation(
                ("evidence", entry.uri), f"the ledger entry {entry.uri} is not what the assessment measured"
            )


_own_hash = cast("Callable[[LedgerEntry], str]", lru_cache(maxsize=1024)(LedgerEntry.own_hash))
"""Frozen records are hashable, which their type does not say; hashing one anew costs more than most rules."""


def _measured(review: Review, uri: str) -> str | None:
    if review.assessment is None or not uri.startswith("metric:"):
        return None
    if uri.startswith("metric:backtest-"):
        tested = backtest_entry(review, uri.removeprefix("metric:backtest-"))
        return tested.hash if tested is not None else None
    row = review.assessment.observations.get(uri.removeprefix("metric:"))
    return observation_entry(row).hash if row is not None else None


def _bare_number(text: str | None) -> str | None:
    found = BARE_NUMBER.search(PLACEHOLDER.sub("", text)) if text else None
    return found[0] if found else None


def _wordings(review: Review) -> Iterator[Violation]:
    """Yield wordings with numbers of their own, and all summaries at once that nobody generated after an edit."""
    old: list[tuple[str, Entry, str]] = []
    for section, field in SECTIONS.items():
        # Placeholders of a wording name fields of its entry and entries of the ledger.
        fields = frozenset({field, "evidence"})
        for entry, bare, wanted in review.plan.kept(f"odd {section}", fields, partial(_odd, section=section)):
            if bare:
                yield Violation(
                    (section, entry.id, "text"),
                    f"the wording of {section}/{entry.id} has the number {bare!r} of its own; numbers come from "
                    "fields, as in {objective}",
                )
            if entry.summary != wanted:
                old.append((section, entry, wanted))
    if not old:
        return
    section, entry, wanted = old[0]
    what = f"the summary of {section}/{entry.id} is not what its fields give: {wanted!r}"
    if len(old) > 1:
        names = ", ".join(f"{section}/{entry.id}" for section, entry, _ in old)
        what = f"{len(old)} summaries are not what the fields of their entries give ({names}); {what}"
    yield Violation(
        (section, entry.id, "summary"), f"{what}; `validate --fix` writes it anew", allowed=(wanted,)
    )


def _odd(plan: Plan, section: str) -> tuple[tuple[Entry, str | None, str], ...]:
    """Return the entries with a number of their own in the wording, or another summary than the fields give."""
    rows = (
        (entry, _bare_number(entry.text), summary_of(section, entry, plan)) for entry in plan.section(section)
    )
    return tuple(row for row in rows if row[1] or row[0].summary != row[2])


@rule("truth")
def claim_unsupported(review: Review) -> Iterator[Violation]:
    """An entry that claims to exist today cites nothing, or an alert hides what the history says of it."""
    for name, entry in review.plan.entries():
        section, _, entry_id = name.partition("/")
        if entry.origin == "proposed" or any(not uri.startswith("reference:") for uri in entry.evidence):
            continue
        what = "only what is written about the field" if entry.evidence else "nothing"
        yield Violation((section, entry_id, "evidence"), f"{name} is called {entry.origin} and cites {what}")
    yield from unsupported(review)
    if review.assessment is None:
        return
    tested = {row.name for row in review.assessment.backtests if row.status in {"ok", "noisy"}}
    for alert in review.plan.alerts:
        name = tried_as(alert, review.plan)
        if name != alert.id and f"alerts/{name}" in review.plan.by_name:
            continue
        if name in tested and alert.backtest != f"metric:backtest-{name}":
            yield Violation(
                ("alerts", alert.id, "backtest"),
                f"alert {alert.id!r} was tried on the measured history and does not say what came of it",
                repair=lambda plan, alert=alert: _with_backtest(review, plan, alert),
                allowed=(f"metric:backtest-{name}",),
            )


def _with_backtest(review: Review, plan: Plan, alert: Alert) -> Plan | None:
    entry = backtest_entry(review, tried_as(alert, plan))
    if entry is None:
        return None
    evidence = united(alert.evidence, (entry.uri,))
    return amend(cite(plan, entry), "alerts", alert.id, backtest=entry.uri, evidence=evidence)


@rule("truth")
def evidence_unresolved(review: Review) -> Iterator[Violation]:
    """A citation that the ledger does not list or gives no hash of, or whose lines do not exist."""
    for uri, (section, entry_id) in review.plan.cited.items():
        state = review.citations.get(uri) if review.citations is not None else None
        if uri not in review.plan.ledger:
            yield Violation(
                (section, entry_id, "evidence"),
                f"{section}/{entry_id} cites {uri!r}, which the ledger does not list",
            )
        elif _unhashed(review.plan.ledger[uri]) and (state is None or state.state != "missing"):
            yield Violation(
                (section, entry_id, "evidence"),
                f"{section}/{entry_id} cites {uri!r}, and its ledger entry has no sha256: nothing says what stood "
                "there; `validate --repo PATH --fix` writes it",
            )
        elif state is not None and state.state == "missing":
            yield Violation(
                (section, entry_id, "evidence"),
                f"{section}/{entry_id} cites {uri!r}: {state.reason or 'there are no such lines'}",
            )


def _unhashed(entry: LedgerEntry) -> bool:
    return entry.sha256 is None and not entry.uri.startswith("metric:")


@rule("truth")
def evidence_stale(review: Review) -> Iterator[Violation]:
    """Lines that are there, but no longer say what was cited."""
    for uri, (section, entry_id) in review.plan.cited.items():
        state = review.citations.get(uri) if review.citations is not None else None
        entry = review.plan.ledger.get(uri)
        if state is not None and state.state == "stale" and entry is not None and not _unhashed(entry):
            yield Violation(
                (section, entry_id, "evidence"),
                f"{section}/{entry_id} cites {uri!r}, which says something else now; assess the "
                "repository again",
                source=uri if uri.startswith("repo:") else None,
            )


@rule("truth")
def evidence_unchecked(review: Review) -> Iterator[Violation]:
    """Citations that nobody looked up."""
    if review.citations is None:
        return
    unseen = [
        uri
        for uri in review.plan.cited
        if (found := review.citations.get(uri)) and found.state == "unchecked"
    ]
    if unseen:
        yield Violation(
            ("evidence",),
            f"{len(unseen)} citations were not looked up, {unseen[0]!r} the first; give --repo and "
            "--metrics, or keep assessment.json beside the plan",
        )


@rule("truth")
def constraint_unproven(review: Review) -> Iterator[Violation]:
    """Something that a constraint hangs on could not be read, so nobody knows whether it holds."""
    for fact in review.assessment.facts if review.assessment else ():
        if fact.outcome != "unknown" or not _stands_in_the_way(fact.subject, fact.aspect):
            continue
        key = f"{fact.subject}#{fact.aspect}"
        what = fact.subject.removeprefix("file:")
        yield Violation(
            ("pipelineStages",),
            f"{what} could not be read ({fact.reason}), so the way to production is not known; mend it, "
            f"or answer {key!r} in platform-ops.toml [facts]",
            question=(fact.subject, fact.aspect) if review.today else None,
            source=fact.evidence[0] if fact.evidence else None,
        )


_PIPELINE_FILE = regex(
    r"(^|/)(\.github/workflows/|\.gitlab-ci|\.circleci/|azure-pipelines|Jenkinsfile|\.buildkite/|bitbucket-pipelines)"
)


def _stands_in_the_way(subject: str, aspect: str) -> bool:
    return (
        aspect == "readable"
        and subject.startswith("file:")
        and bool(_PIPELINE_FILE.search(subject.removeprefix("file:")))
    )


@rule("truth", "warning")
def file_unreadable(review: Review) -> Iterator[Violation]:
    """A file of the repository that could not be read, so that what it says is unknown."""
    for fact in review.assessment.facts if review.assessment else ():
        if fact.aspect == "readable" and fact.outcome == "unknown" and fact.subject.startswith("file:"):
            if not review.today and _stands_in_the_way(fact.subject, fact.aspect):
                continue
            yield Violation(
                ("evidence",),
                f"{fact.subject.removeprefix('file:')} could not be read: {fact.reason}",
                source=fact.evidence[0] if fact.evidence else None,
            )
