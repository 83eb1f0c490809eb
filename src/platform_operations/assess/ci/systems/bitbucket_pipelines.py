"""Bitbucket Pipelines: the pipelines of branches, tags, pull requests and people, with pipes, stages and manual steps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from platform_operations.assess.ci.jobs import CiJob, CiPipeline, CiStep, CiSystem, Place, Reading, Target
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.triggers import matches
from platform_operations.assess.ci.yaml_files import Files, line_of, script_commands, script_list
from platform_operations.model.assessment import Fact
from platform_operations.model.words import Trigger
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node

PATH = "bitbucket-pipelines.yml"
MAX_PIPELINES = 60
MAX_STEPS = 100


@dataclass(slots=True)
class _Line:
    """One pipeline while it is read: `gate` are the jobs that the next one waits for."""

    files: Files
    lines: tuple[str, ...]
    condition: str
    jobs: list[CiJob] = field(default_factory=list[CiJob])
    gate: tuple[str, ...] = ()


def read(repository: Repository) -> Reading | None:
    """Return one job graph per pipeline of the file, None where there is no file. Only the one at the root is run."""
    if not repository.exists(PATH):
        return None
    files = Files(repository)
    loaded = files.read(PATH)
    key = loaded[0].key("pipelines") if loaded is not None else None
    if loaded is None or key is None:
        return Reading((Place(PATH, 1, 1).uri,), (), tuple(files.facts))
    default = frozenset(
        {repository.default_branch} if repository.default_branch else {"main", "master", "trunk"}
    )
    pipelines = tuple(_pipelines(loaded[0], loaded[1], files, default))
    return Reading((Place(PATH, key.first, key.first).uri,), pipelines, tuple(files.facts))


def _pipelines(
    root: Node, lines: tuple[str, ...], files: Files, default: frozenset[str]
) -> Iterator[CiPipeline]:
    named = [key.text for key, _ in root.entries("pipelines", "branches")]
    for key, node in root.entries("pipelines"):
        if key.text == "default":
            taken = any(matches(pattern, branch) for pattern in named for branch in default)
            triggers: tuple[Trigger, ...] = (
                ("push-branch",) if taken else ("push-default-branch", "push-branch")
            )
            yield _pipeline(key, node, "default", triggers, "", files, lines)
            continue
        for inner, steps in node.pairs[:MAX_PIPELINES]:
            selected = _selected(key.text, inner.text, default)
            if selected is not None:
                id, triggers, condition = selected
                yield _pipeline(inner, steps, id, triggers, condition, files, lines)


def _selected(
    section: str, name: str, default: frozenset[str]
) -> tuple[str, tuple[Trigger, ...], str] | None:
    """Return the id, the triggers and the condition of a pipeline under a section, None where the section has none."""
    if section == "branches":
        condition = " ".join(f"refs/heads/{one}" for one in _alternatives(name))
        return f"branch-{name}", _branch_triggers(name, default), condition
    if section == "tags":
        return f"tag-{name}", ("tag",), "refs/tags"
    if section == "pull-requests":
        return f"pull-request-{name}", ("pull-request",), "event_name == 'pull_request'"
    return (name, ("manual",), "") if section == "custom" else None


def _alternatives(pattern: str) -> list[str]:
    """Return the branches that a pattern names: `{a,b}` is both, one with a wildcard stays as it is."""
    whole = re.fullmatch(r"([^{}]*)\{([^{}]*)\}([^{}]*)", pattern)
    return [f"{whole[1]}{one.strip()}{whole[3]}" for one in whole[2].split(",")] if whole else [pattern]


def _branch_triggers(pattern: str, default: frozenset[str]) -> tuple[Trigger, ...]:
    names = _alternatives(pattern)
    found: list[Trigger] = []
    if any(matches(name, branch) for name in names for branch in default):
        found.append("push-default-branch")
    if any(name not in default for name in names):
        found.append("push-branch")
    return tuple(found)


def _pipeline(
    key: Node,
    node: Node,
    name: str,
    triggers: tuple[Trigger, ...],
    condition: str,
    files: Files,
    lines: tuple[str, ...],
) -> CiPipeline:
    place = Place(PATH, key.first, key.first)
    id = kebab(name)
    imported = node.string("import")
    if imported:
        files.facts.append(
            Fact(
                subject=f"pipelines/{id}", aspect="remote-include", outcome="unknown", value=imported[:200],
                reason=f"{imported[:160]} is kept in another repository", evidence=(place.uri,),
            )
        )  # fmt: skip
    line = _Line(files, lines, condition)
    items = node.children("steps") if node.kind == "map" else tuple(node.items)
    _items(items, line)
    return CiPipeline(id, place, triggers, tuple(line.jobs), name=key.text, names=(key.text,))


def _items(items: tuple[Node, ...], line: _Line) -> None:
    for item in items[:MAX_STEPS]:
        step, stage, parallel = item.get("step"), item.get("stage"), item.get("parallel")
        if step is not None:
            key = _job(step, line)
            line.gate = (key,) if key else line.gate
        elif stage is not None:
            before = len(line.jobs)
            _items(stage.children("steps"), line)
            line.jobs[before:] = [
                _staged(job, stage, first=not turn) for turn, job in enumerate(line.jobs[before:])
            ]
        elif parallel is not None:
            inner = parallel.children("steps") if parallel.kind == "map" else tuple(parallel.items)
            steps = [one for child in inner[:MAX_STEPS] if (one := child.get("step")) is not None]
            keys = tuple(key for one in steps if (key := _job(one, line)))
            line.gate = keys or line.gate


def _staged(job: CiJob, stage: Node, *, first: bool) -> CiJob:
    """A stage's environment is that of its steps, and a person who starts it starts its first step."""
    target = job.target or _target(stage)
    waits = _approval(stage) if first else ()
    return replace(job, target=target, steps=(*waits, *job.steps), variables=_known(target))


def _target(node: Node) -> Target | None:
    name, place = node.string("deployment"), line_of(PATH, node, "deployment")
    return Target(name, place) if name and place is not None else None


def _known(target: Target | None) -> dict[str, str]:
    return {"BITBUCKET_DEPLOYMENT_ENVIRONMENT": target.name} if target is not None else {}


def _approval(node: Node) -> tuple[CiStep, ...]:
    place = line_of(PATH, node, "trigger")
    manual = node.string("trigger") == "manual" and place is not None
    return (
        (CiStep(place=place, name="trigger: manual", approval=True),) if manual and place is not None else ()
    )


def _job(node: Node, line: _Line) -> str | None:
    if not line.files.spend():
        return None
    name = node.string("name") or ""
    target = _target(node)
    ignored = node.get("on-fail", "strategy")
    lenient = ignored is not None and ignored.text == "ignore"
    place = Place(PATH, node.first, max(node.first, node.last))
    job = CiJob(
        key=_key(name or (target.name if target else "") or "step", line), place=place, name=name, needs=line.gate,
        condition=line.condition, target=target, variables=_known(target),
        tolerant=line_of(PATH, node, "on-fail") if lenient else None,
        services=tuple(one for one in node.strings("services") if one != "docker"),
        steps=(*_approval(node), *_script(node.children("script"), line), *_after(node, line)),
    )  # fmt: skip
    line.jobs.append(job)
    return job.key


def _key(name: str, line: _Line) -> str:
    base, taken = kebab(name), {job.key for job in line.jobs}
    found, turn = base, 2
    while found in taken:
        found, turn = f"{base}-{turn}", turn + 1
    return found


def _script(items: tuple[Node, ...], line: _Line) -> Iterator[CiStep]:
    for item in items[:MAX_STEPS]:
        place = Place(PATH, item.first, max(item.first, item.last))
        pipe = item.string("pipe")
        if pipe is not None:
            yield _pipe(item, pipe, place)
        elif item.kind == "text" and not item.null:
            yield CiStep(place=place, commands=script_commands(item, line.lines))


def _pipe(item: Node, pipe: str, place: Place) -> CiStep:
    owner, _, version = pipe.removeprefix("docker://").partition(":")
    inputs = {
        key.text.lower().replace("_", "-"): value.text or ",".join(one.text for one in value.items)
        for key, value in item.entries("variables")
    }
    return CiStep(place=place, uses=f"{owner}@{version}", inputs=inputs)


def _after(node: Node, line: _Line) -> tuple[CiStep, ...]:
    script = node.get("after-script")
    found = script_list(script, line.lines)
    if script is None or not found:
        return ()
    place = Place(PATH, script.first, max(script.first, script.last))
    return (CiStep(place=place, commands=found, when="always"),)


CI = CiSystem(id="bitbucket-pipelines", read=read, title="Bitbucket Pipelines")
