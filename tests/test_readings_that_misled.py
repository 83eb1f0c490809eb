"""Words and defaults that look like a release or a check and are none, beside those that are."""

from collections.abc import Mapping

import pytest

from platform_operations.assess import assess
from platform_operations.model.plan import Plan
from platform_operations.repository import InMemoryRepository

APP = {
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "from flask import Flask\napp = Flask(__name__)\n",
}
WORK = ".github/workflows/work.yml"
ON_MAIN = "on:\n  push:\n    branches: [main]\njobs:\n"


def read(files: Mapping[str, str]) -> Plan:
    return assess(InMemoryRepository({**APP, **files})).as_is


def released(files: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """The kinds and environments of what deploys."""
    found = read(files)
    kinds = {place.id: place.kind for place in found.environments}
    return [
        (stage.kind, kinds.get(stage.environment or ""))
        for stage in found.pipeline_stages
        if stage.kind == "deploy"
    ]


HEROKU = """\
on:
  pull_request:
    types: [{event}]
jobs:
  review-app:
    runs-on: x
    steps:
      - uses: akhileshns/heroku-deploy@v3
        with:
          heroku_app_name: review-${{{{ github.event.number }}}}
          {more}
      - run: heroku apps:{act} --app=review-${{{{ github.event.number }}}}
"""


def test_logging_in_to_take_an_app_down_deploys_nothing() -> None:
    assert released({WORK: HEROKU.format(event="closed", more="justlogin: true", act="destroy")}) == []


def test_the_same_action_without_only_logging_in_deploys() -> None:
    text = HEROKU.format(event="opened", more="justlogin: false", act="info")
    assert released({WORK: text}) == [("deploy", "ephemeral")]


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (
            'call az storage blob sync --container web --account-name live -s "build"',
            [("deploy", "production")],
        ),
        ("call az webapp deploy --name web --src-path app.zip", [("deploy", "production")]),
        ("call az storage blob list --container web", []),
        ("call npm test", []),
    ],
)
def test_a_command_that_a_windows_agent_calls_is_read_like_any_other(
    command: str, found: list[tuple[str, str | None]]
) -> None:
    pipeline = f"trigger: [main]\npool:\n  vmImage: windows-latest\nsteps:\n  - script: |\n      {command}\n"
    assert released({"azure-pipelines.yml": pipeline}) == found


SHARED = """\
on:
  workflow_call:
    inputs:
      environment:
        required: true
        type: string
jobs:
  scanner:
    runs-on: x
    steps:
      - env:
          ENV: ${{ inputs.environment }}
        run: sls deploy --stage ${ENV:-'staging'}
"""
CALLER = """\
on:
  push:
    branches: [release]
jobs:
  up:
    uses: ./.github/workflows/shared.yml
    with:
      environment: {environment}
"""


@pytest.mark.parametrize(("environment", "kind"), [("production", "production"), ("staging", "staging")])
def test_what_a_step_sets_goes_before_the_default_of_its_command(environment: str, kind: str) -> None:
    files = {
        ".github/workflows/shared.yml": SHARED,
        ".github/workflows/call.yml": CALLER.format(environment=environment),
    }
    assert released(files) == [("deploy", kind)]


def test_a_default_stands_where_the_step_sets_nothing() -> None:
    text = ON_MAIN + "  up:\n    runs-on: x\n    steps:\n      - run: sls deploy --stage ${ENV:-'staging'}\n"
    assert released({WORK: text}) == [("deploy", "staging")]


@pytest.mark.parametrize(
    ("job", "outcome"),
    [
        (
            "  smokeshow:\n    runs-on: x\n    steps:\n      - run: uv run smokeshow upload htmlcov\n",
            "absent",
        ),
        ("  smoke:\n    runs-on: x\n    steps:\n      - run: ./bin/smoke https://example.org\n", "present"),
    ],
)
def test_showing_coverage_is_no_smoke_test(job: str, outcome: str) -> None:
    after = "on:\n  workflow_run:\n    workflows: [Test]\n    types: [completed]\njobs:\n"
    deploys = ON_MAIN + "  up:\n    runs-on: x\n    steps:\n      - run: kubectl apply -f web.yaml\n"
    files = {**APP, WORK: deploys, ".github/workflows/after.yml": after + job}
    fact = assess(InMemoryRepository(files)).fact("practices", "postDeployValidation")
    assert fact is not None
    assert fact.outcome == outcome


@pytest.mark.parametrize(
    ("path", "platforms"),
    [(".devops/deploy-pipelines.yml", {"azure"}), ("docs/deploy-pipelines.md", set[str]())],
)
def test_a_platform_that_only_pipelines_in_devops_speak_to_is_seen(path: str, platforms: set[str]) -> None:
    pipeline = (
        "trigger: [main]\nsteps:\n  - task: AzureCLI@1\n    inputs:\n      inlineScript: |\n"
        "        call az storage blob sync --container web -s build\n"
    )
    found = assess(InMemoryRepository({**APP, path: pipeline}))
    assert {fact.aspect for fact in found.about("platforms") if fact.outcome == "present"} == platforms


@pytest.mark.parametrize(
    ("script", "kinds"),
    [("test/load/run-in-cluster.sh", ["test"]), ("deploy/run-in-cluster.sh", ["deploy"])],
)
def test_what_a_program_in_a_folder_of_tests_applies_to_a_cluster_is_its_test(
    script: str, kinds: list[str]
) -> None:
    work = f"{ON_MAIN}  load:\n    runs-on: x\n    steps:\n      - run: ./{script} -n load\n"
    found = read({WORK: work, script: "#!/bin/sh\nkubectl apply -f testrun.yml\n", "testrun.yml": "x: 1\n"})
    assert [stage.kind for stage in found.pipeline_stages] == kinds


@pytest.mark.parametrize(("folder", "components"), [(".dev/mock", 1), ("local-dev/mock", 1), ("mock-api", 2)])
def test_what_only_serves_developers_is_no_component(folder: str, components: int) -> None:
    image = 'FROM python:3.12\nEXPOSE 8000\nCMD ["python", "serve.py"]\n'
    found = read({"Dockerfile": image, f"{folder}/Dockerfile": image, f"{folder}/serve.py": "x = 1\n"})
    assert len(found.components) == components


@pytest.mark.parametrize(
    ("step", "kinds"),
    [
        ("{name: Check if a promotion reminder is due, run: ./scripts/remind-to-promote --check}", []),
        ("{name: Notify deploy channel, run: ./scripts/notify-deploy}", []),
        ("{run: ./scripts/promote}", ["promote"]),
        ("{name: Deploy and notify, run: ./scripts/ship-it}", ["deploy"]),
        ("{run: 'curl -sf https://api.heroku.com/apps/web/releases -H \"Range: version ..\"'}", []),
        ("{run: 'curl -sf -X POST https://api.heroku.com/apps/web/releases -d @slug.json'}", ["deploy"]),
        ("{run: 'curl -sf https://api.render.com/v1/services/srv-1/deploys -H \"Authorization: x\"'}", []),
        ("{run: 'curl -sf --request POST https://api.render.com/v1/services/srv-1/deploys'}", ["deploy"]),
    ],
)
def test_telling_people_of_a_release_or_asking_for_its_state_is_none(step: str, kinds: list[str]) -> None:
    scripts = dict.fromkeys(
        ("scripts/remind-to-promote", "scripts/notify-deploy", "scripts/promote", "scripts/ship-it"), "x\n"
    )
    found = read({WORK: f"{ON_MAIN}  work:\n    runs-on: x\n    steps:\n      - {step}\n", **scripts})
    assert [stage.kind for stage in found.pipeline_stages] == kinds
