"""Whether a test asks the system that was put up before it, by its name or by the address that it is given."""

import re
from collections.abc import Mapping

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.jobs import CiJob
from platform_operations.assess.ci.kinds import kind_of_name
from platform_operations.patterns import regex

_WHOLE = regex(
    r"(?<![a-z])(?:regression|integration|functional|system|api|ui|browser|cypress|playwright|selenium|newman)"
    r"[^a-z]{0,3}(?:tests?|testing|suite|specs?)(?![a-z])",
    re.IGNORECASE,
)
"""Tests of parts working together; after a deployment, and with nothing of their own to ask, they ask what runs there."""

_AWAITS = regex(
    r"^uses \S*/(?:[\w-]*(?:wait|await)[\w-]*(?:vercel|netlify|preview|deploy(?:ment)?|pages|amplify)[\w-]*|[\w-]*(?:vercel|netlify|pages|preview|amplify)[\w-]*(?:wait|url)[\w-]*)(?:@|$)",
    re.IGNORECASE,
)


def awaits_preview(atom: Atom) -> bool:
    """Whether an action waits for what a platform puts up by itself for the change, or a request asks for its address."""
    if atom.step.uses is not None:
        return _AWAITS.search(atom.text) is not None
    return "api." in atom.text and _ASKS.search(atom.text) is not None and _WRITES.search(atom.text) is None


_ASKS = regex(
    r"api\.vercel\.com/v\d+/(?:now/)?deployments|api\.netlify\.com/api/v1/(?:sites/[^\s\"']+/)?deploys"
)
_WRITES = regex(r"(?:-X|--request)[ =]?[\"']?(?:POST|PUT|PATCH|DELETE)|\s(?:-d|--data\S*)\s")


_ADDRESS = regex(r"(?:^|_)(?:url|uri|host|hostname|endpoint|domain)s?$", re.IGNORECASE)
_HERE = ("localhost", "127.0.0.1", "0.0.0.0", "host.docker.internal")


def asks_what_runs(atom: Atom, job: CiJob, *, local: bool) -> bool:
    """Say whether a test after a deployment checks what was put up.

    A step or job named for verifying says so. Tests of the whole, and those that get an address, do where the job
    has no services of its own; `local` says that it started something to ask.
    """
    names = (atom.step.name, job.key, job.name)
    if any(kind_of_name(name) == "verify" for name in names):
        return True
    given = {**job.variables, **atom.step.variables}
    if local or job.services or any(sign in value for value in given.values() for sign in _HERE):
        return False
    return any(_WHOLE.search(name.replace("_", " ")) for name in (*names, atom.text)) or _addressed(given)


def _addressed(given: Mapping[str, str]) -> bool:
    return any(
        _ADDRESS.search(name) and (value.startswith("https://") or ".outputs." in value)
        for name, value in given.items()
    )
