"""Workloads of NAIS: one document of group nais.io stands for a Deployment with its Service and probes."""

import re
from typing import TYPE_CHECKING

from platform_operations.model.words import ComponentType
from platform_operations.platforms.platform import Workload
from platform_operations.platforms.reading import health, images
from platform_operations.platforms.reading.files import PLACEHOLDER
from platform_operations.platforms.reading.probes import Probe

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

GROUP = "nais.io"
KINDS = frozenset({"Application", "Naisjob"})
_ONLY = "a liveness probe only: a new pod counts as ready before it is asked"
_PERIOD, _FAILURES = 10, 3  # Kubernetes' defaults, which NAIS leaves as they are


def declared(path: str, node: "Node", kind: str, name: str, owner: str | None) -> Workload:
    """Return what a document of NAIS says of its workload."""
    image = node.string("spec", "image")
    if image is not None and (not image or re.search(rf"\{{\{{|\$\{{|{PLACEHOLDER}", image)):
        image = None
    probe = _probe(path, node.get("spec"))
    written = node.string("spec", "replicas", "min")
    recreated = node.string("spec", "strategy", "type") == "Recreate"
    served = kind == "Application"
    return Workload(
        name=name,
        component_type=_component(node, kind),
        image=image,
        reference=images.reference_kind(image) if image else None,
        health=probe.health if probe else None,
        probe_lines=probe.lines if probe else None,
        replicas=int(written) if written and written.isdigit() and len(written) < 6 else None,
        strategy=("recreate" if recreated else "rolling") if served else None,
        mechanism=("kubernetes-recreate" if recreated else "kubernetes-rolling-update") if served else None,
        owner=owner,
    )


def _component(node: "Node", kind: str) -> ComponentType | None:
    if kind == "Naisjob":
        return "scheduled-job" if node.string("spec", "schedule") else None
    served = any(node.get("spec", word) is not None for word in ("ingresses", "port", "readiness"))
    return "http-service" if served else None


def _probe(path: str, spec: "Node | None") -> Probe | None:
    """Return the probe that says most about readiness; both are asked by HTTP."""
    for word, because in (("readiness", None), ("liveness", _ONLY)):
        probe, key = (spec.get(word), spec.key(word)) if spec is not None else (None, None)
        target = probe.string("path") if probe is not None else None
        if probe is None or key is None or not target:
            continue
        period = health.span(probe.string("periodSeconds")) or _PERIOD
        failures = health.whole(probe.string("failureThreshold"), _FAILURES)
        check = health.check("http", target, period, failures, because)
        return Probe(check, (path, key.first, max(key.first, probe.last)))
    return None
