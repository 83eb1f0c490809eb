"""The model journal: every request and reply under the request's content hash, so that replaying a run costs nothing."""

import json
from pathlib import Path
from typing import Any, cast

from platform_operations.agent.port import ModelPort, ModelUnavailable, Reply, Request, Tell, Usage
from platform_operations.errors import InputError
from platform_operations.repository import redact


class Journal:
    """Records what goes through another port; with no port behind it, it only replays.

    A request is written before it is sent and its reply after it came, each to a file of its own, so that a crash
    leaves what was asked. Headers and keys never pass through here.
    """

    def __init__(self, folder: Path, port: ModelPort | None = None) -> None:
        self._folder = folder
        self._port = port

    async def complete(self, request: Request, tell: Tell) -> Reply:
        """Return the recorded reply to the same request, else the port's, recorded."""
        name = request.digest()
        reply_file = self._folder / f"{name}.reply.json"
        if reply_file.exists():
            tell("replayed from the journal")
            return _read(reply_file)
        if self._port is None:
            raise ModelUnavailable("not-in-journal", f"the journal has no reply to request {name[:12]}")
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(self._folder / f"{name}.request.json", request.body())
        reply = await self._port.complete(request, tell)
        usage = reply.usage
        _write(
            reply_file,
            {
                "content": list(reply.content),
                "stop_reason": reply.stop_reason,
                "usage": [usage.input, usage.cache_write, usage.cache_read, usage.output],
            },
        )
        return reply


def _write(path: Path, document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1)
    partial = path.with_suffix(".partial")
    partial.write_text(text if path.name.endswith(".reply.json") else redact(text), encoding="utf-8")
    partial.replace(path)


def _read(path: Path) -> Reply:
    try:
        document = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        counts = cast("list[int]", document["usage"])
        return Reply(tuple(document["content"]), str(document["stop_reason"]), Usage(*counts))
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"the journal entry {path.name} cannot be read; delete it to ask the model again"
        ) from None
