"""What kind of thing a folder delivers, told by what it runs, depends on and publishes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import get_args

from platform_operations.assess.dockerfiles import Image
from platform_operations.assess.manifest import Dependency, Manifest, Trait
from platform_operations.assess.places import file_name, node_uri
from platform_operations.assess.technologies import CALLS_TOO, ROLES, SERVED, SITES, STATIC_HOSTS, WEB
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import ComponentType
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting, Workload

_SERVER = regex(
    r"\b(gunicorn|uvicorn|hypercorn|daphne|waitress|flask run|fastapi run|runserver|nginx|httpd|"
    r"apache2\S*|caddy|puma|unicorn|rails s\S*|rackup|php-fpm|frankenphp|next start|http-server|"
    r"serve -s|\S*server\S*|wsgi|asgi)\b"
)
_WORKER = regex(
    r"\b(celery\b.*\bworker|rq worker|dramatiq|sidekiq|resque|arq \S+|bullmq|\S*worker\S*|"
    r"\S*consumer\S*|queue:work|solid_queue:start)\b"
)
_SCHEDULER = regex(r"\b(celery\b.*\bbeat|rqscheduler|clockwork|schedule:work|supercronic|crond|cron -f)\b")
_SERVES = regex(
    r"ListenAndServe|grpc\.NewServer|http\.Serve\(|app\.listen\(|createServer\(|HTTPServer\(|\.run\(host=|axum::serve"
)


_ORDER: tuple[ComponentType, ...] = get_args(ComponentType)


SERVICES: frozenset[ComponentType] = frozenset({*_ORDER[:6], "mobile-app"})
"""Types that run or are used directly, in contrast to what is installed or built upon."""


_INSTALLED: frozenset[ComponentType | None] = frozenset({"library", "cli", "mobile-app"})


@dataclass(frozen=True)
class Unit:
    """A folder that may deliver something, with everything in it that tells."""

    folder: str
    manifests: tuple[Manifest, ...] = ()
    images: tuple[Image, ...] = ()
    sightings: tuple[tuple[str, Sighting], ...] = ()
    processes: tuple[tuple[str, str, str, int], ...] = ()
    files: frozenset[str] = frozenset()
    mains: Mapping[str, str] = field(default_factory=dict[str, str])
    exported: bool = False
    """Whether the settings of its framework say that pages are written out as files: no server renders them."""

    @cached_property
    def dependencies(self) -> Mapping[str, Dependency]:
        """What running needs, by name."""
        found: dict[str, Dependency] = {}
        for manifest in self.manifests:
            for name, dependency in manifest.by_name.items():
                found.setdefault(name, dependency)
        return found

    @cached_property
    def traits(self) -> frozenset[Trait]:
        """The traits of all its manifests."""
        return frozenset(trait for manifest in self.manifests for trait in manifest.traits)

    @cached_property
    def workloads(self) -> tuple[tuple[str, Sighting, Workload], ...]:
        """The workloads that platforms run of it."""
        return tuple(
            (platform, place, place.workload) for platform, place in self.sightings if place.workload
        )

    @property
    def deployed(self) -> bool:
        """Whether something in it is run somewhere, instead of only published."""
        runs = [workload for _, _, workload in self.workloads if workload.component_type not in _INSTALLED]
        return bool(self.images or self.processes or runs)


def types_of(unit: Unit) -> dict[ComponentType, tuple[str, ...]]:
    """Return the types in the order of the plan's vocabulary, with the URIs that show each.

    What platforms and processes run says most; then what it depends on; then what it publishes. A library
    is none as soon as something of it is run as a service, and a web framework alone makes no service of a
    published package.
    """
    found: dict[ComponentType, tuple[str, ...]] = {}
    for kind, uri in (*_run(unit), *_depended(unit)):
        found.setdefault(kind, ())
        if uri and uri not in found[kind]:
            found[kind] = (*found[kind], uri)
    if not SERVICES & set(found):
        for kind, uri in _published(unit):
            found.setdefault(kind, (uri,) if uri else ())
    else:
        found.pop("library", None)
    return {kind: found[kind][:3] for kind in _ORDER if kind in found}


def _run(unit: Unit) -> Iterator[tuple[ComponentType, str]]:
    for _, place, workload in sorted(unit.workloads, key=lambda found: found[0] == "docker"):
        if workload.component_type:
            yield workload.component_type, node_uri(place.path, place.first, place.last)
        elif workload.url:
            yield "http-service", node_uri(place.path, place.first, place.last)
    for name, command, path, line in unit.processes:
        for kind in _of_process(name, command):
            yield kind, repo_uri(path, line)
    for image in unit.images:
        for kind in _of_image(image):
            yield kind, repo_uri(image.path, image.line)


def _of_process(name: str, command: str) -> Iterator[ComponentType]:
    if name == "web":
        yield "http-service"
    elif _SCHEDULER.search(command) or name in {"clock", "beat", "scheduler", "cron"}:
        yield "scheduled-job"
    elif name not in {"release", "postdeploy"}:
        yield "worker"


def _of_image(image: Image) -> Iterator[ComponentType]:
    if _SCHEDULER.search(image.command):
        yield "scheduled-job"
    elif _WORKER.search(image.command):
        yield "worker"
    elif image.ports or _SERVER.search(image.command) or re.search(r"(^|/)(nginx|httpd|caddy)\b", image.base):
        yield "http-service"


def _depended(unit: Unit) -> Iterator[tuple[ComponentType, str]]:
    published = _only_published(unit)
    for name, dependency in unit.dependencies.items():
        uri = repo_uri(dependency.path, dependency.line)
        kind = ROLES.get(name)
        if kind == "data-pipeline" and published:
            continue
        if kind and not (published and kind == "worker"):
            yield kind, uri
        serves = name in WEB or (name in CALLS_TOO and any(image.ports for image in unit.images))
        if serves and not published and not _renders_only(unit):
            yield "http-service", uri
    yield from _by_files(unit)
    if "web-sdk" in unit.traits:
        yield "http-service", repo_uri(unit.manifests[0].path, 1)
    for path, text in unit.mains.items():
        served = _SERVES.search(text)
        if served and not published:
            yield "http-service", repo_uri(path, text.count("\n", 0, served.start()) + 1)
    yield from _site(unit)


def _only_published(unit: Unit) -> bool:
    """Whether the folder is built upon, not run: a package, or compiled code without a program in it.

    What is started by its own script and listens is run, even where it has the fields of a package.
    """
    if unit.deployed or ({"start", "publish"} & unit.traits == {"start"} and _listens(unit)):
        return False
    compiled = any(manifest.ecosystem == "go" for manifest in unit.manifests) and not unit.mains
    return compiled or "package" in unit.traits


def _listens(unit: Unit) -> bool:
    """Whether a main file of the folder opens a server."""
    return any(_SERVES.search(text) for text in unit.mains.values())


def _renders_only(unit: Unit) -> bool:
    """Whether the folder is a front end whose own server serves it only in development."""
    return bool(SITES & set(unit.dependencies)) and not unit.images and not unit.processes


_FILES: tuple[tuple[str, ComponentType], ...] = (
    ("serverless.yml", "serverless"),
    ("serverless.yaml", "serverless"),
    ("serverless.ts", "serverless"),
    ("samconfig.toml", "serverless"),
    ("sst.config.ts", "serverless"),
    ("wrangler.toml", "serverless"),
    ("wrangler.jsonc", "serverless"),
    ("wrangler.json", "serverless"),
    ("firebase.json", "serverless"),
    ("host.json", "serverless"),
    ("dbt_project.yml", "data-pipeline"),
    ("workspace.yaml", "data-pipeline"),
    ("manage.py", "http-service"),
    ("artisan", "http-service"),
    ("config.ru", "http-service"),
    ("AndroidManifest.xml", "mobile-app"),
    ("Podfile", "mobile-app"),
)


def _by_files(unit: Unit) -> Iterator[tuple[ComponentType, str]]:
    here = "" if unit.folder == "." else unit.folder + "/"
    published = _only_published(unit)
    for name, kind in _FILES:
        path = here + name
        if path not in unit.files:
            continue
        if name == "workspace.yaml" and "dagster" not in unit.dependencies:
            continue
        if name in {"manage.py", "firebase.json", "config.ru"} and published:
            continue
        yield kind, repo_uri(path, 1)
    for path, text in unit.mains.items():
        if path.endswith("AndroidManifest.xml"):
            yield "mobile-app", repo_uri(path, text.count("\n", 0, text.index("category.LAUNCHER")) + 1)


def _site(unit: Unit) -> Iterator[tuple[ComponentType, str]]:
    built = next((unit.dependencies[name] for name in unit.dependencies if name in SITES), None) or next(
        (
            dependency
            for manifest in unit.manifests
            for dependency in manifest.dependencies
            if dependency.name in SITES and "package" not in manifest.traits
        ),
        None,
    )
    hosted = next((place for platform, place in unit.sightings if platform in STATIC_HOSTS), None)
    config = next(
        (
            path
            for path in sorted(unit.files)
            if file_name(path)
            in {"hugo.toml", "hugo.yaml", "_config.yml", "mkdocs.yml", "docusaurus.config.js"}
        ),
        None,
    )
    if unit.images or unit.processes or "package" in unit.traits:
        return
    if built and not any(name in WEB for name in unit.dependencies if name not in SITES):
        served = built.name in SERVED and not hosted and not unit.exported
        yield "http-service" if served else "static-site", repo_uri(built.path, built.line)
    elif (config and not unit.manifests) or (config and hosted):
        yield "static-site", repo_uri(config, 1)
    elif hosted and not unit.manifests:
        yield "static-site", repo_uri(hosted.path, hosted.first)


def _published(unit: Unit) -> Iterator[tuple[ComponentType, str]]:
    for manifest in unit.manifests:
        uri = repo_uri(manifest.path, 1, min(5, manifest.lines))
        if manifest.ecosystem in {"cargo", "go"}:
            for kind in _compiled(unit, manifest):
                yield kind, uri
            continue
        if "bin" in manifest.traits and ("package" in manifest.traits or "private" not in manifest.traits):
            yield "cli", uri
        if "library" in manifest.traits and ("package" in manifest.traits or manifest.ecosystem == "php"):
            yield "library", uri
        elif "start" in manifest.traits and manifest.ecosystem in {"dotnet"}:
            yield "cli", uri


def _compiled(unit: Unit, manifest: Manifest) -> Iterator[ComponentType]:
    here = "" if unit.folder == "." else unit.folder + "/"
    binary = "bin" in manifest.traits or bool(unit.mains)
    if manifest.ecosystem == "go":
        if "workspace" not in manifest.traits:
            yield "cli" if binary else "library"
        return
    if "package" not in manifest.traits:
        return
    if binary or here + "src/main.rs" in unit.files:
        yield "cli"
    if "library" in manifest.traits or here + "src/lib.rs" in unit.files:
        yield "library"
