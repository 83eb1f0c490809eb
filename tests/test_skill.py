"""The skill as agent clients read it: the open specification's own validator, and what that does not look at."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from skills_ref import validate  # pyright: ignore[reportMissingTypeStubs] - it has none

from platform_operations import __version__
from platform_operations.install import skill_files
from platform_operations.mcp_server.catalogue import OFFERS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "SKILL.md").read_text(encoding="utf-8")
FRONT, BODY = TEXT.removeprefix("---\n").split("\n---\n", 1)
LINK = re.compile(r"\]\(([^)]+)\)")
ALLOWED = {"name", "description", "license", "compatibility", "metadata"}


def description() -> str:
    found = re.search(r"(?m)^description: >-\n((?:  .*\n)+)", FRONT)
    assert found is not None
    return " ".join(found[1].split())


def test_a_copy_in_a_folder_of_its_name_follows_the_specification(tmp_path: Path) -> None:
    folder = tmp_path / "platform-operations"
    for path, text in skill_files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")

    assert validate(folder) == []


def test_the_copy_in_the_checkout_and_the_manifests_are_the_derived_ones() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "packaging.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.stdout.split() == [], "stale: `make format` writes them anew"
    assert checked.returncode == 0


def test_the_checks_own_program_agrees(tmp_path: Path) -> None:
    folder = tmp_path / "platform-operations"
    shutil.copytree(ROOT / "skills" / "platform-operations", folder)
    program = Path(sys.executable).parent / "agentskills"
    shown = subprocess.run(
        [str(program), "validate", str(folder)], capture_output=True, text=True, check=False
    )

    assert (shown.returncode, shown.stderr) == (0, "")


def test_no_key_stands_in_front_that_only_one_client_knows() -> None:
    keys = set(re.findall(r"(?m)^([a-z-]+):", FRONT))

    assert keys == ALLOWED
    assert f'version: "{__version__}"' in FRONT


def test_the_whole_fits_a_clients_budget() -> None:
    assert len(TEXT.encode()) < 8_000
    assert len(TEXT.splitlines()) < 200
    assert len(description()) <= 1024
    assert not set("<>") & set(description())


def test_the_description_begins_with_what_people_say() -> None:
    begin = description()[:200].lower()

    for word in ("ci/cd", "deployment", "rollback", "slo", "alerting", "observability"):
        assert word in begin
    assert "not for" in description().lower()


def test_every_link_leads_to_a_page_one_level_away() -> None:
    links = LINK.findall(BODY)

    assert links
    for link in links:
        page = ROOT / link
        assert page.is_file(), link
        assert re.fullmatch(r"reference/[a-z/-]+\.md", link), link
        deeper = [
            other for other in LINK.findall(page.read_text(encoding="utf-8")) if not other.startswith("http")
        ]
        assert [other for other in deeper if not other.startswith("#")] == [], f"{link} links further"


def test_the_seeds_shape_and_every_constraint_are_kept() -> None:
    headings = re.findall(r"(?m)^## (.+)$", BODY)

    assert headings == ["Persona", "Interface", "State", "Constraints", "Reference materials", "Workflow"]
    for field in (
        "pipelineStages: string[]",
        "deployStrategy: string",
        "qualityGates: string[]",
        "rollbackPlan: string[]",
        "observabilityPillars: string[]",
        "slos: string[]",
        "alerts: string[]",
    ):
        assert field in BODY
    for words in (
        "immutable artifacts",
        "release gates",
        "rollback triggers before production",
        "runbooks and clear ownership",
        "observed baseline",
        "without staged verification",
        "user symptoms",
        "Skip health checks",
    ):
        assert words in BODY
    assert "$ARGUMENTS" in BODY


@pytest.mark.parametrize("name", [offer.name for offer in OFFERS])
def test_the_skill_names_every_tool(name: str) -> None:
    assert f"`{name}`" in BODY


def test_the_commands_it_names_are_ones_the_program_has() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "platform_operations.cli", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    named = set(re.findall(r"`platform-ops ([a-z]+)", BODY))

    assert named >= {"assess", "plan", "validate", "reference", "install", "render"}
    assert {
        command for command in named - {"render"} if not re.search(rf"(?m)^\s+{command}\b", shown)
    } == set()
