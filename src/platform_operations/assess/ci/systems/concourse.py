"""Concourse: jobs whose order lies in what their gets have passed, puts to typed resources, tasks here or elsewhere."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from platform_operations.assess.ci.jobs import CiJob, CiPipeline, CiStep, CiSystem, Place, Reading, Target
from platform_operations.assess.ci.names import environment_word, kebab
from platform_operations.assess.ci.shell import Command, commands
from platform_operations.assess.ci.systems.recognised import Sought, found_in, not_modelled
from platform_operations.assess.ci.triggers import branch_triggers
from platform_operations.assess.ci.yaml_files import Files, line_of
from platform_operations.model.words import Trigger
from platform_operations.patterns import regex
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node

MAX_JOBS = 200
MAX_STEPS = 200
MAX_DEPTH = 20
_PATHS = regex(r"(?:^|/)(?:ci|concourse|pipelines?)/|concourse|pipeline\.ya?ml$")
_PLAN = Sought(
    regex(r"^[ \t]*(?:-[ \t]+)?plan:[ \t]*$", re.MULTILINE),
    regex(r"^resources:[ \t]*$|^[ \t]*- (?:get|put):", re.MULTILINE),
)
_TASK = Sought(
    regex(r"^platform:[ \t]*(?:linux|darwin|windows)[ \t]*$", re.MULTILINE),
    regex(r"^image_resource:[ \t]*$", re.MULTILINE),
)
_PUTS: dict[str, str] = {
    "cf": "cf push", "cf-cli": "cf push", "cf-zero-downtime": "cf push", "cf-cli-resource": "cf push", "autopilot": "cf push",
    "kubernetes": "kubectl apply -f .", "k8s": "kubectl apply -f .", "helm": "helm upgrade --install", "helm3": "helm upgrade --install",
    "helm-resource": "helm upgrade --install", "terraform": "terraform apply", "terraform-enterprise": "terraform apply",
    "bosh-deployment": "bosh deploy", "registry-image": "docker push", "docker-image": "docker push",
    "github-release": "gh release create", "pypi": "twine upload", "npm": "npm publish", "heroku": "git push heroku", "gae": "gcloud app deploy",
    "google-cloud-run": "gcloud run deploy", "netlify": "netlify deploy", "cloudformation": "aws cloudformation deploy",
}  # fmt: skip
"""What a put to a resource of that type amounts to, as far as the type has one meaning."""
_ORDER: tuple[Trigger, ...] = (
    "pull-request", "push-default-branch", "push-branch", "tag", "manual", "schedule",
)  # fmt: skip


_AROUND = ("in_parallel", "aggregate", "do", "try")


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of a plan; `lenient` where its failure stops nothing."""

    node: Node
    lenient: bool


@dataclass(frozen=True, slots=True)
class _Scope:
    """What the steps of a pipeline are read with."""

    path: str
    files: Files
    resources: dict[str, Node]
    default: frozenset[str]


def read(repository: Repository) -> Reading | None:
    """Return one job graph per pipeline file, None where there is none."""
    evidence = found_in(repository, _PATHS, _PLAN) or found_in(repository, _PATHS, _TASK)
    if not evidence:
        return None
    files = Files(repository)
    default = frozenset(
        {repository.default_branch} if repository.default_branch else {"main", "master", "trunk"}
    )
    pipelines: list[CiPipeline] = []
    for uri in evidence:
        path = uri.removeprefix("repo:").rpartition("#")[0]
        loaded = files.read(path)
        if loaded is None or loaded[0].get("jobs") is None:
            continue
        resources = {one.string("name") or "": one for one in loaded[0].children("resources")}
        pipeline = _pipeline(loaded[0], _Scope(path, files, resources, default))
        if pipeline.jobs:
            pipelines.append(pipeline)
    facts = () if pipelines else (not_modelled("concourse", "Concourse", evidence),)
    return Reading(evidence, tuple(pipelines), (*facts, *files.facts))


def _pipeline(root: Node, scope: _Scope) -> CiPipeline:
    key = root.key("jobs") or root
    jobs: list[CiJob] = []
    starts: set[Trigger] = set()
    for node in root.children("jobs")[:MAX_JOBS]:
        name, plan = node.string("name"), node.get("plan")
        if name and plan is not None and scope.files.spend():
            steps = tuple(_flat(plan, 0))
            jobs.append(_job(node, name, steps, scope))
            starts |= _starts(steps, scope)
    keys = {job.key for job in jobs}
    stem = scope.path.rpartition("/")[2].rpartition(".")[0]
    return CiPipeline(
        id="concourse" if stem == "pipeline" else kebab(stem),
        place=Place(scope.path, key.first, key.first),
        triggers=tuple(word for word in _ORDER if word in starts) or ("manual",),
        jobs=tuple(replace(job, needs=tuple(one for one in job.needs if one in keys)) for job in jobs),
        names=(stem,),
    )


def _flat(plan: Node, depth: int, lenient: bool = False) -> Iterator[_Step]:
    """Yield the steps of a plan, those that run side by side or in a try one after another."""
    if depth > MAX_DEPTH:
        return
    for step in plan.items[:MAX_STEPS] if plan.kind == "list" else (plan,):
        inner = next((one for name in _AROUND if (one := step.get(name)) is not None), None)
        if inner is None:
            yield _Step(step, lenient)
        else:
            yield from _flat(inner.get("steps") or inner, depth + 1, lenient or step.get("try") is not None)


def _job(node: Node, name: str, steps: tuple[_Step, ...], scope: _Scope) -> CiJob:
    """A job follows the jobs that its inputs have passed; where none of these starts it, a person does."""
    gets = [step.node for step in steps if step.node.string("get")]
    after = [get for get in gets if get.get("passed") is not None]
    waits = bool(after) and not any(get.string("trigger") == "true" for get in gets)
    place = Place(scope.path, node.first, node.first)
    approval = line_of(scope.path, after[0], "passed") if waits else None
    by_hand = (
        (CiStep(place=approval, name="passed, and nothing triggers it", approval=True),) if approval else ()
    )
    passed = dict.fromkeys(kebab(one) for get in after for one in get.strings("passed"))
    return CiJob(
        key=kebab(name), place=place, name=name, needs=tuple(passed), target=_target(name, steps, scope),
        steps=(*by_hand, *(one for step in steps for one in _step(step, scope))),
    )  # fmt: skip


def _target(name: str, steps: tuple[_Step, ...], scope: _Scope) -> Target | None:
    """Return the environment that a job deploys to: its own name, else the one that its deploying puts carry."""
    called = ((step.node, _put_command(step.node, scope)) for step in steps)
    puts = [node for node, command in called if command and not command.startswith("docker")]
    place = line_of(scope.path, puts[0], "put") if puts else None
    own = environment_word(name) or environment_word(name, bare=True)
    names = {own} if own else {environment_word(one.string("put") or "") for one in puts}
    word = names.pop() if len(names) == 1 else None
    return Target(word, place) if word and place is not None else None


def _step(step: _Step, scope: _Scope) -> Iterator[CiStep]:
    node = step.node
    place = Place(scope.path, node.first, max(node.first, node.last))
    put, task = node.string("put"), node.string("task")
    line = line_of(scope.path, node, "put") or place
    if put is not None and (command := _put_command(node, scope)) is not None:
        found = [
            CiStep(place=line, commands=(Command(command, line.first, line.first),), shown=f"put: {put}")
        ]
    else:
        found = list(_task(node, task, place, scope)) if task is not None else []
    yield from (replace(one, tolerant=place if step.lenient else None) for one in found)


def _put_command(step: Node, scope: _Scope) -> str | None:
    put = step.string("put")
    resource = scope.resources.get(step.string("resource") or put or "")
    kind = resource.string("type") if resource is not None else None
    command = _PUTS.get((kind or "").removesuffix("-resource"))
    if command != "docker push" or resource is None:
        return command
    tag = resource.string("source", "tag")
    return f"docker push {resource.string('source', 'repository') or put}{f':{tag}' if tag else ''}"


def _task(step: Node, name: str, place: Place, scope: _Scope) -> Iterator[CiStep]:
    file = step.string("file")
    config, path, via = step.get("config"), scope.path, ()
    if config is None and file is not None:
        inner = file.partition("/")[2]
        loaded = scope.files.read(inner) if inner and scope.files.repository.exists(inner) else None
        if loaded is None:
            yield CiStep(place=place, uses=f"concourse/task/{file}", name=name, remote=True)
            return
        config, path = loaded[0], inner
        line = line_of(scope.path, step, "file")
        via = (line,) if line is not None else ()
    run = config.get("run") if config is not None else None
    if run is None:
        return
    there = Place(path, run.first, max(run.first, run.last))
    variables = {key.text: value.text for key, value in step.entries("params") if value.kind == "text"}
    yield CiStep(
        place=there,
        commands=_run(run, there, scope.files.repository),
        name=name,
        variables=variables,
        via=via,
    )


def _run(run: Node, place: Place, repository: Repository) -> tuple[Command, ...]:
    """Return the commands of a task; a program of an input counts as the repository's own where it has it."""
    path, arguments = run.string("path") or "", run.strings("args")
    if (path.rpartition("/")[2] in {"sh", "bash"} and "-c" in arguments[:-1]) or arguments[:1] in {
        ("-exc",),
        ("-ec",),
    }:
        return tuple(replace(one, first=place.first, last=place.last) for one in commands(arguments[-1], 1))
    inner = path.partition("/")[2]
    own = f"./{inner}" if inner and not path.startswith("/") and repository.exists(inner) else path
    words = [
        word.partition("/")[2] if repository.exists(word.partition("/")[2]) else word for word in arguments
    ]
    return (Command(shlex.join([own, *words]), place.first, place.last),) if own else ()


def _starts(steps: tuple[_Step, ...], scope: _Scope) -> set[Trigger]:
    """Return what starts a job that follows no other: new commits, times, pull requests, or a person."""
    found: set[Trigger] = set()
    for get in (step.node for step in steps):
        if not get.string("get") or get.string("trigger") != "true" or get.get("passed") is not None:
            continue
        resource = scope.resources.get(get.string("resource") or get.string("get") or "")
        kind = (resource.string("type") if resource is not None else None) or ""
        if kind in {"pull-request", "github-pr", "github-pull-request"}:
            found.add("pull-request")
        elif kind in {"time", "cron", "cron-resource"}:
            found.add("schedule")
        elif kind == "git" and resource is not None:
            branch = resource.string("source", "branch") or ""
            named = (branch,) if branch and "((" not in branch else ()
            found |= branch_triggers(
                named or tuple(sorted(scope.default)), (), resource.strings("source", "tag_filter"), scope.default,
                filtered=True, tagged=resource.get("source", "tag_filter") is not None,
            )  # fmt: skip
        elif kind in {"github-release", "semver"}:
            found.add("tag")
    return found


CI = CiSystem(id="concourse", read=read, title="Concourse")
