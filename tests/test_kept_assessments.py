"""The server's assessment is of what is on the disk, whatever was kept of an earlier one."""

import os
from collections.abc import Callable
from pathlib import Path
from time import time_ns

import pytest

from platform_operations.mcp_server import kept
from platform_operations.mcp_server.kept import UNSETTLED, Assessed, Assessments
from platform_operations.mcp_server.roots import Place
from platform_operations.mcp_server.watch import Watch
from platform_operations.toolbox import assessed, open_target

WORKFLOW = ".github/workflows/ci.yml"
FILES = {
    "Dockerfile": "FROM python:3.12\nEXPOSE 8000\nCMD gunicorn app\n",
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "@app.get('/health')\ndef health(): ...\n",
    "CODEOWNERS": "* @acme/payments\n",
    "docs/rollback.md": "# Rollback\n\n1. kubectl rollout undo deployment/app\n",
    WORKFLOW: (
        "on: {push: {branches: [main]}}\njobs:\n  release:\n    runs-on: ubuntu-latest\n    environment: production\n"
        "    steps:\n      - run: docker build -t registry.example.org/app:1 .\n      - run: kubectl apply -f k8s\n"
    ),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file count as long unchanged: the clock of the marks is a minute ahead."""
    monkeypatch.setattr(kept, "time_ns", lambda: time_ns() + 60_000_000_000)


def asked(assessments: Assessments, root: Path) -> Assessed:
    return assessments.of(Place(root, "", "."), Watch())


def reads(assessments: Assessments, root: Path) -> int:
    watch = Watch()
    assessments.of(Place(root, "", "."), watch)
    return watch.read


def edit(root: Path) -> None:
    file = root / WORKFLOW
    file.write_text(
        file.read_text(encoding="utf-8").replace("kubectl apply", "trivy fs . && kubectl apply"),
        encoding="utf-8",
    )


def edit_to_the_same_size(root: Path) -> None:
    file = root / "CODEOWNERS"
    file.write_text(FILES["CODEOWNERS"].replace("payments", "checkout"), encoding="utf-8")


def edit_and_put_the_time_back(root: Path) -> None:
    file = root / "CODEOWNERS"
    status = file.stat()
    file.write_text(FILES["CODEOWNERS"].replace("payments", "checkout"), encoding="utf-8")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def put_another_in_its_place(root: Path) -> None:
    file, other = root / "CODEOWNERS", root.parent / "other"
    status = file.stat()
    other.write_text(FILES["CODEOWNERS"].replace("payments", "checkout"), encoding="utf-8")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)


def delete(root: Path) -> None:
    (root / "docs/rollback.md").unlink()


def rename(root: Path) -> None:
    (root / "CODEOWNERS").rename(root / "OWNERS.txt")


def add(root: Path) -> None:
    (root / "platform-ops.toml").write_text('risk = "high"\n', encoding="utf-8")


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    "change",
    [
        edit,
        edit_to_the_same_size,
        edit_and_put_the_time_back,
        put_another_in_its_place,
        delete,
        rename,
        add,
    ],
)
def test_every_change_of_the_disk_is_seen(root: Path, change: Callable[[Path], None]) -> None:
    assessments = Assessments(None)
    before = asked(assessments, root).assessment

    change(root)

    target = open_target(root)
    assert asked(assessments, root).assessment == assessed(target)
    assert asked(assessments, root).assessment != before


def test_edits_in_quick_succession_to_the_same_size_are_all_seen(root: Path) -> None:
    assessments = Assessments(None)

    for team in ("payments", "checkout", "shipping", "invoices"):
        (root / "CODEOWNERS").write_text(f"* @acme/{team}\n", encoding="utf-8")
        owners = asked(assessments, root).assessment.as_is.owners

        assert [owner.id for owner in owners] == [f"@acme/{team}"]


def test_on_a_file_system_that_keeps_whole_seconds_edits_within_one_are_all_seen(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = time_ns() // 1_000_000_000 * 1_000_000_000

    def coarse(_path: str) -> kept.Mark:
        return (second, second, 17, 1)

    monkeypatch.setattr(kept, "_mark", coarse)
    assessments = Assessments(None)

    for team in ("payments", "checkout"):
        (root / "CODEOWNERS").write_text(f"* @acme/{team}\n", encoding="utf-8")
        owners = asked(assessments, root).assessment.as_is.owners

        assert [owner.id for owner in owners] == [f"@acme/{team}"]


@pytest.mark.usefixtures("settled")
def test_what_a_link_leads_to_is_read_where_it_changed(root: Path) -> None:
    (root / "CODEOWNERS").rename(root / "owners.txt")
    (root / "CODEOWNERS").symlink_to("owners.txt")
    assessments = Assessments(None)
    asked(assessments, root)

    (root / "owners.txt").write_text("* @acme/checkout\n", encoding="utf-8")

    assert [owner.id for owner in asked(assessments, root).assessment.as_is.owners] == ["@acme/checkout"]


@pytest.mark.usefixtures("settled")
def test_the_users_own_settings_are_read_where_they_changed(root: Path) -> None:
    (root / "platform-ops.toml").write_text('risk = "high"\n', encoding="utf-8")
    assessments = Assessments(None)
    asked(assessments, root)

    (root / "platform-ops.toml").write_text('risk = "low"\n', encoding="utf-8")

    profile = asked(assessments, root).assessment.as_is.target.risk_profile
    assert profile is not None and profile.level == "low"


@pytest.mark.usefixtures("settled")
def test_where_nothing_changed_the_same_assessment_is_given(root: Path) -> None:
    assessments = Assessments(None)

    assert asked(assessments, root) is asked(assessments, root)


@pytest.mark.usefixtures("settled")
def test_a_file_that_was_only_touched_changes_neither_the_assessment_nor_what_rests_on_it(
    root: Path,
) -> None:
    assessments = Assessments(None)
    before = asked(assessments, root)

    (root / "app.py").touch()
    after = asked(assessments, root)

    assert after.assessment is before.assessment
    assert after.verdicts is before.verdicts


@pytest.mark.usefixtures("settled")
def test_after_an_edit_only_those_read_whom_it_concerns(root: Path) -> None:
    assessments = Assessments(None)
    everything = reads(assessments, root)

    (root / "CODEOWNERS").write_text("* @acme/checkout\n", encoding="utf-8")

    assert 0 < reads(assessments, root) < everything / 3


def test_a_mark_of_what_changed_just_now_is_not_trusted(root: Path) -> None:
    asked_at_once = asked(Assessments(None), root)

    assert asked_at_once.marks[str(root / "CODEOWNERS")] == UNSETTLED
