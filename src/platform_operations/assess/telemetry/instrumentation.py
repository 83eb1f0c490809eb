"""Which signals the components send, and which observability tools the repository configures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from platform_operations.assess.declared_probes import programs
from platform_operations.assess.manifest import Dependency, Manifest
from platform_operations.assess.places import (
    MAX_READ,
    aside,
    below,
    file_name,
    kebab,
    lines_of,
    nearest,
    test_file,
    text_of,
    vendored,
)
from platform_operations.assess.telemetry.instruments import LOGGERS, STANDARD_OUTPUT, instruments_of
from platform_operations.assess.telemetry.marks import IMAGES, MARKS, Mark
from platform_operations.assess.units import read_manifests
from platform_operations.assess.wording import Wording
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import repo_uri
from platform_operations.model.reliability import ObservabilityPillar
from platform_operations.model.words import Pillar
from platform_operations.patterns import regex
from platform_operations.repository import Repository, all_remembered, remembered

MAX_SOURCES = 400
MIN_SOURCES = 20
"""What each component may read however many there are."""
MAX_CONFIG = 1_200
_PILLARS: tuple[Pillar, ...] = ("metrics", "logs", "traces", "profiles", "events")
_SOURCE = (
    ".py",
    ".js",
    ".mjs",
    ".ts",
    ".tsx",
    ".go",
    ".rs",
    ".rb",
    ".java",
    ".kt",
    ".cs",
    ".php",
    ".ex",
    ".exs",
    ".scala",
)
_HELM = frozenset({"templates"})
_CONFIG = (
    ".yml",
    ".yaml",
    ".toml",
    ".json",
    ".tf",
    ".tf.json",
    ".conf",
    ".alloy",
    ".river",
    ".hcl",
    ".cfg",
    ".ini",
    ".bicep",
)


# Few of the marks are met in one repository: the others are never compiled.
_compiled = lru_cache(maxsize=512)(re.compile)


def read_instrumentation(
    repository: Repository, components: Sequence[Component], manifests: Sequence[Manifest] | None = None
) -> tuple[tuple[ObservabilityPillar, ...], tuple[Fact, ...]]:
    """Return a pillar for each signal and component that a library sends, and the tools that are in use.

    A library counts from the dependency on; `instrumentation` names the source file that imports it where
    one does. A tool is present when a library speaks to it or configuration names it: a fact each, with the
    first lines that show it. What an agent outside the repository collects cannot be seen here.
    """
    known = manifests if manifests is not None else read_manifests(repository)[0]
    shown: dict[str, str] = {}
    pillars: list[ObservabilityPillar] = []
    places = [component.path for component in components]
    held = _by_place(known, places)
    for component in components:
        own = list(_dependencies(held.get(component.path, ())))
        imports = remembered(_imports, repository, component, places, [dependency.name for dependency in own])
        pillars += _pillars(component, own, imports, [pillar.id for pillar in pillars], len(components) > 1)
    for manifest in known:
        for dependency in manifest.by_name.values():
            for instrument in instruments_of(dependency.name):
                if dependency.name not in _ENDPOINTS:
                    shown.setdefault(instrument.tool, repo_uri(dependency.path, dependency.line))
    readers = (_catalogued, _configured, _programmed)
    for tool, uri in (row for reader in readers for row in all_remembered(reader, repository)):
        shown.setdefault(tool, uri)
    facts = tuple(
        Fact(subject="observability", aspect=tool, outcome="present", strength="present", evidence=(uri,))
        for tool, uri in sorted(shown.items())
    )
    return tuple(pillars), facts


_ENDPOINTS = frozenset({"spring-boot-starter-actuator"})
"""Libraries that measure, and send nowhere what they measured: no tool is in use by that."""


_CATALOGUES = ("libs.versions.toml", "build.sbt", "Dependencies.scala", "packages.config")
"""Files that name the libraries of builds beside the manifests."""
_CATALOGUED = regex(
    r"[\"'](?:[\w.-]+:|[\w.-]+[\"']\s*%{1,3}\s*[\"'])([\w.-]+)|\bid\s*=\s*\"([\w.-]+)\"|name\s*=\s*\"([\w.-]+)\"|<package id=\"([\w.-]+)\""
)


def _catalogued(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield each tool that a library of a version catalogue or of sbt speaks to, with the line."""
    for path in repository.paths:
        if not path.endswith(_CATALOGUES) or vendored(path) or aside(path):
            continue
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            if len(row) > 1_000 or row.lstrip().startswith(("#", "//")):
                continue
            for match in _CATALOGUED.finditer(row):
                name = next(one for one in match.groups() if one).lower()
                for instrument in () if name in _ENDPOINTS else instruments_of(name):
                    yield instrument.tool, repo_uri(path, number)


def _by_place(manifests: Sequence[Manifest], places: Sequence[str]) -> Mapping[str, list[Manifest]]:
    """Return the manifests by the innermost of the components' folders that holds each."""
    found: dict[str, list[Manifest]] = {}
    known = frozenset(places)
    for manifest in manifests:
        place = nearest(manifest.path, known)
        if place is not None:
            found.setdefault(place, []).append(manifest)
    return found


def _dependencies(manifests: Sequence[Manifest]) -> Iterator[Dependency]:
    """Yield what a component's manifests name, and those of folders without a component."""
    seen: set[str] = set()
    for manifest in manifests:
        for name, dependency in manifest.by_name.items():
            if name not in seen and (name in LOGGERS or instruments_of(name)):
                seen.add(name)
                yield dependency


def _pillars(
    component: Component,
    own: Sequence[Dependency],
    imports: Mapping[str, tuple[str, int]],
    taken: Sequence[str],
    several: bool,
) -> Iterator[ObservabilityPillar]:
    done: set[Pillar] = set()
    for pillar in _PILLARS:
        for dependency in own:
            sent = [one for one in instruments_of(dependency.name) if pillar in one.pillars]
            logger = pillar == "logs" and dependency.name in LOGGERS
            if not (sent or logger) or pillar in done:
                continue
            done.add(pillar)
            place = imports.get(dependency.name)
            where = f"{dependency.name} in {place[0]}" if place else f"{dependency.name} in {dependency.path}"
            uris = [repo_uri(*place)] if place else []
            name = f"{component.id}-{pillar}" if several or pillar in taken else pillar
            yield ObservabilityPillar(
                id=kebab(name),
                pillar=pillar,
                component=component.id,
                tool=sent[0].tool if sent else STANDARD_OUTPUT,
                instrumentation=where,
                origin="existing",
                evidence=(*uris, repo_uri(dependency.path, dependency.line)),
            )


_TELLING = Wording(r"metric|telemetry|instrument|tracing|trace|log|otel|monitor|sentry|app|main|server|index")


def _imports(
    repository: Repository, component: Component, places: Sequence[str], names: Sequence[str]
) -> dict[str, tuple[str, int]]:
    """Return for each library the first line that imports it, within its share of MAX_READ files."""
    if not names:
        return {}
    modules = {module: name for name in names for module in _modules(name)}
    pattern = re.compile("|".join(re.escape(module) for module in sorted(modules, key=len, reverse=True)))
    known = frozenset(places)
    sources = [
        path
        for path in below(repository, component.path)
        if path.endswith(_SOURCE)
        and not aside(path)
        and not test_file(path)
        and nearest(path, known) == component.path
    ]
    ranked = sorted(
        sources, key=lambda path: (not _TELLING.stands_in(file_name(path)), path.count("/"), path)
    )
    found: dict[str, tuple[str, int]] = {}
    most = min(MAX_SOURCES, max(MIN_SOURCES, MAX_READ // max(1, len(places))))
    for path in ranked[:most]:
        text = text_of(repository, path)
        if text is None or not pattern.search(text):
            continue
        for number, row in enumerate(lines_of(text), 1):
            match = pattern.search(row)
            if match and _IMPORT.search(row):
                found.setdefault(modules[match[0]], (path, number))
        if len(found) == len(names):
            break
    return found


_IMPORT = regex(
    r"^\s*(import|from|use|using|require|require_once|extern|alias)\b|require\(|import\(|^\s*(\w+\s+)?\"[\w./-]+\"$"
)


def _modules(name: str) -> tuple[str, ...]:
    special = {
        "simpleclient": "io.prometheus",
        "micrometer-registry-prometheus": "io.micrometer",
        "spring-boot-starter-actuator": "io.micrometer",
        "python-json-logger": "pythonjsonlogger",
        "opentelemetry-distro": "opentelemetry",
        "logback-classic": "org.slf4j",
        "prometheus-net": "Prometheus",
    }
    if name in special:
        return (special[name],)
    if name.startswith("opentelemetry-"):
        return (name, "opentelemetry")
    return tuple(dict.fromkeys((name, name.replace("-", "_"), name.replace("-", "."))))


_TELLING_CONFIG = Wording(
    r"prom|alert|grafana|otel|monitor|observ|telemetry|datadog|loki|tempo|jaeger|fluent|dashboard|collector|logging|"
    r"docker-compose|compose|values|deploy|k8s|kube|infra|terraform|\.tf$|template|helm|sentry|newrelic"
)


def _configured(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield each tool that a configuration file names, with the line."""
    wanted = [
        path
        for path in repository.paths
        if (path.endswith(_CONFIG) or ("file" in path and re.search(IMAGES, path)))
        and not vendored(path)
        and not aside(path, but=_HELM)
        and file_name(path) not in {"package.json", "package-lock.json", "pnpm-lock.yaml", "composer.lock"}
    ]
    ranked = sorted(
        wanted,
        key=lambda path: (path.startswith("."), not _TELLING_CONFIG.stands_in(path), path.count("/"), path),
    )
    found: set[str] = set()
    for path in ranked[: min(MAX_CONFIG, MAX_READ)]:
        text = text_of(repository, path)
        if text is None:
            continue
        for mark in MARKS:
            if mark.tool not in found and mark.needs in text and _compiled(mark.path, re.I).search(path):
                line = _shown(mark, text)
                if line:
                    found.add(mark.tool)
                    yield mark.tool, repo_uri(path, line)


_WATCHES = regex(
    r"[\"'](?:aws-cdk-lib|@aws-cdk)/aws-cloudwatch[\"']|\baws_cloudwatch\b(?! *_)|\baws\.cloudwatch\.(?:\w+\.)*(?:Metric|Composite|Dashboard|Log)\w*"
    r"|\bcloudwatch\.(?:Alarm|Dashboard|CompositeAlarm)\(|\.createAlarm\("
)


def _programmed(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield Amazon CloudWatch, where an infrastructure program makes alarms or dashboards of it, with the line."""
    for path in programs(repository):
        text = text_of(repository, path)
        if text is None or ("loudwatch" not in text.lower() and "createAlarm" not in text):
            continue
        for number, row in enumerate(lines_of(text), 1):
            if len(row) < 500 and not row.lstrip().startswith(("//", "#")) and _WATCHES.search(row):
                yield "cloudwatch", repo_uri(path, number)
                return


def _shown(mark: Mark, text: str) -> int | None:
    """Return the first line that shows the tool, comments left out; at most 200 places are tried."""
    shows = _compiled(mark.line).search
    at = -1
    for _ in range(200):
        at = text.find(mark.needs, at + 1)
        if at < 0:
            return None
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        row = text[start : end if end >= 0 else len(text)][:2_000]
        if shows(row) and not row.lstrip().startswith(("#", "//")) and _goes_on(mark, text, end):
            return text.count("\n", 0, at) + 1
    return None


def _goes_on(mark: Mark, text: str, end: int) -> bool:
    if not mark.below:
        return True
    below = text[end + 1 : end + 500].partition("\n")[0] if end >= 0 else ""
    return _compiled(mark.below).match(below) is not None
