"""Who drafts, and within which budget: the user's flags over the user's own configuration, never a repository's file."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast, get_args

from platform_operations.agent.settings import Effort, Prices, Settings
from platform_operations.errors import InputError

FILE = ("platform-ops", "config.toml")
DRAFTERS = ("embedded", "claude", "auto")
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")

_MOST: Mapping[str, float] = {
    "max_tokens": 128_000,
    "turns": 100,
    "tokens": 20_000_000,
    "seconds": 86_400,
    "repairs": 5,
    "attempts": 10,
}
"""The largest value of each number; the smallest is 1, of `repairs` 0."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The drafter that the user chose and the settings of a run by a model; `explicit` where Claude was named."""

    drafter: str = "embedded"
    settings: Settings = field(default_factory=Settings)
    explicit: bool = False


def user_file() -> Path:
    """Return where the user's own configuration lies: below XDG_CONFIG_HOME, APPDATA or ~/.config."""
    root = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    return (Path(root) if root else Path.home() / ".config").joinpath(*FILE)


def chosen(drafter: str | None, given: Mapping[str, Any]) -> Choice:
    """Return the choice that a flag and `given` settings make over the user's configuration; None there means unsaid.

    `auto` is Claude where a key lies in the environment, else the embedded drafter.

    Raises:
        InputError: the configuration or a value cannot be used.
    """
    said = _configured()
    name = drafter or str(said.pop("use", "embedded"))
    said.pop("use", None)
    if name not in DRAFTERS:
        raise InputError(f"drafter {name!r} in {user_file()} is none of {', '.join(DRAFTERS)}")
    said |= {key: value for key, value in given.items() if value is not None}
    for key, value in said.items():
        _checked(key, value)
    if "prices" in said:
        said["prices"] = _prices(said["prices"])
    settings = replace(Settings(), **said)
    if name == "auto":
        name = "claude" if any(os.environ.get(key) for key in KEYS) else "embedded"
        return Choice(name, settings)
    return Choice(name, settings, explicit=name == "claude")


def _configured() -> dict[str, Any]:
    path = user_file()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"your configuration {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"your configuration {path} is no TOML: {error}") from None
    table: object = document.get("drafter", {})
    if not isinstance(table, dict):
        raise InputError(f"[drafter] in your configuration {path} is no table")
    return {key.replace("-", "_"): value for key, value in cast("dict[str, Any]", table).items()}


def _prices(given: object) -> Prices:
    """Return what a table of four numbers says, each for a million tokens."""
    table = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    names = {each.name.replace("_", "-"): each.name for each in fields(Prices)}
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in table.values())
    if (
        table.keys() != names.keys()
        or not numbers
        or not all(0 <= cast("float", each) < 1e6 for each in table.values())
    ):
        raise InputError(
            f"prices must be a table of {', '.join(names)}: numbers for a million tokens, none negative"
        )
    return Prices(**{names[key]: Decimal(str(value)) for key, value in table.items()})


def _checked(key: str, value: object) -> None:
    known = {each.name for each in fields(Settings)}
    if key not in known:
        raise InputError(f"unknown setting {key!r} of the drafter; known are use, {', '.join(sorted(known))}")
    if key == "effort" and value not in get_args(Effort):
        raise InputError(f"effort {value!r} is none of {', '.join(get_args(Effort))}")
    if key in {"model", "base_url"} and not (isinstance(value, str) and value.strip()):
        raise InputError(f"{key} must be text, not {value!r}")
    if key in _MOST:
        least = 0 if key == "repairs" else 1
        number = isinstance(value, int | float if key == "seconds" else int) and not isinstance(value, bool)
        if not number or not least <= cast("float", value) <= _MOST[key]:
            raise InputError(f"{key} must be a number from {least} to {_MOST[key]:,.0f}, not {value!r}")
