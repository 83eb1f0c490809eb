"""CircleCI: workflows of .circleci/config.yml with reusable commands, inline orbs, parameters, approvals and filters."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from platform_operations.assess.ci.circleci_steps import MAX_STEPS, Config, filled, steps_of_job
from platform_operations.assess.ci.jobs import CiJob, CiPipeline, CiStep, CiSystem, Place, Reading
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.triggers import branch_triggers
from platform_operations.assess.ci.yaml_files import Files
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import Trigger
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node

PATHS = (".circleci/config.yml", ".circleci/config.yaml")
MAX_COPIES = 8
_ORDER: tuple[Trigger, ...] = (
    "pull-request",
    "push-default-branch",
    "push-branch",
    "tag",
    "manual",
    "schedule",
    "upstream",
)


def read(repository: Repository) -> Reading | None:
    """Return one job graph per workflow, None where there is no configuration."""
    paths = [path for path in PATHS if repository.exists(path)]
    paths += [
        path
        for path in repository.paths
        if path.startswith(".circleci/") and path.endswith((".yml", ".yaml")) and path not in paths
    ][:10]
    if not paths:
        return None
    files = Files(repository)
    default = frozenset(
        {repository.default_branch} if repository.default_branch else {"main", "master", "trunk"}
    )
    pipelines: list[CiPipeline] = []
    evidence: list[str] = []
    for path in paths:
        loaded = files.read(path)
        if loaded is None:
            continue
        root, lines = loaded
        if root.get("workflows") is None and root.get("jobs") is None:
            continue
        if root.string("setup") == "true" and len(paths) == 1:
            files.facts.append(
                Fact(
                    subject="pipelines/circleci",
                    aspect="dynamic-config",
                    outcome="unknown",
                    reason="a setup workflow generates the configuration that runs",
                    evidence=(repo_uri(path, (root.key("setup") or root).first),),
                )
            )
        orbs = {key.text: value.text for key, value in root.entries("orbs") if value.kind == "text"}
        config = Config(path, root, lines, orbs, default, files)
        key = root.key("workflows") or root.key("jobs")
        evidence.append(repo_uri(path, key.first if key else 1, key.first if key else 1))
        pipelines.extend(_workflows(config))
    return Reading(tuple(evidence) or (repo_uri(paths[0], 1, 1),), tuple(pipelines), tuple(files.facts))


def _workflows(config: Config) -> Iterator[CiPipeline]:
    found = [
        (key, node)
        for key, node in config.root.entries("workflows")[:50]
        if node.kind == "map" and key.text != "version"
    ]
    if not found and config.unit("jobs", "build") is not None:
        only = _job("build", "build", Node("map", 1, 1), None, config, Place(config.path, 1, 1), "circleci")
        yield CiPipeline(
            "circleci", Place(config.path, 1, 1), ("push-default-branch", "push-branch"), tuple(only)
        )
        return
    for key, node in found:
        id = kebab(key.text)
        jobs: list[CiJob] = []
        names: dict[str, tuple[str, ...]] = {}
        for item in node.children("jobs")[:200]:
            name, given, place = _invocation(item, config)
            if name is None:
                continue
            made = _job(
                name,
                (given.string("name") if given else None) or name,
                given,
                _filters(given),
                config,
                place,
                id,
            )
            jobs.extend(made)
            names[(given.string("name") if given else None) or name] = tuple(job.key for job in made)
            names.setdefault(name, tuple(job.key for job in made))
        wired = _filtered_alike(
            tuple(
                replace(
                    job,
                    needs=_wired(job.needs, names, job.key),
                    optional=_wired(job.optional, names, job.key),
                )
                for job in jobs
            )
        )
        place = Place(config.path, key.first, key.first)
        yield CiPipeline(
            id=id, place=place, triggers=_triggers(node, config), jobs=wired, name=key.text, names=(key.text,)
        )


def _invocation(item: Node, config: Config) -> tuple[str | None, Node | None, Place]:
    place = Place(config.path, item.first, max(item.first, item.last))
    if item.kind == "text":
        return item.text, None, place
    if item.kind == "map" and item.pairs:
        key, given = item.pairs[0]
        return key.text, given if given.kind == "map" else None, place
    return None, None, place


def _wired(needs: tuple[str, ...], names: Mapping[str, tuple[str, ...]], own: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for need in needs for key in names.get(need, (need,)) if key != own))


def _filtered_alike(jobs: tuple[CiJob, ...]) -> tuple[CiJob, ...]:
    """A job without filters runs only where what it requires runs: it takes over the branches of those."""
    conditions: dict[str, str] = {job.key: job.condition for job in jobs}
    for _ in range(len(jobs)):
        before = dict(conditions)
        for job in jobs:
            if not conditions[job.key]:
                conditions[job.key] = next((before[need] for need in job.needs if before.get(need)), "")
        if conditions == before:
            break
    return tuple(replace(job, condition=conditions[job.key]) for job in jobs)


def _filters(given: Node | None) -> Node | None:
    filters = given.get("filters") if given is not None else None
    return filters if filters is not None and filters.kind == "map" else None


def _triggers(node: Node, config: Config) -> tuple[Trigger, ...]:
    found: set[Trigger] = set()
    for trigger in node.children("triggers"):
        if trigger.get("schedule") is not None:
            found.add("schedule")
    condition = node.get("when")
    text = " ".join(_all_texts(condition)) if condition is not None else ""
    if "scheduled_pipeline" in text or "schedule.name" in text:
        found.add("schedule")
    elif re.search(r"pipeline\.parameters\.", text):
        found.add("manual")
    if found:
        return tuple(word for word in _ORDER if word in found)
    own: dict[str, set[Trigger]] = {}
    needed: dict[str, tuple[str, ...]] = {}
    for item in node.children("jobs"):
        name, given, _ = _invocation(item, config)
        key = (given.string("name") if given else None) or name or ""
        own[key] = own.get(key, set[Trigger]()) | _job_triggers(_filters(given), config)
        needed[key] = _requires(given)
    for _ in range(len(own)):
        changed = [_narrowed(own, key, needed[key]) for key in own]
        if not any(changed):
            break
    for triggers in own.values():
        found |= triggers
    return tuple(word for word in _ORDER if word in found) or ("push-default-branch", "push-branch")


def _narrowed(own: dict[str, set[Trigger]], key: str, needs: tuple[str, ...]) -> bool:
    """Take from a job what does not start the jobs it requires; say whether anything was taken."""
    kept = own[key].intersection(*(own[need] for need in needs if need in own))
    changed = kept != own[key]
    own[key] = kept
    return changed


def _all_texts(node: Node, depth: int = 0) -> Iterator[str]:
    if depth > 10:
        return
    if node.kind == "text":
        yield node.text
    for item in node.items:
        yield from _all_texts(item, depth + 1)
    for key, value in node.pairs:
        yield key.text
        yield from _all_texts(value, depth + 1)


def _job_triggers(filters: Node | None, config: Config) -> set[Trigger]:
    """Without filters a job runs on every branch and on no tag."""
    if filters is None:
        return {"push-default-branch", "push-branch"}
    tags = filters.strings("tags", "only")
    ignored = filters.strings("branches", "ignore")
    if ignored in {("/.*/",), (".*",)}:
        tagged: set[Trigger] = {"tag"}
        return tagged if tags else set[Trigger]()
    only = tuple(one for pattern in filters.strings("branches", "only") for one in _plain(pattern))
    found = branch_triggers(only, ignored, (), config.default, filtered=bool(only), tagged=False)
    if tags:
        found.add("tag")
    return found


def _plain(pattern: str) -> tuple[str, ...]:
    """Return a branch filter as names and globs; a regular expression that is neither stays as written."""
    inner = re.fullmatch(r"/\^?\(?((?:[\w|.-]|\.\*|\\[/.-])+)\)?\$?/", pattern)
    if inner is None:
        return (pattern,)
    return tuple(one.replace(".*", "*").replace("\\", "") for one in inner[1].split("|") if one)


def _condition(filters: Node | None) -> str:
    if filters is None:
        return ""
    patterns = filters.strings("branches", "only")
    parts = [f"refs/heads/{one}" for pattern in patterns for one in _plain(pattern)]
    if filters.strings("tags", "only") and not parts:
        parts.append("refs/tags")
    return " ".join(parts)


def _job(
    unit: str,
    name: str,
    given: Node | None,
    filters: Node | None,
    config: Config,
    place: Place,
    pipeline: str,
) -> list[CiJob]:
    needs = _requires(given)
    context = " ".join(given.strings("context")) if given is not None else ""
    base = CiJob(key=name, place=place, steps=(), name=name, needs=needs, condition=_condition(filters))
    if given is not None and given.string("type") == "approval":
        return [replace(base, steps=(CiStep(place=place, name="type: approval", approval=True),))]
    found: list[CiJob] = []
    for suffix, extra in _copies(given):
        known = {**_values(given), **extra}
        key = name if "<<" not in name else filled(name, known)
        key = f"{key}-{suffix}" if suffix and key == name else key
        steps = tuple(steps_of_job(unit, given, known, config, place, pipeline))
        variables = {"CIRCLE_CONTEXT": context, **_environment(config.unit("jobs", unit), known)}
        found.append(replace(base, key=key, steps=steps[:MAX_STEPS], variables=variables))
    return found


def _requires(given: Node | None) -> tuple[str, ...]:
    names: list[str] = []
    for item in given.children("requires") if given is not None else ():
        if item.kind == "text":
            names.append(item.text)
        names.extend(key.text for key, _ in item.pairs)
    return tuple(names)


def _copies(given: Node | None) -> list[tuple[str, dict[str, str]]]:
    """Return the copies of a matrix that stand for different jobs: those over environments, by their parameter's name."""
    for key, value in given.entries("matrix", "parameters") if given is not None else ():
        values = [item.text for item in value.items]
        if key.text in {"environment", "env", "stage", "target"} and 1 < len(values) <= MAX_COPIES:
            return [(one, {key.text: one}) for one in values]
    return [("", {})]


def _values(given: Node | None) -> dict[str, str]:
    reserved = {"requires", "filters", "context", "name", "type", "matrix", "pre-steps", "post-steps"}
    return {
        key.text: value.text
        for key, value in (given.pairs if given else ())
        if value.kind == "text" and key.text not in reserved
    }


def _environment(unit: Node | None, known: Mapping[str, str]) -> dict[str, str]:
    return {
        key.text: filled(value.text, known)
        for key, value in (unit.entries("environment") if unit else ())
        if value.kind == "text"
    }


CI = CiSystem(id="circleci", read=read, title="CircleCI")
