"""Time arithmetic on instants as plans write them."""

from datetime import datetime


def days_between(earlier: str | None, later: str | None) -> float | None:
    """Return the days from one RFC 3339 instant in UTC to another; None when either is not known."""
    if earlier is None or later is None:
        return None
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() / 86_400
