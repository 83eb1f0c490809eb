"""YAML as people write it: block style, texts of several lines as blocks, the same bytes each time.

PyYAML's own writer takes seconds for the rules of a thousand SLOs; what is written here is only mappings with plain
keys, lists, texts, exact numbers and booleans.
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias, cast

Value: TypeAlias = "dict[str, Any] | list[Any] | tuple[Any, ...]"

_PLAIN = re.compile(r"[0-9]+[smhd]|[A-Za-z][A-Za-z0-9_./@-]*(?: [A-Za-z0-9_./@-]+)*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "inf", "nan"})
"""What some reader of YAML takes for something else than text."""

_ESCAPED = re.compile(
    r'["\\]|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]'
)
_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def yaml_lines(value: Value) -> str:
    """Return a mapping or list as YAML that every YAML 1.1 and 1.2 reader reads back as the same."""
    lines: list[str] = []
    _put(value, "", "", lines)
    return "\n".join((*lines, ""))


def _put(value: Value, indent: str, lead: str, lines: list[str]) -> None:
    """Add the lines of a mapping or list; `lead` begins the first of them, `indent` the others."""
    if isinstance(value, dict):
        for key, item in value.items():
            _entry(f"{lead}{_quoted(key)}:", item, indent, lines)
            lead = indent
        return
    for item in value:
        if isinstance(item, (dict, list, tuple)) and item:
            _put(cast("Value", item), indent + "  ", f"{lead}- ", lines)
        else:
            _entry(f"{lead}-", item, indent, lines)
        lead = indent


def _entry(head: str, item: Any, indent: str, lines: list[str]) -> None:
    if isinstance(item, str):
        if "\n" in item and _fits_block(item):
            lines.append(f"{head} |-")
            lines += [f"{indent}  {line}" if line else "" for line in item.split("\n")]
        else:
            lines.append(f"{head} {_quoted(item)}")
    elif isinstance(item, (dict, list, tuple)) and item:
        lines.append(head)
        _put(cast("Value", item), indent + "  ", indent + "  ", lines)
    elif isinstance(item, (dict, list, tuple)):
        lines.append(f"{head} {'{}' if isinstance(item, dict) else '[]'}")
    else:
        lines.append(f"{head} {scalar(item)}")


def _fits_block(text: str) -> bool:
    """Whether a text stays the same as a block: neither end is space, no line only space, nothing to escape."""
    if text != text.strip() or any(line and line.isspace() for line in text.split("\n")):
        return False
    return all(found[0] in '"\\\n' for found in _ESCAPED.finditer(text))


def scalar(value: str | int | bool | Decimal) -> str:
    """Return a text, number or boolean as YAML on one line; a text is quoted unless it is plain words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return _quoted(value)


@lru_cache(maxsize=4096)
def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if '"' in value and "'" not in value and all(found[0] in '"\\' for found in _ESCAPED.finditer(value)):
        return f"'{value}'"
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"  # half of a character, which UTF-8 cannot carry
    wide = f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
    return _NAMED.get(char) or (f"\\x{code:02x}" if code < 0x100 else wide)
