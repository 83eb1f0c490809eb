"""Practices that platforms keep to themselves, hooks and company actions name, and settings of other shapes declare."""

from collections.abc import Mapping

import pytest

from platform_operations.assess import assess
from platform_operations.model.assessment import Assessment, Fact
from platform_operations.repository import InMemoryRepository

APP = {
    "Dockerfile": "FROM python:3.12\nEXPOSE 8000\nCMD gunicorn app\n",
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "x = 1\n",
}
WEB = {"package.json": '{"name": "web", "private": true}\n'}
HEAD = "on:\n  push:\n    branches: [main]\njobs:\n"
CI = ".github/workflows/ci.yml"
HOOKS = ".pre-commit-config.yaml"


def assessed(files: Mapping[str, str]) -> Assessment:
    return assess(InMemoryRepository({**APP, **files}))


def practice(name: str, files: Mapping[str, str]) -> Fact:
    fact = assessed(files).fact("practices", name)
    assert fact is not None
    return fact


def steps(*rows: str, job: str = "deploy") -> str:
    return f"{HEAD}  {job}:\n    runs-on: ubuntu-latest\n    steps:\n" + "".join(
        f"      - {row}\n" for row in rows
    )


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
