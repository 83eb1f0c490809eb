"""TOML and JSON files: their tables, and the lines where keys stand."""

import json
import re
from typing import Any, TypeAlias, cast

Table: TypeAlias = dict[str, Any]

MAX_TEXT = 500_000


def toml(content: str) -> Table | None:
    """Return a TOML document, None when it is none."""
    import tomllib  # start-up does not pay for what most repositories never need

    if len(content) > MAX_TEXT:
        return None
    try:
        return tomllib.loads(content)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def loads(content: str) -> Table | None:
    """Return a JSON object; comments are dropped when it is JSONC. None when it is none."""
    if len(content) > MAX_TEXT:
        return None
    for attempt in (content, _without_comments(content)):
        try:
            found: Any = json.loads(attempt)
        except (ValueError, RecursionError):
            continue
        return cast("Table", found) if isinstance(found, dict) else None
    return None


_OUTSIDE = r'"(?:[^"\\\n]|\\.)*"?|//[^\n]*|/\*'
_COMMAS = r'"(?:[^"\\\n]|\\.)*"?|,(?=\s{0,200}[}\]])'


def _without_comments(content: str) -> str:
    """Drop comments, then commas before a closing bracket; one pass each, whatever is left open."""
    kept: list[str] = []
    position = 0
    for match in re.finditer(_OUTSIDE, content):
        if match.start() < position or match[0].startswith('"'):
            continue
        kept.append(content[position : match.start()])
        end = content.find("*/", match.end()) if match[0] == "/*" else match.end()
        position = len(content) if end < 0 else end + (2 if match[0] == "/*" else 0)
    kept.append(content[position:])
    return re.sub(_COMMAS, lambda match: match[0] if match[0].startswith('"') else "", "".join(kept))


def table(value: Any, *path: str) -> Table:
    """Return the table under `path`, an empty one when there is none."""
    for key in path:
        value = cast("Table", value).get(key) if isinstance(value, dict) else None
    return cast("Table", value) if isinstance(value, dict) else {}


def rows(value: Any, key: str) -> tuple[Table, ...]:
    """Return the tables of the list under `key`."""
    found = cast("Table", value).get(key) if isinstance(value, dict) else None
    if not isinstance(found, list):
        return ()
    return tuple(cast("Table", one) for one in cast("list[Any]", found) if isinstance(one, dict))


def string(value: Any, *path: str) -> str | None:
    """Return the text, or a whole number as text, under `path`."""
    found = table(value, *path[:-1]).get(path[-1])
    if isinstance(found, bool):
        return None
    return str(found) if isinstance(found, str | int) and str(found) else None


def key_line(content: str, *keys: str) -> int | None:
    """Return the first line that sets one of `keys`, as TOML, JSON or YAML write it."""
    words = "|".join(re.escape(key) for key in keys)
    pattern = re.compile(rf"^\s*(?:\{{\s*)?[\"']?(?:{words})[\"']?\s*[:=]")
    for number, line in enumerate(content.split("\n"), 1):
        if pattern.match(line):
            return number
    return None


def heading_line(content: str, name: str) -> int | None:
    """Return the line of the TOML table `name` or a table below it."""
    pattern = re.compile(rf"^\s*\[\[?\s*{re.escape(name)}\s*[.\]]")
    for number, line in enumerate(content.split("\n"), 1):
        if pattern.match(line):
            return number
    return None
