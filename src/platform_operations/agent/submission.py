"""From what a model hands in to a plan: only its choices are taken, everything that can be computed is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from platform_operations.draft import derived
from platform_operations.model.assessment import Assessment
from platform_operations.model.evidence import LedgerEntry, repo_entry, repo_place
from platform_operations.model.finding import Finding, Findings
from platform_operations.model.plan import SCHEMA, SECTIONS, Plan
from platform_operations.model.record import Document, sha256
from platform_operations.repository import Unreadable, cited_lines
from platform_operations.resources import reference_section
from platform_operations.toolbox import Target, judged
from platform_operations.validate import Review, read_document, well_formed
from platform_operations.validate.rules.truth import cited

COMPUTED = frozenset({"schema", "target", "owners", "rollout", "evidence", "provenance"})
"""Parts of a plan that are never the model's to write."""

ENTRY_COMPUTED = frozenset({"summary", "origin", "changes"})


@dataclass(frozen=True, slots=True)
class Submission:
    """What came of handing in a plan: the plan as far as it could be read, and the verdict on it."""

    plan: Plan | None
    findings: Findings

    @property
    def errors(self) -> frozenset[tuple[str, str | None, str]]:
        """The errors, as a set to compare with the one before."""
        return frozenset(
            (finding.rule, finding.entry, finding.message)
            for finding in self.findings.findings
            if finding.severity == "error"
        )


def submitted(document: object, target: Target, assessment: Assessment) -> Submission:
    """Return the verdict on a whole plan that a model wrote."""
    if not isinstance(document, dict):
        return _refused(read_document(document))
    return _judged(_cleaned(cast("Document", document), assessment), target, assessment)


def revised(
    plan: Plan | None, sections: object, remove: object, target: Target, assessment: Assessment
) -> Submission:
    """Return the verdict on `plan` with entries put in by id and others taken out."""
    base = (plan or assessment.as_is).document()
    document = {key: value for key, value in base.items() if key not in COMPUTED}
    upserts = cast("Document", sections) if isinstance(sections, dict) else {}
    for name, entries in upserts.items():
        if name in {"assumptions", "notApplicable"}:
            document[name] = entries
        elif name == "deployStrategy":
            rows = cast("Document", entries).get("components", []) if isinstance(entries, dict) else entries
            known = cast("Document", document["deployStrategy"])
            document["deployStrategy"] = {**known, "components": _merged(known.get("components", []), rows)}
        else:
            document[name] = _merged(document.get(name, []), entries)
    for name in cast("list[Any]", remove) if isinstance(remove, list) else []:
        _take_out(document, str(name))
    return _judged(_cleaned(document, assessment), target, assessment)


def _merged(known: object, rows: object) -> object:
    if not isinstance(known, list) or not isinstance(rows, list):
        return rows
    by_id: dict[str, Any] = {}
    for row in cast("list[Any]", known):
        by_id[str(row.get("id"))] = row
    for row in cast("list[Any]", rows):
        key = str(row.get("id")) if isinstance(row, dict) else repr(row)
        before = by_id.get(key)
        by_id[key] = {**before, **row} if isinstance(before, dict) and isinstance(row, dict) else row
    return list(by_id.values())


def _take_out(document: Document, name: str) -> None:
    section, _, entry_id = name.partition("/")
    holder = cast("Document", document.get("deployStrategy", {})) if section == "deployStrategy" else document
    key = "components" if section == "deployStrategy" else section
    rows = holder.get(key)
    if section in SECTIONS and isinstance(rows, list):
        holder[key] = [
            row
            for row in cast("list[Any]", rows)
            if not (isinstance(row, dict) and row.get("id") == entry_id)
        ]


def _cleaned(document: Document, assessment: Assessment) -> Document:
    """Return the document with the model's choices, and the assessment's words where they are not its to choose."""
    today = assessment.as_is.document()
    kept = {key: value for key, value in document.items() if key not in COMPUTED}
    for section in SECTIONS:
        value = kept.get(section)
        if section == "deployStrategy" and isinstance(value, dict):
            fields = cast("Document", value)
            kept[section] = {
                **{key: item for key, item in fields.items() if key != "summary"},
                "components": _without_computed(fields.get("components")),
            }
        elif value is not None:
            kept[section] = _without_computed(value)
    return {"schema": SCHEMA, "target": today["target"], "owners": today["owners"], **kept}


def _without_computed(rows: object) -> object:
    if not isinstance(rows, list):
        return rows
    return [
        {key: item for key, item in cast("Document", row).items() if key not in ENTRY_COMPUTED}
        if isinstance(row, dict)
        else row
        for row in cast("list[Any]", rows)
    ]


def _judged(document: Document, target: Target, assessment: Assessment) -> Submission:
    read = read_document(document)
    if not isinstance(read, Plan):
        return _refused(read)
    plan = read.model_copy(update={"evidence": tuple(_ledger(read, target, assessment))})
    if well_formed(plan):
        plan = derived(plan, assessment)
        plan = plan.model_copy(update={"evidence": tuple(_ledger(plan, target, assessment))})
    return Submission(plan, judged(plan, assessment, target.repository, target.ignores))


def _refused(found: "Plan | tuple[Finding, ...]") -> Submission:
    findings = found if isinstance(found, tuple) else ()
    return Submission(None, Findings(valid=False, evidence="unchecked", findings=findings))


def _ledger(plan: Plan, target: Target, assessment: Assessment) -> Iterable[LedgerEntry]:
    """Yield a ledger entry for every citation that resolves: the assessment's own, lines that exist, reference sections.

    A model reads more than detectors do, so lines it cites need not be known yet; what does not exist stays unlisted
    and is a finding.
    """
    from platform_operations.validate.compose.observed import backtest_entry, observation_entry

    known = {entry.uri: entry for entry in (*assessment.evidence, *assessment.as_is.evidence)}
    known |= {(entry := observation_entry(row)).uri: entry for row in assessment.baseline}
    review = Review(plan, assessment)
    for row in assessment.backtests:
        entry = backtest_entry(review, row.name)
        if entry is not None:
            known[entry.uri] = entry
    for uri in sorted(cited(review)):
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
