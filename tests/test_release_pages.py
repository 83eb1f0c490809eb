"""Pages that tell how a release is taken back or a system is operated, and those that only speak of it."""

from collections.abc import Mapping

import pytest

from platform_operations.assess import assess
from platform_operations.model.assessment import Fact
from platform_operations.platforms.checks import check_of
from platform_operations.repository import InMemoryRepository

APP = {
    "Dockerfile": "FROM python:3.12\nEXPOSE 8000\nCMD gunicorn app\n",
    "requirements.txt": "flask==3.0.0\n",
}


def practice(name: str, files: Mapping[str, str]) -> Fact:
    fact = assess(InMemoryRepository({**APP, **files})).fact("practices", name)
    assert fact is not None
    return fact


def test_a_field_of_a_form_that_is_called_rollback_tells_no_way_back() -> None:
    form = "# Web\n\n## Rollback Process Type\n\n{}\n\n## Release Details\n\nPublish a release.\n"
    assert practice("rollback", {"runbooks/web.md": form.format("Manual")}).outcome == "absent"
    told = form.format("Run the deploy job of the release before.")
    assert practice("rollback", {"runbooks/web.md": told}).evidence == ("repo:runbooks/web.md#L3-L3",)


@pytest.mark.parametrize(
    "step",
    [
        "3. Revert the change and merge at once.",
        "If you find no cause in ten minutes, **revert the change.**",
        "When errors rise, then roll back to the previous release.",
    ],
)
def test_a_step_on_a_page_about_deploying_that_says_to_revert_is_a_procedure(step: str) -> None:
    page = f"# How to deploy\n\n1. Merge.\n2. Look at the graphs.\n{step}\n"
    assert practice("rollback", {"docs/deployment/how.md": page}).evidence == (
        "repo:docs/deployment/how.md#L5-L5",
    )
    assert practice("rollback", {"docs/features/editor.md": page}).outcome == "absent"


@pytest.mark.parametrize(
    "row",
    [
        "The editor lets people revert the change.",
        "We had to revert commits in spring.",
        "Reverting is hard.",
    ],
)
def test_a_sentence_that_only_speaks_of_reverting_is_none(row: str) -> None:
    assert practice("rollback", {"docs/deployment/how.md": f"# How to deploy\n\n{row}\n"}).outcome == "absent"


def test_a_runbook_below_the_title_of_an_incident_template_counts_with_its_steps() -> None:
    path = ".gitlab/issue_templates/Incident.md"
    page = "---\n\n## Triage runbook\n\n{}\n"
    steps = page.format("1. Read the alert.\n2. Load the saved query.")
    assert practice("runbooks", {path: steps}).evidence == (f"repo:{path}#L3-L3",)
    assert practice("runbooks", {path: page.format("Link it here")}).outcome == "absent"


def test_what_a_site_publishes_about_incidents_is_no_runbook() -> None:
    page = "# Incident response\n\n1. Say what happened.\n"
    for folder in ("apps/web/src/content/pages/guides", "blog"):
        assert practice("runbooks", {f"{folder}/incident-response.md": page}).outcome == "absent"
    for folder in ("docs/guides", "content/runbooks"):
        assert practice("runbooks", {f"{folder}/incident-response.md": page}).outcome == "present"


@pytest.mark.parametrize(
    ("command", "check"),
    [
        ('grype sbom:"$PWD/sbom.json" --output json', "grype-dir"),
        ("grype dir:src --fail-on high", "grype-dir"),
        ("grype registry.example.org/web:1", "grype"),
    ],
)
def test_what_grype_looks_at_is_told_by_the_beginning_of_a_word(command: str, check: str) -> None:
    found = check_of(command)
    assert found is not None
    assert found.id == check


PIPELINE = "trigger: none\npr: none\nstages:\n  - stage: dev\n    jobs:\n      - job: ship\n        steps:\n          - script: ./x.sh\n"


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        (".azuredevops/pipelines/deploy.yml", True),
        (".azuredevops/deploy.yml", True),
        (".azuredevops/templates/deploy.yml", False),
        ("azure/pipelines/deploy.yml", False),
    ],
)
def test_azure_pipelines_lie_in_their_own_folder_or_one_below(path: str, seen: bool) -> None:
    found = assess(InMemoryRepository({**APP, path: PIPELINE})).about("ci")
    assert [fact.aspect for fact in found] == (["azure-pipelines"] if seen else [])


REVERTING = "# Database\n\n## Local\n\nText.\n\n### Reverting changes\n\n1. Find the workflow.\n2. Choose the environment.\n3. Run it.\n"


@pytest.mark.parametrize("title", ["Reverting changes", "Revert a deployment", "Revert the release"])
def test_steps_under_a_heading_of_reverting_changes_where_the_system_runs_are_a_procedure(title: str) -> None:
    page = REVERTING.replace("Reverting changes", title)
    assert practice("rollback", {"docs/operations.md": page}).evidence == ("repo:docs/operations.md#L7-L7",)
    assert practice("runbooks", {"docs/database.md": page}).evidence == ("repo:docs/database.md#L7-L7",)


@pytest.mark.parametrize(
    "page",
    [
        "# A\n\n## Reverting changes\n\n1. Run `git revert`.\n2. Open a pull request.\n",
        "# A\n\n## Reverting changes\n\nAsk for a deployment of the last release.\n",
        "# A\n\n## Reverting changes in the editor\n\n1. Press undo.\n2. Look at the environment.\n",
        "# A\n\n## Reverting changes\n\n1. Press undo.\n\n## Deploying to production\n\n1. Push.\n2. Wait.\n",
    ],
)
def test_reverting_what_is_written_or_edited_takes_no_release_back(page: str) -> None:
    assert practice("rollback", {"docs/operations.md": page}).outcome == "absent"
    assert practice("runbooks", {"docs/database.md": page}).outcome == "absent"


def test_a_page_about_trouble_that_says_how_the_system_is_watched_holds_a_procedure() -> None:
    page = (
        "# Troubleshooting\n\n## Monitoring\n\nText.\n\n## The lock\n\n1. Look who holds it.\n2. Free it.\n"
    )
    path = "docs/how-to/troubleshooting.md"
    assert practice("runbooks", {path: page}).evidence == (f"repo:{path}#L7-L7",)
    for other in (page.replace("## Monitoring", "## Installing"), page.replace("2. Free it.", "Free it.")):
        assert practice("runbooks", {path: other}).outcome == "absent"
    assert practice("runbooks", {"docs/how-to/telemetry.md": page}).outcome == "absent"


OWNED = "# Web\n\n[![Build](https://github.com/acme/web/actions/badge.svg)](x)\n\n## Deploying\n\n"


@pytest.mark.parametrize(
    ("page", "outcome"),
    [
        ("Refer to the [operations repository](https://github.com/acme/operations#deploy).\n", "unknown"),
        ("It is done by a [release pipeline](https://dev.azure.com/acme/web/_release?id=4).\n", "unknown"),
        ("See [the job](https://jenkins.acme.net/job/web).\n", "unknown"),
        ("See [their manual](https://github.com/capistrano/capistrano#deploy).\n", "absent"),
        ("See [what changed](https://github.com/acme/web/releases).\n", "absent"),
        ("See [Jenkins](https://www.jenkins.io/doc/) for how it works.\n", "absent"),
        ("Follow [this](https://github.com/acme/starter) in your repository.\n", "absent"),
        ("Ask the operators.\n", "absent"),
    ],
)
def test_a_page_that_sends_those_who_deploy_elsewhere_leaves_open_what_is_decided_there(
    page: str, outcome: str
) -> None:
    repository = InMemoryRepository({**APP, "README.md": OWNED + page}, name="web")
    fact = assess(repository).fact("practices", "rollback")
    assert fact is not None
    assert fact.outcome == outcome


def test_where_a_pipeline_here_deploys_a_page_about_elsewhere_leaves_nothing_open() -> None:
    page = OWNED + "Refer to the [operations repository](https://github.com/acme/operations#deploy).\n"
    run = "on: {push: {branches: [main]}}\njobs:\n  deploy:\n    steps:\n      - run: kubectl apply -f web.yaml\n"
    files = {**APP, "README.md": page, ".github/workflows/deploy.yml": run}
    fact = assess(InMemoryRepository(files, name="web")).fact("practices", "rollback")
    assert fact is not None
    assert fact.outcome == "absent"


@pytest.mark.parametrize(
    ("path", "outcome"), [("docs/deploy/how.md", "unknown"), ("content/en/deploy/how.md", "absent")]
)
def test_a_page_that_a_site_shows_its_readers_sends_nobody_of_this_repository(
    path: str, outcome: str
) -> None:
    page = OWNED + "Refer to the [operations repository](https://github.com/acme/operations#deploy).\n"
    fact = assess(InMemoryRepository({**APP, "README.md": OWNED, path: page}, name="web")).fact(
        "practices", "rollback"
    )
    assert fact is not None
    assert fact.outcome == outcome
