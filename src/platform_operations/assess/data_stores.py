"""What a component keeps data in, and the schema migrations that change it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from platform_operations.assess.component_types import Unit
from platform_operations.assess.places import aside, file_name, folder, text_of
from platform_operations.assess.technologies import DATA_STORES, STORE_IMAGES
from platform_operations.model.delivery import DataStore
from platform_operations.patterns import regex
from platform_operations.repository import Repository

_VERSIONED = regex(
    r"^(V?\d+(_\d+)*__?.+|\d{3,}[_\-.].+|.+\.(up|down)\.sql|\d{12,}.*|[0-9a-f]{12}_.+\.py)$", re.I | re.S
)
_SUFFIXES = (
    ".sql",
    ".py",
    ".rb",
    ".js",
    ".ts",
    ".php",
    ".cs",
    ".exs",
    ".go",
    ".xml",
    ".yaml",
    ".yml",
    ".kt",
    ".java",
)
_FOLDERS = frozenset(
    {"migrations", "migration", "migrate", "versions", "changelog", "changelogs", "drizzle", "revisions"}
)
_RELATIONAL = ("postgresql", "mysql", "sqlserver", "sqlite")
_PRISMA = regex(r"provider\s*=\s*\"(postgresql|mysql|sqlite|sqlserver|mongodb|cockroachdb)\"")


class Migrations(NamedTuple):
    """A folder of schema migrations, in its own order."""

    folder: str
    files: tuple[str, ...]


def find_migrations(paths: Sequence[str]) -> tuple[Migrations, ...]:
    """Return the folders that hold versioned schema migrations.

    A file counts when its name begins with a version and its folder, or the one above, is called after
    migrations: Alembic, Django, Rails, Flyway, Prisma, golang-migrate, Knex, Ecto, Liquibase, Entity
    Framework and Supabase all do.
    """
    found: dict[str, list[str]] = {}
    for path in paths:
        place = _migration_folder(path)
        if place is not None and not aside(path):
            found.setdefault(place, []).append(path)
    return tuple(Migrations(place, tuple(files)) for place, files in sorted(found.items()))


@lru_cache(maxsize=4_096)
def _last_folders(place: str) -> tuple[str, str]:
    """Return the names of a folder and of the one above it, in lower case; "" where there is none."""
    above, _, parent = place.lower().rpartition("/")
    return parent, file_name(above)


def _migration_folder(path: str) -> str | None:
    place = path.rpartition("/")[0]
    parent, above = _last_folders(place)
    named = parent in _FOLDERS or parent.endswith(("_migrate", "_migrations", "-migrations"))
    if not named and above not in _FOLDERS:
        return None
    name = file_name(path)
    if not name.endswith(_SUFFIXES) or name == "__init__.py":
        return None
    if name == "migration.sql" and above in _FOLDERS:
        return folder(place)
    if not named or not _VERSIONED.match(name):
        return None
    if parent == "versions" and not any(word in path.lower() for word in ("alembic", "migration")):
        return None
    return folder(path)


def data_stores(
    repository: Repository,
    unit: Unit,
    migrations: Iterable[Migrations],
    stores_beside: Mapping[str, tuple[str, int]],
) -> tuple[tuple[DataStore, ...], tuple[tuple[str, int], ...]]:
    """Return the stores of a component and the (path, line) that show them.

    `stores_beside` are stores that run beside the component (a Compose file); its dependencies say more, so
    they count only where those are silent.
    """
    shown: dict[str, tuple[str, int]] = {}
    for name, dependency in unit.dependencies.items():
        if name in DATA_STORES:
            shown.setdefault(DATA_STORES[name], (dependency.path, dependency.line))
    for path in sorted(unit.files):
        if path.endswith("schema.prisma") and not aside(path):
            text = text_of(repository, path) or ""
            match = _PRISMA.search(text)
            if match:
                shown.setdefault(match[1], (path, text.count("\n", 0, match.start()) + 1))
    if not shown:
        shown = dict(sorted(stores_beside.items()))
    kinds = list(shown)
    own = [found for found in migrations if found.files[0] in unit.files]
    keeper = next((kind for kind in _RELATIONAL if kind in kinds), None)
    if own and keeper is None:
        keeper = "postgresql" if any("supabase" in found.folder for found in own) else "sql"
        kinds.append(keeper)
        shown[keeper] = (own[0].files[0], 1)
    ordered = sorted(kinds, key=lambda kind: (kind != keeper, kind))
    place = own[0].folder if own else None
    return (
        tuple(DataStore(kind=kind, migrations=place if kind == keeper else None) for kind in ordered),
        tuple(shown[kind] for kind in ordered if kind in shown),
    )


def store_of_image(image: str) -> str | None:
    """Return the data store that a container image is, None for any other."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    return STORE_IMAGES.get(name)
