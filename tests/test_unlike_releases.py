"""Signs of repositories that release in ways of their own, each beside what looks like it and is none."""

import pytest
from tests.small_services import assessed, practice

from platform_operations.assess.ci import read_delivery
from platform_operations.assess.telemetry.instrumentation import read_instrumentation
from platform_operations.model.delivery import Component
from platform_operations.platforms.aws import detect
from platform_operations.repository import InMemoryRepository

APP = Component(id="app", types=("http-service",), origin="existing")
SERVICE = {"Dockerfile": "FROM node:22\nEXPOSE 80\nCMD [node, server.js]\n"}
AZURE = "trigger: [main]\npool:\n  vmImage: ubuntu-latest\nsteps:\n  - script: npm test\n"


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("build.yaml", AZURE, ["build"]),
        ("azure-pipeline/official.yml", AZURE, ["official"]),
        ("build.yaml", AZURE.replace("pool:\n  vmImage: ubuntu-latest\n", ""), []),
        ("src/deep/er/down/build.yaml", AZURE, []),
    ],
)
def test_azure_pipelines_are_known_by_their_words_under_any_name(
    path: str, text: str, found: list[str]
) -> None:
    delivery = read_delivery(InMemoryRepository({path: text, **SERVICE}), (APP,))
    assert [pipeline.id for pipeline in delivery.pipelines] == found


def test_a_template_of_the_repository_that_is_handed_to_one_elsewhere_is_read_from_the_root() -> None:
    files = {
        "azure-pipeline/official.yml": """trigger: none
resources:
  repositories:
    - {repository: company, type: git, name: Shared/Templates}
extends:
  template: v1/Company.PipelineTemplate.yml@company
  parameters:
    stages:
      - stage: Build
        jobs:
          - job: build
            steps:
              - template: ./azure-pipeline/steps.yml@self
""",
        "azure-pipeline/steps.yml": "steps:\n  - script: npm test\n",
        **SERVICE,
    }
    delivery = read_delivery(InMemoryRepository(files), (APP,))
    assert not [fact for fact in delivery.facts if "@self" in (fact.reason or "")]


@pytest.mark.parametrize(
    ("task", "outcome"),
    [
        ("ms.vss-governance-buildtask.detection.ComponentGovernanceComponentDetection@0", "present"),
        ("ms.vss-governance-buildtask.detection.ManifestGeneratorTask@0", "absent"),
    ],
)
def test_a_task_is_known_by_its_last_name_too(task: str, outcome: str) -> None:
    files = {"azure-pipelines.yml": f"trigger: [main]\nsteps:\n  - task: {task}\n", **SERVICE}
    assert practice("dependencyScan", files).outcome == outcome


@pytest.mark.parametrize(
    ("action", "kinds"),
    [("acme/on-deploy@v1", []), ("acme/deploy@v1", ["deploy"]), ("acme/post-deploy@v1", [])],
)
def test_what_acts_on_a_deployment_by_its_name_deploys_nothing(action: str, kinds: list[str]) -> None:
    flow = f"on: {{push: {{branches: [main]}}}}\njobs:\n  go:\n    runs-on: ubuntu-latest\n    steps: [{{uses: {action}}}]\n"
    delivery = read_delivery(InMemoryRepository({".github/workflows/go.yml": flow, **SERVICE}), (APP,))
    assert [stage.kind for stage in delivery.stages] == kinds


CALLED = "jobs:\n  task:\n    uses: acme/shared/.github/workflows/{}.yml@main\n"


@pytest.mark.parametrize(
    ("starts", "called", "outcome"),
    [
        ("on: workflow_dispatch", "eb-task", "absent"),
        ("on: [push, workflow_dispatch]", "eb-task", "unknown"),
        ("on: push", "keepalive", "absent"),
        ("on: push", "alive", "unknown"),
    ],
)
def test_what_only_people_start_and_what_keeps_workflows_alive_scans_nothing(
    starts: str, called: str, outcome: str
) -> None:
    files = {".github/workflows/task.yml": f"{starts}\n{CALLED.format(called)}", **SERVICE}
    assert practice("dependencyScan", files).outcome == outcome


@pytest.mark.parametrize(
    ("path", "line", "outcome"),
    [
        ("config/ci.rb", '  step "Security: Gem audit", "bin/bundler-audit"', "present"),
        ("config/ci.rb", '  # step "Security: Gem audit", "bin/bundler-audit"', "absent"),
        ("config/ci.rb", '  step "Tests: Rails", "bin/rails test"', "absent"),
    ],
)
def test_the_steps_that_rails_runs_as_its_own_pipeline_count(path: str, line: str, outcome: str) -> None:
    assert practice("dependencyScan", {path: f"CI.run do\n{line}\nend\n", **SERVICE}).outcome == outcome


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("scripts/git-hooks/pre-commit.sh", "present"),
        ("hooks/pre-push", "present"),
        ("src/hooks/use-scan.sh", "absent"),
        ("webhooks/pre-commit", "absent"),
    ],
)
def test_scripts_that_git_calls_are_hooks_wherever_they_are_kept(path: str, outcome: str) -> None:
    assert practice("securityScan", {path: "gitleaks protect --staged\n", **SERVICE}).outcome == outcome


@pytest.mark.parametrize(
    ("line", "found"),
    [("      elasticbeanstalk_application: shop", True), ("      description: no beanstalk here", False)],
)
def test_settings_of_elastic_beanstalk_handed_to_a_workflow_show_where_it_runs(
    line: str, found: bool
) -> None:
    flow = (
        f"on: push\njobs:\n  go:\n    uses: acme/flows/.github/workflows/deploy.yml@main\n    with:\n{line}\n"
    )
    assert bool(detect(InMemoryRepository({".github/workflows/go.yml": flow}))) == found


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('{\n  "healthcheck": {\n    "create": {\n      "apis": []\n    }\n  }\n}\n', "absent"),
        ('{\n  "healthcheck": {\n    "path": "/up"\n  }\n}\n', "present"),
        ('{\n  "healthCheck": {\n    "httpGet": {\n      "path": "/up"\n    }\n  }\n}\n', "present"),
    ],
)
def test_an_object_of_names_of_its_own_is_no_health_check(text: str, outcome: str) -> None:
    assert practice("healthChecks", {"app/service.json": text, **SERVICE}).outcome == outcome


def test_what_a_template_for_new_repositories_holds_is_not_asked_here() -> None:
    compose = "services:\n  db:\n    image: postgres\n    healthcheck:\n      test: pg_isready\n"
    files = {".cookiecutter/includes/docker/services.yml": compose, **SERVICE}
    assert practice("healthChecks", files).outcome == "absent"
    files = {"deploy/production/services.yml": compose, **SERVICE}
    assert practice("healthChecks", files).outcome == "present"


@pytest.mark.parametrize(
    ("plugin", "tools"),
    [("io.sentry.android.gradle", ["sentry"]), ("com.android.application", [])],
)
def test_a_plugin_of_a_version_catalogue_instruments_too(plugin: str, tools: list[str]) -> None:
    text = f'[plugins]\nsentry = {{ id = "{plugin}", version.ref = "x" }}\n'
    repository = InMemoryRepository({"gradle/libs.versions.toml": text})
    assert [fact.aspect for fact in read_instrumentation(repository, ())[1]] == tools


def test_pages_of_quarto_may_be_runbooks() -> None:
    text = "---\ntitle: Restore\n---\n\n# Restore the database\n\n1. Stop it\n2. Restore it\n"
    files = {"docs/runbooks/restore.qmd": text, **SERVICE}
    assert [runbook.path for runbook in assessed(files).as_is.runbooks] == ["docs/runbooks/restore.qmd"]
