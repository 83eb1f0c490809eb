"""What the command line reads and writes: plans to validate, folders to save to, the hosting's answers."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.command_line import Answer, Run, command_line

from platform_operations.cli import main
from platform_operations.metrics import open_source

CHECKOUT = Path(__file__).parent.parent / "examples" / "checkout"
PROTECTED: dict[str, Any] = {
    "total_count": 2,
    "environments": [
        {
            "name": "production",
            "protection_rules": [
                {"type": "wait_timer", "wait_timer": 30},
                {
                    "type": "required_reviewers",
                    "reviewers": [{"type": "Team", "reviewer": {"slug": "payments"}}],
                },
            ],
        },
        {"name": "staging", "protection_rules": []},
    ],
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return command_line(capsys, monkeypatch)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's plan, saved beside a copy of the example named `repo`."""
    folder = tmp_path_factory.mktemp("saved plan")
    shutil.copytree(CHECKOUT, folder / "repo")
    assert main(["plan", str(folder / "repo"), "-o", str(folder / "plan")]) == 0
    return folder


@pytest.fixture
def own(saved: Path, tmp_path: Path) -> Path:
    """A copy of the saved plan and repository, to be changed."""
    shutil.copytree(saved, tmp_path / "own")
    return tmp_path / "own"


def test_plan_saves_plan_assessment_and_report_and_nothing_else(saved: Path) -> None:
    assert sorted(path.name for path in (saved / "plan").iterdir()) == [
        "assessment.json",
        "plan.yaml",
        "report.md",
    ]


def test_a_saved_plan_is_valid_without_its_repository(run: Run, saved: Path) -> None:
    answer = run("validate", saved / "plan" / "plan.yaml", "--format", "json")

    assert answer.code == 0
    assert json.loads(answer.out) == {
        "schema": "platform-ops/findings@1",
        "valid": True,
        "evidence": "checked",
        "onUserWord": 0,
        "findings": [],
    }


def test_a_plan_alone_is_never_valid(run: Run, saved: Path, tmp_path: Path) -> None:
    shutil.copy(saved / "plan" / "plan.yaml", tmp_path)

    answer = run("validate", tmp_path / "plan.yaml", "--format", "json")

    assert answer.code == 1
    assert json.loads(answer.out)["evidence"] == "unchecked"
    assert "evidence-unchecked" in answer.rules


def test_a_plan_that_cites_nothing_is_not_valid_for_want_of_anything_to_check(run: Run) -> None:
    plan = {
        "schema": "platform-ops/plan@1",
        "target": {"name": "x", "riskProfile": {"level": "low"}},
    }

    answer = run("validate", "-", "--format", "json", stdin=json.dumps(plan))

    assert answer.code == 1
    assert "evidence-unchecked" in answer.rules


def test_an_assessment_of_another_hash_is_not_taken(run: Run, own: Path) -> None:
    (own / "repo" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    run("assess", own / "repo", "-o", own / "other")
    shutil.copy(own / "other" / "assessment.json", own / "plan" / "assessment.json")

    answer = run("validate", own / "plan" / "plan.yaml", "--format", "json")

    assert (answer.code, answer.rules >= {"evidence-unchecked"}) == (1, True)


def test_a_forged_assessment_is_refused(run: Run, own: Path) -> None:
    path = own / "plan" / "assessment.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["facts"] = []
    path.write_text(json.dumps(document), encoding="utf-8")

    answer = run("validate", own / "plan" / "plan.yaml")

    assert (answer.code, answer.out) == (2, "")
    assert "was altered" in answer.err


def test_a_plan_is_stale_when_the_lines_it_cites_have_changed(run: Run, own: Path) -> None:
    workflow = own / "repo" / ".github" / "workflows" / "deploy.yml"
    text = workflow.read_text(encoding="utf-8")
    workflow.write_text(text.replace("pytest -q", "pytest -q -x"), encoding="utf-8")

    answer = run("validate", own / "plan" / "plan.yaml", "--repo", own / "repo", "--format", "json")

    assert answer.code == 1
    assert "evidence-stale" in answer.rules


@pytest.fixture
def measured_elsewhere(own: Path) -> Path:
    """A plan whose metrics the repository does not name; the plan lies beside its assessment."""
    (own / "repo" / "platform-ops.toml").write_text('name = "checkout"\n', encoding="utf-8")
    shutil.move(own / "repo" / "metrics.csv", own / "history.csv")
    code = main(["plan", str(own / "repo"), "--metrics", str(own / "history.csv"), "-o", str(own / "again")])
    assert code == 0
    return own


def test_what_was_measured_is_checked_against_the_metrics_or_else_against_what_lies_beside_the_plan(
    run: Run, measured_elsewhere: Path
) -> None:
    own = measured_elsewhere
    path = own / "again" / "plan.yaml"
    repo, metrics = ("--repo", own / "repo"), ("--metrics", own / "history.csv")

    assert "metric:checkout-availability" in path.read_text(encoding="utf-8")
    for given in ((), repo, metrics, (*repo, *metrics)):
        assert run("validate", path, *given).code == 0, given
    (own / "again" / "assessment.json").unlink()
    for given in ((), repo, metrics):
        assert run("validate", path, *given).code == 1, given
    assert run("validate", path, *repo, *metrics).code == 0


def test_metrics_that_say_something_else_do_not_pass(run: Run, measured_elsewhere: Path) -> None:
    own = measured_elsewhere
    text = (own / "history.csv").read_text(encoding="utf-8")
    head, *rows = text.splitlines()
    (own / "other.csv").write_text("\n".join([head, *rows[: len(rows) // 2], ""]), encoding="utf-8")

    answer = run("validate", own / "again" / "plan.yaml", "--metrics", own / "other.csv", "--format", "json")

    assert answer.code == 1
    assert answer.rules & {"evidence-stale", "evidence-contradicted", "evidence-unresolved"}


def test_metrics_of_a_url_are_saved_and_give_the_same_baseline_without_it(
    run: Run, measured_elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, url = measured_elsewhere, "http://prometheus.example.invalid"
    file = open_source(str(own / "history.csv"))
    monkeypatch.setattr("platform_operations.metrics.open_source", lambda text: file)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]

    live = run("assess", own / "repo", "--metrics", url, "-o", own / "live", "--format", "json")
    monkeypatch.undo()
    later = run("assess", own / "repo", "--metrics", own / "live" / "metrics.json", "--format", "json")

    assert json.loads(live.out)["baseline"]
    assert json.loads(later.out)["baseline"] == json.loads(live.out)["baseline"]


def test_fix_prints_a_plan_that_is_valid_and_says_so_on_standard_error(run: Run, own: Path) -> None:
    path = own / "plan" / "plan.yaml"
    text = path.read_text(encoding="utf-8")
    broken = text.replace("    runbook: checkout-errors\n", "", 1)
    assert broken != text
    path.write_text(broken, encoding="utf-8")
    assert run("validate", path, "--repo", own / "repo").code == 1

    fixed = run("validate", path, "--repo", own / "repo", "--fix")

    assert fixed.code == 0
    assert fixed.err.startswith("alerts/checkout-errors: runbook rewritten\nthe plan is valid")
    assert path.read_text(encoding="utf-8") == broken
    assert run("validate", "-", "--repo", own / "repo", stdin=fixed.out).code == 0


def test_fix_lists_the_lines_that_an_entry_cites_and_the_ledger_lacks(run: Run, own: Path) -> None:
    path = own / "plan" / "plan.yaml"
    text = path.read_text(encoding="utf-8")
    entry = text.index("  - id: verify-production\n")
    cite = text.index("      - repo:", entry)
    path.write_text(text[:cite] + "      - repo:Dockerfile#L2-L3\n" + text[cite:], encoding="utf-8")
    asked = run("validate", path, "--repo", own / "repo", "--format", "json")

    fixed = run("validate", path, "--repo", own / "repo", "--fix")

    assert asked.rules == {"evidence-unresolved"}
    assert (fixed.code, "rewritten" in fixed.err) == (0, False)
    assert "  - uri: repo:Dockerfile#L2-L3\n    sha256: " in fixed.out


def test_fix_does_not_renew_the_hash_of_lines_that_changed(run: Run, own: Path) -> None:
    cited = own / "repo" / "runbooks" / "checkout-errors.md"
    cited.write_text("# Something else\n\nNow.\n", encoding="utf-8")

    fixed = run("validate", own / "plan" / "plan.yaml", "--repo", own / "repo", "--fix")
    asked = run("validate", "-", "--repo", own / "repo", "--format", "json", stdin=fixed.out)

    assert "evidence-stale" in asked.rules


def test_fix_writes_over_the_plan_only_when_it_is_named(run: Run, own: Path) -> None:
    path = own / "plan" / "plan.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    runbook: checkout-errors\n", "", 1), encoding="utf-8")

    answer = run("validate", path, "--fix", "-o", path)

    assert (answer.code, answer.out) == (0, "")
    assert run("validate", path).code == 0


@pytest.mark.parametrize(
    "arguments", [("-o", "fixed.yaml"), ("--fix", "--format", "json"), ("--metrics", "no-such.csv")]
)
def test_options_of_validate_that_contradict_each_other_are_refused(
    run: Run, saved: Path, arguments: tuple[str, ...]
) -> None:
    assert run("validate", saved / "plan" / "plan.yaml", *arguments).code == 2


MALFORMED = {
    "other schema": ('{"schema": "platform-ops/plan@9"}', "plan-malformed"),
    "unknown field": (
        '{"schema": "platform-ops/plan@1", "target": {"name": "x", "riskProfile": {"level": "low"}}, "x": 1}',
        "plan-malformed",
    ),
    "a list": ("[]", "plan-malformed"),
    "the plain form": ('{"pipelineStages": ["build it"], "deployStrategy": "canary"}', "entry-untyped"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_plan_gives_findings_and_exit_1(run: Run, name: str) -> None:
    text, rule = MALFORMED[name]

    answer = run("validate", "-", "--format", "json", stdin=text)

    assert answer.code == 1
    assert answer.rules == {rule}
    validator: Any = Draft202012Validator(json.loads(run("schema", "findings").out))
    validator.validate(json.loads(answer.out))
    assert rule in run("validate", "-", stdin=text).out


@pytest.mark.parametrize(
    "text",
    ["", "{", "a: [", "- a\n--- \n- b\n", "&a [*a, *a]", "x" * (5 * 1024 * 1024 + 1)],
    ids=["empty", "half JSON", "half YAML", "two documents", "anchors", "too large"],
)
def test_what_is_no_document_is_one_line_and_exit_2(run: Run, text: str) -> None:
    answer = run("validate", "-", stdin=text)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1


def test_saving_again_changes_nothing(run: Run, own: Path) -> None:
    before = {path.name: path.read_bytes() for path in (own / "plan").iterdir()}

    answer = run("plan", own / "repo", "-o", own / "plan")

    assert answer.err.count("unchanged") == 3
    assert {path.name: path.read_bytes() for path in (own / "plan").iterdir()} == before


def test_an_edited_plan_is_not_written_over(run: Run, own: Path) -> None:
    path = own / "plan" / "plan.yaml"
    path.write_text("# my own thoughts\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    (own / "repo" / "CHANGES.md").write_text("more\n", encoding="utf-8")

    answer = run("plan", own / "repo", "-o", own / "plan")

    assert answer.code == 2
    assert "was edited since it was written" in answer.err
    assert path.read_text(encoding="utf-8").startswith("# my own thoughts")


def test_a_dry_run_writes_nothing_and_names_what_it_would_write(
    run: Run, saved: Path, tmp_path: Path
) -> None:
    answer = run("plan", saved / "repo", "-o", tmp_path / "plan", "--dry-run")

    assert answer.code == 0
    assert "plan.yaml, assessment.json, report.md" in answer.err
    assert not (tmp_path / "plan").exists()


def test_assess_saves_its_assessment(run: Run, saved: Path, tmp_path: Path) -> None:
    answer = run("assess", saved / "repo", "-o", tmp_path / "today", "--format", "json")

    written = (tmp_path / "today" / "assessment.json").read_text(encoding="utf-8")
    assert answer.code == 0
    assert written == answer.out


def asked(answer: Answer) -> set[str]:
    document: Any = json.loads(answer.out)
    return {row["key"] for row in document["questions"]}


def test_what_the_hosting_says_answers_the_question_about_approval(
    run: Run, saved: Path, tmp_path: Path
) -> None:
    facts = tmp_path / "hosting.json"
    facts.write_text(json.dumps(PROTECTED), encoding="utf-8")
    question = "environments/production#approval"

    before = run("assess", saved / "repo", "--format", "json")
    after = run("assess", saved / "repo", "--facts", facts, "--format", "json")

    assert question in asked(before)
    assert question not in asked(after)
    assert f"user:{question}" in {row["uri"] for row in json.loads(after.out)["evidence"]}


def test_the_hosting_is_read_from_standard_input_too(run: Run, saved: Path) -> None:
    answer = run("assess", saved / "repo", "--facts", "-", "--format", "json", stdin=json.dumps(PROTECTED))

    assert "environments/production#approval" not in asked(answer)


def test_an_accepted_finding_is_left_out_and_an_expired_one_is_an_error(
    run: Run, saved: Path, tmp_path: Path
) -> None:
    rows = '[[ignore]]\nrule = "{}"\nreason = "moving off this cluster"\nexpires = "{}"\n'
    config = tmp_path / "own.toml"
    config.write_text(
        rows.format("drift-unchecked", "2099-01-01") + rows.format("slo-missing", "2020-01-01"),
        encoding="utf-8",
    )

    answer = run(
        "assess", saved / "repo", "--config", config, "--as-of", "2026-11-20T09:00:00Z", "--format", "json"
    )

    rules = {row["rule"] for row in json.loads(answer.out)["gaps"]}
    assert "drift-unchecked" not in rules
    assert {"slo-missing", "ignore-expired"} <= rules
