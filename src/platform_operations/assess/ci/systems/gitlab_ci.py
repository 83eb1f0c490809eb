"""GitLab CI: .gitlab-ci.yml with its local includes, stages and needs, manual jobs, child pipelines."""

import re
from dataclasses import replace

from platform_operations.assess.ci.gitlab_files import (
    RESERVED,
    Merged,
    Value,
    effective,
    handed_variables,
    merged,
    script_parts,
    variables,
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
from platform_operations.assess.ci.names import environment_kind, kebab
from platform_operations.assess.ci.yaml_files import Files, script_commands
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import Trigger
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node

MAX_JOBS = 300
_STAGES = (".pre", "build", "test", "deploy", ".post")
_TEMPLATES = {
    "sast": "sast", "dependency-scanning": "dependency-scanning", "secret-detection": "secret-detection",
    "container-scanning": "container-scanning",
}  # fmt: skip
_ORDER: tuple[Trigger, ...] = (
    "pull-request",
    "merge-queue",
    "push-default-branch",
    "push-branch",
    "tag",
    "manual",
    "schedule",
    "upstream",
)


def read(repository: Repository) -> Reading | None:
    """Return the job graph of .gitlab-ci.yml, None where there is none."""
    path = next((one for one in (".gitlab-ci.yml", ".gitlab-ci.yaml") if repository.exists(one)), None)
    if path is None:
        return None
    files = Files(repository)
    id = "gitlab-ci"
    config = merged(path, files, id)
    default = frozenset(
        {repository.default_branch} if repository.default_branch else {"main", "master", "trunk"}
    )
    jobs = _jobs(config, files, id, 0)
    evidence = tuple(place.uri for place in config.places[:20]) or (repo_uri(path, 1, 1),)
    if not jobs:
        return Reading(evidence, (), tuple(files.facts))
    place = config.places[0]
    workflow = config.top.get("workflow")
    pipeline = CiPipeline(
        id=id, place=workflow.place if workflow else place, triggers=_triggers(config, jobs, default), jobs=jobs,
        names=(path,), variables=handed_variables(config))  # fmt: skip
    return Reading(evidence, (pipeline,), tuple(files.facts))


def _jobs(config: Merged, files: Files, pipeline: str, depth: int) -> tuple[CiJob, ...]:
    order = _stages(config)
    staged: dict[str, list[CiJob]] = {name: [] for name in order}
    explicit: set[str] = set()
    spread: dict[str, tuple[str, ...]] = {}
    for name in list(config.jobs)[:MAX_JOBS]:
        if name.startswith(".") or name in RESERVED:
            continue
        fields = effective(name, config)
        if not {"script", "trigger", "run"} & set(fields) or not files.spend():
            continue
        stage = fields["stage"].node.text if "stage" in fields else "test"
        made = _job(name, fields, config, files, pipeline, depth)
        spread[name] = tuple(job.key for job in made)
        staged.setdefault(stage, []).extend(made)
        if "needs" in fields:
            explicit.update(job.key for job in made)
    for name, place in config.templates:
        job = _template(name, place, files, pipeline)
        if job is not None and not _overridden(job, staged):
            staged.setdefault("test", []).append(job)
    return _ordered(staged, explicit, spread)


def _overridden(template: CiJob, staged: dict[str, list[CiJob]]) -> bool:
    """Let a job that the configuration writes over a template's keep what the template does."""
    for jobs in staged.values():
        for at, job in enumerate(jobs):
            if kebab(job.key) == template.key:
                jobs[at] = replace(
                    job, steps=(*job.steps, *template.steps), tolerant=job.tolerant or template.tolerant
                )
                return True
    return False


def _stages(config: Merged) -> tuple[str, ...]:
    declared = config.top.get("stages")
    names = [item.text for item in declared.node.items] if declared is not None else list(_STAGES[1:-1])
    return (".pre", *names, ".post")


def _ordered(
    staged: dict[str, list[CiJob]], explicit: set[str], spread: dict[str, tuple[str, ...]]
) -> tuple[CiJob, ...]:
    """Without `needs` a job waits for all of the stage before it; jobs that may fail are waited for and guard nothing."""
    found: list[CiJob] = []
    before: list[CiJob] = []
    above: dict[str, set[str]] = {}
    for jobs in staged.values():
        earlier = [one for one in found if not any(one.key in above[other.key] for other in before)]
        for job in jobs:
            if job.key in explicit:
                known = {key for keys in spread.values() for key in keys}
                needs = tuple(
                    dict.fromkeys(
                        one for need in job.needs for one in spread.get(need, (need,)) if one in known
                    )
                )
                optional = tuple(
                    dict.fromkeys(
                        one for need in job.optional for one in spread.get(need, (need,)) if one in known
                    )
                )
                found.append(replace(job, needs=needs, optional=optional))
                continue
            together = [one for one in earlier if _only(one) is None or _only(one) == _only(job)]
            firm = tuple(one.key for one in together if one.tolerant is None)
            loose = tuple(one.key for one in together if one.tolerant is not None)
            if job.when != "success":
                firm, loose = (), (*firm, *loose)
            found.append(replace(job, needs=firm, optional=loose))
        for job in found[len(found) - len(jobs) :]:
            direct = {*job.needs, *job.optional}
            above[job.key] = direct.union(*(above.get(need, set[str]()) for need in direct))
        before = [job for job in found if job.key in {one.key for one in jobs}] or before
    return tuple(found)


def _only(job: CiJob) -> str | None:
    """Return the one kind of pipeline that a job is made for (schedule, merge_request), None where it is in others too."""
    text = job.condition
    if not text.strip() or re.search(r"CI_COMMIT_(?:BRANCH|TAG|REF)|CI_DEFAULT_BRANCH|refs/", text):
        return None
    return next((word for word in ("schedule", "merge_request") if word in text), None)


def _job(
    name: str, fields: dict[str, Value], config: Merged, files: Files, pipeline: str, depth: int
) -> list[CiJob]:
    home = fields["."]
    target = _target(fields)
    action = fields["environment"].node.string("action") if "environment" in fields else None
    if action in {"stop", "prepare", "access"}:
        return []
    when, manual = _when(fields)
    needs, optional = _needs(fields)
    tolerant = _tolerant(fields, manual)
    job = CiJob(
        key=name, place=home.place, steps=(), name="", needs=needs if when == "success" else (),
        optional=optional if when == "success" else (*needs, *optional), when=when, condition=_condition(fields),
        target=target, tolerant=tolerant, variables=variables(name, config),
        services=_services(fields, config),
        retries=fields["retry"].place if "retry" in fields and fields["retry"].node.text not in {"0"} else None,
    )  # fmt: skip
    steps: list[CiStep] = []
    if manual is not None:
        steps.append(CiStep(place=manual, name="when: manual", approval=True))
    if "trigger" in fields:
        return _triggered(job, fields["trigger"], steps, files, pipeline, depth)
    for node, value in script_parts(name, fields, config):
        place = Place(value.path, node.first, max(node.first, node.last))
        inside = value.path == home.path and home.place.first <= place.first <= home.place.last
        via = () if inside else (home.place,)
        steps.append(
            CiStep(place=place, commands=script_commands(node, value.lines), variables=job.variables, via=via)
        )
    return _repeated(replace(job, steps=tuple(steps)), fields)


def _services(fields: dict[str, Value], config: Merged) -> tuple[str, ...]:
    value = fields.get("services") or config.top.get("services")
    names = [item.text or item.string("name") or "" for item in value.node.items] if value is not None else []
    return tuple(name for name in names if name and "docker" not in name)


def _repeated(job: CiJob, fields: dict[str, Value]) -> list[CiJob]:
    """Spread a job over the environments of its matrix; every other matrix stays one job."""
    matrix = fields["parallel"].node.get("matrix") if "parallel" in fields else None
    named = job.target.name if job.target is not None else ""
    for row in matrix.items if matrix is not None else ():
        for key, values in row.pairs:
            names = [item.text for item in values.items]
            wanted = key.text in named or all(environment_kind(one) for one in names)
            if 1 < len(names) <= 8 and wanted and job.target is not None:
                place, url = job.target.place, job.target.url
                return [
                    replace(
                        job,
                        key=f"{job.key}-{one}",
                        target=Target(one, place, url),
                        variables={**job.variables, key.text: one},
                    )
                    for one in names
                ]
    return [job]


def _target(fields: dict[str, Value]) -> Target | None:
    if "environment" not in fields:
        return None
    value = fields["environment"]
    name = value.node.text if value.node.kind == "text" else value.node.string("name")
    if not name:
        return None
    if "$" in name:
        head = re.split(r"[/$]", name)[0].strip("-_")
        name = (
            head
            if head and environment_kind(head)
            else ("review" if "review" in name.lower() else name.replace("$", "${"))
        )
        if "${" in name:
            return None
    return Target(name, value.place, value.node.string("url"))


def _when(fields: dict[str, Value]) -> tuple[When, Place | None]:
    """Return when a job runs, and the line that leaves starting it to a person."""
    words: list[tuple[str, Place]] = []
    if "when" in fields:
        words.append((fields["when"].node.text, fields["when"].place))
    rules = fields["rules"].node.items if "rules" in fields else ()
    starts = [rule for rule in rules if rule.kind == "map" and rule.string("when") != "never"]
    manual = [rule for rule in starts if rule.string("when") == "manual"]
    if manual and len(manual) == len(starts):
        node = manual[0].get("when")
        line = node.first if node is not None else manual[0].first
        return "success", Place(fields["rules"].path, line, line)
    for word, place in words:
        if word == "manual" and not rules:
            return "success", place
        if word == "on_failure":
            return "failure", None
        if word == "always":
            return "always", None
    return "success", None


def _tolerant(fields: dict[str, Value], manual: Place | None) -> Place | None:
    """A job may fail where it says so; a manual job without rules may be left out unless it says otherwise."""
    value = fields.get("allow_failure")
    if value is not None and value.node.text == "true":
        return value.place
    if manual is not None and value is None and "rules" not in fields:
        return manual
    return None


def _needs(fields: dict[str, Value]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    needs: list[str] = []
    optional: list[str] = []
    for item in fields["needs"].node.items if "needs" in fields else ():
        name = item.text if item.kind == "text" else item.string("job")
        if name:
            (optional if item.kind == "map" and item.string("optional") == "true" else needs).append(name)
    return tuple(needs), tuple(optional)


def _condition(fields: dict[str, Value]) -> str:
    """Return what decides where a job runs, branches written as refs/heads/NAME."""
    parts: list[str] = []
    for rule in fields["rules"].node.items if "rules" in fields else ():
        if rule.kind == "map" and rule.string("when") != "never":
            parts.append(rule.string("if") or "")
    only = fields.get("only")
    if only is not None:
        refs = (
            only.node.strings("refs")
            if only.node.kind == "map"
            else tuple(item.text for item in only.node.items) or (only.node.text,)
        )
        for ref in refs:
            parts.append(
                {"tags": "refs/tags", "merge_requests": "event_name == 'pull_request'"}.get(
                    ref,
                    f"refs/heads/{ref}"
                    if ref not in {"schedules", "web", "pipelines", "branches", "api", "triggers", ""}
                    else ref,
                )
            )
    text = " ".join(parts)
    if "merge_request_event" in text and "CI_COMMIT_BRANCH" not in text and "refs/heads" not in text:
        text += " event_name == 'pull_request'"
    return text


def _triggered(
    job: CiJob, value: Value, steps: list[CiStep], files: Files, pipeline: str, depth: int
) -> list[CiJob]:
    """Put a child pipeline of this repository in the place of the job that triggers it; say of any other that it is elsewhere."""
    node = value.node
    include = node.get("include") if node.kind == "map" else None
    local = _local_child(include)
    if local is not None and files.repository.exists(local) and depth < 3:
        child = merged(local, files, pipeline)
        inner = _jobs(child, files, pipeline, depth + 1)
        return [
            replace(
                one, key=f"{job.key}-{one.key}", needs=tuple(f"{job.key}-{need}" for need in one.needs) or (() if one.optional else job.needs),
                optional=tuple(f"{job.key}-{need}" for need in one.optional) or job.optional, condition=f"{job.condition} {one.condition}".strip(),
                steps=(*steps, *(replace(step, via=(value.place, *step.via)[:3]) for step in one.steps)), target=one.target or job.target,
            )
            for one in inner
        ]  # fmt: skip
    named = (node.text if node.kind == "text" else node.string("project")) or "a generated child pipeline"
    files.facts.append(
        Fact(
            subject=f"pipelines/{pipeline}", aspect="downstream", outcome="unknown", value=named[:200],
            reason=f"job {job.key!r} starts {named[:160]}, whose jobs are not in this repository", evidence=(value.place.uri,),
        )
    )  # fmt: skip
    step = CiStep(value.place, uses=f"gitlab/trigger/{named}", name=job.key, remote=True)
    return [replace(job, steps=(*steps, replace(step, variables=job.variables)))]


def _local_child(include: Node | None) -> str | None:
    if include is None:
        return None
    if include.kind == "text":
        return include.text.lstrip("/")
    for item in include.items if include.kind == "list" else [include]:
        local = item.text if item.kind == "text" else item.string("local")
        if local:
            return local.lstrip("/")
    return None


def _template(name: str, place: Place, files: Files, pipeline: str) -> CiJob | None:
    stem = name.rpartition("/")[2].lower().split(".")[0]
    known = _TEMPLATES.get(stem)
    if known is None:
        if stem in {"auto-devops", "deploy", "build", "deploy-ecs", "dast"}:
            files.facts.append(
                Fact(
                    subject=f"pipelines/{pipeline}", aspect="remote-include", outcome="unknown", value=name,
                    reason=f"GitLab's template {name} is not in this repository", evidence=(place.uri,),
                )
            )  # fmt: skip
        return None
    step = CiStep(place=place, uses=f"gitlab-template/{known}", name=name)
    return CiJob(key=known, place=place, steps=(step,), tolerant=place)


def _triggers(config: Merged, jobs: tuple[CiJob, ...], default: frozenset[str]) -> tuple[Trigger, ...]:
    """Without workflow rules branches and tags start the pipeline, merge requests where a rule asks for them."""
    workflow = config.top.get("workflow")
    rules = (
        [rule for rule in workflow.node.children("rules") if rule.string("when") != "never"]
        if workflow
        else ()
    )
    whole = "\n".join(rule.string("if") or "" for rule in rules) if rules else ""
    text = whole or "\n".join(job.condition for job in jobs)
    found: set[Trigger] = set()
    named = set(re.findall(r"(?:refs/heads/|CI_COMMIT_(?:BRANCH|REF_NAME)\s*==\s*[\"'])([\w./-]+)", text))
    unfiltered = not rules and any(not job.condition for job in jobs)
    if unfiltered or named & default or "CI_DEFAULT_BRANCH" in text or not text.strip():
        found.add("push-default-branch")
    if unfiltered or named - default or re.search(r"\$CI_COMMIT_BRANCH\s*(?:$|&&|\|\|)", text, re.MULTILINE):
        found.add("push-branch")
    if "merge_request" in text or "pull_request" in text:
        found.add("pull-request")
    if "CI_COMMIT_TAG" in text or "refs/tags" in text:
        found.add("tag")
    if "schedule" in text:
        found.add("schedule")
    if re.search(r"==\s*[\"'](?:web|api)[\"']|\bweb\b", text):
        found.add("manual")
    if re.search(r"==\s*[\"'](?:pipeline|trigger|parent_pipeline)[\"']", text):
        found.add("upstream")
    return tuple(word for word in _ORDER if word in found)


CI = CiSystem(id="gitlab-ci", read=read, title="GitLab CI")
