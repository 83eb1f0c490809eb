"""Setting up clients: merged, backed up, reversible, and nothing of anybody else lost."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.errors import InputError
from platform_operations.install import CLIENTS, doctor, install, skill_files
from platform_operations.install.configuration import with_json, with_toml

ROOT = Path(__file__).parent.parent
SKILLS = (".claude/skills/platform-operations", ".agents/skills/platform-operations")
ENTRY = {"command": "platform-ops", "args": ["serve"]}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write(folder: Path, path: str, text: str) -> Path:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")
    return folder / path


@pytest.mark.parametrize("name", sorted(CLIENTS))
def test_a_client_finds_the_server_and_the_skill_and_both_can_be_taken_away(
    tmp_path: Path, name: str
) -> None:
    client = CLIENTS[name]
    install(tmp_path, [name])
    text = (tmp_path / client.file).read_text(encoding="utf-8")
    entry = (tomllib.loads(text) if client.format == "toml" else json.loads(text))[client.key][
        "platform-operations"
    ]

    assert entry["args"][-1 if client.folder is None else -3] == "serve"
    assert (entry.get("type") == "stdio") is client.typed
    for place in SKILLS:
        assert tree(tmp_path / place) == {path: text.encode() for path, text in skill_files().items()}

    install(tmp_path, [name], remove=True)
    assert list(tmp_path.iterdir()) == []


def test_installing_twice_changes_nothing_the_second_time(tmp_path: Path) -> None:
    install(tmp_path, list(CLIENTS))
    before = tree(tmp_path)
    again = install(tmp_path, list(CLIENTS))

    assert {change.action for change in again} == {"unchanged"}
    assert tree(tmp_path) == before


def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, ".mcp.json", '{"mcpServers": {"other": {"command": "x"}}}\n')
    before = tree(tmp_path)
    told = install(tmp_path, list(CLIENTS), dry_run=True)
    assert tree(tmp_path) == before
    done = install(tmp_path, list(CLIENTS))

    assert [(row.path, row.action, row.backup) for row in told] == [
        (row.path, row.action, row.backup) for row in done
    ]


def test_what_others_wrote_stays_and_the_old_file_is_kept(tmp_path: Path) -> None:
    old = '{\n\t"other": [1.50, "ä"],\n\t"mcpServers": {"theirs": {"command": "x", "env": {"A": "b"}}}\n}\n'
    write(tmp_path, ".mcp.json", old)
    (change, *_) = install(tmp_path, ["claude-code"])
    text = (tmp_path / ".mcp.json").read_text(encoding="utf-8")
    document = json.loads(text)

    assert change.action == "changed" and change.backup == ".mcp.json.bak"
    assert (tmp_path / ".mcp.json.bak").read_text(encoding="utf-8") == old
    assert list(document) == ["other", "mcpServers"]
    assert document["mcpServers"]["theirs"] == {"command": "x", "env": {"A": "b"}}
    assert "\n\t" in text and "ä" in text

    install(tmp_path, ["claude-code"], remove=True)
    assert json.loads((tmp_path / ".mcp.json").read_text(encoding="utf-8")) == json.loads(old)


def test_a_second_change_does_not_overwrite_the_first_backup(tmp_path: Path) -> None:
    write(tmp_path, ".mcp.json", '{"a": 1}')
    install(tmp_path, ["claude-code"])
    write(tmp_path, ".mcp.json", '{"a": 2}')
    install(tmp_path, ["claude-code"])

    assert (tmp_path / ".mcp.json.bak").read_text(encoding="utf-8") == '{"a": 1}'
    assert (tmp_path / ".mcp.json.bak2").read_text(encoding="utf-8") == '{"a": 2}'


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [
        ("vscode", ".vscode/mcp.json", '{\n  // a comment\n  "servers": {}\n}\n'),
        ("cursor", ".cursor/mcp.json", '{"mcpServers": {},}'),
        ("gemini", ".gemini/settings.json", "not json"),
        ("gemini", ".gemini/settings.json", "[]"),
        ("gemini", ".gemini/settings.json", '{"mcpServers": []}'),
        ("claude-code", ".mcp.json", '{"a": 1, "a": 2}'),
        ("claude-code", ".mcp.json", '{"a": NaN}'),
        ("claude-code", ".mcp.json", "[" * 100_000),
        ("codex", ".codex/config.toml", "a = = 1\n"),
        ("codex", ".codex/config.toml", 'mcp_servers = "none"\n'),
        ("codex", ".codex/config.toml", "[mcp_servers]\nplatform-operations = { command = 'old' }\n"),
    ],
)
@pytest.mark.parametrize("remove", [False, True])
def test_a_file_that_cannot_be_merged_is_left_alone_with_one_line(
    tmp_path: Path, name: str, file: str, text: str, remove: bool
) -> None:
    write(tmp_path, file, text)
    change = next(row for row in install(tmp_path, [name], remove=remove) if row.path == file)

    assert (tmp_path / file).read_text(encoding="utf-8") == text
    if not (remove and change.action == "unchanged"):
        assert change.action == "kept"
        assert file in change.why and "\n" not in change.why


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    project, away = tmp_path / "project", tmp_path / "away"
    project.mkdir()
    theirs = write(away, "settings.json", "{}")
    (project / ".mcp.json").symlink_to(theirs)
    (project / ".cursor").symlink_to(away)
    (project / ".claude").symlink_to(away)
    changes = install(project, ["claude-code", "cursor"])

    assert tree(away) == {"settings.json": b"{}"}
    assert {row.action for row in changes if not row.path.startswith(".agents")} == {"kept"}


def test_a_skill_that_somebody_changed_is_backed_up_and_never_deleted(tmp_path: Path) -> None:
    install(tmp_path)
    mine = tmp_path / SKILLS[0] / "SKILL.md"
    mine.write_text("my own\n", encoding="utf-8")
    write(tmp_path, f"{SKILLS[0]}/notes.md", "mine\n")

    removed = install(tmp_path, remove=True)
    assert mine.read_text(encoding="utf-8") == "my own\n"
    assert [row.path for row in removed if row.action == "kept"] == [f"{SKILLS[0]}/SKILL.md"]

    install(tmp_path)
    assert mine.with_name("SKILL.md.bak").read_text(encoding="utf-8") == "my own\n"
    assert (tmp_path / SKILLS[0] / "notes.md").read_text(encoding="utf-8") == "mine\n"


def test_without_a_name_the_clients_the_project_is_used_in_are_set_up(tmp_path: Path) -> None:
    (tmp_path / ".gemini").mkdir()
    write(tmp_path, ".vscode/settings.json", "{}")
    install(tmp_path)

    assert {name for name, client in CLIENTS.items() if (tmp_path / client.file).exists()} == {
        "gemini",
        "vscode",
    }


def test_an_unknown_client_or_folder_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    for folder, names in ((tmp_path, ["claude-code", "clippy"]), (tmp_path / "nothing", ["claude-code"])):
        with pytest.raises(InputError):
            install(folder, names)

    assert list(tmp_path.iterdir()) == []


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=2)),
)
def test_any_json_comes_through_an_installation_and_a_removal(
    other: dict[str, object], servers: dict[str, object]
) -> None:
    document = {**other, "mcpServers": servers}
    there = with_json(json.dumps(document), "x", "mcpServers", "platform-operations", ENTRY)
    back = with_json(there, "x", "mcpServers", "platform-operations", None)
    left = {key: value for key, value in document.items() if key != "mcpServers" or servers}

    assert json.loads(there) == {**document, "mcpServers": {**servers, "platform-operations": ENTRY}}
    assert json.loads(back) == left


@pytest.mark.parametrize(
    "text",
    [
        "",
        'model = "x"\n',
        '# mine\nmodel = "x" # why\n\n[mcp_servers.other]\ncommand = "y"\n[mcp_servers.other.env]\nA = "b"\n',
        '[mcp_servers.platform-operations]\ncommand = "old"\n[mcp_servers.platform-operations.env]\nA = "b"\n\n[tui]\nx = 1\n',
        '[mcp_servers."platform-operations"] # ours\ncommand = "old"\n[[rows]]\na = 1\n',
        'text = """\n[mcp_servers.other]\n"""\n',
    ],
)
def test_toml_keeps_every_line_that_is_not_ours(text: str) -> None:
    there = with_toml(text, "x", "mcp_servers", "platform-operations", ENTRY)
    back = with_toml(there, "x", "mcp_servers", "platform-operations", None)
    before = tomllib.loads(text)
    before.get("mcp_servers", {}).pop("platform-operations", None)

    assert tomllib.loads(there)["mcp_servers"]["platform-operations"] == ENTRY
    assert {key: value for key, value in tomllib.loads(back).items() if value} == {
        key: value for key, value in before.items() if value
    }
    ours = ("platform-operations", "old", 'A = "b"')
    kept = [line for line in text.splitlines() if line and not any(word in line for word in ours)]
    assert [line for line in kept if line not in back.splitlines()] == []


def test_a_text_that_only_looks_like_our_table_is_not_cut() -> None:
    text = 'note = """\n[mcp_servers.platform-operations]\ncommand = 1\n"""\n'

    with pytest.raises(InputError, match="left alone"):
        with_toml(text, "x", "mcp_servers", "platform-operations", ENTRY)


def test_the_doctor_does_not_count_the_plugins_own_file(tmp_path: Path) -> None:
    write(tmp_path, ".mcp.json", (ROOT / ".mcp.json").read_text(encoding="utf-8"))

    check = {check.name: check for check in doctor(tmp_path, {})}["claude-code"]

    assert check.status == "missing" and "for the plugin alone" in check.said


def test_the_doctor_says_what_is_there_and_what_to_do(tmp_path: Path) -> None:
    before = {check.name: check for check in doctor(tmp_path, {})}
    install(tmp_path, ["claude-code"])
    write(tmp_path, ".cursor/mcp.json", "{,}")
    after = {check.name: check for check in doctor(tmp_path, {"ANTHROPIC_API_KEY": "never-shown"})}

    assert before["claude-code"].status == "missing"
    assert before["claude-code"].do == "platform-ops install --client claude-code"
    assert (after["claude-code"].status, after["cursor"].status) == ("ok", "wrong")
    assert {name for name, check in before.items() if check.status == "wrong"} == set()
    assert all(check.do for check in before.values() if check.status != "ok")
    assert not any("never-shown" in check.said + check.do for check in after.values())
    assert after["skill in .claude/skills"].status == "ok"
    (tmp_path / SKILLS[0] / "SKILL.md").write_text("old", encoding="utf-8")
    assert {check.name: check for check in doctor(tmp_path, {})}["skill in .claude/skills"].status == "wrong"
