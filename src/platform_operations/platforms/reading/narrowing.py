"""Checks that are called so that they look at nothing: a filter that no test passes, everything left out, a place that is empty."""

from itertools import pairwise

_EVERYTHING = frozenset({"*", "**", "**/*", "*/**", "./**", "./*", ".", "./", "/", "all"})
_LEAVING_OUT = ("exclude", "ignore", "skip", "omit")
_SELECTING = frozenset(
    {
        "-k",
        "-t",
        "-run",
        "--run",
        "-g",
        "--grep",
        "--filter",
        "--testNamePattern",
        "--test-name-pattern",
        "--testPathPattern",
        "--testPathPatterns",
        "--tests",
        "-Dtest",
        "--only",
        "--example",
    }
)
_NOBODY = frozenset(
    {"", "nothing", "none", "no", "nosuch", "nosuchtest", "notest", "notests", "notatest", "a", "(?!)", "xxx", "xxxx", "zzz", "zzzz", "dummy", "noop", "empty", "never", "doesnotexist"}
)  # fmt: skip
_AWAY = ("/tmp", "/var/tmp", "/var/empty", "/dev/null", "/nonexistent", "$(mktemp", "`mktemp", "$TMPDIR")
_WRITING = (
    "out",
    "report",
    "cache",
    "log",
    "config",
    "db",
    "format",
    "template",
    "write",
    "result",
    "junit",
    "sarif",
    "baseline",
    "temp",
    "rules",
)
_SHORT_WRITING = frozenset({"-o", "-f", "-c", "-O"})
"""Options whose value is not where a check looks: what it writes, keeps, or goes by."""


def selects_nothing(called: tuple[str, ...]) -> str | None:
    """Return the filter of a test runner's call that, by its words, no test passes."""
    for flag, value in _options(called):
        if flag in _SELECTING and _plain(value) in _NOBODY:
            return f"{flag} {value}"
    return None


def leaves_all_out(called: tuple[str, ...]) -> str | None:
    """Return the option of a call that leaves everything out."""
    for flag, value in _options(called):
        if flag.startswith("--") and value in _EVERYTHING and any(word in flag for word in _LEAVING_OUT):
            return f"{flag} {value}"
    return None


def looks_away(called: tuple[str, ...]) -> str | None:
    """Return the place that a call looks at where no repository lies: a folder for what is thrown away, or nothing at all."""
    joined = (word.split("=", 1) for word in called if word.startswith("-") and "=" in word)
    for flag, value in joined:
        if value.startswith(_AWAY) and not _writes(flag):
            return value
    for before, word in pairwise(called):
        if word.startswith(_AWAY) and not _writes(before):
            return word
    return None


def _writes(option: str) -> bool:
    named = option.startswith("-") and any(word in option.lower() for word in _WRITING)
    return named or option in _SHORT_WRITING


def _options(called: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return options with their values, behind `=` or as the next word."""
    joined = [tuple(word.split("=", 1)) for word in called if word.startswith("-") and "=" in word]
    apart = [(flag, value) for flag, value in pairwise(called) if flag.startswith("-") and "=" not in flag]
    return tuple((flag, value.strip("\"'")) for flag, value in [*joined, *apart])


def _plain(pattern: str) -> str:
    return pattern.strip("^$").replace("_", "").replace("-", "").replace(" ", "").lower()
