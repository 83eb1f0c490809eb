"""GitHub Actions: workflows in .github/workflows."""

from dataclasses import replace

from platform_operations.assess.ci.expressions import words_of
from platform_operations.assess.ci.jobs import NOTHING, CiJob, CiPipeline, CiSystem, Place, Reading
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.triggers import events_of, triggers_of
from platform_operations.assess.ci.workflows import Files, jobs_of, scope_of
from platform_operations.model.evidence import repo_uri
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node

MAX_WORKFLOWS = 200
FOLDER = ".github/workflows/"


def read(repository: Repository) -> Reading | None:
    """Return the job graphs of all workflows, None where there are none."""
    paths = [
        path
        for path in repository.paths
        if path.startswith(FOLDER) and path.endswith((".yml", ".yaml")) and path.count("/") == 2
    ]
    if not paths:
        return None
    files = Files(repository)
    loaded = {path: found for path in paths[:MAX_WORKFLOWS] if (found := files.read(path)) is not None}
    called = _called_here(loaded)
    default = frozenset(
        {repository.default_branch} if repository.default_branch else {"main", "master", "trunk"}
    )
    pipelines: list[CiPipeline] = []
    evidence: list[str] = []
    for path, (root, lines) in loaded.items():
        on = root.get("on")
        if root.get("jobs") is None:
            continue
        evidence.append(_place(path, root).uri)
        if set(events_of(on)) == {"workflow_call"} and path in called:
            continue
        pipeline = _pipeline(path, root, lines, files, default)
        if path in called:  # what calls it holds its jobs already
            pipeline = replace(
                pipeline, triggers=tuple(one for one in pipeline.triggers if one != "upstream")
            )
        pipelines.append(pipeline)
    if not evidence:
        evidence = [repo_uri(paths[0], 1, 1)]
    return Reading(tuple(evidence[:20]), tuple(pipelines), tuple(files.facts))


def _called_here(loaded: dict[str, tuple[Node, tuple[str, ...]]]) -> set[str]:
    found: set[str] = set()
    for root, _ in loaded.values():
        for _, job in root.entries("jobs"):
            uses = job.string("uses") if job.kind == "map" else None
            if uses is not None and uses.startswith(("./", "$/")):
                found.add(uses[2:].partition("@")[0])
    return found


def _place(path: str, root: Node) -> Place:
    key, value = root.key("on"), root.get("on")
    if key is None or value is None:
        return Place(path, root.first, root.first)
    return Place(path, key.first, max(key.first, value.last))


def _pipeline(
    path: str, root: Node, lines: tuple[str, ...], files: Files, default: frozenset[str]
) -> CiPipeline:
    stem = path.rpartition("/")[2].rpartition(".")[0]
    id = kebab(stem)
    triggers, branches, paths = triggers_of(root.get("on"), default)
    jobs = jobs_of(root, scope_of(path, root, lines, {}, 0, id), files)
    name = root.string("name") or ""
    return CiPipeline(
        id=id,
        place=_place(path, root),
        triggers=triggers,
        jobs=jobs,
        name=name,
        after=_after(root, jobs),
        names=tuple(one for one in (name, path, stem) if one),
        branches=branches,
        paths=paths,
        variables=words_of(root.get("env"), NOTHING),
    )


def _after(root: Node, jobs: tuple[CiJob, ...]) -> tuple[tuple[str, bool], ...]:
    """Return the workflows that a `workflow_run` follows; success is required where a job asks for the conclusion."""
    names = root.strings("on", "workflow_run", "workflows")
    text = " ".join(
        (*(job.condition for job in jobs), *(step.condition for job in jobs for step in job.steps))
    ).replace(" ", "")
    required = "workflow_run.conclusion=='success'" in text or "workflow_run.conclusion!='failure'" in text
    return tuple((name, required) for name in names)


CI = CiSystem(id="github-actions", read=read, title="GitHub Actions")
