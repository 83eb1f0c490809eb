"""The writer: inside its folder, through no symlink, over nobody's work."""

import os
from pathlib import Path

import pytest

from platform_operations.deliver.writer import File, sealed, write_folder, write_named
from platform_operations.errors import InputError

PLAN = File("plan.yaml", "schema: platform-ops/plan@1\n")
FACTS = File("assessment.json", '{"schema": "platform-ops/assessment@1"}\n')
PAGE = File("report.md", "# A report\n")


def states(folder: Path, *files: File) -> list[str]:
    return [row.state for row in write_folder(folder, files)]


def test_files_are_written_with_their_seal_and_written_again_only_when_they_differ(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder with spaces"

    assert states(folder, PLAN, FACTS, PAGE) == ["new", "new", "new"]
    assert states(folder, PLAN, FACTS, PAGE) == ["unchanged", "unchanged", "unchanged"]
    assert states(folder, File("report.md", "# Another report\n")) == ["replaced"]
    assert (folder / "assessment.json").read_text(encoding="utf-8") == FACTS.text
    first, seal = (folder / "plan.yaml").read_text(encoding="utf-8").splitlines()
    assert first == "schema: platform-ops/plan@1"
    assert seal.startswith("# platform-ops sha256:")
    assert (folder / "report.md").read_text(encoding="utf-8").endswith(" -->\n")


def test_a_file_below_the_folder_gets_its_folders(tmp_path: Path) -> None:
    deep = File("monitoring/rules/checkout.yml", "groups: []\n")

    assert states(tmp_path, deep) == ["new"]
    assert states(tmp_path, deep) == ["unchanged"]
    assert (tmp_path / "monitoring/rules/checkout.yml").read_text(encoding="utf-8") == sealed(deep)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plan.yaml", "name: mine\n"),
        ("plan.yaml", sealed(PLAN).replace("plan@1", "plan@1 # by hand")),
        ("report.md", "# My own page\n"),
        ("assessment.json", '{"schema": "something else"}'),
        ("assessment.json", "not JSON"),
        ("assessment.json", "[]"),
    ],
)
def test_somebodys_work_is_left_alone_and_nothing_at_all_is_written(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=name):
        write_folder(tmp_path, (PLAN, FACTS, PAGE))

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == text


def test_a_file_with_other_line_ends_is_somebodys_work_only_when_it_says_something_else(
    tmp_path: Path,
) -> None:
    (tmp_path / "plan.yaml").write_bytes(sealed(PLAN).replace("\n", "\r\n").encode())

    assert states(tmp_path, PLAN) == ["unchanged"]


@pytest.mark.parametrize(
    "path", ["../out.yaml", "/out.yaml", "a/../../out.yaml", "a//b.yaml", "", ".", "a/\0.yaml", "a b/\n.yaml"]
)
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "inside").mkdir()

    with pytest.raises(InputError):
        write_folder(tmp_path / "inside", (File(path, "x\n"),))

    assert not (tmp_path / "out.yaml").exists()
    assert list((tmp_path / "inside").iterdir()) == []


def test_nothing_is_written_through_a_symlink(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (outside / "victim.yaml").write_text(sealed(PLAN), encoding="utf-8")
    (folder / "plan.yaml").symlink_to(outside / "victim.yaml")
    (folder / "rules").symlink_to(outside)

    for file in (File("plan.yaml", "changed: true\n"), File("rules/x.yaml", "x: 1\n")):
        with pytest.raises(InputError, match="symlink"):
            write_folder(folder, (file,))

    assert (outside / "victim.yaml").read_text(encoding="utf-8") == sealed(PLAN)
    assert [path.name for path in outside.iterdir()] == ["victim.yaml"]


def test_a_pipe_in_the_way_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan.yaml")

    with pytest.raises(InputError, match="no regular file"):
        write_folder(tmp_path, (PLAN,))


def test_a_folder_that_cannot_be_made_is_one_clear_refusal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="cannot write to the folder"):
            write_folder(folder, (PLAN,))


def test_a_named_file_is_written_over_and_a_symlink_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine\n", encoding="utf-8")
    (tmp_path / "plan.yaml").symlink_to(tmp_path / "victim")

    write_named(tmp_path / "plan.yaml", "one\n")
    write_named(tmp_path / "plan.yaml", "two\n")

    assert (tmp_path / "plan.yaml").read_text(encoding="utf-8") == "two\n"
    assert (tmp_path / "victim").read_text(encoding="utf-8") == "mine\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.yaml", "victim"]
    with pytest.raises(InputError, match="is a folder"):
        write_named(tmp_path, "x\n")


def test_a_folder_that_may_not_be_written_is_one_clear_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("platform_operations.deliver.writer.os.replace", full)

    with pytest.raises(InputError, match=r"cannot write .*plan\.yaml.*No space left"):
        write_folder(tmp_path, (PLAN,))
    with pytest.raises(InputError, match="No space left"):
        write_named(tmp_path / "named.yaml", "x\n")

    assert list(tmp_path.iterdir()) == []


def test_a_file_too_large_to_be_ours_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform_operations.deliver.writer.MAX_EXISTING_BYTES", 10)
    (tmp_path / "plan.yaml").write_text(sealed(PLAN), encoding="utf-8")

    with pytest.raises(InputError, match="too large"):
        write_folder(tmp_path, (PLAN,))
