"""A folder on disk: what its links, pipes, names and sizes cannot do."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.work_trees import write

from platform_operations.errors import InputError
from platform_operations.repository import LocalRepository, Unreadable, guard, listing, open_repository


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """Give a root with a sibling whose name begins alike, and a secret in it."""
    write(tmp_path, {"root/a.yml": "inside\n", "root/.env": "KEY=1\n", "root-evil/secret.yml": "stolen\n"})
    yield tmp_path / "root"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/etc/hostname", "a link that leaves the root"),
        ("../root-evil/secret.yml", "a link that leaves the root"),
        ("../root-evil", "a link that leaves the root"),
        ("..", "a link that leaves the root"),
        ("missing", "a link that leads nowhere"),
        ("link.yml", "a link that leads nowhere"),
        (".git/config", "a link to a file that is not listed"),
        ("node_modules/a.yml", "a link to a file that is not listed"),
        ("/dev/zero", "a link that leaves the root"),
    ],
)
def test_a_link_to_anything_but_a_listed_file_is_left_out(outside: Path, target: str, reason: str) -> None:
    write(outside, {".git/config": "[x]\n", "node_modules/a.yml": "x"})
    (outside / "link.yml").symlink_to(target)

    repository = LocalRepository(outside)

    assert repository.paths == (".env", "a.yml")
    assert repository.left_out == (Unreadable("link.yml", reason),)
    assert repository.read("link.yml") == Unreadable("link.yml", "no such file")


def test_a_long_chain_of_links_is_left_out(outside: Path) -> None:
    for number in range(1500):
        (outside / f"link{number}").symlink_to(f"link{number + 1}")
    (outside / "link1500").symlink_to("a.yml")

    repository = LocalRepository(outside)

    assert repository.exists("link1500")
    assert not repository.exists("link0")


def test_a_link_to_a_listed_file_is_that_file_and_a_link_to_a_folder_is_not_followed(outside: Path) -> None:
    write(outside, {"deploy/b.yml": "b\n"})
    (outside / "deploy" / "loop").symlink_to("..")
    (outside / "other").symlink_to("deploy")
    (outside / "link.yml").symlink_to("deploy/b.yml")
    (outside / "settings").symlink_to(".env")

    repository = LocalRepository(outside)

    assert repository.paths == (".env", "a.yml", "deploy/b.yml", "link.yml", "settings")
    assert repository.read("link.yml") == "b\n"
    assert repository.read("settings") == Unreadable("settings", "may hold secrets")
    assert repository.left_out == ()


@pytest.mark.parametrize("swapped", ["a.yml", "deploy", "link.yml"])
def test_a_file_exchanged_for_a_link_after_the_listing_is_not_followed(outside: Path, swapped: str) -> None:
    write(outside, {"deploy/b.yml": "b\n"})
    (outside / "link.yml").symlink_to("a.yml")
    repository = LocalRepository(outside)
    path = {"deploy": "deploy/b.yml"}.get(swapped, swapped)
    assert repository.exists(path)

    (outside / swapped).rename(outside / "gone")
    write(outside.parent / "root-evil", {"b.yml": "stolen\n"})
    (outside / swapped).symlink_to("../root-evil" if swapped == "deploy" else "../root-evil/secret.yml")

    answer = repository.read(path)
    assert isinstance(answer, Unreadable)
    assert str(outside) not in answer.reason


def test_a_link_turned_to_a_file_that_is_not_listed_is_outside(outside: Path) -> None:
    write(outside, {".git/config": "[remote]\n"})
    (outside / "link.yml").symlink_to("a.yml")
    repository = LocalRepository(outside)
    assert repository.exists("link.yml")

    (outside / "link.yml").unlink()
    (outside / "link.yml").symlink_to(".git/config")

    assert repository.read("link.yml") == Unreadable("link.yml", "outside the root")


def test_a_hard_link_is_read(outside: Path) -> None:
    os.link(outside / "a.yml", outside / "b.yml")

    assert LocalRepository(outside).read("b.yml") == "inside\n"


def test_pipes_and_sockets_are_left_out_and_never_waited_for(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The path of a socket is short.
    monkeypatch.chdir(outside)
    os.mkfifo(outside / "pipe.yml")
    (outside / "to-pipe.yml").symlink_to("pipe.yml")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.yml")

        repository = LocalRepository(outside)

        assert repository.paths == (".env", "a.yml")
        assert repository.left_out == (
            Unreadable("pipe.yml", "not a regular file"),
            Unreadable("socket.yml", "not a regular file"),
            Unreadable("to-pipe.yml", "a link to a file that is not listed"),
        )


def test_a_file_exchanged_for_a_pipe_after_the_listing_does_not_block(outside: Path) -> None:
    repository = LocalRepository(outside)
    assert repository.exists("a.yml")

    (outside / "a.yml").unlink()
    os.mkfifo(outside / "a.yml")

    assert repository.read("a.yml") == Unreadable("a.yml", "not a regular file")


def test_a_file_that_grows_while_it_is_read_stays_within_the_limit(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = (outside / ".env").stat()

    def promised(_file: int) -> os.stat_result:
        return small

    monkeypatch.setattr(os, "fstat", promised)
    (outside / "a.yml").write_bytes(b"x" * 40_000)

    assert guard.read_inside(os.fspath(outside), "a.yml", 30_000) is None


def test_a_file_that_vanishes_after_the_listing_is_unreadable(outside: Path) -> None:
    repository = LocalRepository(outside)
    assert repository.exists("a.yml")

    (outside / "a.yml").unlink()

    assert repository.read("a.yml") == Unreadable("a.yml", "No such file or directory")


def refuse(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make one folder unreadable, for root too."""
    scan = os.scandir

    def scandir(path: str | Path) -> Any:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied")
        return scan(os.fspath(path))

    monkeypatch.setattr(os, "scandir", scandir)


def test_a_folder_that_cannot_be_read_makes_the_list_incomplete(
    outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(outside, {".github/workflows/ci.yml": "x"})
    refuse(monkeypatch, outside / ".github")

    repository = LocalRepository(outside)

    assert repository.paths == (".env", "a.yml")
    assert repository.cut == "the folder '.github' cannot be read: Permission denied"


def test_folders_beyond_the_depth_are_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_DEPTH", 3)
    write(tmp_path, {"a": "x", "1/2/b": "x", "1/2/3/c": "x", "1/2/3/4/d": "x"})

    repository = LocalRepository(tmp_path)

    assert repository.paths == ("1/2/b", "a")
    assert repository.cut == "folders more than 3 deep are not listed"


def test_files_beyond_the_number_are_cut_off_deepest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_ENTRIES", 5)
    write(tmp_path, {"z.yml": "x", "a/1": "x", "a/2": "x", "b/1": "x", "b/2": "x"})

    repository = LocalRepository(tmp_path)

    assert repository.paths == ("a/1", "a/2", "z.yml")
    assert repository.cut == "more than 5 files and folders"


@pytest.mark.parametrize("name", ["env", "tools/python"])
def test_a_virtual_environment_and_unpacked_packages_are_known_by_their_marks(
    tmp_path: Path, name: str
) -> None:
    write(
        tmp_path,
        {
            f"{name}/pyvenv.cfg": "x",
            f"{name}/lib/a.py": "x",
            "vendor/modules.txt": "x",
            "vendor/a/Dockerfile": "x",
            "a": "x",
        },
    )

    assert LocalRepository(tmp_path).paths == ("a",)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("", "no folder is named"),
        ("{}/missing", "does not exist"),
        ("{}/a.yml", "is no folder"),
        ("{}/a.yml/b", "is no folder"),
        ("{}/loop", "cannot be read"),
        ("{}/\0", "cannot name a folder"),
        ("https://git.example/acme/shop", "is an address: clone it"),
        ("{}/.git", "version control"),
        ("{}/" + "x" * 300, "cannot be read"),
    ],
)
def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path, named: str, message: str) -> None:
    write(tmp_path, {"a.yml": "x", ".git/config": "x"})
    (tmp_path / "loop").symlink_to("loop")

    with pytest.raises(InputError, match=message) as caught:
        open_repository(named.format(tmp_path))

    assert len(str(caught.value).splitlines()) == 1


def test_a_folder_without_permission_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, tmp_path)

    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        open_repository(tmp_path)


def test_a_folder_outside_git_has_a_name_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, {"shop/.gitignore": "*.log\n", "shop/a.log": "x"})

    repository = open_repository(tmp_path / "shop")

    assert repository.name == "shop"
    assert (repository.commit, repository.remote, repository.committed_at, repository.default_branch) == (
        None,
        None,
        None,
        None,
    )
    assert repository.paths == (".gitignore", "a.log")
