"""Google Cloud Build: the steps of cloudbuild files, each an image with arguments. What starts them is set elsewhere."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from platform_operations.assess.ci.jobs import CiJob, CiPipeline, CiStep, CiSystem, Place, Reading
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.shell import Command, commands
from platform_operations.assess.ci.yaml_files import Files, line_of, script_commands
from platform_operations.model.assessment import Fact
from platform_operations.patterns import regex
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node

MAX_FILES = 40
MAX_STEPS = 100
_ENDINGS = (".yaml", ".yml", ".json")
_ASIDE = regex(r"(?:^|/)(?:node_modules|vendor|third_party|examples?|samples?|testdata|fixtures)/")
_SHELLS = frozenset({"bash", "sh", "/bin/bash", "/bin/sh", "/usr/bin/bash"})
_WHOLE = frozenset(
    {
        "cloud-sdk", "google-cloud-cli", "node", "python", "golang", "ruby", "php", "rust", "openjdk", "eclipse-temurin", "maven",
        "gradle", "sdk", "alpine", "ubuntu", "debian", "busybox", "uv", "skaffold",
    }
)  # fmt: skip
"""Images that run what their arguments say; every other is taken for the program that it is named for."""
_UNSHELLED = regex(r"\$\$(?=[A-Za-z_{(])")


def read(repository: Repository) -> Reading | None:
    """Return one job per cloudbuild file, None where there is none."""
    paths = [
        path
        for path in repository.paths
        if "cloudbuild" in path and path.endswith(_ENDINGS) and _named(path) and not _ASIDE.search(path)
    ][:MAX_FILES]
    if not paths:
        return None
    files = Files(repository)
    pipelines: list[CiPipeline] = []
    facts: list[Fact] = []
    evidence: list[str] = []
    for path in paths:
        loaded = files.read(path)
        key = loaded[0].key("steps") if loaded is not None else None
        if loaded is None or key is None:
            continue
        place = Place(path, key.first, key.first)
        pipeline = _pipeline(loaded[0], loaded[1], path, place)
        pipelines.append(pipeline)
        evidence.append(place.uri)
        facts.append(
            Fact(
                subject=f"pipelines/{pipeline.id}", aspect="triggers", outcome="unknown",
                reason="what starts it is set in Cloud Build", evidence=(place.uri,),
            )
        )  # fmt: skip
    if not evidence and not files.facts:
        return None
    cited = tuple(evidence) or (Place(paths[0], 1, 1).uri,)
    return Reading(cited, tuple(pipelines), (*facts, *files.facts))


def _named(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith("cloudbuild") or "/.cloudbuild/" in f"/{path}"


def _pipeline(root: Node, lines: tuple[str, ...], path: str, place: Place) -> CiPipeline:
    known = {key.text: value.text for key, value in root.entries("substitutions") if value.kind == "text"}
    stem = re.sub(r"^cloudbuild[._-]?", "", path.rpartition("/")[2].rpartition(".")[0])
    folder = "" if path.count("/") == 0 else path.rpartition("/")[0].removesuffix("/.cloudbuild")
    name = stem or folder.rpartition("/")[2]
    id = kebab(f"cloud-build-{name}") if name and name != ".cloudbuild" else "cloud-build"
    steps = [one for node in root.children("steps")[:MAX_STEPS] for one in _step(node, lines, path)]
    ran = " ".join(command.text for one in steps for command in one.commands)
    for image in root.children("images"):
        if image.kind == "text" and image.text and f"push {image.text}" not in ran:
            at = Place(path, image.first, image.last)
            pushed = Command(f"docker push {image.text}", image.first, image.last)
            steps.append(CiStep(place=at, commands=(pushed,), shown=f"images: {image.text}"[:200]))
    job = CiJob(key=kebab(name or "build"), place=place, steps=tuple(steps), variables=known)
    return CiPipeline(
        id, place, ("push-default-branch", "push-branch"), (job,), name=name, names=(path,), variables=known
    )


def _step(node: Node, lines: tuple[str, ...], path: str) -> Iterator[CiStep]:
    place = Place(path, node.first, max(node.first, node.last))
    step = CiStep(
        place=place, name=node.string("id") or "", id=node.string("id"), variables=dict(_environment(node)),
        tolerant=line_of(path, node, "allowFailure") if node.string("allowFailure") == "true" else None,
        folder=(node.string("dir") or "").removeprefix("./"),
    )  # fmt: skip
    script = node.get("script")
    found = (
        script_commands(script, lines)
        if script is not None and script.kind == "text"
        else _called(node, lines, place)
    )
    if found:
        yield replace(step, commands=found)


def _environment(node: Node) -> Iterator[tuple[str, str]]:
    for text in node.strings("env"):
        name, equals, value = text.partition("=")
        if equals:
            yield name, value


def _called(node: Node, lines: tuple[str, ...], place: Place) -> tuple[Command, ...]:
    """Return what a step runs: its entry point, else the program that its image is named for, with its arguments."""
    arguments = [one for one in node.children("args") if one.kind == "text"]
    entry = node.string("entrypoint") or ""
    if entry in _SHELLS:
        if [one.text for one in arguments[:-1]] and arguments[-2].text.startswith("-"):
            text = _UNSHELLED.sub("$", arguments[-1].text)
            if text == arguments[-1].text:
                return script_commands(arguments[-1], lines)
            inner = arguments[-1]
            return tuple(replace(one, first=inner.first, last=inner.last) for one in commands(text, 1))
        words = [one.text for one in arguments]
    else:
        image = (node.string("name") or "").partition("@")[0].rpartition("/")[2].partition(":")[0]
        named = "/kaniko/executor" if image == "executor" else image
        program = entry.rpartition("/")[2] if entry else ("" if image in _WHOLE else named)
        words = [one for one in (program, *(one.text for one in arguments)) if one]
    if not words:
        return ()
    text = " ".join(word if re.fullmatch(r"[\w./:=@%+,${}-]+", word) else shlex.quote(word) for word in words)
    return (Command(text, place.first, place.last),)


CI = CiSystem(id="cloud-build", read=read, title="Google Cloud Build")
