"""Python's manifests: pyproject.toml, requirements files, setup.py and setup.cfg."""

import re
from collections.abc import Iterator
from typing import Any, cast

from platform_operations.assess.manifest import Dependency, Manifest, Trait
from platform_operations.assess.places import file_name, lines_of
from platform_operations.assess.toml_lines import LineFinder, items, table, toml
from platform_operations.model.assessment import Fact


def read_pyproject(path: str, text: str) -> Manifest | Fact:
    """Read pyproject.toml: PEP 621, Poetry, and the uv workspace."""
    body = toml(path, text)
    if isinstance(body, Fact):
        return body
    project, poetry = table(body, "project"), table(body, "tool", "poetry")
    where = LineFinder(text)
    required = [requirement_name(str(item)) for item in items(project, "dependencies")]
    required += [name.lower() for name in table(poetry, "dependencies") if name.lower() != "python"]
    optional = [
        requirement_name(str(item))
        for group in (
            *table(project, "optional-dependencies").values(),
            *table(body, "dependency-groups").values(),
        )
        if isinstance(group, list)
        for item in cast("list[Any]", group)
        if isinstance(item, str)
    ]
    optional += [name.lower() for name in table(poetry, "dev-dependencies")]
    traits: set[Trait] = set()
    packaged = "build-system" in body and bool(project.get("name") or poetry.get("name"))
    if packaged and poetry.get("package-mode") is not False:
        traits |= {"package", "library"}
    if project.get("scripts") or poetry.get("scripts"):
        traits.add("bin")
    members = tuple(str(item) for item in items(table(body, "tool", "uv", "workspace"), "members"))
    if members:
        traits.add("workspace")
    name = project.get("name") or poetry.get("name")
    found = [Dependency(name, path, line) for name, line in where.found(required)]
    found += [Dependency(name, path, line, development=True) for name, line in where.found(optional)]
    return Manifest(
        path, "python", where.count, str(name) if name else None, tuple(found), frozenset(traits), members
    )


def read_requirements(path: str, text: str) -> Manifest | Fact:
    """Read a requirements file. A compiled one is `locked`, and what only others need is not the project's own."""
    development = re.search(r"dev|test|lint|doc|ci\b", file_name(path)) is not None
    rows = lines_of(text)
    found = [
        Dependency(requirement_name(line), path, number, development or _transitive(rows, number))
        for number, line in enumerate(rows, 1)
        if re.match(r"[A-Za-z0-9]", line)
    ]
    locked: frozenset[Trait] = frozenset({"locked"}) if "--hash=" in text or "# via" in text else frozenset()
    return Manifest(path, "python", len(rows), None, tuple(found), locked)


def _transitive(rows: list[str], number: int) -> bool:
    """Whether the comment below a requirement says that only other requirements ask for it."""
    said: list[str] = []
    for row in rows[number : number + 400]:
        bare = row.strip()
        if bare.startswith("#"):
            said.append(bare)
        elif not bare.startswith("--hash"):
            break
    via = " ".join(said)
    return "via" in via and not re.search(r"-r |\.in\b|\.toml|\.cfg|\.py\b|\(", via)


def read_setup(path: str, text: str) -> Manifest | Fact:
    """Read setup.py or setup.cfg by lines: it is a program, and nothing is executed."""
    rows = lines_of(text)
    name = re.search(r"^[ \t]*name[ \t]*=[ \t]*['\"]?([\w.-]+)", text, re.M)
    traits: set[Trait] = {"package", "library"} if name or "setup(" in text else set()
    if "console_scripts" in text:
        traits.add("bin")
    found = [
        Dependency(word.lower(), path, number)
        for number, row in _required(rows)
        for word in re.findall(r"(?:['\"]|^[ \t]+)([A-Za-z][\w.-]*)", row[:2_000])
    ]
    return Manifest(path, "python", len(rows), name[1] if name else None, tuple(found), frozenset(traits))


def _required(rows: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines of `install_requires`, up to the end of the list or of the indent."""
    start = next((number for number, row in enumerate(rows) if "install_requires" in row), len(rows))
    for number, row in enumerate(rows[start : start + 100], start + 1):
        inside = row.partition("install_requires")[2] if number == start + 1 else row
        if number > start + 1 and row[:1].strip():
            return
        yield number, inside
        if "]" in re.sub(r"\[[^\[\]]*\]", "", inside[:2_000]) or re.search(r"=\s*\[.*\]", inside[:2_000]):
            return


def requirement_name(text: str) -> str:
    """Return the project's name of a requirement such as `Psycopg[binary]>=3.2`, lower case."""
    found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", text)
    return found[1].lower() if found else ""
