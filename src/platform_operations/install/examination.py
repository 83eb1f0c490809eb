"""`platform-ops doctor`: what works here, and what to do about the rest. Nothing is started and nothing is asked."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, TypeAlias

from platform_operations import __version__
from platform_operations.errors import DefectError, InputError
from platform_operations.install.clients import CLIENTS, SERVER, SKILL_FOLDERS, Client
from platform_operations.install.configuration import json_entry, toml_entry
from platform_operations.install.skill import NAME, skill_files
from platform_operations.resources import reference_pages, resource

Status: TypeAlias = Literal["ok", "missing", "wrong"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `missing` is something optional, `wrong` something that does not work; `do` helps."""

    name: str
    status: Status
    said: str
    do: str = ""


def doctor(folder: Path, environment: Mapping[str, str] | None = None) -> tuple[Check, ...]:
    """Return what works in the project `folder`, in a fixed order; no check starts a program or goes to the network."""
    known = os.environ if environment is None else environment
    return (
        _python(),
        *_packages(),
        _texts(),
        _command(),
        _git(),
        *(_checker(program, does) for program, does in _CHECKERS),
        _metrics(known),
        _drafter(known),
        *(_client(folder, client) for client in CLIENTS.values()),
        *(_skill(folder, place) for place in SKILL_FOLDERS),
    )


_PLUGIN = "${CLAUDE_PLUGIN_ROOT}"
_CHECKERS = (("promtool", "Prometheus rules"), ("amtool", "Alertmanager routes"))


def _python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", "ok", f"platform-ops {__version__} on Python {found}")


def _packages() -> tuple[Check, ...]:
    found: list[Check] = []
    for name, does in (("mcp", "the MCP server"), ("anthropic", "drafting with Claude")):
        try:
            found.append(Check(name, "ok", f"{name} {version(name)}: {does}"))
        except PackageNotFoundError:
            found.append(
                Check(name, "wrong", f"{name} is not installed: no {does}", "install the package anew")
            )
    return tuple(found)


def _texts() -> Check:
    try:
        files = skill_files()
    except DefectError as error:
        return Check("texts", "wrong", str(error), "install the package anew")
    if not resource("prompts").is_dir():
        return Check("texts", "wrong", "prompts/ is missing from this build", "install the package anew")
    return Check("texts", "ok", f"skill of {len(files)} files, {len(reference_pages())} reference pages")


def _command() -> Check:
    found = shutil.which("platform-ops")
    if found is None:
        return Check(
            "command",
            "missing",
            "platform-ops is not on PATH",
            "activate the environment it is installed in; `install` then writes its full path for the clients",
        )
    return Check("command", "ok", "platform-ops is on PATH")


def _git() -> Check:
    if shutil.which("git") is None:
        return Check("git", "missing", "no git: commits and ages are unknown", "install git")
    return Check("git", "ok", "git is there")


def _checker(program: str, does: str) -> Check:
    if shutil.which(program) is None:
        return Check(
            program, "missing", f"no {program}: rendered {does} are not checked by it", f"install {program}"
        )
    return Check(program, "ok", f"{program} checks rendered {does}")


def _metrics(environment: Mapping[str, str]) -> Check:
    names = [name for name in ("PROMETHEUS_TOKEN", "PROMETHEUS_USERNAME") if environment.get(name)]
    said = (
        f"credentials for a Prometheus are set ({', '.join(names)})"
        if names
        else "no credentials for a Prometheus"
    )
    return Check(
        "metrics",
        "ok" if names else "missing",
        said,
        "" if names else "needed only where yours asks for them",
    )


def _drafter(environment: Mapping[str, str]) -> Check:
    if environment.get("ANTHROPIC_API_KEY"):
        return Check(
            "claude", "ok", "ANTHROPIC_API_KEY is set; it is used only with --drafter claude or auto"
        )
    return Check(
        "claude",
        "missing",
        "no ANTHROPIC_API_KEY: the embedded drafter does it",
        "set it for --drafter claude",
    )


def _client(folder: Path, client: Client) -> Check:
    add = f"platform-ops install --client {client.name}"
    path = folder / client.file
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else None
        read = toml_entry if client.format == "toml" else json_entry
        found = None if text is None else read(text, client.file, client.key, SERVER)
    except (InputError, OSError, UnicodeDecodeError) as error:
        return Check(client.name, "wrong", str(error)[:200], "repair the file")
    on_path = "its program is on PATH" if shutil.which(client.program) else f"no {client.program} on PATH"
    if _PLUGIN in str(found):
        said = f"{client.file} names the server for the plugin alone: outside it nothing starts"
        return Check(
            client.name, "missing", said, "load the folder as a plugin, or install in another project"
        )
    if found is not None:
        return Check(client.name, "ok", f"{client.file} names the server; {on_path}")
    return Check(client.name, "missing", f"{client.file} does not name the server; {on_path}", add)


def _skill(folder: Path, place: str) -> Check:
    where = folder / place / NAME
    name = f"skill in {place}"
    try:
        wanted = skill_files()
        found = {
            path: (where / path).read_text(encoding="utf-8") for path in wanted if (where / path).is_file()
        }
    except (DefectError, OSError, UnicodeDecodeError) as error:
        return Check(name, "wrong", str(error)[:200], "platform-ops install")
    if not found:
        return Check(name, "missing", "not installed", "platform-ops install")
    if found != wanted:
        return Check(name, "wrong", "of another version, or changed", "platform-ops install")
    return Check(name, "ok", "installed and current")
