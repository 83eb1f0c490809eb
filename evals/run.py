"""Run the cases, grade what comes out, and print tables.

    python evals/run.py [--drafter embedded|scripted|claude] [--json FILE] [CASE ...]

Offline, and without a choice: the embedded drafter on all cases, then each scripted model on the eight shapes. A grader
is deterministic: it gives checks that hold or do not, and their share comes with its Wilson interval of 95%. Exit code
1 when a check failed; that a script must end invalid is such a check. `--drafter claude` asks the model, with the
user's key and settings, and is graded as the embedded drafter is, but for repeating itself.
"""

import json
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any, TypeAlias

if not __package__:
    sys.path.insert(0, str(Path(__file__).parent.parent))

from evals.case import Case, Looked, cases, look
from evals.ends import Check, checks, played
from evals.imperfect import SCRIPTS, Script

from platform_operations.agent.choice import chosen
from platform_operations.agent.drafting import ArchitectDrafter
from platform_operations.documents import plan_text
from platform_operations.errors import InputError
from platform_operations.toolbox import Drafted, drafted, gaps_of, judged

Z = 1.959963984540054
"""The 97.5% quantile of the normal distribution: an interval of 95%, both sides."""

Drafter: TypeAlias = Callable[[Looked], Drafted]


def embedded(found: Looked) -> Drafted:
    """Draft by the rules' own remedies."""
    return drafted(found.target, found.assessment)


def claude(found: Looked) -> Drafted:
    """Draft with the model that the user's settings name; it reads a copy of the target, away from this repository."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(shutil.copytree(found.case.folder / "target", Path(folder) / found.case.name))
        metrics = found.case.folder / "metrics.csv"
        drafter = ArchitectDrafter(
            replace(found.target, root=root),
            chosen("claude", {}).settings,
            metrics=str(metrics) if metrics.is_file() else None,
            tell=lambda text: print(f"{found.case.name}: {text}", file=sys.stderr),
        )
        plan = drafter(found.assessment)
    print(f"{found.case.name}: {drafter.summary()}", file=sys.stderr)
    return Drafted(plan, found.assessment, judged(plan, found.assessment, found.target.repository))


DRAFTERS: Mapping[str, Drafter] = {"embedded": embedded, "claude": claude}
"""Who makes a plan of a case that all graders look at; the scripted models are in `imperfect.SCRIPTS`."""


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


OFFLINE = ("embedded", "scripted")
GRADERS: Mapping[str, tuple[Grader, ...]] = {
    "embedded": (valid, facts, rules, evidence, repeatable, specific),
    "claude": (valid, facts, rules, evidence, specific),
}
"""A second run of a paid model is no test of anything: it may choose otherwise."""


def wilson(holding: int, of: int) -> tuple[float, float]:
    """Return the Wilson score interval of a share, 95%, as parts of one; (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    share = holding / of
    centre = share + Z * Z / (2 * of)
    spread = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    whole = 1 + Z * Z / of
    return max(0.0, (centre - spread) / whole), min(1.0, (centre + spread) / whole)


def graded(found: Case, name: str) -> tuple[Check, ...]:
    """Return all checks of a case with the drafter of that name."""
    seen, drafter = look(found), DRAFTERS[name]
    result = drafter(seen)
    return tuple(check for grader in GRADERS[name] for check in grader(seen, result, drafter))


def ended(script: Script, on: list[Looked]) -> tuple[Check, ...]:
    """Return all checks of a scripted model on these cases."""
    return tuple(check for found in on for check in checks(found, script, played(found, script)))


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
    width = max(28, *(len(row["name"]) for row in shown["cases"]))
    rows = [*shown["cases"], None, *shown["graders"], None, shown["all"]]
    lines = [f"{shown['drafter']:{width}} {'holds':>9}   95% interval"]
    for row in rows:
        if row is None:
            lines.append("")
            continue
        held, between = f"{row['holding']}/{row['of']}", row["percent95"]
        must = f"   {row['must']}" if "must" in row else ""
        lines.append(f"{row['name']:{width}} {held:>9}   {between['low']:>5} to {between['high']:>5} %{must}")
    failed = [f"{row['case']}: {row['grader']} {row['about']}: {row['told']}" for row in shown["failed"]]
    return "\n".join([*lines, *([""] if failed else []), *failed])


def scripted(chosen: list[Case]) -> dict[str, Any]:
    """Return the document of all scripted models on the shapes among the cases."""
    on = [look(one) for one in chosen if one.is_shape]
    shown = document("scripted models", {name: ended(script, on) for name, script in SCRIPTS.items()})
    for row in shown["cases"]:
        end = SCRIPTS[row["name"]].end
        verdict = "valid" if end.valid else "invalid"
        replies = "1 reply" if end.replies == 1 else f"{end.replies} replies"
        row["must"] = f"{verdict} plan by {end.drafter}, ended {end.stop} after {replies}"
    return shown


def by(name: str, chosen: list[Case]) -> dict[str, Any]:
    """Return the document of the drafter of that name."""
    return document(f"drafter {name}", {one.name: graded(one, name) for one in chosen})


def main() -> int:
    """Run the cases that are named, or all."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--drafter", choices=["embedded", "scripted", "claude"])
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    known = {one.name: one for one in cases()}
    if unknown := sorted({*given.cases} - known.keys()):
        parser.error(f"no such case: {', '.join(unknown)}; there are {', '.join(known)}")
    named = [known[name] for name in given.cases] or list(known.values())
    done: list[dict[str, Any]] = []
    try:
        for name in [given.drafter] if given.drafter else OFFLINE:
            shown = scripted(named) if name == "scripted" else by(name, named)
            print(("\n" if done else "") + table(shown), flush=True)
            done.append(shown)
    except InputError as error:
        print(f"evals: {error}", file=sys.stderr)
        return 2
    if given.json is not None:
        text = json.dumps(done, indent=2, ensure_ascii=False)
        given.json.write_text(text + "\n", encoding="utf-8")
    return 1 if any(shown["failed"] for shown in done) else 0


if __name__ == "__main__":
    sys.exit(main())
