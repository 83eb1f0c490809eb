"""What commands, scripts and Makefiles set: names with the text that they are given, as written."""

import re
from collections.abc import Iterable
from functools import lru_cache

from platform_operations.assess.ci.jobs import Words
from platform_operations.assess.ci.shell import Command
from platform_operations.patterns import regex
from platform_operations.platforms.reading.commands import invocation, words

MAX_MAKEFILE = 200_000

_VALUE = r"((?:\$\((?:[^()]|\([^()]*\)){0,400}\)|\$\{\{.{0,400}?\}\}|`[^`]{0,400}`|[^\s\"'>`])+)"
_SET = regex(r"^(?:(?:export|local|readonly|declare|typeset)\s+(?:-\w+\s+)?)?([A-Za-z_]\w*)=[\"']?" + _VALUE)
_BREAKS = regex(r"[\s\"',;]+")
_IN_FRONT = regex(r"^[A-Za-z_]\w*=")
_OF_MAKE = regex(r"^(?:export\s+|override\s+)?([A-Za-z_]\w*)\s*([:?]{0,2})=[ \t]*([^\n#]*)", re.MULTILINE)
_OF_SHELL = regex(r"\$\(shell\s+")


def assigned(name: str, texts: Iterable[str]) -> str | None:
    """Return what the first of several commands gives `name`, None where none does or only by what it held before.

    Assignments, lines for GITHUB_ENV or GITHUB_OUTPUT and the commands by which Azure and GitHub set variables count.
    """
    wanted: re.Pattern[str] | None = None
    for text in texts:
        if name not in text:
            continue
        wanted = wanted or re.compile(
            rf"(?:(?:^|[\s\"']){re.escape(name)}=|\bname={re.escape(name)}::|\bvariable={re.escape(name)}(?:;[^\]]*)?\])[\"']?{_VALUE}"
        )
        match = wanted.search(text)
        if match and f"${name}" not in match[1] and f"{{{name}}}" not in match[1]:
            return one_word(match[1])
    return None


def one_word(value: str) -> str:
    """Return a value so that what a command prints stays one word where it is put: `$(git_rev-parse_HEAD)`."""
    return _BREAKS.sub("_", value.replace("`", "")) if "$(" in value or "`" in value else value


def of_script(commands: Iterable[Command], caller: str) -> Words:
    """Return what a script sets, and what its caller hands it: `A=b ./script.sh X` gives A and the argument 1."""
    found: dict[str, str] = {}
    for command in commands:
        match = _SET.match(command.text) if "=" in command.text else None
        if match and f"${match[1]}" not in match[2] and f"{{{match[1]}" not in match[2]:
            found.setdefault(match[1], one_word(match[2]))
    return {**found, **_handed(caller)}


def of_makefile(content: str, caller: str) -> tuple[Words, Words]:
    """Return what a Makefile sets whatever stands outside it, and what it only sets where nothing else does (`?=`)."""
    firm, otherwise = _set_by_make(content)
    return {**firm, **_handed(caller)}, otherwise


@lru_cache(maxsize=64)
def _set_by_make(content: str) -> tuple[Words, Words]:
    firm: dict[str, str] = {}
    otherwise: dict[str, str] = {}
    for name, how, value in _OF_MAKE.findall(content[:MAX_MAKEFILE]):
        told = _OF_SHELL.sub("$(", value.strip())
        if told and f"$({name})" not in told and f"${{{name}}}" not in told:
            (otherwise if "?" in how else firm).setdefault(name, one_word(told))
    return firm, otherwise


def _handed(caller: str) -> dict[str, str]:
    """Return the variables before and behind a called program, and its bare arguments by their place."""
    found: dict[str, str] = {}
    called = invocation(caller)
    for word in words(caller):
        if _IN_FRONT.match(word):
            name, _, value = word.partition("=")
            found[name] = value
        elif word in called[:1] or not called:
            break
    shell = called[:1] in {("bash",), ("sh",), ("zsh",), ("source",), (".",)}
    for place, word in enumerate(called[2 if shell else 1 :], 1):
        found[str(place)] = word
        if _IN_FRONT.match(word):
            name, _, value = word.partition("=")
            found.setdefault(name, value)
    return {name: value for name, value in found.items() if value}
