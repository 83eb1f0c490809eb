"""Where users reach a workload: Ingress, HTTPRoute, OpenShift Route, Istio VirtualService."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from platform_operations.platforms.platform import Workload
from platform_operations.platforms.reading.manifests import Manifest

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node


MAX_NEIGHBOURS, MAX_SERVICES, MAX_ROUTES = 4_000, 500, 500
"""Bounds that only a hostile repository meets: every workload is compared with every service beside it."""


class Neighbours(NamedTuple):
    """What stands beside the workloads of one environment."""

    services: tuple[Manifest, ...]
    urls: dict[str, str]
    scalers: dict[str, int]
    canaries: dict[str, Manifest]


def neighbours(manifests: Iterable[Manifest]) -> Neighbours:
    """Return services, the URL of each, minimum replicas and Flagger canaries among `manifests`."""
    found = tuple(islice(manifests, MAX_NEIGHBOURS))
    urls: dict[str, str] = {}
    scalers: dict[str, int] = {}
    canaries: dict[str, Manifest] = {}
    for manifest in found:
        for service, url in islice(_urls(manifest), MAX_ROUTES):
            urls.setdefault(service, url)
        target = manifest.node.string("spec", "scaleTargetRef", "name")
        least = manifest.node.string("spec", "minReplicas")
        if (
            manifest.kind == "HorizontalPodAutoscaler"
            and target
            and least
            and least.isdigit()
            and len(least) < 6
        ):
            scalers.setdefault(target, int(least))
        aim = manifest.node.string("spec", "targetRef", "name")
        if manifest.kind == "Canary" and manifest.group == "flagger.app" and aim:
            canaries.setdefault(aim, manifest)
    services = tuple(one for one in found if one.kind == "Service" and not one.group)
    return Neighbours(services[:MAX_SERVICES], urls, scalers, canaries)


def _urls(manifest: Manifest) -> Iterator[tuple[str, str]]:
    node = manifest.node
    if manifest.kind == "Ingress":
        scheme = "https" if node.children("spec", "tls") else "http"
        for rule in node.children("spec", "rules"):
            host = rule.string("host")
            for path in rule.children("http", "paths"):
                service = path.string("backend", "service", "name") or path.string("backend", "serviceName")
                yield from _pair(service, host, scheme)
    elif manifest.kind == "Route" and manifest.group in {"", "route.openshift.io"}:
        scheme = "https" if node.get("spec", "tls") is not None else "http"
        yield from _pair(node.string("spec", "to", "name"), node.string("spec", "host"), scheme)
    elif manifest.kind in {"HTTPRoute", "VirtualService"}:
        hosts = node.strings("spec", "hostnames") or node.strings("spec", "hosts")
        host = next((one for one in hosts if "." in one and not one.endswith(".local")), None)
        for service in _backends(node):
            yield from _pair(service, host, "https")


def _backends(node: "Node") -> Iterator[str | None]:
    for rule in (*node.children("spec", "rules"), *node.children("spec", "http")):
        for backend in rule.children("backendRefs"):
            yield backend.string("name")
        for route in rule.children("route"):
            yield (route.string("destination", "host") or "").split(".")[0]


def _pair(service: str | None, host: str | None, scheme: str) -> Iterator[tuple[str, str]]:
    if service and host and "*" not in host and "{" not in host and "$" not in host:
        yield service, f"{scheme}://{host}"


def situated(workload: Workload, manifest: Manifest, beside: Neighbours) -> Workload:
    """Return the workload with what its neighbours say of it: URL, type, least replicas, canary."""
    labels = manifest.labels
    selecting = [service for service in beside.services if _selects(service, manifest, labels)]
    url = next((beside.urls[service.name] for service in selecting if service.name in beside.urls), None)
    served = url is not None or bool(selecting)
    kind = workload.component_type
    if (
        served
        and kind in {None, "worker"}
        and manifest.kind in {"Deployment", "StatefulSet", "Rollout", "DaemonSet"}
    ):
        kind = "http-service" if _speaks_http(selecting, url) else kind
    result = replace(
        workload,
        component_type=kind,
        url=workload.url or url,
        replicas=workload.replicas if workload.replicas is not None else beside.scalers.get(manifest.name),
    )
    canary = beside.canaries.get(manifest.name)
    return _flagger(result, canary) if canary is not None else result


def _selects(service: Manifest, manifest: Manifest, labels: dict[str, str]) -> bool:
    if service.namespace and manifest.namespace and service.namespace != manifest.namespace:
        return False
    selector = service.node.entries("spec", "selector")
    return bool(selector) and all(labels.get(key.text) == value.text for key, value in selector)


def _speaks_http(services: list[Manifest], url: str | None) -> bool:
    if url is not None:
        return True
    for service in services:
        for port in service.node.children("spec", "ports"):
            name = (port.string("name") or "").lower()
            if name.startswith(("http", "web", "grpc")) or port.string("port") in {
                "80",
                "443",
                "8080",
                "8000",
                "3000",
            }:
                return True
    return False


def _flagger(workload: Workload, canary: Manifest) -> Workload:
    spec = canary.node.get("spec")
    analysis = canary.node.get("spec", "analysis")
    key = spec.key("analysis") if spec is not None else None
    if analysis is None or key is None:
        return workload
    mirrored = analysis.get("iterations") is not None and analysis.get("match") is None
    return replace(
        workload,
        strategy="blue-green" if mirrored else "canary",
        mechanism="flagger-blue-green" if mirrored else "flagger",
        strategy_lines=(canary.path, key.first, max(key.first, analysis.last)),
        rollback="flagger-rollback",
    )
