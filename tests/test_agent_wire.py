"""The real SDK over real sockets, against a strict and faulty stand-in of the Messages API."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.agent_scripts import CHECKOUT, call, calls, example, revise
from tests.fake_messages_api import problem

from platform_operations.agent import Outcome, Settings, architect
from platform_operations.agent.claude import Claude
from platform_operations.agent.journal import Journal
from platform_operations.agent.port import Reply, Request
from platform_operations.agent.retrying import LONGEST_WAIT
from platform_operations.agent.scripted import ScriptedModel
from platform_operations.cli import main
from platform_operations.errors import InputError

SERVER = Path(__file__).parent / "fake_messages_api.py"
KEY = "test-key-that-must-not-be-kept"


def thinks(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": "signed:" + text[:8]}


def uses(name: str, arguments: dict[str, Any], number: int = 1) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}


def step(*content: dict[str, Any], stop: str = "tool_use") -> dict[str, Any]:
    return {"reply": {"content": list(content), "stop_reason": stop}}


DONE = step(thinks("all is well with it"), uses("revise_plan", {"sections": {}}))
READ = step(thinks("let me look"), {"type": "text", "text": "I read."}, uses("read_repo", {"action": "list"}))


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run went, what the server saw and how long the client would have slept."""

    outcome: Outcome
    seen: list[dict[str, Any]]
    slept: list[float]


@contextmanager
def server(folder: Path, steps: list[dict[str, Any]]) -> Generator[str]:
    script = folder / "steps.json"
    script.write_text(json.dumps(steps), encoding="utf-8")
    (folder / "log").touch()
    command = [sys.executable, str(SERVER), str(script), str(folder / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def drive(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *steps: dict[str, Any],
    settings: Settings | None = None,
    journal: Path | None = None,
) -> Ran:
    target, assessment, _ = example()
    used = settings or Settings()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def work() -> Outcome:
        model = Claude(attempts=used.attempts, seconds=used.seconds, silence=0.5, sleep=sleep)
        try:
            port = Journal(journal, model) if journal is not None else model
            return await architect(target, assessment, port, used)
        finally:
            await model.close()

    with server(folder, list(steps)) as address:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        outcome = asyncio.run(work())
    log = (folder / "log").read_text(encoding="utf-8").splitlines()
    return Ran(outcome, [json.loads(line) for line in log], slept)


def test_a_run_over_the_wire_is_accepted_by_a_strict_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = {"id": "cpu", "component": "checkout", "severity": "page", "kind": "cause", "expression": "up"}
    bad = step(thinks("second thoughts"), uses("revise_plan", {"sections": {"alerts": [alert]}}, 2))
    mend = step(uses("revise_plan", {"remove": ["alerts/cpu"]}, 3))
    talk = step({"type": "text", "text": "Now."}, stop="end_turn")

    ran = drive(tmp_path, monkeypatch, READ, talk, bad, mend)

    assert [row["refused"] for row in ran.seen] == [None] * 4
    assert all(row["keyed"] and row["retries"] == "0" for row in ran.seen)
    assert (ran.outcome.trace.stop, ran.outcome.findings.valid, ran.slept) == ("valid", True, [])
    assert ran.outcome.trace.usage.output == 4 * 13
    assert ran.seen[0]["body"]["stream"] is True
    assert [row["body"]["tools"] for row in ran.seen] == [ran.seen[0]["body"]["tools"]] * 4


FAULTS: dict[str, tuple[list[dict[str, Any]], int, list[float], str]] = {
    "rate limited": ([{"fault": "429", "headers": {"retry-after": "7"}}, DONE], 2, [7.0], "valid"),
    "rate limited by milliseconds": ([{"fault": "429", "headers": {"retry-after-ms": "1500"}}, DONE], 2, [1.5], "valid"),
    "asked to wait for an hour": ([{"fault": "429", "headers": {"retry-after": "3600"}}, DONE], 2, [LONGEST_WAIT], "valid"),
    "asked to wait for nonsense": ([{"fault": "429", "headers": {"retry-after": "nan"}}, DONE], 2, [0.5], "valid"),
    "told not to retry": ([{"fault": "500", "headers": {"x-should-retry": "false"}}, DONE], 2, [0.5], "valid"),
    "internal error": ([{"fault": "500"}, DONE], 2, [0.5], "valid"),
    "overloaded": ([{"fault": "529"}, {"fault": "529"}, DONE], 3, [0.5, 1.0], "valid"),
    "overloaded inside the stream": ([{"fault": "overloaded-inside"}, DONE], 2, [0.5], "valid"),
    "reset": ([{"fault": "reset"}, DONE], 2, [0.5], "valid"),
    "half a stream": ([{"fault": "half"}, DONE], 2, [0.5], "valid"),
    "torn in an event": ([{"fault": "torn"}, DONE], 2, [0.5], "valid"),
    "garbage in the stream": ([{"fault": "garbage"}, DONE], 2, [0.5], "valid"),
    "a proxy's page": ([{"fault": "page"}, DONE], 2, [0.5], "valid"),
    "a stream that falls silent": ([{"fault": "slow"}, DONE], 2, [0.5], "valid"),
    "down for good": ([{"fault": "529"}] * 9, 4, [0.5, 1.0, 2.0], "model-unavailable"),
    "bad request": ([{"fault": "400"}, DONE], 1, [], "request-refused"),
    "no key": ([{"fault": "401"}, DONE], 1, [], "no-credentials"),
    "no credit": ([{"fault": "402"}, DONE], 1, [], "no-credit"),
    "not allowed": ([{"fault": "403"}, DONE], 1, [], "not-permitted"),
    "no such model": ([{"fault": "404"}, DONE], 1, [], "no-such-model"),
    "too large": ([{"fault": "413"}, DONE], 1, [], "request-too-large"),
    "a fault in the second turn": ([READ, {"fault": "half"}, DONE], 3, [0.5], "valid"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_costs_exactly_so_many_calls(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, asked, slept, stop = FAULTS[name]

    ran = drive(tmp_path, monkeypatch, *steps)

    assert (len(ran.seen), ran.slept, ran.outcome.trace.stop) == (asked, slept, stop)
    assert all(row["refused"] is None for row in ran.seen)
    assert ran.outcome.findings.valid


def test_no_retry_begins_that_would_end_after_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = {"fault": "429", "headers": {"retry-after": "30"}}

    ran = drive(tmp_path, monkeypatch, wait, DONE, settings=Settings(seconds=20))

    assert (len(ran.seen), ran.slept, ran.outcome.trace.stop) == (1, [], "model-unavailable")


def test_a_run_is_replayed_from_its_journal_without_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journal"
    ran = drive(tmp_path, monkeypatch, READ, DONE, journal=journal)
    target, assessment, _ = example()

    again = asyncio.run(architect(target, assessment, Journal(journal), Settings()))

    assert again.plan.document() == ran.outcome.plan.document()
    assert again.trace == ran.outcome.trace
    kept = "".join(path.read_text(encoding="utf-8") for path in journal.iterdir())
    assert KEY not in kept and len(list(journal.iterdir())) == 4


def test_a_recorded_run_goes_again_without_a_key_and_says_that_it_cost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "plan",
        str(CHECKOUT),
        "--drafter",
        "claude",
        "--format",
        "json",
        "--journal",
        str(tmp_path / "journal"),
    ]
    with server(tmp_path, [READ, DONE]) as address:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        assert main(command) == 0
    first = capsys.readouterr()
    monkeypatch.delenv("ANTHROPIC_API_KEY")

    assert main(command) == 0

    again = capsys.readouterr()
    assert again.out == first.out
    assert "72 tokens (14 from the cache, 26 written), 72 of them replayed for nothing, " in again.err
    assert len((tmp_path / "log").read_text(encoding="utf-8").splitlines()) == 2
    assert KEY not in first.err + first.out + again.err


def test_two_runs_at_once_share_a_journal_and_a_third_replays_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, assessment, _ = example()
    folder = tmp_path / "journal"
    replies = (calls(call("read_repo", {"action": "list"})), revise())

    # By what was said before, not by position: either run may find the other's reply in the journal first.
    def answer(request: Request) -> Reply:
        return replies[sum(message["role"] == "assistant" for message in request.messages)]

    async def both() -> list[Outcome]:
        ports = [Journal(folder, ScriptedModel([answer, answer])) for _ in range(2)]
        return await asyncio.gather(*(architect(target, assessment, port, Settings()) for port in ports))

    first, second = asyncio.run(both())
    third = asyncio.run(architect(target, assessment, Journal(folder), Settings()))

    assert first.plan == second.plan == third.plan
    assert third.trace.replayed == third.trace.usage
    assert first.trace.usage == second.trace.usage == third.trace.usage
    assert sorted(path.suffixes[-2] for path in folder.iterdir()) == [
        ".reply",
        ".reply",
        ".request",
        ".request",
    ]


HALF = {
    "half a file": '{"content": [{"type": "te',
    "nothing": "",
    "a list": "[]",
    "no usage": '{"content": [], "stop_reason": "end_turn", "broken": []}',
    "usage of words": '{"content": [], "stop_reason": "x", "usage": ["a", "b", "c", "d"], "broken": []}',
    "blocks of words": '{"content": ["a"], "stop_reason": "x", "usage": [1, 1, 1, 1], "broken": []}',
    "deep": "[" * 100_000,
    "no text": "\x00\xff",
}


@pytest.mark.parametrize("name", HALF)
def test_a_journal_entry_that_is_broken_is_one_clear_line(name: str, tmp_path: Path) -> None:
    target, assessment, _ = example()
    asyncio.run(architect(target, assessment, Journal(tmp_path, ScriptedModel([revise()])), Settings()))
    entry = next(tmp_path.glob("*.reply.json"))
    entry.write_bytes(HALF[name].encode("latin-1"))

    with pytest.raises(InputError) as raised:
        asyncio.run(architect(target, assessment, Journal(tmp_path), Settings()))

    assert str(raised.value) == (
        f"the journal entry {entry.name} cannot be read; delete it to ask the model again"
    )


def test_what_was_asked_stands_in_the_journal_though_no_answer_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = drive(tmp_path, monkeypatch, {"fault": "400"}, journal=tmp_path / "journal")

    assert [path.name.split(".", 1)[1] for path in (tmp_path / "journal").iterdir()] == ["request.json"]
    assert ran.outcome.trace.stop == "request-refused"


REFUSED: dict[str, dict[str, Any]] = {
    "sampling": {"temperature": 0},
    "forced tool": {"tool_choice": {"type": "tool", "name": "submit_plan"}},
    "thinking off": {"thinking": {"type": "disabled"}},
    "unknown field": {"context": 1},
    "prefill": {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "{"}]},
    "unanswered call": {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": [uses("x", {})]}, {"role": "user", "content": "b"}]},
    "altered thought": {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": [{**thinks("abc"), "thinking": "x"}]}, {"role": "user", "content": "b"}]},
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_the_stand_in_refuses_what_late_models_refuse(name: str) -> None:
    body: dict[str, Any] = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "a"}]}

    assert problem(body) is None
    assert problem({**body, **REFUSED[name]}) is not None
    assert problem({key: value for key, value in body.items() if key != "max_tokens"}) is not None
