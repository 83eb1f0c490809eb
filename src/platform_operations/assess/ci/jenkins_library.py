"""Steps of Jenkins shared libraries: what their names say, since what they do is kept elsewhere."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from platform_operations.assess.ci.names import environment_word
from platform_operations.patterns import regex

_CALL = regex(r"^(?:\w+\s*=\s*)?([a-z][A-Za-z0-9]*)\s*\(?\s*[\"']([^\"'\n]{1,120})[\"']([^\n]{0,200})")
_DELIVERS = regex(
    r"(?:^(?:build|publish|deploy|release|push|promote))[A-Z]\w*(?:Image|Docker|Plugin|App|Service|Package|Artifact|Chart|Site|To[A-Z])"
)
_RELEASES = regex(
    r"(?:^|[a-z])(?:Deploy|Promote|Smoke|Rollback)(?![a-z]{2,})|^(?:deploy|promote|smoke|rollback)[A-Z]"
)
_TELLS = regex(r"Slack|Notif|Messag|Status|Comment|Report|Result|Note|Mail|Badge|Artifacts$|Lock|Window")
_REVISION = regex(r"[,:]\s*(\w*(?:commit|revision|sha|version|tag)\w*)\b", re.IGNORECASE)
_TESTING = regex(r"[a-z]{4,}test$")


class LibraryCall(NamedTuple):
    """A step that a library must define and that releases or checks by its name."""

    name: str
    inputs: Mapping[str, str]


def delivers(name: str) -> bool:
    """Say whether a step delivers by its name; one that only tells of it does not."""
    return _DELIVERS.search(name) is not None or releases(name)


def releases(name: str) -> bool:
    """Say whether a step deploys, promotes, takes back or smoke-tests by its name."""
    return _RELEASES.search(name) is not None and _TELLS.search(name) is None


def library_call(text: str) -> LibraryCall | None:
    """Return the releasing step that a statement calls: where by its first argument, and which revision it is given."""
    match = _CALL.match(text)
    if match is None or not releases(match[1]):
        return None
    inputs: dict[str, str] = {}
    last = re.split(r"[^a-z0-9]+", match[2].lower())[-1]
    word = environment_word(match[2]) or ("test" if _TESTING.search(last) or last == "ci" else None)
    if word:
        inputs["environment"] = word
    given = _REVISION.search(match[3])
    if given:
        inputs["revision"] = given[1]
    return LibraryCall(match[1], inputs)
