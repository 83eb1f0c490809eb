"""Rollbacks that settings and programs declare, that commands ask for by a flag, and that scripts are named after."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from platform_operations.assess.declared_probes import programs
from platform_operations.assess.pipeline_words import pipeline_paths
from platform_operations.assess.places import aside, file_name, lines_of, test_file, text_of
from platform_operations.assess.published import borrowed
from platform_operations.model.evidence import repo_uri
from platform_operations.model.plan import Plan
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_FILES = 600
MAX_FOUND = 8
MAX_LINE = 500

_CHARTS = frozenset({"templates", "template"})
_SETTINGS = (".yaml", ".yml", ".toml", ".tf", ".tofu", ".nomad", ".hcl")
_TELLING = ("rollback", "Rollback", "atomic", "auto_revert", "flagger.app/", "canary-deployments")
_SETTING = regex(
    r"^\s*(?:auto_rollback|auto_revert)\s*=\s*true\b"
    r"|^\s*failure_action\s*:\s*[\"']?rollback\b"
    r"|^\s*rollback_alarms\s*:"
    r"|^\s*-\s*[\"']?serverless-plugin-canary-deployments\b"
    r"|^\s*rollback\s*[:=]\s*true\b",
    re.IGNORECASE,
)
_AUTOMATIC = regex(r"^\s*[\"']?(?:auto_rollback_configuration|AutoRollbackConfiguration)[\"']?\s*[:={]")
_ENABLED = regex(r"^\s*[\"']?enabled[\"']?\s*[:=]\s*[\"']?true\b", re.IGNORECASE)
_ATOMIC = regex(r"^\s*atomic\s*[:=]\s*[\"']?true\b")
_OF_HELM = regex(r"helm|chart|releases\s*:")
_GATED = regex(r"^\s*strategy\s*=\s*[\"'](?:bluegreen|canary)[\"']")
"""Deploy strategies of Fly that keep the machines of before until the new ones pass their checks."""

_FLAGGER = regex(r"^kind:\s*Canary\s*$", re.MULTILINE)
_PROGRAM = regex(
    r"\brollback\s*[:=]\s*(?:true|True)\b|\bautoRollback\s*:\s*\{|\bauto_rollback\w*\s*=\s*\w|\batomic\s*[:=]\s*(?:true|True)\b"
    r"|new\s+(?:\w+\.)*(?:Lambda|Ecs|Server)DeploymentGroup\(|\b(?:Lambda|Ecs|Server)DeploymentGroup\(self"
)
_FLAG = regex(r"\bhelm\b.*\s(?:--atomic|--rollback-on-failure)\b|^\s*--(?:atomic|rollback-on-failure)\b")
_SCRIPT = regex(
    r"^(?:[\w.]+[-_])?roll-?_?back(?:[-_][\w-]+)?\.(?:sh|bash|py|rb|ps1|js|mjs|ts)$", re.IGNORECASE
)
_TARGET = regex(r"^(?:[\w./]+[-_:])?roll-?_?back(?:[-_:][\w-]+)?\s*(?:\S+=\S+\s*)?:(?!=)", re.IGNORECASE)
_OF_DATA = regex(
    r"migrat|database|\bdb\b|(?:^|[-_/:])(?:db|sql|schema|data)(?:[-_/:]|$)|liquibase|flyway|alembic|knex|prisma",
    re.IGNORECASE,
)
_ACTS = regex(
    r"kubectl|helm|docker|deploy|release|\becs\b|systemctl|\bssh\b|heroku|flyctl|\bgcloud\b|\baws\b|\baz\b|argocd|image",
    re.IGNORECASE,
)
_UNDOES = regex(
    r"\brollout undo\b|\bhelm (?:\S+ )*?rollback\b|^\s*(?:function\s+)?roll_?back\w*\s*\(\)", re.IGNORECASE
)
_HOOKED = regex(
    r"^\s*(?:before|after)\s*\(?\s*[\"':]+deploy:(?:revert|rollback|finishing_rollback)|^\s*(?:on_rollback|task\s+:rollback)\b"
)
_SCRIPTS_OF = regex(r"^\s*\"(?:deploy[:-])?rollback(?:[:-][\w:-]+)?\"\s*:\s*\"[^\"]*\"", re.IGNORECASE)
_TARGETS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        **dict.fromkeys(("GNUmakefile", "Makefile", "makefile", "justfile", "Justfile"), _TARGET),
        "package.json": _SCRIPTS_OF,
        "deploy.rb": _HOOKED,
    }
)
"""How the files of commands that people run name one that takes a release back."""


def declared_rollbacks(repository: Repository) -> tuple[str, ...]:
    """Return the URIs of lines that have a failed release taken back, or of what is run to do so; at most MAX_FOUND."""
    return tuple(uri for _, uri in zip(range(MAX_FOUND), _declared(repository), strict=False))


def _declared(repository: Repository) -> Iterator[str]:
    wanted = [
        path for path in repository.paths if path.endswith(_SETTINGS) and not path.startswith(".github/")
    ]
    for path in [path for path in wanted if not aside(path, but=_CHARTS)][:MAX_FILES]:
        text = text_of(repository, path)
        if text is not None and any(word in text for word in _TELLING):
            line = _of_settings(text)
            if line:
                yield repo_uri(path, line)
                continue
        if text is not None and file_name(path).startswith("fly.") and path.endswith(".toml"):
            yield from _first(repository, path, _GATED)
    for path in programs(repository):
        yield from _first(repository, path, _PROGRAM)
    for path in pipeline_paths(repository):
        yield from _first(repository, path, _FLAG)


def rollback_scripts(repository: Repository) -> tuple[str, ...]:
    """Return the URIs of scripts and targets that people run to take a release back, at most MAX_FOUND."""
    return tuple(uri for _, uri in zip(range(MAX_FOUND), _scripts(repository), strict=False))


def _scripts(repository: Repository) -> Iterator[str]:
    for path in repository.paths:
        name = file_name(path)
        script = _SCRIPT.match(name) is not None
        told = _TARGETS.get(name) if path.count("/") <= 1 else None
        deploys = path.endswith((".sh", ".bash")) and "deploy" in name.lower()
        if not (script or told or deploys) or aside(path) or borrowed(path) or test_file(path):
            continue
        if script and not _OF_DATA.search(path) and _ACTS.search(text_of(repository, path) or ""):
            yield repo_uri(path, 1)
        elif told or deploys:
            yield from _first(repository, path, told or _UNDOES)


def _of_settings(text: str) -> int | None:
    if "flagger.app/" in text and "CustomResourceDefinition" not in text:
        found = _FLAGGER.search(text)
        if found:
            return text.count("\n", 0, found.start()) + 1
    helm = "atomic" in text and _OF_HELM.search(text) is not None
    rows = lines_of(text)
    for number, row in enumerate(rows, 1):
        if len(row) <= MAX_LINE and _AUTOMATIC.match(row):
            if any(_ENABLED.match(one[:MAX_LINE]) for one in rows[number : number + 6]):
                return number
        elif len(row) <= MAX_LINE and (_SETTING.match(row) or (helm and _ATOMIC.match(row))):
            return number
    return None


def _first(repository: Repository, path: str, pattern: re.Pattern[str]) -> Iterator[str]:
    for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
        if len(row) > MAX_LINE or row.lstrip().startswith(("#", "//", "echo ")):
            continue
        found = pattern.search(row)
        if found and not _OF_DATA.search(found[0]):
            yield repo_uri(path, number)
            return


_CHOSEN = regex(
    r"^\s+([\w-]*?(?:tag|sha|commit(?:[-_]?(?:hash|id))?|revision|image[-_]?version))\s*:\s*$", re.IGNORECASE
)
_CHOSEN_TO_RUN = regex(r"^\s+([\w-]*?(?:version|ref|release))\s*:\s*$", re.IGNORECASE)
_OTHERS_VERSION = regex(
    r"node|python|java|go-|ruby|k8s|terraform|helm|chart|pattern|playwright|test|tags$", re.IGNORECASE
)
_BUILDING = frozenset({"build", "package"})


def chosen_versions(repository: Repository, plan: Plan) -> tuple[str, ...]:
    """Return the URIs of inputs by which people choose, in a workflow that they start, which version production gets.

    One that is no more than named (a tag, a commit) may be built anew there; what is called a version is an earlier
    one only where nothing is built, and a workflow that publishes makes a new one, as does one that others here start.
    """
    others = [(path, text_of(repository, path) or "") for path in pipeline_paths(repository)]
    places = {place.id: place.kind for place in plan.environments}
    found: list[str] = []
    for pipeline in plan.pipelines:
        stages = [stage for stage in plan.pipeline_stages if stage.pipeline == pipeline.id]
        released = [stage for stage in stages if stage.kind in {"deploy", "promote"}]
        path = next(iter(pipeline.evidence), "").removeprefix("repo:").partition("#")[0]
        if pipeline.triggers != ("manual",) or not path.startswith(".github/workflows/"):
            continue
        if not any(places.get(stage.environment or "") == "production" for stage in released):
            continue
        kinds = {stage.kind for stage in stages}
        started = any(file_name(path) in text for other, text in others if other != path)
        if "publish" not in kinds and not started:
            found += _chosen(repository, path, (_CHOSEN,) if kinds & _BUILDING else (_CHOSEN, _CHOSEN_TO_RUN))
    return tuple(found[:MAX_FOUND])


def _chosen(repository: Repository, path: str, patterns: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    rows = lines_of(text_of(repository, path) or "")
    jobs = next((number for number, row in enumerate(rows) if row.startswith("jobs:")), len(rows))
    below = "\n".join(rows[jobs:])
    for number, row in enumerate(rows[:jobs], 1):
        named = next(
            (match for pattern in patterns if len(row) <= MAX_LINE and (match := pattern.match(row))), None
        )
        if named and f"inputs.{named[1]}" in below and not _OTHERS_VERSION.search(named[1]):
            yield repo_uri(path, number)
            return
