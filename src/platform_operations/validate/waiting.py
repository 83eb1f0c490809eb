"""Whether a stage that says it waits for the new version has a command that does."""

from platform_operations.model.delivery import Stage
from platform_operations.patterns import regex
from platform_operations.platforms import PLATFORMS
from platform_operations.validate.idling import told
from platform_operations.validate.rule import Review

_WAITING = regex(
    r"(?<![\w-])(status|wait|watch|until|stable|--wait\S*|--atomic|--watch|--timeout\S*|--rollback-on-failure)(?![\w])"
)
_WATCHABLE = ("kubernetes-", "argo-rollouts-", "helm-", "ecs-")
"""Actions that hand a new version over; another command tells when it is up."""


def waits_in_deed(review: Review, stage: Stage) -> bool:
    """Return whether the commands of a stage wait, where its action needs a command for that.

    What the assessment read of today's stage stays as it was read, and an action's own inputs are not seen here.
    """
    today = review.as_is.by_name.get(f"pipelineStages/{stage.id}") if review.as_is is not None else None
    read = isinstance(today, Stage) and today.waits and today.runs == stage.runs
    waiting = [one for one in told(stage.runs) if _WAITING.search(one.text)]
    if not (review.today or read) and waiting and all(one.hidden is not None for one in waiting):
        return False
    name = stage.action or ""
    action = next((found.actions[name] for found in PLATFORMS if name in found.actions), None)
    if review.today or read or action is None or not name.startswith(_WATCHABLE):
        return True
    needed = not action.waits or any(_WAITING.search(line) for line in action.commands)
    waits = bool(waiting) or any(line.startswith("uses ") for line in stage.runs)
    return waits or not needed or not stage.runs
