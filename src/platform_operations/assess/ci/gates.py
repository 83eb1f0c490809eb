"""The checks of a pipeline as quality gates, and whether each can stop a release."""

import re
from typing import NamedTuple

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import Draft
from platform_operations.assess.ci.kinds import is_integration, is_journey
from platform_operations.model.delivery import FailsOn, QualityGate
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import GateKind
from platform_operations.patterns import regex
from platform_operations.platforms.checks import Check, cannot_fail, input_cannot_fail
from platform_operations.platforms.reading.commands import invocation, value_of

_SEVERITY = regex(r"critical|high|medium|moderate|low", re.IGNORECASE)
_ORDER = ("info", "low", "medium", "moderate", "high", "critical")


class Seen(NamedTuple):
    """One check as a stage runs it; `weakness` says why it cannot stop anything."""

    kind: GateKind
    tool: str
    fails_on: FailsOn
    weakness: str | None
    evidence: tuple[str, ...]


def seen_in(draft: Draft) -> tuple[Seen, ...]:
    """Return the checks of one stage; of several runs of one tool the blocking one counts."""
    found: dict[tuple[str, str], Seen] = {}
    if draft.kind == "approve":
        atom = draft.atoms[0]
        found["approval", ""] = Seen(
            "approval", _approver(atom), FailsOn(metric="approvals", below="1"), None, _lines(atom, draft)
        )
    for atom in draft.atoms:
        check = atom.act.check
        if check is None or check.gate is None:
            continue
        kind = _kind(check, atom)
        one = Seen(kind, check.id, _fails_on(check, atom), weakness_of(draft, atom), _lines(atom, draft))
        before = found.get((kind, check.id))
        if before is None or (before.weakness is not None and one.weakness is None):
            found[kind, check.id] = one
    return tuple(found.values())


def _approver(atom: Atom) -> str:
    return (atom.step.uses or "manual-approval").partition("@")[0].rpartition("/")[2] or "manual-approval"


def _kind(check: Check, atom: Atom) -> GateKind:
    gate = check.gate or "unit-test"
    if gate != "unit-test":
        return gate
    text = f"{atom.text} {' '.join(atom.runs)} {atom.step.name}"
    if is_journey(text):
        return "e2e-test"
    return "integration-test" if is_integration(text) else "unit-test"


def _fails_on(check: Check, atom: Atom) -> FailsOn:
    metric, least = check.fails_on
    called = invocation(atom.text)
    inputs = atom.step.inputs
    given = value_of(
        called, "--severity", "--audit-level", "--severity-threshold", "--fail-on", "--only-severity", "-f"
    )
    given = given or next(
        (
            inputs[key]
            for key in ("severity", "fail-on-severity", "severity-cutoff", "only-severities")
            if inputs.get(key)
        ),
        None,
    )
    if given is not None and check.gate in {"dependency-scan", "image-scan", "iac-scan", "sast"}:
        words = [word.lower() for word in _SEVERITY.findall(given)]
        if words:
            return FailsOn(metric="severity", at_least=min(words, key=_ORDER.index))
    return FailsOn(metric=metric, at_least=least)


def weakness_of(draft: Draft, atom: Atom) -> str | None:
    """Return why a check cannot stop the release, None when it can."""
    if atom.silenced is not None:
        return atom.silenced
    if atom.step.tolerant is not None:
        return "the step may fail"
    if draft.job.tolerant is not None:
        return "the job may fail"
    check = atom.act.check
    if atom.step.uses is None:
        flag = cannot_fail(atom.text)
        if flag is not None:
            return flag
    elif check is not None and (found := input_cannot_fail(check, dict(atom.step.inputs))) is not None:
        return found
    condition = f"{draft.job.condition} {atom.step.condition}"
    scheduled = (
        re.search(r"==\s*[\"']schedule[\"']", condition) is not None
        and "||" not in condition
        and "refs/" not in condition
    )
    return "it only runs on a schedule" if scheduled or set(draft.pipeline.triggers) == {"schedule"} else None


def _lines(atom: Atom, draft: Draft) -> tuple[str, ...]:
    uris = [place.uri for place in atom.places]
    for place in (atom.step.tolerant, draft.job.tolerant):
        if place is not None and not any(_covers(uri, place.path, place.first, place.last) for uri in uris):
            uris.append(place.uri)
    return tuple(dict.fromkeys(uris))


def _covers(uri: str, path: str, first: int, last: int) -> bool:
    if not uri.startswith(f"repo:{path}#L"):
        return False
    start, end = uri.rpartition("#L")[2].split("-L")
    return int(start) <= first and last <= int(end)


def gates_of(drafts: list[Draft], components: dict[str, tuple[str, ...]]) -> tuple[QualityGate, ...]:
    """Return one gate per check, stage and component; `components` names those that each stage serves."""
    rows = [(draft, one) for draft in drafts for one in seen_in(draft)]
    counts: dict[str, int] = {}
    for _, one in rows:
        counts[one.tool] = counts.get(one.tool, 0) + 1
    taken: set[str] = set()
    gates: list[QualityGate] = []
    for draft, one in rows:
        served = components.get(draft.id, ())
        for component in served:
            name = one.tool if counts[one.tool] == 1 and one.kind != "approval" else f"{draft.id}-{one.tool}"
            name = name if len(served) == 1 else f"{name}-{component}"
            final, turn = name[:110].strip("-"), 2
            while final in taken:
                final, turn = f"{name[:110]}-{turn}", turn + 1
            taken.add(final)
            gates.append(
                QualityGate(
                    id=final, kind=one.kind, component=component, stage=draft.id, tool=one.tool, fails_on=one.fails_on,
                    blocking=one.weakness is None, origin="existing", evidence=one.evidence,
                )
            )  # fmt: skip
    return tuple(gates)


__all__ = ["Seen", "gates_of", "repo_uri", "seen_in", "weakness_of"]
