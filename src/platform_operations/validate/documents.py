"""From a document, as parsed from YAML or JSON, to a plan or to the findings that say why it is none."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, NamedTuple, cast

from pydantic import ValidationError

from platform_operations.model.finding import Finding
from platform_operations.model.plan import SCHEMA, SECTIONS, SEED_SECTIONS, Plan
from platform_operations.model.record import Document
from platform_operations.validate.registry import BY_ID

MOST_FINDINGS = 200

_BECOMES = {
    "pipelineStages": (
        "{id, kind: build|test|analyze|package|publish|provision|migrate|deploy|promote|verify|"
        "approve|rollback, pipeline, component, needs, runs}"
    ),
    "deployStrategy": (
        "{components: [{id, component, environment, mechanism, because, "
        "kind: rolling|blue-green|canary|feature-flag|recreate|atomic-promote|publish}]}"
    ),
    "qualityGates": "{id, kind, component, stage, tool, failsOn: {metric, atLeast}, blocking}",
    "rollbackPlan": (
        "{id, component, environment, triggers: [{signal, comparison}], mechanism, restores, automatic, "
        "owner, timeLimit}"
    ),
    "observabilityPillars": (
        "{id, pillar: metrics|logs|traces, component, tool, instrumentation, correlation}"
    ),
    "slos": (
        "{id, component, sli: {kind, source, good, total}, objective, window, status, baseline, budgetPolicy}"
    ),
    "alerts": "{id, component, kind, severity, owner, route, runbook, and windows or expression and for}",
}


class Read(NamedTuple):
    """A document with the plan that was read from it."""

    document: Document
    plan: Plan


def read_document(document: object, before: Read | None = None) -> Plan | tuple[Finding, ...]:
    """Return the plan that a document holds, or every `plan-malformed` or `entry-untyped` finding.

    What says the same as in the document read `before` is taken from that plan, with all that was worked out from it.
    """
    if not isinstance(document, dict):
        return (_malformed("", f"a plan is a mapping with the key schema: {SCHEMA}, not {_kind(document)}"),)
    fields = cast("Document", document)
    untyped = tuple(_untyped(fields))
    if untyped:
        return untyped
    schema = fields.get("schema")
    if schema != SCHEMA:
        return (
            _malformed("/schema", f"schema is {schema!r}; this version reads {SCHEMA!r}", allowed=(SCHEMA,)),
        )
    try:
        return _plan(fields) if before is None else _edited(fields, before)
    except ValidationError as error:
        rows = [
            _from_pydantic(fields, cast("Document", row))
            for row in error.errors(include_url=False, include_input=True)
        ]
        return tuple(sorted(rows, key=lambda row: row.at)[:MOST_FINDINGS])


def _plan(fields: Document) -> Plan:
    return Plan.model_validate(fields, by_alias=True, by_name=False)


_MISSING = object()


def _edited(fields: Document, before: Read) -> Plan:
    """Return the plan of a document that differs in some fields, and in some entries of them, from one read before."""
    mixed, changed = dict(fields), set[str]()
    for name, info in Plan.model_fields.items():
        key = info.alias or name
        new, old = fields.get(key, _MISSING), before.document.get(key, _MISSING)
        read: object = getattr(before.plan, name)
        if new == old:
            mixed[key] = read
            continue
        changed.add(name)
        if isinstance(new, list) and isinstance(old, list):
            mixed[key] = _mixed(cast("list[Any]", new), cast("list[Any]", old), cast("tuple[Any, ...]", read))
    try:
        plan = _plan(mixed)
    except ValidationError:
        # Told in the words of the document alone.
        return _plan(fields)
    return before.plan.model_copy(update={name: getattr(plan, name) for name in changed})


def _mixed(new: list[Any], old: list[Any], read: tuple[Any, ...]) -> list[Any]:
    rows = zip_longest(new, old, read, fillvalue=_MISSING)
    return [entry if row == was else row for row, was, entry in rows if row is not _MISSING]


def _untyped(fields: Document) -> Iterator[Finding]:
    rule = BY_ID["entry-untyped"]
    for section in SEED_SECTIONS:
        value = fields.get(section)
        rows = (
            [("", value)]
            if section == "deployStrategy"
            else list(enumerate(cast("list[Any]", value)))
            if isinstance(value, list)
            else []
        )
        for index, row in rows:
            if isinstance(row, str):
                at = f"/{section}" if index == "" else f"/{section}/{index}"
                yield Finding(
                    rule=rule.id,
                    severity="error",
                    constraint="truth",
                    at=at,
                    message=f"{row[:120]!r} is plain text; it must become {_BECOMES[section]} with evidence",
                    repair=f"reference rules/{rule.id}#repair",
                )


def _from_pydantic(fields: Document, row: Document) -> Finding:
    path = [
        step for step in cast("tuple[str | int, ...]", row["loc"]) if not str(step).startswith("function-")
    ]
    at = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
    kind = str(row["type"])
    allowed: tuple[str, ...] = ()
    expected = cast("Document", row.get("ctx") or {}).get("expected")
    if kind == "literal_error" and isinstance(expected, str):
        allowed = tuple(word.strip(" '") for word in expected.replace(" or ", ",").split(","))
    message = {
        "extra_forbidden": f"unknown field {path[-1]!r}" if path else "unknown field",
        "missing": f"field {path[-1]!r} is missing" if path else "a field is missing",
        "string_type": f"{_shown(row.get('input'))} must be text; put numbers and dates in quotes",
    }.get(kind, str(row["msg"]).removeprefix("Value error, "))
    if kind == "literal_error":
        message = f"{_shown(row.get('input'))} is none of {', '.join(allowed)}"
    elif kind == "string_pattern_mismatch":
        message = (
            f"{_shown(row.get('input'))} is not written as the format asks: "
            f"{cast('Document', row['ctx'])['pattern']}"
        )
    return _malformed(at, message, entry=_entry(fields, path), allowed=allowed)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _entry(fields: Document, path: list[str | int]) -> str | None:
    inside: Any = fields
    if not path or path[0] not in SECTIONS:
        return None
    steps = path[:3] if path[0] == "deployStrategy" else path[:2]
    for step in steps:
        try:
            inside = inside[step]
        except (KeyError, IndexError, TypeError):
            return None
    name = cast("Document", inside).get("id") if isinstance(inside, dict) else None
    return f"{path[0]}/{name}" if isinstance(name, str) else None


def _malformed(at: str, message: str, *, entry: str | None = None, allowed: tuple[str, ...] = ()) -> Finding:
    return Finding(
        rule="plan-malformed",
        severity="error",
        constraint="truth",
        at=at,
        entry=entry,
        message=message,
        repair="reference rules/plan-malformed#repair",
        allowed=allowed,
    )


def _kind(value: object) -> str:
    for kind, words in ((list, "a list"), (str, "text"), (bool, "true or false"), (int | float, "a number")):
        if isinstance(value, kind):
            return words
    return "nothing"
