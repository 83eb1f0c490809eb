"""Azure Pipelines below the job: templates, parameters, steps and tasks."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from platform_operations.assess.ci.azure_tasks import command_of
from platform_operations.assess.ci.jobs import CiStep, Place, When
from platform_operations.assess.ci.shell import Command
from platform_operations.assess.ci.yaml_files import Files, line_of, script_commands
from platform_operations.model.assessment import Fact
from platform_operations.patterns import regex
from platform_operations.repository.yaml_lines import Node

MAX_DEPTH = 6
MAX_ITEMS = 300
MAX_STEPS = 300
_PARAMETER = regex(r"\$\{\{\s*parameters\.([\w.]+)\s*\}\}|\$\{\{\s*parameters\[[\"'](\w+)[\"']\]\s*\}\}")
_SCRIPTS = ("script", "bash", "pwsh", "powershell")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a node stands: its file, the parameters it can know, and the calls that led there."""

    path: str
    lines: tuple[str, ...]
    known: Mapping[str, str]
    files: Files
    pipeline: str
    via: tuple[Place, ...] = ()
    depth: int = 0


def template_of(node: Node, scope: Scope) -> tuple[Node, Scope] | None:
    """Return a template's root and its scope, None (and a fact) where it is kept elsewhere."""
    named = filled(node.string("template") or "", scope.known)
    place = Place(scope.path, node.first, max(node.first, node.last))
    path = template_path(named.partition("@")[0], scope.path)
    elsewhere = "@" in named and not named.endswith("@self")
    if not elsewhere and "@" in named and not scope.files.repository.exists(path):
        path = template_path(
            named.partition("@")[0], ""
        )  # handed to a template of another repository: from the root
    if not elsewhere and scope.files.repository.exists(path) and scope.depth < MAX_DEPTH:
        loaded = scope.files.read(path)
        if loaded is None:
            return None
        root, lines = loaded
        given = {
            key.text: filled(value.text, scope.known)
            for key, value in node.entries("parameters")
            if value.kind == "text"
        }
        return root, replace(
            scope,
            path=path,
            lines=lines,
            known={**defaults_of(root), **given},
            via=(place, *scope.via)[:3],
            depth=scope.depth + 1,
        )
    scope.files.facts.append(
        Fact(
            subject=f"pipelines/{scope.pipeline}", aspect="remote-template", outcome="unknown", value=named,
            reason=f"the template {named} is not in this repository", evidence=(place.uri,),
        )
    )  # fmt: skip
    return None


def flat(node: Node | None, scope: Scope, depth: int = 0) -> list[Node]:
    """Return the items of a list, those under `${{ if }}` and `${{ each }}` taken in as they stand."""
    found: list[Node] = []
    for item in node.items if node is not None and depth < 10 else ():
        if item.kind == "map" and len(item.pairs) >= 1 and item.pairs[0][0].text.startswith("${{"):
            for _, value in item.pairs:
                found.extend(flat(value, scope, depth + 1))
        else:
            found.append(item)
    return found[:MAX_ITEMS]


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return `text` with the template parameters replaced that are known."""
    return (
        _PARAMETER.sub(lambda match: known.get(match[1] or match[2], match[0]), text)
        if "${{" in text
        else text
    )


def template_path(named: str, path: str) -> str:
    """Return the path of a template: from the root after a slash, else relative to the file that names it."""
    return (
        named.lstrip("/")
        if named.startswith("/")
        else posixpath.normpath(posixpath.join(posixpath.dirname(path), named))
    )


def defaults_of(root: Node) -> dict[str, str]:
    """Return the default values of a template's parameters."""
    found: dict[str, str] = {}
    parameters = root.get("parameters")
    for item in parameters.items if parameters is not None else ():
        name, value = item.string("name"), item.string("default")
        if name and value is not None:
            found[name] = value
    found.update(
        {
            key.text: value.text
            for key, value in (parameters.pairs if parameters else ())
            if value.kind == "text"
        }
    )
    return found


def when_of(condition: str) -> When:
    """Return when a stage, job or step runs: after success, whatever happened, or after a failure."""
    text = condition.replace(" ", "").lower()
    if "always()" in text or "succeededorfailed()" in text:
        return "always"
    return "failure" if re.search(r"(?<!not\()failed\(", text) else "success"


def branches_in(text: str) -> str:
    """Return the condition with branch names in the words that targets look for."""
    return re.sub(
        r"Build\.SourceBranch(?:Name)?['\]]*\s*\]?\s*,\s*'(?:refs/heads/)?([\w./-]+)'", r"refs/heads/\1", text
    )


def steps_of_job(node: Node, scope: Scope) -> Iterator[CiStep]:
    """Yield the steps of a job, or of every hook of a deployment's strategy."""
    yield from steps_of(flat(node.get("steps"), scope), scope)
    strategy = node.get("strategy")
    for _, plan in strategy.pairs if strategy is not None and strategy.kind == "map" else ():
        for hook in ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic"):
            yield from steps_of(flat(plan.get(hook, "steps"), scope), scope)
        for step in steps_of(flat(plan.get("on", "failure", "steps"), scope), scope):
            yield replace(step, when="failure")
        yield from steps_of(flat(plan.get("on", "success", "steps"), scope), scope)


def steps_of(nodes: list[Node], scope: Scope) -> Iterator[CiStep]:
    """Yield steps, templates of the repository in their place."""
    for node in nodes[:MAX_STEPS]:
        if node.kind != "map" or not scope.files.spend():
            continue
        if node.string("template") is not None:
            template = template_of(node, scope)
            if template is not None:
                yield from steps_of(flat(template[0].get("steps"), template[1]), template[1])
            continue
        condition = filled(node.string("condition") or "", scope.known)
        step = CiStep(
            place=Place(scope.path, node.first, max(node.first, node.last)), name=filled(node.string("displayName") or "", scope.known),
            id=node.string("name"), when=when_of(condition), condition=branches_in(condition), via=scope.via,
            tolerant=line_of(scope.path, node, "continueOnError") if node.string("continueOnError") == "true" else None,
            folder=_folder(node.string("workingDirectory") or ""),
            variables={key.text: value.text for key, value in node.entries("env") if value.kind == "text"},
        )  # fmt: skip
        script = next((found for key in _SCRIPTS if (found := node.get(key)) is not None), None)
        if script is not None and script.kind == "text":
            yield replace(step, commands=_script(script, scope))
        elif node.string("task") is not None:
            yield from _task(node, step, scope)


def _folder(text: str) -> str:
    inner = re.sub(r"^\$\((?:System\.DefaultWorkingDirectory|Build\.SourcesDirectory)\)/?", "", text)
    return "" if "$" in inner or inner.startswith("/") else inner.removeprefix("./")


def _script(node: Node, scope: Scope) -> tuple[Command, ...]:
    known = Node("text", node.first, node.last, filled(node.text, scope.known), node.quoted, node.tag)
    return script_commands(known, scope.lines, pipefail=False)


def _task(node: Node, step: CiStep, scope: Scope) -> Iterator[CiStep]:
    task = node.string("task") or ""
    inputs = {
        key.text: filled(value.text, scope.known)
        for key, value in node.entries("inputs")
        if value.kind == "text"
    }
    if task.lower().startswith("manualvalidation"):
        yield replace(step, name=f"task: {task}", approval=True)
        return
    low = {key.lower(): key for key in inputs}
    inline = low.get("inlinescript") or (
        low.get("script") if task.lower().startswith(("bash", "cmdline", "powershell", "pwsh")) else None
    )
    script = node.get("inputs", inline) if inline is not None else None
    if script is not None and script.kind == "text":
        yield replace(step, commands=_script(script, scope))
        return
    command = command_of(task, inputs)
    if command is not None:
        folder = _folder(inputs.get("workingDirectory", "")) or step.folder
        yield replace(
            step,
            folder=folder,
            shown=f"uses {task}",
            commands=(Command(" ".join(command.split()), step.place.first, step.place.last),),
        )
    else:
        yield replace(step, uses=task, inputs=inputs)
