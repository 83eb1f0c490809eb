"""Lengths of time, probes and their health checks."""

import re
from typing import TYPE_CHECKING

from platform_operations.model.delivery import HealthCheck
from platform_operations.model.words import HealthKind

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

_SPAN = r"(\d+(?:\.\d+)?)(ms|us|ns|[smhd])"
_UNITS = {"ns": 0.0, "us": 0.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def span(text: str | None) -> int | None:
    """Return a length of time such as 90s, 1m30s or 30 (seconds) in whole seconds, at least 1, or None."""
    if text is None:
        return None
    bare = text.strip()
    if bare.isdigit() and len(bare) < 8:
        return int(bare) or None
    if not bare or len(bare) > 40 or re.sub(_SPAN, "", bare):
        return None
    total = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_SPAN, bare))
    return max(1, round(total)) if 0 < total < 10_000_000 else None


def duration(seconds: int | None) -> str | None:
    """Return seconds as a plan writes them: 90s, 2m, 1h; None for none and for what is no positive length."""
    if not seconds or seconds < 0 or seconds >= 10_000_000:
        return None
    for unit, size in (("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def check(
    kind: HealthKind,
    target: str | None,
    period: int | None,
    failures: int | None = None,
    because: str | None = None,
) -> HealthCheck:
    """Return a health check; its timeout is period times failures: how long failing goes unseen."""
    timeout = period * failures if period and failures else None
    shown = target.strip()[:200] if target and target.strip() else None
    return HealthCheck(
        kind=kind, target=shown, period=duration(period), timeout=duration(timeout), because=because
    )


def whole(text: str | None, default: int) -> int:
    """Return a small count, or `default` when it is not written or no count."""
    return int(text) if text is not None and text.isdigit() and len(text) < 7 else default


def command(node: "Node | None") -> str | None:
    """Return a command written as one text or as a list of words."""
    if node is None or node.null:
        return None
    if node.kind == "text":
        return node.text
    return " ".join(item.text for item in node.items if item.kind == "text") or None
