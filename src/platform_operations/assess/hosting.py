"""What a repository's hosting says about it: GitHub's answers on environments and branch protection, saved as JSON.

    gh api repos/OWNER/NAME/environments > hosting.json
    gh api repos/OWNER/NAME/branches/main/protection >> hosting.json

A file may hold several answers one after the other. They become answers to questions, on the user's word: the file
is the user's, and nobody else has seen the settings.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from platform_operations.assess.ci.names import kebab
from platform_operations.errors import InputError
from platform_operations.model.plan import Plan

MOST_ANSWERS = 20
MOST_ROWS = 500
LONGEST_NAME = 200

_Name = Annotated[str, Field(max_length=LONGEST_NAME)]


class _Answer(BaseModel):
    """Part of an answer: what the hosting says beside it is of no interest here."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Reviewer(_Answer):
    type: Literal["User", "Team"]
    reviewer: dict[str, Any]


class _ProtectionRule(_Answer):
    type: _Name
    reviewers: Annotated[tuple[_Reviewer, ...], Field(max_length=MOST_ROWS)] = ()


class _Environment(_Answer):
    name: _Name
    protection_rules: Annotated[tuple[_ProtectionRule, ...], Field(max_length=MOST_ROWS)] = ()


class _Environments(_Answer):
    environments: Annotated[tuple[_Environment, ...], Field(max_length=MOST_ROWS)]


class _Check(_Answer):
    context: _Name


class _RequiredChecks(_Answer):
    contexts: Annotated[tuple[_Name, ...], Field(max_length=MOST_ROWS)] = ()
    checks: Annotated[tuple[_Check, ...], Field(max_length=MOST_ROWS)] = ()


class _Protection(_Answer):
    required_status_checks: _RequiredChecks | None = None


class Hosting(NamedTuple):
    """What the hosting answered.

    `reviewers`: who must approve a deployment, by environment, empty where nobody must. `checks`: the status checks
    that the default branch requires, None where the hosting was not asked.
    """

    reviewers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    checks: tuple[str, ...] | None = None

    def with_all_of(self, other: "Hosting") -> "Hosting":
        """Return both answers as one; of two on the same thing the later holds."""
        reviewers = tuple((dict(self.reviewers) | dict(other.reviewers)).items())
        return Hosting(reviewers, self.checks if other.checks is None else other.checks)


def read_hosting(text: str, name: str) -> Hosting:
    """Return what the answers in a text say.

    Raises:
        InputError: it is no JSON, or holds anything but answers on environments and branch protection.
    """
    hosting = Hosting()
    for document in _documents(text, name):
        hosting = hosting.with_all_of(_one(document, name))
    return hosting


def _documents(text: str, name: str) -> Iterator[Any]:
    decoder, at, found = json.JSONDecoder(), 0, 0
    text = text.strip()
    while at < len(text):
        try:
            document, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise InputError(f"facts file {name!r} is no JSON: {error}") from None
        found += 1
        if found > MOST_ANSWERS:
            raise InputError(f"facts file {name!r} holds more than {MOST_ANSWERS} answers")
        yield document
        while at < len(text) and text[at].isspace():
            at += 1
    if not found:
        raise InputError(f"facts file {name!r} is empty")


def _one(document: Any, name: str) -> Hosting:
    keys = cast("dict[str, Any]", document).keys() if isinstance(document, dict) else frozenset[str]()
    try:
        if "environments" in keys:
            rows = _Environments.model_validate(document).environments
            return Hosting(reviewers=tuple((row.name, tuple(_reviewers(row))) for row in rows))
        if keys & {"required_status_checks", "required_pull_request_reviews", "enforce_admins"}:
            required = _Protection.model_validate(document).required_status_checks
            checks = (*required.contexts, *(row.context for row in required.checks)) if required else ()
            return Hosting(checks=tuple(dict.fromkeys(checks)))
    except ValidationError as error:
        row = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, row["loc"]))
        raise InputError(f"facts file {name!r} cannot be used: {at}: {row['msg']}") from None
    raise InputError(
        f"facts file {name!r} holds no answer on environments or branch protection; save one with"
        " `gh api repos/OWNER/NAME/environments` or `gh api repos/OWNER/NAME/branches/BRANCH/protection`"
    )


def _reviewers(row: _Environment) -> Iterator[str]:
    for rule in row.protection_rules:
        for found in rule.reviewers if rule.type == "required_reviewers" else ():
            name = found.reviewer.get("slug") or found.reviewer.get("login")
            yield name[:LONGEST_NAME] if isinstance(name, str) else found.type.lower()


def hosting_answers(hosting: Hosting, today: Plan) -> tuple[tuple[str, str], ...]:
    """Return the answers, as (SUBJECT#ASPECT, value), that the hosting gives to questions about today's plan.

    An environment is approved by its required reviewers, and by nobody where it has none. A pipeline that starts on
    the default branch is guarded by the stages whose checks are required and can fail: a job's id or name is what
    GitHub calls a check.
    """
    return tuple(sorted((*_approvals(hosting, today), *_guarded(hosting, today))))


def _approvals(hosting: Hosting, today: Plan) -> Iterable[tuple[str, str]]:
    known = {place.id for place in today.environments}
    for name, reviewers in hosting.reviewers:
        if kebab(name) in known:
            yield f"environments/{kebab(name)}#approval", "yes" if reviewers else "no"


def _guarded(hosting: Hosting, today: Plan) -> Iterable[tuple[str, str]]:
    if hosting.checks is None:
        return
    required = {kebab(part) for check in hosting.checks for part in (check, check.rpartition("/")[2])}
    held = {
        gate.stage for gate in today.quality_gates if gate.blocking and _names(gate.stage, today) & required
    }
    for pipeline in today.pipelines:
        if "push-default-branch" in pipeline.triggers and held:
            yield f"pipelines/{pipeline.id}#required-checks", ", ".join(sorted(held))


def _names(stage_id: str, today: Plan) -> set[str]:
    """Return what the check of a stage's job may be called: its id is the job's, after the pipeline's where two collide."""
    pipeline = next((stage.pipeline for stage in today.pipeline_stages if stage.id == stage_id), "")
    return {stage_id, stage_id.removeprefix(f"{pipeline}-")}
