"""Pages that a site shows its readers, guides of an application, and looking without any component."""

from collections.abc import Mapping

import pytest

from platform_operations.assess import assess
from platform_operations.model.assessment import Fact
from platform_operations.repository import InMemoryRepository

APP = {
    "Dockerfile": "FROM python:3.12\nEXPOSE 8000\nCMD gunicorn app\n",
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "x = 1\n",
}
LIBRARY = {"pyproject.toml": '[project]\nname = "acme"\nversion = "1"\n', "src/acme/__init__.py": "x = 1\n"}
WAY_BACK = "# Making a rollback release\n\n1. Tag the last good commit.\n2. Push the tag.\n"
RESTORE = "# Operations\n\n## Restoring a backup\n\n1. Stop the writers.\n2. `pg_restore latest`\n"


def practice(name: str, files: Mapping[str, str]) -> Fact:
    fact = assess(InMemoryRepository(files)).fact("practices", name)
    assert fact is not None
    return fact


def site(page: str = "guide/page-{}.md") -> dict[str, str]:
    return {page.format(number): f"# Page {number}\n\nText.\n" for number in range(60)}


@pytest.mark.parametrize("name", ["alerts", "slos"])
def test_without_a_component_alerts_and_objectives_are_looked_for(name: str) -> None:
    assert practice(name, {"README.md": "# Notes\n"}).outcome == "absent"


def test_alerts_beside_no_component_are_shown_and_the_plan_names_no_component_that_is_not_there() -> None:
    rule = (
        "groups:\n  - name: a\n    rules:\n      - alert: Down\n        expr: up == 0\n        for: 5m\n"
        "        labels:\n          severity: page\n"
    )
    found = assess(InMemoryRepository({"rules/alerts.yaml": rule}))
    alerts = found.fact("practices", "alerts")
    assert alerts is not None
    assert alerts.outcome == "present"
    assert not found.as_is.components
    assert not found.as_is.alerts


@pytest.mark.parametrize("made_by", [{"mkdocs.yml": "site_name: x\n"}, {"guide/index.html.md": "# Start\n"}])
def test_pages_of_a_documentation_site_are_no_procedures_of_its_own(made_by: dict[str, str]) -> None:
    files = {
        **site(),
        **made_by,
        "blueprints/rollback.md": WAY_BACK,
        "ctl/postgres_backup_restore.md": RESTORE,
        "ctl/operations.md": RESTORE,
    }
    assert practice("rollback", files).outcome == "absent"
    assert practice("runbooks", files).outcome == "absent"


def test_pages_that_nothing_makes_a_site_of_and_those_of_the_root_stay_a_system_s_own() -> None:
    pages = {**site(), "ops/rollback.md": WAY_BACK, "ops/postgres_backup_restore.md": RESTORE}
    assert practice("rollback", pages).evidence == ("repo:ops/rollback.md#L1-L1",)
    assert practice("runbooks", pages).outcome == "present"
    rooted = {**site(), "mkdocs.yml": "site_name: x\n", "DEPLOYMENT.md": WAY_BACK}
    assert practice("rollback", rooted).evidence == ("repo:DEPLOYMENT.md#L1-L1",)


def test_a_folder_of_runbooks_counts_on_a_site_too() -> None:
    files = {**site(), "mkdocs.yml": "site_name: x\n", "docs/runbooks/postgres.md": RESTORE}
    assert practice("runbooks", files).evidence[0].startswith("repo:docs/runbooks/postgres.md#")


def test_an_application_beside_few_pages_is_no_site() -> None:
    files = {**APP, "mkdocs.yml": "site_name: x\n", "docs/release/rollback.md": WAY_BACK}
    assert practice("rollback", files).outcome == "present"


def test_the_guides_of_an_application_are_its_own() -> None:
    guides = {"docs/guides/rollback.md": WAY_BACK, "docs/guides/operations.md": RESTORE}
    assert practice("rollback", {**APP, **guides}).evidence == ("repo:docs/guides/rollback.md#L1-L1",)
    assert practice("runbooks", {**APP, **guides}).evidence == ("repo:docs/guides/operations.md#L3-L3",)


@pytest.mark.parametrize(
    "files",
    [
        {**LIBRARY, "docs/guides/rollback.md": WAY_BACK, "docs/guides/operations.md": RESTORE},
        {**APP, "docs/mint.json": "{}\n", "docs/guides/rollback.md": WAY_BACK},
        {**APP, "web/content/guides/rollback.md": WAY_BACK},
        {**APP, "docs/guides/templates/rollback.md": WAY_BACK},
    ],
)
def test_guides_of_a_library_or_of_a_product_s_site_are_not(files: dict[str, str]) -> None:
    assert practice("rollback", files).outcome == "absent"
    assert practice("runbooks", files).outcome == "absent"
