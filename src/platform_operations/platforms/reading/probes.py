"""Kubernetes probes, from parsed containers and from templates read by lines."""

import re
from typing import TYPE_CHECKING, NamedTuple

from platform_operations.model.delivery import HealthCheck
from platform_operations.platforms.reading import health

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

ORDER = ("readinessProbe", "startupProbe", "livenessProbe")
"""Readiness decides whether a rollout goes on; startup holds it back; liveness only restarts."""

_BECAUSE = {
    "readinessProbe": None,
    "startupProbe": "a startup probe only: nothing is asked once the container has started",
    "livenessProbe": "a liveness probe only: a new pod counts as ready before it is asked",
}
_PERIOD, _FAILURES = 10, 3  # Kubernetes' defaults: every 10 s, unready after 3 failures


class Probe(NamedTuple):
    """A health check and where it is declared."""

    health: HealthCheck
    lines: tuple[str, int, int]


def of_container(container: "Node", path: str) -> Probe | None:
    """Return the probe of a container that says most about readiness."""
    for word in ORDER:
        probe = container.get(word)
        key = container.key(word)
        if probe is None or key is None or probe.kind != "map":
            continue
        check = of_probe(probe, _BECAUSE[word])
        if check is not None:
            return Probe(check, (path, key.first, max(key.first, probe.last)))
    return None


def of_probe(probe: "Node", because: str | None = None) -> HealthCheck | None:
    """Return the health check of one probe; its timeout is the time until a failing pod counts as unready."""
    period = health.span(probe.string("periodSeconds")) or _PERIOD
    failures = health.whole(probe.string("failureThreshold"), _FAILURES)
    if probe.get("httpGet") is not None:
        return health.check("http", probe.string("httpGet", "path") or "/", period, failures, because)
    if probe.get("grpc") is not None:
        return health.check("tcp", f"grpc {probe.string('grpc', 'port') or ''}", period, failures, because)
    if probe.get("tcpSocket") is not None:
        return health.check("tcp", probe.string("tcpSocket", "port"), period, failures, because)
    if probe.get("exec") is not None:
        return health.check("exec", health.command(probe.get("exec", "command")), period, failures, because)
    return None


_PLAIN = r"^\s*(path|port|periodSeconds|failureThreshold):\s*[\"']?([\w./?=&-]+)[\"']?\s*(?:#.*)?$"


def by_lines(content: str, path: str) -> Probe | None:
    """Return the first probe of a template, with what its lines say plainly, or None."""
    lines = content.split("\n")
    for word in ORDER:
        wanted = f"{word}:"
        for number, line in enumerate(lines if wanted in content else (), 1):
            if line.strip() != wanted:
                continue
            block = _block(lines, number)
            values = {match[1]: match[2] for match in (re.match(_PLAIN, line) for line in block) if match}
            text = "\n".join(block)
            last = number + len(block)
            kind = _kind(text)
            if kind is None:
                continue
            target = values.get("path") if kind == "http" else values.get("port")
            period = health.span(values.get("periodSeconds"))
            failures = health.whole(values.get("failureThreshold"), _FAILURES)
            check = health.check(kind, target, period, failures, _BECAUSE[word])
            return Probe(check, (path, number, last))
    return None


def _kind(text: str) -> "health.HealthKind | None":
    if "httpGet" in text:
        return "http"
    if "tcpSocket" in text or "grpc" in text:
        return "tcp"
    return "exec" if "exec:" in text else None


def _block(lines: list[str], number: int) -> list[str]:
    """Return the lines after line `number` that are indented deeper, at most 30."""
    indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    block: list[str] = []
    for line in lines[number : number + 30]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        block.append(line)
    while block and not block[-1].strip():
        block.pop()
    return block
