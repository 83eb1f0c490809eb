"""What is asked of each component beside its types: who owns it, what it depends on, how it is smoke-tested."""

import re
from collections.abc import Callable, Iterable, Iterator

from platform_operations.assess.places import below
from platform_operations.assess.wording import Wording
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.repository import Repository, Unreadable

_LOCKED = (
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "go.sum",
    "Cargo.lock",
    "Gemfile.lock",
    "composer.lock",
    "gradle.lockfile",
    "packages.lock.json",
    "mix.lock",
    "pubspec.lock",
)
_MANIFESTS = {
    "requirements.txt": regex(r"^[A-Za-z0-9]"),
    "pyproject.toml": regex(r"^\s*dependencies\s*=\s*\[|^\[tool\.poetry\.dependencies\]"),
    "setup.py": regex(r"install_requires"),
    "setup.cfg": regex(r"install_requires"),
    "package.json": regex(r'"(dev)?[dD]ependencies"\s*:'),
    "go.mod": regex(r"^require\b|^\s+\S+/\S+ v"),
    "Cargo.toml": regex(r"^\[(\w+-)?dependencies"),
    "pom.xml": regex(r"<dependency>"),
    "build.gradle": regex(r"\b(implementation|api|compile)\b"),
    "build.gradle.kts": regex(r"\b(implementation|api)\b"),
    "Gemfile": regex(r"^\s*gem\b"),
    "composer.json": regex(r'"require(-dev)?"\s*:'),
    "mix.exs": regex(r"deps"),
}
_SMOKE = Wording(r"(^|/)(smoke|smoketests?|smoke_tests?|e2e|acceptance)/")
_EXPOSE = regex(r"^\s*EXPOSE\s+(\d{1,5})", re.IGNORECASE)


def facts_of(
    repository: Repository, components: Iterable[Component], owner_of: Callable[[str], str | None]
) -> Iterator[Fact]:
    """Yield what the repository says of each component."""
    for component in components:
        subject = f"components/{component.id}"
        inside = below(repository, component.path)
        owner = owner_of(component.path if component.path not in {".", ""} else "src")
        if owner:
            yield Fact(subject=subject, aspect="owner", outcome="present", value=owner)
        yield _dependencies(repository, subject, inside)
        smoke = _smoke(inside)
        if smoke:
            yield Fact(
                subject=subject,
                aspect="smoke-test",
                outcome="present",
                value=smoke[1],
                evidence=(repo_uri(smoke[0], 1),),
            )
        port = _port(repository, inside)
        if port:
            yield Fact(
                subject=subject,
                aspect="port",
                outcome="present",
                value=port[2],
                evidence=(repo_uri(port[0], port[1]),),
            )


def _dependencies(repository: Repository, subject: str, inside: tuple[str, ...]) -> Fact:
    for path in sorted(inside, key=lambda path: (path.count("/"), path)):
        name = path.rpartition("/")[2]
        if name in _LOCKED and not isinstance(repository.read(path), Unreadable):
            return Fact(
                subject=subject, aspect="dependencies", outcome="present", evidence=(repo_uri(path, 1),)
            )
        pattern = _MANIFESTS.get(name)
        text = repository.read(path) if pattern else None
        if pattern is None or text is None or isinstance(text, Unreadable):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if pattern.search(line):
                return Fact(
                    subject=subject,
                    aspect="dependencies",
                    outcome="present",
                    evidence=(repo_uri(path, number),),
                )
    return Fact(
        subject=subject,
        aspect="dependencies",
        outcome="absent",
        reason="no manifest or lock file names a dependency",
    )


def _smoke(inside: tuple[str, ...]) -> tuple[str, str] | None:
    """Return a smoke test's file and the command that runs its folder."""
    for path in inside:
        if not _SMOKE.stands_in(path):
            continue
        folder = path.rpartition("/")[0]
        if path.endswith(".py") and path.rpartition("/")[2].startswith("test_"):
            return path, f"python -m pytest {folder}"
        if path.endswith((".spec.ts", ".spec.js", ".test.ts", ".test.js")):
            return path, f"npx playwright test {folder}" if "e2e" in path else f"npm test -- {folder}"
        if path.endswith(".sh"):
            return path, f"sh {path}"
    return None


def _port(repository: Repository, inside: tuple[str, ...]) -> tuple[str, int, str] | None:
    for path in inside:
        if path.rpartition("/")[2] not in {"Dockerfile", "Containerfile"}:
            continue
        text = repository.read(path)
        if isinstance(text, Unreadable):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            found = _EXPOSE.match(line)
            if found:
                return path, number, found[1]
    return None
