"""Headings below which a page says, step by step, how what runs is operated, and those that look alike."""

from time import process_time

import pytest

from platform_operations.assess import assess
from platform_operations.model.assessment import Fact
from platform_operations.repository import InMemoryRepository

APP = {
    "Dockerfile": "FROM python:3.12\nEXPOSE 8000\nCMD gunicorn app\n",
    "requirements.txt": "flask==3.0.0\n",
}
NUMBERED = "1. Draft the release.\n2. Publish it.\n3. Watch the graphs.\n"


def runbooks(path: str, page: str) -> Fact:
    fact = assess(InMemoryRepository({**APP, path: page})).fact("practices", "runbooks")
    assert fact is not None
    return fact


@pytest.mark.parametrize("mark", ["=", "-", "~", "^"])
def test_a_heading_that_is_underlined_heads_a_procedure_like_any_other(mark: str) -> None:
    title = "Restoring the database"
    page = (
        f"Postgres\n********\n\n{title}\n{mark * len(title)}\n\n.. code-block:: bash\n\n   pg_restore dump\n"
    )
    assert runbooks("docs/postgres.rst", page).evidence == ("repo:docs/postgres.rst#L4-L4",)


def test_a_row_of_dashes_shorter_than_the_line_above_it_makes_no_heading() -> None:
    page = "Restoring the database\n---\n\n```sh\npg_restore dump\n```\n"
    assert runbooks("docs/postgres.md", page).outcome == "absent"


def test_steps_below_a_deeper_underline_belong_to_the_heading_above() -> None:
    page = "Restoring the database\n======================\n\nFirst step\n----------\n\n1. Stop writes.\n"
    assert runbooks("docs/postgres.rst", page).evidence == ("repo:docs/postgres.rst#L1-L1",)
    beside = page.replace("----------", "==========")
    assert runbooks("docs/postgres.rst", beside).outcome == "absent"


@pytest.mark.parametrize(
    "title",
    ["Release changes to Production", "Deployment to production", "Promoting a build to live"],
)
def test_numbered_steps_to_production_are_a_procedure(title: str) -> None:
    assert runbooks("docs/releasing.md", f"# Releases\n\n## {title}\n\n{NUMBERED}").evidence == (
        "repo:docs/releasing.md#L3-L3",
    )


@pytest.mark.parametrize(
    ("title", "below"),
    [
        ("Release changes to Production", "Merge the release and wait.\n"),
        ("Release changes to Production", "1. Merge.\n2. Wait.\n"),
        ("Release changes to Staging", NUMBERED),
        ("Production setup", NUMBERED),
        ("Deploying your own copy", NUMBERED),
    ],
)
def test_a_release_without_steps_or_to_somewhere_else_is_none(title: str, below: str) -> None:
    assert runbooks("docs/releasing.md", f"# Releases\n\n## {title}\n\n{below}").outcome == "absent"


def test_a_checklist_of_a_deployment_is_a_procedure_and_one_of_a_pull_request_is_none() -> None:
    boxes = "- [ ] Announce it.\n- [ ] Look at stage.\n- [ ] Smoke test.\n"
    assert (
        runbooks("doc/deploy.md", f"# Deploying\n\n## Production deployment checklist\n\n{boxes}").outcome
        == "present"
    )
    assert runbooks("doc/deploy.md", f"# Deploying\n\n## Reviewer's checklist\n\n{boxes}").outcome == "absent"


@pytest.mark.parametrize("fence", ["sh", "sql"])
def test_what_is_restarted_by_hand_is_told_by_a_page_about_operating(fence: str) -> None:
    page = f"# It\n\n## Restarting a stalled pipeline\n\n```{fence}\nUPDATE operation SET canceled_at = null;\n```\n"
    assert runbooks("docs/operational.md", page).outcome == "present"
    assert runbooks("README.md", page).outcome == "absent"
    assert runbooks("docs/operational.md", page.replace("pipeline", "local worker")).outcome == "absent"


def test_remedies_below_troubleshooting_of_a_deployment_are_a_procedure() -> None:
    remedies = "- Check that the address is right\n- Ensure it begins with https\n"
    page = f"# Deployment\n\n## Troubleshooting\n\n### No connection\n\n{remedies}"
    assert runbooks("DEPLOYMENT.md", page).evidence == ("repo:DEPLOYMENT.md#L3-L3",)
    assert runbooks("docs/setup.md", page).outcome == "absent"
    told = page.replace("Check that", "It helps if").replace("Ensure it", "It often")
    assert runbooks("DEPLOYMENT.md", told).outcome == "absent"


def test_listed_steps_that_name_an_environment_make_a_procedure_of_what_they_stand_under() -> None:
    page = "# It\n\n## Resetting the system\n\nText.\n\n### Steps\n\n- [ ] Stop the {}.\n- [ ] Empty it.\n- [ ] {}.\n"
    assert runbooks("README.md", page.format("workers in production", "Start them")).evidence == (
        "repo:README.md#L3-L3",
    )
    assert runbooks("README.md", page.format("containers", "Redeploy the application")).outcome == "present"
    assert runbooks("README.md", page.format("containers", "Start them")).outcome == "absent"
    alone = "# Steps\n\n1. Stop it in production.\n2. Empty it.\n3. Start it.\n"
    assert runbooks("README.md", alone).outcome == "absent"


def test_a_page_about_migrations_that_calls_itself_a_runbook_is_one() -> None:
    page = "# Without downtime: the expand and contract runbook\n\nText.\n"
    assert runbooks("docs/zero_downtime_migrations.md", page).outcome == "present"
    assert runbooks("docs/zero_downtime_migrations.md", "# Without downtime\n\nText.\n").outcome == "absent"


@pytest.mark.parametrize("rows", ["## Restoring b\n", "### Steps\n- [ ] production\n"])
def test_a_page_of_headings_only_is_read_in_time(rows: str) -> None:
    page = "# It\n" + rows * 40_000
    started = process_time()
    assert runbooks("docs/operations.md", page).outcome == "absent"
    assert process_time() - started < 5


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("docs/rolling_back.md", "## How to roll back\n\n1. Run the job again with the last tag.\n"),
        ("docs/maintenance.md", "## Enable maintenance mode\n\nRun the command: `make prod enable-maintenance`\n"),
        ("docs/downtime/index.md", "## Downtime procedure\n\n- [ ] Tell the users\n- [ ] Stop the workers\n"),
        ("docs/all.md", "# All\n\n## Rotating the signing key\n\n1. Make a new one.\n"),
        ("INSTALL.md", "# Install\n\n## Rotating the secret key\n\n```sh\ndokku config:set KEY=1\n```\n"),
    ],
)  # fmt: skip
def test_what_is_taken_back_closed_for_work_or_rotated_is_a_procedure(path: str, page: str) -> None:
    assert runbooks(path, page).outcome == "present"


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("README.md", "# The Disaster Recovery Center\n\n```sh\nmake run\n```\n"),
        ("docs/index.md", "# The Disaster Recovery Center\n\nOpen source.\n"),
        ("ansible/README.md", "# Ansible playbooks\n\nThey set servers up.\n"),
        ("README.md", "# It\n\n## Restoring a backup\n\n1. Load the dump into your local database.\n"),
        ("src/web/access/readme.md", "# Access\n\n## Recovery\n\n1. The grantee asks.\n"),
        ("docs/all.md", "# All\n\n## Rotating the carousel\n\n1. Click.\n"),
        ("tracker/tasks/task-2-runbook-gap.md", "# A gap in the runbook\n"),
        ("archive/2020/teardown-runbook.md", "# Teardown\n"),
    ],
)
def test_a_name_a_ticket_a_feature_and_a_copy_of_ones_own_are_none(path: str, page: str) -> None:
    assert runbooks(path, page).outcome == "absent"
