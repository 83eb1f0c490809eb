"""What a line of text reaches out to: addresses, images, packages, programs, files. Read, never run."""

import re
from functools import lru_cache
from itertools import pairwise
from posixpath import normpath
from typing import NamedTuple, TypeAlias

from platform_operations.patterns import regex
from platform_operations.platforms.reading.commands import invocation, words

Wanted: TypeAlias = tuple[str, str]
"""A kind of thing (host, image, package, tool, program, script, action) and its name."""


class Reach(NamedTuple):
    """What a line needs from elsewhere, and the first construct in it that hides or leaks, if any."""

    wants: tuple[Wanted, ...] = ()
    danger: str | None = None


_URL_HOST = regex(
    r"(?<![a-z0-9+.-])(?!file:)[a-z][a-z0-9+.-]{1,20}://(?:[^\s/@\"'<>]{1,200}@)?(\[[0-9a-f:]+\]|[^\s/:?#\"'<>)\\,;|`]+)",
    re.I,
)
_DOMAIN = regex(
    r"^(?:[\w.+-]+@)?((?:[a-z0-9_-]+\.)+[a-z]{2,24}|\d{1,3}(?:\.\d{1,3}){3})(?::[\w/~.-]*|/.*)?$", re.I
)
_LOOPBACK = regex(r"^(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[?::1\]?)$", re.I)
_VARIABLE = regex(r"^[\"']?(?:\$|\{\{|<|%[a-z(])", re.I)
_FILLED = regex(r"\$\{\{.{0,600}?\}\}|\$\{[^}]{0,200}\}|\$\([^()]{0,400}\)|`[^`]{0,400}`|\$\w+|\{\w*\}")
_AT_HOST = regex(r"(?:^|[\s\"'=])[\w.-]+@((?:[a-z0-9-]+\.)+[a-z]{2,24}):[\w~./]", re.I)
_INSIDE = (".svc", ".svc.cluster.local", ".localhost")
"""Names that only a cluster, or this machine, resolves."""

_DANGERS: tuple[tuple[str, str], ...] = (
    (r"\|&?\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:/\S*/)?(?:ba|z|da|k|c|fi)?sh\b", "a pipe into a shell"),
    (r"\|\s*(?:sudo\s+)?(?:python\d?|perl|ruby|node|php)\b(?!\s+-m\s+json\.tool)", "a pipe into an interpreter"),
    (r"(?:^|[\s;&|({`])eval\b", "eval"),
    (r"\bbase64\s+(?:-\S+\s+)*(?:-d|-D|--decode)\b|\bxxd\s+-\S*r", "decoded text"),
    (r"(?:\$\(|`|<\(|\bsource\s+<|\.\s+<)\s*\(?\s*(?:curl|wget)\b", "what a download says"),
    (r"/dev/(?:tcp|udp)/", "a raw socket"),
    (r"(?:^|[\s;&|(`])(?:nc|ncat|netcat|socat|telnet)\s", "a raw connection"),
    (r"(?:^|[\s;&|(`])(?:ssh|scp|sftp|rsync|ftp)\s", "another machine"),
    (r"(?:^|[;&|(`]\s*|\$\(\s*)(?:sudo\s+)?(?:env|printenv|set|export(?:\s+-p)?|declare\s+-[px]+)\s*(?:$|[|>;&)`])", "all variables"),
    (r"/proc/\S*/environ", "all variables"),
    (r"(?:^|[\s;&|(`/])(?:python\d?(?:\.\d+)?|perl|ruby|php|node|deno|bun)\s+(?:-\S+\s+)*(?:-c|-e|-r|--eval|eval)\s+(?![\"']?import [\w.]+(?:;\s*(?:[\w.]+\(\)|print\([\w.]+\)))*[\"']?(?:$|\s))", "a program inside a command"),
    (r"\.ssh/|id_(?:rsa|ed25519)|\.aws/credentials|\.netrc|\.npmrc|\.pypirc|\.kube/config|\.docker/config|\.git-credentials|(?:cat|less|head|tail|cp|base64)\s[^|;&]*\.env\b", "credentials"),
    (r"\b(?:crontab|authorized_keys|nsenter|chattr)\b|core\.hooksPath|\.git/hooks|--privileged\b", "a lasting foothold"),
    (r"(?:^|[\s;&|(`])(?:echo|printf|tee)\b[^;&|]*\$\{?\w*(?:SECRET|TOKEN|PASSW|CREDENTIAL|_KEY|DATABASE_URL|DSN)", "a secret said aloud"),
    (r">>?\s*[\"']?(?:\./)?(?:[\w.-]+/)*(?:requirements[\w.-]*\.(?:txt|in)|pyproject\.toml|setup\.(?:py|cfg)|package(?:-lock)?\.json|Makefile|Dockerfile|conftest\.py|\.[a-z][\w./-]*)", "a change of what is built"),
    (r"^\s*(?:echo|printf|:|true)(?:\s[^|>;&$`]*)?$", "a line that does nothing"),
)  # fmt: skip
_INLINE = regex(r"(?:\$\(|`|<\(|>\()\s*([\w./-]+)")
_PIECE = regex(
    r"""(?:\\.|"(?:[^"\\]|\\.)*"|'[^']*'|\$\{\{.{0,600}?\}\}|\$\([^()]{0,400}\)|(?<=[<>])&|[^;&|\n"'\\])+""",
    re.DOTALL,
)
_IMAGE = regex(r"^(?:[\w.-]+=)*((?:[a-z0-9-]+\.)+[a-z]{2,24}(?::\d+)?(?:/[\w.-]+)+)(?:[:@]\S*)?$", re.I)
_PULLERS = frozenset({"docker", "podman", "nerdctl", "buildah", "skopeo", "crane", "cosign", "oras", "kubectl", "helm", "kustomize", "oc", "trivy", "grype", "syft"})  # fmt: skip
_REACHING = frozenset({"curl", "wget", "http", "https", "xh", "ping", "aria2c"})
_TAKE_A_VALUE = """
    -o --output -O -H --header -d --data --data-raw --data-binary -w --write-out -X --request -m --max-time -u --user -A -e
    -b -c -F -T --retry --retry-delay --name -n --network --net -v --volume -p --publish --workdir --env --env-file --mount
    --entrypoint --platform --label -l --add-host --memory --cpus --pull --restart --hostname -h --ulimit --shm-size --gpus
"""
_VALUES = frozenset(_TAKE_A_VALUE.split())
_LOCAL = regex(
    r"^(?:\.{0,2}/|\.$|\.\[|dist/|build/|target/|[$<{]|.*\.(?:whl|tgz|tar\.gz|gem|crate|txt|toml|in|lock)$)"
)
_SCRIPT = regex(
    r"^(?:\./)?(?:[\w.-]+/)*[\w.-]+\.(?:sh|bash|py|js|mjs|cjs|ts|rb|pl|php|ps1)$|^\.{1,2}/[\w./-]+$|^[\w.-]+(?:/[\w.-]+)+$"
)
_INTERPRETERS = frozenset({"python", "python3", "node", "ruby", "perl", "php", "deno", "bun", "sh", "bash", "zsh", "dash", "source", ".", "pwsh", "tsx"})  # fmt: skip
_OUTSIDE = regex(
    r"^(?:~(?:/|$)|\$\{?HOME\b|/(?:etc|root|home|proc|sys|var|usr|opt|boot|bin|sbin|lib)(?:/|$))"
)
_INSTALL: tuple[tuple[str, ...], ...] = (
    ("pip", "install"), ("pip3", "install"), ("pip", "download"), ("uv", "pip", "install"), ("uv", "add"), ("uv", "tool", "install"),
    ("pipx", "install"), ("poetry", "add"), ("pdm", "add"), ("conda", "install"), ("npm", "install"), ("npm", "i"), ("npm", "add"),
    ("yarn", "add"), ("yarn", "global", "add"), ("pnpm", "add"), ("pnpm", "install"), ("bun", "add"), ("gem", "install"),
    ("cargo", "install"), ("cargo", "add"), ("go", "install"), ("go", "get"), ("go", "run"), ("apt-get", "install"), ("apt", "install"),
    ("apk", "add"), ("yum", "install"), ("dnf", "install"), ("brew", "install"), ("dotnet", "add"), ("composer", "require"),
)  # fmt: skip
_FETCHERS = regex(
    r"(?:^|\s)(?:npx|uvx|bunx|pipx\s+run|(?:pnpm|yarn)\s+dlx|npm\s+exec|bun\s+x|uv\s+tool\s+run)\s+(.+)"
)
_VALUED = frozenset({"-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-t", "--target", "--version", "--path", "--root", "--registry", "-p", "--package", "--python", "--prefix", "-f", "--find-links", "--cache", "--yes"})  # fmt: skip


def hosts(text: str) -> tuple[str, ...]:
    """Return the hosts of the URLs in a text, without loopback, variables and names that only a cluster knows."""
    if "://" not in text:
        return ()
    spoken = (text, _FILLED.sub("$", text)) if "$" in text or "`" in text or "{" in text else (text,)
    return tuple(host for line in spoken for match in _URL_HOST.finditer(line) if (host := _host(match[1])))


def _host(name: str) -> str | None:
    """Return a host to ask about; of one that begins with a variable, what stands behind that, with its dot."""
    host = name.lower().rstrip(".")
    if "$" in host:
        host = host.rpartition("$")[2]
        return host if re.match(r"\.[a-z0-9-]+\.[a-z]", host) else None
    numbered = host.isdigit() or host.startswith("0x")
    if _VARIABLE.match(host) or _LOOPBACK.match(host) or not (numbered or "." in host or ":" in host):
        return None
    return None if host.endswith(_INSIDE) else host


@lru_cache(maxsize=4096)
def reach_of_prose(text: str) -> Reach:
    """Return what a sentence, which may hold a command, reaches out to."""
    wants: list[Wanted] = [("host", host) for host in hosts(text)]
    command = _SPOKEN.search(text)
    if command:
        wants += [
            (kind, name)
            for kind, name in reach_of_command(command[0]).wants
            if kind in _FETCHED or (kind == "program" and command[0].startswith("python"))
        ]
    return Reach(tuple(dict.fromkeys(wants)), _named(_danger().search(text)))


_SPOKEN = regex(
    r"\b(?:curl|wget|docker|podman|kubectl|helm|pip3?|npm|npx|uvx|gem|cargo|python\d?\s+-m)\s.*", re.DOTALL
)
_FETCHED = frozenset({"host", "image", "package", "tool"})


@lru_cache(maxsize=4096)
def reach_of_command(line: str) -> Reach:
    """Return what a command line reaches out to."""
    head, _, rest = line.partition(" ")
    if head == "uses":
        return Reach((("action", rest.strip().partition("@")[0].lower()),))
    wants: list[Wanted] = [("host", host) for host in hosts(line)]
    wants += [("host", host) for match in _AT_HOST.finditer(line) if (host := _host(match[1]))]
    wants += [("program", match[1]) for match in _INLINE.finditer(line)]
    folder, outside = "", None
    for piece in _PIECE.findall(line):
        spoken = words(piece)
        called = invocation(piece)
        outside = outside or _left(spoken, folder)
        if called and called[0] == "cd" and len(called) > 1:
            folder = "" if called[1] == "-" else normpath(f"{folder}/{called[1]}" if folder else called[1])
        wants += _of_piece(piece, called, spoken)
    inner = [reach_of_command(text) for text in _inner(line)]
    wants += [wanted for reach in inner for wanted in reach.wants]
    danger = _named(_danger().search(line)) or next((reach.danger for reach in inner if reach.danger), None)
    danger = danger or (f"{outside!r} outside the repository" if outside else None)
    return Reach(tuple(dict.fromkeys(wants)), danger)


def _inner(line: str) -> list[str]:
    """Return the commands that `sh -c` is given."""
    if " -" not in line or "sh" not in line:
        return []
    return [
        following
        for piece in _PIECE.findall(line)
        for word, following in pairwise(words(piece))
        if re.fullmatch(r"-\w*c", word)
        and any(_SHELL.fullmatch(name) for name in words(piece))
        and following != line
    ]


_SHELL = regex(r"(?:/\S*/)?(?:ba|z|da|k)?sh")
_UP = regex(r"(?:^|/)\.\.(?:/|$)")


@lru_cache(maxsize=1)
def _danger() -> re.Pattern[str]:
    """Return all of _DANGERS as one, compiled for the first line that is read: assessing reads none."""
    return re.compile("|".join(f"(?P<d{at}>{pattern})" for at, (pattern, _) in enumerate(_DANGERS)))


def _named(found: re.Match[str] | None) -> str | None:
    return _DANGERS[int((found.lastgroup or "d0")[1:])][1] if found else None


def _left(spoken: tuple[str, ...], folder: str) -> str | None:
    for word in spoken:
        value = word.rpartition("=")[2].lstrip("<>@")
        if _OUTSIDE.match(value) or (
            _UP.search(value) and normpath(f"{folder}/{value}".lstrip("/")).startswith("..")
        ):
            return value
    return None


def _of_piece(piece: str, called: tuple[str, ...], spoken: tuple[str, ...]) -> list[Wanted]:
    wants: list[Wanted] = []
    fetched = _FETCHERS.search(piece)
    if fetched:
        name = next((word for word in words(fetched[1]) if not word.startswith("-")), "")
        return [("tool", _package(name)), *(("package", _package(name)) for name in _with(spoken))]
    if not called:
        return wants
    program = called[0]
    if program in _PULLERS or _started(spoken, "docker"):
        wants += _images(called)
    elif program in _REACHING:
        given = _positional(called[1:])
        wants += [
            ("host", host) for word in given if (found := _DOMAIN.match(word)) and (host := _host(found[1]))
        ]
    packages = _packages(called)
    wants += [("package", name) for name in packages]
    if _VARIABLE.match(program) or _CONTAINED.match(piece.strip()):
        return wants
    if _SCRIPT.match(program):
        return [*wants, ("script", normpath(program))]
    wants.append(("program", program))
    script = next((word for word in called[1:] if not word.startswith("-")), None)
    if program in _INTERPRETERS and script and _SCRIPT.match(script):
        wants.append(("script", normpath(script)))
    return wants


_CONTAINED = regex(r"(?:\w+=\S*\s+)*(?:docker|podman|docker-compose|kubectl)\s.*?\b(?:run|exec)\s")
"""What runs inside a container belongs to its image."""


def _started(spoken: tuple[str, ...], program: str) -> bool:
    return program in spoken[:3]


def _images(called: tuple[str, ...]) -> list[Wanted]:
    found = [match[1] for word in called[1:] if (match := _IMAGE.match(word)) and "://" not in word]
    if called[0] in {"docker", "podman", "nerdctl"} and called[1:2] in (("run",), ("pull",), ("create",)):
        first = next(iter(_positional(called[2:])), "")
        found += [_image(first)] if first and not _VARIABLE.match(first) else []
    if called[0] in {"kubectl", "oc", "kustomize"}:
        given = [word.partition("=")[2] for word in called if word.startswith("--image=")]
        if called[1:3] == ("set", "image"):
            given += [
                word.partition("=")[2] for word in called[3:] if "=" in word and not word.startswith("-")
            ]
        found += [_image(word) for word in given if word and not _VARIABLE.match(word)]
    return [("image", name) for name in found if name]


def _positional(rest: tuple[str, ...]) -> list[str]:
    """Return the words that are neither options nor the values of options."""
    found: list[str] = []
    skip = False
    for word in rest:
        if skip or word.startswith("-"):
            skip = not skip and (word in _VALUES)
        else:
            found.append(word)
    return found


def _image(word: str) -> str:
    name = word.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def _packages(called: tuple[str, ...]) -> list[str]:
    for command in _INSTALL:
        if called[: len(command)] == command:
            found: list[str] = []
            skip = False
            for word in called[len(command) :]:
                if skip or word.startswith("-"):
                    skip = not skip and word in _VALUED
                elif not _LOCAL.match(word):
                    found.append(_package(word))
            return found
    return []


def _with(spoken: tuple[str, ...]) -> list[str]:
    """Return what `--with`, `--from` and `-p` bring along."""
    flags = {"--with", "--from", "-p", "--package"}
    return [word for flag, word in pairwise(spoken) if flag in flags]


def _package(word: str) -> str:
    """Return the name of a package without version and extras."""
    name = re.split(r"[=<>~!\[;]", word, maxsplit=1)[0]
    return (name[:1] + name[1:].partition("@")[0]).lower()
