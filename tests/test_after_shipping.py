"""What stands before and after a release in a pipeline's text, and where a page tells the way back."""

import pytest
from tests.small_services import HEAD, practice

from platform_operations.assess import assess
from platform_operations.repository import InMemoryRepository

DEPLOY = "      - run: helm upgrade web acme/web --install --set image.tag=${{ github.sha }}\n"


@pytest.mark.parametrize(
    ("path", "text", "outcome"),
    [
        (
            "deploy.yml",
            "name: Deploy\n{head}  deploy:\n    runs-on: x\n    steps:\n{smoke}{deploy}",
            "absent",
        ),
        (
            "deploy.yml",
            "name: Deploy\n{head}  deploy:\n    runs-on: x\n    steps:\n{deploy}{smoke}",
            "present",
        ),
        ("deploy-production.yml", "{head}  first:\n    runs-on: x\n    steps:\n{smoke}{deploy}", "absent"),
        ("deploy-pr.yml", "{head}  first:\n    runs-on: x\n    steps:\n{smoke}{deploy}", "present"),
    ],
)
def test_what_a_workflow_or_a_job_is_called_has_shipped_nothing_yet(
    path: str, text: str, outcome: str
) -> None:
    smoke = "      - run: just smoke-test\n"
    files = {f".github/workflows/{path}": text.format(head=HEAD, smoke=smoke, deploy=DEPLOY)}
    assert practice("postDeployValidation", files).outcome == outcome


def test_a_page_of_those_who_run_this_tells_the_way_back_and_a_bold_warning_does_not() -> None:
    page = "# Web\n\n## How to roll back\n\nSee below.\n"
    for path in ("docs/sre-guide/web.md", "docs/infrastructure.md"):
        assert practice("rollback", {path: page}).evidence == (f"repo:{path}#L3-L3",)
    told = "**Do not deploy a migration.** It needs a rollback to repair.\n\nAsk first.\n"
    assert practice("rollback", {"docs/infrastructure.md": told}).outcome == "absent"
    assert (
        practice(
            "rollback",
            {"docs/infrastructure.md": told.replace(".** It", ", it").replace("repair.", "repair**")},
        ).outcome
        == "present"
    )


CHOSEN = """
on:
  workflow_dispatch:
    inputs:
      {name}:
        required: true
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: {place}
    steps:
      {build}- run: kubectl set image deployment/web web=acme/web:${{{{ inputs.{name} }}}}
"""
BUILT = "- run: docker build -t acme/web .\n      "
SHIP = ".github/workflows/ship.yml"


@pytest.mark.parametrize(
    ("name", "place", "build", "outcome"),
    [
        ("tag", "production", "", "present"),
        ("commit_sha", "production", BUILT, "present"),
        ("version", "production", "", "present"),
        ("version", "production", BUILT, "absent"),
        ("node_version", "production", "", "absent"),
        ("tag", "staging", "", "absent"),
        ("reason", "production", "", "absent"),
    ],
)
def test_people_who_choose_which_version_production_gets_can_give_it_an_earlier_one(
    name: str, place: str, build: str, outcome: str
) -> None:
    text = CHOSEN.format(name=name, place=place, build=build)
    found = practice("rollback", {SHIP: text})
    assert found.outcome == outcome
    assert found.evidence == ((f"repo:{SHIP}#L5-L5",) if outcome == "present" else ())


def test_a_workflow_that_another_starts_with_what_it_built_goes_forward_only() -> None:
    files = {
        SHIP: CHOSEN.format(name="tag", place="production", build=""),
        ".github/workflows/build.yml": f"{HEAD}  build:\n    steps:\n      - run: gh workflow run ship.yml -f tag=$GITHUB_SHA\n",
    }
    assert practice("rollback", files).outcome != "present"


ANDROID = {
    "settings.gradle.kts": 'include(":app")\n',
    "app/src/main/AndroidManifest.xml": "<manifest><application/></manifest>\n",
}
GRADLE = 'plugins {\n  id("com.android.application")\n}\nplay {\n'


@pytest.mark.parametrize(
    ("track", "outcome"),
    [
        ('  track.set("internal")\n', "unknown"),
        ('  track.set("production")\n', "absent"),
        ('  track.set("internal")\n  promoteTrack.set("production")\n', "absent"),
        ('  // track.set("internal")\n', "absent"),
    ],
)
def test_an_app_that_testers_get_is_released_to_everybody_in_the_store(track: str, outcome: str) -> None:
    run = "on: {release: {types: [published]}}\njobs:\n  release:\n    runs-on: x\n    steps:\n      - run: ./gradlew publishBundle\n"
    files = {**ANDROID, "app/build.gradle.kts": f"{GRADLE}{track}}}\n", ".github/workflows/cd.yml": run}
    fact = assess(InMemoryRepository(files)).fact("practices", "stagedVerification")
    assert fact is not None
    assert fact.outcome == outcome
