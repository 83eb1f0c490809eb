"""Whether a platform, a container or a load balancer is told how to ask what runs whether it is well."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from platform_operations.assess.declared_probes import probes_in_code, probes_in_settings
from platform_operations.assess.modules import terraform_files
from platform_operations.assess.outside import (
    asks_nothing,
    by_components,
    declares_a_workload,
    set_up_elsewhere,
)
from platform_operations.assess.places import text_of
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.plan import Plan
from platform_operations.model.words import Strength
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository

_ASKED = frozenset({"none", "install"})

_RUNNERS = frozenset(
    {
        "argocd", "aws", "azure", "cloudflare", "cloudfoundry", "digitalocean", "fly", "flux", "gcp", "helm", "heroku", "kubernetes",
        "netlify", "pulumi", "railway", "render", "vercel",
    }
)  # fmt: skip
"""Platforms beside which a Compose file is the one of a developer's machine."""


def health_practice(
    repository: Repository, plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], outside: str | None
) -> Fact:
    """Return the practice healthChecks: probes of workloads, in Terraform, in programs and in settings files.

    A function has no health check of its own: where there is nothing else, the answer is unknown.
    """
    declared = tuple(
        dict.fromkeys(
            [
                *_of_workloads(repository, sightings),
                *probes_in_code(repository, sightings),
                *probes_in_settings(repository),
            ]
        )
    )
    if declared:
        waited = any(stage.waits and stage.health_check for stage in plan.pipeline_stages)
        strength: Strength = "enforced" if waited else "present"
        return Fact(
            subject="practices",
            aspect="healthChecks",
            outcome="present",
            strength=strength,
            evidence=declared[:8],
        )
    reason = outside or _library_chart(repository, sightings) or _hidden(plan, sightings)
    reason = reason or _module_elsewhere(repository, sightings) or _on_servers(repository, sightings)
    return Fact(
        subject="practices",
        aspect="healthChecks",
        outcome="unknown" if reason else "absent",
        reason=reason or "no platform file declares a health check",
    )


def _of_workloads(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> Iterator[str]:
    elsewhere = bool(_RUNNERS & set(sightings)) or set(repository.paths) >= _RECIPE
    for group in sightings.values():
        for row in group:
            load = row.workload
            if load is None or load.health is None or load.health.kind in _ASKED:
                continue
            if load.health.kind == "platform" and load.health.because:
                continue
            if (elsewhere and _for_a_developer(row)) or _TOOLS.search(row.path):
                continue
            if load.probe_lines:
                yield repo_uri(*load.probe_lines)
            else:
                yield repo_uri(row.path, row.first, row.last)


_TOOLS = regex(
    r"^(?:.*/)?(?:scripts|hack|tools|local|localdev|local-dev|minikube|kind|k3d|tilt)/|^dev/(?:k8s|kube\w*|manifests|helm|compose)/|(?:^|/)integration/(?:test)?data/",
    re.IGNORECASE,
)
"""Folders of what developers run for themselves."""


def _for_a_developer(row: Sighting) -> bool:
    return "compose" in row.path.lower() and not re.search(r"prod|deploy|release|live", row.path.lower())


def _library_chart(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> str | None:
    """Return the first chart whose workloads another chart makes: the probes are that chart's."""
    own = any(row.path.endswith("Chart.yaml") for row in sightings.get("helm", ()))
    for row in sightings.get("helm", ()):
        if row.workload is not None:
            continue
        if not own and row.detail in {"HelmRelease", "used by the pipeline"}:
            return f"{row.path}: the chart it installs is outside the repository"
        text = repository.read(row.path) if row.path.endswith("Chart.yaml") else ""
        if isinstance(text, str) and re.search(r"^dependencies\s*:", text, re.MULTILINE):
            return f"{row.path}: the workloads come from charts outside the repository"
        if row.unreadable and "outside the repository" in row.unreadable:
            return f"{row.path}: {row.unreadable}"
    return None


def _hidden(plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]]) -> str | None:
    """Return why nobody can see from here whether what runs is asked; None where it can be seen."""
    served = [one for one in plan.components if set(one.types) - _UNASKED]
    if served and all("serverless" in one.types for one in served) and not asks_nothing(sightings):
        return "functions have no health check of their own"
    program = _program(sightings.get("aws", ()))
    if program:
        return f"{program}: what its constructs ask for by default is not in the repository"
    return by_components(plan, sightings) or set_up_elsewhere(plan, sightings)


_RECIPE = frozenset({"Capfile", "config/deploy.rb"})
"""The files of Capistrano, which puts an application on servers of its own."""


def _on_servers(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> str | None:
    """Return the recipe that puts an application on servers of its own: who asks them is set up where they are."""
    if _RUNNERS & set(sightings) or not set(repository.paths) >= _RECIPE:
        return None
    return "Capfile: the servers that it deploys to, and what asks them, are set up outside the repository"


MAX_FILES = 200
_MODULE = regex(r'^\s*module\s+"([\w-]+)"\s*\{[^{}]*?^\s*source\s*=\s*"([^"\n]+)"', re.MULTILINE)
_RUNS = regex(
    r"service|container|web-?_?app|(?:^|[-_/])app(?:$|[-_/])|ecs|fargate|cloud-?run|function|lambda|workload|deployment|beanstalk",
    re.IGNORECASE,
)
_BESIDE = regex(
    r"vault|storage|bucket|environment|registry|identity|account|network|bus|database|postgres|principal|log|dns|endpoint",
    re.IGNORECASE,
)


def _module_elsewhere(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> str | None:
    """Return the Terraform module of another place that makes what runs, where no file here declares anything that does."""
    if "terraform" not in sightings or declares_a_workload(sightings):
        return None
    for path in terraform_files(repository)[:MAX_FILES]:
        text = text_of(repository, path) or ""
        for name, source in _MODULE.findall(text) if "module" in text else ():
            told = f"{name} {source.rpartition('/')[2].partition('?')[0]}"
            if _RUNS.search(told) and not _BESIDE.search(told) and not _held_here(repository, path, source):
                return f"{path}: the module {source} is outside the repository"
    return None


def _held_here(repository: Repository, path: str, source: str) -> bool:
    if not source.startswith("."):
        return False
    folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
    return any(one.startswith(f"{folder}/") for one in repository.paths)


_UNASKED = frozenset({"library", "cli", "mobile-app", "infrastructure", "static-site"})
"""Types of what nothing asks whether it is well."""


def _program(rows: Iterable[Sighting]) -> str | None:
    return next((row.path for row in rows if row.path.rpartition("/")[2] == "cdk.json"), None)
