"""Runs with scripted models, and what must hold at their end: as the script says, true to today, nothing made up."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from evals.case import Looked, looked
from evals.imperfect import INVENTED, SETTINGS, End, Script

from platform_operations.agent import ModelPort, Outcome, architect
from platform_operations.agent.architect import Opening, opened
from platform_operations.agent.scripted import ScriptedModel
from platform_operations.model.difference import retired_entries
from platform_operations.model.evidence import repo_place
from platform_operations.model.plan import Plan
from platform_operations.model.record import sha256


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `told` says what was found where it does not hold."""

    grader: str
    about: str
    holds: bool
    told: str = ""


@cache
def opening(name: str) -> Opening:
    """Return what a run on the case of that name begins with."""
    found = looked(name)
    return opened(found.target, found.assessment, SETTINGS)


def played(found: Looked, script: Script) -> Outcome:
    """Run the architect on a case with the model that the script is."""
    return run(found, ScriptedModel(script.says(found, opening(found.case.name).draft)))


def run(found: Looked, port: ModelPort) -> Outcome:
    """Run the architect on a case with any model."""
    begun = opening(found.case.name)
    return asyncio.run(architect(found.target, found.assessment, port, SETTINGS, opening=begun))


def end_of(outcome: Outcome) -> End:
    """Return how a run ended."""
    trace = outcome.trace
    return End(str(trace.stop), trace.turns, outcome.findings.valid, outcome.plan.provenance.drafter)


def checks(found: Looked, script: Script, outcome: Outcome) -> Iterator[Check]:
    """Yield what must hold of a run's end."""
    end = end_of(outcome)
    yield Check("end", found.case.name, end == script.end, f"{end} instead of {script.end}")
    wrong = [*_untrue(found, outcome.plan), *_made_up(found, outcome)]
    yield Check("truth", found.case.name, not wrong, "; ".join(wrong[:3]))


def _untrue(found: Looked, plan: Plan) -> Iterator[str]:
    """Yield what a plan says of today that is not so; only the assessment and the files are asked."""
    today = found.assessment.as_is
    types = {row.id: row.types for row in plan.components}
    kinds = {row.id: row.kind for row in plan.environments}
    yield from (
        f"component {row.id} is another" for row in today.components if types.get(row.id) != row.types
    )
    yield from (
        f"environment {row.id} is another" for row in today.environments if kinds.get(row.id) != row.kind
    )
    retired = {name for step in plan.rollout for name in step.retires}
    yield from (f"{name} is gone unsaid" for name in retired_entries(plan, today) if name not in retired)
    known = today.by_name
    yield from (
        f"{name} is called existing"
        for name, row in plan.entries()
        if row.origin == "existing" and name not in known
    )
    for entry in plan.evidence:
        place = repo_place(entry.uri)
        if place is not None:
            text = found.target.repository.read(place.path)
            rows = text.splitlines(keepends=True) if isinstance(text, str) else []
            if sha256("".join(rows[place.first - 1 : place.last])) != entry.sha256:
                yield f"{entry.uri} has a hash that its lines have not"


def _made_up(found: Looked, outcome: Outcome) -> Iterator[str]:
    plan = outcome.plan
    if outcome.findings.valid:
        text = json.dumps(plan.document())
        yield from (f"{word} got into the plan" for word in INVENTED if word in text)
    if plan.provenance.drafter == "embedded":
        alike = plan.hash() == opening(found.case.name).draft.hash()
        yield from () if alike else ("it is not the embedded draft",)
