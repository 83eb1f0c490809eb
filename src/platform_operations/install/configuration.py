"""Other people's configuration files: one entry goes in or out, everything else stays as it is."""

import json
import re
import tomllib
from typing import Any, TypeAlias, cast

from platform_operations.errors import InputError

Document: TypeAlias = dict[str, Any]


def with_json(text: str, name: str, key: str, server: str, entry: Document | None) -> str:
    """Return a JSON configuration with the entry `key`/`server` set, or without it where `entry` is None.

    Raises:
        InputError: the text is not plain JSON, or not of the shape that its client reads.
    """
    document = _json(text, name)
    servers = document.get(key, {})
    if not isinstance(servers, dict):
        raise InputError(f"{name} is left alone: its {key!r} is no object")
    named = cast("Document", servers)
    if entry is not None:
        if named.get(server) == entry:
            return text
        document[key] = {**named, server: entry}
    elif server not in named:
        return text
    else:
        document[key] = {other: value for other, value in named.items() if other != server}
        if not document[key]:
            del document[key]
    return json.dumps(document, indent=_indent(text), ensure_ascii=False) + "\n"


def json_entry(text: str, name: str, key: str, server: str) -> object:
    """Return the entry of a JSON configuration, None where it has none. Raises InputError."""
    servers = _json(text, name).get(key)
    return cast("Document", servers).get(server) if isinstance(servers, dict) else None


def with_toml(text: str, name: str, key: str, server: str, entry: Document | None) -> str:
    """Return a TOML configuration with the table `key`.`server` set, or without it where `entry` is None.

    Raises:
        InputError: the text is not TOML, or the table stands where it cannot be told apart from others.
    """
    before = _toml(text, name)
    servers = before.get(key, {})
    if not isinstance(servers, dict):
        raise InputError(f"{name} is left alone: its {key!r} is no table")
    named = cast("Document", servers)
    if named.get(server) == entry:
        return text
    rest = _without_table(text, key, server)
    after = rest if entry is None else _joined(rest, _table(key, server, entry))
    others = {other: value for other, value in named.items() if other != server}
    wanted = {**before, key: others if entry is None else {**others, server: entry}}
    if _without_empty(_toml(after, name), key) != _without_empty(wanted, key):
        raise InputError(
            f"{name} is left alone: {key}.{server} is written in a way that cannot be replaced; do it by hand"
        )
    return after


def toml_entry(text: str, name: str, key: str, server: str) -> object:
    """Return the table of a TOML configuration, None where it has none. Raises InputError."""
    servers = _toml(text, name).get(key)
    return cast("Document", servers).get(server) if isinstance(servers, dict) else None


def _json(text: str, name: str) -> Document:
    def unique(pairs: list[tuple[str, Any]]) -> Document:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands there twice")
        return found

    def refused(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        document: object = json.loads(
            text.removeprefix("\ufeff") or "{}", object_pairs_hook=unique, parse_constant=refused
        )
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{name} is left alone: it is not plain JSON ({error}); add the server by hand"
        ) from None
    if not isinstance(document, dict):
        raise InputError(f"{name} is left alone: it holds no JSON object")
    return cast("Document", document)


def _toml(text: str, name: str) -> Document:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is left alone: it is not TOML ({error}); add the server by hand") from None


def _indent(text: str) -> int | str:
    found = re.search(r"\n([ \t]+)\"", text)
    if found is None:
        return 2
    return found[1] if "\t" in found[1] else len(found[1])


def _table(key: str, server: str, entry: Document) -> str:
    rows = (f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in entry.items())
    return "\n".join((f"[{key}.{server}]", *rows)) + "\n"


def _joined(text: str, table: str) -> str:
    return table if not text.strip() else text.rstrip("\n") + "\n\n" + table


def _without_table(text: str, key: str, server: str) -> str:
    """Return a TOML text without the lines of the table and of the tables below it."""
    own = re.compile(
        rf"^\s*\[\s*{re.escape(key)}\s*\.\s*\"?{re.escape(server)}\"?\s*(?:\.[^\]]*)?\]\s*(?:#.*)?$"
    )
    header = re.compile(r"^\s*\[")
    kept: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        if header.match(line):
            inside = own.match(line) is not None
        if not inside:
            kept.append(line)
    found = "".join(kept)
    if found == text:
        return text
    # The empty line that stood before the table goes with it.
    return found.rstrip("\n") + "\n" if found.strip() else ""


def _without_empty(document: Document, key: str) -> Document:
    return {name: value for name, value in document.items() if name != key or value}
