"""Commands that stand in a stage and cannot tell it anything: they print, ask for a version, or swallow the failure."""

import re
import shlex
from functools import lru_cache

from platform_operations.platforms.checks import cannot_fail

IDLE = frozenset({"echo", "printf", "true", ":", "sleep", "exit", "cat", "date", "pwd", "whoami"})
"""Programs that tell nothing of an artifact."""

_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash"})
_ASKING = frozenset({"--version", "--help", "-h", "-V", "version", "help"})
_NOTHING_IN_CODE = re.compile(r"\s*(pass|exit\(\)|0|;|\s)*\s*")
_LONGEST = 20_000


@lru_cache(maxsize=4096)
def idle(command: str) -> bool:
    """Return whether a command does nothing that could tell of an artifact."""
    words = _words(command)
    if not words or command.lstrip().startswith("#"):
        return True
    program = words[0].rpartition("/")[2]
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


@lru_cache(maxsize=4096)
def swallowed(command: str) -> str | None:
    """Return what makes a command succeed although what it runs failed, None where its failure is seen."""
    known = cannot_fail(command)
    if known:
        return known
    text = command.strip()[:_LONGEST]
    if text.endswith("&") and not text.endswith("&&"):
        return "&"
    head, found, tail = text.rpartition("||")
    if found and head.strip() and idle(tail):
        return "|| " + tail.strip()
    parts = [part for part in re.split(r"[;\n]", text) if part.strip()]
    if len(parts) > 1 and idle(parts[-1]) and not parts[-1].strip().startswith("#"):
        return "; " + parts[-1].strip()
    return None


def telling(command: str) -> bool:
    """Return whether a command can tell that something is wrong: it looks at something, and its failure is seen."""
    return not idle(command) and not asks_only(command) and swallowed(command) is None


def _words(command: str) -> list[str]:
    text = command[:_LONGEST]
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()
