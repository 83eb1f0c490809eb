"""One level down: what `make X`, `npm run X`, `just X`, `rake X`, `tox` or `./scripts/x.sh` runs, read in the repository."""

import json
import posixpath
import re
from functools import lru_cache
from typing import Any, NamedTuple, cast

from platform_operations.assess.ci.jobs import NOTHING, Words
from platform_operations.assess.ci.rake import rake_task
from platform_operations.assess.ci.settings import of_makefile
from platform_operations.assess.ci.shell import Command, commands
from platform_operations.patterns import regex
from platform_operations.platforms.reading.commands import invocation, value_of, words
from platform_operations.repository import Repository, Unreadable

MAX_FOLLOWED = 120
MAX_ENVIRONMENTS = 20
_SCRIPT = regex(r"\.(?:sh|bash|zsh|ksh)$")
_SHELLS = frozenset({"bash", "sh", "zsh", "source", "."})
_MANAGERS = frozenset({"npm", "yarn", "pnpm", "bun"})
_MANAGER_WORDS = frozenset(
    {
        "install", "ci", "add", "remove", "publish", "audit", "exec", "dlx", "pack", "version", "config", "cache", "set",
        "workspace", "workspaces", "login", "link", "update", "upgrade", "outdated", "why", "x", "create", "init", "i",
        "npm", "global", "prune", "dedupe", "rebuild", "store", "deploy", "whoami", "view", "info", "dist-tag", "ls", "import",
    }
)  # fmt: skip


class Followed(NamedTuple):
    """The file that a command led to, and the commands found there.

    `settings` are the variables that a Makefile holds for them, `otherwise` those it holds where nothing else is set.
    """

    path: str
    commands: tuple[Command, ...]
    settings: Words = NOTHING
    otherwise: Words = NOTHING


def follow(repository: Repository, command: Command, folder: str) -> Followed | None:
    """Return what `command` runs one level down, None when it calls nothing of the repository that can be read.

    `folder` is where the command runs, relative to the repository.
    """
    called = invocation(command.text)
    if not called:
        return None
    place = posixpath.normpath(posixpath.join(folder, command.folder)) if folder or command.folder else ""
    place = "" if place in {".", "/"} or place.startswith("..") else place
    if called[0] in {"make", "gmake"}:
        return _makefile(repository, called, place, command.text)
    if called[0] == "just":
        return _justfile(repository, called, place)
    if called[0] in _MANAGERS:
        return _package_script(repository, called, place)
    if called[:2] == ("deno", "task"):
        return _deno_task(repository, called, place)
    if called[0] == "tox":
        return _tox(repository, called, place)
    if called[0] in {"rake", "rails"}:
        return _rake(repository, called, place)
    return _script(repository, called, place)


def _text(repository: Repository, path: str) -> str | None:
    if not repository.exists(path):
        return None
    content = repository.read(path)
    return None if isinstance(content, Unreadable) else content


def _joined(place: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(place, name)) if place else posixpath.normpath(name)


def _makefile(repository: Repository, called: tuple[str, ...], place: str, text: str) -> Followed | None:
    place = _joined(place, value_of(called, "-C", "--directory") or "")
    place = "" if place == "." else place
    named = value_of(called, "-f", "--file")
    targets = [word for word in _bare(called) if "=" not in word]
    for name in (named,) if named else ("Makefile", "makefile", "GNUmakefile"):
        first = _joined(place, name)
        for path in (first, *_included(repository, first, place)):
            content = _text(repository, path)
            if content is None:
                continue
            found: list[Command] = []
            for target in targets[:6] or [""]:
                found.extend(_recipe(content, target, 1))
            if found:
                whole = "\n".join(_text(repository, one) or "" for one in dict.fromkeys((first, path)))
                return Followed(path, tuple(found[:MAX_FOLLOWED]), *of_makefile(whole, text))
    return None


def _included(repository: Repository, path: str, place: str) -> tuple[str, ...]:
    """Return the files that a Makefile includes by name."""
    content = _text(repository, path) or ""
    names = [
        name for line in re.findall(r"^-?include\s+(.+)$", content, re.MULTILINE) for name in line.split()
    ]
    return tuple(_joined(place, name.removeprefix("./")) for name in names if "$" not in name)[:12]


_VARIABLE = regex(r"^(?:export\s+)?([A-Za-z_]\w*)\s*[:?]?=([^$\n#]+)$", re.MULTILINE)
_LONGEST_VALUE = 80


def _substituted(script: str, content: str) -> str:
    """Return a recipe with the Makefile's plain variables in place: `$(DOCKER) build` is `docker build`."""
    values = ((name, value.strip(" \t") or " ") for name, value in _VARIABLE.findall(content[:200_000]))
    known = {name: value for name, value in values if len(value) <= _LONGEST_VALUE}
    return re.sub(r"\$[({](\w+)[)}]", lambda match: known.get(match[1], match[0]), script)


def _bare(called: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    skip = False
    for word in called[1:]:
        if skip:
            skip = False
        elif word in {"-C", "-f", "--directory", "--file", "-j", "--jobs", "-e"}:
            skip = word not in {"-j"} or False
        elif not word.startswith("-"):
            found.append(word)
    return found


@lru_cache(maxsize=512)
def _recipe(content: str, target: str, depth: int) -> tuple[Command, ...]:
    """Return the recipe of a Makefile's target, and of what it depends on one level further."""
    lines = content.split("\n")
    wanted = (
        re.compile(rf"^{re.escape(target)}\s*:(?![:=])(?P<after>[^=#]*)")
        if target
        else re.compile(r"^[A-Za-z][\w./-]*\s*:(?![:=])(?P<after>[^=#]*)")
    )
    for index, line in enumerate(lines):
        match = wanted.match(line)
        if not match:
            continue
        found: list[Command] = []
        if depth:
            for needed in match["after"].split()[:8]:
                found.extend(_recipe(content, needed, depth - 1))
        end = index + 1
        while end < len(lines) and (
            lines[end].startswith(("\t", "    ")) or (not lines[end].strip() and _goes_on(lines, end))
        ):
            end += 1
        body = lines[index + 1 : end]
        ignoring = {index + 2 + at for at, text in enumerate(body) if text.lstrip().startswith(("-", "@-"))}
        script = "\n".join(text.lstrip().lstrip("@-+") for text in body)
        script = _substituted(script.replace("$(MAKE)", "make"), content).replace("$$", "$")
        for command in commands(script, index + 2):
            silent = "- before the recipe line" if command.first in ignoring else command.silenced
            found.append(
                Command(command.text, command.first, command.last, silent, command.folder, command.body)
            )
        return tuple(found)
    return ()


def _goes_on(lines: list[str], at: int) -> bool:
    return at + 1 < len(lines) and lines[at + 1].startswith("\t")


def _justfile(repository: Repository, called: tuple[str, ...], place: str) -> Followed | None:
    targets = _bare(called)
    for name in ("justfile", "Justfile", ".justfile"):
        path = _joined(place, name)
        content = _text(repository, path)
        if content is None or not targets:
            continue
        lines = content.split("\n")
        for index, line in enumerate(lines):
            if re.match(rf"^@?{re.escape(targets[0])}(?:\s[^:=]*)?:(?!=)", line):
                end = index + 1
                while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t"):
                    end += 1
                script = "\n".join(text.strip().lstrip("@-") for text in lines[index + 1 : end])
                return Followed(path, commands(script, index + 2)[:MAX_FOLLOWED])
    return None


def _package_script(repository: Repository, called: tuple[str, ...], place: str) -> Followed | None:
    script = _script_name(called)
    if script is None:
        return None
    inner = value_of(called, "--prefix", "--cwd", "-C", "--dir", "--cwd")
    if any(
        word.startswith(("--filter", "-F", "-r", "--recursive", "-ws", "--workspace")) for word in called[1:]
    ):
        return None
    path = _joined(_joined(place, inner) if inner else place, "package.json")
    return _in_manifest(repository, path, "scripts", script)


def _deno_task(repository: Repository, called: tuple[str, ...], place: str) -> Followed | None:
    """Return what a task of the Deno configuration runs; one with comments, or a task that is no text, stays unread."""
    names = [word for word in called[2:] if not word.startswith("-")]
    return _in_manifest(repository, _joined(place, "deno.json"), "tasks", names[0]) if names else None


def _in_manifest(repository: Repository, path: str, section: str, script: str) -> Followed | None:
    content = _text(repository, path)
    if content is None:
        return None
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    scripts = cast("dict[str, Any]", document).get(section) if isinstance(document, dict) else None
    body = cast("dict[str, Any]", scripts).get(script) if isinstance(scripts, dict) else None
    if not isinstance(body, str):
        return None
    line = _line_of(content, section, script)
    found = tuple(Command(one.text, line, line, one.silenced, one.folder) for one in commands(body, 1))
    return Followed(path, found[:MAX_FOLLOWED])


def _script_name(called: tuple[str, ...]) -> str | None:
    bare = [
        word
        for index, word in enumerate(called[1:], 1)
        if not word.startswith("-") and called[index - 1] not in {"--prefix", "--cwd", "-C", "--dir"}
    ]
    if not bare:
        return None
    if bare[0] in {"run", "run-script"}:
        return bare[1] if len(bare) > 1 else None
    if bare[0] in {"test", "t", "start"}:
        return "test" if bare[0] == "t" else bare[0]
    if called[0] in {"yarn", "pnpm"} and bare[0] not in _MANAGER_WORDS:
        return bare[0]
    return None


def _line_of(content: str, section: str, script: str) -> int:
    after = content.find(f'"{section}"')
    match = re.compile(rf'"{re.escape(script)}"\s*:').search(content, max(after, 0))
    return content.count("\n", 0, match.start()) + 1 if match else 1


_OF_RAILS = frozenset({"db", "assets", "test", "spec", "log", "tmp", "server", "s", "console", "c", "runner"})
"""Tasks and commands that come with the framework."""


def _rake(repository: Repository, called: tuple[str, ...], place: str) -> Followed | None:
    names = [word for word in _bare(called) if "=" not in word]
    if called[0] == "rails" and not any(":" in name for name in names):
        return None
    if names and all(name.partition(":")[0] in _OF_RAILS for name in names):
        return None
    found = rake_task(repository, names[:6] or ["default"], place)
    return Followed(found[0], found[1][:MAX_FOLLOWED]) if found else None


def _tox(repository: Repository, called: tuple[str, ...], place: str) -> Followed | None:
    path = _joined(place, "tox.ini")
    content = _text(repository, path)
    if content is None:
        return None
    lines = content.split("\n")
    asked = value_of(called, "-e", "--env", "run -e") or _environments(content)
    for names in ([name.strip() for name in asked.split(",")], [""]):
        found: list[Command] = []
        for name in names[:MAX_ENVIRONMENTS]:
            section = f"[testenv:{name}]" if name else "[testenv]"
            start = next((at for at, line in enumerate(lines) if line.strip() == section), None)
            found += _tox_commands(lines, start) if start is not None else ()
        if found:
            return Followed(path, tuple(found[:MAX_FOLLOWED]))
    return None


_ENVIRONMENTS = regex(r"^env_?list\s*=((?:.*\n)(?:[ \t]+\S.*\n)*)", re.MULTILINE)


def _environments(content: str) -> str:
    """Return the environments that tox runs where none is asked for, with commas between."""
    listed = _ENVIRONMENTS.search(f"{content[:100_000]}\n")
    return ",".join(re.split(r"[\s,]+", listed[1].strip())) if listed else ""


def _tox_commands(lines: list[str], start: int) -> tuple[Command, ...]:
    for index in range(start + 1, len(lines)):
        if lines[index].startswith("["):
            return ()
        match = re.match(r"^commands\s*=\s*(.*)$", lines[index])
        if match:
            end = index + 1
            while end < len(lines) and (lines[end].startswith((" ", "\t")) or not lines[end].strip()):
                end += 1
            body = [match[1], *lines[index + 1 : end]]
            return commands("\n".join(text.strip() for text in body), index + 1)
    return ()


def _script(repository: Repository, called: tuple[str, ...], place: str) -> Followed | None:
    name = called[0]
    if name in _SHELLS:
        name = next((word for word in called[1:] if not word.startswith("-")), "")
    elif "/" not in name and not _SCRIPT.search(name):
        return None
    name = re.sub(
        r"^(?:\$\{?(?:GITHUB_WORKSPACE|CI_PROJECT_DIR|WORKSPACE|PWD)\}?/|\$\{\{\s*github\.workspace\s*\}\}/)",
        "",
        name,
    )
    for base in dict.fromkeys((place, "")):
        path = _joined(base, name)
        content = _text(repository, path)
        if content is None or (not _SCRIPT.search(path) and not re.match(r"#!.*\b(?:ba|z|k)?sh\b", content)):
            continue
        return Followed(path, commands(content, 1, pipefail=False)[:MAX_FOLLOWED])
    return None


def script_name(text: str) -> str:
    """Return the name of the program or target of the repository's own that a command calls, else nothing."""
    called = invocation(text)
    if not called:
        return ""
    bare = [word for word in called[1:] if not word.startswith("-")]
    if called[0] in {"make", "just", "task", "mage", "rake", "invoke", "inv", "nox", "bazel"}:
        return bare[0] if bare else ""
    if called[0] in _MANAGERS:
        return _script_name(called) or ""
    if "/" in called[0] or _SCRIPT.search(called[0]):
        return _named_with_folder(called[0])
    if called[0] in {
        *_SHELLS,
        "python",
        "node",
        "ruby",
        "php",
        "pwsh",
        "powershell",
        "tsx",
        "ts-node",
        "deno",
        "perl",
    }:
        own = next(
            (word for word in words(text)[1:] if re.search(r"\.\w+$|/", word) and not word.startswith("-")),
            "",
        )
        return _named_with_folder(own)
    return ""


def _named_with_folder(path: str) -> str:
    """Return a script's name, with its folder where that says what kind of tests lie there (smoke/run.sh)."""
    folder, name = posixpath.split(path)
    near = posixpath.basename(folder)
    return f"{near}/{name}" if "smoke" in near.lower() else name
