"""Dockerfiles read line by line: stages, continued lines, comments, here-documents."""

import json
import re
from typing import Any, NamedTuple

from platform_operations.patterns import regex

MAX_LINES = 5_000

_ESCAPE = r"(?i)^#\s*escape\s*=\s*([\\`])\s*$"
_DIRECTIVE = r"^#\s*[A-Za-z]+\s*="
_HEREDOC = r"<<-?\s*([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1"
_FLAG = r"^--([a-z-]+)(?:=(\S+))?\s*"


_TESTS = regex(
    r"(?<!speed)(?<!ab)[-_]tests?$|^tests?[-_](?!bed|suite)|^(?:jmeter|gatling|locust|k6|cypress|testcafe)(?:[-_]|$)",
    re.IGNORECASE,
)


_OF_TOOLS = frozenset({".github", ".gitlab", ".buildkite", ".circleci", ".ddev", ".gitpod", ".vscode"})
"""Folders of what runs pipelines and of what developers work in."""


def of_tests(path: str) -> bool:
    """Whether a Dockerfile lies in a folder named after tests, a tool of them or of pipelines: it is delivered to nobody."""
    folders = path.split("/")[:-1]
    return not _OF_TOOLS.isdisjoint(folders) or any(_TESTS.search(part) for part in folders)


class Instruction(NamedTuple):
    """One instruction: its word in capitals, its argument on one line, and the lines it stands on."""

    word: str
    value: str
    first: int
    last: int


class Health(NamedTuple):
    """A HEALTHCHECK; times in seconds, with the Dockerfile reference's defaults where nothing is written."""

    command: str
    interval: str = "30s"
    retries: str = "3"


def instructions(text: str) -> tuple[Instruction, ...]:
    """Return the instructions of a Dockerfile; what is no instruction is left out."""
    lines = text.replace("\r\n", "\n").split("\n")[:MAX_LINES]
    escape = _escape(lines)
    found: list[Instruction] = []
    ends = {line.strip() for line in lines}
    index = 0
    while index < len(lines):
        bare = lines[index].strip()
        if not bare or bare.startswith("#"):
            index += 1
            continue
        first = index
        parts, index = _logical(lines, index, escape)
        value = " ".join(part for part in parts if part)
        for _, word in re.findall(_HEREDOC, value) if value[:4].upper() in {"RUN ", "COPY", "ADD "} else []:
            index = _after_heredoc(lines, index, word) if word in ends else index
        word, _, rest = value.partition(" ")
        if word.isalpha():
            found.append(Instruction(word.upper(), rest.strip(), first + 1, index))
    return tuple(found)


def _escape(lines: list[str]) -> str:
    for line in lines:
        match = re.match(_ESCAPE, line.strip())
        if match:
            return match[1]
        if not re.match(_DIRECTIVE, line.strip()):
            break
    return "\\"


def _logical(lines: list[str], index: int, escape: str) -> tuple[list[str], int]:
    """Return the parts of one continued line and the index after it; comments inside do not end it."""
    parts: list[str] = []
    while index < len(lines):
        line = lines[index].strip()
        index += 1
        if parts and (not line or line.startswith("#")):
            continue
        if line.endswith(escape):
            parts.append(line[:-1].strip())
            continue
        parts.append(line)
        break
    return parts, index


def _after_heredoc(lines: list[str], index: int, word: str) -> int:
    for end in range(index, len(lines)):
        if lines[end].strip() == word:
            return end + 1
    return index


def final_stage(found: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """Return the instructions of the last stage, which is built by default, and of those it builds on.

    The first is its FROM; instructions of named stages that it builds on come after it, nearest first.
    """
    stages: list[list[Instruction]] = []
    for instruction in found:
        if instruction.word == "FROM":
            stages.append([instruction])
        elif stages:
            stages[-1].append(instruction)
    if not stages:
        return ()
    result = list(stages[-1])
    position = len(stages) - 1
    while position > 0:
        wanted = base_image(stages[position][0]).lower()
        parent = next((i for i in range(position - 1, -1, -1) if stage_name(stages[i][0]) == wanted), None)
        if parent is None:
            break
        result.extend(stages[parent])
        position = parent
    return tuple(result)


def base_image(instruction: Instruction) -> str:
    """Return the image or stage that a FROM names."""
    words = [word for word in instruction.value.split() if not word.startswith("--")]
    return words[0] if words else ""


def stage_name(instruction: Instruction) -> str | None:
    """Return the name that a FROM gives its stage, in lower case."""
    words = instruction.value.split()
    lowered = [word.lower() for word in words]
    if "as" in lowered and lowered.index("as") + 1 < len(words):
        return lowered[lowered.index("as") + 1]
    return None


def health(instruction: Instruction) -> Health | None:
    """Return what a HEALTHCHECK runs, None for HEALTHCHECK NONE."""
    flags: dict[str, str] = {}
    rest = instruction.value
    while match := re.match(_FLAG, rest):
        flags[match[1]] = match[2] or ""
        rest = rest[match.end() :]
    word, _, command = rest.partition(" ")
    if word.upper() != "CMD" or not command.strip():
        return None
    return Health(shown(command.strip()), flags.get("interval") or "30s", flags.get("retries") or "3")


def shown(command: str) -> str:
    """Return a command as one text, whether it is written as a shell line or as a JSON list."""
    if command.startswith("["):
        try:
            words: Any = json.loads(command)
        except (ValueError, RecursionError):
            return command
        if isinstance(words, list):
            return " ".join(str(word) for word in words)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return command
