"""Who can reach a component, whether it can be switched off by a flag, and where it says that it is well."""

import re
from collections.abc import Iterator

from platform_operations.assess.component_types import Unit
from platform_operations.assess.languages import EXTENSIONS
from platform_operations.assess.places import (
    MAX_READ,
    aside,
    file_name,
    folder,
    lines_of,
    node_uri,
    test_file,
    text_of,
)
from platform_operations.assess.technologies import FEATURE_FLAGS
from platform_operations.assess.wording import Wording
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.repository import Repository

PUBLIC_PLATFORMS = frozenset({"vercel", "netlify", "cloudflare", "heroku", "fly"})
"""Platforms that give every service a public address unless it is told otherwise."""

PUBLIC_SERVICES = frozenset({"render", "digitalocean"})
"""Platforms that give web services a public address, and other kinds none."""

MAX_SOURCES = 200
MIN_SOURCES = 50
_LIKELY = Wording(
    r"app|main|server|index|health|probe|route|router|urls|api|handler|status|ping|web|http|program"
)
_PATH = regex(
    r"[\"'`](?:GET )?(/(?:[\w.-]+/){0,3}?(?:_?healthz?|health[-_]?check|livez?|liveness|readyz?|readiness|"
    r"_health|__heartbeat__|heartbeat|ping|up)/?)[\"'`]"
)
_DJANGO = regex(
    r"path\(\s*r?[\"']((?:[\w.-]+/){0,3}(?:healthz?|health[-_]?check|livez?|readyz?|ping)/?)[\"']"
)
_BEST = ("/healthz", "/health", "/readyz", "/livez")


def exposure_facts(
    repository: Repository, component: Component, unit: Unit, components: int = 1
) -> Iterator[Fact]:
    """Yield what is known of the component's exposure, feature flags and health endpoint.

    `components` is how many there are: each has its share of the MAX_READ files that are searched for endpoints.
    """
    subject = f"components/{component.id}"
    yield _exposure(repository, subject, component, unit)
    yield _flags(subject, unit)
    if {"http-service", "serverless"} & set(component.types):
        most = min(MAX_SOURCES, max(MIN_SOURCES, MAX_READ // components))
        yield _health(repository, subject, unit, most)


def _exposure(repository: Repository, subject: str, component: Component, unit: Unit) -> Fact:
    for _, place, workload in unit.workloads:
        if workload.url:
            uri = _host_line(repository, workload.url, unit) or node_uri(place.path, place.first, place.last)
            return Fact(
                subject=subject, aspect="exposure", outcome="present", value="public", evidence=(uri,)
            )
    for platform, place in unit.sightings:
        serves = (
            platform in PUBLIC_SERVICES and place.workload and place.workload.component_type == "http-service"
        )
        if platform in PUBLIC_PLATFORMS or serves:
            uri = node_uri(place.path, place.first, place.last)
            reason = f"{platform} gives it a public address"
            return Fact(
                subject=subject,
                aspect="exposure",
                outcome="present",
                value="public",
                reason=reason,
                evidence=(uri,),
            )
    if {"library", "cli", "mobile-app"} & set(component.types):
        reason, uris = "published for others to install", component.evidence[:1]
        return Fact(
            subject=subject,
            aspect="exposure",
            outcome="present",
            value="public",
            reason=reason,
            evidence=uris,
        )
    if {"worker", "scheduled-job", "data-pipeline"} >= set(component.types):
        reason, uris = "takes no requests from outside", component.evidence[:1]
        return Fact(
            subject=subject,
            aspect="exposure",
            outcome="present",
            value="internal",
            reason=reason,
            evidence=uris,
        )
    reason = "no host name, ingress or public platform names it; a load balancer outside the repository may"
    return Fact(subject=subject, aspect="exposure", outcome="unknown", reason=reason)


def _host_line(repository: Repository, url: str, unit: Unit) -> str | None:
    """Return the line that names the host of `url` in the platform files of the component."""
    host = url.partition("://")[2].partition("/")[0] or url
    folders = {folder(place.path) for _, place in unit.sightings}
    near = [path for path in repository.paths if "ingress" in path.lower() or "route" in path.lower()]
    paths = [*near, *(path for path in repository.paths if folder(path) in folders)]
    for path in list(dict.fromkeys(paths))[:MAX_SOURCES]:
        if not path.endswith((".yaml", ".yml", ".toml", ".json")):
            continue
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            if host in row:
                return repo_uri(path, number)
    return None


def _flags(subject: str, unit: Unit) -> Fact:
    for name, dependency in unit.dependencies.items():
        if name in FEATURE_FLAGS:
            uri = repo_uri(dependency.path, dependency.line)
            return Fact(
                subject=subject,
                aspect="feature-flags",
                outcome="present",
                value=FEATURE_FLAGS[name],
                evidence=(uri,),
            )
    reason = "no feature flag SDK among its dependencies"
    return Fact(subject=subject, aspect="feature-flags", outcome="absent", reason=reason)


def _health(repository: Repository, subject: str, unit: Unit, most: int) -> Fact:
    actuator = unit.dependencies.get("spring-boot-starter-actuator")
    if actuator:
        uri = repo_uri(actuator.path, actuator.line)
        return Fact(
            subject=subject,
            aspect="health-endpoint",
            outcome="present",
            value="/actuator/health",
            evidence=(uri,),
        )
    found: list[tuple[int, str, str]] = []
    for path in _sources(unit, most):
        text = text_of(repository, path) or ""
        match = _declared_path(text, path)
        if match and "client" not in file_name(path).lower():
            endpoint = "/" + match[1].lstrip("/")
            line = text.count("\n", 0, match.start(1)) + 1
            rank = _BEST.index(endpoint) if endpoint in _BEST else len(_BEST)
            rank += _unrouted(lines_of(text)[line - 1])
            found.append((rank, endpoint, repo_uri(path, line)))
    if found:
        _, endpoint, uri = min(found)
        return Fact(
            subject=subject, aspect="health-endpoint", outcome="present", value=endpoint, evidence=(uri,)
        )
    reason = "no health path in the sources searched; a framework or library may add one"
    return Fact(subject=subject, aspect="health-endpoint", outcome="unknown", reason=reason)


def _declared_path(text: str, path: str) -> re.Match[str] | None:
    """Return the first health path in a source; few sources hold what every such path begins with."""
    found = None
    if '"/' in text or "'/" in text or "`/" in text or "GET /" in text:
        found = _PATH.search(text)
    if found is None and path.endswith(".py") and "path(" in text:
        found = _DJANGO.search(text)
    return found


def _unrouted(row: str) -> int:
    """Return a penalty for a line that mentions a path without declaring a route."""
    return (
        0
        if re.search(r"route|handle|\bget\b|path\(|map|endpoint|use\(|\bgroup\b", row, re.I)
        else len(_BEST) + 1
    )


def _sources(unit: Unit, most: int) -> list[str]:
    """Return the source files likely to declare routes, at most `most` of them: telling names before others."""
    sources = [
        path
        for path in unit.files
        if path.rpartition(".")[2].lower() in EXTENSIONS
        and not aside(path)
        and not test_file(path)
        and not path.endswith((".tf", ".sql", ".sh"))
    ]
    if len(sources) <= most:
        return sorted(sources)
    ranked = sorted(sources, key=lambda path: (not _LIKELY.stands_in(file_name(path)), path.count("/"), path))
    return ranked[:most]
