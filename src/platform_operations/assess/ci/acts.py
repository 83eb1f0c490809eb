"""What one command does, in the words of stages."""

from dataclasses import dataclass

from platform_operations.model.words import StageKind
from platform_operations.platforms.checks import Check


@dataclass(frozen=True, slots=True)
class Act:
    """What one command does. `kind` None: set-up, or nothing that is a stage.

    `makes` is what it makes, ships or reaches (image, bundle, package, archive, manifests, source, remote, a registry);
    `journey` a test that is a verification where it comes after a deployment; `weak` a kind that only a job's or step's
    name may confirm.
    """

    kind: StageKind | None = None
    makes: str = ""
    check: Check | None = None
    platform: str | None = None
    action: str | None = None
    waits: bool | None = None
    journey: bool = False
    weak: bool = False
    url: str | None = None


NOTHING_DONE = Act()
