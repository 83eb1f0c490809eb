"""From the options that name a target to the target: repository, configuration, metrics, the hosting's answers."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from platform_operations.cli.output import read_input
from platform_operations.toolbox import Target, assessed, open_target

if TYPE_CHECKING:
    from platform_operations.metrics import MetricSource

MAX_HOSTING_BYTES = 4 * 1024 * 1024


def target_of(arguments: Namespace) -> Target:
    """Return the target that `PATH`, `--config` and `--facts` name.

    Raises:
        InputError: one of them cannot be used.
    """
    target = open_target(arguments.path, Path(arguments.config) if arguments.config else None)
    if not arguments.facts:
        return target
    # Few name such files, and the models of them take time to build.
    from platform_operations.assess.hosting import Hosting, hosting_answers, read_hosting

    hosting = Hosting()
    for name in arguments.facts:
        hosting = hosting.with_all_of(read_hosting(read_input(name, MAX_HOSTING_BYTES, "facts file"), name))
    # Which pipelines and environments there are is known only after a first look.
    answers = hosting_answers(hosting, assessed(target, as_of=arguments.as_of).as_is)
    said = dict(target.configuration.facts) | dict(answers)
    facts = tuple(sorted(said.items()))
    return replace(target, configuration=target.configuration.model_copy(update={"facts": facts}))


def metrics_of(arguments: Namespace) -> "MetricSource | None":
    """Return the source that `--metrics` names, None when it names none.

    Raises:
        InputError: it cannot be used.
    """
    if not arguments.metrics:
        return None
    from platform_operations.metrics import open_source

    return open_source(arguments.metrics)


__all__ = ["metrics_of", "target_of"]
