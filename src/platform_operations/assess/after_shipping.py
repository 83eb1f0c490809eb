"""Where a pipeline's text has something shipped before a line that speaks of a check: titles and heads ship nothing."""

import re
from collections.abc import Iterator

from platform_operations.assess.wording import Wording
from platform_operations.patterns import regex

_LOCAL = regex(r"localhost|127\.0\.0\.1|docker[ -]compose|docker run|kind create|minikube|0\.0\.0\.0")
_AFTER = Wording(
    r"^\s*(?:-\s+)?(?:uses|name|run|script|command|template|task|displayName|stage|environment|[\w-]*deploy[\w-]*)\s*:.*(?:deploy|rollout|release to)"
    r"|^\s*[\w-]*deploy[\w-]*\s*:|helm upgrade|kubectl (?:apply|set)|(?:terraform|terragrunt)(?: [\w-]+)* apply|pulumi up|(?:sst|cdk|sam|serverless|sls|fly|flyctl|wrangler|eb) deploy|gcloud (?:run|app|functions) deploy|aws ecs|aws lambda update|argocd app sync|\bdeploy\b.*--|goreleaser|withPipeline"
    r"|deployment_status|workflow_run|^\s*-?\s*environment\s*:",
)
"""What ships stands before what checks it."""

_AFTER_BY_NAME = regex(r"post-?_?deploy|after-?deploy|deploy-pr(?![a-z])|deploy[-_]check", re.IGNORECASE)
_JOURNEYS = regex(
    r"(?:integration|e2e|end-?to-?end|acceptance|functional|journey|regression|cypress|playwright|api|ui)[-_ ]?tests?",
    re.IGNORECASE,
)
_JOURNEY_JOB = regex(
    r"^\s+(?:[\w.]+[-_])*(?:e2e|smoke|acceptance|cypress|playwright)(?:[-_][\w.]+)*\s*:\s*$", re.IGNORECASE
)
_JOB = regex(r"^(\s+)(?:-\s+)?[\w./-]+\s*:\s*$")
_NEEDS = regex(r"^\s*(?:needs|requires|depends_on|dependsOn)\s*:(.*)$")


def waits_for_a_deploy(rows: list[str], number: int) -> bool:
    """Whether a job of tests of whole journeys begins here, and begins after a job that deploys."""
    head = _JOB.match(rows[number - 1])
    if head is None or not (_JOURNEYS.search(rows[number - 1]) or _JOURNEY_JOB.match(rows[number - 1])):
        return False
    needed = 0
    for row in rows[number : number + 30]:
        if row.strip() and len(row) - len(row.lstrip()) <= len(head[1]):
            return False
        needs = _NEEDS.match(row)
        needed = 8 if needs else needed - 1
        if needed >= 0 and re.search(
            r"deploy", needs[1] if needs else row if row.lstrip().startswith("-") else ""
        ):
            return not _here(rows, number)
    return False


_OF_A_BUILD = regex(r"^\s*(?:-\s+)?(?:pre|post)[-_]?build\w*\s*:", re.IGNORECASE)
"""What runs before or after a build, told to what builds: nothing is deployed yet."""


def checks_what_shipped(path: str, rows: list[str], number: int) -> bool:
    """Whether a line that speaks of a check stands after what shipped, and looks at no container of the runner's own."""
    if _OF_A_BUILD.match(rows[number - 1]):
        return False
    if _AFTER_BY_NAME.search(rows[number - 1]):
        return not _here(rows, number)
    if path.startswith(".circleci/") or ".gitlab" in path:
        return False
    shipped = _AFTER_BY_NAME.search(path) is not None or any(
        _AFTER.stands_in(row) for row in _done_before(rows, number)
    )
    return shipped and not _here(rows, number)


_TITLE = regex(r"^(?:run-)?name\s*:")
_HEAD = regex(r"^\s*[\w./-]+\s*:\s*$")


def _done_before(rows: list[str], number: int) -> Iterator[str]:
    """Yield the lines before one, without what is only its own title: that of the workflow, and those of the job it is in."""
    inside = len(rows[number - 1]) - len(rows[number - 1].lstrip())
    for row in reversed(rows[: number - 1]):
        bare = row.lstrip()
        if not bare or bare.startswith("#"):
            continue
        indent = len(row) - len(bare)
        around = indent < inside and _HEAD.match(row) is not None
        inside = min(inside, indent)
        if not around and not _TITLE.match(row):
            yield row


def _here(rows: list[str], number: int) -> bool:
    """Whether what is tested was started by the job itself: a container or server on the runner."""
    return any(_LOCAL.search(row) for row in rows[max(0, number - 12) : number + 14])
