"""What a plan becomes: files with the reason for each entry that could not become one."""

from typing import NamedTuple


class Artifact(NamedTuple):
    """A rendered file: its path below the output folder, with slashes, and its text ended by one LF.

    `kind` is the id of the renderer that made it.
    """

    path: str
    kind: str
    text: str


class LeftOut(NamedTuple):
    """An entry of the plan (`section/id`) that a renderer could not turn into its kind of file, and why."""

    kind: str
    entry: str
    reason: str


class Rendering(NamedTuple):
    """The files of a plan and what they lack."""

    artifacts: tuple[Artifact, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
