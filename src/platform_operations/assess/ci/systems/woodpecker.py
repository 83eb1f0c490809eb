"""Woodpecker and Drone: steps in containers one after another, plugins with settings, events and branches that they run for."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from platform_operations.assess.ci.jobs import CiJob, CiPipeline, CiStep, CiSystem, Place, Reading
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.triggers import branch_triggers
from platform_operations.assess.ci.yaml_files import Files, line_of, script_list
from platform_operations.model.words import Trigger
from platform_operations.patterns import regex
from platform_operations.repository import Repository, Unreadable
from platform_operations.repository.yaml_lines import Broken, Node, read_yaml

MAX_FILES = 30
MAX_STEPS = 200
_EVENTS: dict[str, Trigger] = {
    "pull_request": "pull-request", "pull_request_closed": "pull-request", "tag": "tag", "release": "release", "cron": "schedule",
    "manual": "manual", "custom": "manual", "deployment": "manual", "promote": "manual", "rollback": "manual",
}  # fmt: skip
_ORDER: tuple[Trigger, ...] = (
    "pull-request", "push-default-branch", "push-branch", "tag", "release", "manual", "schedule",
)  # fmt: skip
_IMAGES = ("docker", "kaniko", "ecr", "gcr", "gar", "acr", "buildx")
_BETWEEN = regex(r"[/:._-]")


@dataclass(slots=True)
class _Run:
    """One workflow while it is read: its jobs so far and the branches that its steps ask for."""

    path: str
    lines: tuple[str, ...]
    files: Files
    default: frozenset[str]
    jobs: list[CiJob] = field(default_factory=list[CiJob])
    starts: set[Trigger] = field(default_factory=set[Trigger])


def _woodpecker(repository: Repository) -> list[str]:
    return [
        path
        for path in repository.paths
        if path in {".woodpecker.yml", ".woodpecker.yaml"}
        or (path.startswith(".woodpecker/") and path.endswith((".yml", ".yaml")))
    ]


def _drone(repository: Repository) -> list[str]:
    return [path for path in (".drone.yml", ".drone.yaml") if repository.exists(path)]


def _pipelines(path: str, id: str, files: Files, default: frozenset[str]) -> Iterator[CiPipeline]:
    """Yield the workflows of a file: Drone keeps several in one, as documents."""
    if files.read(path) is None:
        return
    content = files.repository.read(path)
    documents = read_yaml(content) if not isinstance(content, Unreadable) else ()
    if isinstance(documents, Broken) or isinstance(content, Unreadable):
        return
    lines = tuple(content.split("\n"))
    stem = path.rpartition("/")[2].rpartition(".")[0].lstrip(".")
    for document in documents[:MAX_FILES]:
        key = document.key("steps") or document.key("pipeline")
        steps = document.get("steps") or document.get("pipeline")
        if key is None or steps is None:
            continue
        name = document.string("name") or (stem if stem != id else "")
        run = _Run(path, lines, files, default)
        around = document.get("when") or document.get("trigger")
        _steps(steps, around, run)
        yield CiPipeline(
            id=kebab(f"{id}-{name}") if name else id, place=Place(path, key.first, key.first),
            triggers=tuple(word for word in _ORDER if word in run.starts), jobs=tuple(run.jobs), name=name, names=(name or id, path),
            after=tuple((one, True) for one in document.strings("depends_on")),
        )  # fmt: skip


def _steps(steps: Node, around: Node | None, run: _Run) -> None:
    rows = [(one.string("name") or "", one) for one in steps.items] or [
        (key.text, value) for key, value in steps.pairs
    ]
    previous: tuple[str, ...] = ()
    for name, node in rows[:MAX_STEPS]:
        if node.kind != "map" or node.string("detach") == "true" or not run.files.spend():
            continue
        condition = " ".join(text for text in (_condition(around), _condition(node.get("when"))) if text)
        run.starts |= _starts(node.get("when") or around, around, run.default)
        job = _job(name or "step", node, condition, previous, run)
        run.jobs.append(job)
        previous = (job.key,) if job.tolerant is None else previous


def _job(name: str, node: Node, condition: str, previous: tuple[str, ...], run: _Run) -> CiJob:
    taken = {job.key for job in run.jobs}
    base, turn = kebab(name), 2
    key = base
    while key in taken:
        key, turn = f"{base}-{turn}", turn + 1
    own = tuple(one for need in node.strings("depends_on") if (one := kebab(need)) in taken)
    place = Place(run.path, node.first, max(node.first, node.last))
    words = {one.text: value.text for one, value in node.entries("environment") if value.kind == "text"}
    script = node.get("commands")
    if script is not None:
        step = CiStep(place=place, commands=script_list(script, run.lines), variables=words)
    else:
        step = _plugin(node, place)
    ignored = node.string("failure") == "ignore"
    return CiJob(
        key=key, place=place, name=name, steps=(step,), condition=condition, variables=words,
        needs=own if node.get("depends_on") is not None else previous,
        tolerant=line_of(run.path, node, "failure") if ignored else None,
    )  # fmt: skip


def _plugin(node: Node, place: Place) -> CiStep:
    """A step without commands runs its image with settings; one that makes images names them by repository and tags.

    Drone's first versions had the settings beside the image.
    """
    image = node.string("image") or ""
    name, _, version = image.removeprefix("docker.io/").partition(":")
    settings = {
        key.text.replace("_", "-"): value.text
        or "\n".join(one.text for one in value.items if one.kind == "text")
        for key, value in node.entries("settings") or node.pairs
    }
    repository = settings.get("repo", "")
    if repository and set(_BETWEEN.split(name)) & set(_IMAGES):
        tags = (
            settings.get("tags")
            or settings.get("tag")
            or settings.get("auto-tag", "").replace("true", "${CI_COMMIT_TAG}")
        )
        named = "\n".join(f"{repository}:{tag}" for tag in re.split(r"[\n,]", tags) if tag) or repository
        pushes = "false" if settings.get("dry-run") == "true" else "true"
        return CiStep(
            place=place, uses=f"{name}@{version or 'latest'}", inputs={"tags": named, "push": pushes}
        )
    return CiStep(place=place, uses=f"{name}@{version or 'latest'}", inputs=settings)


def _parts(node: Node | None) -> tuple[Node, ...]:
    """Return the alternatives of a condition: one mapping or a list of them."""
    if node is None:
        return ()
    return tuple(one for one in node.items if one.kind == "map") if node.kind == "list" else (node,)


def _listed(node: Node, name: str) -> tuple[str, ...]:
    return node.strings(name) or node.strings(name, "include")


def _condition(node: Node | None) -> str:
    found: list[str] = []
    for part in _parts(node):
        found.extend(f"refs/heads/{one}" for one in _listed(part, "branch"))
        events = _listed(part, "event")
        if events and set(events) <= {"tag", "release"}:
            found.append("refs/tags")
        if events and set(events) <= {"pull_request", "pull_request_closed"}:
            found.append("event_name == 'pull_request'")
        found.extend(_listed(part, "target"))
    return " ".join(dict.fromkeys(found))


def _starts(node: Node | None, around: Node | None, default: frozenset[str]) -> set[Trigger]:
    """Return what starts a step; without events pushes do, to the branches that it or its workflow names."""
    found: set[Trigger] = set()
    for part in _parts(node) or (Node("map", 1, 1),):
        events = _listed(part, "event") or next(
            (events for outer in _parts(around) if (events := _listed(outer, "event"))), ()
        )
        found |= {_EVENTS[event] for event in events if event in _EVENTS}
        if not events or "push" in events:
            branches = _listed(part, "branch") or next(
                (names for outer in _parts(around) if (names := _listed(outer, "branch"))), ()
            )
            found |= branch_triggers(branches, (), (), default, filtered=bool(branches), tagged=False)
    return found


def _system(id: str, title: str, find: Callable[[Repository], list[str]]) -> CiSystem:
    def read(repository: Repository) -> Reading | None:
        paths = find(repository)[:MAX_FILES]
        if not paths:
            return None
        files = Files(repository)
        default = frozenset(
            {repository.default_branch} if repository.default_branch else {"main", "master", "trunk"}
        )
        found = tuple(one for path in paths for one in _pipelines(path, id, files, default))
        cited = tuple(one.place.uri for one in found) or (Place(paths[0], 1, 1).uri,)
        return Reading(cited, found, tuple(files.facts))

    return CiSystem(id=id, read=read, title=title)


CI = (_system("woodpecker", "Woodpecker", _woodpecker), _system("drone", "Drone", _drone))
