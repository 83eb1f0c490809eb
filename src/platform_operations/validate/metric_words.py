"""What the names of metrics tell: of machines, or of what users meet."""

import re
from functools import lru_cache

from platform_operations.slo.promql import Unreadable, metric_names

INTERNAL = frozenset(
    {
        "cpu",
        "memory",
        "mem",
        "disk",
        "gc",
        "goroutines",
        "goroutine",
        "threads",
        "thread",
        "fd",
        "fds",
        "swap",
    }
    | {"filesystem", "load1", "load5", "load15", "heap", "container", "node", "inode", "restarts", "oom"}
)
"""Words of metric names that speak of machines, not of what users meet."""


@lru_cache(maxsize=4096)
def machine_words(expression: str) -> tuple[str | None, ...]:
    """Return for each metric of a PromQL expression the word by which it tells of machines, None where it does not.

    Of an expression that cannot be read, everything that looks like a name counts.
    """
    names = metric_names(expression)
    found = re.findall(r"[a-zA-Z_:][\w:]*+", expression[:10_000]) if isinstance(names, Unreadable) else names
    return tuple(
        next((word for word in re.split(r"[_:]+", name.lower()) if word in INTERNAL), None) for name in found
    )


def tells_of_machines(expression: str) -> bool:
    """Return whether every metric of an expression tells of machines."""
    found = machine_words(expression)
    return bool(found) and None not in found
