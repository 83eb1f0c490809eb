"""The practices of a repository: what shows them, what does not, and what only lies elsewhere."""

from collections.abc import Mapping
from textwrap import dedent

import pytest

from platform_operations.assess import assess
from platform_operations.model.assessment import Assessment, Fact
from platform_operations.repository import InMemoryRepository

APP = {
    "Dockerfile": "FROM python:3.12\nCMD python app.py\n",
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "x = 1\n",
}
SAM = dedent("""\
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Preference: {Type: String, Default: AllAtOnce}
    Globals:
      Function:
        AutoPublishAlias: live
        DeploymentPreference:
          Type: !Ref Preference
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: .
          DeploymentPreference:
            Alarms: [!Ref OrdersErrors]
      OrdersErrors:
        Type: AWS::CloudWatch::Alarm
        Properties:
          AlarmDescription: !Sub
            - "Orders fail. Runbook: ${Manual}"
            - Manual: https://manual.example.org/orders
          MetricName: Errors
    """)


def assessed(files: Mapping[str, str]) -> Assessment:
    return assess(InMemoryRepository(dict(files)))


def practice(name: str, files: Mapping[str, str]) -> Fact:
    fact = assessed(files).fact("practices", name)
    assert fact is not None
    return fact


def tools(files: Mapping[str, str], subject: str = "observability") -> set[str]:
    return {fact.aspect for fact in assessed(files).about(subject) if fact.outcome == "present"}


def test_a_scanner_before_commits_is_a_security_scan() -> None:
    hooks = "repos:\n  - repo: https://example.org/zizmor\n    hooks:\n      - id: zizmor\n"
    found = practice("securityScan", {**APP, ".pre-commit-config.yaml": hooks})
    assert (found.outcome, found.strength) == ("present", "present")
    assert found.evidence == ("repo:.pre-commit-config.yaml#L4-L4",)


@pytest.mark.parametrize(
    "hooks",
    [
        "repos:\n  - repo: local\n    hooks:\n      # - id: gitleaks\n      - id: detect-private-key\n",
        "repos: []\n",
    ],
)
def test_other_hooks_are_none(hooks: str) -> None:
    assert practice("securityScan", {**APP, ".pre-commit-config.yaml": hooks}).outcome == "absent"


def test_a_dashboard_decides_about_releases_but_not_about_scans() -> None:
    files = {**APP, "railway.toml": '[deploy]\nstartCommand = "python app.py"\n'}
    assert practice("rollback", files).outcome == "unknown"
    assert practice("securityScan", files).outcome == "absent"
    assert practice("dependencyScan", files).outcome == "absent"


def test_dns_in_terraform_is_no_dashboard() -> None:
    files = {**APP, "dns/main.tf": 'resource "cloudflare_record" "www" {\n  name = "www"\n}\n'}
    assert practice("stagedVerification", files).outcome == "absent"


def test_a_platform_without_health_checks_leaves_none_to_its_dashboard() -> None:
    files = {"package.json": '{"name": "web", "private": true}\n', "vercel.json": '{"framework": "nextjs"}\n'}
    assert practice("healthChecks", files).outcome == "absent"
    assert practice("rollback", files).outcome == "unknown"


def test_a_package_that_installs_has_no_health_check_for_that() -> None:
    project = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "shapes"\nversion = "1.0.0"\n'
    found = assessed({"pyproject.toml": project, "src/shapes/__init__.py": "x = 1\n"})
    assert found.by_subject[("practices", "healthChecks")].outcome == "absent"
    assert "registries" not in {fact.aspect for fact in found.about("platforms")}


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("infra/web.tf", 'module "web" {\n  source     = "./app"\n  probe_path = "/check"\n}\n', 3),
        (
            "infra/lb.tf",
            'resource "aws_lb_target_group" "web" {\n  health_check {\n    path = "/up"\n  }\n}\n',
            2,
        ),
    ],
)
def test_probes_in_terraform_count(path: str, text: str, line: int) -> None:
    assert practice("healthChecks", {**APP, path: text}).evidence == (f"repo:{path}#L{line}-L{line}",)


def test_an_empty_probe_path_in_terraform_is_none() -> None:
    module = 'module "worker" {\n  source     = "./app"\n  probe_path = null\n}\n'
    assert practice("healthChecks", {**APP, "infra/worker.tf": module}).outcome == "absent"


def test_probes_in_an_infrastructure_program_count_and_name_its_cloud() -> None:
    files = {
        "package.json": '{\n  "private": true,\n  "dependencies": {\n    "@pulumi/gcp": "^8.0.0",\n'
        '    "@pulumi/kubernetes": "^4.0.0"\n  }\n}\n',
        "pulumi/Pulumi.yaml": "name: crossbar\nruntime: nodejs\n",
        "pulumi/app.ts": "const pod = {\n  livenessProbe: {\n    httpGet: { path: '/up' },\n  },\n};\n",
    }
    assert practice("healthChecks", files).evidence == ("repo:pulumi/app.ts#L2-L2",)
    assert tools(files, "platforms") >= {"pulumi", "gcp", "kubernetes"}


def test_the_workloads_of_a_chart_elsewhere_have_unknown_probes() -> None:
    chart = "apiVersion: v2\nname: blog\nversion: 0.1.0\ndependencies:\n  - name: app-template\n    version: 3.0.0\n"
    found = practice(
        "healthChecks", {"apps/blog/Chart.yaml": chart, "apps/blog/values.yaml": "app-template: {}\n"}
    )
    assert (found.outcome, found.reason) == (
        "unknown",
        "apps/blog/Chart.yaml: the workloads come from charts outside the repository",
    )


def test_charts_that_install_tools_name_them() -> None:
    chart = "apiVersion: v2\nname: {0}\nversion: 0.1.0\ndependencies:\n  - name: {0}\n    version: 8.0.0\n"
    files = {f"system/{name}/Chart.yaml": chart.format(name) for name in ("grafana", "loki", "argo-cd")}
    assert tools(files) == {"grafana", "loki"}
    assert tools(files, "platforms") == {"argocd", "helm", "kubernetes"}


def test_an_agent_in_an_image_is_a_tool_and_a_commented_one_is_not() -> None:
    agent = "ADD https://repo.example.org/dd-java-agent.jar /agent.jar\n"
    assert "datadog" in tools({**APP, "Dockerfile": APP["Dockerfile"] + agent})
    assert "datadog" not in tools({**APP, "Dockerfile": APP["Dockerfile"] + "# " + agent})


def test_a_webhook_is_a_way_to_a_tool_and_none_itself() -> None:
    routing = dedent("""\
        route:
          receiver: phone
        receivers:
          - name: phone
            webhook_configs:
              - url: http://localhost:8081
        """)
    assert tools({**APP, "monitoring/alertmanager.yml": routing}) == {"alertmanager"}


def test_alarms_that_judge_a_deployment_roll_it_back_and_name_their_runbook() -> None:
    files = {"template.yaml": SAM, "app.py": "def handler(event, context): return 1\n"}
    assert practice("rollback", files).outcome == "present"
    runbooks = practice("runbooks", files)
    assert runbooks.outcome == "present"
    assert {row.runbook for row in assessed(files).alerts} == {"https://manual.example.org/orders"}


def test_functions_that_switch_at_once_do_not_roll_back() -> None:
    files = {"template.yaml": SAM.replace("!Ref Preference", "AllAtOnce"), "app.py": "x = 1\n"}
    assert practice("rollback", files).outcome == "absent"


def test_a_page_to_be_filled_in_documents_no_rollback() -> None:
    page = "# Release\n## Rollback\nDo it.\n"
    assert practice("rollback", {**APP, ".agents/skills/deploy/runbook.md": page}).outcome == "absent"
    assert practice("rollback", {**APP, "docs/templates/deploy.md": page}).outcome == "absent"
    assert practice("rollback", {**APP, "docs/deploy.md": page}).outcome == "present"


def test_backup_and_restore_is_a_runbook() -> None:
    page = "# Backup and restore\n## Restore\n- run the restore job\n"
    assert practice("runbooks", {**APP, "docs/backup-and-restore.md": page}).outcome == "present"


def test_manifests_with_fixed_images_pin_what_runs_and_one_that_can_move_undoes_it() -> None:
    manifest = dedent("""\
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: NAME}
        spec:
          template:
            spec:
              containers:
                - name: app
                  image: registry.example.org/NAME:TAG
        """)
    fixed = {"k8s/a.yaml": manifest.replace("NAME", "a").replace("TAG", "1.4.2")}
    moving = {"k8s/b.yaml": manifest.replace("NAME", "b").replace("TAG", "latest")}
    assert practice("artifactPinning", {**APP, **fixed}).outcome == "present"
    assert practice("artifactPinning", {**APP, **fixed, **moving}).outcome == "absent"


def test_a_step_that_only_the_server_can_know_leaves_scans_unknown() -> None:
    jenkinsfile = dedent("""\
        pipeline {
          agent any
          stages {
            stage('Image') {
              steps {
                STEP
              }
            }
          }
        }
        """)
    foreign = {**APP, "Jenkinsfile": jenkinsfile.replace("STEP", "buildDockerAndPublishImage('app')")}
    plain = {**APP, "Jenkinsfile": jenkinsfile.replace("STEP", "publishHTML(target: [reportDir: 'out'])")}
    assert practice("securityScan", foreign).outcome == "unknown"
    assert practice("securityScan", plain).outcome == "absent"
