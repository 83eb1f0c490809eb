"""An SLI with the name it goes by, as it is measured, proposed and backtested."""

from dataclasses import dataclass

from platform_operations.model.reliability import Sli

WINDOW = "$window"
"""Where a baseline or an alert puts its own range into an SLI's query."""


@dataclass(frozen=True, slots=True)
class NamedSli:
    """One SLI to measure: the SLO's id, in words what it measures, and why it was chosen."""

    id: str
    name: str
    sli: Sli
    why: str = ""


def ranged(query: str, window: str) -> str:
    """The query over one concrete range, such as 1h."""
    return query.replace(WINDOW, window)
