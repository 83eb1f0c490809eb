"""Azure Pipelines: stages, jobs and deployments, templates of the repository, checks that only the service knows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from platform_operations.assess.ci.azure_steps import (
    MAX_STEPS,
    Scope,
    branches_in,
    defaults_of,
    filled,
    flat,
    steps_of,
    steps_of_job,
    template_of,
    template_path,
    when_of,
)
from platform_operations.assess.ci.jobs import (
    CiJob,
    CiPipeline,
    CiStep,
    CiSystem,
    Place,
    Reading,
    Target,
    When,
)
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.triggers import branch_triggers
from platform_operations.assess.ci.yaml_files import Files, line_of
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import Trigger
from platform_operations.patterns import regex
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node

MAX_JOBS = 300
MAX_UNNAMED = 60
_ROOT = regex(
    r"^(?:.*/)?(?:azure-pipelines?[\w.-]*|\.azure-pipelines|azure-pipeline)\.ya?ml$|^\.?(?:azure-pipelines?|azure|azuredevops|devops|pipelines|vsts)/[\w.-]+\.ya?ml$"
    r"|^\.(?:azure-pipelines|azuredevops|pipelines)/(?!templates?/)[\w.-]+/[\w.-]+\.ya?ml$|^\.vsts-[\w.-]+\.ya?ml$"
)
_UNNAMED = regex(
    r"^(?:\.?(?:build|ci|ado|eng|pipelines?|azure-?pipelines?|devops|deploy(?:ment)?)/(?:[\w.-]+/)?)?(?!docker-compose|compose|mkdocs|openapi)[\w.-]+\.ya?ml$",
    re.IGNORECASE,
)
_WORDED = regex(
    r"^\s*vmImage\s*:|^\s*-\s+task:\s*[\"']?[\w.-]+@\d|^\s*template:\s*[\"']?[\w./-]*PipelineTemplate[\w.-]*@",
    re.MULTILINE,
)
_WORDS = ("vmImage", "task:", "PipelineTemplate")
"""What only a file of Azure Pipelines says: people choose its name and place when they set a pipeline up."""

_ORDER: tuple[Trigger, ...] = (
    "pull-request",
    "push-default-branch",
    "push-branch",
    "tag",
    "manual",
    "schedule",
    "upstream",
)


@dataclass(slots=True)
class _Stages:
    jobs: list[CiJob] = field(default_factory=list[CiJob])
    ends: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    last: str | None = None


def read(repository: Repository) -> Reading | None:
    """Return one job graph per pipeline file, None where there is none. Files that only serve as templates are no pipelines."""
    written = [path for path in repository.paths if path.endswith((".yml", ".yaml"))]
    paths = [path for path in written if _ROOT.match(path)]
    paths = [*paths, *_worded(repository, [path for path in written if path not in paths])][:60]
    files = Files(repository)
    default = frozenset(
        {repository.default_branch} if repository.default_branch else {"main", "master", "trunk"}
    )
    loaded = {
        path: found for path in paths if (found := files.read(path)) is not None and _is_pipeline(found[0])
    }
    templates = {name for path, (root, _) in loaded.items() for name in _templates(root, path, 0)}
    pipelines: list[CiPipeline] = []
    evidence: list[str] = []
    for path, (root, lines) in loaded.items():
        if path in templates or (root.get("parameters") is not None and not _starts(root)):
            continue
        stem = path.rpartition("/")[2].rpartition(".")[0]
        id = kebab(stem)
        scope = Scope(path, lines, defaults_of(root), files, id)
        key = (
            root.key("trigger")
            or root.key("stages")
            or root.key("jobs")
            or root.key("steps")
            or root.key("extends")
        )
        value = root.get("trigger")
        first = key.first if key is not None else 1
        last = max(first, value.last) if value is not None else first
        evidence.append(repo_uri(path, first, last))
        triggers, branches = _triggers(root, default)
        names = (stem, path, *((text,) if (text := root.string("name")) else ()))
        pipelines.append(
            CiPipeline(
                id, Place(path, first, last), triggers, tuple(_pipeline(root, scope))[:MAX_JOBS], names=names,
                branches=branches, after=_after(root), variables=_variables(root),
            )
        )  # fmt: skip
    if not evidence:
        return None
    return Reading(tuple(evidence[:20]), tuple(pipelines), tuple(files.facts))


def _worded(repository: Repository, paths: list[str]) -> Iterator[str]:
    """Yield the files under no name of Azure Pipelines that are worded as one."""
    for path in [path for path in paths if path.count("/") < 3 and _UNNAMED.match(path)][:MAX_UNNAMED]:
        text = repository.read(path)
        if not isinstance(text, str) or not any(word in text for word in _WORDS):
            continue
        if _WORDED.search(text) is not None:
            yield path


def _is_pipeline(root: Node) -> bool:
    keys = {key.text for key, _ in root.pairs}
    named = bool({"stages", "jobs", "steps", "extends"} & keys)
    return named and not {"apiVersion", "kind", "services", "on", "image"} & keys


def _starts(root: Node) -> bool:
    return any(
        root.get(key) is not None for key in ("trigger", "pr", "schedules", "resources", "pool", "extends")
    )


def _templates(node: Node, path: str, depth: int) -> Iterator[str]:
    if depth > 30:
        return
    named = node.string("template") if node.kind == "map" else None
    if named is not None and "@" not in named:
        yield template_path(named, path)
    for item in node.items:
        yield from _templates(item, path, depth + 1)
    for _, value in node.pairs:
        yield from _templates(value, path, depth + 1)


def _variables(root: Node) -> dict[str, str]:
    node = root.get("variables")
    found = {key.text: value.text for key, value in (node.pairs if node else ()) if value.kind == "text"}
    for item in node.items if node is not None else ():
        name, value = item.string("name"), item.string("value")
        if name and value is not None:
            found[name] = value
    return found


def _triggers(root: Node, default: frozenset[str]) -> tuple[tuple[Trigger, ...], tuple[str, ...]]:
    """Without `trigger` every push starts the pipeline, with `trigger: none` none does."""
    found: set[Trigger] = set()
    trigger = root.get("trigger")
    branches: tuple[str, ...] = ()
    if trigger is None:
        found |= {"push-default-branch", "push-branch"}
    elif trigger.text != "none":
        branches = trigger.strings("branches", "include") or trigger.strings("branches")
        branches = (
            branches
            or tuple(item.text for item in trigger.items)
            or ((trigger.text,) if trigger.text else ())
        )
        branches = tuple(one.removeprefix("refs/heads/") for one in branches)
        tags = trigger.strings("tags", "include") or trigger.strings("tags")
        found |= branch_triggers(
            branches,
            trigger.strings("branches", "exclude"),
            tags,
            default,
            filtered=bool(branches),
            tagged=bool(tags),
        )
    pull = root.get("pr")
    if pull is not None and pull.text != "none":
        found.add("pull-request")
    if root.get("schedules") is not None:
        found.add("schedule")
    if any(item.get("trigger") is not None for item in root.children("resources", "pipelines")):
        found.add("upstream")
    return tuple(word for word in _ORDER if word in found) or ("manual",), tuple(
        one for one in branches if "*" not in one
    )


def _after(root: Node) -> tuple[tuple[str, bool], ...]:
    return tuple(
        (source, True)
        for item in root.children("resources", "pipelines")
        if item.get("trigger") is not None and (source := item.string("source"))
    )


def _pipeline(root: Node, scope: Scope) -> Iterator[CiJob]:
    body, inner = _extended(root, scope)
    if body.get("stages") is not None:
        state = _Stages()
        _stages(flat(body.get("stages"), inner), inner, state)
        yield from state.jobs
    elif body.get("jobs") is not None:
        yield from _jobs(flat(body.get("jobs"), inner), inner, "", (), "", "success")
    else:
        place = Place(inner.path, body.first, body.last)
        steps = tuple(steps_of(flat(body.get("steps"), inner), inner))
        yield CiJob(key=kebab(inner.pipeline), place=place, steps=steps[:MAX_STEPS])


def _extended(root: Node, scope: Scope) -> tuple[Node, Scope]:
    extends = root.get("extends")
    if extends is None:
        return root, scope
    found = template_of(extends, scope)
    if found is not None:
        return found
    given = extends.get("parameters")
    return (given, scope) if given is not None and given.kind == "map" else (root, scope)


def _names(node: Node, key: str, known: Mapping[str, str]) -> tuple[str, ...] | None:
    value = node.get(key)
    if value is None:
        return None
    return tuple(filled(one, known) for one in node.strings(key)) if not value.null else ()


def _stages(nodes: list[Node], scope: Scope, state: _Stages) -> None:
    for node in nodes:
        if not scope.files.spend():
            return
        if node.string("template") is not None:
            found = template_of(node, scope)
            if found is not None:
                _stages(flat(found[0].get("stages"), found[1]), found[1], state)
            continue
        name = filled(node.string("stage") or "stage", scope.known)
        depends = _names(node, "dependsOn", scope.known)
        before = depends if depends is not None else ((state.last,) if state.last else ())
        needs = tuple(dict.fromkeys(end for one in before for end in state.ends.get(one, ())))
        condition = filled(node.string("condition") or "", scope.known)
        made = list(_jobs(flat(node.get("jobs"), scope), scope, name, needs, condition, when_of(condition)))
        if not made and node.get("steps") is not None:
            place = Place(scope.path, node.first, node.last)
            made = [
                CiJob(
                    key=kebab(name),
                    place=place,
                    steps=tuple(steps_of(flat(node.get("steps"), scope), scope)),
                    needs=needs,
                    condition=condition,
                )
            ]
        if node.get("trigger") is not None and node.string("trigger") == "manual" and made:
            place = line_of(scope.path, node, "trigger") or made[0].place
            made[0] = replace(
                made[0], steps=(CiStep(place=place, name="trigger: manual", approval=True), *made[0].steps)
            )
        waited = {need for job in made for need in (*job.needs, *job.optional)}
        state.jobs.extend(made)
        state.ends[name] = tuple(job.key for job in made if job.key not in waited) or needs
        state.last = name


def _jobs(
    nodes: list[Node], scope: Scope, stage: str, needs: tuple[str, ...], condition: str, when: When
) -> Iterator[CiJob]:
    for node in nodes:
        if not scope.files.spend():
            return
        if node.string("template") is not None:
            found = template_of(node, scope)
            if found is not None:
                yield from _jobs(
                    flat(found[0].get("jobs"), found[1]), found[1], stage, needs, condition, when
                )
            continue
        named = filled(node.string("job") or node.string("deployment") or "job", scope.known)
        place = Place(scope.path, node.first, max(node.first, node.last))
        own = _names(node, "dependsOn", scope.known) or ()
        text = " ".join(
            part for part in (condition, filled(node.string("condition") or "", scope.known)) if part
        )
        mine = when_of(text) if when_of(text) != "success" else when
        waits = tuple(_key(stage, one) for one in own) or needs
        tolerant = (
            line_of(scope.path, node, "continueOnError") if node.string("continueOnError") == "true" else None
        )
        steps = tuple(steps_of_job(node, scope))[:MAX_STEPS]
        yield CiJob(
            key=_key(stage, named), place=place, steps=steps, name=filled(node.string("displayName") or "", scope.known) or stage,
            needs=waits if mine == "success" else (), optional=() if mine == "success" else waits, when=mine, condition=branches_in(text),
            target=_target(node, scope), tolerant=tolerant, variables=_variables(node),
        )  # fmt: skip


def _key(stage: str, name: str) -> str:
    if not stage or name == "job":
        return kebab(stage or name)
    return kebab(name) if kebab(stage) in kebab(name) else f"{kebab(stage)}-{kebab(name)}"


def _target(node: Node, scope: Scope) -> Target | None:
    named = node.string("environment") or node.string("environment", "name")
    place = line_of(scope.path, node, "environment")
    if named is None or place is None:
        return None
    text = filled(named, scope.known)
    return Target(text.partition(".")[0].replace("$(", "${("), place)


CI = CiSystem(id="azure-pipelines", read=read, title="Azure Pipelines")
