"""A plan through every renderer that has something to do for it."""

from collections.abc import Sequence
from itertools import pairwise

from platform_operations.deliver.renderers import RENDERERS
from platform_operations.errors import DefectError, InputError
from platform_operations.model.artifact import Rendering
from platform_operations.model.plan import Plan


def render(plan: Plan, kinds: Sequence[str] = ()) -> Rendering:
    """Return the files of a plan, sorted by path, and what could not be rendered; all kinds where none is named.

    The plan is taken as valid: whoever writes the files has validated it.

    Raises:
        InputError: there is no such kind.
    """
    unknown = sorted(set(kinds) - set(RENDERERS))
    if unknown:
        raise InputError(f"there is no kind of artifact {unknown[0]!r}; known: {', '.join(RENDERERS)}")
    made = [
        one.render(plan) for one in RENDERERS.values() if (not kinds or one.id in kinds) and one.applies(plan)
    ]
    artifacts = sorted((file for part in made for file in part.artifacts), key=lambda file: file.path)
    for first, second in pairwise(artifacts):
        if first.path == second.path:
            raise DefectError(f"{first.kind} and {second.kind} both write {first.path!r}")
    return Rendering(tuple(artifacts), tuple(row for part in made for row in part.left_out))
