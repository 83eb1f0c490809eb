"""Run all cases offline, grade what comes out, and print a table.

    python -m evals.run [--drafter NAME] [--json FILE] [CASE ...]

A grader is deterministic: it gives checks that hold or do not. The share of those that hold comes with its Wilson
interval of 95%. Exit code 1 when a check failed. Another drafter is another entry of DRAFTERS.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any, TypeAlias

from evals.case import Case, Looked, case, cases, look

from platform_operations.documents import plan_text
from platform_operations.toolbox import Drafted, drafted, gaps_of

Z = 1.959963984540054
"""The 97.5% quantile of the normal distribution: an interval of 95%, both sides."""

Drafter: TypeAlias = Callable[[Looked], Drafted]


def embedded(found: Looked) -> Drafted:
    """Draft by the rules' own remedies."""
    return drafted(found.target, found.assessment)


DRAFTERS: Mapping[str, Drafter] = {"embedded": embedded}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `told` says what was found where it does not hold."""

    grader: str
    about: str
    holds: bool
    told: str = ""


Grader: TypeAlias = Callable[[Looked, Drafted, Drafter], Iterator[Check]]


def valid(_: Looked, result: Drafted, __: Drafter) -> Iterator[Check]:
    """The plan has no error, with every citation looked up."""
    errors = [row for row in result.findings.findings if row.severity == "error"]
    holds = result.findings.valid and not errors and result.findings.evidence == "checked"
    yield Check("valid", "plan", holds, "; ".join(f"{row.rule}: {row.message}" for row in errors[:3]))


def facts(found: Looked, _: Drafted, __: Drafter) -> Iterator[Check]:
    """What is known to be in the target was seen in it, and what is not there was not."""
    for key, wanted in found.case.expects.items():
        seen = seen_of(found, key)
        yield Check("facts", key, seen == wanted, f"{seen} instead of {wanted}")


def seen_of(found: Looked, key: str) -> str:
    """Return what the assessment says of `practices/NAME`, `ci/ID`, `platforms/ID`, `components/ID` or `risk`."""
    subject, _, aspect = key.partition("/")
    today = found.assessment.as_is
    if subject == "risk":
        return today.target.risk_profile.level
    if subject == "components":
        return next((" ".join(row.types) for row in today.components if row.id == aspect), "absent")
    fact = found.assessment.fact(subject, aspect)
    return fact.outcome if fact is not None else "absent"


def rules(found: Looked, _: Drafted, __: Drafter) -> Iterator[Check]:
    """Today's gaps are those that are there, and none that is not."""
    fired = {row.rule for row in gaps_of(found.target, found.assessment).findings}
    for rule in found.case.fires:
        yield Check("rules", f"{rule} fires", rule in fired, "it does not")
    for rule in found.case.silent:
        yield Check("rules", f"{rule} is silent", rule not in fired, "it fires")


def evidence(_: Looked, result: Drafted, __: Drafter) -> Iterator[Check]:
    """Every entry that is there today cites lines of the repository or a measurement, and they hold."""
    broken = {row.at for row in result.findings.findings if row.rule.startswith("evidence-")}
    for name, entry in result.plan.entries():
        if entry.origin != "proposed":
            cited = any(uri.startswith(("repo:", "metric:", "user:")) for uri in entry.evidence)
            yield Check("evidence", name, cited, "cites nothing of the target")
    yield Check("evidence", "all citations", not broken, ", ".join(sorted(broken)[:3]))


def repeatable(found: Looked, result: Drafted, drafter: Drafter) -> Iterator[Check]:
    """Assessing and drafting again gives the same bytes."""
    again = drafter(look(found.case))
    yield Check("repeatable", "plan", plan_text(again.plan) == plan_text(result.plan), "other bytes")
    same = again.assessment.hash() == found.assessment.hash()
    yield Check("repeatable", "assessment", same, "another hash")


def specific(found: Looked, result: Drafted, _: Drafter) -> Iterator[Check]:
    """The plan speaks of this repository: its jobs, paths, images, people."""
    text = json.dumps(result.plan.document(), ensure_ascii=False)
    for name in found.case.names:
        yield Check("specific", name, name in text, "the plan does not speak of it")


GRADERS: tuple[Grader, ...] = (valid, facts, rules, evidence, repeatable, specific)


def wilson(holding: int, of: int) -> tuple[float, float]:
    """Return the Wilson score interval of a share, 95%, as parts of one; (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    share = holding / of
    centre = share + Z * Z / (2 * of)
    spread = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    whole = 1 + Z * Z / of
    return max(0.0, (centre - spread) / whole), min(1.0, (centre + spread) / whole)


def graded(found: Case, drafter: Drafter) -> tuple[Check, ...]:
    """Return all checks of a case."""
    seen = look(found)
    result = drafter(seen)
    return tuple(check for grader in GRADERS for check in grader(seen, result, drafter))


def row_of(name: str, checks: list[Check]) -> dict[str, Any]:
    """Return the counts of some checks with their interval."""
    holding = sum(check.holds for check in checks)
    low, high = wilson(holding, len(checks))
    share = {"low": f"{100 * low:.1f}", "high": f"{100 * high:.1f}"}
    return {"name": name, "holding": holding, "of": len(checks), "percent95": share}


def document(drafter: str, results: Mapping[str, tuple[Check, ...]]) -> dict[str, Any]:
    """Return everything as one document: by case, by grader, and what failed."""
    every = [check for checks in results.values() for check in checks]
    graders = list(dict.fromkeys(check.grader for check in every))
    return {
        "schema": "platform-ops/evals@1",
        "drafter": drafter,
        "cases": [row_of(name, list(checks)) for name, checks in results.items()],
        "graders": [row_of(name, [check for check in every if check.grader == name]) for name in graders],
        "all": row_of("all", every),
        "failed": [
            {"case": name, "grader": check.grader, "about": check.about, "told": check.told}
            for name, checks in results.items()
            for check in checks
            if not check.holds
        ],
    }


def table(shown: dict[str, Any]) -> str:
    """Return the document as a table."""
    rows = [*shown["cases"], None, *shown["graders"], None, shown["all"]]
    lines = [f"{'drafter ' + shown['drafter']:28} {'holds':>9}   95% interval"]
    for row in rows:
        if row is None:
            lines.append("")
            continue
        held, between = f"{row['holding']}/{row['of']}", row["percent95"]
        lines.append(f"{row['name']:28} {held:>9}   {between['low']:>5} to {between['high']:>5} %")
    failed = [f"{row['case']}: {row['grader']} {row['about']}: {row['told']}" for row in shown["failed"]]
    return "\n".join([*lines, *([""] if failed else []), *failed])


def main() -> int:
    """Run the cases that are named, or all."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--drafter", choices=sorted(DRAFTERS), default="embedded")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    chosen = [case(name) for name in given.cases] or list(cases())
    results = {one.name: graded(one, DRAFTERS[given.drafter]) for one in chosen}
    shown = document(given.drafter, results)
    print(table(shown))
    if given.json is not None:
        given.json.write_text(json.dumps(shown, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if shown["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
