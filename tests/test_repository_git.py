"""What git says of a folder: commit, times, remote, branch, and which files it ignores."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.work_trees import FIRST, SECOND, run, two_commits, write

from platform_operations.repository import ignored, open_repository


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return two_commits(tmp_path / "shop", monkeypatch)


def test_a_work_tree_has_the_commit_the_time_and_the_files_of_head(shop: Path) -> None:
    repository = open_repository(shop)

    assert repository.name == "shop"
    assert repository.commit == run(shop, "rev-parse", "HEAD")
    assert repository.committed_at == SECOND
    assert repository.default_branch == "main"
    assert repository.remote is None
    assert repository.paths == ("a.yml", "api/c.yml", "web/b.yml")


@pytest.mark.parametrize(("part", "time", "path"), [("web", FIRST, "b.yml"), ("api", SECOND, "c.yml")])
def test_a_part_of_a_work_tree_has_its_own_paths_and_the_time_it_was_last_touched(
    shop: Path, part: str, time: str, path: str
) -> None:
    repository = open_repository(shop / part)

    assert repository.paths == (path,)
    assert repository.committed_at == time
    assert repository.commit == run(shop, "rev-parse", "HEAD")


def test_a_folder_of_which_head_holds_nothing_is_no_part_of_the_work_tree(shop: Path) -> None:
    write(shop, {"scratch/a.log": "x", ".gitignore": "*.log\nscratch/\n"})

    repository = open_repository(shop / "scratch")

    assert repository.paths == ("a.log",)
    assert (repository.commit, repository.committed_at) == (None, None)


def test_a_shallow_clone_does_not_know_when_a_part_was_touched(shop: Path, tmp_path: Path) -> None:
    run(tmp_path, "clone", "-q", "--depth=1", shop.as_uri(), "clone")

    assert open_repository(tmp_path / "clone").committed_at == SECOND
    assert open_repository(tmp_path / "clone" / "web").committed_at is None


def pack(root: Path) -> None:
    run(root, "pack-refs", "--all")
    run(root, "gc", "-q")


def detach(root: Path) -> None:
    run(root, "checkout", "-q", "--detach")


@pytest.mark.parametrize("change", [pack, detach])
def test_packed_references_and_a_detached_head_are_read(shop: Path, change: Callable[[Path], None]) -> None:
    change(shop)

    repository = open_repository(shop)

    assert repository.commit == run(shop, "rev-parse", "HEAD")
    assert repository.default_branch == "main"


def test_a_linked_work_tree_is_a_work_tree(shop: Path, tmp_path: Path) -> None:
    run(shop, "remote", "add", "origin", "git@git.example:acme/shop.git")
    run(shop, "worktree", "add", "-q", str(tmp_path / "linked"), "HEAD~1")
    write(tmp_path, {"linked/new.log": "x", "linked/.gitignore": "*.log\n"})

    repository = open_repository(tmp_path / "linked")

    assert repository.commit == run(shop, "rev-parse", "HEAD~1")
    assert repository.committed_at == FIRST
    assert repository.remote == "shop"
    assert repository.paths == (".gitignore", "a.yml", "api/c.yml", "web/b.yml")


def test_before_the_first_commit_there_is_none_and_ignored_files_are_left_aside(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "-b", "trunk")
    write(tmp_path, {"a.log": "x", "b.yml": "x", ".gitignore": "*.log\n"})

    repository = open_repository(tmp_path)

    assert (repository.commit, repository.committed_at, repository.default_branch) == (None, None, None)
    assert repository.paths == (".gitignore", "b.yml")


def test_a_commit_of_another_length_is_none_and_everything_else_works(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "--object-format=sha256")
    write(tmp_path, {"a.log": "x", ".gitignore": "*.log\n"})
    run(tmp_path, "add", "-f", ".")
    run(tmp_path, "commit", "-qm", "first")
    write(tmp_path, {"b.log": "x"})

    repository = open_repository(tmp_path)

    assert repository.commit is None
    assert repository.committed_at == FIRST
    assert repository.paths == (".gitignore", "a.log")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://git.example/acme/shop.git", "shop"),
        ("https://git.example/acme/shop/", "shop"),
        ("https://user:secret@git.example/acme/shop.git", "shop"),
        ("git@git.example:acme/shop.git", "shop"),
        ("git@git.example:shop", "shop"),
        ("ssh://git@git.example:2222/acme/shop.api.git", "shop.api"),
        ("../shop.git", "shop"),
        ("https://secret@git.example", None),
        ("https://git.example/acme/shop?token=secret", None),
        ("https://git.example/ghp_" + "a1" * 18, None),
        ("..", None),
        ("https://git.example/..", None),
        ("https://git.example/$(touch x)", None),
    ],
)
def test_the_remote_is_the_tail_of_origins_url_and_never_a_credential(
    shop: Path, url: str, name: str | None
) -> None:
    run(shop, "remote", "add", "upstream", "https://git.example/other/wrong.git")
    run(shop, "remote", "add", "origin", url)

    assert open_repository(shop).remote == name


@pytest.mark.parametrize(
    ("setup", "branch"),
    [
        ([["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release/2"]], "release/2"),
        ([["branch", "-m", "master"]], "master"),
        ([["branch", "-m", "trunk"]], None),
        ([["update-ref", "refs/remotes/origin/master", "HEAD"], ["branch", "-m", "trunk"]], "master"),
    ],
)
def test_the_default_branch_is_origins_else_main_or_master(
    shop: Path, setup: list[list[str]], branch: str | None
) -> None:
    for arguments in setup:
        run(shop, *arguments)

    assert open_repository(shop).default_branch == branch


def test_without_a_git_program_the_commit_is_read_and_ignored_files_are_left_aside(
    shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commit = run(shop, "rev-parse", "HEAD")
    write(shop, {"a.log": "x", ".gitignore": "*.log\n"})
    monkeypatch.setenv("PATH", str(tmp_path))

    repository = open_repository(shop)

    assert repository.commit == commit
    assert repository.committed_at is None
    assert repository.paths == (".gitignore", "a.yml", "api/c.yml", "web/b.yml")


def test_a_sparse_checkout_is_an_incomplete_list(shop: Path) -> None:
    run(shop, "sparse-checkout", "set", "web")

    repository = open_repository(shop)

    assert repository.paths == ("a.yml", "web/b.yml")
    assert repository.cut == "a sparse checkout: 1 files of HEAD are not on disk"


# Ignored files.


def test_a_file_that_head_holds_is_listed_though_it_is_ignored(shop: Path) -> None:
    write(
        shop,
        {".gitignore": "deploy/\n*.log\n", "deploy/prod.yml": "x", "deploy/local.yml": "x", "a.log": "x"},
    )
    run(shop, "add", "-f", "deploy/prod.yml", "a.log")
    run(shop, "commit", "-qm", "third")

    assert {path for path in open_repository(shop).paths if path not in {"a.yml"}} == {
        *(".gitignore", "a.log", "api/c.yml", "deploy/prod.yml", "web/b.yml"),
    }


def test_the_patterns_of_the_folders_above_count_for_a_part(shop: Path) -> None:
    write(shop, {".gitignore": "*.log\n/web/x.yml\n", "web/a.log": "x", "web/x.yml": "x", "web/y.yml": "x"})

    assert open_repository(shop / "web").paths == ("b.yml", "y.yml")


NAMES = ["a", "b", "ab", "a.txt", "b.log", "a b", "#x", "!x", "[a]"]
PIECES = [
    *("a", "b", "ab", ".txt", ".log", "*", "?", "[ab]", "[!a]", "[^b]", "[[:alpha:]]", "[a-c]", "[]a]"),
    *("\\*", "\\[", "\\!", "\\#", "#", "!", " "),
]
SEGMENT = st.one_of(st.just("**"), st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join))
LINE = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "", "!", "/"]),
    st.lists(SEGMENT, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/", " "]),
    st.sampled_from(["", "", "\r"]),
)


@pytest.fixture(scope="module")
def tangle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a work tree without commits: every name as a file and as a folder, three levels deep."""
    root = tmp_path_factory.mktemp("tangle")
    run(root, "init", "-q")
    for first in (f"{name}.d" if name in NAMES[::2] else name for name in NAMES):
        for second in NAMES:
            third = f"{first}/{second}"
            write(root, {f"{third}/a": "", f"{third}/ab": ""} if second in NAMES[1::2] else {third: ""})
    return write(root, dict.fromkeys(NAMES[::2], ""))


@settings(max_examples=80)
@given(
    top=st.lists(LINE, max_size=4).map("\n".join),
    inner=st.lists(LINE, max_size=2).map("\n".join),
    place=st.sampled_from(["ab.d", "b", "b/a.txt"]),
)
def test_the_ignored_files_are_those_git_ignores(tangle: Path, top: str, inner: str, place: str) -> None:
    for old in tangle.rglob(".gitignore"):
        old.unlink()
    for folder, lines in (("", top), (place, inner)):
        if (tangle / folder).is_dir():
            (tangle / folder / ".gitignore").write_bytes(lines.encode())

    expected = run(tangle, "ls-files", "--others", "--exclude-standard", "-z").split("\0")[:-1]

    assert list(open_repository(tangle).paths) == sorted(expected)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([f"*a*a*a*a*a*a*a*a*b{number}" for number in range(900)], id="stars"),
        pytest.param(["/".join(["**", "a*a*b"] * 20) + "/**"] * 200, id="levels"),
        pytest.param([f"a*{number}" for number in range(6000)], id="lines"),
        pytest.param(["[" * 60_000], id="brackets"),
    ],
)
def test_costly_patterns_are_given_up_and_the_files_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    monkeypatch.setattr(ignored, "MAX_STEPS", 5_000_000)
    run(tmp_path, "init", "-q")
    deep = "/".join(["a" * 200] * 12)
    write(tmp_path, {f"{deep}/{'a' * 200}{number}": "" for number in range(200)})
    (tmp_path / ".gitignore").write_text("\n".join(lines)[:65_000], encoding="utf-8")

    repository = open_repository(tmp_path)

    assert len(repository.paths) == 201
    assert lines[0].startswith("[") == (repository.cut is None)
