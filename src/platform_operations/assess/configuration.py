"""Reading platform-ops.toml: the user's words, and what of them cannot be used."""

import re
import tomllib
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from platform_operations.errors import InputError
from platform_operations.model.configuration import Configuration
from platform_operations.repository import Repository, Unreadable

FILE = "platform-ops.toml"
DATE = re.compile(r"^\d{4}-\d\d-\d\d$")


def own_configuration(repository: Repository) -> tuple[Configuration, tuple[tuple[str, str], ...]]:
    """Return what the repository says of itself, and (path, reason) of what cannot be used; such parts are left out.

    A repository may name metrics files inside its root, never URLs, headers or credentials.
    """
    for path, table in ((FILE, ()), ("pyproject.toml", ("tool", "platform-ops"))):
        if not repository.exists(path):
            continue
        text = repository.read(path)
        if isinstance(text, Unreadable):
            return Configuration(), ((path, text.reason),)
        try:
            document: Any = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            return Configuration(), ((path, str(error)),) if path == FILE else ()
        for key in table:
            document = cast("dict[str, Any]", document).get(key, {}) if isinstance(document, dict) else {}
        if document or path == FILE:
            found, problems = configuration_of(cast("dict[str, Any]", document))
            if found.metrics is not None and _points_outside(found.metrics):
                problems = (
                    *problems,
                    "metrics must name a file inside the repository; give URLs with --metrics",
                )
                found = found.model_copy(update={"metrics": None})
            return found, tuple((path, problem) for problem in problems)
    return Configuration(), ()


def configuration_file(path: Path) -> Configuration:
    """Return the configuration in a file that the user named.

    Raises:
        InputError: the file cannot be read, or a part of it cannot be used.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the configuration {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the configuration {path} is no TOML: {error}") from None
    found, problems = configuration_of(document)
    if problems:
        raise InputError(f"the configuration {path} cannot be used: {problems[0]}")
    return found


def configuration_of(document: dict[str, Any]) -> tuple[Configuration, tuple[str, ...]]:
    """Return the configuration that a TOML document holds and the reasons why parts of it are left out."""
    problems: list[str] = []
    fields: dict[str, Any] = {
        key: document[key] for key in ("name", "risk", "metrics", "owners") if key in document
    }
    if "budgetShare" in document:
        fields["budgetShare"] = str(document["budgetShare"])
    fields["environments"] = _pairs(document.get("environments"), "kind")
    fields["facts"] = _pairs(document.get("facts"))
    fields["rules"] = _pairs(document.get("rules"))
    ignores = document.get("ignore", [])
    fields["ignore"] = [
        row
        for row in cast("list[Any]", ignores if isinstance(ignores, list) else [])
        if _usable(row, problems)
    ]
    known = {"name", "risk", "metrics", "owners", "budgetShare", "environments", "facts", "rules", "ignore"}
    problems.extend(
        f"unknown key {key!r}; known are {', '.join(sorted(known))}" for key in document if key not in known
    )
    while True:
        try:
            return Configuration.model_validate(fields), tuple(problems)
        except ValidationError as error:
            row = error.errors(include_url=False)[0]
            key = str(row["loc"][0])
            problems.append(f"{'.'.join(str(step) for step in row['loc'])}: {row['msg']}")
            if key not in fields:
                return Configuration(), tuple(problems)
            del fields[key]


def _pairs(table: object, inner: str | None = None) -> list[tuple[str, str]]:
    if not isinstance(table, dict):
        return []
    found: list[tuple[str, str]] = []
    for key, value in cast("dict[str, Any]", table).items():
        chosen = cast("dict[str, Any]", value).get(inner) if inner and isinstance(value, dict) else value
        if isinstance(chosen, str | bool | int | float):
            word = {True: "yes", False: "no"}.get(chosen) if isinstance(chosen, bool) else str(chosen)
            found.append((key, word or ""))
    return sorted(found)


def _usable(row: object, problems: list[str]) -> bool:
    fields = cast("dict[str, Any]", row) if isinstance(row, dict) else {}
    rule = fields.get("rule", "?")
    if not str(fields.get("reason") or "").strip():
        problems.append(f"the ignore of {rule!r} gives no reason, so it is not taken")
        return False
    expires = fields.get("expires")
    if expires is not None and not (isinstance(expires, str) and DATE.match(expires)):
        problems.append(
            f'the ignore of {rule!r} expires on {expires!r}; write a quoted day such as "2027-01-31"'
        )
        return False
    return True


def _points_outside(name: str) -> bool:
    return "://" in name or name.startswith(("/", "~", "\\")) or ".." in name.replace("\\", "/").split("/")
