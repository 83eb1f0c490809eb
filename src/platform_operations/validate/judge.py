"""From violations to a verdict: pointers, questions, the user's word, ignored findings, order."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple, TypeAlias, cast

from platform_operations.model.assessment import Assessment
from platform_operations.model.evidence import Citation
from platform_operations.model.finding import Finding, Findings, Question
from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.words import Constraint, Severity
from platform_operations.validate.registry import BY_ID, CONSTRAINTS, RULES
from platform_operations.validate.rule import Path, Review, Rule, Violation
from platform_operations.validate.structure import defects


class Ignore(NamedTuple):
    """A finding that the user accepts.

    Of a rule, on one entry (None: on all), for a reason, until a day (None: open).
    """

    rule: str
    reason: str
    entry: str | None = None
    expires: str | None = None


class Verdict(NamedTuple):
    """What reviewing a plan gave.

    Its findings, the questions nobody could answer, the constraints on the user's word.
    """

    findings: tuple[Finding, ...]
    questions: tuple[Question, ...]
    on_user_word: frozenset[str]

    @property
    def valid(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.severity != "error" for finding in self.findings)


def validate(
    plan: Plan,
    assessment: Assessment | None = None,
    citations: Mapping[str, Citation] | None = None,
    ignores: tuple[Ignore, ...] = (),
) -> Findings:
    """Return the verdict on a plan. The same input gives the same findings, all at once, in the rules' order.

    `citations` says what looking up each cited URI gave; without it citations are taken as listed and the
    verdict says that the evidence is unchecked.
    """
    verdict = judge(Review(plan, assessment, citations), ignores)
    return Findings(
        valid=verdict.valid,
        evidence="unchecked" if citations is None or _unseen(citations) else "checked",
        on_user_word=len(verdict.on_user_word),
        findings=verdict.findings,
    )


def _unseen(citations: Mapping[str, Citation]) -> bool:
    return any(citation.state == "unchecked" for citation in citations.values())


def gaps(assessment: Assessment, ignores: tuple[Ignore, ...] = ()) -> Verdict:
    """Return what the rules say of today: findings are gaps, and what could not be seen are questions."""
    return judge(Review(assessment.as_is, assessment, today=True), ignores)


def judge(review: Review, ignores: tuple[Ignore, ...] = ()) -> Verdict:
    """Return everything that the rules say of the plan under review."""
    malformed = tuple(
        _finding(review, BY_ID["plan-malformed"], violation) for violation in defects(review.plan)
    )
    if malformed:
        return Verdict(malformed, (), frozenset())
    findings: list[tuple[_Place, Finding]] = []
    questions: dict[str, Question] = {}
    on_word: set[str] = set()
    for rule, violation in _violations(review):
        state = _answer(review, violation)
        if state == "user":
            on_word.add(rule.constraint)
            continue
        if state == "open" and review.today:
            question = _question(rule, violation)
            questions.setdefault(question.key, question)
            continue
        unproven = state == "open" and rule.constraint in CONSTRAINTS
        said = _unproven(rule, violation) if unproven else violation
        reported = BY_ID["constraint-unproven"] if unproven else rule
        findings.append((_place(reported, said), _finding(review, reported, said, rule.constraint)))
    live, expired = _divided(ignores, review.plan.target.as_of)
    findings += [
        (_place(_EXPIRED, said), _finding(review, _EXPIRED, said)) for said in map(_expired, expired)
    ]
    rows = _without_implied([row for _, row in sorted(findings, key=lambda item: item[0])])
    return Verdict(
        tuple(row for row in rows if not _ignored(row, live)),
        tuple(questions.values()),
        frozenset(on_word & CONSTRAINTS),
    )


_Place: TypeAlias = tuple[int, int, str, str]
_EXPIRED = BY_ID["ignore-expired"]
_ORDER = {rule.id: index for index, rule in enumerate(RULES)}
_SECTION = {name: index for index, name in enumerate(("target", "owners", *SECTIONS, "rollout", "evidence"))}


def _violations(review: Review) -> Iterator[tuple[Rule, Violation]]:
    for rule in RULES:
        for violation in rule.check(review):
            yield rule, violation


def _place(rule: Rule, violation: Violation) -> _Place:
    """Return where a finding is listed: by rule, section and id, never by the text of its pointer."""
    section, entry, *_ = (*violation.at, "", "")
    return (_ORDER[rule.id], _SECTION.get(str(section), len(_SECTION)), str(entry), violation.message)


def _answer(review: Review, violation: Violation) -> str:
    """Return `open` where nobody could see what it hangs on, `user` where the user says that it holds."""
    if violation.question is None:
        return "seen"
    fact = review.fact(*violation.question)
    if fact is None:
        return "seen"
    if fact.outcome == "unknown":
        return "seen" if _decided_by_the_plan(review, violation) else "open"
    said = fact.outcome == "present" and any(uri.startswith("user:") for uri in fact.evidence)
    return "user" if said else "seen"


def _decided_by_the_plan(review: Review, violation: Violation) -> bool:
    """Whether the place is of an entry that the plan adds or changes: what it says there is its own choice."""
    if review.today or len(violation.at) < 2:
        return False
    entry = review.plan.by_name.get(f"{violation.at[0]}/{violation.at[1]}")
    return entry is not None and entry.origin != "existing"


def _question(rule: Rule, violation: Violation) -> Question:
    subject, aspect = violation.question or ("", "")
    return Question(
        key=f"{subject}#{aspect}",
        subject=subject,
        aspect=aspect,
        constraint=rule.constraint,
        reason=violation.message,
        text=f"{violation.message[0].upper()}{violation.message[1:]}. If it is there after all, where the repository "
        f'cannot show it, say so in platform-ops.toml: [facts] "{subject}#{aspect}" = "yes"; if it is not: "no".',
    )


def _unproven(rule: Rule, violation: Violation) -> Violation:
    subject, aspect = violation.question or ("", "")
    message = (
        f"{rule.id} cannot be ruled out, because {subject}#{aspect} could not be seen: {violation.message}"
    )
    return Violation(violation.at, message, None, violation.repair, violation.allowed, violation.source)


def _finding(
    review: Review, rule: Rule, violation: Violation, constraint: Constraint | None = None
) -> Finding:
    section = str(violation.at[0]) if violation.at else ""
    name = f"{section}/{violation.at[1]}" if len(violation.at) >= 2 else None
    named = name in review.plan.by_name
    return Finding(
        rule=rule.id,
        severity=severity_of(review, rule, violation),
        constraint=constraint or rule.constraint,
        at=pointer(review.plan, violation.at),
        entry=name if named else None,
        message=violation.message,
        repair=f"reference rules/{rule.id}#repair",
        allowed=violation.allowed,
        source=violation.source or (_shown(review, name) if review.today else None),
    )


def _shown(review: Review, name: str | None) -> str | None:
    """Return the first line of the repository that an entry of today rests on."""
    entry = review.plan.by_name.get(name or "")
    uris = cast("tuple[str, ...]", getattr(entry, "evidence", ()))
    return next((uri for uri in uris if uri.startswith("repo:")), None)


def severity_of(review: Review, rule: Rule, violation: Violation) -> Severity:
    """Return how much a violation weighs. A user can raise any rule, and lower one of the workflow.

    What a constraint or the truth asks for is never lowered in passing: accepting that takes an ignore with a reason.
    """
    own = violation.severity or rule.severity
    said = review.value("rules", rule.id)
    if said == "error" or (said == "warning" and lowerable(rule)):
        return said
    return own


def lowerable(rule: Rule) -> bool:
    """Whether a user may make a warning of a rule without giving a reason."""
    return rule.constraint == "workflow"


def pointer(plan: Plan, at: Path) -> str:
    """Return the RFC 6901 pointer of a place in the plan's document."""
    if not at:
        return ""
    section, *rest = at
    steps: list[str | int] = [section]
    if rest:
        index = _index(plan, str(section)).get(str(rest[0]))
        if index is not None:
            if section == "deployStrategy":
                steps.append("components")
            steps.append(index)
            rest = rest[1:]
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in (*steps, *rest))


def _index(plan: Plan, section: str) -> Mapping[str, int]:
    """Return where each id of a section stands; kept with the plan, since one that is full of defects asks often."""
    fields = frozenset({SECTIONS.get(section, section)})
    return plan.kept(f"where {section}", fields, partial(_positions, section=section))


def _positions(plan: Plan, section: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for at, name in enumerate(_ids(plan, section)):
        found.setdefault(name, at)
    return found


def _ids(plan: Plan, section: str) -> list[str]:
    if section in SECTIONS:
        return [entry.id for entry in plan.section(section)]
    lists: Mapping[str, list[str]] = {
        "owners": [owner.id for owner in plan.owners],
        "rollout": [step.id for step in plan.rollout],
        "assumptions": [note.id for note in plan.assumptions],
        "evidence": [entry.uri for entry in plan.evidence],
    }
    return lists.get(section, [])


def _without_implied(findings: list[Finding]) -> list[Finding]:
    fired = {(finding.rule, finding.entry) for finding in findings}
    return [
        finding
        for finding in findings
        if finding.entry is None
        or not any((other, finding.entry) in fired for other in BY_ID[finding.rule].implied_by)
    ]


def _divided(ignores: tuple[Ignore, ...], as_of: str | None) -> tuple[tuple[Ignore, ...], tuple[Ignore, ...]]:
    """Return the ignores that hold and those that are over; without a time nothing is over."""
    over = {
        ignore
        for ignore in ignores
        if ignore.expires is not None and as_of is not None and ignore.expires < as_of[:10]
    }
    return tuple(ignore for ignore in ignores if ignore not in over), tuple(
        ignore for ignore in ignores if ignore in over
    )


def _expired(ignore: Ignore) -> Violation:
    on = f" on {ignore.entry}" if ignore.entry else ""
    return Violation(
        ("target",), f"the ignore of {ignore.rule}{on} ({ignore.reason}) expired on {ignore.expires}"
    )


def _ignored(finding: Finding, ignores: tuple[Ignore, ...]) -> bool:
    return any(
        ignore.rule == finding.rule and ignore.entry in {None, finding.entry} and finding.rule != _EXPIRED.id
        for ignore in ignores
    )
