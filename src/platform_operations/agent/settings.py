"""What a run may use: model, effort and budgets. Nothing here is read from a target repository."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from platform_operations.agent.port import Usage

Effort: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]

DEFAULT_MODEL = "claude-sonnet-5-5"
"""The model id that the SDK lists in its 2.12 release (anthropic, types/model.py, read 2026-11-23)."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What the user pays for a million tokens of each kind, in the user's own currency; nobody else states prices."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal

    def of(self, usage: Usage) -> Decimal:
        """Return what `usage` costs."""
        spent = usage.input * self.input + usage.output * self.output
        spent += usage.cache_read * self.cache_read + usage.cache_write * self.cache_write
        return spent / 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Budgets of one run, and what the user says it costs.

    `turns` counts model replies; `tokens` input and output together, cached input included: no call begins whose input
    would go beyond them. `seconds` is wall time from the first request, retries included; `repairs` is how often the findings go back before the remedies take over (more than
    five gain nothing: the curve is flat by then).
    """

    model: str = DEFAULT_MODEL
    effort: Effort = "medium"
    max_tokens: int = 32_000
    turns: int = 16
    tokens: int = 600_000
    seconds: float = 900.0
    repairs: int = 3
    attempts: int = 4
    base_url: str | None = None
    prices: Prices | None = None
