"""Scans that something outside the repository runs, known by what is handed to it or by the settings it reads here."""

import pytest
from tests.small_services import CI, HEAD, practice, steps

REMOTE = "uses: acme/shared/.github/actions/{}@main\n        with:\n          {}: ${{{{ secrets.X }}}}"


def outcomes(files: dict[str, str]) -> tuple[str, str]:
    return practice("securityScan", files).outcome, practice("dependencyScan", files).outcome


@pytest.mark.parametrize(
    ("secret", "security", "dependencies"),
    [
        ("sonar-token", "unknown", "absent"),
        ("snyk-token", "unknown", "unknown"),
        ("SNYK_CLIENT_ID", "unknown", "unknown"),
        ("npm-token", "absent", "absent"),
        ("sonar-project-name", "absent", "absent"),
    ],
)
def test_a_secret_of_a_scanner_that_is_handed_on_leaves_the_scan_open(
    secret: str, security: str, dependencies: str
) -> None:
    files = {CI: steps(REMOTE.format("prepare", secret), job="prepare")}
    assert outcomes(files) == (security, dependencies)


def test_secrets_for_a_workflow_of_elsewhere_leave_the_check_of_dependencies_open() -> None:
    call = f"{HEAD}  one:\n    uses: acme/shared/.github/workflows/sast.yml@v2\n"
    assert practice("dependencyScan", {CI: call}).outcome == "absent"
    handed = f"{call}    secrets:\n      SNYK_CLIENT_SECRET: ${{{{ secrets.S }}}}\n"
    assert practice("dependencyScan", {CI: handed}).outcome == "unknown"


def test_the_token_of_a_scan_of_the_image_that_stands_here_leaves_nothing_open() -> None:
    scan = "uses: snyk/actions/docker@v1\n        env:\n          SNYK_TOKEN: ${{ secrets.S }}\n        with:\n          image: web:1"
    assert outcomes({CI: steps(scan, job="scan")}) == ("present", "absent")


@pytest.mark.parametrize(
    ("path", "text", "security", "dependencies"),
    [
        (".snyk", "version: v1\nignore:\n  SNYK-1:\n    - '*': {}\n", "absent", "unknown"),
        (".snyk", "exclude:\n  global:\n    - vendor/**\n", "unknown", "absent"),
        (".whitesource", "{}\n", "absent", "unknown"),
        (".sonarcloud.properties", "sonar.sources=src\n", "unknown", "absent"),
        (".gitguardian.yaml", "version: 2\n", "unknown", "absent"),
        ("docs/.snyk", "ignore: {}\n", "absent", "absent"),
        (".github/dependabot.yml", "version: 2\n", "absent", "absent"),
    ],
)
def test_settings_of_a_service_that_scans_by_itself_leave_its_practice_open(
    path: str, text: str, security: str, dependencies: str
) -> None:
    assert outcomes({path: text}) == (security, dependencies)


def test_a_scan_that_runs_here_is_present_whatever_the_settings_are() -> None:
    files = {".snyk": "ignore: {}\n", CI: steps("run: snyk test", job="scan")}
    assert practice("dependencyScan", files).outcome == "present"


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (("name: Install", "run: docker compose exec -T web sh -c 'gem install bundle-audit'",
          "run: docker compose exec -T web sh -c 'bundle-audit check --update'"), 10),
        (("uses: ./.github/actions/scan-dependencies",), 8),
    ],
)  # fmt: skip
def test_the_line_that_checks_is_cited_not_the_one_that_brings_the_tool(
    rows: tuple[str, ...], line: int
) -> None:
    fact = practice("dependencyScan", {CI: steps(*rows, job="scan")})
    assert fact.evidence == (f"repo:{CI}#L{line}-L{line}",)


@pytest.mark.parametrize("row", ["group: snyk-${{ github.ref }}", "disable-npm-audit:"])
def test_a_lock_of_a_workflow_and_a_switch_check_nothing(row: str) -> None:
    files = {CI: f"concurrency:\n  {row}\n{steps('run: make', job='one')}"}
    assert practice("dependencyScan", files).outcome == "absent"
