"""Buildkite: steps of .buildkite pipelines with waits, blocks, depends_on, groups, soft_fail and triggers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from platform_operations.assess.ci.jobs import CiJob, CiPipeline, CiStep, CiSystem, Place, Reading
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.shell import Command
from platform_operations.assess.ci.yaml_files import Files, line_of, script_list
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import Trigger
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node

MAX_STEPS = 300
_ORDER: tuple[Trigger, ...] = ("pull-request", "push-default-branch", "push-branch", "tag")


@dataclass(slots=True)
class _Line:
    """What has been read of one pipeline: `since` are the jobs after the last wait, `gate` what they wait for."""

    path: str
    lines: tuple[str, ...]
    files: Files
    pipeline: str
    jobs: list[CiJob] = field(default_factory=list[CiJob])
    since: list[str] = field(default_factory=list[str])
    gate: tuple[str, ...] = ()
    loose: bool = False
    aliases: dict[str, str] = field(default_factory=dict[str, str])


_OF_STEPS = frozenset({"command", "commands", "block", "wait", "trigger", "group", "plugins"})
"""A pipeline may be the list of its steps alone (buildkite/go-pipeline, Pipeline)."""


def read(repository: Repository) -> Reading | None:
    """Return one job graph per pipeline file, None where there is none."""
    paths = [
        path
        for path in repository.paths
        if path.endswith((".yml", ".yaml"))
        and (path.startswith(".buildkite/") or path in {"buildkite.yml", "buildkite.yaml"})
    ][:60]
    files = Files(repository, step_keys=_OF_STEPS)
    pipelines: list[CiPipeline] = []
    evidence: list[str] = []
    default = frozenset(
        {repository.default_branch} if repository.default_branch else {"main", "master", "trunk"}
    )
    for path in paths:
        loaded = files.read(path)
        if loaded is None or loaded[0].get("steps") is None:
            continue
        root, lines = loaded
        key = root.key("steps")
        line = key.first if key is not None else 1
        evidence.append(repo_uri(path, line, line))
        stem = path.rpartition("/")[2].rpartition(".")[0]
        id = "buildkite" if stem in {"pipeline", "buildkite"} else kebab(stem)
        state = _Line(path, lines, files, id)
        _steps(root.children("steps"), state, "")
        jobs = tuple(_known(job, state) for job in state.jobs)
        triggers = _triggers(jobs, default)
        variables = {one.text: value.text for one, value in root.entries("env") if value.kind == "text"}
        pipelines.append(
            CiPipeline(id, Place(path, line, line), triggers, jobs, names=(stem, path), variables=variables)
        )
    if not evidence:
        return (
            Reading((repo_uri(paths[0], 1, 1),), (), tuple(files.facts))
            if paths and paths[0].startswith(".buildkite/")
            else None
        )
    return Reading(tuple(evidence[:20]), tuple(pipelines), tuple(files.facts))


def _known(job: CiJob, state: _Line) -> CiJob:
    keys = {one.key for one in state.jobs}
    needs = tuple(dict.fromkeys(state.aliases.get(need, need) for need in job.needs))
    optional = tuple(dict.fromkeys(state.aliases.get(need, need) for need in job.optional))
    return replace(
        job,
        needs=tuple(one for one in needs if one in keys and one != job.key),
        optional=tuple(one for one in optional if one in keys and one != job.key and one not in needs),
    )


def _steps(nodes: tuple[Node, ...], state: _Line, group: str) -> None:
    for node in nodes[:MAX_STEPS]:
        place = Place(state.path, node.first, max(node.first, node.last))
        if node.kind == "text":
            if node.text in {"wait", "waiter"}:
                _wait(state, loose=False)
            elif node.text in {"block", "input"}:
                _block(node.text, Node("map", node.first, node.last), place, state)
            continue
        keys = {key.text for key, _ in node.pairs}
        if "wait" in keys or node.string("type") in {"wait", "waiter"}:
            _wait(state, loose=node.string("continue_on_failure") == "true")
        elif {"block", "input", "manual"} & keys:
            label = node.string("block") or node.string("input") or node.string("manual") or "block"
            _block(label, node, place, state)
        elif "group" in keys:
            _group(node, state)
        elif "trigger" in keys:
            _trigger(node, place, state)
        elif {"command", "commands", "plugins", "script"} & keys:
            _command(node, place, state, group)


def _wait(state: _Line, *, loose: bool) -> None:
    if state.since:
        state.gate, state.since = tuple(state.since), []
    state.loose = loose


def _add(job: CiJob, node: Node, state: _Line) -> None:
    own = node.get("depends_on")
    if own is not None and not own.null:
        needs, optional = _depends(own)
    elif own is not None:
        needs, optional = (), ()
    else:
        needs, optional = ((), state.gate) if state.loose else (state.gate, ())
    soft = {one.key for one in state.jobs if one.tolerant is not None}
    firm = tuple(one for one in needs if one not in soft)
    state.jobs.append(replace(job, needs=firm, optional=(*optional, *(one for one in needs if one in soft))))
    state.since.append(job.key)
    for name in (
        node.string("key"),
        node.string("id"),
        node.string("identifier"),
        node.string("label"),
        node.string("name"),
    ):
        if name:
            state.aliases.setdefault(name, job.key)


def _depends(node: Node) -> tuple[tuple[str, ...], tuple[str, ...]]:
    firm: list[str] = []
    loose: list[str] = []
    for item in node.items if node.kind == "list" else [node]:
        name = item.text if item.kind == "text" else item.string("step")
        if name:
            (loose if item.kind == "map" and item.string("allow_failure") == "true" else firm).append(name)
    return tuple(firm), tuple(loose)


def _name(node: Node, fallback: str, state: _Line) -> str:
    label = node.string("key") or node.string("id") or node.string("label") or node.string("name") or fallback
    plain = re.sub(r":[\w+-]+:", " ", label)
    base = kebab(plain)
    taken = {job.key for job in state.jobs}
    name, turn = base, 2
    while name in taken:
        name, turn = f"{base}-{turn}", turn + 1
    return name


def _block(label: str, node: Node, place: Place, state: _Line) -> None:
    """A block waits for all before it, and all after it waits for the block."""
    _wait(state, loose=False)
    key = _name(node, label, state)
    step = CiStep(place=place, name=f"block: {label}"[:120], approval=True)
    _add(CiJob(key=key, place=place, steps=(step,), name=label, condition=_condition(node)), node, state)
    state.gate, state.since = (key,), []


def _group(node: Node, state: _Line) -> None:
    before = len(state.jobs)
    _steps(node.children("steps"), state, node.string("group") or "group")
    needs = node.get("depends_on")
    if needs is not None and not needs.null:
        firm, loose = _depends(needs)
        state.jobs[before:] = [
            replace(job, needs=(*job.needs, *firm), optional=(*job.optional, *loose))
            for job in state.jobs[before:]
        ]


def _trigger(node: Node, place: Place, state: _Line) -> None:
    named = node.string("trigger") or "another pipeline"
    state.files.facts.append(
        Fact(
            subject=f"pipelines/{state.pipeline}", aspect="downstream", outcome="unknown", value=named,
            reason=f"it starts the pipeline {named!r}, whose steps may be kept elsewhere", evidence=(place.uri,),
        )
    )  # fmt: skip
    key = _name(node, named, state)
    step = CiStep(
        place=place, uses=f"buildkite/trigger/{named}", name=node.string("label") or named, remote=True
    )
    tolerant = line_of(state.path, node, "async") if node.string("async") == "true" else None
    _add(
        CiJob(
            key=key,
            place=place,
            steps=(step,),
            name=node.string("label") or "",
            condition=_condition(node),
            tolerant=tolerant,
        ),
        node,
        state,
    )


def _command(node: Node, place: Place, state: _Line, group: str) -> None:
    script = node.get("command") or node.get("commands") or node.get("script")
    commands = script_list(script, state.lines)
    plugins = tuple(_plugins(node, state))
    _generated(commands, place, state)
    soft = node.get("soft_fail")
    tolerant = (
        line_of(state.path, node, "soft_fail")
        if soft is not None and (soft.text == "true" or soft.kind == "list")
        else None
    )
    retry = line_of(state.path, node, "retry") if node.get("retry", "automatic") is not None else None
    label = node.string("label") or node.string("name") or ""
    variables = {key.text: value.text for key, value in node.entries("env") if value.kind == "text"}
    steps = (
        *plugins,
        CiStep(
            place=place, commands=commands, name=re.sub(r":[\w+-]+:", "", label).strip(), variables=variables
        ),
    )
    key = _name(node, label or (commands[0].text if commands else group or "step"), state)
    _add(
        CiJob(
            key=key,
            place=place,
            steps=steps,
            name=label,
            condition=_condition(node),
            tolerant=tolerant,
            retries=retry,
            variables=variables,
        ),
        node,
        state,
    )


def _generated(commands: tuple[Command, ...], place: Place, state: _Line) -> None:
    """Say where steps come from a program and not from a file of the repository."""
    for command in commands:
        words = command.text.split()
        if (
            "pipeline" in words
            and "upload" in words
            and not state.files.repository.exists(words[-1].strip("\"'"))
        ):
            state.files.facts.append(
                Fact(
                    subject=f"pipelines/{state.pipeline}",
                    aspect="dynamic-steps",
                    outcome="unknown",
                    reason="steps are generated while the pipeline runs",
                    evidence=(Place(place.path, command.first, command.last).uri,),
                )
            )


def _plugins(node: Node, state: _Line) -> Iterator[CiStep]:
    for item in node.children("plugins"):
        for key, value in item.pairs:
            name, _, version = key.text.partition("#")
            place = Place(state.path, item.first, max(item.first, item.last))
            inputs = {
                one.text: inner.text or ",".join(text.text for text in inner.items)
                for one, inner in value.pairs
            }
            short = name.rpartition("/")[2]
            if short == "docker-compose" and "push" in inputs:
                yield CiStep(
                    place=place,
                    uses=f"buildkite-plugins/docker-compose-push@{version}",
                    inputs={**inputs, "image": inputs["push"]},
                )
            else:
                yield CiStep(place=place, uses=f"buildkite-plugins/{short}@{version}", inputs=inputs)


def _condition(node: Node) -> str:
    parts = [
        f"refs/heads/{one}" for one in (node.string("branches") or "").split() if not one.startswith("!")
    ]
    text = node.string("if") or ""
    parts.extend(f"refs/heads/{one}" for one in re.findall(r"build\.branch\s*==\s*[\"']([^\"']+)", text))
    if "build.tag" in text:
        parts.append("refs/tags")
    if re.search(r"build\.pull_request\.id\s*!=\s*null", text):
        parts.append("event_name == 'pull_request'")
    return " ".join(parts)


def _triggers(jobs: tuple[CiJob, ...], default: frozenset[str]) -> tuple[Trigger, ...]:
    text = " ".join(job.condition for job in jobs)
    free = any(not job.condition for job in jobs)
    named = set(re.findall(r"refs/heads/(\S+)", text))
    found: set[Trigger] = set()
    if free or named & default:
        found.add("push-default-branch")
    if free or named - default:
        found.add("push-branch")
    if "refs/tags" in text:
        found.add("tag")
    return tuple(word for word in _ORDER if word in found)


CI = CiSystem(id="buildkite", read=read, title="Buildkite")
