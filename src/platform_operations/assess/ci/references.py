"""How a pipeline names an artifact: expressions resolved as far as the files say, and what kind of name that is."""

import re
from collections.abc import Mapping

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import Draft, Graph
from platform_operations.model.words import Identity
from platform_operations.platforms.reading.commands import invocation

_EXPRESSION = re.compile(r"\$\{\{([^}]{1,400})\}\}")
_SHELL = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?|\$\(([A-Za-z_][A-Za-z0-9_.]*)\)")
_VARIABLES = re.compile(r"\$\{\{.*?\}\}|\$\{.*?\}|\$\(.*?\)")
_DIGEST = re.compile(r"@?sha256:|digest", re.IGNORECASE)
_COMMIT = re.compile(
    r"github\.sha|github\.event\.pull_request\.head\.sha|head_sha|(?<![a-z])sha(?![a-z0-9])|_sha\b|sha_|sha1|short.?sha|git.?(?:rev|commit|hash)|rev-parse"
    r"|commit(?!_(?:tag|ref|branch))|sourceversion|type=sha|revision|git describe --always|long\b.*sha",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"semver|pep440|tag_name|version|release|(?<![a-z])v?\d+\.\d+\.\d+|run_number|run_id|build_?number|buildid|build_id|github\.ref_name.*tag|commit_tag|circle_tag"
    r"|refs/tags|new_tag|timestamp|date \+|event=tag|pipeline_iid|build_num|type=match",
    re.IGNORECASE,
)
_MUTABLE = re.compile(
    r"(?:^|:)(?:latest|main|master|dev|develop|staging|stage|prod|production|edge|nightly|stable|test|qa|next|current|canary|preview|beta|release)$"
    r"|ref_name|head_ref|ref_slug|branch|pull_request\.number|event\.number|pr-|environment|inputs\.env|matrix\.env|type=ref|type=raw|type=edge|github\.ref\b",
    re.IGNORECASE,
)
_OF_A_BRANCH = re.compile(
    r"\$\{?(?:CI_COMMIT_REF_(?:NAME|SLUG)|(?:CI_COMMIT|CI_DEFAULT|CIRCLE|BUILDKITE|GIT|CHANGE|TRAVIS|DRONE|BITBUCKET)_BRANCH|BRANCH_NAME"
    r"|CI_MERGE_REQUEST_(?:IID|SOURCE_BRANCH_NAME)|GITHUB_HEAD_REF)\b(?:[:/#%^,][^{}]*)?\}?"
)
_HANDED_IN = re.compile(r"(?:inputs|params|parameters)\.\w*(?:tag|sha|digest|build)", re.IGNORECASE)
"""What whoever starts the pipeline must name: a release of before, not a place that moves."""

_RANK: Mapping[Identity, int] = {
    "digest": 0,
    "checksum": 1,
    "commit": 2,
    "version": 3,
    "deployment": 4,
    "tag": 5,
}


def resolved(text: str, draft: Draft, atom: Atom, graph: Graph) -> str:
    """Return `text` with the variables and outputs replaced whose values stand in the pipeline's files."""
    for _ in range(3):
        shorter = _EXPRESSION.sub(
            lambda match: _expression(match[1].strip(), match[0], draft, atom, graph), text
        )
        shorter = _SHELL.sub(lambda match: _variable(match[1] or match[2], match[0], draft, atom), shorter)
        if shorter == text or len(shorter) > 4_000:
            break
        text = shorter
    return _EXPRESSION.sub(lambda match: "${{" + match[1].strip().replace(" ", "") + "}}", text[:4_000])


def _variable(name: str, whole: str, draft: Draft, atom: Atom) -> str:
    for variables in (atom.step.variables, draft.job.variables, draft.pipeline.variables):
        if name in variables:
            value = variables[name]
            return value if value and f"${name}" not in value and f"env.{name}" not in value else whole
    return _assigned(name, whole, draft)


def _assigned(name: str, whole: str, draft: Draft) -> str:
    """Look for `NAME=value` among the job's own commands."""
    wanted = re.compile(rf"(?:^|[\s\"']){re.escape(name)}=[\"']?(\$\([^)]*\)|[^\s\"'>]+)")
    for step in draft.job.steps:
        for command in step.commands:
            match = wanted.search(command.text)
            if match and f"${name}" not in match[1] and f"{{{name}}}" not in match[1]:
                return match[1]
    return whole


def _expression(inner: str, whole: str, draft: Draft, atom: Atom, graph: Graph) -> str:
    parts = inner.split(".")
    if parts[0] == "env" and len(parts) == 2:
        return _variable(parts[1], whole, draft, atom)
    if parts[0] == "needs" and len(parts) == 4 and parts[2] == "outputs":
        lane = graph.lanes.get(draft.pipeline.id, {}).get(parts[1])
        value = lane.job.outputs.get(parts[3]) if lane else None
        return _of_step(value, lane.job.steps if lane else (), value) if value else whole
    if parts[0] == "steps" and len(parts) == 4:
        return _of_step(whole, draft.job.steps, whole)
    return whole


def _of_step(text: str, steps: tuple[object, ...], fallback: str) -> str:
    """Return what a step's output holds: the tags of a metadata step, an assignment to GITHUB_OUTPUT, else its name."""
    match = re.search(r"steps\.([\w-]+)\.outputs\.([\w-]+)", text)
    if not match:
        return fallback
    for step in steps:
        if getattr(step, "id", None) != match[1]:
            continue
        uses = getattr(step, "uses", None) or ""
        if uses.startswith("docker/metadata-action"):
            return _metadata(getattr(step, "inputs", {}), match[2])
        for command in getattr(step, "commands", ()):
            wanted = re.search(rf"{re.escape(match[2])}=([^\s\"'>\\\\]+|\$\([^)]*\))", command.text)
            if wanted and ("$" not in wanted[1] or identity_of(wanted[1]) in {"commit", "digest", "version"}):
                return wanted[1]
    return fallback


def _metadata(inputs: Mapping[str, str], output: str) -> str:
    """Return what docker/metadata-action makes of its inputs; without `tags` it names branches, tags and pull requests."""
    kinds = inputs.get("tags") or "type=ref,event=branch type=ref,event=tag type=ref,event=pr"
    if output == "version":
        return kinds.strip().split("\n")[0]
    images = [line.strip() for line in re.split(r"[\n,]", inputs.get("images", "")) if line.strip()]
    marked = " ".join(line.strip() for line in kinds.split("\n") if line.strip())
    return "\n".join(f"{image}:{marked}" for image in images or [""])


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


_USABLE = re.compile(
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


def image_names(draft: Draft, atom: Atom, graph: Graph) -> list[str]:
    """Return the references that a packaging command or action gives to the image it makes."""
    if atom.step.uses is not None:
        raw = [atom.step.inputs.get(key, "") for key in ("tags", "image", "images", "imageName", "name")]
        tags = re.split(r"[\n,]", next((value for value in raw if value), ""))
        if atom.step.inputs.get("repository"):
            prefix = atom.step.inputs["repository"]
            tags = [
                tag if ":" in tag or "/" in tag else f"{prefix}:{tag}" for tag in tags if tag.strip()
            ] or [prefix]
        whole = [
            line
            for tag in tags
            if tag.strip()
            for line in resolved(tag.strip(), draft, atom, graph).split("\n")
        ]
        return [one for one in whole if one]
    called = invocation(atom.text)
    names: list[str] = []
    for index, word in enumerate(called):
        if word in {"-t", "--tag", "--destination", "--image", "-d", "--image-name"} and index + 1 < len(
            called
        ):
            names.append(called[index + 1])
        for flag in (
            "--tag=",
            "-t=",
            "--destination=",
            "--image=",
            "-Dimage=",
            "--imageName=",
            "-Djib.to.image=",
            "--name=",
        ):
            if word.startswith(flag):
                names.append(word[len(flag) :])
    if "push" in called and not names:
        names.extend(word for word in called[called.index("push") + 1 :] if not word.startswith("-"))
    return [resolved(name, draft, atom, graph) for name in names if not name.startswith("-")]


def pushes(atom: Atom) -> bool:
    """Say whether a packaging command or action sends the image to a registry."""
    if atom.step.uses is not None:
        push = atom.step.inputs.get("push", "").strip().lower()
        outputs = atom.step.inputs.get("outputs", "").lower()
        name = atom.step.uses.lower()
        if atom.step.remote:
            return push != "false"
        return (
            push not in {"", "false"}
            or "type=registry" in outputs
            or "push=true" in outputs
            or "publish" in name
            or "kaniko" in name
            or "push-to" in name
        )
    called = invocation(atom.text)
    return (
        "push" in called
        or "--push" in called
        or "--destination" in atom.text
        or called[:1] in {("ko",), ("/kaniko/executor",)}
        or "jib" in atom.text
        or "submit" in called
        or "type=registry" in atom.text
    )
