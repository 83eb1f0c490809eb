"""The one loop: ask, run tools, judge what is handed in, stop for a named reason."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, cast

from platform_operations.agent.port import (
    Block,
    Message,
    ModelPort,
    ModelUnavailable,
    Reply,
    Request,
    Tell,
    Usage,
)
from platform_operations.agent.prompts import findings_message
from platform_operations.agent.settings import Settings
from platform_operations.agent.submission import Submission
from platform_operations.model.plan import Plan

Stop: TypeAlias = Literal[
    "valid",
    "repairs-exhausted",
    "no-progress",
    "no-plan",
    "refused",
    "context-full",
    "max-tokens",
    "turns-exhausted",
    "tokens-exhausted",
    "out-of-time",
]

Read: TypeAlias = Callable[[str, Any], Awaitable[tuple[str, bool]]]
HandIn: TypeAlias = Callable[[str, dict[str, Any], Plan | None], Submission]

NUDGE = "Nothing was handed in. Call revise_plan or submit_plan with what you have."
SHORTER = "The reply was cut off at its token limit. Hand in less at once: revise_plan with the entries that change."


@dataclass(slots=True)
class Trace:
    """What happened in a run, for the person who pays: turns, tokens, tools, verdicts, and the stable prefix's hash."""

    turns: int = 0
    usage: Usage = field(default_factory=Usage)
    prefix: str = ""
    calls: list[str] = field(default_factory=list[str])
    verdicts: list[int] = field(default_factory=list[int])
    stop: str = "no-plan"
    note: str = ""


@dataclass(slots=True)
class _State:
    plan: Plan | None
    best: Submission | None = None
    errors: frozenset[tuple[str, str | None, str]] | None = None
    repairs: int = 0
    nudged: int = 0


async def converse(
    port: ModelPort,
    opening: Request,
    settings: Settings,
    read: Read,
    hand_in: HandIn,
    start: Plan | None,
    tell: Tell,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Submission | None, Trace]:
    """Return the last plan handed in, if any, with the trace; whatever stops the loop is a word of it."""
    trace = Trace(prefix=opening.prefix_digest())
    state = _State(start)
    request, began = opening, clock()
    while trace.stop == "no-plan":
        if trace.turns >= settings.turns:
            trace.stop = "turns-exhausted"
        elif trace.usage.total >= settings.tokens:
            trace.stop = "tokens-exhausted"
        elif clock() - began >= settings.seconds:
            trace.stop = "out-of-time"
        if trace.stop != "no-plan":
            break
        try:
            reply = await port.complete(request, tell)
        except ModelUnavailable as error:
            trace.stop, trace.note = error.stop, str(error)
            break
        trace.turns += 1
        trace.usage += reply.usage
        tell(f"turn {trace.turns}, {trace.usage.total:,} tokens so far")
        answer = await _answered(reply, state, trace, settings, read, hand_in, tell)
        if answer is None:
            break
        echoed: Message = {"role": "assistant", "content": list(reply.content)}
        request = replace(request, messages=(*request.messages, echoed, *answer))
    return state.best, trace


async def _answered(
    reply: Reply, state: _State, trace: Trace, settings: Settings, read: Read, hand_in: HandIn, tell: Tell
) -> tuple[Message, ...] | None:
    """Return what goes back to the model, None when the run is over."""
    ended: dict[str, str] = {"refusal": "refused", "model_context_window_exceeded": "context-full"}
    if reply.stop_reason in ended:
        trace.stop = ended[reply.stop_reason]
        return None
    if reply.stop_reason == "pause_turn":
        return ()
    calls = reply.calls()
    if reply.stop_reason == "max_tokens" or not calls:
        state.nudged += 1
        if state.nudged > 2:
            trace.stop = "max-tokens" if reply.stop_reason == "max_tokens" else "no-plan"
            trace.note = "the model handed nothing in"
            return None
        if reply.stop_reason == "max_tokens":
            refused = [_result(call, SHORTER, error=True) for call in calls]
            return ({"role": "user", "content": refused or SHORTER},)
        return ({"role": "user", "content": NUDGE},)
    results: list[Block] = []
    for call in calls:
        text, error = await _called(call, state, trace, settings, read, hand_in, tell)
        results.append(_result(call, text, error=error))
    return None if trace.stop != "no-plan" else ({"role": "user", "content": results},)


def _result(call: Block, text: str, *, error: bool) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": call.get("id"), "content": text}
    return {**block, "is_error": True} if error else block


async def _called(
    call: Block, state: _State, trace: Trace, settings: Settings, read: Read, hand_in: HandIn, tell: Tell
) -> tuple[str, bool]:
    name, arguments = str(call.get("name")), call.get("input")
    trace.calls.append(name)
    if name not in {"submit_plan", "revise_plan"}:
        tell(f"{name} {_short(arguments)}")
        return await read(name, arguments)
    if trace.stop != "no-plan":
        return "the work has ended", True
    if not isinstance(arguments, dict):
        return "the arguments must be an object", True
    submission = hand_in(name, cast("dict[str, Any]", arguments), state.plan)
    _took(submission, state, trace, settings)
    tell(f"handed in: {len(submission.errors)} errors")
    return findings_message(
        submission.findings, max(0, settings.repairs - state.repairs)
    ), not submission.findings.valid


def _took(submission: Submission, state: _State, trace: Trace, settings: Settings) -> None:
    """Take a submission in: the state moves on, and the trace says when the run ends."""
    trace.verdicts.append(len(submission.errors))
    same = state.errors is not None and submission.errors == state.errors
    if submission.plan is not None:
        state.plan, state.best = submission.plan, submission
    state.errors = submission.errors
    if submission.findings.valid:
        trace.stop = "valid"
    elif same:
        trace.stop = "no-progress"
    elif state.repairs >= settings.repairs:
        trace.stop = "repairs-exhausted"
    else:
        state.repairs += 1


def _short(arguments: Any) -> str:
    fields = cast("dict[str, Any]", arguments) if isinstance(arguments, dict) else {}
    words = [
        str(fields[key])[:60] for key in ("action", "path", "query", "page", "component") if fields.get(key)
    ]
    return " ".join(words)
