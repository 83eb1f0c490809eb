"""Which environment a stage acts on, and who meets the artifact there."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.jobs import CiJob, CiPipeline, Place
from platform_operations.assess.ci.names import environment_kind, environment_word, kebab
from platform_operations.assess.ci.triggers import matches
from platform_operations.model.words import EnvironmentKind, Exposure, StageKind
from platform_operations.patterns import regex
from platform_operations.platforms.reading import environments as spelled
from platform_operations.platforms.reading.commands import has, invocation, value_of

_FLAGS = (
    "--stage", "--environment", "--env", "--config-env", "--workspace", "--target-env", "--target", "-e", "-s", "--context", "--kube-context",
    "--namespace", "-n", "--stack-name", "--stack", "--profile", "--config", "-c", "--app", "-a", "--project", "-P", "--service",
    "--cluster", "--values", "-f", "-k", "-l", "-i", "--inventory", "--resource-group", "--branch", "--slot", "-var-file",
)  # fmt: skip
_INPUTS = (
    "environment", "env", "stage", "target", "stack-name", "stack", "namespace", "vercel-args", "workspace", "service",
    "app-name", "app_name", "heroku_app_name", "cluster", "slot-name", "projectName", "project-name", "branch", "channelId",
    "host", "name", "manifests", "args", "command", "arguments", "kubeconfig", "server", "url", "alias", "bucket",
)  # fmt: skip
_SECRET = regex(
    r"(?:secrets|vars|variables)\.([A-Za-z0-9_]+)|\$\{?([A-Z][A-Z0-9_]+)\}?|\$\(([A-Za-z0-9_.]+)\)"
)
_DEFAULTED = regex(r"\$\{([A-Za-z_]\w{0,80}):-[^{}]{0,80}\}")
_BRANCH = regex(
    r"(?:refs/heads/|ref_name\s*==\s*'|head_branch\s*==\s*'|BRANCH\w*\s*==\s*[\"'])([A-Za-z0-9_./*-]+)"
)
_TAGGED = regex(r"refs/tags|event_name\s*==\s*'release'|CI_COMMIT_TAG|ref_type\s*==\s*'tag'")
_PULLED = regex(r"event_name\s*==\s*'pull_request'")
_TESTING = regex(r"(?:^|[ -])(?:tests?|e2e|perf|conformance|validation|integration)(?:[ -]|$)")
_PARTIAL = regex(
    r"canary|--traffic\b|--percent|set-?weight|--to-tags|rollout-percentage|--gradual", re.IGNORECASE
)
_UNSEEN = ("--no-traffic", "--skip-domain", "--no-promote", "--draft")


class Named(NamedTuple):
    """An environment of a stage as found: its name as written, its kind, where, and a reason where it was inferred."""

    name: str
    kind: EnvironmentKind
    place: Place | None = None
    reason: str | None = None
    url: str | None = None


def environment_hint(atom: Atom) -> str | None:
    """Return the environment that a command's own flags, paths or inputs name."""
    if atom.step.uses is not None:
        return _of_inputs(atom)
    for text in dict.fromkeys(
        (atom.runs[0] if len(atom.runs) > 1 and not atom.step.shown else atom.text, atom.text)
    ):
        called = invocation(_filled(text, atom))
        found = _of_call(called) if called else None
        if found is not None:
            return found
    return None


def _filled(text: str, atom: Atom) -> str:
    """Return a command with what its step sets in place of `${NAME:-default}`: the default is for who sets nothing."""
    if ":-" not in text:
        return text
    given = atom.step.variables
    return _DEFAULTED.sub(lambda match: given.get(match[1]) or match[0], text)


def _of_call(called: tuple[str, ...]) -> str | None:
    if has(called, "--prod") or has(called, "--production"):
        return "production"
    if "swap" in called and (slot := value_of(called, "--target-slot") or "production"):
        return slot
    for flag in _FLAGS:
        value = value_of(called, flag)
        if value and (word := _word(value)):
            return word
    for word in called[1:]:
        if "://" in word or word.startswith(("s3:", "gs:")) or "@" in word:
            found = environment_word(word)
        elif "/" in word or word.endswith((".yaml", ".yml", ".json", ".tfvars", ".ini", ".toml")):
            found = spelled.of_path(word.strip("./")) if not word.startswith("-") else environment_word(word)
            found = (
                found
                if found and environment_kind(found) and found not in {"test", "testing", "integration"}
                else None
            )
        else:
            found = (
                environment_word(word)
                if not word.startswith("-")
                else environment_word(word.partition("=")[2])
            )
        if found:
            return found
    return None


def _word(value: str) -> str | None:
    if "$" in value or "{{" in value:
        return environment_word(value) if re.search(r"(?:secrets|vars)\.", value) else None
    if re.search(r"(?:^|/)(?:tests?|e2e|testing|integration|testdata)/", value):
        return None
    if "/" not in value and "." not in value:
        return environment_word(value, bare=True)
    parts = [part for part in value.split("/") if environment_word(part)]
    return environment_word(parts[-1]) if parts else spelled.of_path(value)


def _of_inputs(atom: Atom) -> str | None:
    inputs = atom.step.inputs
    if re.search(r"--prod(?:uction)?\b", " ".join(inputs.values())):
        return "production"
    if inputs.get("production-deploy", "").lower() == "true" or inputs.get("channelId") == "live":
        return "production"
    return next(
        (
            word
            for name in _INPUTS
            if (value := inputs.get(name)) and len(value) < 300 and (word := _word(value))
        ),
        None,
    )


def target_of(
    kind: StageKind,
    atoms: tuple[Atom, ...],
    hint: str | None,
    job: CiJob,
    pipeline: CiPipeline,
    default: frozenset[str],
) -> Named | None:
    """Return the environment of a stage, None where the stage acts on none or where nobody can tell."""
    if kind == "publish":
        return _registry(atoms)
    if job.target is not None and "${" not in job.target.name:
        name = job.target.name
        guess = environment_kind(name) or _kind_without_name(pipeline)
        return Named(name, guess, job.target.place, url=job.target.url)
    lower = _spoken_below(job)
    if hint is not None and not (lower and environment_kind(hint) in {None, "production"}):
        return Named(hint, environment_kind(hint) or "production", atoms[0].places[0])
    told = (_told_by_step(atoms) if kind != "verify" else None) or _told_by_names(atoms, job, pipeline)
    if told is not None:
        return told
    if kind == "verify":
        return _of_status(atoms, job, pipeline)
    return _by_trigger(atoms, job, pipeline, default)


_STATUS = regex(r"environment\b[^=!]{0,40}==\s*[\"']([\w .-]+)[\"']", re.IGNORECASE)


def _of_status(atoms: tuple[Atom, ...], job: CiJob, pipeline: CiPipeline) -> Named | None:
    """Return where a check looks that starts when a platform has put something up: at the preview of a change, unless it says so."""
    if "deployment-status" not in pipeline.triggers:
        return None
    said = _STATUS.search(" ".join((job.condition, *(atom.step.condition for atom in atoms))))
    word = environment_word(said[1], bare=True) if said else None
    if word:
        return Named(word, environment_kind(word) or "ephemeral", atoms[0].places[0])
    return Named("preview", "ephemeral", atoms[0].places[0], "it starts when a deployment is there")


_VARIABLE = regex(r"(?:[A-Z]+_)?(?:ENV|ENVIRONMENT|STAGE)(?:_NAME)?", re.IGNORECASE)
_MODE = regex(
    r"(?:APP|NODE|RAILS|RACK|BABEL|MIX|HUGO|JEKYLL|VUE|REACT|BUILD|VIRTUAL|CONDA)_ENV", re.IGNORECASE
)
"""How a program runs, the same on every server."""


def _told_by_step(atoms: tuple[Atom, ...]) -> Named | None:
    """Return the environment that a step's own variables give."""
    for atom in atoms:
        for name, value in atom.step.variables.items():
            if _VARIABLE.fullmatch(name) and not _MODE.fullmatch(name) and (word := _word(value)):
                return Named(word, environment_kind(word) or "staging", atom.places[0])
    return None


def _told_by_names(atoms: tuple[Atom, ...], job: CiJob, pipeline: CiPipeline) -> Named | None:
    names: Iterable[str] = (job.key, job.name, *(atom.step.name for atom in atoms))
    for name in names:
        if word := environment_word(name):
            return Named(
                word,
                environment_kind(word) or "staging",
                job.place if name in {job.key, job.name} else atoms[0].places[0],
            )
    if word := environment_word(job.variables.get("CIRCLE_CONTEXT", "")):
        return Named(word, environment_kind(word) or "staging", job.place)
    if word := _in_secrets(atoms):
        return Named(word, environment_kind(word) or "staging", atoms[0].places[0])
    for name in (pipeline.name, pipeline.place.path.rpartition("/")[2]):
        if word := environment_word(name):
            return Named(word, environment_kind(word) or "staging", pipeline.place)
    return None


def _spoken_below(job: CiJob) -> bool:
    """Whether a job's name speaks of lower environments only: what its commands call `live` is then a cluster or an account."""
    words = re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "-", f"{job.key} {job.name}").lower())
    kinds = {environment_kind(word) for word in words if environment_word(word)}
    return bool(kinds) and "production" not in kinds and None not in kinds


def _kind_without_name(pipeline: CiPipeline) -> EnvironmentKind:
    return "ephemeral" if set(pipeline.triggers) == {"pull-request"} else "production"


def _in_secrets(atoms: tuple[Atom, ...]) -> str | None:
    for atom in atoms:
        texts = (atom.text, *atom.step.inputs.values(), *atom.step.variables.values())
        for text in texts:
            for match in _SECRET.finditer(text[:2000]):
                if word := environment_word(next(part for part in match.groups() if part)):
                    return word
    return None


def _by_trigger(
    atoms: tuple[Atom, ...], job: CiJob, pipeline: CiPipeline, default: frozenset[str]
) -> Named | None:
    place = atoms[0].places[0]
    if _TESTING.search(f"{kebab(job.key)} {pipeline.id}"):
        return Named("test", "ephemeral", place, "its job or pipeline is a test")
    if _previews(atoms):
        return Named("preview", "ephemeral", place, "without a production flag this platform makes a preview")
    condition = " ".join((job.condition, *(atom.step.condition for atom in atoms)))
    branches = tuple(_BRANCH.findall(condition)) or (() if _TAGGED.search(condition) else pipeline.branches)
    if _PULLED.search(condition) or set(pipeline.triggers) == {"pull-request"}:
        return Named("preview", "ephemeral", place, "it runs on pull requests")
    for branch in branches:
        if branch in default:
            break
        if word := environment_word(branch, bare=True):
            return Named(word, environment_kind(word) or "staging", place, f"it runs on branch {branch!r}")
    on_default = any(matches(pattern, branch) for pattern in branches for branch in default)
    if branches and not on_default and all(_is_pattern(branch) for branch in branches):
        return Named("branch", "ephemeral", place, f"it runs on branches called {branches[0]!r}")
    on_default = on_default or "push-default-branch" in pipeline.triggers
    if on_default or {"tag", "release"} & set(pipeline.triggers):
        how = "the default branch" if on_default else "a tag or release"
        return Named("production", "production", place, f"deployed from {how} and no environment is named")
    if {"schedule", "manual", "upstream", "push-branch"} & set(pipeline.triggers) or not pipeline.triggers:
        return Named("production", "production", place, "it deploys and no environment is named")
    return None


def _is_pattern(branch: str) -> bool:
    """Whether a filter stands for many branches that are no releases: each of them goes somewhere of its own."""
    return branch.endswith(("*", "/")) and not re.match(r"v?[*\d]|hot-?fix|release", branch)


def _previews(atoms: tuple[Atom, ...]) -> bool:
    for atom in atoms:
        called = invocation(atom.text)
        if called[:1] in {("vercel",), ("netlify",)} or "hosting:channel:deploy" in called:
            return not has(called, "--prod")
        if "vercel-action" in atom.text or "actions-netlify" in atom.text:
            return True
    return False


_MIRRORS: tuple[tuple[str, str], ...] = (
    ("testpypi", "testpypi"), ("test.pypi.org", "testpypi"), ("npm.pkg.github.com", "github-packages"),
    ("maven.pkg.github.com", "github-packages"), ("nuget.pkg.github.com", "github-packages"),
    ("githubpackages", "github-packages"), ("testflight", "testflight"),
)  # fmt: skip


_FOR_TESTERS = regex(
    r"\bfastlane\b[^&;|]*[ _](?:internal|alpha|beta|testers)\b|\btrack[: =]+[\"']?(?:internal|alpha|beta)\b"
)
"""An app store's tracks, and the lanes of fastlane that fill them, which only testers see."""


def _registry(atoms: tuple[Atom, ...]) -> Named | None:
    for atom in atoms:
        text = " ".join((atom.text, *atom.step.inputs.values(), *atom.step.variables.values())).lower()
        mirror = next((name for sign, name in _MIRRORS if sign in text), None)
        if mirror is None and _FOR_TESTERS.search(text):
            mirror = "testers"
        name = mirror or atom.act.makes
        if name and name not in {"image", "bundle", "package", "source"}:
            return Named(name, "registry", atom.places[0])
    return None


def exposure_of(kind: StageKind, named: Named | None, atoms: tuple[Atom, ...]) -> Exposure | None:
    """Return who meets the artifact at a stage, None for stages that expose nothing or where nobody can tell."""
    if kind not in {"deploy", "promote", "publish", "migrate"} or named is None:
        return None
    text = " ".join(part for atom in atoms for part in (atom.text, *atom.step.inputs.values()))
    if kind == "publish":
        return _published(named, text, atoms)
    if named.kind != "production":
        return "internal"
    if any(flag in text for flag in _UNSEEN) or "wrangler versions upload" in text:
        return "none"
    return "partial" if _PARTIAL.search(text) and kind in {"deploy", "promote"} else "full"


def _published(named: Named, text: str, atoms: tuple[Atom, ...]) -> Exposure:
    if named.name in {"testpypi", "testflight", "testers"}:
        return "internal"
    if "--draft" in text or any(atom.step.inputs.get("draft", "").lower() == "true" for atom in atoms):
        return "none"
    tag = re.search(r"--tag[ =](\S+)", text)
    early = tag is not None and tag[1] not in {"latest", "$TAG"} and not tag[1].startswith("$")
    return "partial" if "--prerelease" in text or (early and named.name == "npm") else "full"
