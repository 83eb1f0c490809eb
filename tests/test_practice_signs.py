"""Practices that pipelines and settings only name, hand over or switch on; and what looks alike and shows nothing."""

from collections.abc import Mapping

import pytest
from tests.small_services import APP, CI, HEAD, practice

from platform_operations.assess import assess
from platform_operations.repository import InMemoryRepository


def platforms(files: Mapping[str, str]) -> set[str]:
    found = assess(InMemoryRepository({**APP, **files}))
    return {fact.aspect for fact in found.about("platforms") if fact.outcome == "present"}


def called(path: str) -> str:
    return f"{HEAD}  one:\n    uses: acme/shared/.github/workflows/{path}@v2\n"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("securityScan", "security_codeql.yml"),
        ("securityScan", "veracode_pipeline_scan.yml"),
        ("dependencyScan", "security_owasp.yml"),
        ("dependencyScan", "dependency-review.yml"),
    ],
)
def test_a_remote_workflow_named_after_a_scan_is_that_scan_and_cited_where_it_is_called(
    name: str, path: str
) -> None:
    found = practice(name, {CI: called(path)})
    assert (found.outcome, found.strength) == ("present", "present")
    assert found.evidence == (f"repo:{CI}#L6-L6",)


@pytest.mark.parametrize(
    ("path", "scan", "release"),
    [
        ("require-label.yml", "absent", "absent"),
        ("link-pr-to-notion.yml", "absent", "absent"),
        ("deploy_env.yml", "absent", "unknown"),
        ("ci.yml", "unknown", "unknown"),
        ("code_quality.yml", "unknown", "absent"),
    ],
)
def test_what_a_remote_workflow_can_decide_is_told_by_its_name(path: str, scan: str, release: str) -> None:
    assert practice("securityScan", {CI: called(path)}).outcome == scan
    assert practice("stagedVerification", {CI: called(path)}).outcome == release


@pytest.mark.parametrize(
    "line",
    [
        "# - run: trivy image app",
        "- run: echo 'we should run trivy'",
        "- uses: github/codeql-action/upload-sarif@v3",
        "- uses: acme/build-image@v1\n        with:\n          scan_image: false",
        "- run: make check\n        if: github.actor != 'snyk-bot'",
        "- name: Build and check image\n        run: make image",
    ],
)
def test_a_scan_that_is_only_spoken_of_is_none(line: str) -> None:
    files = {CI: f"{HEAD}  one:\n    runs-on: x\n    steps:\n      {line}\n      - run: pytest\n"}
    assert practice("securityScan", files).outcome == "absent"
    assert practice("dependencyScan", files).outcome == "absent"


def test_a_library_step_of_jenkins_that_names_a_scan_is_one() -> None:
    nightly = "@Library('Infrastructure') _\nwithNightlyPipeline('java') {\n  enableFortifyScan('app')\n}\n"
    found = practice("securityScan", {"Jenkinsfile_nightly": nightly})
    assert (found.outcome, found.evidence) == ("present", ("repo:Jenkinsfile_nightly#L3-L3",))


def test_gosec_inside_a_linter_that_runs_is_a_scan_and_a_disabled_one_is_not() -> None:
    workflow = f"{HEAD}  lint:\n    runs-on: x\n    steps:\n      - uses: golangci/golangci-lint-action@v9\n"
    files = {"go.mod": "module x\n", "main.go": "package main\n", CI: workflow}
    on = "linters:\n  enable:\n    - govet\n    - gosec # security\n"
    off = "linters:\n  enable:\n    - govet\n  disable:\n    - gosec\n"
    assert practice("securityScan", {**files, ".golangci.yml": on}).evidence == ("repo:.golangci.yml#L4-L4",)
    assert practice("securityScan", {**files, ".golangci.yml": off}).outcome == "absent"


def test_dependencies_that_are_handed_to_the_hosting_are_checked_where_nobody_sees() -> None:
    step = f"{HEAD}  graph:\n    runs-on: x\n    steps:\n      - uses: acme/sbt-dependency-submission@v3\n"
    assert practice("dependencyScan", {CI: step}).outcome == "unknown"
    assert practice("securityScan", {CI: step}).outcome == "absent"


DEPLOY = "      - run: helm upgrade web acme/web --install --set image.tag=${{ github.sha }}\n"


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ("      - uses: jtalk/url-health-check-action@v2\n        with: {url: https://web.example.org}\n", 9),
        ("      - name: Validate the deployment\n        run: scripts/try.sh https://web.example.org\n", 10),
    ],
)
def test_a_step_after_a_deploy_that_is_named_a_check_of_it_validates(after: str, line: int) -> None:
    files = {CI: f"{HEAD}  ship:\n    runs-on: x\n    steps:\n{DEPLOY}{after}"}
    found = practice("postDeployValidation", files)
    assert found.outcome == "present"
    assert found.evidence[0].startswith(f"repo:{CI}#L{line}")


def test_journeys_that_wait_for_a_deploy_validate_it() -> None:
    tests = "  integration-tests:\n    needs: deploy\n    runs-on: x\n    steps:\n      - run: ./gradlew tests:cucumber\n"
    job = "  deploy:\n    runs-on: x\n    steps:\n      - uses: acme/tools/sam/deploy-stack@v1\n"
    assert practice("postDeployValidation", {CI: HEAD + job + tests}).outcome == "present"


@pytest.mark.parametrize(
    "before",
    [
        "      - name: Smoke test\n        run: docker run -d app && curl http://localhost:8000\n",
        "      - name: Check deployment dependencies\n        run: npm ci\n",
    ],
)
def test_what_is_tried_on_the_runner_or_before_a_deploy_validates_nothing(before: str) -> None:
    files = {CI: f"{HEAD}  ship:\n    runs-on: x\n    steps:\n{before}{DEPLOY}"}
    assert practice("postDeployValidation", files).outcome == "absent"


def test_an_approval_without_a_lower_environment_stages_nothing() -> None:
    gate = '- block: ":rocket: Deploy"\n- label: "deploy production"\n  command: kubectl apply -f web.yaml\n'
    assert practice("stagedVerification", {".buildkite/pipeline.yml": f"steps:\n{gate}"}).outcome == "absent"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("k8s/web/release.yaml", "kind: HelmRelease\nspec:\n  values:\n    probes:\n      liveness:\n        enabled: true\n", 4),
        ("helm/values.yaml", "livenessProbe:\n  httpGet:\n    path: /up\n", 1),
        ("dns/check.tf", 'resource "aws_route53_health_check" "web" {\n  port = 443\n}\n', 1),
        ("ecs-deploy.yml", 'service:\n  - name: web\n    health_check:\n      path: "/up"\n', 3),
        ("fly.toml", 'app = "web"\n[[http_service.checks]]\n  path = "/up"\n', 2),
    ],
)  # fmt: skip
def test_a_probe_in_a_settings_file_counts(path: str, text: str, line: int) -> None:
    found = practice("healthChecks", {path: text})
    assert found.outcome == "present"
    assert found.evidence == (f"repo:{path}#L{line}-L{line}",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("helm/values.yaml", "livenessProbe: {}\nreadinessProbe:\n  enabled: false\n"),
        ("helm/templates/web.yaml", "        livenessProbe:\n          {{- toYaml .Values.livenessProbe | nindent 10 }}\n"),
        ("deploy/crd.yaml", "kind: CustomResourceDefinition\nspec:\n  livenessProbe:\n    type: object\n"),
        ("docs/k8s/web.yaml", "livenessProbe:\n  httpGet:\n    path: /up\n"),
        ("deploy/openapi.yaml", "healthCheck:\n  type: object\n"),
    ],
)  # fmt: skip
def test_a_probe_that_is_empty_off_or_elsewhere_does_not(path: str, text: str) -> None:
    assert practice("healthChecks", {path: text}).outcome == "absent"


def test_a_compose_file_that_mounts_the_sources_declares_no_health_check() -> None:
    service = "services:\n  web:\n    build: .\n    healthcheck:\n      test: curl -f http://x/up\n"
    mounted = f"{service}    volumes:\n      - .:/app\n"
    assert practice("healthChecks", {"docker-compose.yml": service}).outcome == "present"
    assert practice("healthChecks", {"docker-compose.yml": mounted}).outcome == "absent"


def test_functions_have_no_health_check_of_their_own() -> None:
    sam = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Orders:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: .}\n"
    found = assess(InMemoryRepository({"template.yaml": sam, "requirements.txt": "x\n", "app.py": "x = 1\n"}))
    fact = found.fact("practices", "healthChecks")
    assert fact is not None
    assert (fact.outcome, fact.reason) == ("unknown", "functions have no health check of their own")


def test_an_image_pushed_from_branches_and_deployed_nowhere_here_is_deployed_elsewhere() -> None:
    push = "  image:\n    runs-on: x\n    steps:\n      - run: docker build -t ghcr.io/acme/web:main .\n      - run: docker push ghcr.io/acme/web:main\n"
    files = {CI: HEAD + push}
    assert practice("rollback", files).outcome == "unknown"
    assert practice("artifactPinning", files).outcome == "absent"
    tagged = HEAD.replace("branches: [main]", "tags: ['v*']")
    assert practice("rollback", {CI: tagged + push}).outcome == "absent"


def test_a_page_that_says_what_runs_this_leaves_releases_unknown_and_advice_does_not() -> None:
    said = {"README.md": "# Web\n\nIt is deployed with Coolify.\n"}
    advice = {"README.md": "# Web\n\nYou can deploy it to Render.\n"}
    assert practice("rollback", said).outcome == "unknown"
    assert practice("rollback", advice).outcome == "absent"


def test_flux_takes_a_failed_upgrade_back_only_where_it_is_told_to() -> None:
    release = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec:\n  upgrade:\n"
    )
    told = {"apps/web.yaml": f"{release}    remediation:\n      retries: 2\n"}
    assert practice("rollback", told).evidence == ("repo:apps/web.yaml#L6-L6",)
    assert practice("rollback", {"apps/web.yaml": f"{release}    force: true\n"}).outcome == "absent"
    assert "helm" in platforms(told)


def test_a_heading_about_rollback_counts_on_a_page_about_operating_this() -> None:
    page = "# Web\n\n## How to roll back\n\nSee below.\n"
    assert practice("rollback", {"docs/releasing.md": page}).evidence == ("repo:docs/releasing.md#L3-L3",)
    assert practice("rollback", {"docs/features/rolling.md": page}).outcome == "absent"
    code = "# Web\n\n```sh\n# rollback\nmake\n```\n"
    assert practice("rollback", {"docs/releasing.md": code}).outcome == "absent"
    assert practice("rollback", {"docs/releasing.md": "## Rollback of migrations\n"}).outcome == "absent"


def test_a_flag_that_switches_rollback_off_is_no_rollback() -> None:
    run = "      - run: aws cloudformation create-stack --disable-rollback --stack-name web\n"
    files = {CI: f"{HEAD}  ship:\n    runs-on: x\n    steps:\n{run}"}
    assert practice("rollback", files).outcome == "absent"


def test_what_a_server_pulls_is_not_pinned() -> None:
    step = "      - uses: appleboy/ssh-action@v1\n        with:\n          script: |\n            cd web\n            git pull\n            pm2 restart web\n"
    found = practice("artifactPinning", {CI: f"{HEAD}  ship:\n    runs-on: x\n    steps:\n{step}"})
    assert (found.outcome, found.evidence) == ("absent", (f"repo:{CI}#L12-L12",))


def test_a_tag_of_the_branch_is_no_version_where_branches_are_pushed() -> None:
    def build(kinds: str) -> str:
        meta = f"      - id: meta\n        uses: docker/metadata-action@v6\n        with:\n          images: ghcr.io/acme/web\n          tags: |\n{kinds}"
        return f"{HEAD}  image:\n    runs-on: x\n    steps:\n{meta}      - uses: docker/build-push-action@v7\n        with: {{push: true, tags: '${{{{ steps.meta.outputs.tags }}}}'}}\n"

    moving = build("            type=ref,event=branch\n            type=ref,event=tag\n")
    fixed = build("            type=ref,event=branch\n            type=sha\n")
    assert practice("artifactPinning", {CI: moving}).outcome == "absent"
    assert practice("artifactPinning", {CI: fixed}).outcome == "present"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\ndependencies:\n  - name: generic-prometheus-alerts\n    version: 1.0.0\n", 4),
        ("system/rook/values.yaml", "monitoring:\n  createPrometheusRules: true\n", 2),
        ("system/db/values.yaml", "metrics:\n  prometheusRule:\n    enabled: true\n", 2),
        ("cdk/lib/web.ts", "import { X } from 'aws-cdk-lib';\nnew X(this, {\n  unhealthyInstancesAlarm: true,\n});\n", 3),
        ("infra/alarm.tf", 'resource "newrelic_alert_condition" "slow" {\n  name = "slow"\n}\n', 1),
    ],
)  # fmt: skip
def test_alerts_that_something_else_defines_are_there_when_they_are_switched_on(
    path: str, text: str, line: int
) -> None:
    found = practice("alerts", {path: text})
    assert found.outcome == "present"
    assert found.evidence[0].startswith(f"repo:{path}#L{line}-")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("system/db/values.yaml", "metrics:\n  prometheusRule:\n    enabled: false\n"),
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\ndependencies:\n  - name: alertmanager\n"),
        ("cdk/lib/web.ts", "import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';\nconst unhealthyInstancesAlarm = false;\n"),
        ("cdk/lib/web.test.ts", "import 'aws-cdk-lib';\nexpect({ unhealthyInstancesAlarm: true });\n"),
    ],
)  # fmt: skip
def test_alerts_that_are_off_or_only_tested_are_none(path: str, text: str) -> None:
    assert practice("alerts", {path: text}).outcome == "absent"


def test_monitoring_that_a_remote_module_is_asked_for_is_unknown() -> None:
    module = (
        'module "db" {\n  source = "git::https://git.example.org/db"\n  action_group_name = "on-call"\n}\n'
    )
    assert practice("alerts", {"infra/db.tf": module}).outcome == "unknown"
    local = module.replace("git::https://git.example.org/db", "./modules/db")
    inside = {"infra/db.tf": local, "infra/modules/db/main.tf": "# nothing\n"}
    assert practice("alerts", inside).outcome == "absent"


def test_helm_in_a_pipeline_is_helm_and_in_a_cluster_of_the_job_it_is_not() -> None:
    job = f"{HEAD}  ship:\n    runs-on: x\n    steps:\n"
    assert {"helm", "kubernetes"} <= platforms({CI: job + DEPLOY})
    assert "helm" not in platforms({CI: f"{job}      - uses: helm/kind-action@v1\n{DEPLOY}"})


def test_an_azure_template_is_azure_and_another_file_of_its_name_is_not() -> None:
    schema = '{\n  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"\n}\n'
    assert "azure" in platforms({"template.json": schema})
    assert "azure" not in platforms({"template.json": '{"greeting": "hello"}\n'})


def test_a_restore_of_packages_publishes_nothing() -> None:
    def pipeline(command: str) -> str:
        return f"trigger: [main]\nsteps:\n  - task: NuGetCommand@2\n    inputs:\n      {command}\n"

    def published(command: str) -> bool:
        found = assess(InMemoryRepository({**APP, "azure-pipelines.yml": pipeline(command)}))
        return any(stage.kind == "publish" for stage in found.as_is.pipeline_stages)

    assert published("command: push")
    assert not published("restoreSolution: app.sln")


def test_a_scanners_token_that_a_remote_action_gets_leaves_the_check_unknown() -> None:
    step = f"{HEAD}  one:\n    runs-on: x\n    steps:\n      - uses: acme/build@v1\n        with:\n          snyk-token: x\n"
    assert practice("dependencyScan", {CI: step}).outcome == "unknown"


def test_a_bold_line_with_the_command_below_it_is_a_procedure() -> None:
    page = "# Web\n\n__Rollback to the previous version:__\n\n```\nhelm rollback web 3 --wait\n```\n"
    assert practice("rollback", {"helm_deploy/README.md": page}).evidence == (
        "repo:helm_deploy/README.md#L3-L3",
    )


def test_a_check_of_staging_before_production_is_there_even_where_nothing_waits_for_it() -> None:
    job = "  deploy-api:\n    runs-on: x\n    environment: {0}\n    steps:\n      - run: npx @railway/cli up --service api\n"
    check = (
        "  e2e-api:\n    needs: [deploy-api]\n    runs-on: x\n    steps:\n      - run: bun src/journeys.ts\n"
    )
    production = {".github/workflows/production.yml": HEAD + job.format("production")}
    staging = {
        ".github/workflows/staging.yml": HEAD.replace("main", "develop") + job.format("staging") + check
    }
    found = practice("stagedVerification", {**production, **staging})
    assert (found.outcome, found.strength) == ("present", "present")
    assert practice("stagedVerification", production).outcome == "absent"


def test_a_program_at_the_root_declares_probes_in_its_sources_but_an_application_no_health_check() -> None:
    project = {"Pulumi.yaml": "name: web\nruntime: nodejs\n", "package.json": '{"name": "web"}\n'}
    probe = {"src/web.ts": "new k8s.Deployment('web', {\n  livenessProbe: { httpGet: {} },\n});\n"}
    own = {"src/web.ts": "const app = {\n  healthCheck: true,\n};\n"}
    assert practice("healthChecks", {**project, **probe}).evidence == ("repo:src/web.ts#L2-L2",)
    assert practice("healthChecks", {**project, **own}).outcome == "absent"


def test_a_remote_module_of_uptime_checks_may_alert_and_a_commented_one_does_not() -> None:
    module = 'module "uptime" {\n  source = "git::https://git.example.org/monitoring/statuscake?ref=v1"\n}\n'
    assert practice("alerts", {"infra/watch.tf": module}).outcome == "unknown"
    off = "".join(f"# {row}\n" for row in module.splitlines())
    provider = (
        'terraform {\n  required_providers {\n    x = {\n      source = "acme/statuscake"\n    }\n  }\n}\n'
    )
    for text in (off, f"/*\n{module}*/\n", provider):
        assert practice("alerts", {"infra/watch.tf": text}).outcome == "absent"


def test_a_runbook_is_cited_where_the_alert_links_it() -> None:
    rules = "groups:\n  - name: web\n    rules:\n      - alert: Slow\n        expr: up == 0\n        annotations:\n          runbook_url: https://wiki.example.org/slow\n"
    assert practice("runbooks", {"monitoring/alerts.yml": rules}).evidence == (
        "repo:monitoring/alerts.yml#L7-L7",
    )


def test_a_scheduled_plan_that_fails_on_differences_is_a_drift_check() -> None:
    plan = "  plan:\n    runs-on: ubuntu-latest\n    steps:\n      - run: terraform plan -detailed-exitcode\n"
    nightly = f"on: {{schedule: [{{cron: '0 1 * * *'}}]}}\njobs:\n{plan}"

    assert practice("driftCheck", {".github/workflows/drift.yml": nightly}).outcome == "present"
    assert practice("driftCheck", {CI: HEAD + plan}).outcome == "absent"


@pytest.mark.parametrize(
    ("remote", "releases"),
    [
        ("git@beta.aptible.com:shop-prod/shop-prod.git", True),
        ("https://git.heroku.com/shop.git", True),
        ("dokku@shop.example:shop", True),
        ("git@github.com:acme/mirror.git", False),
        ("origin", False),
    ],
)
def test_a_push_to_a_host_that_releases_what_it_gets_is_a_deployment(remote: str, releases: bool) -> None:
    job = f"  deploy:\n    environment: production\n    runs-on: ubuntu-latest\n    steps: [{{run: 'git push {remote} main'}}]\n"
    found = assess(InMemoryRepository({**APP, CI: HEAD + job}))

    assert ("deploy" in {stage.kind for stage in found.as_is.pipeline_stages}) is releases
