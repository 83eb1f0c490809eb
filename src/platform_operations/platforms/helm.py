"""Helm: charts with their values files, helmfiles."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from platform_operations.platforms.platform import Action, Mechanism, Platform, Rollback, Sighting, Workload
from platform_operations.platforms.reading import environments, files, images, probes
from platform_operations.repository import Repository

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

_HELMFILE = r"^helmfile(?:[._-][\w.-]+)?\.(?:ya?ml|ya?ml\.gotmpl)$"
_VALUES = r"(?i)(?:^|[._-])values(?:[._-]|$)|^values"
_READ_BY_LINES = "read by lines: the probe stands in a template"


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every chart, its workload once for each environment with a values file, and every helmfile."""
    found: list[Sighting] = []
    claimed: set[str] = set()
    for path in files.named(repository, frozenset({"Chart.yaml"})):
        found.extend(_chart(repository, path, claimed))
    for path in files.bounded(
        path for path in repository.paths if _values_shape(path) and files.counts(path)
    ):
        if path not in claimed and _foreign_values(path):
            environment = environments.of_path(path)
            if environment is not None:
                found.append(_remote(repository, path, environment))
    for path in files.bounded(path for path in repository.paths if re.match(_HELMFILE, files.name_of(path))):
        if files.counts(path):
            found.extend(_helmfile(repository, path))
    return tuple(found)


def _values_shape(path: str) -> bool:
    name = files.name_of(path)
    return (
        "values" in name.lower()
        and name.endswith((".yaml", ".yml"))
        and re.search(_VALUES, name.rsplit(".", 1)[0]) is not None
    )


def _foreign_values(path: str) -> bool:
    """Values without a chart beside them belong to a chart elsewhere when their folders say helm."""
    return any("helm" in part or "chart" in part for part in path.lower().split("/")[:-1])


def _remote(repository: Repository, path: str, environment: str) -> Sighting:
    content = files.text(repository, path) or ""
    return Sighting(
        path,
        1,
        files.line_count(content),
        "values",
        environment,
        unreadable="the chart is outside the repository",
    )


def _chart(repository: Repository, path: str, claimed: set[str]) -> Iterator[Sighting]:
    content = files.text(repository, path)
    chart = files.first_document(content) if content is not None else None
    if content is None or chart is None:
        yield Sighting(path, 1, 1, "chart", unreadable="Chart.yaml cannot be read as YAML")
        return
    name = chart.string("name") or files.name_of(files.folder_of(path)) or "chart"
    folder = files.folder_of(path)
    if (chart.string("type") or "").lower() == "library":
        yield Sighting(path, 1, files.line_count(content), f"library chart {name}")
        return
    base = _values(repository, f"{folder}/values.yaml" if folder else "values.yaml")
    probe = _template_probe(repository, folder)
    own = [
        one for one in repository.paths if _belongs(one, folder) and _values_shape(one) and files.counts(one)
    ]
    claimed.update(own)
    by_environment = {environments.of_path(one[len(folder) :].lstrip("/")): one for one in own}
    by_environment.pop(None, None)
    yield Sighting(
        path, 1, files.line_count(content), f"chart {name}", workload=_workload(name, base, None, probe)
    )
    for environment, one in sorted(by_environment.items(), key=lambda pair: pair[1]):
        text = files.text(repository, one) or ""
        values = _values(repository, one)
        if values is None:
            yield Sighting(
                one, 1, files.line_count(text), "values", environment, unreadable="the values are no YAML"
            )
            continue
        yield Sighting(
            one,
            1,
            files.line_count(text),
            f"values of {name}",
            environment,
            _workload(name, base, values, probe),
        )


def _belongs(path: str, folder: str) -> bool:
    """Whether a file lies in the chart's folder or beside it (charts/app, charts/values-prod.yaml do not)."""
    if folder and not path.startswith(folder + "/"):
        return False
    inside = path[len(folder) :].lstrip("/")
    return not inside.startswith(("charts/", "templates/", "ci/")) and inside.count("/") <= 3


def _values(repository: Repository, path: str) -> "tuple[Node, str] | None":
    content = files.text(repository, path) if repository.exists(path) else None
    node = files.first_document(content) if content is not None else None
    return (node, path) if node is not None else None


def _template_probe(repository: Repository, folder: str) -> probes.Probe | None:
    prefix = f"{folder}/templates/" if folder else "templates/"
    for path in files.bounded(one for one in repository.paths if one.startswith(prefix)):
        if path.endswith((".yaml", ".yml", ".tpl")) and "/tests/" not in path:
            content = files.text(repository, path)
            found = probes.by_lines(content, path) if content is not None and "Probe:" in content else None
            if found is not None:
                return found
    return None


def _workload(
    name: str, base: "tuple[Node, str] | None", over: "tuple[Node, str] | None", probe: probes.Probe | None
) -> Workload:
    layers = [layer for layer in (over, base) if layer is not None]
    image = _image(layers)
    replicas = _first(layers, "replicaCount") or _first(layers, "replicas")
    plain = next((one for one in map(_values_probe, layers) if one is not None), None) or probe
    host = _host(layers)
    return Workload(
        name=name,
        component_type="http-service"
        if host or any(one.get("ingress") is not None for one, _ in layers)
        else None,
        image=image,
        reference=images.reference_kind(image) if image else None,
        health=plain.health if plain else None,
        probe_lines=plain.lines if plain else None,
        replicas=int(replicas) if replicas and replicas.isdigit() and len(replicas) < 6 else None,
        url=host,
    )


def _first(layers: "list[tuple[Node, str]]", *keys: str) -> str | None:
    return next((value for value in (node.string(*keys) for node, _ in layers) if value), None)


def _image(layers: "list[tuple[Node, str]]") -> str | None:
    whole = _first(layers, "image")
    if whole:
        return whole
    repository = _first(layers, "image", "repository") or _first(layers, "image", "name")
    if not repository:
        return None
    registry = _first(layers, "image", "registry")
    tag, digest = _first(layers, "image", "tag"), _first(layers, "image", "digest")
    if repository.startswith("<") or (tag and tag.startswith("<")):
        return None
    full = f"{registry}/{repository}" if registry and not repository.startswith(registry) else repository
    if digest:
        return f"{full}@{digest}"
    return f"{full}:{tag}" if tag else full


def _values_probe(layer: "tuple[Node, str]") -> probes.Probe | None:
    """Return a probe that the values file writes out as Kubernetes would."""
    node, path = layer
    return probes.of_container(node, path)


def _host(layers: "list[tuple[Node, str]]") -> str | None:
    for node, _ in layers:
        ingress = node.get("ingress")
        if ingress is None or ingress.kind != "map" or ingress.string("enabled") == "false":
            continue
        hosts = ingress.children("hosts")
        first = hosts[0] if hosts else None
        host = (
            first.text
            if first is not None and first.kind == "text"
            else (first.string("host") if first else None)
        )
        host = host or ingress.string("host")
        if host and "." in host and not host.endswith((".local", "example.com")) and "*" not in host:
            return f"{'https' if ingress.children('tls') else 'http'}://{host}"
    return None


def _helmfile(repository: Repository, path: str) -> Iterator[Sighting]:
    content = files.text(repository, path)
    if content is None:
        return
    found = files.documents(content)
    last = files.line_count(content)
    if not isinstance(found, tuple):
        yield Sighting(path, 1, last, "helmfile", unreadable=f"read by lines: {found.reason}")
        return
    yield Sighting(path, 1, last, "helmfile")
    for document in found:
        if document.kind != "map":
            continue
        for key, value in document.entries("environments"):
            if key.text != "default":
                yield Sighting(path, key.first, max(key.first, value.last), "helmfile environment", key.text)


PLATFORM = Platform(
    id="helm",
    title="Helm",
    detect=detect,
    implies=("kubernetes",),
    capabilities=frozenset({"health-gated-rollout", "release-history"}),
    health=("http", "tcp", "exec"),
    actions={
        "helm-upgrade": Action(
            kinds=("deploy", "promote", "provision"),
            commands=(
                "helm upgrade --install {name} {path} --values {path}/values-{environment}.yaml"
                " --set-string image.digest={artifact} --wait --timeout 10m",
            ),
            waits=True,
            seen=("helm upgrade", "helm install", "helm3 upgrade", "helm secrets upgrade"),
            uses=("deliverybot/helm", "wbd/helm-deploy", "bitovi/github-actions-deploy-eks-helm"),
        ),
        "helmfile-apply": Action(
            kinds=("deploy", "promote"),
            commands=("helmfile --environment {environment} apply",),
            waits=True,
            seen=("helmfile apply", "helmfile sync", "helmfile -e", "helmfile --environment"),
            uses=("helmfile/helmfile-action",),
        ),
    },
    mechanisms={"helm-upgrade": Mechanism("rolling", ("health-gated-rollout",))},
    rollbacks={
        "helm-rollback": Rollback(
            "previous-artifact",
            automatic=False,
            commands=("helm history {name}", "helm rollback {name} --wait --timeout 10m"),
            signals=("helm-timeout",),
            seen=("helm rollback",),
        ),
        "helm-atomic": Rollback(
            "previous-artifact",
            automatic=True,
            signals=("helm-timeout", "helm-hook-failed"),
            seen=("helm upgrade --atomic", "helm upgrade --rollback-on-failure"),
        ),
    },
    signals=frozenset({"helm-hook-failed", "helm-timeout"}),
    environments="One values file per environment over the chart's own defaults.",
)
