"""The rollout: every difference from today in exactly one step, in an order that makes nothing worse."""

from collections import Counter
from collections.abc import Iterator

from platform_operations.model.difference import retired_entries
from platform_operations.model.plan import Plan
from platform_operations.validate.rule import Review, Violation, rule
from platform_operations.validate.structure import Reference, references


@rule("workflow")
def rollout_unordered(review: Review) -> Iterator[Violation]:
    """The rollout leaves a difference out, does it twice, or does a step before one that it comes after."""
    today = review.as_is
    if today is None or review.graph_today is None:
        return
    plan = review.plan
    planned = Counter(name for step in plan.rollout for name in step.implements)
    for name in plan.by_name:
        if planned[name] != 1 and review.differences.get(name, name):
            yield Violation(
                ("rollout",),
                f"{name} differs from today and is implemented by {planned[name] or 'no'} rollout "
                f"step{'s' if planned[name] > 1 else ''}",
            )
    spoken_of = {f"pipelineStages/{stage.id}" for stage in review.graph_today.releases}
    spoken_of |= {name for name in today.by_name if name.startswith(("components/", "environments/"))}
    retired = Counter(name for step in plan.rollout for name in step.retires)
    for name in retired_entries(plan, today):
        if retired[name] != 1 and name not in spoken_of:
            yield Violation(
                ("rollout",),
                f"{name} is there today and not in the plan, and {retired[name] or 'no'} rollout step "
                "retires it",
            )
    yield from _before_what_it_names(review, today)
    order = {step.id: step.order for step in plan.rollout}
    if [step.order for step in plan.rollout] != list(range(1, len(plan.rollout) + 1)):
        yield Violation(
            ("rollout",), "rollout steps are not numbered 1, 2, 3... in the order they are written"
        )
    for step in plan.rollout:
        late = [name for name in step.after if order.get(name, step.order) >= step.order]
        if late:
            yield Violation(
                ("rollout", step.id, "after"),
                f"rollout step {step.id!r} comes after {late[0]!r}, which is not before it",
            )


def _before_what_it_names(review: Review, today: Plan) -> Iterator[Violation]:
    """Yield where a step writes an entry that names one which only a later step brings."""
    position = {name: step.order for step in review.plan.rollout for name in step.implements}
    for section, entry_id, field, target, name in (*references(review.plan), *_signals(review.plan)):
        wanted = f"{target}/{name}"
        if target == "guards":
            wanted = next(
                (at for at in (f"pipelineStages/{name}", f"qualityGates/{name}") if at in position), ""
            )
        if wanted not in position or wanted in today.by_name:
            continue
        source = f"{section}/{entry_id}"
        if source in position and position[source] < position[wanted]:
            yield Violation(
                ("rollout",),
                f"step {position[source]} writes {source}, whose {field[0]} names {wanted} of step {position[wanted]}",
            )


def _signals(plan: Plan) -> Iterator[Reference]:
    """Yield what the triggers of the ways back listen to, as references."""
    homes = {"slo": "slos", "alert": "alerts", "stage": "pipelineStages"}
    for back in plan.rollback_plan:
        for trigger in back.triggers:
            kind, _, name = trigger.signal.partition(":")
            if kind in homes:
                yield ("rollbackPlan", back.id, ("triggers",), homes[kind], name)
