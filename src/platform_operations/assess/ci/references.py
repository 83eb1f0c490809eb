"""What kind of name an artifact is given: by digest, commit or version, or by a tag that moves."""

import re
from collections.abc import Mapping

from platform_operations.model.words import Identity
from platform_operations.patterns import regex

_VARIABLES = regex(r"\$\{\{.*?\}\}|\$\{.*?\}|\$\(.*?\)")
_DIGEST = regex(r"@?sha256:|digest", re.IGNORECASE)
_COMMIT = regex(
    r"github\.sha|github\.event\.pull_request\.head\.sha|head_sha|(?<![a-z])sha(?![a-z0-9])|_sha\b|sha_|sha1|short.?sha|git.?(?:rev|commit|hash)|rev-parse"
    r"|commit(?!_(?:tag|ref|branch))|sourceversion|type=sha|revision|git[ _]describe[ _]--always|long\b.*sha",
    re.IGNORECASE,
)
_VERSION = regex(
    r"semver|pep440|tag_name|version|release|(?<![a-z])v?\d+\.\d+\.\d+|run_number|run_id|build_?number|buildid|build_id|github\.ref_name.*tag|commit_tag|circle_tag"
    r"|refs\\?/tags|new_tag|timestamp|date[ _]\+|git[ _]describe|event=tag|pipeline_iid|build_num|type=match",
    re.IGNORECASE,
)
_MUTABLE = regex(
    r"(?:^|:)(?:latest|main|master|dev|develop|staging|stage|prod|production|edge|nightly|stable|test|qa|next|current|canary|preview|beta|release)$"
    r"|ref_name|head_ref|ref_slug|branch|pull_request\.number|event\.number|pr-|environment|inputs\.env|matrix\.env|type=ref|type=raw|type=edge|github\.ref\b",
    re.IGNORECASE,
)
_OF_A_BRANCH = regex(
    r"\$\{?(?:env\.)?(?:CI_COMMIT_REF_(?:NAME|SLUG)|(?:CI_COMMIT|CI_DEFAULT|CIRCLE|BUILDKITE|GIT|CHANGE|TRAVIS|DRONE|BITBUCKET)_BRANCH|BRANCH_NAME"
    r"|CI_MERGE_REQUEST_(?:IID|SOURCE_BRANCH_NAME)|GITHUB_HEAD_REF|GITHUB_REF(?:_NAME|_SLUG)?(?![#/:]+refs.{0,2}/tags))\b(?:[:/#%^,][^{}]*)?\}?"
)
_HANDED_IN = regex(r"(?:inputs|params|parameters)\.\w*(?:tag|sha|digest|build)", re.IGNORECASE)
"""What whoever starts the pipeline must name: a release of before, not a place that moves."""

_RANK: Mapping[Identity, int] = {
    "digest": 0,
    "checksum": 1,
    "commit": 2,
    "version": 3,
    "deployment": 4,
    "tag": 5,
}


def identity_of(name: str, triggers: tuple[str, ...] = ()) -> Identity | None:
    """Return what kind of name `name` (a tag, a digest, a reference) is, None where a variable decides that is not known.

    A run number or build id counts as a version: no second build has it. A branch, an environment, a pull request and
    `latest` are tags that move. The reference of a pipeline that only tags start is a version.
    """
    text = name.strip().strip("\"'")
    if not text:
        return "tag"
    if _DIGEST.search(text):
        return "digest"
    tail = _tag_part(text)
    if "type=" in tail:
        return _best(_typed(tail, triggers))
    rest = _OF_A_BRANCH.sub("", tail)
    if rest != tail and "$" not in rest:
        return "version" if triggers and set(triggers) <= {"tag", "release"} else "tag"
    if _COMMIT.search(tail) or re.fullmatch(r"[0-9a-f]{7,40}", tail):
        return "commit"
    if (
        "github.ref" in tail
        and triggers
        and set(triggers) <= {"tag", "release", "manual"}
        and "tag" in (*triggers, "tag")
    ):
        return "version" if {"tag", "release"} & set(triggers) else "tag"
    if _VERSION.search(tail) or re.fullmatch(r"v?\d+(\.\d+)*", tail):
        return "version"
    if _HANDED_IN.search(tail):
        return "version"
    if _MUTABLE.search(tail) or not re.search(r"[$%{]", tail):
        return "tag"
    return None


def _typed(kinds: str, triggers: tuple[str, ...]) -> list[Identity]:
    """Return the kinds of names that a metadata step makes; the tag of a tag says nothing about a push to a branch."""
    found: list[Identity] = ["tag"]
    branches = "event=branch" in kinds and {"push-default-branch", "push-branch"} & set(triggers)
    if "type=sha" in kinds or "sha" in kinds.replace("type=", ""):
        found.append("commit")
    if re.search(r"type=(?:semver|pep440|match)", kinds) or ("event=tag" in kinds and not branches):
        found.append("version")
    return found


def _tag_part(text: str) -> str:
    if "@" in text:
        return text.rpartition("@")[2]
    if ":type=" in text:
        return text.partition(":")[2]
    hidden = _VARIABLES.sub(lambda match: match[0].replace(":", "~").replace("/", "~"), text)
    head, colon, tail = hidden.rpartition(":")
    if colon and head and "/" not in tail:
        return text[len(head) + 1 :]
    return text if "/" not in hidden else ""


def _best(found: list[Identity]) -> Identity:
    return min(found, key=lambda one: _RANK[one])


def best_identity(names: list[str], triggers: tuple[str, ...]) -> Identity | None:
    """Return the best of several names of one artifact: what stays the same wins over what moves."""
    known: list[Identity] = [
        identity for name in names if (identity := identity_of(name, triggers)) is not None
    ]
    return _best(known) if known else None


_USABLE = regex(
    r"\$\{\{(?:github\.(?:repository|repository_owner|event\.repository\.name)|(?:vars|secrets)\.\w+)\}\}|\$\{?CI_\w+\}?|\$\{?GITHUB_REPOSITORY\w*\}?"
)
"""What means the same in every job of a pipeline."""


def usable_name(reference: str) -> str | None:
    """Return the repository part of an image reference as any job of the pipeline can use it; None where only one job can, or it names no registry."""
    length = len(image_name(reference))
    name = reference.strip().strip("\"'")[:length]
    rest = _USABLE.sub("", name)
    names_place = "/" in name or rest != name
    return name if name and names_place and not re.search(r"[${}()\s]", rest) else None


def image_name(reference: str) -> str:
    """Return the repository part of an image reference, in lower case, without tag or digest."""
    text = reference.strip().strip("\"'").partition("@")[0].partition(":type=")[0]
    hidden = _VARIABLES.sub(lambda match: match[0].replace(":", "~").replace("/", "~"), text)
    head, colon, tail = hidden.rpartition(":")
    return (text[: len(head)] if colon and head and "/" not in tail else text).lower()


def short_name(reference: str, fallback: str) -> str:
    """Return the last part of an image's name as an id part, `fallback` where only a variable stands there."""
    name = image_name(reference)
    name = re.sub(
        r"\$\{\{\s*github\.repository\s*\}\}|\$\{?github_repository\}?|\$\{?ci_registry_image\}?|\$\{\{\s*github\.event\.repository\.name\s*\}\}",
        "owner/" + fallback,
        name,
    )
    last = re.sub(r"\$\{\{.*?\}\}|\$\{.*?\}|\$\(.*?\)|\$\w+", "", name.rpartition("/")[2]).strip("-_.")
    return last if re.search(r"[a-z]", last) else fallback
