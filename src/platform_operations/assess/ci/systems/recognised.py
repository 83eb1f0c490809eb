"""CI systems that are recognised and not read as stages: their presence and their files are said, the rest is unknown."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from platform_operations.assess.ci.jobs import CiSystem, Reading
from platform_operations.assess.ci.yaml_files import Files
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.repository import Repository, Unreadable

MAX_LOOKED = 400
MAX_FOUND = 12
_ASIDE = regex(
    r"(?:^|/)(?:node_modules|vendor|third_party|examples?|samples?|docs?|testdata|fixtures|tests?)/"
)


def _lines(
    repository: Repository, paths: list[str], pattern: re.Pattern[str], also: re.Pattern[str] | None = None
) -> tuple[str, ...]:
    """Return where `pattern` stands first in each file, for files that hold `also` too."""
    found: list[str] = []
    for path in paths[:MAX_LOOKED]:
        content = repository.read(path)
        if isinstance(content, Unreadable) or len(content) > 400_000:
            continue
        match = pattern.search(content)
        if match and (also is None or also.search(content)):
            line = content.count("\n", 0, match.start()) + 1
            found.append(repo_uri(path, line, line))
        if len(found) >= MAX_FOUND:
            break
    return tuple(found)


def _yaml(repository: Repository, *, within: re.Pattern[str] | None = None) -> list[str]:
    return [
        path
        for path in repository.paths
        if path.endswith((".yml", ".yaml"))
        and not _ASIDE.search(path)
        and (within is None or within.search(path))
    ]


@dataclass(frozen=True, slots=True)
class Sought:
    """What a file has to hold to belong to a CI system: `pattern`, whose first place is cited, and `also`."""

    pattern: re.Pattern[str]
    also: re.Pattern[str]


def found_in(repository: Repository, within: re.Pattern[str], sought: Sought) -> tuple[str, ...]:
    """Return where the YAML files under the paths `within` hold what is sought, at most MAX_FOUND."""
    return _lines(repository, _yaml(repository, within=within), sought.pattern, sought.also)


def not_modelled(id: str, title: str, evidence: tuple[str, ...]) -> Fact:
    """Return the fact that a CI system is used and that nothing of it could be read as stages."""
    return Fact(
        subject=f"pipelines/{id}", aspect="modelled", outcome="unknown",
        reason=f"{title} is recognised; its steps are not read as stages", evidence=evidence,
    )  # fmt: skip


def _argo(repository: Repository) -> tuple[str, ...]:
    kind = re.compile(
        r"^kind:\s*(?:Workflow|WorkflowTemplate|CronWorkflow|ClusterWorkflowTemplate)\s*$", re.MULTILINE
    )
    return _lines(
        repository,
        _yaml(repository, within=re.compile(r"argo|workflow|\.ci|pipeline")),
        kind,
        re.compile(r"^apiVersion:\s*argoproj\.io/", re.MULTILINE),
    )


def _tekton(repository: Repository) -> tuple[str, ...]:
    api = re.compile(r"^apiVersion:\s*[\"']?tekton\.dev/", re.MULTILINE)
    return _lines(repository, _yaml(repository, within=re.compile(r"tekton|pipeline|task|\.ci")), api)


def _codepipeline(repository: Repository) -> tuple[str, ...]:
    declared = re.compile(
        r"AWS::CodePipeline::Pipeline|resource\s+\"aws_codepipeline\"|new\s+(?:codepipeline\.Pipeline|pipelines\.CodePipeline|CodePipeline)\b"
    )
    telling = re.compile(
        r"pipeline|cicd|infra|cdk|cloudformation|template|stack|terraform|main\.tf|deploy"
    ).search
    paths = [
        path
        for path in repository.paths
        if path.endswith((".yml", ".yaml", ".json", ".tf", ".ts", ".py"))
        and telling(path.lower())
        and not _ASIDE.search(path)
    ]
    return _lines(repository, paths, declared)


def _gocd(repository: Repository) -> tuple[str, ...]:
    """GoCD reads `*.gocd.yaml` and `*.gocd.json`; programs that write them keep their templates in a folder of its name."""
    paths = [
        path
        for path in repository.paths
        if path.endswith((".gocd.yaml", ".gocd.yml", ".gocd.json"))
        or (("gocd/" in path) and path.endswith((".jsonnet", ".libsonnet")) and not _ASIDE.search(path))
    ]
    return _lines(repository, paths, regex(r"\bmaterials[\"']?\s*:"))


def _system(id: str, title: str, find: Callable[[Repository], tuple[str, ...]]) -> CiSystem:
    def read(repository: Repository) -> Reading | None:
        evidence = find(repository)
        if not evidence:
            return None
        files = Files(repository)
        for uri in evidence[:3]:
            path = uri.removeprefix("repo:").rpartition("#")[0]
            if path.endswith((".yml", ".yaml")):
                files.read(path)
        fact = not_modelled(id, title, evidence)
        return Reading(evidence, (), (fact, *files.facts))

    return CiSystem(id=id, read=read, title=title)


CI = (
    _system("argo-workflows", "Argo Workflows", _argo),
    _system("tekton", "Tekton", _tekton),
    _system("gocd", "GoCD", _gocd),
    _system("codepipeline", "AWS CodePipeline", _codepipeline),
)
