"""Reading platform-ops.toml: the user's words, and what of them cannot be used."""

import tomllib
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from platform_operations.errors import InputError
from platform_operations.model.configuration import Configuration
from platform_operations.patterns import regex
from platform_operations.repository import Repository, Unreadable

FILE = "platform-ops.toml"
DATE = regex(r"^\d{4}-\d\d-\d\d$")
OWNER = regex(r"\S[^\x00-\x1f\x7f]{0,199}\Z")
QUESTION = regex(r"[^\x00-\x1f\x7f]{1,900}#[^\x00-\x1f\x7f#]{1,200}\Z")
"""The key of a question; it becomes part of a `user:` URI, which has room for so much."""

KNOWN = frozenset(info.alias or name for name, info in Configuration.model_fields.items())


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
    fields: dict[str, Any] = {key: document[key] for key in ("name", "risk", "metrics") if key in document}
    if "owners" in document:
        fields["owners"] = _owners(document["owners"], problems)
    if "budgetShare" in document and _is_share(document["budgetShare"], problems):
        fields["budgetShare"] = str(document["budgetShare"])
    fields["environments"] = _pairs(document, "environments", problems, inner="kind")
    fields["facts"] = [
        row for row in _pairs(document, "facts", problems) if _answers_something(row[0], problems)
    ]
    fields["rules"] = _pairs(document, "rules", problems)
    ignores = document.get("ignore", [])
    if not isinstance(ignores, list):
        problems.append("ignore: write each as [[ignore]] with rule and reason")
    fields["ignore"] = [
        row
        for row in cast("list[Any]", ignores if isinstance(ignores, list) else [])
        if _usable(row, problems)
    ]
    problems.extend(
        f"unknown key {key!r}; known are {', '.join(sorted(KNOWN))}" for key in document if key not in KNOWN
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


def _pairs(
    document: dict[str, Any], name: str, problems: list[str], *, inner: str | None = None
) -> list[tuple[str, str]]:
    """Return the rows of a table of single values, sorted; what is no such value is a problem."""
    table = document.get(name, {})
    if not isinstance(table, dict):
        problems.append(f"{name}: write a table, [{name}]")
        return []
    found: list[tuple[str, str]] = []
    for key, value in cast("dict[str, Any]", table).items():
        chosen = cast("dict[str, Any]", value).get(inner) if inner and isinstance(value, dict) else value
        if isinstance(chosen, str | bool | int | float):
            word = {True: "yes", False: "no"}.get(chosen) if isinstance(chosen, bool) else str(chosen)
            found.append((key, word or ""))
        else:
            problems.append(f"{name}.{key}: write {inner or 'one word or number'} = ...")
    return sorted(found)


def _is_share(value: object, problems: list[str]) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 100:
        return True
    problems.append(f"budgetShare: {value!r} is no percentage above 0 and at most 100")
    return False


def _owners(value: object, problems: list[str]) -> list[str]:
    names = cast("list[Any]", value) if isinstance(value, list) else []
    found = [name for name in names if isinstance(name, str) and OWNER.match(name)]
    if not isinstance(value, list) or len(found) < len(names):
        problems.append("owners: write a list of names, each one line of at most 200 characters")
    return found


def _answers_something(key: str, problems: list[str]) -> bool:
    if QUESTION.match(key):
        return True
    problems.append(f"facts: {key[:80]!r} is no question; write its key, SUBJECT#ASPECT")
    return False


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
