"""The shape every noun of the model shares: frozen, closed, camelCase on the wire."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self, TypeAlias, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Document: TypeAlias = dict[str, Any]


def _on_the_calendar(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time that a calendar knows") from None
    return text


Id: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=120)]
Percent: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^(100(\.0+)?|\d{1,2}(\.\d+)?)$", max_length=12)
]
Number: TypeAlias = Annotated[str, StringConstraints(pattern=r"^-?\d+(\.\d+)?$", max_length=40)]
Duration: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,6}[smhd]$")]
Instant: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"), AfterValidator(_on_the_calendar)
]
Uri: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^(repo|metric|reference|user):.+$", max_length=1200)
]
Text: TypeAlias = Annotated[str, Field(max_length=20_000)]


class Record(BaseModel):
    """A frozen value.

    Unknown fields are refused: a reader that drops what it does not know would lose a user's words.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with fields replaced; what was derived from the old fields does not travel along."""
        copied = super().model_copy(update=update, deep=deep)
        state = vars(copied)
        for name in state.keys() - type(self).model_fields.keys():
            del state[name]
        return copied

    def document(self) -> Document:
        """Return the wire form: camelCase keys in declaration order, fields that do not apply left out."""
        return cast("Document", pruned(self.model_dump(mode="json", by_alias=True, exclude_none=True)))


ALWAYS_WRITTEN = frozenset({"evidence", "needs"})
"""Lists whose emptiness says something (no evidence, nothing to wait for): written even when empty."""


def pruned(value: Any) -> Any:
    """Return `value` without empty lists, but for those in ALWAYS_WRITTEN."""
    if isinstance(value, dict):
        fields = cast("Document", value)
        return {
            key: pruned(item) if isinstance(item, dict | list) else item
            for key, item in fields.items()
            if item != [] or key in ALWAYS_WRITTEN
        }
    if isinstance(value, list):
        return [pruned(item) if isinstance(item, dict | list) else item for item in cast("list[Any]", value)]
    return value


def canonical(value: Any) -> str:
    """Return sorted-key compact JSON, unescaped, without null fields: the text that hashes are taken of."""
    return json.dumps(
        without_nulls(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def without_nulls(value: Any) -> Any:
    """Return `value` with every null field of every mapping left out."""
    if isinstance(value, dict):
        fields = cast("Document", value)
        return {key: without_nulls(item) for key, item in fields.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in cast("list[Any]", value)]
    return value


def sha256(text: str) -> str:
    """Return the sha256 of `text` in UTF-8, as 64 hex digits. Lone surrogates hash as their escapes."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def digest(value: Any) -> str:
    """Return `sha256:` and the hash of the canonical JSON of `value`."""
    return "sha256:" + sha256(canonical(value))
