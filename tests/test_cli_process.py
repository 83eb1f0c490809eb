"""The command line as a process: what no test inside one can see."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parent.parent / "examples" / "checkout"


def started(*arguments: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "platform_operations.cli", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        **options,
    )


def test_as_a_process_json_is_the_only_thing_on_standard_output() -> None:
    answer = started("plan", CHECKOUT, "--format", "json")

    assert (answer.returncode, answer.stderr) == (0, "")
    assert json.loads(answer.stdout)["target"]["name"] == "checkout"


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_how_python_orders_sets() -> None:
    seen = {
        started("plan", CHECKOUT, "--format", "json", env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2", "3")
    }

    assert len(seen) == 1


def test_as_a_process_a_missing_folder_is_one_line_and_no_traceback() -> None:
    answer = started("assess", "no/such/folder")

    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "platform-ops: 'no/such/folder' does not exist\n"


@pytest.mark.needs("bash")
def test_a_reader_that_goes_away_ends_the_run_quietly() -> None:
    command = f"'{sys.executable}' -m platform_operations.cli plan '{CHECKOUT}' --format json | head -c 1"
    answer = subprocess.run(
        ["bash", "-c", command], capture_output=True, encoding="utf-8", timeout=120, check=False
    )

    assert (answer.stdout, answer.stderr) == ("{", "")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom platform_operations.cli import main\n"
        "main(['plan', '--help'])\n"
        "heavy = {'pydantic', 'yaml', 'rich', 'mcp', 'anthropic', 'httpx2', 'promql_parser', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60, check=False
    )

    assert answer.stderr == "[]\n"
