"""Writing and removing what clients need: merged, with a backup, or only told."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from platform_operations.errors import InputError
from platform_operations.install.clients import CLIENTS, SERVER, SKILL_FOLDERS, Client, entry
from platform_operations.install.configuration import with_json, with_toml
from platform_operations.install.skill import NAME, skill_files

Action: TypeAlias = Literal["written", "changed", "removed", "unchanged", "kept"]

LARGEST = 5 * 1024 * 1024
_MOST_BACKUPS = 100


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one file, or would: `path` and `backup` are relative to the project."""

    path: str
    action: Action
    why: str = ""
    backup: str | None = None


def install(
    folder: Path, clients: Sequence[str] = (), *, remove: bool = False, dry_run: bool = False
) -> tuple[Change, ...]:
    """Make the server and the skill known to clients in the project `folder`, or unknown again.

    No `clients` means those whose configuration folder the project already has, and the skill alone without any.
    A file that cannot be merged is `kept`, with the reason; nothing of anybody else is lost: what is overwritten
    stays beside it as `.bak`. With `dry_run` nothing is written.

    Raises:
        InputError: the folder or a client's name cannot be used.
    """
    root = _project(folder)
    chosen = [_client(name) for name in dict.fromkeys(clients)] or detected(root)
    changes = [_configured(root, client, remove=remove, dry_run=dry_run) for client in chosen]
    for place in SKILL_FOLDERS:
        for path, text in skill_files().items():
            target = f"{place}/{NAME}/{path}"
            changes.append(
                _without(root, target, text, dry_run=dry_run)
                if remove
                else _with(root, target, text, dry_run=dry_run)
            )
    return tuple(changes)


def detected(root: Path) -> list[Client]:
    """Return the clients that the project is used in."""
    return [row for row in CLIENTS.values() if (root / row.mark).exists() or (root / row.file).exists()]


def _client(name: str) -> Client:
    client = CLIENTS.get(name)
    if client is None:
        raise InputError(f"there is no client {name[:60]!r}: take {', '.join(CLIENTS)}")
    return client


def _project(folder: Path) -> Path:
    try:
        root = folder.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise InputError(f"{str(folder)[:200]!r} does not exist") from None
    if not root.is_dir():
        raise InputError(f"{str(folder)[:200]!r} is no folder")
    return root


def _configured(root: Path, client: Client, *, remove: bool, dry_run: bool) -> Change:
    merged = with_toml if client.format == "toml" else with_json
    try:
        before = _text(root, client.file)
        if before is None and remove:
            return Change(client.file, "unchanged", "it does not exist")
        after = merged(before or "", client.file, client.key, SERVER, None if remove else entry(client))
    except InputError as error:
        return Change(client.file, "kept", str(error))
    if after == before:
        return Change(client.file, "unchanged")
    # A file that held nothing but our entry was ours.
    if remove and after.strip() in {"", "{}"}:
        return _removed(root, client.file, dry_run=dry_run)
    return _put(root, client.file, before, after, dry_run=dry_run)


def _with(root: Path, path: str, text: str, *, dry_run: bool) -> Change:
    try:
        before = _text(root, path)
    except InputError as error:
        return Change(path, "kept", str(error))
    return Change(path, "unchanged") if before == text else _put(root, path, before, text, dry_run=dry_run)


def _without(root: Path, path: str, text: str, *, dry_run: bool) -> Change:
    try:
        before = _text(root, path)
    except InputError as error:
        return Change(path, "kept", str(error))
    if before is None:
        return Change(path, "unchanged", "it does not exist")
    if before != text:
        return Change(path, "kept", f"{path} was changed by somebody: delete it by hand")
    return _removed(root, path, dry_run=dry_run)


def _put(root: Path, path: str, before: str | None, after: str, *, dry_run: bool) -> Change:
    backup = None if before is None else _backup_name(root, path, before)
    action: Action = "written" if before is None else "changed"
    if dry_run:
        return Change(path, action, backup=backup)
    target = root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if before is not None and backup is not None:
            (root / backup).write_text(before, encoding="utf-8", newline="")
        _replaced(target, after)
    except OSError as error:
        return Change(path, "kept", f"{path} cannot be written: {error.strerror or error}")
    return Change(path, action, backup=backup)


def _removed(root: Path, path: str, *, dry_run: bool) -> Change:
    if dry_run:
        return Change(path, "removed")
    target = root / path
    try:
        target.unlink()
        for folder in target.relative_to(root).parents:
            if folder != Path() and not any((root / folder).iterdir()):
                (root / folder).rmdir()
    except OSError as error:
        return Change(path, "kept", f"{path} cannot be removed: {error.strerror or error}")
    return Change(path, "removed")


def _replaced(target: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new text, never a part; its permissions stay."""
    beside = target.with_name(f"{target.name}.platform-ops-new")
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    beside.write_text(text, encoding="utf-8", newline="")
    beside.chmod(mode)
    beside.replace(target)


def _text(root: Path, path: str) -> str | None:
    """Return the text of a file of the project, None where there is none.

    Raises:
        InputError: it is no text of reasonable size, or a link leads to or through somewhere else.
    """
    target = root / path
    if not target.parent.resolve().is_relative_to(root):
        raise InputError(f"{path} is left alone: a link on the way leads outside the project")
    if target.is_symlink():
        raise InputError(f"{path} is left alone: it is a link; change what it leads to by hand")
    if not target.exists():
        return None
    if not target.is_file() or target.stat().st_size > LARGEST:
        raise InputError(f"{path} is left alone: it is no file of a reasonable size")
    try:
        return target.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is left alone: it cannot be read ({type(error).__name__})") from None


def _backup_name(root: Path, path: str, text: str) -> str:
    """Return a name beside the file that is free, or already holds just this text."""
    names = [f"{path}.bak", *(f"{path}.bak{number}" for number in range(2, _MOST_BACKUPS))]
    for name in names:
        if not os.path.lexists(root / name):
            return name
        if (
            not (root / name).is_symlink()
            and (root / name).is_file()
            and (root / name).read_bytes() == text.encode()
        ):
            return name
    return names[-1]
