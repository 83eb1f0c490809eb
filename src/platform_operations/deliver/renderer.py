"""What a renderer is: one kind of file, made from a plan and from nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

from platform_operations.model.artifact import Rendering
from platform_operations.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Renderer:
    """Makes the files of one kind.

    `id` is the module's name in kebab-case and names the page reference/artifacts/ID.md. `applies` says whether a
    plan has anything for it; `render` is called only then, and reads no disk, network or clock.
    """

    id: str
    applies: Callable[[Plan], bool]
    render: Callable[[Plan], Rendering]
