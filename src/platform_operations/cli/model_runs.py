"""`platform-ops plan --drafter claude`: the run by a model, and what it would send."""

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from platform_operations.agent.choice import Choice
from platform_operations.cli.output import print_document, print_text
from platform_operations.cli.targets import metrics_of, target_of
from platform_operations.toolbox import Target, assessed

if TYPE_CHECKING:
    from platform_operations.agent.drafting import ArchitectDrafter

BYTES_PER_TOKEN = 4
"""A rule of thumb for English and YAML; the true count is the model's to say."""


def model_drafter(
    arguments: Namespace, choice: Choice, target: Target, tell: Callable[[str], None]
) -> "ArchitectDrafter":
    """Return the drafter that asks the model."""
    from platform_operations.agent.drafting import ArchitectDrafter

    return ArchitectDrafter(
        target,
        choice.settings,
        owner=arguments.owner,
        metrics=arguments.metrics,
        journal=Path(arguments.journal) if arguments.journal else None,
        explicit=choice.explicit,
        tell=tell,
    )


def show_request(arguments: Namespace, choice: Choice) -> int:
    """Print what would be sent first and how large it is: no key, no network, no file."""
    import asyncio

    from platform_operations.agent.architect import preview

    target = target_of(arguments)
    assessment = assessed(target, metrics=metrics_of(arguments), as_of=arguments.as_of)
    settings = choice.settings
    shown = asyncio.run(
        preview(target, assessment, settings, owner=arguments.owner, metrics=arguments.metrics)
    )
    if arguments.format == "json":
        print_document({"bytes": dict(shown.sizes), "request": shown.request.body()})
        return 0
    total = sum(shown.sizes.values())
    lines = [f"{name:<12}{size:>9,} bytes" for name, size in shown.sizes.items()]
    sys.stdout.write(
        f"would ask {settings.model} (effort {settings.effort}) with {total:,} bytes,"
        f" about {total // BYTES_PER_TOKEN:,} tokens:\n  " + "\n  ".join(lines) + "\n"
        f"at most {settings.turns} replies, {settings.tokens:,} tokens, {settings.seconds:g} seconds,"
        f" {settings.repairs} repairs\n\n"
    )
    message = shown.request.messages[0]["content"]
    print_text(f"--- system\n{shown.request.system}\n--- first message\n{message}")
    return 0
