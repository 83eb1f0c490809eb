"""What a repository shows, packed small for a model: the most telling lines first; what is left out is counted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from platform_operations.model.assessment import Assessment
from platform_operations.model.finding import Finding
from platform_operations.repository import redact
from platform_operations.validate import Verdict

SMALLEST, LARGEST = 9_000, 18_000
FILES = 150
BYTES_A_FILE = 60
SHARE_OF_GAPS = 0.6
SHOWN_OF_A_RULE = 4
LONGEST_LINE = 400


def allowance(files: int) -> int:
    """Return how many bytes a pack may take: 9,000 up to 150 files, 60 more for each further one, at most 18,000."""
    return min(LARGEST, SMALLEST + BYTES_A_FILE * max(0, files - FILES))


def pack(assessment: Assessment, gaps: Verdict, most: int) -> str:
    """Return what the repository shows today in at most `most` bytes of UTF-8, redacted.

    Gaps that need more than their share are told four of a rule, the others of it counted; a list that does not
    fit ends in a line that says how many are missing.
    """
    risk = assessment.as_is.target.risk_profile
    head = _line(f"risk: {risk.level}: {', '.join(risk.reasons)}")
    facts = [*_baselines(assessment), *_facts(assessment)]
    room = most - size_of([head])
    for_gaps = max(int(room * SHARE_OF_GAPS), room - size_of(facts))
    told = [_gap(finding) for finding in gaps.findings]
    if size_of(told) > for_gaps:
        told = list(_by_rule(gaps.findings))
    shown = within_bytes(told, for_gaps, "gaps")
    return "\n".join([head, *shown, *within_bytes(facts, room - size_of(shown), "facts")])


def _line(text: str) -> str:
    return " ".join(redact(text).split())[:LONGEST_LINE]


def _gap(finding: Finding) -> str:
    where = (finding.source or "").removeprefix("repo:")
    return _line(f"gap {finding.rule} {finding.entry or ''}: {finding.message} {where}")


def _by_rule(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the first gaps of each rule, then how many more of it there are."""
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.rule] += 1
        if seen[finding.rule] <= SHOWN_OF_A_RULE:
            yield _gap(finding)
    for rule, count in seen.items():
        if count > SHOWN_OF_A_RULE:
            yield f"gap {rule}: {count - SHOWN_OF_A_RULE} more entries have it"


def _baselines(assessment: Assessment) -> Iterator[str]:
    for row in assessment.baseline:
        yield _line(
            f"baseline {row.id}: observed {row.observed}% target {row.target} status {row.status} coverage {row.coverage}%"
        )


def _facts(assessment: Assessment) -> Iterator[str]:
    for fact in assessment.facts:
        said = fact.value or fact.reason or ""
        where = fact.evidence[0].removeprefix("repo:") if fact.evidence else ""
        yield _line(f"{fact.subject} {fact.aspect}: {fact.outcome} {said} {where}")


def size_of(lines: Sequence[str]) -> int:
    """Return how many bytes of UTF-8 the lines take, each with its line end."""
    return sum(len(line.encode("utf-8", "backslashreplace")) + 1 for line in lines)


def within_bytes(lines: Sequence[str], room: int, what: str) -> list[str]:
    """Return the first lines that fit, and where some do not a line that counts them."""
    if size_of(lines) <= room:
        return list(lines)
    left = room - size_of([_missing(len(lines), what)])
    shown: list[str] = []
    for line in lines:
        left -= size_of([line])
        if left < 0:
            break
        shown.append(line)
    return [*shown, _missing(len(lines) - len(shown), what)]


def _missing(count: int, what: str) -> str:
    return f"(not shown here: {count} {what}; read_repo and load_reference know more)"
