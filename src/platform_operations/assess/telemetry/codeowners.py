"""CODEOWNERS as GitHub and GitLab read it: patterns, sections, and who owns a path.

Patterns are matched by hand, in time linear in pattern and path for each segment: a regular expression made
of a hostile pattern could take for ever.
"""

import re
from typing import NamedTuple

from platform_operations.patterns import regex

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where it may lie; the first that is there counts (GitHub's order, then GitLab's own folder)."""

MAX_RULES = 5_000
_SECTION = regex(r"^\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>(?:\s+\S+)*)\s*$")
_OWNER = regex(r"^(@[\w][\w./-]*|[^@\s]+@[^@\s]+\.[^@\s]+)$")


class Rule(NamedTuple):
    """One line: a pattern, where it stands, and its owners; with none, what it matches has no owner."""

    pattern: str
    owners: tuple[str, ...]
    line: int


def read_codeowners(text: str) -> tuple[Rule, ...]:
    """Return the active rules in order, without comments and headings of sections."""
    rules: list[Rule] = []
    inherited: tuple[str, ...] = ()
    for number, row in enumerate(text.split("\n"), 1):
        line = _without_comment(row).strip()
        if not line:
            continue
        section = _SECTION.match(line) if line[0] in "[^" and len(line) < 2_000 else None
        if section:
            inherited = tuple(word for word in section["owners"].split() if _OWNER.match(word))
            continue
        words = _words(line)
        owners = tuple(word for word in words[1:] if _OWNER.match(word))
        rules.append(Rule(words[0], owners or inherited, number))
        if len(rules) >= MAX_RULES:
            break
    return tuple(rules)


def _without_comment(row: str) -> str:
    if row.lstrip().startswith("#"):
        return ""
    found = re.search(r"\s#", row)
    return row[: found.start()] if found else row


def _words(line: str) -> list[str]:
    """Split at blanks that no backslash escapes."""
    return [word.replace("\\ ", " ") for word in re.findall(r"(?:\\.|[^\s\\])+|\\$", line)] or [line]


def owner_of(rules: tuple[Rule, ...], path: str) -> str | None:
    """Return the first owner of the last rule that matches `path`, None where there is none."""
    for rule in reversed(rules):
        if matches(rule.pattern, path):
            return rule.owners[0] if rule.owners else None
    return None


def matches(pattern: str, path: str) -> bool:
    """Whether a CODEOWNERS pattern matches a path relative to the root.

    As in .gitignore: a pattern with a slash other than its last is anchored, any other matches at every
    depth; a folder owns all that is in it, but `folder/*` only what lies directly in it.
    """
    anchored = "/" in pattern.rstrip("/")
    only_folder = pattern.endswith("/")
    parts = [part for part in pattern.strip("/").split("/") if part]
    if not parts:
        return pattern == "/"
    if not anchored and parts[0] != "**":
        parts = ["**", *parts]
    steps = path.split("/")
    direct = parts[-1] == "*" and len(parts) > 1 and parts[-2] != "**"
    ends = _ends(parts, steps)
    if direct:
        return len(steps) in ends
    return any(end < len(steps) or not only_folder for end in ends)


def _ends(parts: list[str], steps: list[str]) -> set[int]:
    """Return how many leading steps of the path the whole pattern can match."""
    at = {0}
    for part in parts:
        if part == "**":
            at = set(range(min(at), len(steps) + 1)) if at else at
        else:
            at = {place + 1 for place in at if place < len(steps) and _segment(part, steps[place])}
        if not at:
            return at
    return at


def _segment(part: str, text: str) -> bool:
    """Match one segment with * and ? by the greedy two-pointer walk."""
    at = place = 0
    star, resume = -1, 0
    while place < len(text):
        if at < len(part) and (part[at] == text[place] or part[at] == "?") and part[at] != "*":
            at += 1
            place += 1
        elif at < len(part) and part[at] == "*":
            star, resume = at, place
            at += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(letter == "*" for letter in part[at:])
