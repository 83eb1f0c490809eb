"""Whom the commands of a stage ask, where they say it: its own environment, another one, or the machine they run on."""

import re
from functools import lru_cache

from platform_operations.model.delivery import Environment, Stage
from platform_operations.patterns import regex
from platform_operations.validate.reach import hosts

_OWN_MACHINE = regex(r"\bhttps?://(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1\])(?![\w.-])", re.I)
_BROUGHT_NEAR = regex(
    r"port-forward|\bssh\b|\bexec\b|(?:docker|compose|podman|kubectl)\s(?:\S+\s)*run\b|tunnel|proxy|start-session|\bup\b|\bnsenter\b",
    re.I,
)
_ELSEWHERE = regex(r"\$|https?://(?!localhost|127\.|0\.0\.0\.0|\[::1\])", re.I)


@lru_cache(maxsize=4096)
def asked_hosts(runs: tuple[str, ...]) -> frozenset[str]:
    """Return the hosts that commands name."""
    return frozenset(host for line in runs for host in hosts(line))


@lru_cache(maxsize=4096)
def asks_itself(runs: tuple[str, ...]) -> bool:
    """Return whether commands ask the machine they run on and nobody else, without bringing another one near."""
    text = "\n".join(runs)
    asks = _OWN_MACHINE.search(text) is not None and not _BROUGHT_NEAR.search(text)
    return asks and not any(_ELSEWHERE.search(line) for line in runs)


def asks_another_place(stage: Stage, places: dict[str, Environment]) -> str | None:
    """Return the place that a stage's commands ask instead of its own, None where they may well ask their own.

    Places of the same kind may share an address, as regions behind one name do.
    """
    place = places.get(stage.environment or "")
    if place is not None and asks_itself(stage.runs):
        return "the machine it runs on"
    asked = asked_hosts(stage.runs)
    if not asked:
        return None
    kinds = {place.kind} if place is not None else set[str]()
    homes = {host: other for other in places.values() if other.url for host in hosts(other.url)}
    own = any(other.kind in kinds for host, other in homes.items() if host in asked)
    foreign = next(
        (other.id for host, other in sorted(homes.items()) if host in asked and other.kind not in kinds), None
    )
    unknown = bool(asked - homes.keys())
    return None if own or unknown else foreign
