"""The rules of the house that no linter knows, and the fences of conftest.py themselves."""

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECLARED = {
    canonicalize_name(requirement.name): requirement
    for requirement in map(Requirement, PROJECT["project"]["dependencies"])
}
VAGUE = {"util", "utils", "helper", "helpers", "common", "manager", "core", "base", "misc"}
LONGEST = 400


def modules(*folders: str) -> list[Path]:
    """Our own Python files; fixture repositories below tests/ are input, not code."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "repo" not in path.relative_to(ROOT).parts)


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", text)}


def test_no_module_is_longer_than_the_cap() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules("src", "tests", "evals", "benchmarks")
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in modules("src") if VAGUE & {path.stem, path.parent.name}] == []


def test_every_folder_of_modules_is_a_package() -> None:
    """import-linter looks into packages only: a folder without `__init__.py` would escape every contract."""
    folders = {path.parent for path in modules("src")}

    assert [
        str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()
    ] == []


def test_every_package_imported_by_the_product_is_a_declared_dependency() -> None:
    distributions = packages_distributions()
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules("src")
        for name in imported(path) - sys.stdlib_module_names - {"platform_operations"}
        if not {canonicalize_name(owner) for owner in distributions.get(name, ())} & DECLARED.keys()
    }

    assert undeclared == set()


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in names}


def test_every_declared_dependency_is_pinned_within_its_bounds() -> None:
    pinned = pins("requirements-run.txt")

    assert {
        name: pinned.get(name)
        for name, requirement in DECLARED.items()
        if name not in pinned or pinned[name] not in requirement.specifier
    } == {}


def test_what_runs_is_what_was_tested() -> None:
    assert pins("requirements-run.txt").items() <= pins("requirements.txt").items()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-run.txt"])
def test_a_lock_file_names_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert re.findall(r".*(?:://|--(?:extra-)?index-url|--find-links| @ |file:).*", text) == []


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "prometheus.example.invalid"])
def test_a_test_that_reaches_for_the_network_fails(address: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=re.escape(address)):
        socket.create_connection((address, 80), timeout=1)


def test_a_test_may_talk_to_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_no_key_and_no_configuration_of_the_user_reaches_a_test(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assert [name for name in os.environ if name.startswith(("ANTHROPIC_", "PLATFORM_OPS_"))] == []
    assert Path.home().is_relative_to(tmp_path_factory.getbasetemp())


SKIPPING = """
import pytest

@pytest.mark.needs("no-such-program")
def test_with_a_missing_program(): ...

def test_that_skips_itself():
    pytest.skip("because of the weather")

@pytest.mark.xfail(strict=True, reason="known")
def test_that_is_known_to_fail():
    assert False
"""


@pytest.mark.parametrize(
    ("require", "outcome"), [("", "2 skipped, 1 xfailed"), ("all", "1 failed, 1 xfailed, 1 error")]
)
def test_a_skip_names_its_reason_and_fails_where_everything_is_required(
    tmp_path: Path, require: str, outcome: str
) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.pytest]\nmarkers = ['needs(tool): -']\n", encoding="utf-8"
    )
    (tmp_path / "test_skipping.py").write_text(SKIPPING, encoding="utf-8")

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PLATFORM_OPS_REQUIRE": require},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )

    assert outcome in run.stdout
    assert "no-such-program" in run.stdout
    assert "because of the weather" in run.stdout
