"""CI systems as commands meet them: what the commit is called, and how a later job gets what an earlier one recorded."""

from typing import NamedTuple

from platform_operations.model.delivery import Stage
from platform_operations.model.plan import Plan
from platform_operations.patterns import regex


class System(NamedTuple):
    """One CI system: the beginning of its files, how it writes the commit, what carries a file between jobs, what asks a person."""

    id: str
    files: tuple[str, ...]
    commit: str
    carries: str
    approval: str


SYSTEMS: tuple[System, ...] = (
    System(
        "GitHub Actions",
        (".github/",),
        "${{ github.sha }}",
        "actions/upload-artifact keeps it there, actions/download-artifact brings it into each job that reads it",
        "github-environment",
    ),
    System(
        "GitLab CI",
        (".gitlab-ci", ".gitlab/"),
        "$CI_COMMIT_SHA",
        "`artifacts: paths` keeps it there, jobs of later stages get it by themselves",
        "gitlab-environment",
    ),
    System(
        "CircleCI",
        (".circleci/",),
        "$CIRCLE_SHA1",
        "persist_to_workspace keeps it there, attach_workspace brings it into each job that reads it",
        "circleci-approval-job",
    ),
    System(
        "Jenkins",
        ("Jenkinsfile",),
        "$GIT_COMMIT",
        "`stash` keeps it there, `unstash` brings it to each later agent",
        "jenkins-input-step",
    ),
    System(
        "Azure Pipelines",
        ("azure-pipelines", ".azure"),
        "$(Build.SourceVersion)",
        "`publish` keeps it there, `download: current` brings it into each job that reads it",
        "azure-environment-approval",
    ),
    System(
        "Buildkite",
        (".buildkite/",),
        "$BUILDKITE_COMMIT",
        "`buildkite-agent artifact upload` keeps it there, `artifact download` brings it into each step that reads it",
        "buildkite-block-step",
    ),
    System(
        "Bitbucket Pipelines",
        ("bitbucket-pipelines",),
        "$BITBUCKET_COMMIT",
        "`artifacts` keeps it there, later steps get it by themselves",
        "bitbucket-manual-step",
    ),
)
ANY = System(
    "the CI system",
    (),
    "$COMMIT",
    "a step has to keep it and another to bring it into each job that reads it",
    "manual-approval",
)

COMMITS = (
    *(system.commit for system in SYSTEMS), "${CI_COMMIT_SHA}", "$CI_COMMIT_SHORT_SHA", "$GITHUB_SHA", "${GITHUB_SHA}",
    "${{ github.event.pull_request.head.sha }}", "${CIRCLE_SHA1}", "${GIT_COMMIT}", "${BUILDKITE_COMMIT}",
    "${BITBUCKET_COMMIT}", "$(Build.BuildId)", "$COMMIT", "$(git rev-parse HEAD)", "$(git rev-parse --short HEAD)",
)  # fmt: skip
_FILE = regex(r"^repo:([^#]+)#")


def system_of(plan: Plan, pipeline: str | None) -> System:
    """Return the system that runs a pipeline, by its file; for a new one that of the others."""
    rows = sorted(plan.pipelines, key=lambda row: row.id != pipeline)
    for row in rows:
        for uri in row.evidence:
            found = _FILE.match(uri)
            path = found[1] if found else ""
            for system in SYSTEMS:
                if any(path.startswith(part) or f"/{part}" in path for part in system.files):
                    return system
    return ANY


def commit_in(stage: Stage) -> str | None:
    """Return how the commands of a stage write the commit, None where they do not name it."""
    named = [word for word in COMMITS if any(word in line for line in stage.runs)]
    return max(named, key=len, default=None)
