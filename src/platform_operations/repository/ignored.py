"""What git ignores, by the .gitignore files of a work tree.

The patterns come from strangers. A matcher that backtracks is no use here: one pattern of six stars and one
name of 200 letters keep it busy for minutes. This one tries nothing twice, and counts its steps.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from platform_operations.patterns import regex
from platform_operations.repository.guard import read_inside

MAX_IGNORE_BYTES = 64 * 1024
# Compiling this many patterns and matching this long take about a second each.
MAX_RULES = 5000
MAX_STEPS = 100_000_000

# One name of a path: itself, a pattern, or None for `**`, any number of names.
Segment: TypeAlias = str | re.Pattern[str] | None

_ANYTHING = re.compile(".*", re.DOTALL)
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_TOKEN = regex(
    r"(?P<star>\*+)|(?P<any>\?)|\[(?P<negated>[!^]?)(?P<items>\]?(?:\[:[a-z]*:\]|\\.|[^\]\\])*+)\]|\\?(?P<letter>.)",
    re.DOTALL,
)
_ITEM = regex(r"\[:(?P<named>[a-z]*):\]|\\?(?P<first>.)(?:-\\?(?P<last>.))?", re.DOTALL)


class MalformedPatternError(ValueError):
    """A pattern that git holds to match nothing."""


class _Rule(NamedTuple):
    """A line: `!` negates it, a slash at its end restricts it to folders, one before that anchors it."""

    negated: bool
    folders_only: bool
    anchored: bool
    segments: tuple[Segment, ...]


class _Rules(NamedTuple):
    """The lines of one file, last first.

    A line is about a path only if its last segment matches the path's last name, which is settled for all of
    them at once; `open_ended` are those that end in `**`.
    """

    rules: tuple[_Rule, ...]
    open_ended: tuple[_Rule, ...]
    last_names: frozenset[str]
    last_pattern: re.Pattern[str] | None
    patterns: int


class Ignored:
    """Answers for the paths of one work tree, relative to its top."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._rules: dict[str, _Rules] = {}
        self._folders = {"": False}
        self._steps = 0
        self._lines = 0

    @property
    def gave_up(self) -> bool:
        """True once the patterns cost more than the bounds; from then on nothing counts as ignored."""
        return self._steps > MAX_STEPS or self._lines > MAX_RULES

    def holds(self, path: str, *, is_folder: bool) -> bool:
        """Say whether git ignores `path` or a folder above it."""
        parent = path.rpartition("/")[0]
        if parent not in self._folders:
            for end in (index for index, letter in enumerate(path) if letter == "/"):
                self._folder(path[:end])
        return self._folders[parent] or self._decided(path, is_folder)

    def _folder(self, path: str) -> None:
        if path not in self._folders:
            parent = path.rpartition("/")[0]
            self._folders[path] = self._folders[parent] or self._decided(path, True)

    def _decided(self, path: str, is_folder: bool) -> bool:
        names = path.split("/")
        for depth in range(len(names) - 1, -1, -1):
            rules = self._of("/".join(names[:depth]))
            if rules.rules and not self.gave_up:
                verdict = self._verdict(rules, names[depth:], is_folder)
                if verdict is not None:
                    return verdict
        return False

    def _verdict(self, rules: _Rules, names: list[str], is_folder: bool) -> bool | None:
        name = names[-1]
        self._steps += 1 + rules.patterns * len(name)
        concern = name in rules.last_names or (rules.last_pattern and rules.last_pattern.fullmatch(name))
        length = sum(map(len, names))
        for rule in rules.rules if concern else rules.open_ended:
            self._steps += len(rule.segments) * length
            if rule.folders_only and not is_folder:
                continue
            if _match(rule.segments, names if rule.anchored else names[-1:]):
                return not rule.negated
        return None

    def _of(self, folder: str) -> _Rules:
        rules = self._rules.get(folder)
        if rules is None:
            try:
                data = read_inside(self._top, f"{folder}/.gitignore".lstrip("/"), MAX_IGNORE_BYTES)
            except OSError:
                data = None
            self._lines += (data or b"").count(b"\n")
            rules = self._rules[folder] = _parsed(b"" if self.gave_up else data or b"")
        return rules


def _parsed(data: bytes) -> _Rules:
    rules = tuple(_rules(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")))[::-1]
    last = [rule.segments[-1] for rule in rules]
    patterns = list(dict.fromkeys(segment.pattern for segment in last if isinstance(segment, re.Pattern)))
    return _Rules(
        rules,
        tuple(rule for rule in rules if rule.segments[-1] is None),
        frozenset(segment for segment in last if isinstance(segment, str)),
        re.compile("|".join(patterns), re.DOTALL) if patterns else None,
        len(patterns),
    )


def _rules(text: str) -> Iterator[_Rule]:
    for line in text.split("\n"):
        pattern = re.sub(r"(?<!\\) +$", "", line.removesuffix("\r"))
        if not pattern or pattern.startswith("#"):
            continue
        negated = pattern.startswith("!")
        pattern = pattern.removeprefix("!")
        folders_only = pattern.endswith("/")
        pattern = pattern.removesuffix("/")
        anchored = "/" in pattern
        pattern = pattern.removeprefix("/")
        if not pattern:
            continue
        try:
            segments = _segments(pattern, anchored)
        except MalformedPatternError:
            continue
        yield _Rule(negated, folders_only, anchored, segments)


def _segments(pattern: str, anchored: bool) -> tuple[Segment, ...]:
    parts = pattern.split("/")
    segments = tuple(None if anchored and re.fullmatch(r"\*\*+", part) else _segment(part) for part in parts)
    # `a/**` is what lies inside a, not a itself.
    return (*segments[:-1], _ANYTHING, None) if segments[-1] is None else segments


def _segment(glob: str) -> str | re.Pattern[str]:
    if not re.search(r"[*?[\\]", glob):
        return glob
    pieces = [""]
    for token in _TOKEN.finditer(glob):
        # An open bracket without its end, a backslash with nothing behind it.
        if token[0] in {"[", "\\"}:
            raise MalformedPatternError(glob)
        if token["star"]:
            pieces.append("")
        elif token["any"]:
            pieces[-1] += "."
        elif token["items"] is not None:
            pieces[-1] += _bracket(token["items"], bool(token["negated"]))
        else:
            pieces[-1] += re.escape(token["letter"])
    first, *rest = pieces
    # Between two stars the first fit is as good as any later one, so nothing is tried twice.
    middle = "".join(f"(?>.*?{piece})" for piece in rest[:-1])
    return re.compile(f"{first}{middle}.*{rest[-1]}" if rest else first, re.DOTALL)


def _bracket(items: str, negated: bool) -> str:
    inside = ""
    for item in _ITEM.finditer(items):
        first, last = item["first"], item["last"]
        if first is None:
            if item["named"] not in _CLASSES:
                raise MalformedPatternError(items)
            inside += _CLASSES[item["named"]]
        else:
            # A range that runs backwards is its first letter alone.
            inside += re.escape(first) + (f"-{re.escape(last)}" if last and first <= last else "")
    return f"[{'^' if negated else ''}{inside}]" if inside else "(?!)"


def _match(segments: tuple[Segment, ...], names: list[str]) -> bool:
    """Match from left to right; only the last `**` ever needs another try."""
    at = done = 0
    retry = retried = -1
    while done < len(names):
        segment = segments[at] if at < len(segments) else ""
        if segment is None:
            retry, retried = at, done
            at += 1
        elif segment == names[done] or (isinstance(segment, re.Pattern) and segment.fullmatch(names[done])):
            at += 1
            done += 1
        elif retry >= 0:
            retried += 1
            at, done = retry + 1, retried
        else:
            return False
    return all(segment is None for segment in segments[at:])
