"""Regular expressions of label matchers, decided in linear time.

Rules and metric files come from strangers, and a backtracking engine can be made to hang by a pattern of
thirty characters. So the part of RE2 that label matchers use is read here: literals, `.`, classes, groups,
`|`, `*`, `+`, `?`, `{m,n}`, the escapes \\d \\w \\s, and the flag (?i). Matching is anchored at both ends.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

_LONGEST = 2000
_MOST_STATES = 4000
_MOST_REPEATS = 200
_DEEPEST = 50

Test: TypeAlias = Callable[[str], bool]

_CLASSES: Final[dict[str, Test]] = {
    "d": lambda char: char in "0123456789",
    "w": lambda char: char.isascii() and (char.isalnum() or char == "_"),
    "s": lambda char: char in " \t\n\f\r",
}
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_COUNTED: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class UnsupportedPatternError(ValueError):
    """The pattern is wrong, too large, or uses what label matchers hardly ever do."""


@dataclass(slots=True)
class _Automaton:
    """States by number: a test and the state after it, or free moves to others. State 0 accepts."""

    steps: list[tuple[Test, int] | None] = field(default_factory=lambda: [None])
    free: list[tuple[int, ...]] = field(default_factory=lambda: [()])

    def step(self, test: Test, after: int) -> int:
        return self._added((test, after), ())

    def fork(self, *targets: int) -> int:
        return self._added(None, targets)

    def _added(self, step: tuple[Test, int] | None, free: tuple[int, ...]) -> int:
        if len(self.steps) >= _MOST_STATES:
            raise UnsupportedPatternError("the pattern is too large")
        self.steps.append(step)
        self.free.append(free)
        return len(self.steps) - 1

    def closure(self, states: set[int]) -> set[int]:
        reached, open_ = set(states), list(states)
        while open_:
            for state in self.free[open_.pop()]:
                if state not in reached:
                    reached.add(state)
                    open_.append(state)
        return reached


_Build: TypeAlias = Callable[[_Automaton, int], int]


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> tuple[_Automaton, int]:
    if len(pattern) > _LONGEST:
        raise UnsupportedPatternError("the pattern is too long")
    automaton = _Automaton()
    return automaton, _Reader(pattern).whole()(automaton, 0)


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches the whole text; UnsupportedPatternError when it cannot be decided."""
    automaton, start = _compiled(pattern)
    states = automaton.closure({start})
    for char in text:
        moves = (automaton.steps[state] for state in states)
        states = automaton.closure({after for move in moves if move for test, after in [move] if test(char)})
        if not states:
            return False
    return 0 in states


class _Reader:
    """A recursive-descent reader; each part becomes a function that adds its states before a given one."""

    def __init__(self, pattern: str) -> None:
        self.folded = pattern.startswith("(?i)")
        self.text = pattern[4:] if self.folded else pattern
        self.at = 0
        self.depth = 0

    def whole(self) -> _Build:
        build = self.alternatives()
        if self.at < len(self.text):
            raise UnsupportedPatternError(f"unexpected {self.text[self.at]!r} at {self.at}")
        return build

    def alternatives(self) -> _Build:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnsupportedPatternError("the pattern is nested too deeply")
        branches = [self.sequence()]
        while self.taken("|"):
            branches.append(self.sequence())
        self.depth -= 1
        if len(branches) == 1:
            return branches[0]
        return lambda automaton, after: automaton.fork(*(branch(automaton, after) for branch in branches))

    def sequence(self) -> _Build:
        parts: list[_Build] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if (self.at == 0 and self.taken("^")) or (self.text[self.at :] == "$" and self.taken("$")):
                continue
            parts.append(self.repeated(self.atom()))

        def build(automaton: _Automaton, after: int) -> int:
            for part in reversed(parts):
                after = part(automaton, after)
            return after

        return build

    def repeated(self, part: _Build) -> _Build:
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in _COUNTED:
                self.at += 1
                part = _times(part, *_COUNTED[char])
            elif char == "{":
                part = _times(part, *self.braces())
            else:
                break
            self.taken("?")
        return part

    def braces(self) -> tuple[int, int | None]:
        inside, closed, _ = self.text[self.at + 1 :].partition("}")
        low, comma, high = inside.partition(",")
        numbers = [number for number in (low, high) if number]
        if not closed or not low or not all(n.isascii() and n.isdigit() and len(n) < 4 for n in numbers):
            raise UnsupportedPatternError(f"unexpected '{{' at {self.at}")
        self.at += len(inside) + 2
        least = int(low)
        most = least if not comma else int(high) if high else None
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise UnsupportedPatternError(f"repetition {{{inside}}} is out of range")
        return least, most

    def atom(self) -> _Build:
        char = self.next()
        if char == "(":
            if self.taken("?") and not (self.taken(":") or self.taken("i:")):
                raise UnsupportedPatternError("only plain groups are read")
            build = self.alternatives()
            if not self.taken(")"):
                raise UnsupportedPatternError("a group is not closed")
            return build
        if char == "[":
            return self.one(self.bracket())
        if char == ".":
            return self.one(lambda seen: seen != "\n")
        if char == "\\":
            return self.one(self.escape())
        if char in "*+?{^$":
            raise UnsupportedPatternError(f"unexpected {char!r} at {self.at - 1}")
        return self.one(lambda seen: seen == char)

    def one(self, test: Test) -> _Build:
        if self.folded:
            return lambda automaton, after: automaton.step(
                lambda seen: test(seen.lower()) or test(seen.upper()), after
            )
        return lambda automaton, after: automaton.step(test, after)

    def escape(self) -> Test:
        char = self.next()
        if char.lower() in _CLASSES:
            known = _CLASSES[char.lower()]
            return known if char.islower() else lambda seen: not known(seen)
        if char in _CONTROL:
            char = _CONTROL[char]
        elif char.isalnum():
            raise UnsupportedPatternError(f"escape \\{char} is not read")
        return lambda seen: seen == char

    def bracket(self) -> Test:
        negated = self.taken("^")
        tests: list[Test] = []
        while not tests or self.text[self.at : self.at + 1] != "]":
            low = self.next()
            if low == "[" and self.text[self.at : self.at + 1] == ":":
                raise UnsupportedPatternError("named classes are not read")
            if low == "\\":
                tests.append(self.escape())
            elif self.text[self.at : self.at + 1] == "-" and self.text[self.at + 1 : self.at + 2] not in (
                "]",
                "",
            ):
                self.at += 1
                tests.append(_between(low, self.next()))
            else:
                tests.append(_between(low, low))
        self.at += 1
        return lambda seen: any(test(seen) for test in tests) != negated

    def next(self) -> str:
        if self.at >= len(self.text):
            raise UnsupportedPatternError("the pattern ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def taken(self, part: str) -> bool:
        found = self.text.startswith(part, self.at)
        self.at += len(part) if found else 0
        return found


def _between(low: str, high: str) -> Test:
    return lambda seen: low <= seen <= high


def _times(part: _Build, least: int, most: int | None) -> _Build:
    def build(automaton: _Automaton, after: int) -> int:
        if most is None:
            loop = automaton.fork(after)
            automaton.free[loop] = (after, part(automaton, loop))
            after = loop
        else:
            end = after
            for _ in range(most - least):
                after = automaton.fork(end, part(automaton, after))
        for _ in range(least):
            after = part(automaton, automaton.fork(after))  # the state counts even a repetition of nothing
        return after

    return build
