"""The README is what the program prints, and what it says of the code is so."""

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from platform_operations.validate import CONSTRAINTS, RULES

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "platform_operations"
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.compile(r"(?ms)^```.*?^```$")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme", ROOT / ".ci" / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_generated_parts_are_what_the_program_prints(generator: ModuleType) -> None:
    """`make readme` mends it."""
    assert generator.generated(TEXT) == TEXT
    assert TEXT.count("<!-- generated: ") == 3


def test_every_rule_of_the_eight_constraints_is_listed() -> None:
    table = TEXT.partition("<!-- generated: the constraints -->")[2].partition("<!-- end -->")[0]

    listed = set(re.findall(r"\[([a-z-]+)\]\(reference/rules/", table))
    assert listed == {rule.id for rule in RULES if rule.constraint in CONSTRAINTS}
    assert table.count("\n| ") == len(CONSTRAINTS) + 1


def test_every_link_leads_to_a_file() -> None:
    places = set(re.findall(r"\]\(([^)#]+)\)", FENCED.sub("", TEXT)))

    assert places
    assert [place for place in sorted(places) if not (ROOT / place).exists()] == []


def test_every_path_it_names_exists() -> None:
    """Where something is to be added, its folder does."""
    named = set(re.findall(r"`((?:src|tests|reference|examples)/[^`\s]*)`", FENCED.sub("", TEXT)))
    known = {path.partition("ID")[0].partition("SECTION")[0] for path in named}

    assert known
    assert [path for path in sorted(known) if not (ROOT / path).exists()] == []


def test_every_make_target_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    pages = TEXT + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    # At the start of a line or of code: in a sentence `make` is a verb.
    targets = set(re.findall(r"(?m)(?:^    |`)make ([a-z]+)", pages))

    assert targets >= {"demo", "test", "check"}
    assert [name for name in sorted(targets) if f"\n{name}:" not in makefile] == []


def drawn() -> tuple[dict[str, str], set[tuple[str, str]]]:
    """The nodes of the architecture with their labels, and the arrows between them."""
    picture = TEXT.partition("```mermaid\n")[2].partition("```")[0]
    labels = dict(re.findall(r'(\w+)\["([^"]*)"\]', picture))
    arrows = {(a, b) for a, b in re.findall(r'(\w+)(?:\["[^"]*"\])? --> (\w+)', picture)}
    return labels, arrows


def imports(name: str) -> set[str]:
    """The modules of ours that a module or package imports, by the first part of their names."""
    place = SOURCE / name
    paths = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    found: set[str] = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module
                and node.module.startswith("platform_operations.")
            ):
                found.add(node.module.split(".")[1])
    return found - {name}


def test_the_architecture_shows_every_module_and_only_imports_that_are_there() -> None:
    labels, arrows = drawn()
    modules = {
        path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    shown = set(labels) | {name for arrow in arrows for name in arrow}
    assert shown == modules - {"__init__"}
    assert {arrow for arrow in arrows if arrow[1] not in imports(arrow[0])} == set()
