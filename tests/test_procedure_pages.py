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
