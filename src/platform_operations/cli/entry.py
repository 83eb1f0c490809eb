"""From arguments to an exit code: 0 done, 1 the plan is invalid or a bar was met, 2 the input cannot be used."""

import gc
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn

from platform_operations.cli.arguments import parse
from platform_operations.errors import DefectError, InputError

INTERRUPTED = 130
BROKEN_PIPE = 141
"""What a shell reports of a program that SIGINT, or SIGPIPE, ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1, 2; 130 when interrupted, 141 when the reader went away."""
    # What else is installed has no part in judging a repository, and looking for it costs every start.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = _ran(argv)
        sys.stdout.flush()
        return code
    except InputError as error:
        return _refused(str(error))
    except DefectError as error:
        return _refused(f"this build is broken: {error}")
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes once more when it ends; that must find an open file.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def program() -> NoReturn:
    """Run one command as a process of its own.

    The system takes a process's memory back at once; the interpreter would free it value by value, a tenth of the run.
    """
    code = main()
    for stream in (sys.stdout, sys.stderr):
        # A stream that the caller closed is None.
        if isinstance(stream, TextIOWrapper):
            with suppress(OSError):
                stream.flush()
    os._exit(code)


def _ran(argv: Sequence[str] | None) -> int:
    try:
        arguments = parse(argv)
        if arguments.command != "serve":
            # A command makes no cycles worth looking for; what bounds them is not met by 30,000 files.
            gc.set_threshold(1_000_000, 20, 20)
        return _run(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2


def _refused(message: str) -> int:
    from platform_operations.repository import redact

    sys.stderr.write(f"platform-ops: {' '.join(redact(message).split())}\n")
    return 2


def _run(arguments: Namespace) -> int:
    """Call the command's own module, imported only now."""
    match arguments.command:
        case "assess":
            from platform_operations.cli.assess_command import run
        case "plan":
            from platform_operations.cli.plan_command import run
        case "validate":
            from platform_operations.cli.validate_command import run
        case "render" | "backtest":
            return _of_a_plan(arguments)
        case "rules":
            from platform_operations.cli.lookup_commands import run_rules as run
        case "reference":
            from platform_operations.cli.lookup_commands import run_reference as run
        case "schema":
            from platform_operations.cli.lookup_commands import run_schema as run
        case "install":
            from platform_operations.cli.install_commands import run_install as run
        case "doctor":
            from platform_operations.cli.install_commands import run_doctor

            return run_doctor()
        case _:
            from platform_operations.cli.serve_command import run
    return run(arguments)


def _of_a_plan(arguments: Namespace) -> int:
    if arguments.command == "render":
        from platform_operations.cli.render_command import run
    else:
        from platform_operations.cli.backtest_command import run
    return run(arguments)
