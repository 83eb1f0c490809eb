"""Kubernetes manifests: their documents, and the workloads that they declare."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from platform_operations.model.words import ComponentType, StrategyKind
from platform_operations.platforms.platform import Workload
from platform_operations.platforms.reading import images, nais, probes
from platform_operations.platforms.reading.files import PLACEHOLDER, name_of

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

POD_OF: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Rollout": ("spec", "template"),
    "DeploymentConfig": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Job": ("spec", "template"),
}
"""Where the pod template of each kind of workload stands."""

_GROUPS = (
    "apps", "batch", "autoscaling", "policy", "extensions", "networking.k8s.io",
    "gateway.networking.k8s.io", "rbac.authorization.k8s.io", "apiextensions.k8s.io", "storage.k8s.io",
    "scheduling.k8s.io", "admissionregistration.k8s.io", "argoproj.io", "flagger.app",
    "monitoring.coreos.com", "route.openshift.io", "apps.openshift.io", "template.openshift.io",
    "cert-manager.io", "external-secrets.io", "keda.sh", "networking.istio.io", "security.istio.io",
    "traefik.io", "traefik.containo.us", "serving.knative.dev", "toolkit.fluxcd.io", "bitnami.com",
    "sloth.slok.dev", "pyrra.dev", "operators.coreos.com", "kyverno.io", nais.GROUP,
)  # fmt: skip
_CORE = frozenset(
    {
        "ConfigMap", "LimitRange", "List", "Namespace", "PersistentVolume", "PersistentVolumeClaim", "Pod",
        "ResourceQuota", "Secret", "Service", "ServiceAccount", "Template",
    }
)  # fmt: skip
_OLD_OPENSHIFT = frozenset({"BuildConfig", "DeploymentConfig", "ImageStream", "Route"})
"""OpenShift's own kinds, which older templates write with apiVersion v1."""
_OWNERS = frozenset({"owner", "team", "squad", "owned-by", "owner-team", "owning-team"})


class Manifest(NamedTuple):
    """One document of a manifest file."""

    path: str
    node: "Node"
    group: str
    kind: str
    name: str
    namespace: str | None

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the pods of a workload."""
        pod = self.node.get(*POD_OF.get(self.kind, ()))
        found = pod.entries("metadata", "labels") if pod is not None else ()
        return {key.text: value.text for key, value in found}


def manifests(
    path: str, documents: "tuple[Node, ...]", parameters: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Manifest]:
    """Yield the Kubernetes objects among `documents`, with lists and OpenShift templates opened.

    `parameters` are the values that a template gives its own ${NAMES}.
    """
    for document in documents:
        if document.kind != "map":
            continue
        kind, api = document.string("kind"), document.string("apiVersion")
        if not kind or not api or not _is_kubernetes(api, kind):
            continue
        inner = document.children("items") if kind == "List" else document.children("objects")
        if kind in {"List", "Template"} and inner:
            yield from manifests(
                path, inner[:500], _parameters(document) if kind == "Template" else parameters
            )
            continue
        group = api.rpartition("/")[0]
        name = _filled(document.string("metadata", "name") or "", parameters, path)
        yield Manifest(path, document, group, kind, name, document.string("metadata", "namespace"))


def _parameters(template: "Node") -> dict[str, str]:
    found = ((one.string("name"), one.string("value")) for one in template.children("parameters")[:500])
    return {name: value for name, value in found if name and value}


def _filled(name: str, parameters: Mapping[str, str], path: str) -> str:
    """Fill a template's parameters in; what stays a variable is named after its file."""
    if "$" not in name:
        return name
    filled = re.sub(_PARAMETER, lambda match: parameters.get(match[1], match[0]), name[:200])
    return filled if "$" not in filled else name_of(path).partition(".")[0]


def _is_kubernetes(api: str, kind: str) -> bool:
    group, slash, _ = api.rpartition("/")
    if not slash:
        return api == "v1" and (kind in _CORE or kind in _OLD_OPENSHIFT)
    return group == "kustomize.config.k8s.io" or any(
        group == one or group.endswith("." + one) for one in _GROUPS
    )


def is_workload(manifest: Manifest) -> bool:
    """Whether the manifest runs something, and is no template to be filled in by hand."""
    if not manifest.name or not (manifest.kind in POD_OF or _of_nais(manifest)):
        return False
    if manifest.kind == "Rollout" and manifest.group != "argoproj.io":
        return False
    return re.search(PLACEHOLDER, manifest.name) is None


def _of_nais(manifest: Manifest) -> bool:
    return manifest.group == nais.GROUP and manifest.kind in nais.KINDS


def declared(manifest: Manifest) -> Workload:
    """Return what a workload's own document says; nothing is filled in by default (see `completed`)."""
    if _of_nais(manifest):
        return nais.declared(
            manifest.path, manifest.node, manifest.kind, manifest.name, _owner(manifest.node)
        )
    pod = manifest.node.get(*POD_OF[manifest.kind])
    container = main_container(pod, manifest.name) if pod is not None else None
    image = container.string("image") if container is not None else None
    if image is not None and re.search(PLACEHOLDER, image):
        image = None
    probe = probes.of_container(container, manifest.path) if container is not None else None
    strategy, mechanism, lines = _strategy(manifest)
    written = manifest.node.string("spec", "replicas")
    return Workload(
        name=manifest.name,
        component_type=_component(manifest, container, image),
        image=image,
        reference=images.reference_kind(image) if image else None,
        health=probe.health if probe else None,
        probe_lines=probe.lines if probe else None,
        replicas=int(written) if written and written.isdigit() and len(written) < 6 else None,
        strategy=strategy,
        mechanism=mechanism,
        strategy_lines=lines,
        rollback=_rollback(manifest),
        owner=_owner(manifest.node),
        region=pod.string("spec", "nodeSelector", "topology.kubernetes.io/region")
        if pod is not None
        else None,
    )


def completed(workload: Workload, kind: str) -> Workload:
    """Return the workload with the defaults of its kind: Deployments, StatefulSets and DaemonSets roll."""
    if workload.strategy is None and kind in {"Deployment", "StatefulSet", "DaemonSet", "DeploymentConfig"}:
        return replace(workload, strategy="rolling", mechanism="kubernetes-rolling-update")
    return workload


def main_container(pod: "Node", name: str) -> "Node | None":
    """Return the container that a workload is about: of its name, else the first probed, else the first."""
    containers = [item for item in pod.children("spec", "containers") if item.kind == "map"]
    if not containers:
        return None
    same = next((one for one in containers if one.string("name") == name), None)
    probed = next(
        (one for one in containers if any(one.get(word) is not None for word in probes.ORDER)), None
    )
    return same or probed or containers[0]


def _component(manifest: Manifest, container: "Node | None", image: str | None) -> ComponentType | None:
    if manifest.kind == "CronJob":
        return "scheduled-job"
    if manifest.kind == "Job" or container is None:
        return None
    if image is not None and images.store(image) is not None:
        return "database"
    ports = container.children("ports")
    names = {(port.string("name") or "").lower() for port in ports}
    http = any(container.get(word, "httpGet") is not None for word in probes.ORDER)
    if any(name.startswith(("http", "web", "grpc")) for name in names) or (http and ports):
        return "http-service"
    asked = any(
        container.get(word) is not None and container.get(word, "exec") is None for word in probes.ORDER
    )
    return None if ports or asked else "worker"


def _strategy(manifest: Manifest) -> tuple[StrategyKind | None, str | None, tuple[str, int, int] | None]:
    word = "updateStrategy" if manifest.kind in {"StatefulSet", "DaemonSet"} else "strategy"
    node = manifest.node.get("spec", word)
    spec = manifest.node.get("spec")
    key = spec.key(word) if spec is not None else None
    if node is None or key is None:
        return None, None, None
    lines = (manifest.path, key.first, max(key.first, node.last))
    if manifest.kind == "Rollout":
        if node.get("blueGreen") is not None:
            return "blue-green", "argo-rollouts-blue-green", lines
        return ("canary", "argo-rollouts", lines) if node.get("canary") is not None else (None, None, None)
    declared = (node.string("type") or "").lower()
    if declared in {"recreate", "ondelete"}:
        return "recreate", "kubernetes-recreate", lines
    return "rolling", "kubernetes-rolling-update", lines


def _rollback(manifest: Manifest) -> str | None:
    """An analysis that fails aborts an Argo Rollout by itself; a bare Rollout has to be aborted."""
    if manifest.kind != "Rollout":
        return None
    canary = manifest.node.get("spec", "strategy", "canary")
    green = manifest.node.get("spec", "strategy", "blueGreen")
    steps = canary.children("steps") if canary is not None else ()
    analysed = (canary is not None and canary.get("analysis") is not None) or any(
        step.get("analysis") is not None or step.get("experiment") is not None for step in steps
    )
    judged = green is not None and any(
        green.get(word) is not None for word in ("prePromotionAnalysis", "postPromotionAnalysis")
    )
    return "argo-rollouts-abort" if analysed or judged else "argo-rollouts-manual-abort"


def _owner(node: "Node") -> str | None:
    for part in ("labels", "annotations"):
        for key, value in node.entries("metadata", part):
            if key.text.rpartition("/")[2].lower() in _OWNERS and value.kind == "text" and value.text.strip():
                return value.text.strip()[:200]
    return None


def templated(manifest: Manifest) -> str | None:
    """Say why an image is unknown where a template stands in its place: {{ image }} reads as a map."""
    image = manifest.node.get("spec", "image") if _of_nais(manifest) else None
    if image is not None and (image.kind != "text" or "{{" in image.text):
        return f"the image on line {image.first} is a template"
    pod = manifest.node.get(*POD_OF.get(manifest.kind, ("metadata",)))
    for container in pod.children("spec", "containers") if pod is not None else ():
        image = container.get("image")
        if image is not None and (image.kind != "text" or "{{" in image.text or "<%" in image.text):
            return f"the image on line {image.first} is a template"
    return None


_PARAMETER = r"\$\{\{?(\w+)\}?\}"
_KIND_LINE = r"^kind:\s*[\"']?([A-Za-z]+)"
_NAME_LINE = r"^ {2}name:\s*[\"']?([A-Za-z0-9][\w.-]*)[\"']?\s*$"


def by_lines(content: str) -> tuple[tuple[int, str, str | None], ...]:
    """Return (line, kind, plain name or None) of the workloads in a text that is no YAML."""
    lines = content.split("\n")
    found: list[tuple[int, str, str | None]] = []
    for number, line in enumerate(lines, 1):
        match = re.match(_KIND_LINE, line) if line.startswith("kind:") else None
        if match and match[1] in POD_OF:
            near = (re.match(_NAME_LINE, other) for other in lines[number : number + 12])
            found.append((number, match[1], next((one[1] for one in near if one), None)))
    return tuple(found)
