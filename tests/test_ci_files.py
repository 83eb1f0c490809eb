"""Which files belong to a CI system, and what its own words amount to."""

import pytest

from platform_operations.assess import assess
from platform_operations.assess.ci import read_delivery
from platform_operations.model.delivery import Component
from platform_operations.repository import InMemoryRepository

APP = Component(id="app", types=("http-service",), origin="existing")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/cloudbuild.md", "steps:\n- name: node\n"),
        ("examples/cloudbuild.yaml", "steps:\n- name: node\n  args: [npm, test]\n"),
        ("cloudbuild.yaml", "notes: none\n"),
        ("service/bitbucket-pipelines.yml", "pipelines:\n  default:\n  - step:\n      script: [npm test]\n"),
        ("tools/.woodpecker.yml", "steps:\n- name: a\n  commands: [npm test]\n"),
    ],
)
def test_a_file_that_its_system_would_not_run_is_no_pipeline(path: str, text: str) -> None:
    assert read_delivery(InMemoryRepository({path: text}), (APP,)).systems == ()


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        ("docker pull acme/web && docker run -d acme/web", ["deploy"]),
        ("sudo systemctl restart web", ["deploy"]),
        ("df -h", []),
    ],
)
def test_what_a_machine_of_google_is_told_by_ssh_deploys_where_it_changes_something(
    told: str, kinds: list[str]
) -> None:
    step = (
        f"steps:\n- name: gcr.io/cloud-builders/gcloud\n  args: [compute, ssh, web-1, '--command={told}']\n"
    )
    found = read_delivery(InMemoryRepository({"cloudbuild.yaml": step}), (APP,))
    assert [stage.kind for stage in found.stages] == kinds


def test_settings_beside_the_image_are_those_of_the_first_versions_of_drone() -> None:
    text = "pipeline:\n  publish:\n    image: plugins/docker\n    repo: acme/web\n    tags: [latest, '${DRONE_COMMIT_SHA}']\n"
    found = read_delivery(InMemoryRepository({".drone.yml": text}), (APP,))
    assert [(stage.kind, stage.produces) for stage in found.stages] == [("package", ("app-image",))]
    assert [artifact.identity for artifact in found.artifacts] == ["commit"]


OWN = """
on: {{push: {{branches: [main]}}}}
jobs:
  {job}:
    runs-on: ubuntu-latest
    steps:
      - run: hubctl deploy web staging
      - run: hubctl {next} web staging
"""


@pytest.mark.parametrize(
    ("workflow", "job", "told", "kinds"),
    [
        ("deploy-hubs", "upgrade-staging", "run-health-check", ["deploy", "verify"]),
        ("deploy-hubs", "upgrade-staging", "rollback", ["deploy", "rollback"]),
        ("deploy-hubs", "upgrade-staging", "list", ["deploy"]),
        ("ci", "upgrade-staging", "run-health-check", []),
        ("deploy-tests", "test", "run-health-check", []),
    ],
)
def test_a_program_of_ones_own_that_a_pipeline_of_deployments_tells_to_deploy_does_and_may_check_after(
    workflow: str, job: str, told: str, kinds: list[str]
) -> None:
    files = {f".github/workflows/{workflow}.yml": OWN.format(job=job, next=told)}
    found = read_delivery(InMemoryRepository(files), (APP,))
    assert [stage.kind for stage in found.stages] == kinds


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("azure-pipeline/ci.yml", ["azure-pipelines"]),
        ("azure-pipeline/deep/er/ci.yml", []),
        ("azured/ci.yml", []),
    ],
)
def test_pipelines_of_azure_lie_in_a_folder_called_after_them(path: str, read: list[str]) -> None:
    text = "trigger: [main]\nsteps:\n- script: pytest\n"
    found = read_delivery(InMemoryRepository({path: text}), (APP,))
    assert [id for id, _ in found.systems] == read


@pytest.mark.parametrize(
    ("path", "text", "read"),
    [
        ("gocd/templates/web.libsonnet", "{ materials: { web: {} } }\n", ["gocd"]),
        ("gocd/templates/words.libsonnet", "{ region: 'eu' }\n", []),
        ("lib/web.libsonnet", "{ materials: { steel: {} } }\n", []),
        ("web.gocd.yaml", "# materials come later\npipelines: {}\n", []),
    ],
)
def test_gocd_is_known_by_the_names_of_its_files_and_by_what_starts_a_pipeline(
    path: str, text: str, read: list[str]
) -> None:
    found = read_delivery(InMemoryRepository({path: text}), (APP,))
    assert [id for id, _ in found.systems] == read


@pytest.mark.parametrize(
    ("text", "outcome"),
    [("pipelines:\n  web:\n    materials: {}\n", "unknown"), ("pipelines: {}\n", "absent")],
)
def test_releases_of_a_system_that_is_not_read_are_unknown_and_its_scans_are_sought_by_name(
    text: str, outcome: str
) -> None:
    files = {"Dockerfile": "FROM python:3.12\nEXPOSE 80\nCMD gunicorn app\n", "web.gocd.yaml": text}
    found = assess(InMemoryRepository(files))
    told = {fact.aspect: fact.outcome for fact in found.about("practices")}
    assert {told[name] for name in ("rollback", "stagedVerification", "artifactPinning")} == {outcome}
    assert told["securityScan"] == "absent"
