"""The model journal: every request and reply under the request's content hash, so that replaying a run costs nothing."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import mkstemp
from typing import Any, cast

from platform_operations.agent.port import Block, ModelPort, ModelUnavailable, Reply, Request, Tell, Usage
from platform_operations.errors import InputError
from platform_operations.repository import redact

THOUGHT = frozenset({"thinking", "redacted_thinking"})


class Journal:
    """Records what goes through another port; with no port behind it, it only replays.

    A request is written before it is sent and its reply after it came, each to a file of its own, so that a crash
    leaves what was asked. Headers and keys never pass through here, and every text is redacted. Thoughts go back to
    the model unchanged or not at all: a reply whose thoughts hold a secret is not recorded. Several runs may
    share a folder.
    """

    def __init__(self, folder: Path, port: ModelPort | None = None) -> None:
        self._folder = folder
        self._port = port

    async def complete(self, request: Request, tell: Tell) -> Reply:
        """Return the recorded reply to the same request, else the port's, recorded.

        Raises:
            InputError: the folder or a record in it cannot be used.
        """
        name = request.digest()
        reply_file = self._folder / f"{name}.reply.json"
        if reply_file.exists():
            tell("replayed from the journal")
            return replace(_read(reply_file), replayed=True)
        if self._port is None:
            raise ModelUnavailable("not-in-journal", f"the journal has no reply to request {name[:12]}")
        _write(self._folder / f"{name}.request.json", _redacted(request.body()))
        came = await self._port.complete(request, tell)
        reply = replace(came, content=tuple(_safe(block) for block in came.content))
        thoughts = [block for block in reply.content if block.get("type") in THOUGHT]
        if _redacted(thoughts) == thoughts:
            _write(reply_file, _document(reply))
        return reply


def _safe(block: Block) -> Block:
    return block if block.get("type") in THOUGHT else cast("Block", _redacted(block))


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in cast("list[Any]", value)]
    return value


def _document(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "content": list(reply.content),
        "stop_reason": reply.stop_reason,
        "usage": [usage.input, usage.cache_write, usage.cache_read, usage.output],
        "broken": list(reply.broken),
    }


def _write(path: Path, document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A name of its own, readable by the user alone: another run may be writing the same reply.
        handle, partial = mkstemp(prefix=f"{path.stem}.", suffix=".partial", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(partial).replace(path)
    except OSError as error:
        raise InputError(f"the journal {str(path.parent)!r} cannot be written: {error.strerror}") from None


def _read(path: Path) -> Reply:
    try:
        document = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        content = tuple(dict(cast("Block", block)) for block in document["content"])
        usage = Usage(*(int(count) for count in document["usage"]))
        return Reply(content, str(document["stop_reason"]), usage, tuple(document["broken"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise InputError(
            f"the journal entry {path.name} cannot be read; delete it to ask the model again"
        ) from None
