"""The neutral job graph: what every CI system's reader gives, before jobs are split into stages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

from platform_operations.assess.ci.shell import Command
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import Trigger
from platform_operations.repository import Repository

Words: TypeAlias = Mapping[str, str]
NOTHING: Words = MappingProxyType({})
When: TypeAlias = Literal["success", "always", "failure"]


def nothing_set() -> Words:
    """Return no settings."""
    return NOTHING


class Place(NamedTuple):
    """Lines of a file."""

    path: str
    first: int
    last: int

    @property
    def uri(self) -> str:
        """The `repo:` URI of these lines."""
        return repo_uri(self.path, self.first, self.last)


@dataclass(frozen=True, slots=True)
class CiStep:
    """One step of a job: commands, or a named unit of the CI system (an action, an orb command, a task).

    `uses` is OWNER/NAME@REF or the unit's name, `inputs` what it is given; `tolerant` is where the step is allowed to
    fail; `approval` says that a person decides here; `via` are the lines elsewhere that call what holds the
    step; a `remote` unit is kept outside the repository, so only its name speaks;
    `shown` is what stands in the file where `commands` only say what it amounts to.
    """

    place: Place
    commands: tuple[Command, ...] = ()
    uses: str | None = None
    inputs: Words = field(default_factory=nothing_set)
    name: str = ""
    id: str | None = None
    when: When = "success"
    condition: str = ""
    tolerant: Place | None = None
    folder: str = ""
    variables: Words = field(default_factory=nothing_set)
    approval: bool = False
    via: tuple[Place, ...] = ()
    remote: bool = False
    shown: str = ""


class Target(NamedTuple):
    """The environment that a job names itself."""

    name: str
    place: Place
    url: str | None = None


@dataclass(frozen=True, slots=True)
class CiJob:
    """One job. `needs` must succeed first, `optional` are waited for whatever their outcome.

    `outputs` are what later jobs read of it, `axes` the literal lists it is repeated over, `branches` the names its
    conditions ask for (`tag` for any tag).
    """

    key: str
    place: Place
    steps: tuple[CiStep, ...]
    name: str = ""
    needs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    when: When = "success"
    condition: str = ""
    target: Target | None = None
    tolerant: Place | None = None
    outputs: Words = field(default_factory=nothing_set)
    variables: Words = field(default_factory=nothing_set)
    retries: Place | None = None
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CiPipeline:
    """One pipeline: what starts it and its jobs.

    `after` are the ids or names of pipelines that it follows, with whether their success is required. `names` are what
    others may call it. `pipefail` says whether a failure inside a pipe stops a script.
    """

    id: str
    place: Place
    triggers: tuple[Trigger, ...]
    jobs: tuple[CiJob, ...]
    name: str = ""
    after: tuple[tuple[str, bool], ...] = ()
    names: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    variables: Words = field(default_factory=nothing_set)


class Reading(NamedTuple):
    """What a CI system's files say."""

    evidence: tuple[str, ...] = ()
    pipelines: tuple[CiPipeline, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class CiSystem:
    """One CI system. `read` gives None where the repository does not use it."""

    id: str
    read: Callable[[Repository], Reading | None]
    title: str = ""


def unreadable(path: str, line: int, reason: str) -> Fact:
    """Return the fact that a file could not be read, and why."""
    return Fact(
        subject=f"file:{path}",
        aspect="readable",
        outcome="unknown",
        reason=f"line {line}: {reason}",
        evidence=(repo_uri(path, line, line),),
    )
