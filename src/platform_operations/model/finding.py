"""Findings: what the validator says, in the words of platform-ops/findings@1."""

from typing import Annotated, Literal

from pydantic import Field

from platform_operations.model.record import Document, Record
from platform_operations.model.words import Constraint, Severity


class Finding(Record):
    """One defect of a plan.

    `at` is an RFC 6901 pointer into the document as given, `entry` the `section/id` it belongs to, `repair`
    what to do, `allowed` the values that would do, `source` a `repo:` URI where the defect shows in the
    repository.
    """

    rule: str
    severity: Severity
    constraint: Constraint
    at: str
    entry: str | None = None
    message: str
    repair: str | None = None
    allowed: tuple[str, ...] = ()
    source: str | None = None


class Question(Record):
    """What nobody could see.

    `key` is what the user answers in `[facts]`; `constraint` the one that hangs on it.
    """

    key: str
    subject: str
    aspect: str
    constraint: Constraint
    reason: str
    text: str


class Findings(Record):
    """The verdict on one plan. `on_user_word`: how many constraints rest on the user's word alone."""

    schema_: Annotated[Literal["platform-ops/findings@1"], Field(alias="schema")] = "platform-ops/findings@1"
    valid: bool
    evidence: Literal["checked", "unchecked"]
    on_user_word: int = 0
    findings: tuple[Finding, ...] = ()

    def document(self) -> Document:
        """Return the wire form: `findings` even when empty, `source` and `entry` even when null."""
        body = super().document()
        rows = [finding_document(finding) for finding in self.findings]
        return {**body, "findings": rows}


def finding_document(finding: Finding) -> Document:
    """Return a finding's wire form with every key of the contract present."""
    body = finding.document()
    empty: Document = {"entry": None, "repair": None, "allowed": [], "source": None}
    order = ("rule", "severity", "constraint", "at", "entry", "message", "repair", "allowed", "source")
    merged = {**empty, **body}
    return {key: merged[key] for key in order}
