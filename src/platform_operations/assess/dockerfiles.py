"""What an image runs, as its Dockerfile says: the last stage's command and exposed ports."""

import re
from typing import NamedTuple

from platform_operations.assess.places import file_name, lines_of
from platform_operations.patterns import regex
from platform_operations.platforms.reading.dockerfile import of_tests

_ASIDE = regex(
    r"(^|[.\-_])(dev|devel|development|test|tests|testing|ci|lint|local|debug|e2e|bench|playwright|selenium|cypress|gitpod)([.\-_]|$)",
    re.I,
)
_INSTRUCTION = regex(r"\s*(FROM|CMD|ENTRYPOINT|EXPOSE|HEALTHCHECK)\s+(.*)", re.I)


class Image(NamedTuple):
    """The last stage of a Dockerfile; `command` is ENTRYPOINT and CMD, `line` the first of them or FROM.

    `folders` are the paths of two parts that any of its instructions names, such as apps/web.
    """

    path: str
    lines: int
    base: str
    command: str
    line: int
    ports: tuple[str, ...] = ()
    folders: frozenset[str] = frozenset()


def is_dockerfile(path: str) -> bool:
    """Whether `path` is a Dockerfile for something delivered: those for development and tests are not."""
    lower = file_name(path).lower()
    if "file" not in lower or lower.endswith((".dockerignore", ".md", ".sh", ".tpl", ".j2", ".erb", ".orig")):
        return False
    named = (
        lower in {"dockerfile", "containerfile"}
        or lower.startswith("dockerfile.")
        or lower.endswith(".dockerfile")
    )
    if not named or of_tests(path):
        return False
    return not path.startswith(".github/") and not _ASIDE.search(lower.replace("dockerfile", ""))


_LANGUAGE = regex(
    r"^(?:(?:docker\.io/|public\.ecr\.aws/docker/)?library/|docker\.io/)?(?:ruby|python|node|golang|rust|openjdk|eclipse-temurin|php|elixir|erlang|perl|haskell|oven/bun|denoland/deno|mcr\.microsoft\.com/dotnet/sdk)(?::(?!.*(?:fpm|apache))|@|$)",
    re.I,
)


def runs_nothing(image: Image) -> bool:
    """Whether an image holds a language and no command: started, it opens a prompt, as one for developers does."""
    return not image.command and _LANGUAGE.match(image.base) is not None


_STORE = regex(
    r"^(?:(?:docker\.io/|public\.ecr\.aws/docker/)?library/|docker\.io/)?(?:postgres|postgis/postgis|mysql|mariadb|mongo|redis|valkey/valkey|memcached|rabbitmq"
    r"|elasticsearch|opensearchproject/opensearch|docker\.elastic\.co/elasticsearch/elasticsearch|mcr\.microsoft\.com/mssql/server|localstack/localstack)(?::|@|$)",
    re.I,
)


def holds_data(image: Image) -> bool:
    """Whether an image is a published data store with settings of its own: what developers run beside their work."""
    return _STORE.match(image.base) is not None


def read_dockerfile(path: str, text: str) -> Image | None:
    """Return the last stage; None where there is no FROM."""
    base, ports = "", list[str]()
    entrypoint = command = ""
    at = 0
    for number, row in instructions(text):
        found = _INSTRUCTION.match(row)
        if not found:
            continue
        word, rest = found[1].upper(), found[2].strip()
        if word == "FROM":
            base, ports, entrypoint, command, at = rest.split()[0] if rest else "", [], "", "", number
        elif word == "EXPOSE":
            ports += rest.split()
        elif word == "ENTRYPOINT":
            entrypoint, at = _words(rest), number
        elif word == "CMD":
            command, at = _words(rest), at if entrypoint else number
    if not base:
        return None
    named = re.findall(r"(?<![\w./-])(?:\./)?([\w.-]+/[\w.-]+)", text[:100_000])
    return Image(
        path,
        len(lines_of(text)),
        base,
        f"{entrypoint} {command}".strip(),
        at,
        tuple(ports),
        frozenset(name.rstrip("/") for name in named),
    )


def instructions(text: str) -> list[tuple[int, str]]:
    """Return each instruction with its first line; continued lines are joined, comments dropped."""
    joined: list[tuple[int, str]] = []
    open_ = False
    for number, row in enumerate(lines_of(text), 1):
        if row.lstrip().startswith("#") or (open_ and not row.strip()):
            continue
        body = row.rstrip()
        more = body.endswith("\\")
        part = body[:-1] if more else body
        if open_:
            first, before = joined[-1]
            joined[-1] = (first, (before + " " + part)[:20_000])
        else:
            joined.append((number, part[:20_000]))
        open_ = more
    return joined


def _words(rest: str) -> str:
    return " ".join(re.findall(r"[^\s\[\]\",']+", rest))
