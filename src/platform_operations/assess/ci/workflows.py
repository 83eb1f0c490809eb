"""GitHub workflows as job graphs: reusable workflows and composite actions of the repository are put in their place."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from platform_operations.assess.ci.expressions import (
    environment_literals,
    filled,
    is_true,
    required_needs,
    when_of,
    words_of,
)
from platform_operations.assess.ci.jobs import CiJob, CiStep, Place, Target
from platform_operations.assess.ci.names import environment_kind
from platform_operations.assess.ci.uses import act_of_uses
from platform_operations.assess.ci.yaml_files import Files, line_of, script_commands
from platform_operations.model.assessment import Fact
from platform_operations.repository.yaml_lines import Node

MAX_JOBS = 300
MAX_STEPS = 200
MAX_DEPTH = 4
MAX_SPREAD = 8

_AXES = frozenset(
    {"environment", "env", "stage", "target_env", "deploy_env", "tier", "environments", "stages", "target"}
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a job stands: its file, what its expressions can know, its defaults."""

    path: str
    lines: tuple[str, ...]
    known: Mapping[str, str]
    folder: str = ""
    shell: str = ""
    depth: int = 0
    pipeline: str = ""


def scope_of(
    path: str, root: Node, lines: tuple[str, ...], known: Mapping[str, str], depth: int, pipeline: str
) -> Scope:
    """Return the scope of a workflow's jobs."""
    return Scope(
        path, lines, known, root.string("defaults", "run", "working-directory") or "", root.string("defaults", "run", "shell") or "",
        depth, pipeline,
    )  # fmt: skip


def jobs_of(root: Node, scope: Scope, files: Files) -> tuple[CiJob, ...]:
    """Return the jobs of a workflow, called workflows put in their place and matrices over environments spread."""
    found: list[CiJob] = []
    renamed: dict[str, tuple[str, ...]] = {}
    for key, node in root.entries("jobs")[:MAX_JOBS]:
        if node.kind != "map" or not files.spend():
            continue
        variants = _variants(node, scope, root)
        made: list[CiJob] = []
        for suffix, known in variants:
            inner = replace(scope, known={**scope.known, **known})
            name = f"{key.text}-{suffix}" if suffix else key.text
            made.extend(_job(name, key, node, inner, files))
        found.extend(made)
        renamed[key.text] = tuple(job.key for job in made)
    return tuple(_rewired(job, renamed) for job in found[:MAX_JOBS])


def _rewired(job: CiJob, renamed: Mapping[str, tuple[str, ...]]) -> CiJob:
    """Let a need of a job that became several mean all of them."""

    def spread(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(one for name in names for one in renamed.get(name, (name,)) if one != job.key)
        )

    return replace(job, needs=spread(job.needs), optional=spread(job.optional))


def _variants(node: Node, scope: Scope, root: Node) -> list[tuple[str, dict[str, str]]]:
    """Return how often a job stands in the graph: once, or once per environment that it is repeated over."""
    matrix = node.get("strategy", "matrix")
    named = node.string("environment") or node.string("environment", "name") or _given(node) or ""
    for axis, values in _axes(matrix):
        uses = f"matrix.{axis}" in named or axis in _AXES
        if (
            uses
            and 1 < len(values) <= MAX_SPREAD
            and (f"matrix.{axis}" in named or all(environment_kind(one) for one in values))
        ):
            return [(value, {f"matrix.{axis}": value, **_included(matrix, axis, value)}) for value in values]
    target = filled(named, scope.known)
    chosen = re.search(r"inputs\.([\w-]+)", target)
    if "${{" not in target:
        return [("", {})]
    literals = environment_literals(target)
    if chosen is not None and f"inputs.{chosen[1]}" not in scope.known:
        options = _options(root, chosen[1])
        if 1 < len(options) <= MAX_SPREAD and not literals:
            return [(value, {f"inputs.{chosen[1]}": value}) for value in options]
    if len(literals) > 1:
        inner = re.search(r"\$\{\{(.{0,800}?)\}\}", target)
        return [(value, {inner[1].strip() if inner else "": value}) for value in literals]
    return [("", {})]


def _given(node: Node) -> str | None:
    """Return the environment that a called workflow is given."""
    return next((text for key in ("environment", "env", "stage") if (text := node.string("with", key))), None)


def _options(root: Node, name: str) -> tuple[str, ...]:
    for event in ("workflow_dispatch", "workflow_call"):
        options = root.strings("on", event, "inputs", name, "options")
        if options:
            return tuple(one for one in options if one)
    return ()


def _axes(matrix: Node | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    if matrix is None or matrix.kind != "map":
        return
    for key, value in matrix.pairs:
        if (
            value.kind == "list"
            and key.text not in {"include", "exclude"}
            and all(item.kind == "text" for item in value.items)
        ):
            yield key.text, tuple(dict.fromkeys(item.text for item in value.items))
    keys = {key.text: None for item in matrix.children("include") for key, _ in item.pairs}
    for name in keys:
        values = tuple(
            dict.fromkeys(text for item in matrix.children("include") if (text := item.string(name)))
        )
        if matrix.get(name) is None:
            yield name, values


def _included(matrix: Node | None, axis: str, value: str) -> dict[str, str]:
    for item in matrix.children("include") if matrix is not None else ():
        if item.string(axis) == value:
            return {f"matrix.{key.text}": one.text for key, one in item.pairs if one.kind == "text"}
    return {}


def _job(name: str, key: Node, node: Node, scope: Scope, files: Files) -> list[CiJob]:
    condition = filled(node.string("if") or "", scope.known)
    if re.fullmatch(r"(?:\$\{\{\s*)?false(?:\s*\}\})?", condition.strip()):
        return []
    needs, optional = required_needs(condition, node.strings("needs"))
    place = Place(scope.path, key.first, max(key.first, node.last))
    tolerant = node.get("continue-on-error")
    job = CiJob(
        key=name,
        place=place,
        steps=(),
        name=filled(node.string("name") or "", scope.known),
        needs=needs,
        optional=optional,
        when=when_of(condition),
        condition=condition,
        target=_target(node, scope, files),
        tolerant=line_of(scope.path, node, "continue-on-error") if is_true(tolerant) else None,
        outputs=words_of(node.get("outputs"), scope.known),
        variables=words_of(node.get("env"), scope.known),
        services=tuple(key.text for key, _ in node.entries("services")),
    )
    called = node.string("uses")
    if called is not None:
        return _called(job, node, called, scope, files)
    inner = replace(
        scope,
        folder=filled(node.string("defaults", "run", "working-directory") or scope.folder, scope.known),
        shell=node.string("defaults", "run", "shell") or scope.shell,
    )
    return [replace(job, steps=tuple(_steps(node.children("steps"), inner, files, place))[:MAX_STEPS])]


def _target(node: Node, scope: Scope, files: Files) -> Target | None:
    named = node.string("environment") or node.string("environment", "name")
    place = line_of(scope.path, node, "environment")
    if named is None or place is None:
        return None
    text = filled(named, scope.known)
    url = filled(node.string("environment", "url") or "", scope.known) or None
    if "${{" in text:
        literals = environment_literals(text)
        if len(literals) != 1:
            files.facts.append(
                Fact(
                    subject=f"pipelines/{scope.pipeline}", aspect="environment", outcome="unknown", value=text[:200],
                    reason=f"what {text!r} is, is decided when the workflow runs"[:300], evidence=(place.uri,),
                )
            )  # fmt: skip
            return Target(text, place, url)
        text = literals[0]
    return Target(text, place, url)


def _called(job: CiJob, node: Node, called: str, scope: Scope, files: Files) -> list[CiJob]:
    given = words_of(node.get("with"), scope.known)
    place = line_of(scope.path, node, "uses") or job.place
    if not called.startswith(("./", "$/")):
        step = CiStep(
            place=Place(scope.path, place.first, max(place.last, node.last)),
            uses=called,
            inputs=given,
            name=job.name or job.key,
        )
        if act_of_uses(called, given).kind is None:
            files.facts.append(
                Fact(
                    subject=f"pipelines/{scope.pipeline}", aspect="remote-workflow", outcome="unknown", value=called,
                    reason=f"{called} is kept in another repository", evidence=(place.uri,),
                )
            )  # fmt: skip
        return [replace(job, steps=(replace(step, remote=True),))]
    path = posixpath.normpath(called.partition("@")[0].removeprefix("$/"))
    loaded = files.read(path) if files.repository.exists(path) and scope.depth < MAX_DEPTH else None
    if loaded is None:
        return [job]
    root, lines = loaded
    known = {f"inputs.{key}": value for key, value in {**_defaults(root), **given}.items()}
    inner = jobs_of(root, scope_of(path, root, lines, known, scope.depth + 1, scope.pipeline), files)
    via = Place(scope.path, place.first, max(place.last, (line_of(scope.path, node, "with") or place).last))
    return _placed(job, inner, words_of(root.get("env"), known), via)


def _defaults(root: Node) -> dict[str, str]:
    return {
        key.text: text
        for key, value in root.entries("on", "workflow_call", "inputs")
        if (text := value.string("default")) is not None
    }


def _placed(job: CiJob, inner: tuple[CiJob, ...], variables: Mapping[str, str], via: Place) -> list[CiJob]:
    """Return the jobs of a called workflow under the caller's name, waiting for what the caller waits for."""
    names = {one.key: job.key if len(inner) == 1 else f"{job.key}-{one.key}" for one in inner}
    return [
        replace(
            one,
            key=names[one.key],
            needs=tuple(names.get(need, need) for need in one.needs)
            or (job.needs if not one.optional else ()),
            optional=tuple(names.get(need, need) for need in one.optional)
            or (job.optional if not one.needs else ()),
            when=job.when if job.when != "success" else one.when,
            condition=" ".join(part for part in (job.condition, one.condition) if part),
            target=one.target or job.target,
            tolerant=one.tolerant or job.tolerant,
            variables={**variables, **one.variables},
            name=one.name or job.name,
            steps=tuple(replace(step, via=(via, *step.via)[:4]) for step in one.steps),
        )
        for one in inner
    ]


def _steps(nodes: tuple[Node, ...], scope: Scope, files: Files, home: Place) -> Iterator[CiStep]:
    for node in nodes[:MAX_STEPS]:
        if node.kind != "map" or not files.spend():
            continue
        place = Place(scope.path, node.first, max(node.first, node.last))
        condition = filled(node.string("if") or "", scope.known)
        if re.fullmatch(r"(?:\$\{\{\s*)?false(?:\s*\}\})?", condition.strip()):
            continue
        step = CiStep(
            place=place,
            name=filled(node.string("name") or "", scope.known),
            id=node.string("id"),
            when=when_of(condition),
            condition=condition,
            tolerant=line_of(scope.path, node, "continue-on-error")
            if is_true(node.get("continue-on-error"))
            else None,
            folder=filled(node.string("working-directory") or scope.folder, scope.known).removeprefix("./"),
            variables=words_of(node.get("env"), scope.known),
        )
        run, uses = node.get("run"), node.string("uses")
        if run is not None and run.kind == "text":
            yield replace(
                step,
                commands=script_commands(
                    run, scope.lines, scope.known, pipefail="bash" in (node.string("shell") or scope.shell)
                ),
            )
        elif uses is not None and uses.startswith(("./", "$/")):
            yield from _local(step, uses, node, scope, files, home)
        elif uses is not None:
            inputs = words_of(node.get("with"), scope.known)
            yield replace(
                step,
                uses=filled(uses, scope.known),
                inputs=inputs,
                approval=uses.startswith("trstringer/manual-approval"),
            )


def _local(step: CiStep, uses: str, node: Node, scope: Scope, files: Files, home: Place) -> Iterator[CiStep]:
    """Put a composite action of the repository in the place of the step that uses it."""
    folder = posixpath.normpath(uses.partition("@")[0].removeprefix("$/"))
    path = next(
        (
            one
            for name in ("action.yml", "action.yaml")
            if files.repository.exists(one := posixpath.join(folder, name))
        ),
        None,
    )
    loaded = files.read(path) if path is not None and scope.depth < MAX_DEPTH else None
    if path is None or loaded is None:
        yield replace(step, uses=uses, inputs=words_of(node.get("with"), scope.known))
        return
    root, lines = loaded
    given = words_of(node.get("with"), scope.known)
    defaults = {
        key.text: text
        for key, value in root.entries("inputs")
        if (text := value.string("default")) is not None
    }
    known = {f"inputs.{key}": value for key, value in {**defaults, **given}.items()}
    inner = Scope(path, lines, known, "", "", scope.depth + 1, scope.pipeline)
    for one in _steps(root.children("runs", "steps"), inner, files, home):
        yield replace(
            one,
            name=one.name or step.name,
            via=(step.place, *one.via)[:4],
            tolerant=step.tolerant or one.tolerant,
            when=step.when if step.when != "success" else one.when,
            condition=" ".join(part for part in (step.condition, one.condition) if part),
            variables={**step.variables, **one.variables},
        )
