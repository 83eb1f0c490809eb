"""Who drafts is the user's choice: flags over the user's own file, never the repository's; a key alone spends nothing."""

import json
import shutil
from pathlib import Path

import pytest
from tests.agent_scripts import CHECKOUT

from platform_operations.agent.choice import Choice, chosen, user_file
from platform_operations.agent.settings import DEFAULT_MODEL, Settings
from platform_operations.cli import main
from platform_operations.errors import InputError


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = user_file()
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key")
    # Nobody answers there: a call that was made would show.
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")


@pytest.mark.usefixtures("key")
def test_a_key_in_the_environment_chooses_nothing() -> None:
    assert chosen(None, {}) == Choice("embedded", Settings())


def test_auto_is_claude_where_there_is_a_key_and_else_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen("auto", {}).drafter == "embedded"
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "t")
    assert chosen("auto", {}) == Choice("claude", Settings(), explicit=False)
    assert chosen("claude", {}).explicit


def test_a_flag_goes_over_the_users_file_and_the_file_over_the_defaults(configuration: Path) -> None:
    configuration.write_text(
        '[drafter]\nuse = "claude"\nmodel = "claude-opus-5-5"\nmax-tokens = 9000\nturns = 7\n'
    )

    said = chosen(None, {"turns": 3, "model": None})

    assert said == Choice(
        "claude", Settings(model="claude-opus-5-5", max_tokens=9000, turns=3), explicit=True
    )
    assert chosen("embedded", {}).drafter == "embedded"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[drafter\n", "TOML"),
        ("drafter = 1\n", "table"),
        ('[drafter]\nuse = "gpt"\n', "gpt"),
        ('[drafter]\nkey = "x"\n', "key"),
        ('[drafter]\nturns = "many"\n', "many"),
        ("[drafter]\nturns = 0\n", "turns"),
        ("[drafter]\nrepairs = 6\n", "repairs"),
        ("[drafter]\ntokens = true\n", "tokens"),
        ('[drafter]\neffort = "extreme"\n', "extreme"),
        ('[drafter]\nmodel = " "\n', "model"),
        ("[drafter]\nprices = 3\n", "prices"),
        ("[drafter.prices]\ninput = 2\n", "cache-read"),
        ('[drafter.prices]\ninput = "2"\noutput = 1\ncache-read = 1\ncache-write = 1\n', "numbers"),
        ("[drafter.prices]\ninput = -2\noutput = 1\ncache-read = 1\ncache-write = 1\n", "negative"),
        ("[drafter.prices]\ninput = nan\noutput = 1\ncache-read = 1\ncache-write = 1\n", "negative"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_line(configuration: Path, text: str, word: str) -> None:
    configuration.write_text(text)

    with pytest.raises(InputError, match=word):
        chosen(None, {})


@pytest.mark.usefixtures("key")
def test_a_repositorys_own_file_cannot_choose_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "repo"
    shutil.copytree(CHECKOUT, target)
    own = target / "platform-ops.toml"
    own.write_text(own.read_text(encoding="utf-8") + '\n[drafter]\nuse = "claude"\n', encoding="utf-8")

    code = main(["plan", str(target), "--format", "json"])

    assert code == 0
    assert json.loads(capsys.readouterr().out)["provenance"]["drafter"] == "embedded"


def test_a_dry_run_shows_what_would_be_sent_without_key_or_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["plan", str(CHECKOUT), "--drafter", "claude", "--dry-run", "--format", "json"])

    shown = json.loads(capsys.readouterr().out)
    assert code == 0
    assert list(shown["bytes"]) == ["system", "tools", "assessment", "draft"]
    assert shown["request"]["model"] == DEFAULT_MODEL
    text = shown["request"]["messages"][0]["content"]
    assert len(text.encode()) == shown["bytes"]["assessment"] + shown["bytes"]["draft"]


def test_a_dry_run_in_text_names_sizes_budgets_and_both_texts(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["plan", str(CHECKOUT), "--drafter", "claude", "--dry-run", "--model", "m-1", "--turns", "4"])

    out = capsys.readouterr().out
    assert code == 0
    assert out.startswith("would ask m-1 (effort medium) with ")
    assert "at most 4 replies" in out and "--- system\n" in out and "--- first message\n" in out


def test_a_dry_run_says_what_it_may_cost_at_the_users_prices(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices = "input = 2\noutput = 10\ncache-read = 0.1\ncache-write = 2.5\n"
    configuration.write_text(f"[drafter]\ntokens = 100000\n[drafter.prices]\n{prices}")

    main(["plan", str(CHECKOUT), "--drafter", "claude", "--dry-run"])

    head = capsys.readouterr().out.partition("\n\n")[0].splitlines()
    assert " tokens, about 0.02" in head[0] and head[0].endswith(" at your prices:")
    assert head[-1] == (
        "at most 16 replies, 100,000 tokens, 900 seconds, 3 repairs, never more than 1.00 at your prices"
    )


def test_claude_without_a_key_is_one_line_and_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["plan", str(CHECKOUT), "--drafter", "claude"])

    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err == "platform-ops: no key for the model: set ANTHROPIC_API_KEY\n"
