"""What a run tells while it goes on: in a person's words, on any terminal, with costs only where prices are stated."""

import asyncio
import io
import sys
from decimal import Decimal
from typing import Any

import pytest
from tests.agent_scripts import call, calls, example, revise

from platform_operations.agent import Settings, Usage, architect
from platform_operations.agent.progress import doing, handed_in, spent
from platform_operations.agent.scripted import Answer, ScriptedModel
from platform_operations.agent.settings import Prices
from platform_operations.cli.output import progress, step

PRICES = Prices(Decimal(2), Decimal(10), Decimal("0.1"), Decimal("2.5"))


def heard(*answers: Answer, settings: Settings | None = None) -> tuple[list[str], list[str]]:
    """Return what a run says it is doing, and what it says was done."""
    target, assessment, _ = example()
    told: list[str] = []
    noted: list[str] = []
    run = architect(
        target,
        assessment,
        ScriptedModel(answers),
        settings or Settings(),
        tell=told.append,
        note=noted.append,
    )
    asyncio.run(run)
    return told, noted


def test_a_run_says_what_it_reads_what_it_found_and_the_tokens_so_far() -> None:
    bad = {
        "alerts": [
            {"id": "cpu", "component": "checkout", "severity": "page", "kind": "cause", "expression": "up"}
        ]
    }
    told, noted = heard(
        calls(
            {"type": "text", "text": "First the image,\nthen the rest."},
            call("read_repo", {"action": "read", "path": "Dockerfile"}),
            call("read_repo", {"action": "read", "path": "missing.txt"}, 2),
        ),
        revise(bad),
        revise({}, ["alerts/cpu"]),
    )

    waits = "waiting for the model"
    assert told == [waits, "reads Dockerfile", "reads missing.txt", waits, waits]
    assert noted[0].startswith("asks claude-sonnet-5-5 with ") and noted[0].endswith(
        " bytes: at most 16 replies, 600,000 tokens, 900 seconds"
    )
    assert noted[1:4] == [
        "turn 1, 1,150 tokens so far",
        '  "First the image, then the rest."',
        "  reads Dockerfile: lines 1 to 20 of 20",
    ]
    assert noted[4] == "  reads missing.txt: 'missing.txt' does not exist"
    assert noted[5:] == [
        "turn 2, 2,300 tokens so far",
        "  hands in: 5 errors (alert-on-cause, alert-without-window, alert-without-owner and 2 more rules), 3 repairs left",
        "turn 3, 3,450 tokens so far",
        "  hands in: accepted",
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("read_repo", {"action": "list"}, "lists the repository"),
        ("read_repo", {"action": "list", "path": "deploy"}, "lists deploy"),
        ("read_repo", {"action": "search", "query": "migrate"}, "searches for 'migrate'"),
        ("read_repo", {"action": "read", "path": "x" * 200}, f"reads {'x' * 79}…"),
        ("read_repo", ["list"], "reads nothing"),
        ("fetch_metrics", {"component": "checkout"}, "asks the metrics of checkout"),
        ("load_reference", {"page": "slo-and-alerting"}, "looks up slo-and-alerting"),
        ("rm", {}, "calls 'rm'"),
    ],
)
def test_each_call_is_said_in_words(name: str, arguments: Any, words: str) -> None:
    assert doing(name, arguments) == words


def test_a_cost_is_told_only_at_the_prices_that_the_user_states() -> None:
    usage = Usage(input=1000, cache_write=2000, cache_read=100_000, output=3000)

    none = Usage()
    assert spent(usage, none, None) == "106,000 tokens so far"
    assert spent(usage, none, PRICES) == "106,000 tokens so far, about 0.0470 at your prices"
    assert spent(usage, Usage(output=3000), PRICES) == (
        "106,000 tokens so far, 3,000 of them replayed for nothing, about 0.0170 at your prices"
    )
    assert spent(Usage(output=1), none, None) == "1 token so far"


def test_one_error_and_one_repair_are_one_each() -> None:
    findings = example()[2].findings.model_copy(update={"valid": False, "findings": ()})

    assert handed_in(findings, 1) == "hands in: 0 errors (), 1 repair left"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in {"TERM": "xterm", "COLUMNS": "40", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stderr", stream)
    with progress() as tell:
        tell("reads a/long/path/that/does/not/fit/the/terminal.yaml")
        tell("writing, 支払い支払い支払い支払い支払い支払い")
        step("  reads \x1b[2Jx\x07: 3 lines")
    return stream.getvalue()


def test_on_a_terminal_one_line_is_written_over_and_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(_Terminal(), monkeypatch).split("\r\x1b[K") == [
        "",
        "reads a/long/path/that/does/not/fit/th…",
        "writing, 支払い支払い支払い支払い支払…",
        "  reads x: 3 lines\n",
        "",
    ]


@pytest.mark.parametrize("stream", [io.StringIO(), _Terminal()])
def test_elsewhere_there_are_plain_lines_only(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(stream, monkeypatch, TERM="dumb") == "  reads x: 3 lines\n"
