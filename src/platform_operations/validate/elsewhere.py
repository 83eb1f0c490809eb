"""What a stage of today leaves to another repository, so that nobody here can say how it is done."""

from platform_operations.model.delivery import Stage
from platform_operations.validate.rule import Review

_CALLED = ("remote-workflow", "remote-orb", "remote-include", "remote-template")


def called_elsewhere(review: Review, stage: Stage) -> tuple[str, str] | None:
    """Return the (subject, aspect) that nobody could see where a stage does nothing but call what is kept elsewhere."""
    if not stage.runs or stage.origin != "existing":
        return None
    for aspect in _CALLED:
        fact = review.fact(f"pipelines/{stage.pipeline}", aspect)
        told = (fact.value or "") if fact is not None and fact.outcome == "unknown" else ""
        if told and all(run.startswith("uses ") and run.removeprefix("uses ") in told for run in stage.runs):
            return f"pipelines/{stage.pipeline}", aspect
    return None
