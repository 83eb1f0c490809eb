"""Complete a hand-written plan with what nobody writes by hand: summaries, origins, ledger, cost of steps, rollout.

    python -m evals.seal CASE

prints the whole plan that `good.yaml` of a case stands for. What is written there is laid on today's plan: an entry of
a known id takes the fields that are not written from today, a field of null is taken away, a new id is a new entry;
`retired` lists entries of today (`section/id`) that go. Everything else stays as it is.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, cast

from evals.case import Document, Looked, looked, read

from platform_operations.documents import plan_text
from platform_operations.draft import derived
from platform_operations.model.evidence import LedgerEntry, repo_entry, repo_place
from platform_operations.model.finding import Finding
from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.record import sha256
from platform_operations.repository import Unreadable, cited_lines
from platform_operations.resources import reference_section
from platform_operations.validate import Review, read_document
from platform_operations.validate.compose.observed import backtest_entry, observation_entry

GENERATED = ("summary", "origin", "changes")


def good_plan(found: Looked) -> Plan:
    """Return the hand-written plan of a case, completed; an AssertionError says what is no plan in it."""
    written = read(found.case.folder / "good.yaml")
    return sealed(written, found)


def sealed(written: Document, found: Looked) -> Plan:
    """Return the plan that a document laid on today's plan is."""
    document = _laid(found.assessment.as_is.document(), written)
    made = read_document({**document, "rollout": [], "evidence": []})
    assert isinstance(made, Plan), _told(made)
    provenance = made.provenance.model_copy(
        update={"drafter": "person", "assessment": found.assessment.hash()}
    )
    made = made.model_copy(update={"provenance": provenance})
    made = made.model_copy(update={"evidence": tuple(_ledger(made, found))})
    return derived(made, found.assessment)


def _told(findings: tuple[Finding, ...]) -> str:
    return "\n".join(f"{row.rule} {row.at}: {row.message}" for row in findings)


def _laid(today: Document, written: Document) -> Document:
    gone = {name.partition("/")[::2] for name in written.get("retired") or ()}
    document = dict(today)
    for section in SECTIONS:
        whole: Any = document.get(section)
        rows = _rows(whole["components"] if section == "deployStrategy" and whole else whole)
        kept = {row["id"]: _bare(row) for row in rows if (section, row["id"]) not in gone}
        for row in _rows(written.get(section)):
            kept[row["id"]] = _merged(kept.get(row["id"], {}), row)
        done = list(kept.values())
        document[section] = {"components": done} if section == "deployStrategy" else done
    strategy = written.get("strategyText")
    if strategy is not None:
        document["deployStrategy"]["text"] = strategy
    for name in ("owners", "assumptions", "notApplicable"):
        document[name] = [*_rows(document.get(name)), *_rows(written.get(name))]
    return document


def _rows(value: object) -> list[Document]:
    return cast("list[Document]", value or [])


def _bare(row: Document) -> Document:
    return {key: value for key, value in row.items() if key not in GENERATED}


def _merged(old: Mapping[str, Any], row: Document) -> Document:
    merged = {**old, **row}
    return {key: value for key, value in merged.items() if value is not None}


def _ledger(plan: Plan, found: Looked) -> Iterator[LedgerEntry]:
    review = Review(plan, found.assessment)
    known = {entry.uri: entry for entry in found.assessment.evidence}
    for uri in sorted({*review.plan.cited, *(uri for row in plan.not_applicable for uri in row.evidence)}):
        entry = known.get(uri) or _looked_up(review, found, uri)
        assert entry is not None, f"{uri} cannot be looked up"
        yield entry


def _looked_up(review: Review, found: Looked, uri: str) -> LedgerEntry | None:
    place = repo_place(uri)
    if place is not None:
        text = found.target.repository.read(place.path)
        lines = None if isinstance(text, Unreadable) else cited_lines(text, place.first, place.last)
        return repo_entry(uri, lines) if lines is not None else None
    if uri.startswith("reference:"):
        section = reference_section(uri.removeprefix("reference:"))
        return LedgerEntry(uri=uri, sha256=sha256(section)) if section is not None else None
    name = uri.removeprefix("metric:")
    if name.startswith("backtest-"):
        return backtest_entry(review, name.removeprefix("backtest-"))
    row = found.assessment.observations.get(name)
    return observation_entry(row) if row is not None else None


def main() -> None:
    """Print the completed plan of the case that is named."""
    print(plan_text(good_plan(looked(sys.argv[1]))), end="")


if __name__ == "__main__":
    main()
