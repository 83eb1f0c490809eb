"""A job's acts, settled by what stands around them: names of jobs and steps, what else the job does, what is shipped."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, TypeAlias

from platform_operations.assess.ci.acts import NOTHING_DONE
from platform_operations.assess.ci.atoms import MAX_ATOMS, NAMED, TESTS, Atom, atoms_of_step, tamed
from platform_operations.assess.ci.follow import script_name
from platform_operations.assess.ci.jobs import CiJob
from platform_operations.assess.ci.kinds import is_journey, kind_of_name, needs_local_cluster, starts_here
from platform_operations.assess.ci.remotely import SETUP
from platform_operations.assess.ci.tables import SCRIPTY
from platform_operations.model.words import StageKind
from platform_operations.patterns import regex
from platform_operations.platforms.reading.commands import invocation
from platform_operations.repository import Repository

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


def atoms_of(
    job: CiJob, repository: Repository, pipeline: str = "", *, ships: Ships = "site"
) -> tuple[Atom, ...]:
    """Return what a job does, command by command, in order.

    `pipeline` is the pipeline's name. Publishing pages is a release of what `ships` a site; elsewhere it is
    documentation, beside a service where the words say so.
    """
    found: list[Atom] = []
    for step in job.steps:
        found.extend(atoms_of_step(step, repository))
        if len(found) >= MAX_ATOMS:
            break
    local = needs_local_cluster(text for atom in found for text in (atom.text, *atom.runs))
    settled = [tamed(atom) for atom in found] if local else found
    around = " ".join((pipeline, job.key, job.name))
    settled = [
        replace(atom, kind=None, act=NOTHING_DONE) if _aside(atom, around, ships) else atom
        for atom in settled
    ]
    return tuple(_joined(_provisioning(_migrating(_named(settled, job, pipeline), job), job, pipeline)))


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
    """In a job that deploys by nothing else, applying infrastructure code is the deployment.

    The job is called one, or acts on an environment and is told which image to run there.
    """
    if any(atom.kind in {"deploy", "promote"} for atom in found):
        return found
    names = [name for name in (job.key, job.name, pipeline) if name]
    called = any(kind_of_name(name) == "deploy" for name in names)
    told = job.target is not None and any(_told_an_image(atom) for atom in found)
    if not (called or told) or any(_BENEATH.search(name) for name in names):
        return found
    return [
        replace(atom, kind="deploy", named=atom.named) if atom.kind == "provision" else atom for atom in found
    ]


_IMAGE_GIVEN = regex(r"(?:-var[ =][\"']?|TF_VAR_)\w*image\w*[\"']?=", re.IGNORECASE)
_IMAGE_NAMED = regex(r"(?:[A-Z0-9]+_)*IMAGE(?:_(?:ID|TAG|URI|URL|DIGEST|NAME|VERSION|SHA))?")


def _told_an_image(atom: Atom) -> bool:
    given = atom.step.variables
    if "plan" not in atom.text and "apply" not in atom.text:
        return False
    return _IMAGE_GIVEN.search(atom.text) is not None or any(
        _IMAGE_NAMED.fullmatch(name.removeprefix("TF_VAR_").upper()) for name in given
    )


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
    if kind in NAMED and (kind != "migrate" or spoken & {"migrate", "deploy"}):
        return kind, f"the name of what it runs, {script!r}"
    return _named_for(atom, job, kinds)


def _named_for(atom: Atom, job: CiJob, kinds: set[StageKind | None]) -> tuple[StageKind | None, str]:
    for name, what in ((atom.step.name, "step"), (job.name or job.key, "job"), (job.key, "job")):
        kind = None if SETUP.search(name) and what == "step" else kind_of_name(name)
        if kind in NAMED and kind != "publish" and kind not in kinds:
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
    if script and TESTS.search(atom.text):
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
        if kind is not None and kind in NAMED and not (kind == "publish" and re.search(r"docs?\b", name)):
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
