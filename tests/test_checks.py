"""The table of checks: what runs which check, what keeps one from failing, and what is proposed where one is missing."""

import pytest

from platform_operations.platforms.checks import (
    CHECKS,
    Check,
    cannot_fail,
    check_of,
    input_cannot_fail,
    proposals,
    runs_check,
)
from platform_operations.platforms.reading.commands import begins, invocation


@pytest.mark.parametrize(
    ("command", "id"),
    [
        ("uv run --frozen pytest -q", "pytest"),
        ("python -m pytest tests", "pytest"),
        ("CI=1 npx --yes vitest@1.2 run", "vitest"),
        ("./node_modules/.bin/jest --ci", "jest"),
        ("bundle exec rspec spec", "rspec"),
        ("./gradlew -q test", "gradle-test"),
        ("${PREFIX}coverage run -m pytest", "pytest"),
        ("docker compose run --rm web pytest", "pytest"),
        ("docker run --rm -v $PWD:/w aquasec/trivy:0.50.0 image acme/app", "trivy"),
        ("trivy fs --exit-code 1 .", "trivy-fs"),
        ("trivy config .", "trivy-config"),
        ("semgrep ci", "semgrep-ci"),
        ("npm --prefix web audit", "npm-audit"),
        ("git ls-files -z | xargs -0 detect-secrets-hook".rpartition("| ")[2], "detect-secrets"),
        ("uses aquasecurity/trivy-action@0.28.0", "trivy"),
        ("uses github/codeql-action/analyze@v3", "codeql"),
        ("uses Snyk/actions/docker@master", "snyk-container"),
    ],
)
def test_a_check_is_found_however_it_is_called(command: str, id: str) -> None:
    check = check_of(command)
    assert check is not None and check.id == id


@pytest.mark.parametrize(
    "command",
    [
        "echo pytest",
        "pip install pytest",
        "npm ci",
        "git commit -m 'run pytest'",
        "uses github/codeql-action/init@v3",
        "",
        "'",
    ],
)
def test_what_only_mentions_a_check_is_none(command: str) -> None:
    assert check_of(command) is None


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("trivy image acme/app", "without --exit-code"),
        ("trivy image --exit-code 0 acme/app", "--exit-code 0"),
        ("trivy image --exit-code=0 acme/app", "--exit-code 0"),
        ("semgrep scan --config auto", "without --error"),
        ("npm audit --audit-level=none", "--audit-level=none"),
        ("bandit --exit-zero -r src", "--exit-zero"),
        ("gosec -no-fail ./...", "-no-fail"),
        ("checkov -d . --soft-fail", "--soft-fail"),
        ("grype acme/app", "without --fail-on"),
        ("docker scout cves acme/app", "without --exit-code"),
        ("mvn -DskipTests verify", "-DskipTests"),
        ("brakeman --no-exit-on-warn", "--no-exit-on-warn"),
        ("pip-audit || true", "|| true"),
        ("make anything || :", "|| :"),
    ],
)
def test_a_check_that_cannot_stop_a_release_says_by_what(command: str, why: str) -> None:
    assert cannot_fail(command) == why


@pytest.mark.parametrize(
    "command",
    [
        "trivy image --exit-code 1 --severity HIGH,CRITICAL acme/app", "trivy image --exit-code=1 acme/app", "semgrep scan --error",
        "semgrep ci", "npm audit --audit-level=high", "pip-audit", "osv-scanner scan source -r .", "grype acme/app --fail-on high",
        "gitleaks detect", "pytest -q", "pytest || exit 1", "yarn audit --level high", "uses aquasecurity/trivy-action@0.28.0",
    ],
)  # fmt: skip
def test_a_check_that_can_stop_a_release_has_no_such_flag(command: str) -> None:
    assert cannot_fail(command) is None


def test_every_command_that_is_proposed_is_recognised_as_its_check_and_can_fail() -> None:
    for check in CHECKS:
        if check.run is None:
            continue
        command = check.run.replace("{image}", "acme/app@sha256:0")
        if check.id != "cosign-verify":
            found = check_of(command)
            assert found is not None and found.id == check.id, check.id
        assert cannot_fail(command) is None, check.id


def test_ids_are_unique_and_every_check_can_be_recognised() -> None:
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids)
    assert all(check.commands or check.uses for check in CHECKS)


def test_linters_are_no_gates() -> None:
    found = check_of("ruff check .")
    assert found is not None and found.gate is None and found.stage == "analyze"


def test_a_tool_stands_in_runs_by_its_id_its_program_or_its_action() -> None:
    assert runs_check("pytest", ("uv run pytest",))
    assert runs_check("trivy", ("docker push x", "uses aquasecurity/trivy-action@0.28.0"))
    assert runs_check("terraform", ("terraform apply",))
    assert not runs_check("pytest", ("pip install pytest",))


@pytest.mark.parametrize(
    ("uses", "inputs", "why"),
    [
        ("aquasecurity/trivy-action", {}, "without exit-code"),
        ("aquasecurity/trivy-action", {"exit-code": "0"}, "exit-code=0"),
        ("aquasecurity/trivy-action", {"exit-code": "1"}, None),
        ("anchore/scan-action", {"fail-build": "false"}, "fail-build=false"),
        ("anchore/scan-action", {}, None),
        ("bridgecrewio/checkov-action", {"soft_fail": "true"}, "soft_fail=true"),
        ("actions/dependency-review-action", {"warn-only": "true"}, "warn-only=true"),
    ],
)
def test_an_actions_inputs_can_keep_it_from_failing(
    uses: str, inputs: dict[str, str], why: str | None
) -> None:
    check = check_of(f"uses {uses}@v1")
    assert check is not None
    assert input_cannot_fail(check, inputs) == why


def test_proposals_begin_with_what_is_made_for_the_language() -> None:
    assert proposals("dependency-scan", ("python",), False)[0].id == "pip-audit"
    assert proposals("dependency-scan", ("typescript",), False)[0].id == "npm-audit"
    assert proposals("unit-test", ("go",), False)[0].id == "go-test"
    assert proposals("secret-scan", (), False)[0].id == "gitleaks"


def test_image_scans_are_proposed_only_where_there_is_a_container() -> None:
    assert proposals("image-scan", ("python",), False) == ()
    assert proposals("image-scan", ("python",), True)[0].id == "trivy"


def test_nothing_is_proposed_for_a_language_that_no_check_is_made_for() -> None:
    found: tuple[Check, ...] = proposals("unit-test", ("cobol",), False)
    assert found == ()


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("sudo -E env A=b docker build .", ("docker", "build", ".")),
        ("URL=$(vercel deploy --prod)", ("vercel", "deploy", "--prod")),
        ("poetry run python3.12 manage.py test", ("python", "manage.py", "test")),
        ("timeout 10m ./mvnw verify", ("mvn", "verify")),
        ("docker build -t x:${{ github.sha }} .", ("docker", "build", "-t", "x:${{ github.sha }}", ".")),
    ],
)
def test_what_a_command_really_calls_comes_first(text: str, called: tuple[str, ...]) -> None:
    assert invocation(text) == called


def test_options_between_the_words_of_a_beginning_are_passed_over() -> None:
    called = invocation("kubectl --context prod -n shop set image deployment/app app=x")
    assert begins(called, "kubectl set image")
    assert not begins(called, "kubectl rollout undo")
    assert begins(invocation("netlify deploy --dir=x --prod"), "netlify deploy --prod")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("go test -run NOTHING ./...", "-run NOTHING"),
        ("go test -run '^$' ./...", "-run ^$"),
        ("python -m pytest -k no_such_test", "-k no_such_test"),
        ("npx jest --testPathPattern=none", "--testPathPattern none"),
        ('pip-audit --ignore-vuln "*"', "--ignore-vuln *"),
        ("semgrep scan --error --exclude '**'", "--exclude **"),
        ("gitleaks detect --redact /tmp/empty", "/tmp/empty"),
        ("gitleaks detect --source=/tmp/empty", "/tmp/empty"),
        ("pip-audit -r /dev/null", "/dev/null"),
        ("osv-scanner scan source --recursive $(mktemp -d)", "$(mktemp -d)"),
    ],
)
def test_a_check_that_looks_at_nothing_cannot_fail(command: str, why: str) -> None:
    assert cannot_fail(command) == why


@pytest.mark.parametrize(
    "command",
    [
        "go test -run 'TestOrders|TestRefunds' ./...",
        "python -m pytest -k 'not slow' -m 'not integration'",
        "npx jest -t refund",
        "pip-audit --ignore-vuln GHSA-aaaa-bbbb-cccc",
        "npm audit --omit=dev --audit-level=high",
        "gitleaks detect --redact --report-path /tmp/leaks.json",
        "gitleaks git --redact --log-opts all",
        "pip-audit -r requirements.txt -o /tmp/audit.json",
        "trivy image --input /tmp/image.tar --exit-code 1",
        "semgrep scan --error --exclude tests",
        "python -m pytest --basetemp=/tmp/run",
    ],
)
def test_a_check_that_looks_at_a_part_or_writes_elsewhere_can_fail(command: str) -> None:
    assert cannot_fail(command) is None
