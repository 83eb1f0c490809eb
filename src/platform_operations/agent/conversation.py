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
    Unavailable,
    Usage,
)
from platform_operations.agent.progress import doing, found, handed_in, said, spent
from platform_operations.agent.prompts import findings_message
from platform_operations.agent.settings import Settings
from platform_operations.agent.submission import Submission
from platform_operations.model.plan import Plan
from platform_operations.model.record import canonical

Stop: TypeAlias = (
    Literal[
        "valid",
        "repairs-exhausted",
        "no-progress",
        "no-plan",
        "refused",
        "context-full",
        "max-tokens",
        "unknown-stop",
        "turns-exhausted",
        "tokens-exhausted",
    ]
    | Unavailable
)
"""Why a run ended."""

Read: TypeAlias = Callable[[str, Any], Awaitable[tuple[str, bool]]]
HandIn: TypeAlias = Callable[[str, dict[str, Any], Plan | None], Submission]

HANDING_IN = frozenset({"submit_plan", "revise_plan"})
NUDGE = "Nothing was handed in. Call revise_plan or submit_plan with what you have."
SHORTER = "The reply was cut off at its token limit. Hand in less at once: revise_plan with the entries that change."
NO_JSON = "the arguments were no JSON object: nothing was done; call again"
ONE_AT_A_TIME = "one hand-in per reply: read the verdict above first"
MOST_NUDGES = 2
SHORTEST_REPLY = 2_000
"""Tokens: with less left of a budget than a hand-in takes, asking again would be paid for nothing."""
BYTES_PER_TOKEN = 4
"""A rule of thumb for English and YAML; the true count is the model's to say."""
ENDED: dict[str, Stop] = {"refusal": "refused", "model_context_window_exceeded": "context-full"}
GOING_ON = frozenset({"end_turn", "tool_use", "stop_sequence", "pause_turn", "max_tokens"})


@dataclass(slots=True)
class Trace:
    """What happened in a run, for the person who pays: turns, tokens, tools, verdicts, and the stable prefix's hash.

    `verdicts` are numbers of errors, one for each hand-in; `stop` is None while the run goes on. Of `usage`, `replayed`
    came from a journal: a run that is replayed is the same run, and costs nothing.
    """

    turns: int = 0
    usage: Usage = field(default_factory=Usage)
    replayed: Usage = field(default_factory=Usage, compare=False)
    prefix: str = ""
    calls: list[str] = field(default_factory=list[str])
    verdicts: list[int] = field(default_factory=list[int])
    stop: Stop | None = None
    note: str = ""


@dataclass(slots=True)
class _State:
    """`plan` is what a revision is laid over, `best` the last hand-in that the remedies could go on with."""

    plan: Plan | None
    best: Submission | None = None
    errors: frozenset[tuple[str, str | None, str]] | None = None
    nudged: int = 0


@dataclass(frozen=True, slots=True)
class _Work:
    """What a run works with, the same from its first turn to its last."""

    settings: Settings
    read: Read
    hand_in: HandIn
    tell: Tell
    note: Tell


async def converse(
    port: ModelPort,
    opening: Request,
    settings: Settings,
    read: Read,
    hand_in: HandIn,
    start: Plan | None,
    tell: Tell,
    note: Tell = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Submission | None, Trace]:
    """Return the last well-formed plan handed in, if any, with the trace; whatever stops the loop is a word of it.

    `tell` hears what is being done, `note` what was done.

    Budgets are looked at before each call: what it will read is at least what the last one read, and what it may write
    is no more than what is left after that.
    """
    trace, state = Trace(prefix=opening.prefix_digest()), _State(start)
    work = _Work(settings, read, hand_in, tell, note)
    request, began = opening, clock()
    least = len(canonical(opening.body())) // BYTES_PER_TOKEN
    while True:
        left = settings.tokens - trace.usage.total - least
        trace.stop = _spent(trace, settings, clock() - began, left)
        if trace.stop is not None:
            break
        tell("waiting for the model")
        try:
            reply = await port.complete(replace(request, max_tokens=min(settings.max_tokens, left)), tell)
        except ModelUnavailable as error:
            trace.stop, trace.note = error.stop, str(error)
            trace.usage += error.usage
            break
        trace.turns += 1
        trace.usage += reply.usage
        trace.replayed += reply.usage if reply.replayed else Usage()
        least = reply.usage.read
        note(f"turn {trace.turns}, {spent(trace.usage, trace.replayed, settings.prices)}")
        for words in said(reply):
            note(f"  {words}")
        answer = await _answered(reply, state, trace, work)
        if trace.stop is not None:
            break
        request = replace(request, messages=(*request.messages, *_echoed(reply), *answer))
    return state.best, trace


def _spent(trace: Trace, settings: Settings, seconds: float, left: int) -> Stop | None:
    if trace.turns >= settings.turns:
        return "turns-exhausted"
    if left < SHORTEST_REPLY:
        return "tokens-exhausted"
    return "out-of-time" if seconds >= settings.seconds else None


def _echoed(reply: Reply) -> tuple[Message, ...]:
    """Return the reply as it came, but for what the API never takes back: unsigned thoughts and texts of nothing."""
    content = [block for block in reply.content if _returnable(block)]
    return ({"role": "assistant", "content": content},) if content else ()


def _returnable(block: Block) -> bool:
    match block.get("type"):
        case "thinking":
            return bool(block.get("signature"))
        case "text":
            return bool(str(block.get("text") or "").strip())
        case _:
            return True


async def _answered(reply: Reply, state: _State, trace: Trace, work: _Work) -> tuple[Message, ...]:
    """Return what goes back to the model; when the run is over, `trace.stop` says why."""
    if reply.stop_reason not in GOING_ON:
        trace.stop = ENDED.get(reply.stop_reason, "unknown-stop")
        trace.note = f"the model stopped with {reply.stop_reason!r}"
        return ()
    calls = reply.calls()
    if reply.stop_reason == "max_tokens" or (not calls and reply.stop_reason != "pause_turn"):
        return _nudged(reply, calls, state, trace)
    results: list[Block] = []
    handed = False
    for call in calls:
        if call.get("id") in reply.broken:
            trace.calls.append(str(call.get("name")))
            text, error = NO_JSON, True
        elif call.get("name") not in HANDING_IN:
            text, error = await _read(call, trace, work)
        elif handed:
            text, error = ONE_AT_A_TIME, True
        else:
            handed = True
            text, error = _handed(call, state, trace, work)
        results.append(_result(call, text, error=error))
        if trace.stop is not None:
            break
    return ({"role": "user", "content": results},) if results else ()


def _nudged(reply: Reply, calls: tuple[Block, ...], state: _State, trace: Trace) -> tuple[Message, ...]:
    cut = reply.stop_reason == "max_tokens"
    state.nudged += 1
    if state.nudged > MOST_NUDGES:
        trace.stop = "max-tokens" if cut else "no-plan"
        trace.note = "the model was cut off again and again" if cut else "the model handed nothing in"
        return ()
    refused = [_result(call, SHORTER, error=True) for call in calls]
    return ({"role": "user", "content": refused or (SHORTER if cut else NUDGE)},)


def _result(call: Block, text: str, *, error: bool) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": call.get("id"), "content": text}
    return {**block, "is_error": True} if error else block


async def _read(call: Block, trace: Trace, work: _Work) -> tuple[str, bool]:
    name, arguments = str(call.get("name")), call.get("input")
    trace.calls.append(name)
    what = doing(name, arguments)
    work.tell(what)
    text, error = await work.read(name, arguments)
    work.note(f"  {what}: {found(text, error=error)}")
    return text, error


def _handed(call: Block, state: _State, trace: Trace, work: _Work) -> tuple[str, bool]:
    name, arguments = str(call.get("name")), call.get("input")
    trace.calls.append(name)
    if not isinstance(arguments, dict):
        return "the arguments must be an object", True
    submission = work.hand_in(name, cast("dict[str, Any]", arguments), state.plan)
    _took(submission, state, trace, work.settings)
    left = work.settings.repairs - len(trace.verdicts) + 1
    work.note(f"  {handed_in(submission.findings, max(0, left))}")
    return findings_message(submission.findings, max(0, left)), not submission.findings.valid


def _took(submission: Submission, state: _State, trace: Trace, settings: Settings) -> None:
    """Take a submission in: the state moves on, and the trace says when the run ends."""
    trace.verdicts.append(len(submission.errors))
    same = submission.errors == state.errors
    state.errors = submission.errors
    if submission.plan is not None:
        state.plan = submission.plan
    if submission.well_formed:
        state.best = submission
    if submission.findings.valid and submission.plan is not None:
        trace.stop = "valid"
    elif same:
        trace.stop = "no-progress"
    elif len(trace.verdicts) > settings.repairs:
        trace.stop = "repairs-exhausted"
