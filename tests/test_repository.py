"""The door to target files: listing, reading, citing and searching, the same in memory and on disk."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.repository import (
    InMemoryRepository,
    LocalRepository,
    Repository,
    Unreadable,
    cited_lines,
    listing,
    search,
    text_search,
    texts,
    unsearched,
)

MIB = 1024 * 1024


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


@pytest.fixture(params=["local", "memory"])
def build(request: pytest.FixtureRequest, tmp_path: Path) -> "Builder":
    return Builder(None if request.param == "memory" else tmp_path)


class Builder:
    """Makes the same files into a repository of either kind."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def __call__(self, files: dict[str, str | bytes]) -> Repository:
        if self._folder is None:
            return InMemoryRepository(files)
        return LocalRepository(write(self._folder, files))


# Reading.


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"a\nb\n", "a\nb\n"),
        (b"a\r\nb\rc\n\r", "a\nb\nc\n\n"),
        (b"\xef\xbb\xbfname: x\n", "name: x\n"),
        ("grüße \u2028 \x0c\n".encode(), "grüße \u2028 \x0c\n"),
    ],
)
def test_text_is_utf8_with_lf_line_ends_and_no_byte_order_mark(
    build: Builder, content: bytes, text: str
) -> None:
    assert build({"a.yml": content}).read("a.yml") == text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PNG\0\1", "binary: it holds a NUL byte"),
        (b"x" * 20_000 + b"\0", "binary: it holds a NUL byte"),
        (b"caf\xe9\n", "not UTF-8 at byte 3"),
        (b"\xef\xbb\xbfcaf\xe9\n", "not UTF-8 at byte 6"),
        (b"\xed\xa0\x80", "not UTF-8 at byte 0"),
        (b"x" * (MIB + 1), "larger than 1 MiB"),
    ],
)
def test_what_is_no_text_is_unreadable_and_says_why(build: Builder, content: bytes, reason: str) -> None:
    repository = build({"a": content})

    assert repository.exists("a")
    assert repository.read("a") == Unreadable("a", reason)


def test_a_file_of_exactly_the_cap_is_read(build: Builder) -> None:
    assert build({"a": b"x" * MIB}).read("a") == "x" * MIB


def test_files_beyond_the_total_are_unreadable_and_the_others_stay_readable(
    build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MAX_TOTAL_BYTES", 2 * MIB)
    repository = build({"a": b"a" * MIB, "b": b"b" * (MIB - 10), "c": b"c" * 11, "d": b"d" * 10})

    answers = {path: repository.read(path) for path in ("a", "b", "c", "d", "a")}

    assert answers["c"] == Unreadable("c", "beyond the 2 MiB that are read of one repository")
    assert [path for path, text in answers.items() if isinstance(text, str)] == ["a", "b", "d"]


@pytest.mark.parametrize("path", ["missing", "a.yml/b", "folder", "~", "~/a.yml", "folder/B.YML", "%2e%2e/a"])
def test_a_file_that_is_not_there_is_no_such_file(build: Builder, path: str) -> None:
    repository = build({"a.yml": "x", "folder/b.yml": "x"})

    assert repository.read(path) == Unreadable(path, "no such file")
    assert not repository.exists(path)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            ".",
            "..",
            "/",
            "/etc/passwd",
            "../outside",
            "folder/../../outside",
            "folder/../a.yml",
            "./a.yml",
        ),
        *(
            "folder//b.yml",
            "a.yml/",
            "folder\\b.yml",
            "..\\outside",
            "C:\\a.yml",
            "C:/a.yml",
            "a.yml\0",
            "\0",
        ),
    ],
)
def test_a_path_that_is_not_plain_is_outside_the_root(build: Builder, path: str) -> None:
    repository = build({"a.yml": "x", "folder/b.yml": "x"})

    assert repository.read(path) == Unreadable(path, "outside the root")
    assert not repository.exists(path)


@pytest.mark.parametrize(
    "path",
    [
        *(".env", ".env.production", "deploy/.env", "production.env", ".ENV", ".env.example.local"),
        *("tls.pem", "server.key", "id_rsa", "id_ed25519", "store.p12", "a.pfx", "app.jks"),
        *("terraform.tfstate", "terraform.tfstate.backup", "kubeconfig", "kubeconfig.yaml", ".kube/config"),
        *(".netrc", ".pgpass", ".pypirc", ".git-credentials", ".htpasswd", ".docker/config.json"),
        *("credentials", "aws_credentials", "credentials.json", ".aws/credentials", "service-account.json"),
    ],
)
def test_a_file_that_may_hold_secrets_is_listed_and_never_read(build: Builder, path: str) -> None:
    repository = build({path: "TOP=1\n"})

    assert repository.paths == (path,)
    assert repository.read(path) == Unreadable(path, "may hold secrets")


@pytest.mark.parametrize(
    "path",
    [
        *(".env.example", ".env.sample", ".env.template", ".env.production.example", "example.env", ".envrc"),
        *("id_rsa.pub", "environment.yml", "credentials.go", "kubeconfig.go", "keys.md", "tfstate.tf"),
        *("config/credentials.yml.enc", "monkey.py", "docker/config.json"),
    ],
)
def test_a_template_or_a_mere_likeness_is_read(build: Builder, path: str) -> None:
    assert build({path: "A=1\n"}).read(path) == "A=1\n"


@pytest.mark.parametrize(
    ("path", "text", "readable"),
    [
        (".npmrc", "registry=https://registry.example/\nalways-auth=true\n", True),
        (".npmrc", "//registry.example/:_authToken=${NPM_TOKEN}\n", True),
        (".npmrc", "# _authToken=x\n", True),
        (".npmrc", "//registry.example/:_authToken=abc\n", False),
        ("web/.npmrc", "\n\n//registry.example/:_password = abc\n", False),
        (".yarnrc.yml", 'npmAuthToken: "${NPM_TOKEN}"\n', True),
        (".yarnrc.yml", "npmScopes:\n  acme:\n    npmAuthToken: abc\n", False),
    ],
)
def test_package_settings_are_read_unless_a_token_stands_in_them(
    build: Builder, path: str, text: str, readable: bool
) -> None:
    assert build({path: text}).read(path) == (text if readable else Unreadable(path, "may hold secrets"))


# Listing.


def test_paths_are_sorted_and_hold_no_downloaded_or_version_control_folder(build: Builder) -> None:
    kept = {
        ".github/workflows/ci.yml",
        "build/deploy.sh",
        "dist/app.js",
        "env/production.tfvars",
        "vendor/a.tf",
    }
    skipped = {
        *("node_modules/a/Dockerfile", "web/node_modules/x.yml", ".venv/bin/a", ".terraform/modules/a.tf"),
        *(".hg/store", "src/__pycache__/a.pyc", "web/.git"),
    }

    repository = build(dict.fromkeys(kept | skipped, "x"))

    assert repository.paths == tuple(sorted(kept))
    assert repository.left_out == ()
    assert repository.cut is None


def test_a_build_folder_is_left_out_only_when_it_is_huge(
    build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_BUILD_FILES", 3)
    many: dict[str, str | bytes] = {f"web/dist/vendor/{number}.js": "x" for number in range(4)}
    few: dict[str, str | bytes] = {f"build/{number}.sh": "x" for number in range(3)}

    repository = build(many | few | {"src/a": "x"})

    assert repository.paths == ("build/0.sh", "build/1.sh", "build/2.sh", "src/a")
    assert repository.left_out == (Unreadable("web/dist", "made by a build: more than 3 files"),)


@pytest.mark.parametrize(
    ("name", "shown", "reason"),
    [
        ("a\nb", "a\\nb", "a control or invisible character in the name"),
        ("a\x1b[31m", "a\\x1b[31m", "a control or invisible character in the name"),
        ("gpj.\u202etxt", "gpj.\\u202etxt", "a control or invisible character in the name"),
        ("a\u200b.yml", "a\\u200b.yml", "a control or invisible character in the name"),
        ("a\udcff.yml", "a\\udcff.yml", "the name is not UTF-8"),
        ("a\\b", "a\\b", "a backslash in the name"),
    ],
)
@pytest.mark.parametrize("place", ["{}", "deploy/{}/a.yml"])
def test_an_odd_name_is_left_out_and_named(
    build: Builder, place: str, name: str, shown: str, reason: str
) -> None:
    repository = build({place.format(name): "x", "grün und blau.yml": "x"})

    assert repository.paths == ("grün und blau.yml",)
    assert [entry.reason for entry in repository.left_out] == [reason]
    assert repository.left_out[0].path in {place.format(shown), f"deploy/{shown}"}
    assert isinstance(repository.read(place.format(name)), Unreadable)


# Citing and searching.


@pytest.mark.parametrize(
    ("text", "first", "last", "lines"),
    [
        ("a\nb\nc\n", 1, 1, "a\n"),
        ("a\nb\nc\n", 2, 3, "b\nc\n"),
        ("a\nb", 2, 2, "b\n"),
        ("a\n\n", 2, 2, "\n"),
        ("a\x0b\u2028b\n", 1, 1, "a\x0b\u2028b\n"),
        ("a\n", 2, 2, None),
        ("a\n", 0, 1, None),
        ("a\nb\n", 2, 1, None),
        ("a\n", -1, -1, None),
        ("", 1, 1, None),
    ],
)
def test_cited_lines_are_those_lines_each_ended_by_one_lf(
    text: str, first: int, last: int, lines: str | None
) -> None:
    assert cited_lines(text, first, last) == lines


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r")), min_size=1))
def test_all_lines_of_a_text_can_be_cited_and_no_further_one(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)

    assert cited_lines(text, 1, len(lines)) == text
    assert cited_lines(text, 1, len(lines) + 1) is None


SEARCHED: dict[str, str | bytes] = {
    "a.yml": "One\ntwo ONE (.*)\n",
    "b.yml": "one\n",
    "c.bin": b"one\0",
    ".env": "one",
}


def test_search_finds_lines_literally_without_case_in_order(build: Builder) -> None:
    repository = build(SEARCHED)

    found = [(match.path, match.line, match.text) for match in search(repository, "oNe", limit=10)]

    assert found == [("a.yml", 1, "One"), ("a.yml", 2, "two ONE (.*)"), ("b.yml", 1, "one")]
    assert [match.line for match in search(repository, "(.*)", limit=10)] == [2]
    assert search(repository, "o.e", limit=10) == ()


@pytest.mark.parametrize(
    ("pattern", "limit", "count"), [("one", 2, 2), ("one", 0, 0), ("one", -1, 0), ("", 9, 0), ("a\nb", 9, 0)]
)
def test_search_is_bounded_by_its_limit_and_by_one_line(
    build: Builder, pattern: str, limit: int, count: int
) -> None:
    assert len(search(build(SEARCHED), pattern, limit=limit)) == count


def test_search_names_the_files_it_could_not_look_into(
    build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_search, "MAX_SEARCHED", 16)
    repository = build(SEARCHED)

    assert [entry.path for entry in unsearched(repository)] == [".env", "b.yml", "c.bin"]
    assert {match.path for match in search(repository, "one", limit=10)} == {"a.yml"}


def test_a_match_shows_no_secret_and_no_endless_line(build: Builder) -> None:
    token = "ghp_" + "a1" * 18
    repository = build({"a.yml": f"here: {token}\nhere: {'x ' * 5000}\n"})

    shown = [match.text for match in search(repository, "here", limit=10)]

    assert shown[0] == "here: [redacted]"
    assert len(shown[1]) == 300
