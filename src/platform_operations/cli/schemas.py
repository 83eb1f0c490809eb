"""The JSON Schemas of the documents that other programs read."""

from typing import Any

from pydantic import BaseModel

from platform_operations.documents import ASSESSMENT, PRACTICES
from platform_operations.errors import InputError
from platform_operations.model.assessment import Fact, SeenAlert
from platform_operations.model.baseline import Backtest, Observation
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.finding import Finding, Findings, Question
from platform_operations.model.plan import Plan, Target, plan_schema
from platform_operations.model.record import Document

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(name: str) -> Document:
    """Return the JSON Schema of `plan`, `assessment`, `findings` or `metrics`."""
    match name:
        case "plan":
            return plan_schema()
        case "findings":
            return _titled(_findings(), "platform-ops/findings@1")
        case "assessment":
            return _titled(_assessment(), ASSESSMENT)
        case "metrics":
            from platform_operations.metrics.snapshot import Snapshot

            return _titled(Snapshot.model_json_schema(by_alias=True), "platform-ops/metrics@1")
        case _:
            raise InputError(f"there is no document {name!r}")


def _titled(schema: Document, title: str) -> Document:
    return {"$schema": DIALECT, **schema, "title": title}


def _findings() -> Document:
    """Every key is always written, also where it is null."""
    schema = Findings.model_json_schema(by_alias=True)
    schema["required"] = ["schema", "valid", "evidence", "onUserWord", "findings"]
    schema["$defs"]["Finding"]["required"] = list(schema["$defs"]["Finding"]["properties"])
    return schema


class _Parts(BaseModel):
    """Collects the definitions that the document is made of."""

    target: Target
    facts: list[Fact]
    components: list[Component]
    alerts: list[SeenAlert]
    baseline: list[Observation]
    backtests: list[Backtest]
    evidence: list[LedgerEntry]
    as_is: Plan
    gaps: list[Finding]
    questions: list[Question]


def _assessment() -> Document:
    schema = _Parts.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    definitions["SeenAlert"]["properties"]["kind"] = {
        "enum": ["symptom", "cause", "burn-rate", "absence", "imminent", "meta", "unknown"]
    }
    definitions["Finding"]["required"] = list(definitions["Finding"]["properties"])
    properties: dict[str, Any] = schema["properties"]
    properties["asIs"] = properties.pop("as_is")
    uris = {"type": "array", "items": {"type": "string"}}
    seen = _closed({"id": {"type": "string"}, "evidence": uris})
    practice = {
        name: definitions["Fact"]["properties"][name]
        for name in ("outcome", "strength", "reason", "evidence")
    }
    properties |= {
        "schema": {"const": ASSESSMENT},
        "hash": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "practices": _closed({name: _closed(practice) for name in PRACTICES}),
        **{
            name: {"type": "array", "items": seen}
            for name in ("ci", "platforms", "languages", "observability")
        },
    }
    return {"$defs": definitions, **_closed(properties)}


def _closed(properties: Document) -> Document:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
