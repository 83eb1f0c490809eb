"""The command line as its users meet it: what is printed where, and with which exit code."""

import shutil
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.command_line import Answer, Run, command_line

from platform_operations.cli import main

ROOT = Path(__file__).parent.parent
CHECKOUT = ROOT / "examples" / "checkout"
SEVEN = (
    "pipelineStages",
    "deployStrategy",
    "qualityGates",
    "rollbackPlan",
    "observabilityPillars",
    "slos",
    "alerts",
)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return command_line(capsys, monkeypatch)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example outside of git, in a folder with spaces in its name."""
    folder = tmp_path_factory.mktemp("a folder") / "check out"
    shutil.copytree(CHECKOUT, folder)
    return folder


def conforms(document: Any, to: Any) -> None:
    validator: Any = Draft202012Validator(to)
    validator.validate(document)


def schema(run: Run, name: str) -> Any:
    return run("schema", name).document


def test_help_names_every_command_and_gives_examples(run: Run) -> None:
    answer = run("--help")

    assert answer.code == 0
    for command in (
        "assess",
        "plan",
        "validate",
        "rules",
        "reference",
        "schema",
        "serve",
        "install",
        "doctor",
    ):
        assert f"\n    {command}" in answer.out
        assert f"platform-ops {command}" in run(command, "--help").out


def test_version_is_one_line(run: Run) -> None:
    assert run("--version") == Answer(0, "platform-ops 0.1.0\n", "")


@pytest.mark.parametrize("arguments", [("frobnicate",), (), ("plan",), ("plan", ".", "--format", "xml")])
def test_misuse_is_one_line_that_names_the_help_and_exit_2(run: Run, arguments: tuple[str, ...]) -> None:
    answer = run(*arguments)

    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert "--help" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("assess", "no/such/folder"),
        ("plan", "no/such/folder"),
        ("plan", "https://example.com/repository"),
        ("plan", ".", "--metrics", "no-such-file.csv"),
        ("plan", ".", "--config", "no-such-file.toml"),
        ("plan", ".", "--facts", "no-such-file.json"),
        ("plan", ".", "--drafter", "claude"),
        ("plan", ".", "--as-of", "yesterday"),
        ("plan", ".", "--as-of", "2026-02-30"),
        ("validate", "no-such-plan.yaml"),
        ("validate", "."),
        ("rules", "no-such-rule"),
        ("reference", "no-such-page"),
        ("reference", "slo-and-alerting#no-such-section"),
        ("serve", "--config", "somewhere.toml"),
    ],
)
def test_what_cannot_be_used_is_one_line_on_standard_error_and_exit_2(
    run: Run, arguments: tuple[str, ...]
) -> None:
    answer = run(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert "Traceback" not in answer.err


def test_a_rule_misspelt_is_answered_with_the_nearest(run: Run) -> None:
    assert "did you mean 'alert-without-runbook'?" in run("rules", "alert-without-runbok").err


def test_assess_says_how_it_ships_what_hurts_and_what_was_not_seen(run: Run, checkout: Path) -> None:
    answer = run("assess", checkout)

    assert answer.code == 0
    for part in (
        "How it ships today",
        "deploy-production",
        "What would hurt first",
        "production-unverified",
        ".github/workflows/deploy.yml:74",
        "What could not be seen",
        '"environments/production#approval" = "yes"',
        "platform-ops plan",
    ):
        assert part in answer.out
    assert "\x1b" not in answer.out


def test_the_first_screen_of_assess_answers_before_any_detail(run: Run, checkout: Path) -> None:
    lines = run("assess", checkout).out.split("\n")
    first = lines[: next(number for number, line in enumerate(lines) if line.startswith("All gaps"))]

    assert len(first) <= 40
    for part in (
        "How it ships today",
        "deploy on push to the default branch: test + analyze",
        "deploy staging + deploy production",
        "pip-audit cannot stop a release",
        "prometheus; 5 alerts, no SLO, 1 runbook",
        "What would hurt first",
        ".github/workflows/deploy.yml:74",
        "What could not be seen",
    ):
        assert part in " ".join(" ".join(first).split())
    headings = ("All gaps", "Questions", "Practices", "Stage by stage", "Next")
    order = [line for line in lines if line.startswith(headings)]
    assert [line.split()[0] for line in order] == ["All", "Questions", "Practices", "Stage", "Next:"]


def test_assess_as_json_is_the_documents_contract(run: Run, checkout: Path) -> None:
    document = run("assess", checkout, "--format", "json").document

    conforms(document, schema(run, "assessment"))
    assert document["schema"] == "platform-ops/assessment@1"
    assert set(document["practices"]) >= {"dockerfile", "stagedVerification", "driftCheck"}
    assert {gap["rule"] for gap in document["gaps"]} >= {"production-unverified", "alert-on-cause"}


def test_fail_on_turns_gaps_of_that_severity_or_worse_into_exit_1(
    run: Run, checkout: Path, tmp_path: Path
) -> None:
    (tmp_path / "only-warnings.md").write_text("# nothing is shipped here\n", encoding="utf-8")
    config = tmp_path / "accepting.toml"
    config.write_text(
        '[[ignore]]\nrule = "component-missing"\nreason = "notes are not shipped"\n', encoding="utf-8"
    )

    assert run("assess", checkout, "--fail-on", "error").code == 1
    assert run("assess", checkout, "--fail-on", "warning").code == 1
    assert run("assess", tmp_path, "--config", config, "--fail-on", "error").code == 0


def test_plan_of_the_example_is_valid_and_specific_to_it(run: Run, checkout: Path) -> None:
    answer = run("plan", checkout, "--format", "interface")

    document = answer.document
    assert answer.code == 0
    assert tuple(document) == SEVEN
    assert isinstance(document["deployStrategy"], str)
    assert all(isinstance(line, str) for key in SEVEN for line in document[key])
    for key, words in {
        "pipelineStages": ("deploy-production", "/healthz", "ghcr.io/acme/checkout"),
        "deployStrategy": ("checkout", "production"),
        "qualityGates": ("pip-audit (dependency-scan) in scan",),
        "rollbackPlan": ("verify-production",),
        "observabilityPillars": ("src/checkout/metrics.py",),
        "slos": ("checkout", "observed"),
        "alerts": ("checkout-errors",),
    }.items():
        text = document[key] if isinstance(document[key], str) else "\n".join(document[key])
        assert all(word in text for word in words), (key, words)


def test_plan_as_json_follows_its_schema_and_validates_against_the_repository(
    run: Run, checkout: Path
) -> None:
    planned = run("plan", checkout, "--format", "json")

    conforms(planned.document, schema(run, "plan"))
    checked = run("validate", "-", "--repo", checkout, "--format", "json", stdin=planned.out)
    conforms(checked.document, schema(run, "findings"))
    assert (checked.code, checked.document["valid"], checked.document["evidence"]) == (0, True, "checked")


@pytest.mark.parametrize("form", ["text", "json", "yaml", "markdown", "interface"])
def test_two_runs_give_the_same_bytes(run: Run, checkout: Path, form: str) -> None:
    assert run("plan", checkout, "--format", form) == run("plan", checkout, "--format", form)


def test_plan_shows_its_sections_the_rollout_the_assumptions_and_what_to_do_next(
    run: Run, checkout: Path
) -> None:
    answer = run("plan", checkout)

    assert answer.code == 0
    assert answer.err == ""
    for part in ("the plan is valid", "Pipeline", "Quality gates", "Rollback plan", "SLOs", "Alerts"):
        assert part in answer.out
    at = [answer.out.index(word) for word in ("\nRollout", "\nAssumed", "\nNext")]
    assert at == sorted(at)
    assert "+ gitleaks" in answer.out
    assert "~ image" in answer.out
    assert "= scan" in answer.out


def test_a_given_owner_owns_what_nobody_is_known_to_own(run: Run, checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout, tmp_path / "repo")
    (tmp_path / "repo" / ".github" / "CODEOWNERS").unlink()

    plan = run("plan", tmp_path / "repo", "--owner", "@acme/shop", "--format", "json").document

    assert {row["owner"] for row in plan["rollbackPlan"]} == {"@acme/shop"}
    assert "user:owner" in {row["uri"] for row in plan["evidence"]}


def test_an_empty_folder_is_assessed_and_its_plan_is_printed_as_invalid(run: Run, tmp_path: Path) -> None:
    assessed = run("assess", tmp_path)
    planned = run("plan", tmp_path, "--format", "json")

    assert assessed.code == 0
    assert "Nothing was found" in assessed.out
    assert planned.code == 1
    assert planned.document["schema"] == "platform-ops/plan@1"
    assert "component-missing" in planned.err


def test_a_broken_workflow_is_named_with_its_line_and_the_rest_is_still_assessed(
    run: Run, checkout: Path, tmp_path: Path
) -> None:
    shutil.copytree(checkout, tmp_path / "repo")
    (tmp_path / "repo/.github/workflows/broken.yml").write_text("on: push\njobs: [\n", encoding="utf-8")

    answer = run("assess", tmp_path / "repo", "--format", "json")

    document = answer.document
    assert answer.code == 0
    unread = [gap for gap in document["gaps"] if "broken.yml" in gap["message"]]
    assert unread
    assert unread[0]["source"].startswith("repo:.github/workflows/broken.yml#L")
    facts = {(row["subject"], row["outcome"]) for row in document["facts"]}
    assert ("file:.github/workflows/broken.yml", "unknown") in facts
    assert "artifact-mutable-reference" in {gap["rule"] for gap in document["gaps"]}


def test_what_the_repository_names_cannot_drive_the_terminal_or_leak(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "repo" / ".github" / "workflows"
    folder.mkdir(parents=True)
    token = "ghp_" + "a1B2" * 9
    (folder / "deploy.yml").write_text(
        f'on: push\njobs:\n  "a\\e[31m":\n    steps:\n      - run: "curl -H token:{token} https://x.example"\n',
        encoding="utf-8",
    )

    for form in ("text", "json", "sarif"):
        answer = run("assess", tmp_path / "repo", "--format", form)
        assert token not in answer.out
        assert "\x1b" not in answer.out
        assert answer.code == 0


def test_no_colour_reaches_a_terminal_that_refuses_it(
    run: Run, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(TextIOWrapper):
        def isatty(self) -> bool:
            return True

    seen: dict[str, str] = {}
    for value in ("", "1"):
        screen = BytesIO()
        monkeypatch.setenv("NO_COLOR", value)
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setattr(sys, "stdout", Terminal(screen, encoding="utf-8"))
        assert main(["assess", str(checkout)]) == 0
        seen[value] = screen.getvalue().decode()

    assert "\x1b[" in seen[""]
    assert "\x1b[" not in seen["1"]
    assert "production-unverified" in seen["1"]


def test_an_interrupted_run_ends_with_130_and_says_nothing(
    run: Run, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("platform_operations.cli.plan_command.flow", interrupted)

    assert run("plan", checkout) == Answer(130, "", "")


def test_rules_are_listed_and_one_is_explained(run: Run) -> None:
    rows = run("rules", "--format", "json").document

    assert {"id": "slo-missing", "severity": "error"}.items() <= next(
        row for row in rows if row["id"] == "slo-missing"
    ).items()
    assert set(rows[0]) == {"id", "severity", "constraint", "page"}
    assert all(row["id"] in run("rules").out for row in rows)
    assert run("rules", "slo-missing").out.strip()


def test_reference_pages_are_listed_printed_and_searched(run: Run) -> None:
    assert "slo-and-alerting\n" in run("reference").out
    assert run("reference", "slo-and-alerting").out.startswith("# ")
    found = run("reference", "--search", "burn rate").out.splitlines()
    assert any(line.startswith("slo-and-alerting#") for line in found)
    assert run("reference", found[0]).code == 0


def test_install_says_what_it_would_write_writes_it_and_takes_it_away(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    told = run("install", "--client", "claude-code", "--dry-run")
    assert (told.code, list(tmp_path.iterdir())) == (0, [])
    assert "would be" in told.out
    assert run("install", "--client", "claude-code").code == 0
    assert (tmp_path / ".mcp.json").exists()
    assert run("install", "--client", "claude-code", "--remove").code == 0
    assert not (tmp_path / ".mcp.json").exists()
    assert run("install", "--client", "no-such-client").code == 2


def test_doctor_says_what_works_here(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    answer = run("doctor")

    assert answer.code == 0
    assert "platform-ops 0.1.0 on Python" in answer.out


def test_the_server_of_serve_starts_without_the_options_of_an_assessment(run: Run) -> None:
    assert "serve has no --as-of" in run("serve", "--as-of", "2026-11-20").err
    assert "--port needs --transport http" in run("serve", "--port", "8080").err
    assert "is no port" in run("serve", "--transport", "http", "--port", "70000").err


def test_every_schema_is_one(run: Run) -> None:
    for name in ("plan", "assessment", "findings", "metrics"):
        Draft202012Validator.check_schema(schema(run, name))
