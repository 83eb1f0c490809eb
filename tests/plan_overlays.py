"""Plans for tests: the base plans under tests/plans/, and overlays on them. The notation is told in test_rule_pages.py.

`python -m tests.plan_overlays` writes what is generated (summaries, origins, ledger) into the base plans.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import yaml

from platform_operations.model.assessment import Assessment, Fact
from platform_operations.model.baseline import Backtest, Observation
from platform_operations.model.difference import changed_entries, retired_entries, with_origins
from platform_operations.model.evidence import Citation, CitationState, LedgerEntry
from platform_operations.model.finding import Finding
from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.record import sha256
from platform_operations.model.reliability import RolloutStep
from platform_operations.model.summary import summarised
from platform_operations.validate import Ignore, Review, judge, read_document
from platform_operations.validate.compose.observed import backtest_entry, observation_entry

Document: TypeAlias = dict[str, Any]

PLANS = Path(__file__).parent / "plans"
OURS = frozenset({"base", "also", "assessment", "citations", "ignores"})
TOLD = ("summary", "origin", "changes", "evidence")
NAMED = frozenset({"owners", "rollout", "assumptions", *SECTIONS})


@dataclass(frozen=True, slots=True)
class Case:
    """A plan with all that judging it takes; `refused` are the findings of a document that holds no plan."""

    plan: Plan | None
    assessment: Assessment | None
    citations: Mapping[str, Citation]
    ignores: tuple[Ignore, ...] = ()
    refused: tuple[Finding, ...] = ()

    def findings(self) -> tuple[Finding, ...]:
        """Return what the full validator says."""
        if self.plan is None:
            return self.refused
        return judge(Review(self.plan, self.assessment, self.citations), self.ignores).findings


def case(block: Document | None = None) -> Case:
    """Return the case that an overlay describes; without one the base plan `minimal` as it is."""
    block = block or {}
    base = str(block.get("base", "minimal"))
    written = {key: value for key, value in block.items() if key not in OURS}
    document = overlaid(_read(f"{base}.yaml"), written)
    read = read_document(document)
    if not isinstance(read, Plan):
        return Case(None, None, {}, refused=read)
    assessment = _assessment(base, document, cast("Document", block.get("assessment") or {}))
    plan = _generated(read, assessment, written)
    states = cast("dict[str, CitationState]", block.get("citations") or {})
    citations = {uri: Citation(uri, states.get(uri, "holds")) for uri in plan.cited}
    ignores = tuple(Ignore(**row) for row in cast("list[Document]", block.get("ignores") or []))
    return Case(plan, assessment, citations, ignores)


def base_case(name: str) -> Case:
    """Return a base plan as it is."""
    return case({"base": name})


def bases() -> tuple[str, ...]:
    """Return the names of the base plans."""
    return tuple(sorted(path.stem for path in PLANS.glob("*.yaml") if "." not in path.stem))


def overlaid(document: Document, overlay: Document) -> Document:
    """Return a plan document with an overlay on it."""
    result = dict(document)
    for key, value in overlay.items():
        old = result.get(key)
        if key == "deployStrategy" and isinstance(value, dict):
            result[key] = _strategy(cast("Document", old), cast("Document", value))
        elif key in {*NAMED, "evidence"} and isinstance(value, dict):
            rows = cast("list[Document]", old or [])
            result[key] = _rows(rows, cast("Document", value), "uri" if key == "evidence" else "id")
        else:
            result[key] = merged(old, value)
    return result


def _strategy(old: Document, overlay: Document) -> Document:
    fields = {key: value for key, value in overlay.items() if not isinstance(value, dict | None)}
    rows = {key: value for key, value in overlay.items() if key not in fields}
    return {**old, **fields, "components": _rows(old.get("components") or [], rows, "id")}


def _rows(old: list[Document], overlay: Document, name: str) -> list[Document]:
    rows = {row[name]: row for row in old}
    for key, value in overlay.items():
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = merged(rows.get(key, {name: key}), value)
    return list(rows.values())


def merged(old: Any, new: Any) -> Any:
    """Return `new` on `old`: mappings key by key, a null takes the key away, anything else replaces."""
    if not isinstance(new, dict):
        return new
    result: Document = dict(cast("Document", old)) if isinstance(old, dict) else {}
    for key, value in cast("Document", new).items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _read(name: str) -> Document:
    return cast("Document", yaml.safe_load((PLANS / name).read_text(encoding="utf-8")))


def _assessment(base: str, plan: Document, overlay: Document) -> Assessment:
    seen = _read(f"{base}.assessment.yaml")
    today: object = overlay.get("asIs") or {}
    if today == "base":
        plan, today = _read(f"{base}.yaml"), {}
    document = overlaid(overlaid(plan, cast("Document", seen.get("asIs") or {})), cast("Document", today))
    read = read_document({**document, "rollout": []})
    assert isinstance(read, Plan), f"today is no plan: {read}"
    rows = {
        name: merged(seen.get(name, {}), overlay.get(name) or {})
        for name in ("facts", "baseline", "backtests")
    }
    assessment = Assessment(
        facts=tuple(_fact(key, value) for key, value in rows["facts"].items()),
        baseline=tuple(Observation(id=key, **_fields(row)) for key, row in rows["baseline"].items()),
        backtests=tuple(Backtest(name=key, **_fields(row)) for key, row in rows["backtests"].items()),
        as_is=read,
    )
    as_is = summarised(with_origins(_ledgered(read, assessment, {}), read))
    known = {entry.uri for entry in as_is.evidence}
    seen_too = sorted({uri for fact in assessment.facts for uri in fact.evidence} - known)
    ledger = (*as_is.evidence, *(LedgerEntry(uri=uri, sha256=sha256(uri)) for uri in seen_too))
    return assessment.model_copy(update={"as_is": as_is, "evidence": ledger})


def _fields(row: Document) -> Document:
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): value for key, value in row.items()}


def _fact(key: str, value: Document) -> Fact:
    subject, _, aspect = key.rpartition("#")
    return Fact(subject=subject, aspect=aspect, **value)


def _generated(plan: Plan, assessment: Assessment, written: Document) -> Plan:
    """Return the plan with everything generated that the overlay does not write itself."""
    whole = summarised(
        _completed(_ledgered(with_origins(plan, assessment.as_is), assessment, written), assessment, written)
    )
    for section in SECTIONS:
        rows = _mapping(written.get(section))
        for name in rows:
            entry, row = whole.by_name.get(f"{section}/{name}"), _mapping(rows[name])
            if entry is not None:
                told = {key: _frozen(row[key]) for key in TOLD if key in row}
                whole = whole.with_entry(section, entry.model_copy(update=told))
    said = _mapping(written.get("deployStrategy")).get("summary")
    if isinstance(said, str):
        strategy = whole.deploy_strategy.model_copy(update={"summary": said})
        whole = whole.model_copy(update={"deploy_strategy": strategy})
    return whole


def _mapping(value: object) -> Document:
    return cast("Document", value) if isinstance(value, dict) else {}


def _frozen(value: object) -> object:
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value


def _ledgered(plan: Plan, assessment: Assessment, written: Document) -> Plan:
    """Return the plan whose ledger lists what it cites: measured entries as measured, others with a hash."""
    told = cast("Document", written.get("evidence") or {})
    known = {entry.uri: entry for entry in plan.evidence}
    review = Review(plan, assessment)
    uris = {*plan.cited, *(uri for row in plan.not_applicable for uri in row.evidence)}
    rows: list[LedgerEntry] = []
    for uri in sorted({*uris, *(uri for uri in known if uri in told)}):
        if uri in told:
            rows.extend([known[uri]] if uri in known else [])
        else:
            rows.append(_measured(review, uri) or LedgerEntry(uri=uri, sha256=sha256(uri)))
    return plan.model_copy(update={"evidence": tuple(rows)})


def _measured(review: Review, uri: str) -> LedgerEntry | None:
    name = uri.removeprefix("metric:")
    if review.assessment is None or name == uri:
        return None
    if name.startswith("backtest-"):
        return backtest_entry(review, name.removeprefix("backtest-"))
    row = review.assessment.observations.get(name)
    return observation_entry(row) if row is not None else None


def _completed(plan: Plan, assessment: Assessment, written: Document) -> Plan:
    """Return the plan whose rollout ends with one step for every difference that no other step is about."""
    if "rollout" in written:
        return plan
    today = assessment.as_is
    planned = {name for step in plan.rollout for name in (*step.implements, *step.retires)}
    rest = tuple(name for name in changed_entries(plan, today) if name not in planned)
    gone = tuple(name for name in retired_entries(plan, today) if name not in planned)
    kept = tuple(_without_gone(step, {*changed_entries(plan, today)}) for step in plan.rollout)
    last = RolloutStep(
        id="the-rest",
        order=len(kept) + 1,
        summary="The rest.",
        implements=rest,
        retires=gone,
        effort="S",
        risk="low",
        acceptance="It is as planned.",
    )
    return plan.model_copy(update={"rollout": (*kept, last) if rest or gone else kept})


def _without_gone(step: RolloutStep, changed: set[str]) -> RolloutStep:
    return step.model_copy(update={"implements": tuple(name for name in step.implements if name in changed)})


def canonical_text(name: str) -> str:
    """Return the text of a base plan with everything generated written out, its first comment kept."""
    text = (PLANS / f"{name}.yaml").read_text(encoding="utf-8")
    comment = "".join(line + "\n" for line in text.splitlines() if line.startswith("#"))
    found = base_case(name)
    assert found.plan is not None, found.refused
    document = found.plan.document()
    kept = {key: value for key, value in document.items() if value not in ([], {"drafter": "person"})}
    return comment + yaml.safe_dump(
        kept, sort_keys=False, width=108, allow_unicode=True, default_flow_style=None
    )


def main() -> None:
    """Write the base plans anew, or only those named."""
    for name in sys.argv[1:] or bases():
        (PLANS / f"{name}.yaml").write_text(canonical_text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
