"""A stand-in for the Messages API on loopback, in a process of its own: strict, streaming, and faulty on demand.

`python fake_messages_api.py STEPS LOG` reads a JSON list of steps, prints its address, and answers each POST with the next
one: `{"reply": {"content": [...], "stop_reason": "..."}}` or `{"fault": NAME, "headers": {...}}`. Every request is a line of LOG.
It refuses what late models refuse: sampling parameters, forced tool choice, prefill, disabled thinking, unknown fields,
results without calls and calls without results.
"""

import json
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, cast

FIELDS = {
    "model", "max_tokens", "messages", "system", "tools", "thinking", "output_config", "cache_control", "stream",
    "metadata", "stop_sequences", "tool_choice", "service_tier",
}  # fmt: skip
SAMPLING = {"temperature", "top_p", "top_k"}
BLOCKS = {
    "text": {"type", "text", "citations", "cache_control"},
    "thinking": {"type", "thinking", "signature"},
    "redacted_thinking": {"type", "data"},
    "tool_use": {"type", "id", "name", "input", "cache_control", "caller"},
    "tool_result": {"type", "tool_use_id", "content", "is_error", "cache_control"},
}
STATUS = {
    "400": "invalid_request_error", "401": "authentication_error", "402": "billing_error", "403": "permission_error",
    "404": "not_found_error", "413": "request_too_large", "429": "rate_limit_error", "500": "api_error",
    "503": "api_error", "529": "overloaded_error",
}  # fmt: skip


def problem(body: dict[str, Any]) -> str | None:
    """Return why a late model refuses a request, None where it does not."""
    for name in SAMPLING & body.keys():
        return f"{name} is not supported by this model"
    for name in sorted(body.keys() - FIELDS):
        return f"{name}: extra inputs are not permitted"
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            return f"{name}: field required"
    if body.get("tool_choice", {"type": "auto"}).get("type") not in {"auto", "none"}:
        return "tool_choice forces tool use"
    if body.get("thinking", {"type": "adaptive"}) != {"type": "adaptive"}:
        return "thinking.type: only adaptive"
    if body.get("output_config", {}).get("effort", "medium") not in {"low", "medium", "high", "xhigh", "max"}:
        return "output_config.effort: unknown"
    for tool in body.get("tools", []):
        if tool.keys() - {"name", "description", "input_schema", "cache_control"}:
            return "tools: extra inputs are not permitted"
    return _conversation(body["messages"])


def _conversation(messages: list[dict[str, Any]]) -> str | None:
    if not messages or messages[0]["role"] != "user":
        return "messages: the first message must be the user's"
    if messages[-1]["role"] == "assistant" and not _paused(messages[-1]):
        return "messages: prefill is not supported by this model"
    open_calls: list[str] = []
    for message in messages:
        content = message["content"]
        blocks = _blocks(content)
        if not blocks or any(block["type"] == "text" and not block["text"].strip() for block in blocks):
            return "messages: text content blocks must be non-empty"
        wrong = next((found for block in blocks if (found := _block(block, message["role"]))), None)
        if wrong:
            return wrong
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if sorted(answered) != sorted(open_calls):
            return "messages: tool_use and tool_result do not pair"
        open_calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
    return None


def _paused(message: dict[str, Any]) -> bool:
    """Whether the last message is one of ours to be continued: our scripts mark it with a text."""
    return any(block.get("text") == "paused" for block in _blocks(message["content"]))


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _block(block: dict[str, Any], role: str) -> str | None:
    known = BLOCKS.get(block["type"])
    if known is None or block.keys() - known:
        return f"messages: a block of type {block['type']} has extra inputs: {sorted(block.keys() - (known or set()))}"
    if (block["type"] == "tool_result") != (role == "user") and block["type"] != "text":
        return f"messages: {block['type']} in a message of the {role}"
    if block["type"] == "thinking" and block.get("signature") != "signed:" + block["thinking"][:8]:
        return "messages: the signature of a thinking block is not valid"
    return None


def events(reply: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the stream of a reply."""
    usage = {
        "input_tokens": 11,
        "cache_creation_input_tokens": 5,
        "cache_read_input_tokens": 7,
        "output_tokens": 1,
    }
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
    found: list[tuple[str, dict[str, Any]]] = [("message_start", {"message": message}), ("ping", {})]
    for index, block in enumerate(reply["content"]):
        empty, deltas = _parts(block)
        found.append(("content_block_start", {"index": index, "content_block": empty}))
        found += [("content_block_delta", {"index": index, "delta": delta}) for delta in deltas]
        found.append(("content_block_stop", {"index": index}))
    stop = {
        "delta": {"stop_reason": reply["stop_reason"], "stop_sequence": None},
        "usage": {"output_tokens": 13},
    }
    return [*found, ("message_delta", stop), ("message_stop", {})]


def _parts(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "tool_use":
            text = json.dumps(block["input"])
            halves = [text[: len(text) // 2], text[len(text) // 2 :]]
            return {**block, "input": {}}, [
                {"type": "input_json_delta", "partial_json": half} for half in halves
            ]
        case "thinking":
            return {"type": "thinking", "thinking": "", "signature": ""}, [
                {"type": "thinking_delta", "thinking": block["thinking"]},
                {"type": "signature_delta", "signature": block["signature"]},
            ]
        case "text":
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": block["text"]}]
        case _:
            return block, []


class Handler(BaseHTTPRequestHandler):
    """Answers each POST with the next step."""

    steps: ClassVar[list[dict[str, Any]]] = []
    log: ClassVar[Path]
    lock: ClassVar[threading.Lock] = threading.Lock()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on standard error."""

    def do_POST(self) -> None:
        """Check the request, then do what the step says."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.lock:
            step = self.steps.pop(0) if self.steps else {"fault": "400", "why": "the script has ended"}
            wrong = problem(body) if self.path == "/v1/messages" else f"no such path {self.path}"
            keyed = bool(self.headers.get("x-api-key") or self.headers.get("authorization"))
            row = {
                "body": body,
                "refused": wrong,
                "keyed": keyed,
                "retries": self.headers.get("x-stainless-retry-count"),
            }
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        if wrong:
            self._error("400", wrong, {})
        elif "fault" in step:
            self._fault(step)
        else:
            self._stream(events(cast("dict[str, Any]", step["reply"])))

    def _fault(self, step: dict[str, Any]) -> None:
        half: dict[str, Any] = {"content": [{"type": "text", "text": "half a"}], "stop_reason": "end_turn"}
        name, whole = step["fault"], events(half)
        match name:
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            case "half":
                self._stream(whole[:4])
            case "torn":
                self._stream(whole[:3], tail='event: content_block_delta\ndata: {"type": "content_bl')
            case "garbage":
                self._stream(whole[:2], tail="event: content_block_start\ndata: {not json\n\n")
            case "page":
                self._send(200, "text/html", b"<html>proxy</html>")
            case "overloaded-inside":
                error = {"error": {"type": "overloaded_error", "message": "busy"}}
                self._stream([*whole[:3], ("error", error)])
            case "slow":
                self._stream(whole[:3], wait=20.0)
            case _:
                self._error(name, step.get("why", "as scripted"), step.get("headers", {}))

    def _error(self, status: str, message: str, headers: dict[str, str]) -> None:
        body = {"type": "error", "error": {"type": STATUS[status], "message": message}}
        self._send(int(status), "application/json", json.dumps(body).encode(), headers)

    def _send(self, status: int, kind: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "content-type": kind,
            "content-length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, rows: list[tuple[str, dict[str, Any]]], tail: str = "", wait: float = 0.0) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for name, data in rows:
            self.wfile.write(f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode())
        self.wfile.write(tail.encode())
        self.wfile.flush()
        if wait:
            # Ends early when the client hangs up: reading then gives nothing more.
            self.connection.settimeout(wait)
            self.connection.recv(1)
        self.close_connection = True


def main(steps: str, log: str) -> None:
    """Serve until the process is ended."""
    Handler.steps, Handler.log = json.loads(Path(steps).read_text(encoding="utf-8")), Path(log)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
