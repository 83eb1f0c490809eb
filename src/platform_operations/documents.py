"""Documents on their way in and out: YAML and JSON read within bounds, and written the same every time."""

import json
from typing import Any, cast

from platform_operations.errors import InputError
from platform_operations.model.assessment import Assessment, Fact
from platform_operations.model.baseline import Backtest, Observation
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.finding import finding_document
from platform_operations.model.plan import Plan
from platform_operations.repository.yaml_lines import Broken, Node, TooLarge, plain, read_yaml
from platform_operations.validate import RULES, Verdict

ASSESSMENT = "platform-ops/assessment@1"
PRACTICES = (
    "dockerfile",
    "codeowners",
    "runbooks",
    "slos",
    "alerts",
    "rollback",
    "stagedVerification",
    "securityScan",
    "dependencyScan",
    "artifactPinning",
    "healthChecks",
    "postDeployValidation",
    "migrations",
    "driftCheck",
)


def parsed(text: str, name: str, limit: int) -> Any:
    """Return what a JSON or YAML text holds; YAML scalars stay text but for true, false, null and whole numbers.

    Raises:
        InputError: the text is larger than `limit` bytes, neither JSON nor YAML, or several documents.
    """
    if len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit:
        raise InputError(f"{name} is larger than {limit // (1024 * 1024)} MiB; no plan is")
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass
    found = read_yaml(text)
    if isinstance(found, Broken):
        raise InputError(f"{name} is neither JSON nor YAML: line {found.line}: {found.reason}")
    if len(found) != 1:
        raise InputError(f"{name} holds {len(found)} documents; give exactly one")
    try:
        plain(found[0])
    except TooLarge as error:
        raise InputError(f"{name} cannot be read: {error}") from None
    return _typed(found[0])


def _typed(node: Node) -> Any:
    if node.kind == "map":
        return {key.text: _typed(value) for key, value in node.pairs}
    if node.kind == "list":
        return [_typed(item) for item in node.items]
    if node.null:
        return None
    if not node.quoted and node.text in {"true", "false"}:
        return node.text == "true"
    if not node.quoted and node.text.isascii() and node.text.isdigit() and len(node.text) < 16:
        return int(node.text)
    return node.text


def json_text(document: Any) -> str:
    """Return a document as JSON, two spaces deep, unescaped, ended by one LF."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def yaml_text(document: Any) -> str:
    """Return a document as YAML that reads back as the same document."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            del data
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            del indentless
            return super().increase_indent(flow, False)

    return yaml.dump(
        document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )


def plan_text(plan: Plan) -> str:
    """Return a plan as YAML."""
    return yaml_text(plan.document())


def _row(fact: Fact) -> dict[str, Any]:
    return {
        "outcome": fact.outcome,
        "strength": fact.strength,
        "reason": fact.reason,
        "evidence": list(fact.evidence),
    }


def _fact(fact: Fact) -> dict[str, Any]:
    row = {"subject": fact.subject, "aspect": fact.aspect, **_row(fact)}
    return {**row, "value": fact.value} if fact.value is not None else row


def assessment_document(assessment: Assessment, verdict: Verdict) -> dict[str, Any]:
    """Return the document platform-ops/assessment@1, with today's gaps and questions."""
    plan = assessment.as_is.document()
    unseen: dict[str, Any] = {
        "outcome": "unknown",
        "strength": None,
        "reason": "not looked for",
        "evidence": [],
    }
    practices = {fact.aspect: _row(fact) for fact in assessment.about("practices")}
    return {
        "schema": ASSESSMENT,
        "hash": assessment.hash(),
        "target": plan["target"],
        "facts": [_fact(fact) for fact in assessment.facts],
        **{
            name: [
                {"id": fact.aspect, "evidence": list(fact.evidence)}
                for fact in assessment.about(name)
                if fact.outcome == "present"
            ]
            for name in ("ci", "platforms", "languages", "observability")
        },
        "practices": {name: practices.get(name, unseen) for name in PRACTICES},
        "components": plan["components"],
        "alerts": [_seen_alert(row.model_dump(mode="json", by_alias=True)) for row in assessment.alerts],
        "baseline": [row.model_dump(mode="json", by_alias=True) for row in assessment.baseline],
        "backtests": [row.model_dump(mode="json", by_alias=True) for row in assessment.backtests],
        "evidence": [entry.document() for entry in assessment.evidence],
        "asIs": plan,
        "gaps": [finding_document(finding) for finding in verdict.findings],
        "questions": [question.document() for question in verdict.questions],
    }


def rules_document() -> list[dict[str, str]]:
    """Return every rule: id, severity, constraint and page."""
    return [
        {"id": rule.id, "severity": rule.severity, "constraint": rule.constraint, "page": rule.page}
        for rule in RULES
    ]


def _seen_alert(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "kind": row["kind"] or "unknown"}


def read_assessment(text: str, name: str, limit: int = 64 * 1024 * 1024) -> Assessment:
    """Return the assessment that a document platform-ops/assessment@1 holds.

    Raises:
        InputError: the text is no such document, or its hash is not of what it holds.
    """
    document = parsed(text, name, limit)
    fields = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    if fields.get("schema") != ASSESSMENT:
        raise InputError(f"{name} is no {ASSESSMENT}: its schema is {fields.get('schema')!r}")
    try:
        assessment = Assessment.model_validate(
            {
                "facts": fields["facts"],
                "evidence": [LedgerEntry.model_validate(row) for row in fields["evidence"]],
                "baseline": [Observation.model_validate(row) for row in fields["baseline"]],
                "backtests": [Backtest.model_validate(row) for row in fields["backtests"]],
                "alerts": [
                    {**row, "kind": None if row["kind"] == "unknown" else row["kind"]}
                    for row in fields["alerts"]
                ],
                "as_is": Plan.model_validate(fields["asIs"], by_alias=True, by_name=False),
            }
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{name} cannot be read: {' '.join(str(error).split())[:200]}") from None
    if assessment.hash() != fields.get("hash"):
        raise InputError(
            f"{name} was altered: it does not hash to {fields.get('hash')!r}; assess the repository again"
        )
    return assessment
