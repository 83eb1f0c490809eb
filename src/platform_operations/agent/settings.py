"""What a run may use: model, effort and budgets. Nothing here is read from a target repository."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Effort: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]

DEFAULT_MODEL = "claude-sonnet-5-5"
"""The model id that the SDK lists in its 2.12 release (anthropic, types/model.py, read 2026-11-23)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Budgets of one run.

    `turns` counts model replies; `tokens` input and output together, cached input included; `seconds` is wall time for
    the whole run, retries included; `repairs` is how often the findings go back before the remedies take over (more than
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
