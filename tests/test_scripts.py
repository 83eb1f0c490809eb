"""Shell scripts: what they call, and whether the failure of a call is heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.platforms.reading.scripts import LONGEST, calls
from platform_operations.validate.idling import tells

HEARD = (
    "scan",
    "scan || exit 1",
    "scan || { echo bad; exit 1; }",
    "cd app && scan",
    "set -o pipefail; scan | tee log",
    "if ! scan; then echo bad; exit 1; fi",
    "if [ -f lock ]; then scan; else exit 1; fi",
    "OUTCOME=$(scan)",
    "for place in a b; do scan $place; done",
    "for try in 1 2; do scan && exit 0; sleep 5; done; exit 1",
    "until scan; do sleep 5; done",
    "while ! scan; do sleep 5; done",
    "(cd app; scan) || { echo bad; exit 1; }",
    "check() { scan; }; check",
    "STRICT=1 scan > log 2>&1",
    "bash -ec 'scan; report'",
    "timeout 60 bash -c 'until scan; do sleep 2; done'",
    "set +e; scan",
    "scan ${{ github.sha }} && echo good",
)
UNHEARD = (
    "scan || true",
    "scan || FAILED=1",
    "scan | tee log",
    "scan &",
    "! scan",
    "! scan | cat",
    "if scan; then echo good; fi",
    "if false; then scan; exit 1; fi",
    "case x in y) scan;; esac",
    "until scan; do break; done",
    "for try in 1 2; do scan && break; sleep 5; done",
    "scan && echo good\nreport",
    "export OUTCOME=$(scan)",
    'echo "$(scan)"',
    "trap 'exit 0' EXIT; scan",
    "set +e; scan; report",
    "exit 0; scan",
    "true || scan",
    '[ -z "$CHECK" ] || scan',
    "bash -c 'scan; report'",
)


@pytest.mark.parametrize("script", HEARD)
def test_a_failure_is_heard(script: str) -> None:
    assert [call.hidden for call in calls((script,))[0] if "scan" in call.text.split()] == [None]


@pytest.mark.parametrize("script", UNHEARD)
def test_a_failure_is_not_heard(script: str) -> None:
    found = [call.hidden for call in calls((script,))[0] if "scan" in call.text.split()]
    assert len(found) == 1
    assert found[0]


@pytest.mark.parametrize("script", ["echo scan", "# scan", "check() { scan; }", "cat <<END\nscan\nEND"])
def test_what_is_only_written_down_is_not_called(script: str) -> None:
    assert [call for call in calls((script,))[0] if call.text == "scan"] == []


def test_what_a_text_sets_holds_for_those_after_it() -> None:
    assert [call.hidden for (call,) in calls(("set +e", "scan", "report"))] == [None, "set +e", None]
    assert [call.hidden for (call,) in calls(("exit 0", "scan"))] == [None, "exit 0"]


@pytest.mark.parametrize(
    ("command", "heard"),
    [
        ("curl https://shop.example/health", False),
        ("curl -s -o page https://shop.example/health", False),
        ("curl -fsS https://shop.example/health", True),
        ("curl --fail-with-body https://shop.example/health", True),
        ("curl -s https://shop.example/health | grep ok", True),
        ('[ "$(curl -s https://shop.example/health)" = ok ]', True),
        ('CODE=$(curl -s -w "%{http_code}" https://shop.example); [ "$CODE" = 200 ]', True),
        ("echo ok | grep ok", False),
        ("wget -q https://shop.example/health", True),
    ],
)
def test_a_request_tells_something_where_an_error_page_is_no_success(command: str, heard: bool) -> None:
    assert tells((command,)) is heard


def test_a_text_too_long_to_be_read_tells_nothing() -> None:
    assert not tells(("scan " + "x" * LONGEST,))


PIECES = st.sampled_from(
    [*"(){}|&;!<>$`'\"\\ \n", "if ", "then ", "fi", "for x in ", "do ", "done", "case ", "esac", "$(", "<<E", "${{ a }}", "scan", "é"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_text_is_read(text: str) -> None:
    assert len(calls((text,))) == 1


@pytest.mark.parametrize(
    "piece", ["(", "$(", '"$(', "a|", "x=(", "! ", "(a)", "<<E ", "${a", "if ", "f(){ ", "`"]
)
def test_what_is_nested_or_repeated_without_end_is_read(piece: str) -> None:
    assert [len(found) for found in calls((piece * LONGEST,))] == [1]
    assert len(calls((piece * (LONGEST // len(piece)), "scan"))) == 2
