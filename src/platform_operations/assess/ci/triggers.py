"""What starts a GitHub workflow, in the plan's words."""

import re
from fnmatch import fnmatchcase

from platform_operations.model.words import Trigger
from platform_operations.repository.yaml_lines import Node

_EVENTS: dict[str, Trigger] = {
    "pull_request": "pull-request", "pull_request_target": "pull-request", "merge_group": "merge-queue", "release": "release",
    "workflow_dispatch": "manual", "issue_comment": "manual", "schedule": "schedule", "workflow_run": "upstream",
    "workflow_call": "upstream", "repository_dispatch": "upstream", "deployment_status": "deployment-status",
    "deployment": "deployment-status", "create": "tag",
}  # fmt: skip
_ORDER: tuple[Trigger, ...] = (
    "pull-request", "merge-queue", "push-default-branch", "push-branch", "tag", "release", "manual", "schedule", "upstream",
    "deployment-status",
)  # fmt: skip


def events_of(on: Node | None) -> dict[str, Node | None]:
    """Return the events of `on`, each with its filters."""
    if on is None:
        return {}
    if on.kind == "text":
        return {on.text: None}
    if on.kind == "list":
        return {item.text: None for item in on.items if item.kind == "text"}
    return {key.text: value if value.kind == "map" else None for key, value in on.pairs}


def triggers_of(
    on: Node | None, default: frozenset[str]
) -> tuple[tuple[Trigger, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the triggers, the branches that a push filter names, and the paths it names."""
    found: set[Trigger] = set()
    branches: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    for event, filters in events_of(on).items():
        if event == "push":
            found |= _pushes(filters, default)
            branches = filters.strings("branches") if filters else ()
            paths = filters.strings("paths") if filters else ()
        elif event in _EVENTS:
            found.add(_EVENTS[event])
    return (
        tuple(word for word in _ORDER if word in found),
        tuple(one for one in branches if not re.search(r"[*!?]", one)),
        paths,
    )


def _pushes(filters: Node | None, default: frozenset[str]) -> set[Trigger]:
    if filters is None:
        return {"push-default-branch", "push-branch"}
    return branch_triggers(
        filters.strings("branches"), filters.strings("branches-ignore"), filters.strings("tags"), default,
        filtered=filters.get("branches") is not None, tagged=filters.get("tags") is not None or filters.get("tags-ignore") is not None,
    )  # fmt: skip


def branch_triggers(
    branches: tuple[str, ...],
    ignored: tuple[str, ...],
    tags: tuple[str, ...],
    default: frozenset[str],
    *,
    filtered: bool,
    tagged: bool,
) -> set[Trigger]:
    """Return what pushes start a pipeline whose filters name branches and tags."""
    found: set[Trigger] = set()
    if tags or tagged:
        found.add("tag")
    if filtered:
        wanted = [one for one in branches if not one.startswith("!")]
        if any(matches(pattern, branch) for pattern in wanted for branch in default):
            found.add("push-default-branch")
        if any(pattern not in default for pattern in wanted):
            found.add("push-branch")
    elif ignored:
        if not any(matches(pattern, branch) for pattern in ignored for branch in default):
            found.add("push-default-branch")
        found.add("push-branch")
    elif not tagged:
        found |= {"push-default-branch", "push-branch"}
    return found


def matches(pattern: str, branch: str) -> bool:
    """Say whether a branch filter lets a branch through."""
    return pattern == branch or fnmatchcase(branch, pattern.replace("**", "*"))
