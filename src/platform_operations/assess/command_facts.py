"""What commands must name and the repository shows: workloads, charts with their values, stacks, Compose files, applications.

Each becomes a fact `components/ID#PLATFORM.PARAMETER`, with `@ENVIRONMENT` where the files say so of one environment only.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import relpath
from typing import NamedTuple

from platform_operations.assess.as_is import kind_of
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component, Environment
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository, Unreadable

_KINDS = {
    "Deployment": "deployment",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
    "CronJob": "cronjob",
}
_NAMESPACE = regex(r"^  namespace:\s*[\"']?([a-z0-9][a-z0-9-]{0,62})[\"']?\s*$", re.MULTILINE)
_PUBLISH = regex(r"^\s*publish\s*=\s*[\"']([\w./-]+)[\"']", re.MULTILINE)


class _Seen(NamedTuple):
    """One value of a parameter, whose component it may speak of (None: of any), and where it stands."""

    parameter: str
    value: str
    name: str | None
    sighting: Sighting


def command_facts(
    repository: Repository,
    components: Iterable[Component],
    environments: Iterable[Environment],
    sightings: Mapping[str, tuple[Sighting, ...]],
) -> Iterator[Fact]:
    """Yield what commands on each component's platforms must name, each fact once, the most specific first."""
    known = tuple(components)
    places = tuple(environments)
    for platform, group in sightings.items():
        rows = [row for sighting in group for row in _read(repository, platform, sighting)]
        for component in known:
            if platform in component.platforms:
                yield from _of_component(platform, component, len(known) == 1, rows, places)


def _of_component(
    platform: str, component: Component, alone: bool, rows: list[_Seen], places: tuple[Environment, ...]
) -> Iterator[Fact]:
    for parameter in dict.fromkeys(row.parameter for row in rows):
        of_it = [row for row in rows if row.parameter == parameter]
        named = [row for row in of_it if row.name is not None and _same(component, row.name)]
        free = [row for row in of_it if row.name is None and _holds(component, row.sighting.path)]
        single = of_it if alone and len({row.name for row in of_it}) == 1 else []
        said: set[str] = set()
        for row in named or single or free:
            environment = _place(row.sighting.environment, places)
            if environment is None and row.sighting.environment:
                continue
            aspect = f"{platform}.{parameter}" + (f"@{environment}" if environment else "")
            if aspect in said:
                continue
            said.add(aspect)
            uri = repo_uri(row.sighting.path, row.sighting.first, row.sighting.last)
            yield Fact(
                subject=f"components/{component.id}",
                aspect=aspect,
                outcome="present",
                value=row.value,
                evidence=(uri,),
            )


def _same(component: Component, name: str) -> bool:
    """Whether a thing's name is the component's, or the component's with an environment or a project around it."""
    parts = name.lower().replace("_", "-")
    return parts == component.id or f"-{parts}-".find(f"-{component.id}-") >= 0 or parts in component.id


def _holds(component: Component, path: str) -> bool:
    """Whether a file can speak for the component: it lies in its folder, or in no other component's."""
    return component.path == "." or path.startswith(f"{component.path}/") or "/" not in path


def _place(name: str | None, places: tuple[Environment, ...]) -> str | None:
    low = (name or "").lower()
    exact = next((place.id for place in places if place.id == low), None)
    kind = kind_of(low) if low else None
    alike = [place.id for place in places if place.kind == kind and kind in {"staging", "production"}]
    return exact or (alike[0] if len(alike) == 1 else None)


def _read(repository: Repository, platform: str, sighting: Sighting) -> Iterator[_Seen]:
    reader = _READERS.get(platform)
    if reader is not None and not (sighting.unreadable and platform == "kubernetes"):
        for parameter, value, name in reader(repository, sighting):
            yield _Seen(parameter, value, name, sighting)


def _kubernetes(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    load = sighting.workload
    if load is None or sighting.detail not in {*_KINDS, "Rollout"}:
        return
    text = _lines(repository, sighting)
    if sighting.detail == "Rollout":
        yield "rollout", load.name, load.name
    else:
        yield "workload", f"{_KINDS[sighting.detail]}/{load.name}", load.name
    container = _container(text)
    if container:
        yield "container", container, load.name
    space = _NAMESPACE.search(text)
    if space:
        yield "namespace", f" -n {space[1]}", load.name
    folder = sighting.path.rpartition("/")[0]
    built = any(
        repository.exists(f"{folder}/{name}" if folder else name)
        for name in ("kustomization.yaml", "kustomization.yml", "Kustomization")
    )
    if not built:
        yield "manifests", f"-f {sighting.path}", load.name


def _lines(repository: Repository, sighting: Sighting) -> str:
    text = repository.read(sighting.path)
    if isinstance(text, Unreadable):
        return ""
    return "\n".join(text.split("\n")[sighting.first - 1 : sighting.last])


def _container(text: str) -> str | None:
    """Return the name of the first container that a manifest's lines declare."""
    rows = iter(text.split("\n"))
    for row in rows:
        if re.match(r"\s*(?:- )?containers:\s*$", row):
            break
    depth: int | None = None
    for row in rows:
        item = re.match(r"(\s*)- ", row)
        if depth is None and item:
            depth = len(item[1])
        elif depth is not None and item and len(item[1]) <= depth:
            return None
        named = re.match(r"(\s*(?:- )?)name:\s*[\"']?([a-z0-9][a-z0-9-]*)[\"']?\s*$", row)
        if depth is not None and named and len(named[1]) == depth + 2:
            return named[2]
    return None


def _helm(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    folder = sighting.path.rpartition("/")[0] or "."
    if sighting.detail.startswith("chart ") and sighting.path.endswith("Chart.yaml"):
        name = sighting.detail.removeprefix("chart ")
        yield "chart", folder, name
        key = _image_key(repository, "values.yaml" if folder == "." else f"{folder}/values.yaml")
        if key:
            yield "image", key, name
    elif sighting.detail.startswith("values") and sighting.environment and not sighting.unreadable:
        name = sighting.detail.partition(" of ")[2] or None
        yield "values", f" --values {sighting.path}", name


def _image_key(repository: Repository, path: str) -> str | None:
    """Return what a chart with this values file takes for the image: its digest where it has a value for that, else its tag."""
    text = repository.read(path) if repository.exists(path) else None
    if text is None or isinstance(text, Unreadable):
        return None
    block = re.search(r"^image:[ \t]*\n((?:[ \t]+.*\n|[ \t]*#.*\n|[ \t]*\n)+)", text + "\n", re.MULTILINE)
    keys = re.findall(r"^\s+(\w+):", block[1], re.MULTILINE) if block else []
    if "digest" in keys:
        return "image.digest={reference}"
    return "image.tag={commit}" if "tag" in keys else None


def _argocd(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    del repository
    found = re.match(r"Application ([\w.-]+),", sighting.detail)
    if found:
        yield "application", found[1], found[1]


def _flux(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    del repository
    found = re.match(r"Kustomization ([\w.-]+)", sighting.detail)
    if found:
        yield "kustomization", found[1], found[1]


def _aws(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    if sighting.detail.startswith("SAM environment "):
        name = sighting.detail.removeprefix("SAM environment ")
        yield "sam", f"--config-env {name}", None
        text = repository.read(sighting.path)
        after = text.split("\n")[sighting.first - 1 :] if not isinstance(text, Unreadable) else []
        for row in after:
            found = re.match(r"\[([\w-]+)[.\]]", row)
            if found and found[1] != name:
                break
            stack = re.match(r"\s*stack_name\s*=\s*[\"']([\w-]+)[\"']", row)
            if stack:
                yield "stack", stack[1], None
    elif sighting.detail.startswith("ECS "):
        yield "ecs", sighting.path, None
    elif sighting.detail in {"CloudFormation template", "SAM template"}:
        yield "template", sighting.path, None


def _docker(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    del repository
    found = re.match(r"Compose service ([\w.-]+)$", sighting.detail)
    if found:
        yield "compose", sighting.path, sighting.workload.name if sighting.workload else found[1]


def _netlify(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    text = repository.read(sighting.path) if sighting.path.endswith("netlify.toml") else None
    found = _PUBLISH.search(text) if text is not None and not isinstance(text, Unreadable) else None
    if found and sighting.environment is None:
        yield "bundle", found[1], None


def _pulumi(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    del repository
    if sighting.detail.startswith("stack "):
        yield "stack", sighting.detail.removeprefix("stack "), None
    elif sighting.detail == "project":
        yield "project", sighting.path.rpartition("/")[0] or ".", None


def _terraform(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    del repository
    folder = sighting.path.rpartition("/")[0] or "."
    if sighting.path.endswith((".tf", ".tf.json")):
        yield "module", folder, None
    elif sighting.detail == "variables" and sighting.path.endswith((".tfvars", ".tfvars.json")):
        yield "variables", f" -var-file={relpath(sighting.path, folder)}", None


def _digitalocean(repository: Repository, sighting: Sighting) -> Iterator[tuple[str, str, str | None]]:
    del repository
    if sighting.detail == "app specification":
        yield "specification", sighting.path, None


_READERS = {
    "argocd": _argocd,
    "aws": _aws,
    "digitalocean": _digitalocean,
    "docker": _docker,
    "flux": _flux,
    "helm": _helm,
    "kubernetes": _kubernetes,
    "netlify": _netlify,
    "pulumi": _pulumi,
    "terraform": _terraform,
}
