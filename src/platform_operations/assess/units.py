"""The folders of a repository that may deliver something, each with everything in it that tells what."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from platform_operations.assess.component_types import Unit
from platform_operations.assess.data_stores import store_of_image
from platform_operations.assess.dockerfiles import Image, is_dockerfile, read_dockerfile
from platform_operations.assess.manifest import Manifest
from platform_operations.assess.manifests import is_manifest, read_manifest
from platform_operations.assess.places import (
    MAX_READ,
    aside,
    file_name,
    folder,
    kebab,
    lines_of,
    text_of,
)
from platform_operations.model.assessment import Fact
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository

MANY = frozenset(
    {"apps", "services", "packages", "cmd", "functions", "lambdas", "crates", "libs", "modules", "src"}
)
"""Folders under which teams keep one deliverable a folder."""
_PACKING = regex(
    r"^(\.?docker|dockerfiles?|build|package|packaging|deploy|deployments?|ci|container|images?|infra)$"
)
_MAIN_FILES = frozenset(
    {
        "AndroidManifest.xml",
        "main.go",
        "server.js",
        "index.js",
        "app.js",
        "main.rs",
        "server.ts",
        "index.ts",
        "app.ts",
    }
)
MAX_MAIN_FILES = 60


def read_manifests(repository: Repository) -> tuple[tuple[Manifest, ...], tuple[Fact, ...]]:
    """Return every manifest of the repository's own, and the facts of the broken ones."""
    found: list[Manifest] = []
    broken: list[Fact] = []
    wanted = [path for path in repository.paths if is_manifest(path) and not aside(path, but=_SOURCE_TESTS)]
    for path in wanted[:MAX_READ]:
        if re.search(r"\.?Tests?\.(cs|fs|vb)proj$", path) or _SIDE_WORK & set(path.split("/")[:-1]):
            continue
        manifest = read_manifest(repository, path)
        if isinstance(manifest, Fact):
            broken.append(manifest)
        elif manifest is not None:
            found.append(manifest)
    return tuple(_without_locks(found)), tuple(broken)


def _without_locks(manifests: Sequence[Manifest]) -> Iterator[Manifest]:
    """Yield the manifests without compiled requirements that stand beside what they were compiled from."""
    written = {
        (manifest.ecosystem, manifest.folder)
        for manifest in manifests
        if manifest.dependencies and "locked" not in manifest.traits
    }
    for manifest in manifests:
        if "locked" not in manifest.traits or (manifest.ecosystem, manifest.folder) not in written:
            yield manifest


_SIDE_WORK = frozenset({"scripts", "hack", "misc", ".github", ".build-tools", ".circleci"})
_SOURCE_TESTS = frozenset({"templates", "template", "spec", "specs"})


def read_units(
    repository: Repository,
    manifests: Sequence[Manifest],
    sightings: Mapping[str, tuple[Sighting, ...]],
) -> tuple[Unit, ...]:
    """Return a unit for every folder with a manifest or a Dockerfile, the root always first."""
    images = tuple(_images(repository))
    own = {manifest.folder for manifest in manifests}
    places = (
        {"."}
        | {_home(place, own, repository) for place in own}
        | {_home(folder(i.path), own, repository) for i in images}
    )
    places |= {place for place in _hosted(sightings) if place != "."}
    by_place: dict[str, list[Manifest]] = {place: [] for place in places}
    for manifest in manifests:
        by_place[_home(manifest.folder, own, repository)].append(manifest)
    packed: dict[str, list[Image]] = {place: [] for place in places}
    for image in images:
        packed[_packed_home(image, own, repository, by_place)].append(image)
    files = _files_by_place(repository.paths, places)
    named = {kebab(_own_name(place, by_place[place])): place for place in sorted(places) if place != "."}
    workloads = _sightings_by_place(sightings, places, named)
    return tuple(
        Unit(
            place,
            tuple(by_place[place]),
            tuple(packed[place]),
            tuple(workloads[place]),
            tuple(_processes(repository, place)),
            frozenset(files[place]),
            _mains(repository, files[place]),
            _exported(repository, files[place]),
        )
        for place in sorted(places, key=lambda place: (place != ".", place))
    )


def _home(place: str, own: set[str], repository: Repository) -> str:
    """Return the folder that `place` packs: docker/ and requirements/ speak for the folder they lie in."""
    while place != ".":
        name = file_name(place)
        packing = _PACKING.match(name) or name == "requirements"
        if not packing or (place in own and name != "requirements"):
            return place
        place = folder(place)
    return place


def _packed_home(
    image: Image, own: set[str], repository: Repository, by_place: Mapping[str, list[Manifest]]
) -> str:
    """Return the folder that an image packs; one that a workspace's root builds packs the one member it names."""
    home = _home(folder(image.path), own, repository)
    if home != "." or not any("workspace" in manifest.traits for manifest in by_place["."]):
        return home
    named = [place for place in sorted(by_place) if place in image.folders and "apps" in place.split("/")]
    return named[0] if len(named) == 1 else home


def _images(repository: Repository) -> Iterator[Image]:
    wanted = [path for path in repository.paths if is_dockerfile(path) and not aside(path)]
    for path in wanted[:MAX_READ]:
        text = text_of(repository, path)
        image = read_dockerfile(path, text) if text else None
        if image:
            yield image


_HOSTED = frozenset(
    {"vercel", "netlify", "railway", "render", "fly", "serverless-framework", "supabase", "cloudflare"}
)


def _hosted(sightings: Mapping[str, tuple[Sighting, ...]]) -> Iterator[str]:
    """Yield the folders that have a hosting platform's own file."""
    for platform in sorted(_HOSTED & set(sightings)):
        for place in sightings[platform]:
            if file_name(place.path).startswith((platform, "fly.", "serverless.")) and not aside(place.path):
                yield folder(place.path)


def _files_by_place(paths: Sequence[str], places: set[str]) -> dict[str, set[str]]:
    """Give each path to the innermost place that holds it."""
    found: dict[str, set[str]] = {place: set() for place in places}
    for path in paths:
        place = folder(path)
        while place not in found:
            place = folder(place)
        found[place].add(path)
    return found


def _own_name(place: str, manifests: Sequence[Manifest]) -> str:
    return next((manifest.name for manifest in manifests if manifest.name), None) or file_name(place)


_DEVELOPERS = frozenset({".dev", ".local", ".devcontainer"})
"""Folders that hold what runs on a developer's machine."""


def _sightings_by_place(
    sightings: Mapping[str, tuple[Sighting, ...]], places: set[str], named: Mapping[str, str]
) -> dict[str, list[tuple[str, Sighting]]]:
    """Give each sighting to the unit that its file says it runs or is named after, else to its folder."""
    found: dict[str, list[tuple[str, Sighting]]] = {place: [] for place in places}
    for platform in sorted(sightings):
        for place in sightings[platform]:
            workload = place.workload
            if workload and workload.image and store_of_image(workload.image):
                continue
            if _DEVELOPERS & set(place.path.split("/")):
                continue
            home = _home_of(place, named)
            while home not in found:
                home = folder(home)
            found[home].append((platform, place))
    return found


def _home_of(place: Sighting, named: Mapping[str, str]) -> str:
    workload = place.workload
    if workload and workload.component_type and workload.source in named.values():
        return workload.source or "."
    if workload:
        image = (workload.image or "").partition("@")[0].rpartition("/")[2].partition(":")[0]
        folders = {file_name(home): home for home in sorted(named.values())}
        for name in (kebab(workload.name), kebab(image)):
            if name in named:
                return named[name]
            if name in folders:
                return folders[name]
    return folder(place.path)


def _processes(repository: Repository, place: str) -> Iterator[tuple[str, str, str, int]]:
    path = "Procfile" if place == "." else f"{place}/Procfile"
    text = text_of(repository, path) if repository.exists(path) else None
    for number, line in enumerate(lines_of(text or ""), 1):
        match = re.match(r"([A-Za-z0-9_-]+):\s*(\S.*)", line)
        if match:
            yield match[1], match[2][:2_000], path, number


def _mains(repository: Repository, files: Iterable[str]) -> dict[str, str]:
    """Return the texts of the files where a program starts, shallow ones first."""
    wanted = [
        path
        for path in files
        if file_name(path) in _MAIN_FILES
        and not aside(path)
        and path.count("/") <= 4
        and "/dist/" not in path
    ]
    found: dict[str, str] = {}
    for path in sorted(wanted, key=lambda path: (path.count("/"), path))[:MAX_MAIN_FILES]:
        text = text_of(repository, path)
        if text and (not path.endswith(".go") or "package main" in text):
            found[path] = text[:100_000]
    return {
        path: text
        for path, text in found.items()
        if path.endswith((".go", ".rs"))
        or ("category.LAUNCHER" if path.endswith(".xml") else "listen(") in text
    }


_EXPORT = regex(r"^\s*output\s*:\s*[\"']export[\"']", re.MULTILINE)


def _exported(repository: Repository, files: Iterable[str]) -> bool:
    """Whether Next.js is told to write the pages of a folder out as files."""
    settings = sorted(path for path in files if file_name(path).startswith("next.config."))
    return any(_EXPORT.search(text_of(repository, path) or "") for path in settings[:MAX_MAIN_FILES])


def member_folders(units: Sequence[Unit], manifests: Sequence[Manifest]) -> frozenset[str]:
    """Return the folders that a workspace names as its members."""
    globs = [
        (manifest.folder, member.removeprefix("./").rstrip("/"))
        for manifest in manifests
        for member in manifest.members
        if not member.startswith("!")
    ]
    found: set[str] = set()
    for unit in units:
        for place, pattern in globs[:200]:
            whole = pattern if place == "." else f"{place}/{pattern}"
            if unit.folder == whole or (
                len(whole) < 200 and whole.count("*") <= 4 and fnmatchcase(unit.folder, whole)
            ):
                found.add(unit.folder)
    return frozenset(found)
