"""Durations as plans write them: one whole number and one unit, such as 30s, 5m, 1h, 28d."""

import re
from functools import lru_cache

from platform_operations.errors import InputError
from platform_operations.patterns import regex

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = regex(r"(0|[1-9][0-9]{0,8})([smhdw])", re.ASCII)
_PROMETHEUS_RANGE = regex(r"(?:([0-9]{1,9})(ms|[smhdwy]))+", re.ASCII)
_PART = regex(r"([0-9]+)(ms|[smhdwy])", re.ASCII)
_MILLISECONDS = {"ms": 1, "y": 31_536_000_000} | {unit: value * 1000 for unit, value in _UNITS.items()}


@lru_cache(maxsize=1024)
def seconds(text: str) -> int:
    """The length of a duration in seconds; InputError when the text is not one."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InputError(
            f"{text!r} is not a duration; write a whole number and a unit, such as 30s, 5m, 1h or 28d"
        )
    return int(match[1]) * _UNITS[match[2]]


def duration(seconds: int) -> str:
    """The shortest exact spelling in days, hours, minutes or seconds; the inverse of `seconds`."""
    if seconds < 0:
        raise ValueError(f"a duration cannot be negative: {seconds!r}")
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"


def range_seconds(text: str) -> int | None:
    """The length of a Prometheus range such as 1h30m, in whole seconds; None when it is not one."""
    if _PROMETHEUS_RANGE.fullmatch(text) is None:
        return None
    total = sum(int(number) * _MILLISECONDS[unit] for number, unit in _PART.findall(text))
    return total // 1000 if total % 1000 == 0 else None
