"""What a task of Rake runs: `task lint: :environment do sh "bin/rubocop" end`, and the tasks that it asks for first."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from platform_operations.assess.ci.shell import Command, commands
from platform_operations.assess.places import lines_of, text_of
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_FILES = 60
MAX_DEPTH = 4
MAX_TASKS = 400
MAX_LINE = 500
MAX_BODY = 200
MAX_SPACES = 10

_SPACE = regex(r"^(\s*)namespace[\s(]+[:\"']+([\w-]+)")
_TASK = regex(r"^(\s*)task[\s(]+[:\"']*([\w:-]+?)[\"']?\s*(?:(?::(?!:)|=>|,|\)|\bdo\b)(.*))?$")
_SHELL = regex(r"^\s*(?:sh|system)!?[\s(]+([\"'])(.+?)\1(?!\w)|^\s*`([^`]+)`\s*$")
_NAMES = regex(r"%[iIwW][\[(]([^\])]*)[\])]|[:\"']([\w-]+(?::[\w-]+)*)")
_OPENS = regex(r"\bdo\b(?:\s*\|[^|]*\|)?\s*(?:#.*)?$")


class _Task(NamedTuple):
    """The file that holds a task, what it asks for first, and the shell commands of its body."""

    path: str
    needs: tuple[str, ...]
    runs: tuple[Command, ...]


def rake_task(
    repository: Repository, names: Sequence[str], place: str
) -> tuple[str, tuple[Command, ...]] | None:
    """Return the file that holds most of what some tasks run, and those commands; None where none is found here."""
    tasks = _tasks(repository, place, names)
    found: dict[str, list[Command]] = {}
    for name in names:
        for path, command in _run(tasks, name, MAX_DEPTH, set()):
            found.setdefault(path, []).append(command)
    if not found:
        return None
    path = max(found, key=lambda one: len(found[one]))
    return path, tuple(found[path])


def _run(
    tasks: Mapping[str, Sequence[_Task]], name: str, depth: int, seen: set[str]
) -> Iterator[tuple[str, Command]]:
    if depth == 0 or name in seen:
        return
    seen.add(name)
    for task in tasks.get(name, ()):
        for need in task.needs:
            beside = f"{name.rpartition(':')[0]}:{need}"
            yield from _run(tasks, beside if beside in tasks else need, depth - 1, seen)
        for command in task.runs:
            yield task.path, command


def _tasks(repository: Repository, place: str, names: Sequence[str]) -> Mapping[str, Sequence[_Task]]:
    here = f"{place}/" if place else ""
    paths = [
        path
        for path in repository.paths
        if path in {f"{here}Rakefile", f"{here}rakefile"}
        or (path.endswith(".rake") and path.startswith((f"{here}lib/tasks/", f"{here}rakelib/")))
    ]
    found: dict[str, list[_Task]] = {}
    held = 0
    for path in paths[:MAX_FILES]:
        text = text_of(repository, path) or ""
        if "task" not in text:
            continue
        for name, task in _read(path, lines_of(text)):
            found.setdefault(name, []).append(task)
            held += 1
            if held == MAX_TASKS:
                return found
    return found


def _read(path: str, rows: Sequence[str]) -> Iterator[tuple[str, _Task]]:
    spaces: list[tuple[int, str]] = []
    for number, row in enumerate(rows, 1):
        if len(row) > MAX_LINE or not row.strip():
            continue
        deep = len(row) - len(row.lstrip())
        while spaces and deep <= spaces[-1][0] and row.lstrip().startswith("end"):
            spaces.pop()
        opened = _SPACE.match(row)
        if opened and len(spaces) < MAX_SPACES:
            spaces.append((deep, opened[2]))
            continue
        task = _TASK.match(row)
        if task:
            name = ":".join((*(space for _, space in spaces), task[2]))
            told = _OPENS.sub("", task[3] or "")
            body = tuple(_body(rows, number, deep)) if _OPENS.search(row) else ()
            yield name, _Task(path, tuple(_needs(told)), body)


def _needs(told: str) -> Iterator[str]:
    """Yield the tasks that one asks for: those after an arrow, or after the colon of its own name."""
    for listed, single in _NAMES.findall(told.rpartition("=>")[2]):
        yield from re.split(r"[\s,]+", listed.strip()) if listed else (single,)


def _body(rows: Sequence[str], number: int, deep: int) -> Iterator[Command]:
    for at in range(number + 1, min(len(rows), number + MAX_BODY) + 1):
        row = rows[at - 1]
        if len(row) > MAX_LINE:
            continue
        if row.strip().startswith("end") and len(row) - len(row.lstrip()) <= deep:
            return
        shell = _SHELL.match(row)
        if shell:
            yield from commands(shell[2] or shell[3], at)
