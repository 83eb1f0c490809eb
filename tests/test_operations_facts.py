"""Practices that platforms keep to themselves, hooks and company actions name, and settings of other shapes declare."""

from collections.abc import Mapping

import pytest
from tests.small_services import CI, HEAD, assessed, practice, steps

HOOKS = ".pre-commit-config.yaml"


COOLIFY = steps('run: curl --fail "https://cool.example/api/v1/deploy?uuid=1" -H "Bearer $COOLIFY_TOKEN"')
SHELL = steps("run: kubectl set image deployment/web web=web:1", "run: kubectl rollout status deployment/web")


def test_what_coolify_keeps_stays_open_where_a_pipeline_asks_it_to_deploy() -> None:
    files = {CI: COOLIFY}
    assert practice("rollback", files).outcome == "unknown"
    assert practice("healthChecks", files).outcome == "unknown"


def test_a_site_on_a_dashboard_beside_a_pipeline_that_deploys_elsewhere_leaves_nothing_open() -> None:
    files = {CI: SHELL, "site/netlify.toml": '[build]\npublish = "out"\n'}
    assert practice("rollback", files).outcome == "absent"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("render.yaml", "services:\n  - type: web\n    name: web\n    runtime: python\n"),
        ("railway.json", '{"deploy": {"startCommand": "python app.py"}}\n'),
        (".do/app.yaml", "name: web\nservices:\n  - name: web\n    dockerfile_path: Dockerfile\n"),
    ],
)
def test_a_platforms_own_file_without_a_health_check_has_none(path: str, text: str) -> None:
    assert practice("healthChecks", {path: text}).outcome == "absent"
    assert practice("rollback", {path: text}).outcome == "unknown"


def test_a_platform_without_a_file_here_may_ask_by_its_settings() -> None:
    assert practice("healthChecks", {CI: steps("run: railway up --detach")}).outcome == "unknown"


def called(name: str) -> str:
    return f"{HEAD}  one:\n    uses: acme/shared/.github/workflows/{name}.yml@v2\n"


@pytest.mark.parametrize(
    ("name", "security", "dependencies"),
    [
        ("dependency_graph", "absent", "unknown"),
        ("sast-checks", "present", "absent"),
        ("quality-checks", "unknown", "unknown"),
        ("release-devcontainer", "absent", "absent"),
    ],
)
def test_a_remote_check_of_one_kind_decides_about_that_kind(
    name: str, security: str, dependencies: str
) -> None:
    files = {CI: called(name)}
    assert practice("securityScan", files).outcome == security
    assert practice("dependencyScan", files).outcome == dependencies


def test_a_remote_workflow_decides_no_health_check_of_what_is_declared_here() -> None:
    load = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: web:1\n"
    assert practice("healthChecks", {CI: called("deploy")}).outcome == "unknown"
    assert practice("healthChecks", {CI: called("deploy"), "k8s/web.yaml": load}).outcome == "absent"


@pytest.mark.parametrize(
    ("uses", "outcome"),
    [("newrelic/deployment-marker-action@v2", "absent"), ("guardian/actions-riff-raff@v4", "unknown")],
)
def test_a_marker_of_a_deployment_hands_nothing_over(uses: str, outcome: str) -> None:
    assert practice("rollback", {CI: steps(f"uses: {uses}", job="mark")}).outcome == outcome


@pytest.mark.parametrize(
    ("hook", "security", "dependencies"),
    [
        ("grype-scan-local", "absent", "present"),
        ("acme-gitleaks-docker", "present", "absent"),
        ("check-commit-signing", "absent", "absent"),
        ("forbid-trufflehogs", "absent", "absent"),
    ],
)
def test_a_hook_is_known_by_the_scanner_in_its_id(hook: str, security: str, dependencies: str) -> None:
    files = {HOOKS: f"repos:\n  - repo: local\n    hooks:\n      - id: {hook}\n"}
    assert practice("securityScan", files).outcome == security
    assert practice("dependencyScan", files).outcome == dependencies


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ("uses: acme/security-tools/.github/actions/docker-scan@v3", "present"),
        ("uses: acme/devsecops-actions/sca@v1", "present"),
        ("uses: aquasecurity/trivy-action@v1\n        with:\n          vuln-type: os,library", "present"),
        ("uses: aquasecurity/trivy-action@v1\n        with:\n          vuln-type: os", "absent"),
        ("uses: acme/scale-service@v1", "absent"),
    ],
)
def test_what_looks_through_an_image_for_libraries_checks_dependencies(row: str, outcome: str) -> None:
    assert practice("dependencyScan", {CI: steps(row, job="scan")}).outcome == outcome


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (
            "README.md",
            "# Web\n\n## Restoring from Backup\n\n- Delete it\n  - `kubectl delete -f pv.yaml`\n",
            3,
        ),
        ("ci/README.md", "# CI\n## Restoring state\nRun this:\n\n```sh\nfly -t x execute\n```\n", 2),
        ("docs/secrets.md", "# Secrets\n## Rotate the signing key\n1. Make a new one\n", 2),
        ("support/README.md", "# Operations Support Scripts\nTools.\n", 1),
        ("DEPLOYMENT.md", "# Deploying\n## Troubleshooting\n```bash\nhtop\n```\n", 2),
        ("docs/infrastructure/outages.md", "# Runbook of outages\n1. Look\n", 1),
    ],
)
def test_a_heading_that_says_what_is_put_right_with_steps_below_it_is_a_runbook(
    path: str, text: str, line: int
) -> None:
    found = practice("runbooks", {path: text})
    assert (found.outcome, found.strength) == ("present", "documented")
    assert found.evidence == (f"repo:{path}#L{line}-L{line}",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README.md", "# Web\n## Restoring from Backup\nAsk the platform team.\n## Usage\n`make run`\n"),
        ("README.md", "# Web\n## Restore dependencies\n```sh\ndotnet restore\n```\n"),
        ("README.md", "# Web\n## Troubleshooting\n1. Delete node_modules\n"),
        ("README.md", "# Web\n```sh\n# Restore the backup\n1. x\n```\n"),
        ("docs/plans/release.md", "# Plan\n## Recovery\n1. Undo\n"),
        ("node_modules/db/README.md", "# DB\n## Restore a backup\n1. Undo\n"),
        ("CLAUDE.md", "# Rules\n## Recovery\n1. Undo\n"),
        ("docs/infra.md", "# Infra\n## Set up incident management integration\n1. Click\n"),
    ],
)
def test_a_heading_without_steps_or_about_something_else_is_no_runbook(path: str, text: str) -> None:
    assert practice("runbooks", {path: text}).outcome == "absent"


CDK = {
    "cdk.json": "{}\n",
    "lib/web.ts": "new ecs.FargateService(this, 'x', {\n  circuitBreaker: { rollback: true },\n});\n",
}


@pytest.mark.parametrize(
    ("files", "path", "line"),
    [
        ({"fly.toml": 'app = "x"\n[experimental]\n  auto_rollback = true\n'}, "fly.toml", 3),
        (
            {"deploy/web.nomad": 'job "x" {\n  update {\n    auto_revert = true\n  }\n}\n'},
            "deploy/web.nomad",
            3,
        ),
        (CDK, "lib/web.ts", 2),
        ({"infra/web.tf": 'resource "helm_release" "x" {\n  atomic = true\n}\n'}, "infra/web.tf", 2),
        ({"helmfile.yaml": "helmDefaults:\n  atomic: true\n"}, "helmfile.yaml", 2),
        ({"k8s/c.yaml": "apiVersion: flagger.app/v1beta1\nkind: Canary\n"}, "k8s/c.yaml", 2),
        ({CI: steps("run: helm upgrade --install web ./chart --atomic")}, CI, 8),
        (
            {"infra/cd.tf": 'x "y" {\n  auto_rollback_configuration {\n    enabled = true\n  }\n}\n'},
            "infra/cd.tf",
            2,
        ),
    ],
)
def test_a_setting_a_program_or_a_flag_that_takes_a_failed_release_back_is_a_rollback(
    files: dict[str, str], path: str, line: int
) -> None:
    found = practice("rollback", files)
    assert (found.outcome, found.strength) == ("present", "enforced")
    assert found.evidence == (f"repo:{path}#L{line}-L{line}",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("scripts/rollback.sh", "#!/bin/sh\nkubectl set image deployment/web web=$1\n"),
        ("Makefile", "rollback-prod:\n\thelm rollback web\n"),
        ("deploy/deploy.sh", "helm rollback web 0\n"),
        ("package.json", '{"scripts": {\n"rollback": "flyctl releases rollback"\n}}\n'),
    ],
)
def test_a_script_or_target_that_takes_a_release_back_is_there_to_be_run(path: str, text: str) -> None:
    found = practice("rollback", {path: text})
    assert (found.outcome, found.strength) == ("present", "present")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("fly.toml", 'app = "x"\n[experimental]\n  auto_rollback = false\n'),
        ("infra/cd.tf", 'x "y" {\n  auto_rollback_configuration {\n    enabled = false\n  }\n}\n'),
        ("config/storage.yaml", "writes:\n  atomic: true\n"),
        ("src/store.ts", "await transaction.end({ rollback: true });\n"),
        ("examples/helmfile.yaml", "helmDefaults:\n  atomic: true\n"),
        ("scripts/db-rollback.sh", "docker exec db psql\n"),
        ("Makefile", "db-rollback:\n\talembic downgrade -1\n"),
        (".claude/scripts/rollback.sh", "docker run web\n"),
        ("package.json", '{"scripts": {\n"rollback": "knex migrate:rollback"\n}}\n'),
    ],
)
def test_what_is_off_about_data_or_somebody_elses_takes_no_release_back(path: str, text: str) -> None:
    assert practice("rollback", {path: text}).outcome != "present"


def test_a_page_that_lists_who_deploys_and_operates_this_leaves_releases_open() -> None:
    page = "# Web\n- [Render](https://render.com) - Build, deploy and operate production\n"
    assert practice("rollback", {"README.md": page}).outcome == "unknown"
    assert (
        practice("rollback", {"README.md": "# Web\n- [Render](https://render.com) - a host\n"}).outcome
        == "absent"
    )


def test_a_site_of_the_documentation_that_a_pipeline_publishes_keeps_no_release_of_the_service() -> None:
    docs = steps("run: netlify deploy --prod --dir site")
    files = {CI: SHELL, ".github/workflows/docs.yml": docs}
    assert practice("rollback", files).outcome == "absent"


def platforms(files: Mapping[str, str]) -> set[str]:
    return {fact.aspect for fact in assessed(files).about("platforms") if fact.outcome == "present"}


LOAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: acme/web:__IMAGE_TAG__\n"
PROBE = "          readinessProbe:\n            tcpSocket:\n              port: 80\n"


@pytest.mark.parametrize("name", ["web.tmpl", "web.yaml.j2", "web.yml.erb", "web.template"])
def test_a_manifest_to_be_filled_in_is_one_of_kubernetes(name: str) -> None:
    path = f"kubernetes/{name}"
    assert "kubernetes" in platforms({path: LOAD})
    assert practice("healthChecks", {path: LOAD}).outcome == "absent"
    assert practice("healthChecks", {path: LOAD + PROBE}).outcome == "present"
    assert "kubernetes" not in platforms({path: "Dear {{ name }},\nkind: regards\n"})


def test_kubectl_in_a_pipeline_is_kubernetes_and_in_a_cluster_of_the_job_it_is_not() -> None:
    assert "kubernetes" in platforms({CI: SHELL})
    assert "kubernetes" not in platforms(
        {CI: steps("run: kind create cluster", "run: kubectl apply -f crd.yaml")}
    )
    assert "kubernetes" not in platforms({CI: steps("run: kubectl version --client")})


@pytest.mark.parametrize(
    ("row", "platform", "shown"),
    [
        ("run: docker run gcr.io/kaniko-project/executor:debug", "gcp", False),
        ("run: docker pull k8s.gcr.io/pause:3", "gcp", False),
        ("uses: google-github-actions/release-please-action@v4", "gcp", False),
        ("run: docker push eu.gcr.io/acme-web/web:1", "gcp", True),
        ("uses: google-github-actions/auth@v2", "gcp", True),
        ("uses: azure/docker-login@v1", "azure", False),
        ("uses: azure/login@v2", "azure", True),
    ],
)
def test_a_public_image_or_a_tool_of_a_cloud_is_not_that_cloud(row: str, platform: str, shown: bool) -> None:
    assert (platform in platforms({CI: steps(row)})) is shown


@pytest.mark.parametrize(("path", "outcome"), [("k8s/web.yaml", "present"), ("scripts/web.yaml", "absent")])
def test_what_developers_run_for_themselves_declares_no_health_check(path: str, outcome: str) -> None:
    assert practice("healthChecks", {path: LOAD + PROBE}).outcome == outcome


def test_a_manifest_that_something_else_fills_in_and_applies_leaves_the_way_back_open() -> None:
    pushed = steps("run: docker push acme/web:${{ github.sha }}", job="image")
    assert practice("rollback", {CI: pushed, "deploy/web.yaml.erb": LOAD}).outcome == "unknown"
    assert practice("rollback", {CI: pushed, "deploy/web.yaml": LOAD}).outcome == "absent"
