"""Which folders a server may look into, and how a client's path becomes a place in one of them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platform_operations.errors import InputError

LONGEST_PATH = 1000
LARGEST_PLAN = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or file below a root. `shown` is what a client calls it, `inside` is relative to the root."""

    root: Path
    inside: str
    shown: str

    @property
    def path(self) -> Path:
        """Where it is on disk; never shown to a client."""
        return self.root / self.inside if self.inside else self.root


@dataclass(frozen=True, slots=True)
class Roots:
    """The configured folders by name, resolved once: a client names paths below them and nothing else."""

    folders: tuple[tuple[str, Path], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the roots, as the first part of a path where there are several."""
        return tuple(name for name, _ in self.folders)

    def folder(self, path: str) -> Place:
        """Return the folder that a client's path names. Raises InputError."""
        place = self._place(path)
        resolved = _resolved(place)
        if not resolved.is_dir():
            raise InputError(f"{place.shown!r} is no folder; read_repo with action list shows what there is")
        return Place(place.root, _inside(resolved, place.root), place.shown)

    def either(self, path: str) -> Place:
        """Return the folder or the file that a client's path names; links are followed within the root only."""
        place = self._place(path)
        _resolved(place)
        return place

    def text(self, path: str) -> str:
        """Return the text of a plan file below a root: regular, not made for secrets, UTF-8, at most 5 MiB.

        Raises:
            InputError: it cannot be read, without saying where on the disk it would be.
        """
        from platform_operations.repository.guard import read_inside
        from platform_operations.repository.secret_files import named_for_secrets
        from platform_operations.repository.texts import decoded

        place = self._place(path)
        inside = _inside(_resolved(place), place.root)
        if not inside or named_for_secrets(inside):
            raise InputError(f"{place.shown!r} is not read: name a file that holds a plan")
        try:
            data = read_inside(str(place.root), inside, LARGEST_PLAN)
        except OSError as error:
            raise InputError(f"{place.shown!r} cannot be read: {error.strerror or error}") from None
        if data is None:
            raise InputError(
                f"{place.shown!r} is larger than {LARGEST_PLAN // (1024 * 1024)} MiB; no plan is"
            )
        text = decoded(inside, data)
        if not isinstance(text, str):
            raise InputError(f"{place.shown!r} is not read: {text.reason}")
        return text

    def _place(self, path: str) -> Place:
        shown = _checked(path)
        parts = [part for part in shown.split("/") if part not in {"", "."}]
        if len(self.folders) == 1:
            return Place(self.folders[0][1], "/".join(parts), "/".join(parts) or ".")
        roots = dict(self.folders)
        if not parts or parts[0] not in roots:
            raise InputError(f"path begins with the name of a root: {', '.join(self.names)}; got {shown!r}")
        return Place(roots[parts[0]], "/".join(parts[1:]), "/".join(parts))


def open_roots(folders: Sequence[str | Path]) -> Roots:
    """Return the roots of a server; none given means the current folder.

    Raises:
        InputError: one is no folder, or two have the same name.
    """
    found: dict[str, Path] = {}
    for folder in folders or (Path.cwd(),):
        try:
            path = Path(folder).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            raise InputError(f"root {str(folder)[:200]!r} does not exist") from None
        if not path.is_dir():
            raise InputError(f"root {str(folder)[:200]!r} is no folder")
        name = path.name or "root"
        if found.setdefault(name, path) != path:
            raise InputError(f"two roots are called {name!r}: clients could not tell them apart")
    return Roots(tuple(found.items()))


def _checked(path: str) -> str:
    """Return a client's path made of plain names. Raises InputError for anything that could leave a root."""
    from platform_operations.repository.guard import shown

    text = path.strip().removeprefix("./").rstrip("/") or "."
    names = text.split("/")
    if len(text) > LONGEST_PATH or "\0" in text or not text.isprintable():
        raise InputError(f"path {shown(text)[:80]!r} cannot be a path here: too long, or not printable")
    if (
        text.startswith(("/", "~", "-"))
        or "\\" in text
        or ".." in names
        or "://" in text
        or names[0].endswith(":")
    ):
        raise InputError(
            f"path {text[:200]!r} is not below a root: use names joined by '/', such as 'services/api', or '.'"
        )
    return text


def _resolved(place: Place) -> Path:
    """Return where a place is once its links are followed. Raises InputError where that is not below its root."""
    try:
        resolved = Path(os.path.realpath(place.path, strict=True))
    except (OSError, ValueError, RuntimeError):
        raise InputError(
            f"{place.shown!r} does not exist; read_repo with action list shows what does"
        ) from None
    if not resolved.is_relative_to(place.root):
        raise InputError(f"{place.shown!r} leads outside the root")
    return resolved


def _inside(resolved: Path, root: Path) -> str:
    inside = resolved.relative_to(root).as_posix()
    return "" if inside == "." else inside
