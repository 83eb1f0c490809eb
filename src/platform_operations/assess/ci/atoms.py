"""A job's steps as acts in order: each command or action with what it does and the lines that show it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from platform_operations.assess.ci.acts import NOTHING_DONE, Act
from platform_operations.assess.ci.follow import Followed, follow, script_name
from platform_operations.assess.ci.jobs import CiJob, CiStep, Place, Words, nothing_set
from platform_operations.assess.ci.kinds import (
    act_of_command,
    deploys_by_name,
    is_journey,
    kind_of_name,
    needs_local_cluster,
    starts_here,
)
from platform_operations.assess.ci.manifest_edits import SENDS, WRITES_IMAGE
from platform_operations.assess.ci.remotely import SETUP, remote_kind
from platform_operations.assess.ci.settings import of_script
from platform_operations.assess.ci.shell import Command, commands
from platform_operations.assess.ci.tables import SCRIPTY
from platform_operations.assess.ci.uses import act_of_uses, starts_a_chore, wrapped_script
from platform_operations.model.words import RELEASING, StageKind
from platform_operations.patterns import regex
from platform_operations.platforms.reading.commands import invocation
from platform_operations.repository import Repository

MAX_ATOMS = 400
MAX_RUN = 300

ATTESTING = frozenset({"sbom", "provenance", "signature"})
_KEEPING = regex(
    r"back-?up|\bcache|\blogs?\b|report|results|metrics|coverage|export|benchmark|sbom", re.IGNORECASE
)
Ships: TypeAlias = Literal["site", "services", "packages"]
"""What a repository ships: a site that pages can hold, only what runs on servers, or neither."""
_DOCS = regex(
    r"\bdocs?\b|documentation|\bpages\b|website|storybook|\bbook\b|mkdocs|sphinx|typedoc|javadoc|godoc|\bsite\b",
    re.IGNORECASE,
)
_WRITTEN = regex(
    r"\bdocs?\b|documentation|storybook|mkdocs|sphinx|typedoc|javadoc|godoc|\bmike\b|coverage", re.IGNORECASE
)
_PAGES = regex(r"deploy-pages|gh-pages|github-pages|gh-deploy|\bmike deploy|readthedocs")
_NAMED: frozenset[StageKind] = frozenset(
    {"deploy", "rollback", "promote", "migrate", "test", "build", "analyze", "verify", "publish", "package"}
)


@dataclass(frozen=True, slots=True)
class Atom:
    """One command or action of a job.

    `text` is the command whose words tell what it does, `runs` what stands in the files (the call and what it leads
    to). `named` is set where only a name tells the kind. `given` are the settings of the script that holds it,
    `otherwise` those that hold where nothing else is set.
    """

    act: Act
    kind: StageKind | None
    text: str
    runs: tuple[str, ...]
    places: tuple[Place, ...]
    step: CiStep
    silenced: str | None = None
    named: str | None = None
    folder: str = ""
    body: str = ""
    given: Words = field(default_factory=nothing_set)
    otherwise: Words = field(default_factory=nothing_set)


def atoms_of(
    job: CiJob, repository: Repository, pipeline: str = "", *, ships: Ships = "site"
) -> tuple[Atom, ...]:
    """Return what a job does, command by command, in order.

    `pipeline` is the pipeline's name. Publishing pages is a release of what `ships` a site; elsewhere it is
    documentation, beside a service where the words say so.
    """
    found: list[Atom] = []
    for step in job.steps:
        found.extend(_of_step(step, repository))
        if len(found) >= MAX_ATOMS:
            break
    local = needs_local_cluster(text for atom in found for text in (atom.text, *atom.runs))
    tamed = [_tamed(atom) for atom in found] if local else found
    around = " ".join((pipeline, job.key, job.name))
    tamed = [
        replace(atom, kind=None, act=NOTHING_DONE) if _aside(atom, around, ships) else atom for atom in tamed
    ]
    return tuple(_joined(_provisioning(_migrating(_named(tamed, job, pipeline), job), job, pipeline)))


def _aside(atom: Atom, around: str, ships: Ships) -> bool:
    """Say whether something that looks like a deployment keeps a copy, or publishes documentation."""
    if "deploy" not in {atom.kind, atom.act.kind}:
        return False
    names = re.sub(r"[_-]", " ", f"{around} {atom.step.name}")
    if _PAGES.search(atom.text):
        words = names + " " + re.sub(r"[/_-]", " ", atom.text)
        return ships == "packages" or (ships == "services" and _WRITTEN.search(words) is not None)
    if atom.act.makes != "bundle":
        return False
    copies = invocation(atom.text)[:1] in {("aws",), ("gsutil",), ("scp",), ("rsync",), ("gcloud",), ("az",)}
    return copies and (
        _KEEPING.search(names) is not None or (ships == "packages" and _DOCS.search(names) is not None)
    )


def _of_step(step: CiStep, repository: Repository) -> Iterator[Atom]:
    if step.approval:
        text = f"uses {step.uses}" if step.uses else step.name or "approval"
        yield Atom(NOTHING_DONE, "approve", text, (text[:MAX_RUN],), (step.place,), step)
        return
    if step.uses is not None:
        yield from _of_uses(step, repository)
    for command in step.commands:
        yield from _of_command(command, step, repository)


def _of_uses(step: CiStep, repository: Repository) -> Iterator[Atom]:
    uses = step.uses or ""
    inner = wrapped_script(uses, step.inputs)
    if inner is not None:
        for command in commands(inner, step.place.first):
            whole = replace(command, first=step.place.first, last=step.place.last)
            yield from _of_command(whole, step, repository)
        return
    act = act_of_uses(uses, step.inputs)
    if act is NOTHING_DONE and not step.remote and "@" in uses and deploys_by_name(uses):
        act = Act(kind="deploy")
    text = f"uses {uses}"
    body = "\n".join(
        step.inputs.get(key, "")
        for key in ("script", "command", "args", "remote_script")
        if key in step.inputs
    )
    kind = "approve" if act.kind == "approve" else act.kind
    if act.makes == "remote":
        kind = remote_kind(body, step.name)
    if act.makes == "handover":
        act, kind = replace(act, weak=True), None
    yield Atom(act, kind, text, (text[:MAX_RUN],), (step.place,), step, folder=step.folder, body=body)


def _tells(atom: Atom, *, writes: bool) -> bool:
    """Whether a command of a script does something that a stage may be; `writes`: an image is written somewhere in it."""
    sent = writes and (SENDS.search(atom.text) or WRITES_IMAGE.search(atom.text))
    return atom.kind is not None or atom.act.weak or bool(atom.act.makes or sent)


def _of_command(command: Command, step: CiStep, repository: Repository) -> Iterator[Atom]:
    place = Place(step.place.path, command.first, command.last)
    followed = follow(repository, command, step.folder)
    if followed is not None:
        given = followed.settings or of_script(followed.commands, command.text)
        inner = [_followed(command, place, followed, one, step, given) for one in followed.commands]
        inner = [_tamed(atom) for atom in inner] if _TESTS.search(command.text) else inner
        writes = any(WRITES_IMAGE.search(atom.text) for atom in inner)
        if writes or any(atom.kind is not None or atom.act.weak for atom in inner):
            yield from (atom for atom in inner if _tells(atom, writes=writes))
            return
    act = act_of_command(command.text)
    if act.makes == "handover":
        act = NOTHING_DONE if starts_a_chore(repository, command.text) else replace(act, weak=True)
    kind = None if act.weak else act.kind
    if act.makes == "remote":
        kind = remote_kind(f"{command.text}\n{command.body}", step.name)
    yield Atom(
        act, kind, command.text, tuple(one for one in (step.shown, command.text[:MAX_RUN]) if one), (place,), step, command.silenced,
        folder=_folder(step, command), body=command.body,
    )  # fmt: skip


def _folder(step: CiStep, command: Command) -> str:
    return "/".join(part for part in (step.folder, command.folder) if part)


def _followed(
    outer: Command, place: Place, followed: Followed, inner: Command, step: CiStep, given: Words
) -> Atom:
    act = act_of_command(inner.text)
    there = Place(followed.path, inner.first, inner.last)
    kind = None if act.weak else act.kind
    if act.makes == "remote":
        kind = remote_kind(f"{inner.text}\n{inner.body}", step.name)
    if (
        kind is None
        and not act.makes
        and not inner.text.startswith("$(")
        and not inner.text.rstrip("\")'").endswith(("--version", "--help"))
        and kind_of_name(script_name(inner.text)) in _NAMED
    ):
        kind = kind_of_name(script_name(inner.text))
        kind = "test" if kind == "verify" else kind
        act = replace(act, journey=is_journey(inner.text))
    return Atom(
        act, kind, inner.text, (outer.text[:MAX_RUN], inner.text[:MAX_RUN]), (place, there), step,
        outer.silenced or inner.silenced, folder=_folder(step, inner), body=inner.body, given=given,
        otherwise=followed.otherwise,
    )  # fmt: skip


def _tamed(atom: Atom) -> Atom:
    """What is deployed to a cluster that the job itself starts is part of a test."""
    if atom.kind in {*RELEASING, "provision", "migrate", "rollback"} and atom.kind != "publish":
        return replace(
            atom, kind="test", act=replace(atom.act, kind="test", action=None, platform=None, makes="")
        )
    return atom


def _named(found: list[Atom], job: CiJob, pipeline: str) -> list[Atom]:
    """Ask the names of scripts, steps and the job what programs of the repository's own do."""
    kinds: set[StageKind | None] = {atom.kind for atom in found}
    result: list[Atom] = []
    own: set[str] = set()
    for atom in found:
        kind, why = _name_says(atom, job, kinds, pipeline)
        called = invocation(atom.text)
        if kind is None and called and called[0] in own:
            kind, why = _of_deployer(called)
        elif kind == "deploy" and called[1:2] == ("deploy",):
            own.add(called[0])
        if kind is None:
            result.append(atom)
            continue
        act = (
            atom.act
            if atom.act.kind == kind
            else replace(atom.act, kind=kind, journey=is_journey(f"{atom.text} {atom.step.name}"))
        )
        act = replace(act, makes="image") if kind == "package" and not act.makes else act
        result.append(replace(atom, kind="test" if kind == "verify" else kind, act=act, named=why))
    return result


_SCRATCH = regex(
    r":reset|:create|:setup|db:test|localhost|127\.0\.0\.1|RAILS_ENV[=:]\s*[\"']?test|sqlite|--env[= ]test|@postgres|@mysql|@db[:/]",
    re.IGNORECASE,
)


def _migrating(found: list[Atom], job: CiJob) -> list[Atom]:
    """A migration of a database that the job starts or that its tests use prepares a test, it is no stage."""
    kinds = {atom.kind for atom in found}
    if job.target is not None or kinds & {"deploy", "promote"}:
        return found
    scratch = (
        bool(job.services)
        or bool(kinds & {"test", "verify"})
        or "test" in re.split(r"[^a-z]+", job.key.lower())
    )
    return [
        replace(atom, kind=None)
        if atom.kind == "migrate"
        and (
            scratch
            or _SCRATCH.search(" ".join((atom.text, *atom.step.variables.values(), *job.variables.values())))
        )
        else atom
        for atom in found
    ]


_BENEATH = regex(
    r"infra|terraform|tofu|pulumi|network|cluster|bootstrap|foundation|\bdns\b|\biam\b", re.IGNORECASE
)


def _provisioning(found: list[Atom], job: CiJob, pipeline: str) -> list[Atom]:
    """In a job that is called a deployment and deploys by nothing else, applying infrastructure code is the deployment."""
    if any(atom.kind in {"deploy", "promote"} for atom in found):
        return found
    names = [name for name in (job.key, job.name, pipeline) if name]
    if not any(kind_of_name(name) == "deploy" for name in names) or any(
        _BENEATH.search(name) for name in names
    ):
        return found
    return [
        replace(atom, kind="deploy", named=atom.named) if atom.kind == "provision" else atom for atom in found
    ]


_TESTS = regex(r"(?:^|[\s/])(?:tests?|specs?)/[\w./-]+\.(?:sh|bash|py|rb|js|ts|pl)(?=\s|$)")
"""A program in a folder of tests is one, whatever the job is called: the tests of a deployment's scripts, say."""


def _name_says(
    atom: Atom, job: CiJob, kinds: set[StageKind | None], pipeline: str
) -> tuple[StageKind | None, str]:
    if atom.kind is not None:
        return None, ""
    if atom.step.uses is not None and atom.act.makes != "handover":
        return _remote(atom, job)
    if atom.act.weak and atom.act.kind is not None and atom.act.kind != "verify":
        wanted = {kind_of_name(atom.step.name), kind_of_name(job.key), kind_of_name(job.name)}
        if job.target is not None and starts_here(invocation(atom.text)):
            wanted.add("deploy")
        believed = atom.act.kind in wanted and (atom.act.kind == "test" or atom.act.kind not in kinds)
        return (atom.act.kind, "") if believed else (None, "")
    if atom.act.makes or atom.act.weak:
        return None, ""
    script = script_name(atom.text)
    told = _told(atom, job, script, pipeline)
    if told is not None:
        return told
    if not _own_program(atom, script) or ("provision" in kinds and kind_of_name(script) is None):
        return None, ""
    kind = kind_of_name(script)
    spoken = {kind_of_name(job.key), kind_of_name(job.name), kind_of_name(atom.step.name)}
    if kind in _NAMED and (kind != "migrate" or spoken & {"migrate", "deploy"}):
        return kind, f"the name of what it runs, {script!r}"
    return _named_for(atom, job, kinds)


def _named_for(atom: Atom, job: CiJob, kinds: set[StageKind | None]) -> tuple[StageKind | None, str]:
    for name, what in ((atom.step.name, "step"), (job.name or job.key, "job"), (job.key, "job")):
        kind = None if SETUP.search(name) and what == "step" else kind_of_name(name)
        if kind in _NAMED and kind != "publish" and kind not in kinds:
            return kind, f"the name of its {what}, {name!r}"
    return None, ""


def _of_deployer(called: tuple[str, ...]) -> tuple[StageKind | None, str]:
    """Return what else a program that deployed in this job is told: to look at what it put there, or to take it back."""
    kind = kind_of_name(" ".join(called[1:2]))
    found: StageKind | None = kind if kind == "verify" or kind == "rollback" else None
    return found, f"what it tells {called[0]!r} to do"


def _told(atom: Atom, job: CiJob, script: str, pipeline: str) -> tuple[StageKind, str] | None:
    """Return what a program is told to do, or what its folder makes of it, whatever else the job is called."""
    called = invocation(atom.text)
    spoken = {kind_of_name(name) for name in (job.key, job.name, pipeline)}
    deploys = job.target is not None or ("deploy" in spoken and "test" not in spoken)
    if called[1:2] == ("deploy",) and deploys:
        return "deploy", f"what it tells {called[0]!r} to do"
    if script and _TESTS.search(atom.text):
        return "test", f"the folder of what it runs, {script!r}"
    return None


def _own_program(atom: Atom, script: str) -> bool:
    """Say whether a command runs a program of the repository's own that may be more than set-up."""
    called = invocation(atom.text)
    if not called or atom.text.startswith("$(") or called[-1] in {"--version", "--help", "version"}:
        return False
    known = (called[0] in SCRIPTY and bool(script)) or "/" in called[0] or called[0].endswith(".sh")
    return known and not (script and SETUP.search(script))


def _remote(atom: Atom, job: CiJob) -> tuple[StageKind | None, str]:
    """A workflow, orb or template that is kept elsewhere does what its name or the job's says, as far as we can see."""
    uses = atom.step.uses or ""
    if not atom.step.remote or atom.act.kind is not None:
        return None, ""
    tail = uses.partition("@")[0].rpartition("/")[2]
    names = (tail, job.key, job.name) if atom.step.name else (tail,)
    told: list[tuple[StageKind, str]] = []
    for name in names:
        kind = kind_of_name(name.removesuffix(".yml").removesuffix(".yaml"))
        if kind is not None and kind in _NAMED and not (kind == "publish" and re.search(r"docs?\b", name)):
            told.append((kind, name))
    if not told:
        return None, ""
    packages = next((one for one in told if one[0] == "package"), None)
    best = packages if packages is not None and told[0][0] == "build" else told[0]
    return best[0], f"the name of what it calls, {best[1]!r}"


def _joined(found: list[Atom]) -> Iterator[Atom]:
    """Let scans and attestations of the image that a job packages be part of packaging it."""
    packages = any(atom.kind == "package" and atom.act.makes == "image" for atom in found)
    for atom in found:
        if (
            packages
            and atom.kind == "analyze"
            and atom.act.check is not None
            and atom.act.check.gate == "image-scan"
        ):
            yield replace(atom, kind="package")
        else:
            yield atom
