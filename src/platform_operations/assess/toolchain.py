"""How each component is tested, and which file says what it depends on: the package's own words, not the language's habit."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from posixpath import dirname
from types import MappingProxyType
from typing import Any, cast

from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.platforms.reading.files import beginning, folder_of, name_of
from platform_operations.repository import Repository, Unreadable

_LOCKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "python": ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "requirements.txt", "pyproject.toml", "setup.py"),
        "javascript": ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "package.json"),
        "go": ("go.mod",),
        "rust": ("Cargo.lock", "Cargo.toml"),
        "ruby": ("Gemfile.lock", "Gemfile"),
        "php": ("composer.lock", "composer.json"),
        "java": ("gradle.lockfile", "pom.xml", "build.gradle.kts", "build.gradle"),
        "csharp": ("packages.lock.json",),
        "elixir": ("mix.lock",),
        "dart": ("pubspec.lock",),
    }
)  # fmt: skip
_ALIKE = {"typescript": "javascript", "kotlin": "java", "scala": "java", "groovy": "java", "fsharp": "csharp"}
_NO_TEST = regex(r"no test specified|^\s*(?:exit 0|true|echo\b.*)$")
_REQUIREMENTS = regex(r"^requirements[\w.-]*\.txt$")
_PYTEST = regex(r"(?<![\w-])pytest(?![\w-])")
_TEST_MODULE = regex(r"/test_\w+\.py$")
_ASIDE = regex(r"dev|test|lint|doc|ci|build|tool|example")


def toolchain_facts(repository: Repository, components: Iterable[Component]) -> Iterator[Fact]:
    """Yield for each component its own test command and the file that names or locks its dependencies, where they show."""
    paths = frozenset(repository.paths)
    for component in components:
        subject = f"components/{component.id}"
        own = "" if component.path in {".", ""} else component.path
        found = next(_tests(repository, paths, own, component.languages), None)
        if found:
            yield Fact(
                subject=subject,
                aspect="test-command",
                outcome="present",
                value=found[0],
                evidence=_cited(repository, found[1], found[2]),
            )
        for name in ("build", "start") if "javascript" in _families(component.languages) else ():
            script = next(_script(repository, paths, own, name), None)
            if script:
                yield Fact(
                    subject=subject,
                    aspect=f"{name}-command",
                    outcome="present",
                    value=script[0],
                    evidence=_cited(repository, script[1], script[2]),
                )
        called = _called(repository, paths, own) if "javascript" in _families(component.languages) else None
        if called and called[0] != component.id:
            yield Fact(
                subject=subject,
                aspect="package-name",
                outcome="present",
                value=called[0],
                evidence=_cited(repository, called[1], called[2]),
            )
        lock = next(_locked(repository, paths, own, component.languages), None)
        manifest = _in(own, "pyproject.toml")
        if "library" in component.types and lock and lock.endswith(".txt") and manifest in paths:
            lock = manifest  # what a library asks of those who install it, not what its developers install
        if lock:
            yield Fact(
                subject=subject,
                aspect="lock-file",
                outcome="present",
                value=lock,
                evidence=_cited(repository, lock, 1),
            )
            if lock.endswith("yarn.lock") and _classic(repository, lock):
                yield Fact(subject=subject, aspect="yarn", outcome="present", value="classic")


def _cited(repository: Repository, path: str, line: int) -> tuple[str, ...]:
    """Return the citation of a line; none of a file that is empty, or too large to read: that it is there is known all the same."""
    text = repository.read(path)
    return () if isinstance(text, Unreadable) or not text else (repo_uri(path, line),)


def _families(languages: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ALIKE.get(name, name) for name in languages))


def _folders(own: str) -> Iterator[str]:
    """Yield a component's folder and the ones around it, the nearest first."""
    yield own
    while own:
        own = dirname(own)
        yield own


def _locked(
    repository: Repository, paths: frozenset[str], own: str, languages: tuple[str, ...]
) -> Iterator[str]:
    for family in _families(languages):
        manifests: list[str] = []
        for folder in _folders(own):
            for name in _LOCKS.get(family, ()):
                path = f"{folder}/{name}" if folder else name
                if path in paths and name in _ONLY_NAMES:
                    manifests.append(path)
                elif path in paths:
                    yield path
            if family == "python":
                yield from _requirements(repository, folder)
        yield from manifests


_ONLY_NAMES = frozenset(
    {"pyproject.toml", "setup.py", "package.json", "Cargo.toml", "Gemfile", "composer.json"}
)
"""Manifests that name ranges: read only where nothing around locks them."""


def _requirements(repository: Repository, folder: str) -> Iterator[str]:
    prefix = _in(folder, "requirements")
    beside = [path for path in beginning(repository.paths, prefix) if _REQUIREMENTS.match(name_of(path))]
    inside = [path for path in beginning(repository.paths, f"{prefix}/") if path.endswith(".txt")]
    yield from (
        path
        for place, found in ((folder, beside), (prefix, inside))
        for path in found
        if folder_of(path) == place and not _ASIDE.search(name_of(path))
    )


def _classic(repository: Repository, lock: str) -> bool:
    text = repository.read(lock)
    return not isinstance(text, Unreadable) and "# yarn lockfile v1" in text[:400]


_Found = tuple[str, str, int]
"""A command, the file that shows it, the line."""


def _tests(
    repository: Repository, paths: frozenset[str], own: str, languages: tuple[str, ...]
) -> Iterator[_Found]:
    for family in _families(languages):
        reader = _TESTS.get(family)
        if reader is not None:
            yield from reader(repository, paths, own)


def _in(own: str, name: str) -> str:
    return f"{own}/{name}" if own else name


def _javascript(repository: Repository, paths: frozenset[str], own: str) -> Iterator[_Found]:
    yield from _script(repository, paths, own, "test")


def _package(repository: Repository, paths: frozenset[str], path: str) -> tuple[dict[str, Any], str]:
    """Return a package.json with its text; nothing of one that is not there or cannot be read."""
    text = repository.read(path) if path in paths else None
    return ({}, "") if text is None or isinstance(text, Unreadable) else (_object(text), text)


@lru_cache(maxsize=64)
def _object(text: str) -> dict[str, Any]:
    try:
        document = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", document) if isinstance(document, dict) else {}


_PACKAGE = regex(r"(?:@[a-z0-9][\w.-]*/)?[a-z0-9][\w.-]*")


def _called(repository: Repository, paths: frozenset[str], own: str) -> _Found | None:
    """Return the name by which a package is installed, as its package.json has it."""
    path = _in(own, "package.json")
    name = _package(repository, paths, path)[0].get("name")
    return (name, path, 1) if isinstance(name, str) and _PACKAGE.fullmatch(name) else None


def _script(repository: Repository, paths: frozenset[str], own: str, name: str) -> Iterator[_Found]:
    """Yield the command that runs a script of a component's package.json, where that does something."""
    path = _in(own, "package.json")
    package, text = _package(repository, paths, path)
    scripts = package.get("scripts")
    script = cast("dict[str, Any]", scripts).get(name) if isinstance(scripts, dict) else None
    if not isinstance(script, str) or _NO_TEST.search(script):
        return
    line = next((n for n, row in enumerate(text.split("\n"), 1) if re.search(rf'"{name}"\s*:', row)), 1)
    manager = _manager(paths, own)
    yield (
        f"{manager} {name}" if name != "build" or manager == "bun run" else f"{manager} run {name}",
        path,
        line,
    )


def _manager(paths: frozenset[str], own: str) -> str:
    """Return the command of the package manager whose lock file is nearest."""
    for folder in _folders(own):
        for name, command in (
            ("pnpm-lock.yaml", "pnpm"),
            ("yarn.lock", "yarn"),
            ("bun.lock", "bun run"),
            ("bun.lockb", "bun run"),
            ("package-lock.json", "npm"),
        ):
            if _in(folder, name) in paths:
                return command
    return "npm"


def _python(repository: Repository, paths: frozenset[str], own: str) -> Iterator[_Found]:
    runner = _python_runner(paths, own)
    for name in ("pytest.ini", "conftest.py", "tests/conftest.py", "test/conftest.py"):
        if _in(own, name) in paths:
            yield f"{runner}pytest", _in(own, name), 1
    told = [_in(own, name) for name in ("pyproject.toml", "setup.cfg", "tox.ini", "Pipfile")]
    prefix = f"{own}/" if own else ""
    told += [
        path
        for path in beginning(repository.paths, f"{prefix}requirements")
        if path.endswith((".txt", ".in"))
    ]
    for path in told:
        text = repository.read(path) if path in paths else None
        for number, row in enumerate(text.split("\n") if isinstance(text, str) else (), 1):
            if _PYTEST.search(row):
                yield f"{runner}pytest", path, number
    if _in(own, "manage.py") in paths:
        yield f"{runner.removesuffix('-m ')}manage.py test", _in(own, "manage.py"), 1
    inside = (beginning(repository.paths, f"{prefix}{name}/") for name in ("test", "tests"))
    tests = [path for path in chain(*inside) if "/test_" in path]
    if any(_TEST_MODULE.search(path) for path in tests):
        yield f"{runner}unittest discover", tests[0], 1


def _python_runner(paths: frozenset[str], own: str) -> str:
    for folder in _folders(own):
        if _in(folder, "uv.lock") in paths:
            return "uv run python -m "
        if _in(folder, "poetry.lock") in paths:
            return "poetry run python -m "
    return "python -m "


def _by_file(*rows: tuple[str, str]) -> Callable[[Repository, frozenset[str], str], Iterator[_Found]]:
    """Return a reader of (file, command): the first file that is there names the command."""

    def read(repository: Repository, paths: frozenset[str], own: str) -> Iterator[_Found]:
        del repository
        for name, command in rows:
            if _in(own, name) in paths:
                yield command, _in(own, name), 1

    return read


_TESTS: Mapping[str, Callable[[Repository, frozenset[str], str], Iterator[_Found]]] = MappingProxyType(
    {
        "javascript": _javascript,
        "python": _python,
        "go": _by_file(("go.mod", "go test ./...")),
        "rust": _by_file(("Cargo.lock", "cargo test --locked"), ("Cargo.toml", "cargo test")),
        "java": _by_file(
            ("mvnw", "./mvnw -B verify"),
            ("gradlew", "./gradlew check"),
            ("pom.xml", "mvn -B verify"),
            ("build.gradle.kts", "gradle check"),
            ("build.gradle", "gradle check"),
        ),
        "ruby": _by_file(
            (".rspec", "bundle exec rspec"),
            ("spec/spec_helper.rb", "bundle exec rspec"),
            ("bin/rails", "bin/rails test"),
            ("Rakefile", "bundle exec rake test"),
        ),
        "php": _by_file(("phpunit.xml", "vendor/bin/phpunit"), ("phpunit.xml.dist", "vendor/bin/phpunit")),
        "elixir": _by_file(("mix.exs", "mix test")),
        "dart": _by_file(("pubspec.yaml", "flutter test")),
    }
)
