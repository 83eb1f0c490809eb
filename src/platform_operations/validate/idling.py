"""Commands that stand in a stage and cannot tell it anything: they print, ask for a version, or swallow the failure."""

import re
import shlex
from functools import lru_cache
from typing import NamedTuple

from platform_operations.patterns import regex
from platform_operations.platforms.checks import cannot_fail
from platform_operations.platforms.reading.commands import invocation
from platform_operations.platforms.reading.scripts import QUIET, SETTING, calls

IDLE = QUIET | SETTING | {"false", "set", "trap", "tee", "mkdir", "touch"}
"""Programs that tell nothing of an artifact."""

_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash"})
_ASKING = frozenset({"--version", "--help", "-h", "-V", "version", "help"})
_NOTHING_IN_CODE = regex(r"\s*(pass|exit\(\)|0|;|\s)*\s*")
_CONNECTS = (">/dev/tcp/", "> /dev/tcp/", "</dev/tcp/", "< /dev/tcp/")
"""By which bash opens a connection: it fails where nobody answers (Bash manual, "Redirections")."""
_FAILS = regex(r"-[a-zA-Z]*f[a-zA-Z]*|--fail(-with-body|-early)?")
_LONGEST = 20_000


@lru_cache(maxsize=4096)
def idle(command: str) -> bool:
    """Return whether a command does nothing that could tell of an artifact."""
    words = _words(command)
    if not words or command.lstrip().startswith("#"):
        return True
    program = words[0].rpartition("/")[2]
    if any(sign in command for sign in _CONNECTS):
        return False
    if program in IDLE:
        return True
    if program in _SHELLS and "-c" in words[:-1]:
        return idle(words[words.index("-c") + 1])
    if program.startswith(("python", "node")) and words[1:2] in (["-c"], ["-e"]) and len(words) > 2:
        return _NOTHING_IN_CODE.fullmatch(words[2]) is not None
    return program in {"test", "["} and not any(word.startswith("-") or "$" in word for word in words[1:])


@lru_cache(maxsize=4096)
def asks_only(command: str) -> bool:
    """Return whether a command asks a program for its version or its help, and for nothing else."""
    words = _words(command)
    return len(words) > 1 and set(words[1:]) <= _ASKING


class Told(NamedTuple):
    """A command of a stage, the text it stands in by position, and what keeps the stage from hearing of its failure."""

    text: str
    entry: int
    hidden: str | None


@lru_cache(maxsize=4096)
def told(runs: tuple[str, ...]) -> tuple[Told, ...]:
    """Return what the texts of a stage call, each with what hides its failure, if anything does.

    GitLab and CircleCI set `pipefail`, GitHub does so only where a step says `shell: bash`: a text must set it itself.
    """
    return tuple(
        Told(
            call.text,
            entry,
            call.hidden or cannot_fail(call.text) or _content(call.text) or _closed(runs[entry]),
        )
        for entry, found in enumerate(calls(runs))
        for call in found
    )


def tells(runs: tuple[str, ...]) -> bool:
    """Return whether commands can tell that something is wrong: one looks at something, and its failure is seen."""
    return any(one.hidden is None and not idle(one.text) and not asks_only(one.text) for one in told(runs))


def _content(command: str) -> str | None:
    """Return what makes `curl` content with any answer: without --fail an error page is a success (curl's manual, -f)."""
    called = invocation(command)
    if called[:1] != ("curl",) or any(_FAILS.fullmatch(word) for word in called[1:]):
        return None
    return "curl without --fail"


def _closed(text: str) -> str | None:
    """Return what ends a text so that it succeeds, should its shell not stop at a failure."""
    parts = [part for part in re.split(r"[;\n]", text[:_LONGEST]) if part.strip()]
    last = parts[-1].strip() if len(parts) > 1 else ""
    return f"; {last}" if last and idle(last) and not last.startswith("#") else None


def _words(command: str) -> list[str]:
    text = command[:_LONGEST]
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()
