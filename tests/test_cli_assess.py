"""The page that `assess` prints, as somebody reads it who has never seen the repository."""

import shutil
from pathlib import Path

import pytest
from tests.command_line import Run, command_line

CHECKOUT = Path(__file__).parent.parent / "examples" / "checkout"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return command_line(capsys, monkeypatch)


def test_assess_shows_each_practice_with_its_lines_or_why_there_are_none(run: Run) -> None:
    lines = run("assess", str(CHECKOUT)).out.split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith("Practices"))
    shown = " ".join(" ".join(lines[start : start + 30]).split())

    assert "✓ alerts monitoring/alerts.yml:4" in shown
    assert "- slos no objective is declared" in shown


def test_what_is_kept_elsewhere_is_asked_and_not_called_missing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "shop", "scripts": {"start": "node server.js"}}')
    (tmp_path / "Dockerfile").write_text('FROM node:22\nEXPOSE 8080\nCMD ["node", "server.js"]\n')
    workflow = tmp_path / ".github" / "workflows" / "release.yml"
    workflow.parent.mkdir(parents=True)
    commit = "0123456789abcdef0123456789abcdef01234567"
    workflow.write_text(
        "on: {push: {branches: [main]}}\n"
        "jobs:\n"
        "  all:\n"
        f"    uses: acme/workflows/.github/workflows/pipeline.yml@{commit}\n"
    )
    shown = " ".join(run("assess", str(tmp_path)).out.split())

    assert "acme/workflows/.github/workflows/pipeline.yml@0123456 is kept in another repository" in shown
    assert '"components/shop#production-path" = "yes"' in shown
    assert "production-path-missing" not in shown
    assert '"practices#rollback"' in shown


def test_what_a_library_may_lack_is_no_gap_of_today(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "textkit"\nversion = "1.0"\n[build-system]\nrequires = ["hatchling"]\n'
    )
    (tmp_path / "textkit").mkdir()
    (tmp_path / "textkit" / "__init__.py").write_text("")
    out = run("assess", str(tmp_path)).out

    assert "library" in out
    assert "no alert watches" not in out
    assert "nothing observes" not in out


def test_pipelines_are_shown_nearest_to_the_users_first_and_what_follows_is_not_repeated(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text('FROM node:22\nEXPOSE 8080\nCMD ["node", "server.js"]\n')
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "a-blog.yml").write_text(
        "on: {push: {branches: [main]}}\njobs:\n  pages:\n    environment: github-pages\n"
        "    runs-on: ubuntu-latest\n    steps: [{uses: actions/deploy-pages@v4}]\n"
    )
    (workflows / "b-live.yml").write_text(
        "on: {push: {branches: [main]}}\n"
        "jobs:\n"
        "  test: {runs-on: ubuntu-latest, steps: [{run: npm test}]}\n"
        "  lint: {needs: test, runs-on: ubuntu-latest, steps: [{run: npx eslint .}]}\n"
        "  live:\n    needs: [test, lint]\n    environment: production\n    runs-on: ubuntu-latest\n"
        "    steps: [{run: kubectl apply -f k8s/}]\n"
    )
    jobs = "".join(
        f"  part{at}: {{needs: [{f'part{at - 1}' if at else ''}], runs-on: x, steps: [{{run: npm test}}]}}\n"
        for at in range(6)
    )
    (workflows / "c-checks.yml").write_text(f"on: pull_request\njobs:\n{jobs}")
    out = run("assess", str(tmp_path)).out

    assert out.index("b-live on push") < out.index("a-blog on push")
    assert "(and after test" not in out
    assert "6 stages one after the other, up to" in out


def test_a_way_back_that_only_a_page_tells_is_named(run: Run, tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT, tmp_path / "checkout")
    (tmp_path / "checkout" / "docs").mkdir(exist_ok=True)
    (tmp_path / "checkout" / "docs" / "rollback.md").write_text(
        "# Rollback\n\n1. Find the last good commit.\n2. `kubectl rollout undo deployment/checkout`\n"
    )
    shown = " ".join(run("assess", str(tmp_path / "checkout")).out.split())

    assert "only a page tells how it is taken back (docs/rollback.md:1)" in shown


def test_a_plan_says_that_it_takes_the_place_of_a_release_kept_elsewhere_or_leaves_it_alone(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text('FROM node:22\nEXPOSE 8080\nCMD ["node", "server.js"]\n')
    (tmp_path / "package.json").write_text('{"name": "shop", "scripts": {"start": "node server.js"}}')
    workflow = tmp_path / ".github" / "workflows" / "release.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(
        "on: {push: {branches: [main]}}\n"
        "jobs: {all: {uses: acme/workflows/.github/workflows/pipeline.yml@v1}}\n"
    )
    proposed = " ".join(run("plan", str(tmp_path)).out.split())
    (tmp_path / "platform-ops.toml").write_text('[facts]\n"components/shop#production-path" = "yes"\n')
    kept = run("plan", str(tmp_path)).out

    assert "What puts shop before its users today lies outside the repository" in proposed
    assert "deploy-production" in proposed
    assert "deploy-production" not in kept


def test_no_finding_is_no_praise_where_most_could_not_be_seen(run: Run, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>Shop</p>\n")
    (tmp_path / "netlify.toml").write_text('[build]\npublish = "."\n')
    shown = " ".join(run("assess", str(tmp_path)).out.split())

    assert "What would hurt first 0 errors" in shown
    assert "No rule finds anything in what the repository shows" in shown
