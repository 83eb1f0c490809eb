"""Documents in portions: as much as an answer may hold, and a cursor for the rest.

A portion is the document with its lists cut: whoever joins the lists of all portions key by key has the whole.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from platform_operations.errors import InputError
from platform_operations.model.record import sha256

Document: TypeAlias = dict[str, Any]

CONCISE, DETAILED = 18_000, 48_000
"""Characters of one answer: by default under 20,000 with its text and its document together, under 50,000 each always.

The larger is what Claude Code still shows in place of saving it to a file.
"""
LEAST = 6_000
"""What is left for the document beside the longest text."""
LONGEST_TEXT = 4_000
_MOST_OF_A_ROW = 4_500
_CURSOR = re.compile(r"([0-9]{1,9})\.([0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class Portion:
    """Part of a document. `size` is the characters of the whole; `cursor` continues, None at the end."""

    document: Document
    size: int
    cursor: str | None = None
    first: bool = True

    @property
    def whole(self) -> bool:
        """Whether this is the whole document."""
        return self.first and self.cursor is None


@dataclass(frozen=True, slots=True)
class _Piece:
    """One value and the keys that lead to it; `row` means: one row of the list there."""

    keys: tuple[str, ...]
    value: Any
    row: bool


def compact(value: Any) -> str:
    """Return a value as JSON without spaces, unescaped."""
    import json

    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def portion(
    document: Document, budget: int, cursor: str | None = None, first_keys: Sequence[str] = ()
) -> Portion:
    """Return the part of a document that begins at `cursor` and fits into `budget` characters.

    `first_keys` are the keys that come first when it does not fit as a whole.

    Raises:
        InputError: the cursor is of another answer.
    """
    text = compact(document)
    if cursor is None and len(text) <= budget:
        return Portion(document, len(text))
    mark = sha256(text)[:12]
    start = _start(cursor, mark)
    keys = [key for key in first_keys if key in document]
    ordered = {key: document[key] for key in (*keys, *(key for key in document if key not in keys))}
    pieces = tuple(_pieces(ordered))
    if start >= len(pieces):
        raise InputError("the cursor is beyond the end of this answer: call again without it")
    result: Document = {}
    if start == 0:
        result = {key: _empty(value) for key, value in document.items()}
    left = budget - len(compact(result))
    end = start
    for piece in pieces[start:]:
        value = _fitted(piece.value, budget)
        left -= len(compact(value)) + sum(len(key) + 4 for key in (piece.keys if not piece.row else ())) + 1
        if left < 0 and end > start:
            break
        _put(result, piece, value)
        end += 1
    return Portion(result, len(text), f"{end}.{mark}" if end < len(pieces) else None, start == 0)


def window(cursor: str | None, text: str) -> int:
    """Return where a list that `text` identifies continues: 0 without a cursor. Raises InputError."""
    return _start(cursor, sha256(text)[:12])


def cursor_at(position: int, text: str) -> str:
    """Return the cursor of a position in what `text` identifies."""
    return f"{position}.{sha256(text)[:12]}"


def _start(cursor: str | None, mark: str) -> int:
    if cursor is None:
        return 0
    found = _CURSOR.fullmatch(cursor)
    if found is None or found[2] != mark:
        raise InputError(
            "the cursor is of another call, or what it belongs to has changed: call again without it"
        )
    return int(found[1])


def _pieces(document: Document, above: tuple[str, ...] = ()) -> Iterator[_Piece]:
    for key, value in document.items():
        keys = (*above, key)
        if isinstance(value, list):
            for row in cast("list[Any]", value):
                yield _Piece(keys, row, row=True)
        elif isinstance(value, dict) and len(above) < 2 and value:
            yield from _pieces(cast("Document", value), keys)
        else:
            yield _Piece(keys, value, row=False)


def _empty(value: Any) -> Any:
    return [] if isinstance(value, list) else {} if isinstance(value, dict) else value


def _put(result: Document, piece: _Piece, value: Any) -> None:
    inside = result
    for key in piece.keys[:-1]:
        inside = cast("Document", inside.setdefault(key, {}))
    if piece.row:
        cast("list[Any]", inside.setdefault(piece.keys[-1], [])).append(value)
    else:
        inside[piece.keys[-1]] = value


def _fitted(value: Any, budget: int) -> Any:
    """Return a value without texts that no answer could hold."""
    shorter = _shortened(value, LONGEST_TEXT)
    most = max(budget // 2, _MOST_OF_A_ROW)
    if len(compact(shorter)) > most:
        shorter = _shortened(value, LONGEST_TEXT // 20)
    size = len(compact(shorter))
    return shorter if size <= most else f"[cut: {size} characters]"


def _shortened(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else value[:longest] + " [cut]"
    if isinstance(value, list):
        return [_shortened(item, longest) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _shortened(item, longest) for key, item in cast("Document", value).items()}
    return value
