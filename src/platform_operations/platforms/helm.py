"""Helm: charts with their values files, helmfiles."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from platform_operations.platforms.platform import (
    Action,
    Mechanism,
    Parameter,
    Platform,
    Rollback,
    Sighting,
    Workload,
)
from platform_operations.platforms.reading import environments, files, images, pipelines, probes
from platform_operations.repository import Repository

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

_TEMPLATE_IMAGE = r"^[ \t]*(?:-[ \t]+)?image:[ \t]*[\"']?([\w./-]+:\{\{[^{}\n]{1,120}\}\})[\"']?[ \t]*$"
_HELMFILE = r"^helmfile(?:[._-][\w.-]+)?\.(?:ya?ml|ya?ml\.gotmpl)$"
_VALUES = r"(?i)(?:^|[._-])values(?:[._-]|$)|^values"
_RUNS = r"(?m)^kind:\s*(?:Deployment|StatefulSet|DaemonSet|CronJob|Rollout|Job|DeploymentConfig)\b"
_INSTALLS = r"\bhelm\s+(?:[^-\s]\S*\s+)?(?:-\S+\s+(?:[^-\s]\S*\s+)?){0,4}(?:upgrade|install)\b"
_MAIN = frozenset(
    {
        "deployment.yaml",
        "deployment.yml",
        "statefulset.yaml",
        "rollout.yaml",
        "daemonset.yaml",
        "deploymentconfig.yaml",
    }
)


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every chart, its workload once for each environment with a values file, and every helmfile."""
    found: list[Sighting] = []
    claimed: set[str] = set()
    values = tuple(files.matching(repository, _values_shape))
    for path in files.named(repository, frozenset({"Chart.yaml"})):
        found.extend(_chart(repository, path, values, claimed))
    for path in values:
        if path not in claimed and _foreign_values(path):
            environment = environments.of_path(path)
            if environment is not None:
                found.append(_remote(repository, path, environment))
    for path in files.matching(repository, _is_helmfile):
        found.extend(_helmfile(repository, path))
    found.extend(_releases(repository))
    found.extend(_used(repository))
    return tuple(found)


def _is_helmfile(name: str) -> bool:
    return name.startswith("helmfile") and re.match(_HELMFILE, name) is not None


def _releases(repository: Repository) -> Iterator[Sighting]:
    """Yield every Helm release that Flux keeps; what it runs is the chart's, outside the repository."""
    for path in files.ending(repository, ".yaml", ".yml"):
        content = files.text(repository, path)
        line = (
            files.line_with(content, r"^kind:\s*HelmRelease\b")
            if content and "HelmRelease" in content
            else None
        )
        if line is not None:
            yield Sighting(path, line, line, "HelmRelease", environments.of_path(path))


def _used(repository: Repository) -> Iterator[Sighting]:
    """Yield the first line of each pipeline that installs charts, but not into a cluster of its own."""
    for row in pipelines.runs(repository, _INSTALLS, "helm"):
        content = files.text(repository, row.path) or ""
        if not re.search(pipelines.OWN_CLUSTER, content):
            yield row


def _values_shape(path: str) -> bool:
    name = files.name_of(path)
    return (
        "values" in name.lower()
        and name.endswith((".yaml", ".yml"))
        and re.search(_VALUES, name.rsplit(".", 1)[0]) is not None
    )


def _foreign_values(path: str) -> bool:
    """Values without a chart beside them belong to a chart elsewhere when their folders say helm."""
    folders = path.lower().split("/")[:-1]
    return "ci" not in folders and any("helm" in part or "chart" in part for part in folders)


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


def _chart(
    repository: Repository, path: str, values: tuple[str, ...], claimed: set[str]
) -> Iterator[Sighting]:
    content = files.text(repository, path)
    chart = files.first_document(content) if content is not None else None
    if content is None or chart is None:
        yield Sighting(path, 1, 1, "chart", unreadable="Chart.yaml cannot be read as YAML")
        return
    folder = files.folder_of(path)
    name = chart.string("name") or files.name_of(folder) or "chart"
    near = files.beginning(values, f"{folder}/") if folder else values
    own = [one for one in near if _belongs(one, folder)]
    claimed.update(own)
    library = (chart.string("type") or "").lower() == "library"
    made = _templates(repository, folder) if not library else _NOTHING
    base = _values(repository, f"{folder}/values.yaml" if folder else "values.yaml") if made.runs else None
    first = _workload(name, base, None, made)
    yield Sighting(path, 1, files.line_count(content), f"chart {name}", workload=first)
    for one in own:
        environment = environments.of_path(one[len(folder) :].lstrip("/"))
        if environment is not None and "/ci/" not in one:
            yield _overlay(repository, one, environment, name, base, made)


def _overlay(
    repository: Repository,
    path: str,
    environment: str,
    name: str,
    base: "tuple[Node, str] | None",
    made: "_Templates",
) -> Sighting:
    last = files.line_count(files.text(repository, path) or "")
    other = _other_chart(path, environment)
    if other is not None:
        return Sighting(path, 1, last, f"values of {other}", environment)
    values = _values(repository, path) if made.runs else None
    if values is None and made.runs:
        return Sighting(path, 1, last, "values", environment, unreadable="the values are no YAML")
    return Sighting(path, 1, last, f"values of {name}", environment, _workload(name, base, values, made))


def _other_chart(path: str, environment: str) -> str | None:
    """Return the chart that a values file names before the word (tempo-values-production.yaml: tempo)."""
    before = re.split(r"[._-]?values", files.name_of(path), maxsplit=1)[0]
    return before if before and before != environment else None


class _Templates(NamedTuple):
    """What a chart's templates make: whether they run anything, its probe, whether an ingress has TLS, its image.

    The image is one that a template itself names by a commit or digest that a value brings.
    """

    runs: bool
    probe: probes.Probe | None
    tls: bool
    image: str | None
    image_lines: tuple[str, int, int] | None


_NOTHING = _Templates(False, None, False, None, None)


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


def _templates(repository: Repository, folder: str) -> _Templates:
    prefix = f"{folder}/templates/" if folder else "templates/"
    runs = tls = False
    image: tuple[str, int] | None = None
    named: tuple[str, int, int] | None = None
    found: list[probes.Probe] = []
    for path in files.below(repository, prefix):
        content = files.text(repository, path) if path.endswith((".yaml", ".yml", ".tpl")) else None
        if content is None or "/tests/" in path:
            continue
        runs = runs or re.search(_RUNS, content) is not None
        if image is None and (image := _named_for_good(content)) is not None:
            named = (path, image[1], image[1])
        tls = tls or (re.search(r"^[ \t]*tls:", content, re.MULTILINE) is not None and "Ingress" in content)
        probe = probes.by_lines(content, path) if "Probe:" in content else None
        if probe is not None:
            found.append(probe)
    found.sort(
        key=lambda one: (one.health.kind != "http", files.name_of(one.lines[0]) not in _MAIN, one.lines[0])
    )
    return _Templates(runs, found[0] if found else None, tls, image[0] if image else None, named)


def _named_for_good(content: str) -> tuple[str, int] | None:
    """Return the first image of a template, with its line, if its tag is a value that is called a commit or a digest."""
    named = re.search(_TEMPLATE_IMAGE, content, re.MULTILINE) if "image:" in content else None
    if named is None or images.reference_kind(named[1]) not in {"commit", "digest"}:
        return None
    return named[1], content.count("\n", 0, named.start(1)) + 1


def _workload(
    name: str, base: "tuple[Node, str] | None", over: "tuple[Node, str] | None", made: _Templates
) -> Workload | None:
    """Return what the chart runs with the values of one environment over its own, None for nothing."""
    if not made.runs:
        return None
    layers = [layer for layer in (over, base) if layer is not None]
    valued = images.of_values(layers)
    image = valued or made.image
    replicas = images.first_value(layers, "replicaCount") or images.first_value(layers, "replicas")
    plain = next((one for one in (_values_probe(layer) for layer in layers) if one is not None), None)
    probe = plain or made.probe
    host = _host(layers, made.tls)
    serves = host is not None or any(one.get("ingress") is not None for one, _ in layers)
    return Workload(
        name=name,
        component_type="http-service" if serves or (probe and probe.health.kind == "http") else None,
        image=image,
        reference=images.reference_kind(image) if image else None,
        image_lines=images.lines_in_values(layers) if valued else made.image_lines,
        health=probe.health if probe else None,
        probe_lines=probe.lines if probe else None,
        replicas=int(replicas) if replicas and replicas.isdigit() and len(replicas) < 6 else None,
        strategy="rolling",
        mechanism="helm-upgrade",
        url=host,
    )


def _values_probe(layer: "tuple[Node, str]") -> probes.Probe | None:
    """Return a probe that the values file writes out as Kubernetes would."""
    node, path = layer
    return probes.of_container(node, path)


def _host(layers: "list[tuple[Node, str]]", tls: bool) -> str | None:
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
            return f"{'https' if tls or ingress.children('tls') else 'http'}://{host}"
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
                "helm upgrade --install {release} {chart}{values}{namespace} --set-string {image} --wait --timeout 10m",
            ),
            waits=True,
            seen=("helm upgrade --wait", "helm install --wait"),
        ),
        "helm-upgrade-atomic": Action(
            kinds=("deploy", "promote", "provision"),
            commands=(
                "helm upgrade --install {release} {chart}{values}{namespace} --set-string {image} --atomic --timeout 10m",
            ),
            waits=True,
            seen=(
                "helm upgrade --atomic",
                "helm upgrade --rollback-on-failure",
                "helm install --atomic",
                "helm install --rollback-on-failure",
            ),
            uses=("deliverybot/helm",),
        ),
        "helm-upgrade-unwatched": Action(
            kinds=("deploy", "promote", "provision"),
            commands=("helm upgrade --install {release} {chart}{values}{namespace} --set-string {image}",),
            waits=False,
            seen=("helm upgrade", "helm install", "helm secrets upgrade"),
        ),
        "helmfile-apply": Action(
            kinds=("deploy", "promote"),
            commands=("helmfile --environment {environment} apply",),
            waits=False,
            seen=("helmfile apply", "helmfile sync"),
            uses=("helmfile/helmfile-action",),
        ),
    },
    mechanisms={"helm-upgrade": Mechanism("rolling", ("health-gated-rollout",))},
    rollbacks={
        "helm-rollback": Rollback(
            "previous-artifact",
            automatic=False,
            commands=("helm rollback {release}{namespace} --wait --timeout 10m",),
            signals=("helm-timeout",),
            seen=("helm rollback",),
        ),
        "helm-atomic": Rollback(
            "previous-artifact",
            automatic=True,
            signals=("helm-timeout", "helm-hook-failed"),
        ),
    },
    parameters={
        "release": Parameter(
            "the Helm release of {component} in {environment}", ("helm upgrade", "helm install"), operand=0
        ),
        "chart": Parameter("the chart of {component}", ("helm upgrade", "helm install"), operand=1),
        "values": Parameter(
            "the values of {environment}",
            ("helm upgrade", "helm install"),
            ("--values", "-f"),
            form=" --values {}",
            otherwise="",
        ),
        "namespace": Parameter(
            "the namespace of {component} in {environment}",
            ("helm",),
            ("--namespace", "-n"),
            form=" --namespace {}",
            otherwise="",
        ),
        "image": Parameter("what the chart takes for the image", otherwise="{imagekey}={reference}"),
        "imagekey": Parameter("the chart's value that takes the image's digest"),
    },
    signals=frozenset({"helm-hook-failed", "helm-timeout"}),
    environments="One values file per environment over the chart's own defaults.",
)
