"""TOML with the lines of its keys, which the standard library's reader forgets."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from platform_operations.assess.places import lines_of, unreadable
from platform_operations.model.assessment import Fact


@dataclass(frozen=True)
class LineFinder:
    """Finds the lines of keys and items in a TOML text, whose own parser forgets them."""

    text: str

    @cached_property
    def rows(self) -> list[str]:
        """The lines of the text."""
        return lines_of(self.text)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.rows)

    @cached_property
    def by_word(self) -> Mapping[str, int]:
        """The first line on which a name begins: as a key (of `name.workspace` the name too), a table, or quoted in a list."""
        found: dict[str, int] = {}
        for number, row in enumerate(self.rows, 1):
            for match in re.finditer(r"(?:^\s*|[\"']|^\s*\[[\w.-]*dependencies\.)([A-Za-z0-9][\w.-]*)", row):
                found.setdefault(match[1].lower(), number)
                if "." in match[1] and not match.start():
                    found.setdefault(match[1].lower().partition(".")[0], number)
        return found

    def found(self, names: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Yield each name that stands in the text, with its line."""
        for name in names:
            if name and name in self.by_word:
                yield name, self.by_word[name]


def toml(path: str, text: str) -> dict[str, Any] | Fact:
    """Return the tables of a TOML text, or the fact that it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        return unreadable(path, str(error)[:200], min(int(line[1]), len(lines_of(text))) if line else 1)
    except RecursionError:
        return unreadable(path, "nested too deep")


def table(body: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return the table under `keys`, an empty one where there is none."""
    value: Any = body
    for key in keys:
        value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else dict(body) if not keys else {}


def items(body: Mapping[str, Any], key: str) -> list[Any]:
    """Return the list under `key`, an empty one where there is none."""
    value = body.get(key)
    return cast("list[Any]", value) if isinstance(value, list) else []
