"""Command lines as words, and whether one begins as a table says. Nothing is ever executed."""

import re
from functools import lru_cache

from platform_operations.patterns import regex

MAX_WORDS = 400

_WORD = regex(r"""(?:\$\{\{.{0,600}?\}\}|\$\([^()]{0,400}\)|[^\s"'$]+|\$|"(?:[^"\\]|\\.)*"?|'[^']*'?)+""")
_ASSIGNMENT = regex(r"^[A-Za-z_][A-Za-z0-9_]*\+?=")
_VERSIONED = regex(r"^(@?[^@=]+?)(?:@|==)[^/]*$")
_PREFIXED = regex(r"^\$\{?[A-Za-z_]+\}?/?(?=[a-z])")
_INSTALLED = regex(r"node_modules/|vendor/|/usr/|env/|/opt/|/home/|/root/|~/|\.venv|GOPATH|HOME|/go/bin")
_STUBS = frozenset(
    {
        "rails",
        "rake",
        "rspec",
        "bundle",
        "rubocop",
        "brakeman",
        "bundler-audit",
        "phpunit",
        "jest",
        "vite",
        "webpack",
        "importmap",
        "cucumber",
        "pytest",
    }
)
_CAPTURED = regex(
    r"^(?:export |local |readonly |declare )?[A-Za-z_]\w*=[\"']?\$\((.{3,2000}?)\)[\"']?(?: \|\| .*)?$",
    re.DOTALL,
)
_CONTROL = frozenset(
    {"if", "then", "else", "elif", "while", "until", "do", "!", "{", "(", "time", "&", "call"}
)
_RUNNERS: tuple[tuple[str, ...], ...] = (
    ("sudo",), ("xargs",), ("exec",), ("command",), ("nohup",), ("nice",), ("env",), ("xvfb-run",), ("timeout",), ("retry",),
    ("uvx",), ("uv", "run"), ("uv", "tool", "run"), ("poetry", "run"), ("pipenv", "run"), ("pdm", "run"),
    ("rye", "run"), ("pipx", "run"), ("hatch", "run"), ("conda", "run"), ("npx",), ("bunx",), ("bun", "x"),
    ("pnpm", "exec"), ("pnpm", "dlx"), ("yarn", "dlx"), ("yarn", "exec"), ("npm", "exec"), ("bundle", "exec"),
    ("mise", "exec"), ("mise", "x"), ("nix", "develop", "-c"), ("dotenv",), ("doppler", "run"), ("op", "run"),
    ("proxychains",), ("proxychains4",), ("torsocks",), ("stdbuf",), ("unbuffer",), ("infisical", "run"), ("dotenvx", "run"),
    ("dotnet", "tool", "run"), ("lerna", "exec"), ("rtx", "exec"), ("devbox", "run"), ("pixi", "run"),
    ("coverage", "run", "-m"), ("python", "-m"), ("python3", "-m"), ("py", "-m"),
)  # fmt: skip
_WITH_VALUE = frozenset(
    {
        "--with", "--extra", "--group", "--only-group", "--python", "-p", "--package", "--directory", "--project",
        "--env-file", "-u", "-C", "-e", "-s", "-n", "-f", "--with-requirements", "--filter", "--from", "-k",
    }
)  # fmt: skip
_IMAGES = {
    "aquasec/trivy": "trivy", "aquasecurity/trivy": "trivy", "zricethezav/gitleaks": "gitleaks",
    "gitleaks/gitleaks": "gitleaks", "trufflesecurity/trufflehog": "trufflehog", "anchore/grype": "grype",
    "anchore/syft": "syft", "hadolint/hadolint": "hadolint", "bridgecrew/checkov": "checkov",
    "semgrep/semgrep": "", "returntocorp/semgrep": "", "google/osv-scanner": "osv-scanner",
    "grafana/k6": "k6", "loadimpact/k6": "k6", "snyk/snyk": "snyk", "postman/newman": "newman",
    "owasp/dependency-check": "dependency-check", "sonarsource/sonar-scanner-cli": "sonar-scanner",
    "flyway/flyway": "flyway", "zaproxy/zap-stable": "", "tfsec/tfsec": "tfsec", "aquasec/tfsec": "tfsec",
}  # fmt: skip
_DOCKER_VALUES = frozenset(
    {
        "-v", "--volume", "-e", "--env", "-w", "--workdir", "--name", "--network", "--net", "-u", "--user", "-p",
        "--publish", "--entrypoint", "--env-file", "--mount", "--platform", "-h", "--hostname", "--memory", "-m",
        "--add-host", "--label", "-l", "--pull", "--cpus", "--gpus", "--index", "--scale", "-f", "--file",
        "--profile", "--project-name", "--project-directory", "--ulimit", "--shm-size", "--restart",
    }
)  # fmt: skip


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Return the words of one command line with quotes taken off; a broken quote runs to the end."""
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match[0]
        if '"' in word or "'" in word:
            word = word.replace('"', "").replace("'", "")
        found.append(word)
        if len(found) >= MAX_WORDS:
            break
    return tuple(found)


@lru_cache(maxsize=4096)
def invocation(text: str) -> tuple[str, ...]:
    """Return the words of what a command really calls: without assignments, `sudo`, `npx`, `uv run` and the like.

    The tool's own name comes first, without folder or version: `./node_modules/.bin/jest`, `npx jest@29`, `yarn exec
    jest` and `docker run ... IMAGE` of a known tool all begin alike.
    """
    captured = _CAPTURED.match(text)
    rest = list(words(captured[1] if captured else text))
    for _ in range(8):
        shorter = _without_runner(_without_prefix(rest))
        if shorter == rest:
            break
        rest = shorter
    if not rest:
        return ()
    if rest[0] == "rake" and len(rest) > 1:
        rest = ["rake", rest[1].partition("[")[0], *rest[2:]]
    return (_tool(rest[0]), *rest[1:])


def _without_prefix(rest: list[str]) -> list[str]:
    index = 0
    while index < len(rest) and (_ASSIGNMENT.match(rest[index]) or rest[index] in _CONTROL):
        index += 1
    rest = rest[index:]
    if rest and len(rest[0]) > 1 and rest[0][0] in "({@":
        stripped = rest[0].lstrip("({")
        return [stripped, *rest[1:]] if stripped and stripped[0] != "@" else rest
    return rest


def _without_runner(rest: list[str]) -> list[str]:
    if not rest:
        return rest
    head = _tool(rest[0])
    if head == "command" and rest[1:2] in (["-v"], ["-V"]):
        return []
    if rest[:3] == ["circleci", "tests", "run"]:
        return list(words(value_of(tuple(rest), "--command") or "")) or rest
    if head in {"docker", "podman", "docker-compose"}:
        return _in_container(rest, head)
    for runner in _RUNNERS:
        if head == runner[0] and tuple(rest[1 : len(runner)]) == runner[1:]:
            return _without_options(rest[len(runner) :], head)
    return rest


def _without_options(rest: list[str], head: str) -> list[str]:
    index = 0
    while index < len(rest) and rest[index].startswith("-"):
        index += 2 if rest[index] in _WITH_VALUE else 1
    if head in {"timeout", "retry", "xargs"} and index < len(rest) and rest[index][:1].isdigit():
        index += 1
    return rest[index:]


def _in_container(rest: list[str], head: str) -> list[str]:
    compose = head == "docker-compose" or "compose" in rest[1:2]
    verb = next((at for at, word in enumerate(rest[1:4], 1) if word in {"run", "exec"}), None)
    if verb is None:
        return rest
    index = verb + 1
    while index < len(rest) and rest[index].startswith("-"):
        index += 2 if rest[index] in _DOCKER_VALUES else 1
    if index >= len(rest):
        return rest
    image, inner = rest[index], rest[index + 1 :]
    if compose or rest[verb] == "exec":
        return inner or rest
    name = image.partition("@")[0].rpartition(":")[0] or image
    tool = next((tool for known, tool in _IMAGES.items() if name.endswith(known)), None)
    if tool is None:
        return rest
    return [tool, *inner] if tool and inner[:1] != [tool] else inner or rest


def _tool(word: str) -> str:
    word = _PREFIXED.sub("", word)
    if word.endswith(("gradlew", "gradlew.bat")):
        return "gradle"
    if word.endswith(("mvnw", "mvnw.cmd")):
        return "mvn"
    if "bin/" in word and (_INSTALLED.search(word) or word.rpartition("/")[2] in _STUBS):
        word = word.rpartition("/")[2]
    versioned = _VERSIONED.match(word)
    if versioned:
        word = versioned[1]
    if re.fullmatch(r"python3?(\.\d+)?", word):
        return "python"
    return _WRAPPED.get(word, word)


_WRAPPED = {"gitlab-terraform": "terraform", "gitlab-tofu": "tofu"}
"""Programs that only call another with the same words."""


@lru_cache(maxsize=4096)
def _pattern(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def begins(called: tuple[str, ...], pattern: str) -> int:
    """Return how strongly `called` begins as `pattern` says, 0 when it does not.

    The pattern's words must follow one another but for options (and their values) between them: `kubectl -n shop set
    image` begins with `kubectl set image`. A pattern word that is itself an option may stand anywhere after; one that ends
    in a colon (`sbom:`) is the beginning of a word.
    """
    wanted = _pattern(pattern)
    if not called or not wanted or called[0] != wanted[0]:
        return 0
    position = 1
    for word in wanted[1:]:
        if word.startswith("-") or "://" in word:
            if not has(called, word):
                return 0
            continue
        following = _next(called, position, word)
        if following is None:
            return 0
        position = following
    return 100 * len(wanted) + min(len(pattern), 99)


def _next(called: tuple[str, ...], position: int, word: str) -> int | None:
    while position < len(called):
        if called[position] == word or (word[-1:] == ":" and called[position].startswith(word)):
            return position + 1
        if called[position].startswith("-"):
            value = position + 1 < len(called) and called[position + 1] != word
            lone = "=" in called[position] or (value and called[position + 1].startswith("-"))
            position += 2 if value and not lone else 1
            continue
        return None
    return None


def has(called: tuple[str, ...], flag: str) -> bool:
    """Say whether an option (alone, or with `=value`) or a part of a URL stands in the command."""
    if "://" in flag:
        return any(flag in word for word in called)
    return any(word == flag or word.startswith(flag + "=") for word in called[1:])


def value_of(called: tuple[str, ...], *flags: str) -> str | None:
    """Return the value given to the first of `flags` that is there (`--flag value` or `--flag=value`)."""
    for index, word in enumerate(called):
        for flag in flags:
            if word == flag and index + 1 < len(called):
                return called[index + 1]
            if word.startswith(flag + "="):
                return word[len(flag) + 1 :]
    return None
