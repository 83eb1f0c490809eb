"""A reply put together from the events of its stream: what is unknown is passed over, what is broken is said."""

import json
from collections.abc import Mapping
from typing import Any, Never, cast

from platform_operations.agent.port import Block, ModelUnavailable, Reply, Usage

LONGEST_REPLY = 16 * 1024 * 1024
"""Characters of events in one reply; a whole plan has a hundredth of it."""

_GROWING = {"text_delta": "text", "thinking_delta": "thinking"}
_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


class Assembly:
    """The parts of one reply; `whole` once its end has come, `size` in characters of its events.

    Kept as they came, so that thinking goes back unchanged. Types of events, blocks and deltas that are not known here
    are no error: the API may add some at any time.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, Block] = {}
        self._inputs: dict[int, str] = {}
        self._counts: dict[str, int] = {}
        self._stop = "none"
        self.size = 0
        self.whole = False

    @property
    def usage(self) -> Usage:
        """The tokens so far: those of a stream that broke were paid for too."""
        return Usage(*(self._counts.get(name, 0) for name in _COUNTS))

    def take(self, data: str) -> Block:
        """Take in the data of one event, and return it.

        Raises:
            ValueError: it is no JSON object of the form that its type has.
            ModelUnavailable: the reply is larger than `LONGEST_REPLY`.
        """
        self.size += len(data)
        if self.size > LONGEST_REPLY:
            raise ModelUnavailable("model-unavailable", "the reply is larger than any plan")
        event = _object(json.loads(data))
        match event.get("type"):
            case "message_start":
                self._count(_object(event.get("message")).get("usage"))
            case "content_block_start":
                self._blocks[_index(event)] = dict(_object(event.get("content_block")))
            case "content_block_delta":
                self._grow(_index(event), _object(event.get("delta")))
            case "message_delta":
                stop = _object(event.get("delta")).get("stop_reason")
                self._stop = stop if isinstance(stop, str) else self._stop
                self._count(event.get("usage"))
            case "message_stop":
                self.whole = True
            case _:
                pass
        return event

    def _count(self, usage: object) -> None:
        """Take in counts; each is a total so far, and one that is left out stays as it was."""
        given = cast("Block", usage) if isinstance(usage, dict) else {}
        self._counts |= {name: count for name in _COUNTS if isinstance(count := given.get(name), int)}

    def _grow(self, index: int, delta: Block) -> None:
        block = self._blocks.get(index)
        if block is None:
            raise ValueError("a delta of a block that never began")
        kind = str(delta.get("type"))
        if kind in _GROWING:
            field = _GROWING[kind]
            block[field] = _text(block.get(field)) + _text(delta.get(field))
        elif kind == "signature_delta":
            block["signature"] = _text(delta.get("signature"))
        elif kind == "input_json_delta":
            self._inputs[index] = self._inputs.get(index, "") + _text(delta.get("partial_json"))
        elif kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or []), delta.get("citation")]

    def reply(self, lost: Usage) -> Reply:
        """Return the reply; `lost` are the tokens of attempts before it that broke off."""
        broken: list[str] = []
        content: list[Block] = []
        for index in sorted(self._blocks):
            block = {
                key: _paired(item) if isinstance(item, str) else item
                for key, item in self._blocks[index].items()
            }
            if block.get("type") == "tool_use":
                given = _input(self._inputs.get(index, ""), block.get("input"))
                if given is None:
                    broken.append(str(block.get("id")))
                block["input"] = given or {}
            content.append(block)
        return Reply(tuple(content), self._stop, self.usage + lost, tuple(broken))


def _object(value: object) -> Block:
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return cast("Block", value)


def _index(event: Block) -> int:
    index = event.get("index")
    if not isinstance(index, int):
        raise ValueError("an event without an index")
    return index


def _text(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise ValueError("no text")
    return value or ""


def _paired(text: str) -> str:
    """Return text whose surrogates, cut apart between two events, are whole characters again."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _input(text: str, given: object) -> Block | None:
    """Return the arguments of a call, None where they are no JSON object that could be sent back."""
    if not text:
        return dict(cast("Mapping[str, Any]", given)) if isinstance(given, dict) else {}
    try:
        value = json.loads(_paired(text), parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return cast("Block", value) if isinstance(value, dict) else None


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no JSON")
