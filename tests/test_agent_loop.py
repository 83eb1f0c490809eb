"""The loop against scripted, imperfect models: how each run ends, what its plan is, and how many calls it took."""

import asyncio
from dataclasses import replace

import pytest
from tests.agent_scripts import (
    SPENT,
    blocks,
    call,
    calls,
    draft_document,
    example,
    last_results,
    revise,
    run,
    said,
    submit,
)

from platform_operations.agent import Reply, Request, Settings, Usage, architect
from platform_operations.agent.conversation import MOST_NUDGES
from platform_operations.agent.port import ModelUnavailable, Tell
from platform_operations.agent.scripted import Answer
from platform_operations.errors import InputError

GOOD = {"runbooks": [{"id": "checkout-errors", "impact": "Customers cannot pay; orders stay open."}]}
BAD_ALERT = {"alerts": [{"id": "cpu", "component": "checkout", "severity": "page", "kind": "cause", "expression": "node_cpu_seconds_total > 1"}]}  # fmt: skip
WITHOUT_GATE = ["qualityGates/gitleaks"]
LIE = {"runbooks": [{"id": "checkout-errors", "evidence": ["repo:runbooks/checkout-errors.md#L900-L901"]}]}
NO_FILE = {"runbooks": [{"id": "checkout-errors", "evidence": ["repo:runbooks/invented.md#L1-L2"]}]}
DANGLING = {"alerts": [{"id": "x", "component": "checkout", "severity": "page", "runbook": "nowhere"}]}


ENDS: dict[str, tuple[tuple[Answer, ...], str, int, bool, str]] = {
    "hands in the draft as it is": ((revise(),), "valid", 1, True, "claude"),
    "improves wording": ((revise(GOOD),), "valid", 1, True, "claude"),
    "reads, then hands in": (
        (calls(call("read_repo", {"action": "list"})), revise(GOOD)), "valid", 2, True, "claude",
    ),
    "breaks a rule, then repairs it": (
        (revise(BAD_ALERT), revise({}, ["alerts/cpu"])), "valid", 2, True, "claude",
    ),
    "repairs only at the third repair": (
        (revise(BAD_ALERT), revise(LIE), revise({}, ["alerts/cpu"]), revise({"runbooks": draft_document()["runbooks"]})),
        "valid", 4, True, "claude",
    ),
    "never repairs": ((revise(BAD_ALERT), revise(BAD_ALERT)), "no-progress", 2, True, "claude+embedded"),
    "breaks something else each time": (
        tuple(revise({"alerts": [{**BAD_ALERT["alerts"][0], "id": f"cpu-{at}"}]}) for at in range(6)),
        "repairs-exhausted", 4, True, "claude+embedded",
    ),
    "takes the gate out": ((revise({}, WITHOUT_GATE), revise({}, WITHOUT_GATE)), "no-progress", 2, True, "claude+embedded"),
    "deletes whole sections": (
        (revise({}, [f"alerts/{row['id']}" for row in draft_document()["alerts"]]),) * 2,
        "no-progress", 2, True, "claude+embedded",
    ),
    "cites lines that do not exist": ((revise(LIE), revise(LIE)), "no-progress", 2, False, "claude+embedded"),
    "cites a file that does not exist": ((revise(NO_FILE),) * 2, "no-progress", 2, False, "claude+embedded"),
    "hands in a dangling reference": ((revise(DANGLING),) * 2, "no-progress", 2, True, "embedded"),
    "hands in a list": ((submit([1, 2]), submit("x")), "repairs-exhausted", 2, True, "embedded"),
    "hands in nothing at all": ((calls(call("submit_plan", {})),) * 2, "no-progress", 2, True, "embedded"),
    "hands in plain text entries": (
        (submit({"alerts": ["page me"]}), submit({"alerts": ["page me"]})), "no-progress", 2, True, "embedded",
    ),
    "only talks": ((said("Here is my plan."),) * 9, "no-plan", MOST_NUDGES + 1, True, "embedded"),
    "says nothing": ((Reply((), "end_turn"),) * 9, "no-plan", MOST_NUDGES + 1, True, "embedded"),
    "is cut off again and again": ((said("Here", "max_tokens"),) * 9, "max-tokens", MOST_NUDGES + 1, True, "embedded"),
    "is cut off in a call, then recovers": (
        (calls(call("submit_plan", {}), stop="max_tokens"), revise(GOOD)), "valid", 2, True, "claude",
    ),
    "refuses": ((said("No.", "refusal"),), "refused", 1, True, "embedded"),
    "refuses after a broken plan": ((revise(BAD_ALERT), said("No.", "refusal")), "refused", 2, True, "claude+embedded"),
    "fills its context": ((said("", "model_context_window_exceeded"),), "context-full", 1, True, "embedded"),
    "pauses, then goes on": ((said("thinking", "pause_turn"), revise()), "valid", 2, True, "claude"),
    "pauses for ever": ((said("", "pause_turn"),) * 99, "turns-exhausted", 5, True, "embedded"),
    "stops for a reason nobody knows": ((said("x", "moonrise"),), "unknown-stop", 1, True, "embedded"),
    "asks the same for ever": (
        (calls(call("read_repo", {"action": "list"})),) * 99, "turns-exhausted", 5, True, "embedded",
    ),
    "calls tools that are not there": (
        (calls(call("bash", {"command": "id"})), revise()), "valid", 2, True, "claude",
    ),
    "gives arguments that are no object": (
        (calls(call("read_repo", "list"), call("revise_plan", [], 2)), revise()), "valid", 2, True, "claude",
    ),
    "falls silent": ((), "script-ended", 1, True, "embedded"),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_each_model_comes_to_its_end(name: str) -> None:
    answers, stop, asked, valid, drafter = ENDS[name]
    settings = Settings(turns=5, repairs=1 if name == "hands in a list" else 3)

    outcome, model = run(*answers, settings=settings)

    assert (outcome.trace.stop, len(model.requests)) == (stop, asked), outcome.trace
    assert outcome.findings.valid is valid, outcome.findings.findings
    assert outcome.plan.provenance.drafter == drafter


def test_a_plan_that_the_remedies_finished_names_the_entries_they_wrote() -> None:
    outcome, _ = run(*(revise({}, WITHOUT_GATE),) * 2)

    repaired = outcome.plan.provenance.repaired
    assert any("gitleaks" in name for name in repaired), repaired
    assert set(repaired) <= set(outcome.plan.by_name)


def test_an_unfixable_plan_is_never_called_valid_and_says_why() -> None:
    outcome, _ = run(*(revise(LIE),) * 2)

    assert "evidence-unresolved" in {row.rule for row in outcome.findings.findings}
    assert outcome.plan.provenance.verdict is None


def test_all_findings_go_back_at_once_with_the_repair_of_their_rule() -> None:
    _, model = run(revise({**BAD_ALERT, **NO_FILE}), revise())

    answer = last_results(model.requests[1])[0]
    assert answer["is_error"] and "3 repairs left" in answer["content"]
    for rule in ("evidence-unresolved", "alert-without-runbook"):
        assert f"{rule} (error) at /" in answer["content"]
        assert f"How to repair {rule}:" in answer["content"]


def test_what_was_asked_before_is_not_answered_again() -> None:
    question = call("read_repo", {"action": "list"})
    _, model = run(calls(question, {**question, "id": "toolu_2"}), revise())

    first, second = last_results(model.requests[1])
    assert "Dockerfile" in first["content"]
    assert second["content"] == "asked before: the answer stands above"


def test_of_several_hand_ins_in_a_reply_only_the_first_counts() -> None:
    outcome, model = run(calls(call("revise_plan", BAD_ALERT | {"sections": BAD_ALERT}), call("revise_plan", {}, 2)), revise({}, ["alerts/cpu"]))  # fmt: skip

    assert [block["tool_use_id"] for block in last_results(model.requests[1])] == ["toolu_1", "toolu_2"]
    assert len(outcome.trace.verdicts) == 2


def test_thinking_goes_back_unchanged_and_an_unsigned_thought_does_not() -> None:
    thought = {"type": "thinking", "thinking": "so…  ", "signature": "c2ln"}
    hidden = {"type": "redacted_thinking", "data": "b64"}
    cut = {"type": "thinking", "thinking": "half a", "signature": ""}
    _, model = run(
        calls(thought, hidden, call("read_repo", {"action": "list"})), Reply((cut,), "max_tokens"), revise()
    )

    echoed = [message for message in model.requests[-1].messages if message["role"] == "assistant"]
    assert [message["content"][:2] for message in echoed] == [[thought, hidden]]


def test_every_call_is_answered_and_the_prefix_stays_the_same() -> None:
    reads = [
        calls(call("read_repo", {"action": "search", "query": word}, at))
        for at, word in enumerate(("a1", "b2", "c3"))
    ]
    outcome, model = run(*reads, said("hm"), revise(BAD_ALERT), revise({}, ["alerts/cpu"]))

    assert {request.prefix_digest() for request in model.requests} == {outcome.trace.prefix}
    for request in model.requests:
        asked = [block["id"] for message in request.messages for block in blocks(message, "tool_use")]
        answered = [
            block["tool_use_id"] for message in request.messages for block in blocks(message, "tool_result")
        ]
        assert asked == answered


def test_repository_text_comes_between_the_marks_of_the_run() -> None:
    _, model = run(calls(call("read_repo", {"action": "read", "path": "README.md"})), revise())

    text = last_results(model.requests[1])[0]["content"]
    mark = text.splitlines()[0].strip("<>")
    assert mark.startswith("quoted-") and text.rstrip().endswith(f"</{mark}>")
    assert mark in model.requests[0].system


@pytest.mark.parametrize(
    ("settings", "stop", "asked"),
    [
        (Settings(turns=1), "turns-exhausted", 1),
        (Settings(turns=0), "turns-exhausted", 0),
        (Settings(tokens=1), "tokens-exhausted", 0),
        (Settings(seconds=0), "out-of-time", 0),
        (Settings(repairs=0), "repairs-exhausted", 1),
    ],
)
def test_each_budget_ends_the_run_by_its_name(settings: Settings, stop: str, asked: int) -> None:
    answers = [revise({"alerts": [{**BAD_ALERT["alerts"][0], "id": f"cpu-{at}"}]}) for at in range(9)]

    outcome, model = run(*answers, settings=settings)

    assert (outcome.trace.stop, len(model.requests)) == (stop, asked)
    assert outcome.findings.valid


def test_no_call_begins_that_could_not_end_within_the_tokens() -> None:
    used = Usage(cache_read=15_000, output=1_000)
    answers = [replace(revise({"alerts": [{**BAD_ALERT["alerts"][0], "id": f"cpu-{at}"}]}), usage=used) for at in range(9)]  # fmt: skip

    outcome, model = run(*answers, settings=Settings(tokens=40_000))

    # 40,000 less the 16,000 spent and the 15,000 that are read again leave 9,000 to write, and then nothing.
    assert [request.max_tokens for request in model.requests[1:]] == [9_000]
    assert (outcome.trace.stop, outcome.trace.usage.total) == ("tokens-exhausted", 32_000)


def test_tokens_of_all_replies_are_counted() -> None:
    outcome, _ = run(said("hm"), revise())

    assert outcome.trace.usage == SPENT + SPENT
    assert outcome.trace.usage.total == 2 * Usage(1150).total


class _Broken:
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def complete(self, request: Request, tell: Tell) -> Reply:
        raise self._error


@pytest.mark.parametrize("error", [InputError("the journal is broken"), RuntimeError("a defect")])
def test_an_error_behind_the_port_comes_out_as_it_is(error: Exception) -> None:
    target, assessment, _ = example()

    with pytest.raises(type(error)) as raised:
        asyncio.run(architect(target, assessment, _Broken(error), Settings()))

    assert raised.value is error


def test_a_model_that_cannot_be_reached_leaves_the_embedded_draft() -> None:
    target, assessment, drafted = example()
    port = _Broken(ModelUnavailable("no-credit", "the model refused the request (402)"))

    outcome = asyncio.run(architect(target, assessment, port, Settings()))

    assert outcome.trace.stop == "no-credit"
    assert outcome.plan.hash() == drafted.plan.hash()
