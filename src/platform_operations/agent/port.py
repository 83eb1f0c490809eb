"""The seam to a model: one method, plain values. Anthropic, scripts and journals stand behind it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from platform_operations.model.record import canonical, sha256

Block: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Tell: TypeAlias = Callable[[str], None]
Unavailable: TypeAlias = Literal[
    "model-unavailable",
    "out-of-time",
    "request-refused",
    "request-too-large",
    "no-credentials",
    "no-credit",
    "not-permitted",
    "no-such-model",
    "not-in-journal",
    "script-ended",
]
"""Why there is no answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call: the stable prefix first (tools, system), then the conversation."""

    model: str
    system: str
    tools: tuple[Block, ...]
    messages: tuple[Message, ...]
    max_tokens: int
    effort: str

    def body(self) -> dict[str, Any]:
        """Return the request as the Messages API takes it.

        No sampling parameters, no forced tool choice and no prefill: late models refuse all three.
        """
        return {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "system": [{"type": "text", "text": self.system, "cache_control": {"type": "ephemeral"}}],
            "tools": list(self.tools),
            "messages": list(self.messages),
            "thinking": {"type": "adaptive"},
            "output_config": {"effort": self.effort},
            "cache_control": {"type": "ephemeral"},
        }

    def digest(self) -> str:
        """Return the content hash of the request."""
        return sha256(canonical(self.body()))

    def prefix_digest(self) -> str:
        """Return the hash of what must stay the same over a run: tools, system and the first message."""
        first = self.messages[:1]
        return sha256(canonical({"tools": list(self.tools), "system": self.system, "first": list(first)}))[
            :16
        ]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply: new input, input written to and read from the cache, output."""

    input: int = 0
    cache_write: int = 0
    cache_read: int = 0
    output: int = 0

    @property
    def read(self) -> int:
        """The tokens that the model read: new ones, and those written to or read from the cache."""
        return self.input + self.cache_write + self.cache_read

    @property
    def total(self) -> int:
        """All tokens."""
        return self.read + self.output

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input + other.input,
            self.cache_write + other.cache_write,
            self.cache_read + other.cache_read,
            self.output + other.output,
        )

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input - other.input,
            self.cache_write - other.cache_write,
            self.cache_read - other.cache_read,
            self.output - other.output,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: content blocks as received (thinking among them, to be echoed unchanged) and why it ended.

    `broken` are the ids of calls whose arguments were no JSON object; they stand in `content` with none. A `replayed`
    reply cost nothing this time.
    """

    content: tuple[Block, ...]
    stop_reason: str
    usage: Usage = field(default_factory=Usage)
    broken: tuple[str, ...] = ()
    replayed: bool = False

    def calls(self) -> tuple[Block, ...]:
        """Return the tool calls."""
        return tuple(block for block in self.content if block.get("type") == "tool_use")


class ModelPort(Protocol):
    """A model that answers one request.

    Raises:
        ModelUnavailable: no answer can be had within the request's budget.
    """

    async def complete(self, request: Request, tell: Tell) -> Reply:
        """Return the reply to `request`; `tell` takes words of progress."""
        ...


class ModelUnavailable(Exception):
    """The model gave no answer: what stopped it is a word of `stop`, and the message says it in one line.

    `usage` are the tokens of attempts that broke off: they were paid for.
    """

    def __init__(self, stop: Unavailable, message: str, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.stop: Unavailable = stop
        self.usage = usage or Usage()
