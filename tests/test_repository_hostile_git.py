"""Asking git about a hostile repository runs nothing of it, waits for nothing and raises nothing."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.work_trees import FIRST, SECOND, run, two_commits, write

from platform_operations.repository import git, open_repository


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return two_commits(tmp_path / "shop", monkeypatch)


Setup = Callable[[Path, Path], list[str]]


def configure(root: Path, *settings: tuple[str, str]) -> None:
    for name, value in settings:
        run(root, "config", name, value)


def monitored(root: Path, trap: Path) -> list[str]:
    configure(root, ("core.fsmonitor", str(trap)))
    return ["status"]


def filtered(root: Path, trap: Path) -> list[str]:
    write(root, {".gitattributes": "* filter=trap\n", "a.yml": "b\n"})
    configure(root, ("filter.trap.clean", str(trap)), ("filter.trap.process", str(trap)))
    return ["diff"]


def converted(root: Path, trap: Path) -> list[str]:
    write(root, {".gitattributes": "* diff=trap\n"})
    configure(root, ("diff.trap.textconv", str(trap)), ("diff.external", str(trap)))
    return ["log", "-p"]


def signed(root: Path, trap: Path) -> list[str]:
    head, _, message = run(root, "cat-file", "commit", "HEAD").partition("\n\n")
    block = "-----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    signed_commit = f"{head}\ngpgsig {block}\n\n{message}\n"
    commit = run(root, "hash-object", "-t", "commit", "-w", "--stdin", text=signed_commit)
    run(root, "update-ref", "refs/heads/main", commit)
    configure(root, ("gpg.program", str(trap)), ("log.showSignature", "true"))
    return ["log", "-1"]


def hooked(root: Path, trap: Path) -> list[str]:
    (root / ".hooks").mkdir()
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (root / ".hooks" / hook).symlink_to(trap)
    configure(root, ("core.hooksPath", str(root / ".hooks")))
    return ["checkout", "-q", "HEAD"]


def aliased(root: Path, trap: Path) -> list[str]:
    configure(root, *((f"alias.{name}", f"!{trap}") for name in ("log", "ls-tree", "rev-parse", "trap")))
    return ["trap"]


def included(root: Path, trap: Path) -> list[str]:
    write(root, {"more.config": f'[core]\n\tfsmonitor = "{trap}"\n'})
    configure(root, ("include.path", "../more.config"))
    return ["status"]


def partial(transport: tuple[str, str], url: str = "host.example:x") -> Setup:
    def setup(root: Path, trap: Path) -> list[str]:
        tree = run(root, "rev-parse", "HEAD:api")
        (root / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
        configure(
            root,
            ("core.repositoryformatversion", "1"),
            ("extensions.partialClone", "origin"),
            ("remote.origin.promisor", "true"),
            ("protocol.ext.allow", "always"),
            ("remote.origin.url", url.format(trap=trap)),
            (transport[0], transport[1].format(trap=trap)),
        )
        return ["ls-tree", "-r", "HEAD"]

    return setup


@pytest.mark.parametrize(
    "setup",
    [
        *(monitored, filtered, converted, signed, hooked, aliased, included),
        pytest.param(partial(("core.sshCommand", "{trap}")), id="ssh"),
        pytest.param(partial(("core.gitProxy", "{trap}"), "git://host.example/x"), id="proxy"),
        pytest.param(partial(("remote.origin.uploadpack", "{trap}"), "."), id="uploadpack"),
        pytest.param(partial(("protocol.allow", "always"), "ext::{trap}"), id="ext"),
    ],
)
@pytest.mark.parametrize("part", ["", "web"])
def test_nothing_that_the_repository_configures_is_run(
    shop: Path, tmp_path: Path, setup: Setup, part: str
) -> None:
    marker = tmp_path / "marker"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch '{marker}'\n", encoding="utf-8")
    trap.chmod(0o755)
    trigger = setup(shop, trap)
    run(shop, *trigger, check=False)
    assert marker.exists(), "the trap is not armed"
    commit = run(shop, "rev-parse", "HEAD")
    marker.unlink()

    repository = open_repository(shop / part)

    asked = (repository.paths, repository.committed_at, repository.default_branch, repository.remote)
    assert not marker.exists()
    assert (repository.commit, asked[0][-1]) == (commit, "b.yml" if part else "web/b.yml")


def test_neither_the_callers_environment_nor_a_relative_folder_on_path_is_used(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "marker"
    write(shop, {"git": f"#!/bin/sh\ntouch '{marker}'\n"})
    (shop / "git").chmod(0o755)
    commit = run(shop, "rev-parse", "HEAD")
    other = tmp_path / "other"
    other.mkdir()
    run(other, "init", "-q")
    monkeypatch.chdir(shop)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", os.environ["PATH"]]))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(other / ".git"))
    monkeypatch.setenv("GIT_TRACE", str(marker))

    repository = open_repository(shop)

    assert (repository.commit, repository.committed_at) == (commit, SECOND)
    assert "a.yml" in repository.paths
    assert not marker.exists()


@pytest.mark.parametrize(
    "settings",
    [
        [("core.worktree", "/")],
        [("core.bare", "true")],
        [("log.follow", "true"), ("log.showRoot", "true"), ("format.pretty", "%B"), ("color.ui", "always")],
        [("mailmap.file", "{pipe}"), ("log.mailmap", "true"), ("core.attributesFile", "{pipe}")],
        [("core.excludesFile", "{pipe}"), ("diff.orderFile", "{pipe}"), ("commit.template", "{pipe}")],
    ],
)
def test_settings_that_would_mislead_or_block_git_do_not(
    shop: Path, tmp_path: Path, settings: list[tuple[str, str]]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(shop / ".mailmap")
    configure(shop, *((name, value.format(pipe=tmp_path / "pipe")) for name, value in settings))

    repository = open_repository(shop / "web")

    assert repository.paths == ("b.yml",)
    assert repository.committed_at == FIRST


@pytest.mark.parametrize("file", ["HEAD", "config", "packed-refs", "commondir", "shallow", "refs/heads/main"])
def test_a_pipe_in_place_of_one_of_gits_files_does_not_block(
    shop: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setattr(git, "TIME_LIMIT", 0.5)
    (shop / ".git" / file).unlink(missing_ok=True)
    os.mkfifo(shop / ".git" / file)

    repository = open_repository(shop)

    assert repository.paths == ("a.yml", "api/c.yml", "web/b.yml")
    assert repository.committed_at in {None, SECOND}


@pytest.mark.parametrize(
    "head",
    [
        *("", "ref: refs/heads/../../../../secret", "ref: /etc/passwd", "ref: refs/heads/\0", "0" * 39),
        *("ref: refs/heads/loop", "\xff", "--upload-pack=x", "ref: --output=x"),
    ],
)
def test_a_forged_head_gives_no_commit_and_no_error(shop: Path, head: str) -> None:
    write(
        shop,
        {".git/HEAD": f"{head}\n", ".git/refs/heads/loop": "ref: refs/heads/loop\n", "../secret": "a" * 40},
    )

    repository = open_repository(shop)

    assert (repository.commit, repository.committed_at) == (None, None)
    assert repository.paths == ("a.yml", "api/c.yml", "web/b.yml")


def test_a_git_file_that_points_nowhere_or_at_itself_is_no_work_tree(shop: Path) -> None:
    for number, link in enumerate(["gitdir: .git", "gitdir: /missing", "gitdir: ", "x" * 1000, "gitdir: \0"]):
        place = write(shop.parent, {f"{number}/.git": link, f"{number}/a.yml": "x"}) / str(number)

        assert open_repository(place).commit is None
        assert open_repository(place).paths == ("a.yml",)


def test_a_tree_that_unfolds_without_end_is_given_up(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "MAX_OUTPUT_BYTES", 100_000)
    kind, object_id = "blob", run(shop, "hash-object", "-w", "--stdin", text="x")
    for _ in range(8):
        mode = "100644" if kind == "blob" else "040000"
        entries = "".join(f"{mode} {kind} {object_id}\tf{number}\n" for number in range(10))
        kind, object_id = "tree", run(shop, "mktree", text=entries)
    commit = run(shop, "commit-tree", "-m", "bomb", object_id)
    run(shop, "update-ref", "refs/heads/main", commit)

    repository = open_repository(shop)

    assert repository.commit == commit
    assert repository.paths == ("a.yml", "api/c.yml", "web/b.yml")


def test_a_list_of_heads_files_that_was_cut_is_not_taken_for_the_list(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git, "MAX_OUTPUT_BYTES", 10)
    write(shop, {".gitignore": "*.yml\n"})

    assert open_repository(shop).paths == (".gitignore",)


@pytest.mark.parametrize("part", ["", "web"])
def test_files_of_another_owner_are_read_all_the_same(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    wrapped = write(
        tmp_path,
        {"bin/git": f"#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec '{shutil.which('git')}' \"$@\"\n"},
    )
    (wrapped / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapped / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert run(shop, "rev-parse", "HEAD", check=False) == ""

    assert open_repository(shop / part).committed_at == (FIRST if part else SECOND)


def test_a_commit_beyond_the_calendar_has_no_time(shop: Path) -> None:
    tree = run(shop, "rev-parse", "HEAD^{tree}")
    text = f"tree {tree}\nauthor x <x> 1 +0000\ncommitter x <x> 99999999999999 +0000\n\nfar\n"
    commit = run(shop, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", text=text)
    run(shop, "update-ref", "refs/heads/main", commit)

    repository = open_repository(shop)

    assert (repository.commit, repository.committed_at) == (commit, None)
