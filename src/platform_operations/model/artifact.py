"""What a plan becomes: files with the reason for each entry that could not become one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """A rendered file: its path below the output folder, with slashes, and its text ended by one LF.

    `kind` is the id of the renderer that made it.
    """

    path: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry of the plan (`section/id`) that a renderer could not turn into its kind of file, and why."""

    kind: str
    entry: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """The files of a plan and what they lack."""

    artifacts: tuple[Artifact, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
