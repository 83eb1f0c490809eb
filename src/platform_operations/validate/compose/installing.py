"""What brings a package's dependencies into a job before its tests or its build: by the file that locks them."""

from collections.abc import Mapping
from types import MappingProxyType

from platform_operations.model.delivery import Component
from platform_operations.validate.compose.parties import spoken_by
from platform_operations.validate.rule import Review

_INSTALLS: Mapping[str, str] = MappingProxyType(
    {
        "package-lock.json": "npm ci",
        "npm-shrinkwrap.json": "npm ci",
        "pnpm-lock.yaml": "pnpm install --frozen-lockfile",
        "yarn.lock": "yarn install --immutable",
        "bun.lock": "bun install --frozen-lockfile",
        "bun.lockb": "bun install --frozen-lockfile",
        "package.json": "npm install",
        "uv.lock": "uv sync --locked",
        "poetry.lock": "poetry install",
        "Pipfile.lock": "pipenv sync --dev",
        "pdm.lock": "pdm sync",
        "pyproject.toml": "python -m pip install .",
        "setup.py": "python -m pip install .",
        "Gemfile.lock": "bundle install",
        "Gemfile": "bundle install",
        "composer.lock": "composer install",
        "composer.json": "composer install",
        "mix.lock": "mix deps.get",
    }
)
"""The command that installs what a file names or locks; other languages' tools fetch what they need by themselves."""

_MANAGERS: Mapping[str, str] = MappingProxyType(
    {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}
)


def manager_of(review: Review, component: Component) -> str:
    """Return the package manager of a JavaScript component, by its lock file; npm where no other one's is there."""
    return _MANAGERS.get(_lock(review, component).rpartition("/")[2], "npm")


def with_dependencies(review: Review, component: Component, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return commands that run in the component's own folder, after the one that installs what they need.

    What a workspace locks is installed where its lock file lies; the lines of a stage are one script.
    """
    lock = _lock(review, component)
    folder, _, name = lock.rpartition("/")
    line = _install(review, component, name)
    own = "" if component.path in {".", ""} else component.path
    if line is None or any(line in row for row in lines):
        return inside_folder(component, lines)
    if folder == own:
        return inside_folder(component, (line, *lines))
    return (f"(cd {folder} && {line})" if folder else line, *inside_folder(component, lines))


def inside_folder(component: Component, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return commands that run in the component's own folder; the lines of a stage are one script."""
    return lines if component.path in {".", ""} else (f"cd {component.path}", *lines)


def _lock(review: Review, component: Component) -> str:
    return review.value(f"components/{component.id}", "lock-file") or ""


def _install(review: Review, component: Component, name: str) -> str | None:
    if name == "yarn.lock" and review.value(f"components/{component.id}", "yarn") == "classic":
        return "yarn install --frozen-lockfile"
    if not name and {"javascript", "typescript"} & set(spoken_by(component)):
        return "npm install"
    if name.endswith(".txt"):
        return f"python -m pip install --requirement {name}"
    return _INSTALLS.get(name)
