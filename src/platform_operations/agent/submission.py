"""From what a model hands in to a plan: only its choices are taken, everything that can be computed is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from platform_operations.agent.assumed import assumed
from platform_operations.draft import derived
from platform_operations.model.assessment import Assessment
from platform_operations.model.evidence import LedgerEntry, repo_entry, repo_place
from platform_operations.model.finding import Finding, Findings
from platform_operations.model.plan import SCHEMA, SECTIONS, Plan
from platform_operations.model.record import Document, canonical, sha256
from platform_operations.repository import Unreadable, cited_lines
from platform_operations.resources import reference_section
from platform_operations.toolbox import Target, judged
from platform_operations.validate import Review, read_document, well_formed
from platform_operations.validate.compose.observed import backtest_entry, observation_entry

COMPUTED = frozenset({"schema", "target", "owners", "rollout", "evidence", "provenance"})
"""Parts of a plan that are never the model's to write."""

ENTRY_COMPUTED = frozenset({"summary", "origin", "changes"})
"""Fields of an entry that follow from others, or from the assessment."""

SEEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "components": ("types", "path", "languages", "dataStores"),
        "environments": ("kind", "url", "region"),
        "artifacts": ("component",),
        "pipelines": ("triggers",),
    }
)
"""Fields in which the repository was read: where today has them, a submission cannot say otherwise."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What came of handing in a plan: the plan as far as it could be read, and the verdict on it.

    `well_formed` says whether rules and remedies can work on it.
    """

    plan: Plan | None
    findings: Findings
    well_formed: bool = False

    @property
    def errors(self) -> frozenset[tuple[str, str | None, str]]:
        """The errors, as a set to compare with the one before."""
        return frozenset(
            (finding.rule, finding.entry, f"{finding.at} {finding.message}")
            for finding in self.findings.findings
            if finding.severity == "error"
        )


def submitted(document: object, target: Target, assessment: Assessment, first: Plan) -> Submission:
    """Return the verdict on a whole plan that a model wrote; `first` is the draft, whose owners are the ones known."""
    if not isinstance(document, dict):
        return _refused(read_document(document))
    return _judged(_cleaned(cast("Document", document), assessment, first), target, assessment, first)


def revised(
    plan: Plan | None, sections: object, remove: object, target: Target, assessment: Assessment, first: Plan
) -> Submission:
    """Return the verdict on `plan` with entries put in by id and others taken out."""
    document = (plan or first).document()
    upserts = cast("Document", sections) if isinstance(sections, dict) else {}
    for name, entries in upserts.items():
        if name == "deployStrategy":
            known = cast("Document", document[name])
            alone: Document = {"components": entries}
            given = cast("Document", entries) if isinstance(entries, dict) else alone
            rows = _merged(known.get("components", []), given.get("components", []))
            document[name] = {**known, **given, "components": rows}
        elif name not in COMPUTED:
            document[name] = _merged(document.get(name, []), entries)
    for name in cast("list[object]", remove) if isinstance(remove, list) else []:
        _take_out(document, str(name))
    return _judged(_cleaned(document, assessment, first), target, assessment, first)


def _merged(known: object, rows: object) -> object:
    """Return known rows with `rows` laid over those of the same id, each field by itself."""
    if not isinstance(known, list) or not isinstance(rows, list):
        return rows
    by_id: dict[str, object] = {_id(row): row for row in cast("list[object]", known)}
    for row in cast("list[object]", rows):
        name = _id(row)
        before = by_id.get(name)
        both = isinstance(before, dict) and isinstance(row, dict)
        by_id[name] = {**cast("Document", before), **cast("Document", row)} if both else row
    return list(by_id.values())


def _id(row: object) -> str:
    name = cast("Document", row).get("id") if isinstance(row, dict) else None
    return name if isinstance(name, str) else canonical(row)


def _take_out(document: Document, name: str) -> None:
    section, _, entry_id = name.partition("/")
    strategy = document.get("deployStrategy")
    holder = (
        cast("Document", strategy) if section == "deployStrategy" and isinstance(strategy, dict) else document
    )
    key = "components" if section == "deployStrategy" else section
    rows = holder.get(key)
    if section in REMOVABLE and isinstance(rows, list):
        holder[key] = [row for row in cast("list[object]", rows) if _id(row) != entry_id]


REMOVABLE = frozenset({*SECTIONS, "assumptions"})


def _cleaned(document: Document, assessment: Assessment, first: Plan) -> Document:
    """Return the document with the model's choices, and the assessment's words where they are not its to choose."""
    today, draft = assessment.as_is.document(), first.document()
    kept = {key: value for key, value in document.items() if key not in COMPUTED}
    for section in SECTIONS:
        value = kept.get(section)
        if section == "deployStrategy" and isinstance(value, dict):
            fields = {key: item for key, item in cast("Document", value).items() if key != "summary"}
            known = cast("Document", today[section]).get("components")
            kept[section] = {**fields, "components": _chosen(fields.get("components", []), known, section)}
        elif value is not None:
            kept[section] = _chosen(value, today.get(section), section)
    if "assumptions" in kept:
        kept["assumptions"] = assumed(kept["assumptions"], assessment, first)
    return {"schema": SCHEMA, "target": draft["target"], "owners": draft["owners"], **kept}


def _chosen(rows: object, today: object, section: str) -> object:
    """Return rows without what is computed; an entry of today keeps what was read of it, and its evidence."""
    if not isinstance(rows, list):
        return rows
    before = {_id(row): cast("Document", row) for row in cast("list[object]", today or [])}
    return [
        _entry(cast("Document", row), before.get(_id(cast("object", row))), section)
        if isinstance(row, dict)
        else row
        for row in cast("list[object]", rows)
    ]


def _entry(row: Document, before: Document | None, section: str) -> Document:
    measured = {"deployStrategy": "exposure", "alerts": "backtest"}.get(section)
    fields = {key: item for key, item in row.items() if key not in ENTRY_COMPUTED and key != measured}
    if before is None:
        return fields
    seen = {key: before[key] for key in SEEN.get(section, ()) if before.get(key)}
    cited = fields.get("evidence")
    if isinstance(cited, list) or cited is None:
        given = cast("list[object]", cited or [])
        known = cast("list[object]", before.get("evidence", []))
        seen["evidence"] = [*known, *(uri for uri in given if uri not in known)]
    return {**fields, **seen}


def _judged(document: Document, target: Target, assessment: Assessment, first: Plan) -> Submission:
    read = read_document(document)
    if not isinstance(read, Plan):
        return _refused(read)
    plan = read.model_copy(update={"evidence": tuple(_ledger(read, target, assessment, first))})
    sound = well_formed(plan)
    if sound:
        plan = _with_backtests(plan, assessment)
        plan = derived(plan, assessment)
        plan = plan.model_copy(update={"evidence": tuple(_ledger(plan, target, assessment, first))})
    return Submission(plan, judged(plan, assessment, target.repository, target.ignores), sound)


def _with_backtests(plan: Plan, assessment: Assessment) -> Plan:
    """Return the plan in which every alert that was tried on the history says what came of it."""
    tested = {row.name for row in assessment.backtests if row.status in {"ok", "noisy"}}
    for alert in plan.alerts:
        if alert.id in tested:
            entry = backtest_entry(Review(plan, assessment), alert.id)
            if entry is not None:
                evidence = tuple(dict.fromkeys((*alert.evidence, entry.uri)))
                update = {"backtest": entry.uri, "evidence": evidence}
                plan = plan.with_entry("alerts", alert.model_copy(update=update))
    return plan


def _refused(found: "Plan | tuple[Finding, ...]") -> Submission:
    findings = found if isinstance(found, tuple) else ()
    return Submission(None, Findings(valid=False, evidence="unchecked", findings=findings))


def _ledger(plan: Plan, target: Target, assessment: Assessment, first: Plan) -> Iterable[LedgerEntry]:
    """Yield a ledger entry for every citation that resolves: the assessment's own, lines that exist, reference sections.

    A model reads more than detectors do, so lines it cites need not be known yet; what does not exist stays unlisted
    and is a finding.
    """
    known = {
        entry.uri: entry for entry in (*first.evidence, *assessment.as_is.evidence, *assessment.evidence)
    }
    known |= {(entry := observation_entry(row)).uri: entry for row in assessment.baseline}
    review = Review(plan, assessment)
    for row in assessment.backtests:
        entry = backtest_entry(review, row.name)
        if entry is not None:
            known[entry.uri] = entry
    for uri in sorted(review.plan.cited):
        entry = known.get(uri) or _looked_up(uri, target)
        if entry is not None:
            yield entry


def _looked_up(uri: str, target: Target) -> LedgerEntry | None:
    if uri.startswith("reference:"):
        section = reference_section(uri.removeprefix("reference:"))
        return LedgerEntry(uri=uri, sha256=sha256(section)) if section is not None else None
    place = repo_place(uri)
    text = target.repository.read(place.path) if place is not None else None
    if place is None or text is None or isinstance(text, Unreadable):
        return None
    lines = cited_lines(text, place.first, place.last)
    return repo_entry(uri, lines) if lines is not None else None
