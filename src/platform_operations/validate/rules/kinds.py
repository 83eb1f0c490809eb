"""What a stage is called and what its commands do: a release by another name is one all the same."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from platform_operations.model.delivery import Stage
from platform_operations.model.words import RELEASING
from platform_operations.platforms import PLATFORMS
from platform_operations.platforms.reading.commands import begins, invocation
from platform_operations.validate.compose.parties import REGISTRIES
from platform_operations.validate.compose.systems import COMMITS
from platform_operations.validate.edits import amend
from platform_operations.validate.graph import LOWER_KINDS
from platform_operations.validate.idling import told
from platform_operations.validate.rule import Review, Violation, rule

_LOOKS_ONLY = frozenset({"wait", "status", "build", "edit", "cp", "app", "reconcile"})
_MAKERS = frozenset({"build", "package"})
_OTHERWISE = frozenset({*RELEASING, "rollback", "migrate"})


@rule("truth")
def stage_kind_contradicted(review: Review) -> Iterator[Violation]:
    """A stage is called a test, a check or a build, and its command changes what users meet."""
    for stage in review.plan.pipeline_stages if not review.today else ():
        place = review.graph.place(stage)
        if stage.origin == "existing" or (place and place.kind in LOWER_KINDS):
            continue
        if stage.kind in {"rollback", "migrate"}:
            yield from _forward(review, stage)
        if stage.kind in _OTHERWISE:
            continue
        found = next(
            (
                word
                for line in stage.runs
                if (word := _released_by(line, stage)) and line not in _today(review, stage.kind)
            ),
            None,
        )
        if found:
            yield Violation(
                ("pipelineStages", stage.id, "kind"),
                f"{stage.id!r} is called {stage.kind}, and its command does {found}: it changes what users meet",
                allowed=tuple(sorted(RELEASING)),
            )


_RELEASES = (
    " set image ",
    "argocd app sync",
    "rollouts promote",
    "vercel promote",
    "ecs update-service",
    "docker stack deploy",
    "sam deploy",
)
_NEW = ("$IMAGE_DIGEST", "${IMAGE_DIGEST", *COMMITS)
_MIGRATING = (
    "alembic upgrade",
    "migrate deploy",
    "manage.py migrate",
    "rails db:migrate",
    "rake db:migrate",
    "db:migrate",
    "flyway migrate",
    "liquibase update",
    "supabase db push",
    "goose up",
    "migrate up",
    "dbmate up",
    "ef database update",
)


def _forward(review: Review, stage: Stage) -> Iterator[Violation]:
    """Yield where a way back goes on: it migrates, releases what was built just now, or publishes; or a migration releases."""
    known = _today(review, stage.kind)
    lines = [line for line in stage.runs if line not in known]
    migrates = stage.kind == "rollback"
    words = _MIGRATING if migrates else _RELEASES
    found = next((word for line in lines for word in words if word in line), None)
    given = [
        line for line in lines if migrates and any(word in line for word in (*_RELEASES, "helm upgrade"))
    ]
    found = found or next((word for line in given for word in _NEW if word in line), None)
    found = found or next((word for line in lines if migrates and (word := _published(line))), None)
    if found:
        does = "goes on with" if migrates else "releases by"
        yield Violation(
            ("pipelineStages", stage.id, "kind"),
            f"{stage.id!r} is called {stage.kind}, and {does} {found!r}",
            allowed=tuple(sorted({*RELEASING, "migrate"} - {stage.kind})),
        )


def _published(line: str) -> str | None:
    """Return what a line publishes to a registry."""
    words = (_word(one.text, "rollback") for one in told((line,)))
    publishing = {"npm-publish", "pypi-publish", "cargo-publish", "gem-push", "nuget-push", "github-release"}
    return next((word for word in words if word in publishing), None)


def _today(review: Review, kind: str) -> frozenset[str]:
    """Return the lines of today's stages of a kind: what the assessment reads as a test is one wherever it runs."""
    stages = review.as_is.pipeline_stages if review.as_is is not None else ()
    return frozenset(line for stage in stages if stage.kind == kind for line in stage.runs)


def _released_by(line: str, stage: Stage) -> str | None:
    """Return the platform's word for what a line of a stage releases, None where it releases nothing."""
    if "--dry-run" in line or "kind create" in line:
        return None
    return next((word for one in told((line,)) if (word := _word(one.text, stage.kind))), None)


@lru_cache(maxsize=4096)
def _word(command: str, kind: str) -> str | None:
    called = invocation(command)
    rows = _releasing().get(called[0], ()) if called else ()
    return next(
        (
            word
            for word, pattern, place, kinds in rows
            if kind not in kinds and not (kind in _MAKERS and place == REGISTRIES) and begins(called, pattern)
        ),
        None,
    )


@lru_cache(maxsize=1)
def _releasing() -> Mapping[str, tuple[tuple[str, str, str, frozenset[str]], ...]]:
    """Return by program the commands that release: word, beginning, platform, and the kinds that the word is for."""
    found: dict[str, list[tuple[str, str, str, frozenset[str]]]] = {}
    for place in PLATFORMS:
        for word, action in place.actions.items() if place.id != "docker" else ():
            for seen in action.seen if RELEASING & set(action.kinds) else ():
                pattern = " ".join(invocation(seen))
                words = pattern.split()
                if len(words) > 1 and not _LOOKS_ONLY & set(words):
                    found.setdefault(words[0], []).append((word, pattern, place.id, frozenset(action.kinds)))
    return {program: tuple(rows) for program, rows in found.items()}


@rule("truth")
def exposure_contradicted(review: Review) -> Iterator[Violation]:
    """A release says that nobody meets it, and nothing after it lets anybody in."""
    for stage in review.graph.releases if not review.today else ():
        if stage.exposure not in {"none", "internal"} or stage.origin == "existing":
            continue
        if (before := _before(review, stage)) is not None and before.exposure == stage.exposure:
            continue
        yield Violation(
            ("pipelineStages", stage.id, "exposure"),
            f"{stage.id!r} is said to meet {'nobody' if stage.exposure == 'none' else 'the team only'}, and no later "
            f"stage gives what it puts into {stage.environment} to anyone: users meet it",
            repair=lambda plan, name=stage.id: amend(plan, "pipelineStages", name, exposure="full"),
            allowed=("full", "partial"),
        )


def _before(review: Review, stage: Stage) -> Stage | None:
    return review.graph_today.stages.get(stage.id) if review.graph_today is not None else None
