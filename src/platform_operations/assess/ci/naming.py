"""How a deployment names what it deploys."""

import re
from collections.abc import Iterable

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import Draft, Graph
from platform_operations.assess.ci.references import identity_of
from platform_operations.assess.ci.variables import resolved
from platform_operations.model.words import IMMUTABLE, Identity
from platform_operations.patterns import regex
from platform_operations.platforms.reading.commands import invocation, value_of

_GENERIC = regex(
    r"(?:(?:image[._-]?tag|(?<![a-z-])tag|image[._-]?digest|digest|image[._-]?version|(?<![a-z-])image|git[._-]?sha)\s*(?:=|:\s)"
    r"|(?:app[._-]?version|(?<![a-z-])version|(?<![a-z-])sha|(?<![a-z-])revision)\s*=)\s*[\"']?((?:\$\{\{.{0,300}?\}\}|[^\s\"',;])+)",
    re.IGNORECASE,
)
_IMAGE_WORD = regex(
    r"(?:^|[\s=\"'])(?!https?:)[\w.-]+(?:\.[\w-]+)+(?::\d+)?/[\w./-]+([:@][^\s\"',;/]+)(?=$|[\s\"',;])"
)
_NAMING = regex(
    r"kustomize|\bsed\b|\byq\b|envsubst|render-task-definition|k8s-bake|helm\s+template|jsonnet|update-yaml|yaml-update|image-tag"
)
UNRESOLVED = "holds is not in the pipeline"
"""How the reason ends where a command names what it deploys by a variable that nobody can look up."""

_INFRASTRUCTURE = regex(r"\b(?:terraform|tofu|terragrunt)\b")


def texts_of(atoms: Iterable[Atom], draft: Draft, graph: Graph) -> list[str]:
    """Return what a stage's commands, and those of its job that name images for it, say with variables resolved."""
    texts: list[str] = []
    for atom in atoms:
        if atom not in draft.atoms and not (atom.kind is None and _names_for(atom, draft)):
            continue
        joint = "=" if atom.step.remote else ": "
        parts = (atom.text, atom.body, *(f"{key}{joint}{value}" for key, value in atom.step.inputs.items()))
        texts.extend(resolved(part[:4_000], draft, atom, graph) for part in parts if part)
        if atom not in draft.atoms:
            texts.extend(f"{key}={value}" for key, value in atom.step.variables.items())
    texts.extend(f"{key}={value}" for atom in draft.atoms for key, value in atom.step.variables.items())
    if any(_INFRASTRUCTURE.search(atom.text) for atom in draft.atoms):
        given = {**draft.pipeline.variables, **draft.job.variables}
        texts.extend(f"{key}={value}" for key, value in given.items() if key.startswith("TF_VAR_"))
    return texts


def _names_for(atom: Atom, draft: Draft) -> bool:
    """Whether a command that deploys nothing itself names what the stage deploys; a plan does for what applies it."""
    if _NAMING.search(atom.text):
        return True
    planned = _INFRASTRUCTURE.search(atom.text) is not None and " plan" in atom.text
    return planned and any(_INFRASTRUCTURE.search(one.text) for one in draft.atoms)


def reference_in(
    texts: list[str], short: str, alone: bool, draft: Draft
) -> tuple[Identity | None, str | None]:
    """Return how the texts name the image `short`, or the name that cannot be judged; `alone`: it is the only image."""
    named = re.compile(rf"(?:^|[\s=\"'/,]|\}}){re.escape(short)}[\"']?([:@][^\s\"',;]+)", re.IGNORECASE)
    unclear: str | None = None
    found: list[Identity] = []
    for text in texts:
        for match in named.finditer(text):
            identity = identity_of(match[1], draft.pipeline.triggers)
            found.extend([identity] if identity else [])
            unclear = unclear if identity else match[1]
    if found:
        return max(found, key=lambda one: one == "tag"), None
    return _sole(texts, draft, unclear) if alone else (None, unclear)


_FLAG = regex(
    r"(?:\s--[\w-]*image(?:-tag|-uri)?[ =]|\b(?:kubectl|oc)\b[^|;]*\sset\s+image\s(?:[^|;=]*\s)?[\w*${}.-]+=)[\"']?((?:\$\{\{.{0,300}?\}\}|[^\s\"',;])+)"
)
"""What a command is told to run: `--image-uri REFERENCE`, `kubectl set image ... NAME=REFERENCE`."""

_VARIABLE = regex(r"\w+=\S*")
_FILLED = regex(r"\$\{\{.*?\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$\w+")
_EXPANDED = regex(r"\$\{[^{}]*\}|\$\{\{.*?\}\}")


def reference_to_all(texts: list[str], draft: Draft) -> Identity | None:
    """Return how commands name all of several images, where every tag in them is of a kind that cannot move.

    Variables that a job merely sees say nothing about what it deploys.
    """
    filled = filled_in(texts, draft)
    if filled is not None:
        return filled
    said = [text for text in texts if not _VARIABLE.fullmatch(text)]
    named = [match[1] for text in said for one in (_GENERIC, _FLAG) for match in one.finditer(text)]
    best: Identity | None = None
    for value in named:
        best = None if value.startswith("http") else identity_of(value, draft.pipeline.triggers)
        if best not in IMMUTABLE:
            return None
    return best


_HANDED = regex(
    r"(?!docker[_-]?version)(?:(?:image|docker|container|app|application|artifact|build|release|git|new|upstream|ci|commit|short)[_-]?)*"
    r"(?:tag|version|sha|digest|revision|commit)(?:[_-]?(?:id|sha|hash))?=(.+)",
    re.IGNORECASE,
)


def handed_reference(texts: list[str], draft: Draft) -> Identity | None:
    """Return the kind of name by which a deployment that is kept elsewhere is told what to take.

    None where it is told nothing, or a name that can move.
    """
    started = any(atom.act.makes == "handover" for atom in draft.atoms)
    handed = [one for text in texts for one in _payload(text)] if started else []
    for text in (*texts, *handed):
        match = _HANDED.fullmatch(text)
        identity = identity_of(match[1], draft.pipeline.triggers) if match else None
        if identity in IMMUTABLE:
            return identity
    return None


_PAYLOAD = regex(r"\\?[\"']([\w.-]+)\\?[\"']\s*:\s*\\?[\"']([^\"'\\]+)|(?<=\s)(\w+=[^\s\"',;]+)")


def _payload(text: str) -> list[str]:
    """Return what a request or command hands to a pipeline that it starts, as NAME=VALUE."""
    return [match[3] or f"{match[1]}={match[2]}" for match in _PAYLOAD.finditer(text)]


_LABELLED = regex(
    r"(?:--|\b)(?:(?:app(?:lication)?[-_])?version[-_]label|image[-_]label|revision[-_]suffix|function[-_]version|s3[-_]?key|release[-_]?version|(?<=--)(?:version|label))"
    r"(?:\s+|\s*[:=]\s*)[\"']?((?:\$\{\{.{0,300}?\}\}|[^\s\"',;])+)",
    re.IGNORECASE,
)
"""The name that a release is given where it is kept: a version label, a suffix of a revision, the key of an archive."""

_KEEPS = regex(r"(?:archive|backup)[\w-]*bucket|://\$\{?(?:archive|backup)|back-?up|snapshot", re.IGNORECASE)
"""Copies that are put away beside what runs."""

_KEPT_AS = regex(r"(?:\$\{\{.{0,300}?\}\}|[^\s\"',;])+")
_ARCHIVE = regex(r"\.(?:zip|jar|war|ear|tgz|tar\.gz|deb|rpm|nupkg|phar)$", re.IGNORECASE)
_ARCHIVE_WORD = regex(r"\.(?:zip|jar|war|ear|tgz|tar\.gz|deb|rpm|nupkg|phar)\b", re.IGNORECASE)


def _immutable_part(word: str, draft: Draft) -> Identity | None:
    """Return the kind of name that a variable in a word gives it, where that cannot move."""
    for match in _FILLED.finditer(word):
        identity = identity_of(match[0], draft.pipeline.triggers)
        if identity in IMMUTABLE:
            return identity
    return None


def labelled_reference(texts: list[str], draft: Draft) -> Identity | None:
    """Return the kind of name that a release of files or from source is kept under; None where it has none, or one that moves."""
    for text in texts:
        words = [match[1] for match in _LABELLED.finditer(text)]
        if ("://" in text or _ARCHIVE_WORD.search(text)) and not _KEEPS.search(text):
            words += [word for word in _KEPT_AS.findall(text) if "://" in word or _ARCHIVE.search(word)]
        for word in words:
            identity = _immutable_part(word, draft)
            if identity is not None:
                return identity
    return None


_FILLED_IN = regex(r"\bs([|/#,@~!:])(?:(?!\1).){1,200}\1((?:(?!\1).){1,300})\1")


def filled_in(texts: list[str], draft: Draft) -> Identity | None:
    """Return the kind of name that `sed` puts into what is applied, where it cannot move."""
    for text in texts:
        for match in _FILLED_IN.finditer(text) if "sed" in text else ():
            identity = _immutable_part(match[2], draft)
            if identity is not None:
                return identity
    return None


def _sole(texts: list[str], draft: Draft, unclear: str | None) -> tuple[Identity | None, str | None]:
    """Return how the texts name the only image there is, by any image reference or tag in them."""
    for text in texts:
        for match in _IMAGE_WORD.finditer(text):
            identity = identity_of(match[1], draft.pipeline.triggers)
            if identity is not None:
                return identity, None
    for match in (one for text in texts for one in _FLAG.finditer(text)):
        identity = identity_of(match[1], draft.pipeline.triggers)
        if identity is not None and re.search(r"[:@]", match[1]):
            return identity, None
    for text in texts:
        for match in _GENERIC.finditer(text):
            value = match[1]
            if value.startswith("http") or len(value) < 2:
                continue
            identity = identity_of(value, draft.pipeline.triggers)
            if identity is not None and (":" in value or "/" not in _EXPANDED.sub("", value)):
                return identity, None
            unclear = unclear or value
    filled = filled_in(texts, draft)
    return (filled, None) if filled else (None, unclear)


_FILES = (
    "files",
    "artifacts",
    "artifact",
    "file",
    "asset_path",
    "asset_paths",
    "assets",
    "asset_files",
    "asset",
    "release_files",
    "path",
)


def attaches(atom: Atom) -> bool:
    """Whether a command or action that makes a release page puts files there, beside the tag and its notes."""
    if atom.kind != "publish":
        return False
    if atom.step.uses is not None:
        name = atom.step.uses.lower()
        if any(atom.step.inputs.get(key, "").strip() for key in _FILES):
            return True
        return not any(
            word in name for word in ("gh-release", "release-action", "create-release", "automatic-releases")
        )
    called = invocation(atom.text)
    if called[:3] == ("gh", "release", "create"):
        return _arguments(called[3:]) > 1
    if called[:2] in {("glab", "release"), ("release-cli", "create")}:
        return any("asset" in word for word in called) or _arguments(called[3:]) > 1
    return True


_WITHOUT_VALUE = frozenset(
    {
        "-d",
        "--draft",
        "-p",
        "--prerelease",
        "--generate-notes",
        "--latest",
        "--verify-tag",
        "--notes-from-tag",
        "--fail-on-no-commits",
    }
)


def _arguments(words: tuple[str, ...]) -> int:
    """Count the words that are no options and no values of options."""
    count, index = 0, 0
    while index < len(words):
        if words[index].startswith("-"):
            index += 1 if "=" in words[index] or words[index] in _WITHOUT_VALUE else 2
            continue
        count, index = count + 1, index + 1
    return count


_TAKEN = regex(r"(?:inputs|release|params)\.\w*(?:tag|version|sha|release)", re.IGNORECASE)


def taken_reference(atoms: Iterable[Atom]) -> Identity | None:
    """Return `version` where a job first takes the checkout of a release that whoever starts it must name."""
    for atom in atoms:
        uses = atom.step.uses or ""
        if uses.startswith("actions/checkout@") and _TAKEN.search(atom.step.inputs.get("ref", "")):
            return "version"
    return None


def restarts(draft: Draft, atoms: Iterable[Atom]) -> bool:
    """Whether a deployment only starts again what runs: it takes what a tag holds by now, or it would change nothing."""
    acting = [invocation(atom.text) for atom in draft.atoms if atom.kind == draft.kind]
    if not acting or any(_REGISTERS.search(atom.text) for atom in atoms):
        return False
    return all(
        called[:3] == ("kubectl", "rollout", "restart")
        or called[:3] == ("oc", "rollout", "restart")
        or (
            called[:2] == ("aws", "ecs")
            and "--force-new-deployment" in called
            and "--task-definition" not in called
        )
        for called in acting
    )


_REGISTERS = regex(r"register-task-definition|render-task-definition|\bset\s+image\b|\bpatch\b|\bapply\b")


def applied_path(atoms: tuple[Atom, ...]) -> str | None:
    """Return the path that a deployment applies, where its command or inputs give one."""
    for atom in atoms:
        called = invocation(atom.text)
        for key in (
            "manifests",
            "template",
            "working-directory",
            "workingDirectory",
            "overlay",
            "chart",
            "config",
        ):
            if atom.step.inputs.get(key):
                return atom.step.inputs[key].strip().split("\n")[0]
        value = value_of(
            called, "-k", "-f", "--filename", "--kustomize", "--values", "-c", "--file", "--compose-file"
        )
        if value and value != "-":
            return value
        paths = [
            word
            for word in called[2:]
            if "/" in word and not word.startswith("-") and "://" not in word and "$" not in word
        ]
        if called[:1] == ("helm",) and paths:
            return paths[0]
    return None
