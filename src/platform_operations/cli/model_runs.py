"""`platform-ops plan --drafter claude`: the run by a model, and what it would send."""

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from platform_operations.agent.choice import Choice
from platform_operations.agent.port import Usage
from platform_operations.agent.progress import counted
from platform_operations.agent.settings import Settings
from platform_operations.cli.output import print_document, print_text, step
from platform_operations.cli.targets import metrics_of, target_of
from platform_operations.toolbox import Target, assessed

if TYPE_CHECKING:
    from platform_operations.agent.architect import Preview
    from platform_operations.agent.drafting import ArchitectDrafter


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
        note=step,
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
    sys.stdout.write(_sizes(shown, settings))
    message = shown.request.messages[0]["content"]
    print_text(f"--- system\n{shown.request.system}\n--- first message\n{message}")
    return 0


def _sizes(shown: "Preview", settings: Settings) -> str:
    """Return the size of the first request by source, and the most that a run may use."""
    from platform_operations.agent.conversation import BYTES_PER_TOKEN

    total, prices = sum(shown.sizes.values()), settings.prices
    tokens = total // BYTES_PER_TOKEN
    first = f", about {prices.of(Usage(cache_write=tokens)):.4f} at your prices" if prices else ""
    dearest = max(prices.input, prices.output, prices.cache_read, prices.cache_write) if prices else None
    most = f", never more than {dearest * settings.tokens / 1_000_000:.2f} at your prices" if dearest else ""
    lines = "\n".join(f"  {name:<12}{size:>9,} bytes" for name, size in shown.sizes.items())
    return (
        f"would ask {settings.model} (effort {settings.effort}) with {total:,} bytes,"
        f" about {counted(tokens, 'token')}{first}:\n{lines}\n"
        f"at most {counted(settings.turns, 'reply', 'replies')}, {counted(settings.tokens, 'token')},"
        f" {counted(round(settings.seconds), 'second')}, {counted(settings.repairs, 'repair')}{most}\n\n"
    )
