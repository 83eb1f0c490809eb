"""A step as acts in order: each command or action with what it does and the lines that show it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from platform_operations.assess.ci.acts import NOTHING_DONE, Act
from platform_operations.assess.ci.follow import Followed, follow, script_name
from platform_operations.assess.ci.jobs import CiStep, Place, Words, nothing_set
from platform_operations.assess.ci.kinds import (
    act_of_command,
    is_journey,
    kind_of_name,
)
from platform_operations.assess.ci.manifest_edits import SENDS, WRITES_IMAGE
from platform_operations.assess.ci.remotely import remote_kind
from platform_operations.assess.ci.settings import of_script
from platform_operations.assess.ci.shell import Command, commands
from platform_operations.assess.ci.uses import act_of_uses, deploys_by_name, starts_a_chore, wrapped_script
from platform_operations.model.words import RELEASING, StageKind
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_ATOMS = 400
MAX_RUN = 300

ATTESTING = frozenset({"sbom", "provenance", "signature"})
NAMED: frozenset[StageKind] = frozenset(
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


def atoms_of_step(step: CiStep, repository: Repository) -> Iterator[Atom]:
    """Yield what one step does, command by command, as far as its own words tell."""
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


_PROGRAM = regex(r"^[\"']?[\w./-]*\$\{?(\w+)\}?[\w./${}-]*")


def _filled(command: Command, step: CiStep) -> Command:
    """Return a command whose program is named by a variable with what the step sets for it: `bin/${NAME}_deploy.sh`."""
    if not _PROGRAM.match(command.text):
        return command
    given = {name: value for name, value in step.variables.items() if "$" not in value and " " not in value}
    program, space, rest = command.text.partition(" ")
    text = re.sub(r"\$\{?(\w+)\}?", lambda match: given.get(match[1]) or match[0], program) + space + rest
    return replace(command, text=text) if text != command.text else command


def _of_command(command: Command, step: CiStep, repository: Repository) -> Iterator[Atom]:
    place = Place(step.place.path, command.first, command.last)
    followed = follow(repository, _filled(command, step), step.folder)
    if followed is not None:
        given = followed.settings or of_script(followed.commands, command.text)
        inner = [_followed(command, place, followed, one, step, given) for one in followed.commands]
        inner = [tamed(atom) for atom in inner] if TESTS.search(command.text) else inner
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
        and kind_of_name(script_name(inner.text)) in NAMED
    ):
        kind = kind_of_name(script_name(inner.text))
        kind = "test" if kind == "verify" else kind
        act = replace(act, journey=is_journey(inner.text))
    return Atom(
        act, kind, inner.text, (outer.text[:MAX_RUN], inner.text[:MAX_RUN]), (place, there), step,
        outer.silenced or inner.silenced, folder=_folder(step, inner), body=inner.body, given=given,
        otherwise=followed.otherwise,
    )  # fmt: skip


def tamed(atom: Atom) -> Atom:
    """What is deployed to a cluster that the job itself starts is part of a test."""
    if atom.kind in {*RELEASING, "provision", "migrate", "rollback"} and atom.kind != "publish":
        return replace(
            atom, kind="test", act=replace(atom.act, kind="test", action=None, platform=None, makes="")
        )
    return atom


TESTS = regex(r"(?:^|[\s/])(?:tests?|specs?)/[\w./-]+\.(?:sh|bash|py|rb|js|ts|pl)(?=\s|$)")
"""A program in a folder of tests is one, whatever the job is called: the tests of a deployment's scripts, say."""
