"""What the variables and outputs of a pipeline hold, as far as its own files say.

A name is looked for where it is closest: in the script that uses it (its settings and the arguments it is called with),
then in its step, its job, its pipeline, and last among the assignments of the job's commands.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import Draft, Graph
from platform_operations.assess.ci.jobs import CiJob, CiPipeline, Words
from platform_operations.assess.ci.references import identity_of
from platform_operations.assess.ci.settings import assigned
from platform_operations.patterns import regex

MAX_ROUNDS = 4
MAX_TEXT = 4_000

_EXPRESSION = regex(r"\$\{\{([^}]{1,400})\}\}")
_SHELL = regex(
    r"\$\{(?:env\.)?([A-Za-z_]\w*)(?:[:#%/^,@][^{}]{0,120})?\}|\$([A-Za-z_]\w*)|\$\(([A-Za-z_][A-Za-z0-9_.]*)\)|\$([1-9])(?![0-9])|\$\{([1-9])(?::?[-=?]([^{}]{0,120}))?\}"
)
_OUTPUT = regex(r"steps\.([\w-]+)\.outputs\.([\w-]+)")


class Scope(NamedTuple):
    """Where names are looked for: the settings around a command, and the job whose commands may set more."""

    settings: tuple[Words, ...]
    job: CiJob
    pipeline: CiPipeline
    graph: Graph


def resolved(text: str, draft: Draft, atom: Atom, graph: Graph) -> str:
    """Return `text` with the variables and outputs replaced whose values stand in the pipeline's files."""
    around = (atom.given, atom.step.variables, draft.job.variables, draft.pipeline.variables, atom.otherwise)
    return _in(text, Scope(around, draft.job, draft.pipeline, graph))


def _in(text: str, scope: Scope) -> str:
    for _ in range(MAX_ROUNDS):
        shorter = _EXPRESSION.sub(lambda match: _expression(match[1].strip(), match[0], scope), text)
        shorter = _SHELL.sub(lambda match: _substituted(match, scope), shorter)
        if shorter == text or len(shorter) > MAX_TEXT:
            break
        text = shorter
    return _EXPRESSION.sub(lambda match: "${{" + match[1].strip().replace(" ", "") + "}}", text[:MAX_TEXT])


def _substituted(match: re.Match[str], scope: Scope) -> str:
    """Return what stands for a variable of a shell; an argument that the script is not called with has its default."""
    name = next((name for name in match.groups()[:5] if name), "")
    found = _variable(name, match[0], scope)
    return match[6] if found == match[0] and match[6] else found


def _variable(name: str, whole: str, scope: Scope) -> str:
    for variables in scope.settings:
        if name in variables:
            value = variables[name]
            return value if value and not _of_itself(name, value) else whole
    commands = (command for step in scope.job.steps for command in step.commands)
    return assigned(name, (command.text for command in commands)) or whole


def _of_itself(name: str, value: str) -> bool:
    return re.search(rf"\$[{{(]?{re.escape(name)}(?!\w)|env\.{re.escape(name)}(?!\w)", value) is not None


def _expression(inner: str, whole: str, scope: Scope) -> str:
    parts = inner.split(".")
    if parts[0] == "env" and len(parts) == 2:
        return _variable(parts[1], whole, scope)
    if parts[0] == "needs" and len(parts) == 4 and parts[2] == "outputs":
        lane = scope.graph.lanes.get(scope.pipeline.id, {}).get(parts[1])
        value = lane.job.outputs.get(parts[3]) if lane else None
        if lane is None or not value:
            return whole
        there = Scope((lane.job.variables, scope.pipeline.variables), lane.job, scope.pipeline, scope.graph)
        return _of_step(value, there, value)
    if parts[0] == "steps" and len(parts) == 4:
        return _of_step(whole, scope, whole)
    return whole


def _of_step(text: str, scope: Scope, fallback: str) -> str:
    """Return what a step's output holds: the tags of a metadata step, an assignment to GITHUB_OUTPUT, else its name."""
    match = _OUTPUT.search(text)
    step = next((one for one in scope.job.steps if match and one.id == match[1]), None)
    if match is None or step is None:
        return fallback
    if (step.uses or "").startswith("docker/metadata-action"):
        return _metadata(step.inputs, match[2])
    value = assigned(match[2], (command.text for command in step.commands))
    if value is None:
        return fallback
    inside = Scope((step.variables, *scope.settings), scope.job, scope.pipeline, scope.graph)
    value = _SHELL.sub(lambda one: _substituted(one, inside), value)
    return fallback if re.search(r"\$\w", value) and not _told(value) else value


def _told(value: str) -> bool:
    """Whether the name of a variable that nobody sets here tells what it holds."""
    return identity_of(value) is not None


def _metadata(inputs: Mapping[str, str], output: str) -> str:
    """Return what docker/metadata-action makes of its inputs; without `tags` it names branches, tags and pull requests."""
    kinds = inputs.get("tags") or "type=ref,event=branch type=ref,event=tag type=ref,event=pr"
    if output == "version":
        return kinds.strip().split("\n")[0]
    images = [line.strip() for line in re.split(r"[\n,]", inputs.get("images", "")) if line.strip()]
    marked = " ".join(line.strip() for line in kinds.split("\n") if line.strip())
    return "\n".join(f"{image}:{marked}" for image in images or [""])
