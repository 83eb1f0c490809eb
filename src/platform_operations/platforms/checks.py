"""The checks that engineers run in pipelines: how to recognise each, what makes it fail, and what makes it unable to.

Behaviour was read in the tools' documentation in November 2026. Trivy exits 0 whatever it finds unless `--exit-code`
says otherwise (trivy, "Others", configuration/others.md). OSV-Scanner exits 1 on any finding (osv-scanner, issue
676). `semgrep ci` exits 1 on blocking findings, `semgrep scan` only with `--error` (semgrep, "Handling blocking
findings and errors" and CLI reference). Yarn 1's `--level` filters the table and not the exit code (classic
yarn, cli/audit). `npm audit` fails at the level of `--audit-level`, which is low by default, and never at `none` (npm/cli,
pull request 1182). Grype fails only with `--fail-on` (grype, issue 1922); its action sets that itself. Snyk exits 1 on
findings (snyk, "Exit codes"). TruffleHog needs `--fail`, its action adds it. Docker Scout needs `--exit-code`.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from platform_operations.model.words import GateKind, StageKind
from platform_operations.platforms.reading.commands import begins, has, invocation
from platform_operations.platforms.reading.narrowing import leaves_all_out, looks_away, selects_nothing

WITHOUT = "without "


@dataclass(frozen=True, slots=True)
class Check:
    """One tool that judges a change.

    `gate` is None for linters: they speak of style and stop nothing that a gate of the plan is about. `commands` are
    beginnings of commands, `uses` of CI actions, `run` is the command we propose, one that really fails on findings.
    `cannot_fail` are options under which the tool exits 0 whatever it finds, `without OPTION` where it needs an option
    to fail; `inputs` say the same of the action's inputs, as NAME=VALUE or `without NAME`.
    """

    id: str
    gate: GateKind | None
    stage: StageKind
    ecosystems: tuple[str, ...]
    commands: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    run: str | None = None
    fails_on: tuple[str, str] = ("findings", "1")
    cannot_fail: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()


_PY = ("python",)
_JS = ("javascript", "typescript")
_JVM = ("java", "kotlin", "scala", "groovy")
_ANY = ("any",)
_FAILURES = ("failures", "1")


def _test(
    id: str, languages: tuple[str, ...], *commands: str, run: str | None = None, **more: tuple[str, ...]
) -> Check:
    return Check(id, "unit-test", "test", languages, commands, run=run, fails_on=_FAILURES, **more)


def _journey(id: str, *commands: str, uses: tuple[str, ...] = ()) -> Check:
    return Check(id, "e2e-test", "test", _ANY, commands, uses=uses, fails_on=_FAILURES)


def _lint(id: str, languages: tuple[str, ...], *commands: str, uses: tuple[str, ...] = ()) -> Check:
    return Check(id, None, "analyze", languages, commands, uses=uses)


_TESTS = (
    _test("pytest", _PY, "pytest", "py.test", "slipcover pytest", run="pytest -q"),
    _test("unittest", _PY, "unittest", "python manage.py test", "python setup.py test", run="python -m unittest"),
    _test("tox", _PY, "tox"),
    _test("nox", _PY, "nox"),
    _test("hatch-test", _PY, "hatch test"),
    _test("jest", _JS, "jest", "react-scripts test", run="npx jest --ci", cannot_fail=("--passWithNoTests=only",)),
    _test("vitest", _JS, "vitest", run="npx vitest run"),
    _test("mocha", _JS, "mocha", "nyc mocha", "c8 mocha", run="npx mocha"),
    _test("ava", _JS, "ava"),
    _test("node-test", _JS, "node --test", "tsx --test"),
    _test("bun-test", _JS, "bun test"),
    _test("deno-test", _JS, "deno test"),
    _test("angular-test", _JS, "ng test"),
    _test("karma", _JS, "karma start"),
    _test("npm-test", _JS, "npm test", "npm run test", "npm t", "yarn test", "yarn run test", "pnpm test", "pnpm run test", "bun run test", run="npm test"),
    _test("go-test", ("go",), "go test", "gotestsum", "richgo test", "ginkgo", run="go test ./..."),
    _test("cargo-test", ("rust",), "cargo test", "cargo nextest", "cargo llvm-cov", run="cargo test --locked"),
    _test("maven-test", _JVM, "mvn test", "mvn verify", "mvn integration-test", run="mvn -B verify", cannot_fail=("-DskipTests", "-Dmaven.test.skip", "-Dmaven.test.failure.ignore", "-fn", "--fail-never")),
    _test("gradle-test", _JVM, "gradle test", "gradle check", "gradle integrationTest", run="./gradlew check"),
    _test("sbt-test", ("scala",), "sbt test", run="sbt test"),
    _test("rspec", ("ruby",), "rspec", "rake spec", "rake knapsack:rspec", "rake knapsack_pro:rspec", "rake knapsack_pro:queue:rspec", "parallel_rspec", "rake parallel:spec", "turbo_tests", run="bundle exec rspec"),
    _test("rails-test", ("ruby",), "rails test", "rake test", run="bin/rails test"),
    _test("phpunit", ("php",), "phpunit", "php artisan test", "pest", "composer test", "composer run test", run="vendor/bin/phpunit"),
    _test("dotnet-test", ("csharp", "dotnet"), "dotnet test", "dotnet vstest", run="dotnet test"),
    _test("mix-test", ("elixir",), "mix test", run="mix test"),
    _test("swift-test", ("swift",), "swift test", "xcodebuild test", run="swift test"),
    _test("flutter-test", ("dart",), "flutter test", "dart test", run="flutter test"),
    _test("ctest", ("c", "c++", "cpp"), "ctest", run="ctest --output-on-failure"),
    _test("bats", ("shell",), "bats", run="bats tests"),
    _test("chart-testing", ("iac",), "ct install", "ct lint-and-install"),
    _journey("cypress", "cypress run", "cypress open", uses=("cypress-io/github-action", "cypress-io/cypress/run")),
    _journey("playwright", "playwright test", uses=("microsoft/playwright-github-action",)),
    _journey("dusk", "php artisan dusk", "artisan dusk"),
    _journey("newman", "newman run", uses=("matt-ball/newman-action",)),
    _journey("testcafe", "testcafe"),
    _journey("hurl", "hurl --test"),
    _journey("tavern", "tavern-ci"),
    _journey("checkly", "checkly test", "checkly trigger"),
    _journey("robot", "robot"),
    _journey("behave", "behave"),
    _journey("cucumber", "cucumber", "cucumber-js"),
    _journey("detox", "detox test"),
    _journey("maestro", "maestro test", uses=("mobile-dev-inc/action-maestro-cloud",)),
    Check("k6", "performance", "test", _ANY, ("k6 run",), ("grafana/k6-action", "grafana/run-k6-action"), fails_on=("thresholds", "1"), cannot_fail=("--no-thresholds",)),
    Check("artillery", "performance", "test", _ANY, ("artillery run",), ("artilleryio/action-cli",), fails_on=("thresholds", "1")),
    Check("locust", "performance", "test", _ANY, ("locust --headless",), fails_on=_FAILURES),
    Check("lighthouse", "performance", "test", _JS, ("lhci autorun", "lhci assert"), ("treosh/lighthouse-ci-action",), fails_on=("assertions", "1")),
    Check("codecov", "coverage", "test", _ANY, ("codecov",), ("codecov/codecov-action",), fails_on=("upload-errors", "1"), cannot_fail=("without --fail-on-error", "without -Z"), inputs=("without fail_ci_if_error", "fail_ci_if_error=false")),
    Check("coverage", "coverage", "test", _PY, ("coverage report --fail-under", "coverage-threshold"), run="coverage report --fail-under=80", fails_on=("failures", "1")),
)  # fmt: skip

_SAST = (
    Check("semgrep", "sast", "analyze", _ANY, ("semgrep",), ("semgrep/semgrep-action", "returntocorp/semgrep-action"), run="semgrep scan --config auto --error", cannot_fail=("without --error",)),
    Check("semgrep-ci", "sast", "analyze", _ANY, ("semgrep ci",)),
    Check("codeql", "sast", "analyze", _ANY, ("codeql database analyze",), ("github/codeql-action/analyze",), fails_on=("severity", "error")),
    Check("bandit", "sast", "analyze", _PY, ("bandit",), ("pycqa/bandit-action", "mdegis/bandit-action", "shundor/python-bandit-scan"), run="bandit -q -r .", cannot_fail=("--exit-zero",), inputs=("exit_zero=true",)),
    Check("sonar", "sast", "analyze", _ANY, ("sonar-scanner", "mvn sonar:sonar", "gradle sonar", "gradle sonarqube", "dotnet sonarscanner end", "mvn org.sonarsource.scanner.maven:sonar-maven-plugin:sonar"), ("sonarsource/sonarqube-scan-action", "sonarsource/sonarcloud-github-action", "sonarsource/sonarqube-quality-gate-action", "sonarsource/sonarqube-github-action", "sonarsource/sonarcloud-scan", "sonarsource/sonarqube-scan", "sonarsource/sonarcloud-quality-gate"), fails_on=("quality-gate", "1")),
    Check("gosec", "sast", "analyze", ("go",), ("gosec",), ("securego/gosec",), run="gosec ./...", cannot_fail=("-no-fail", "--no-fail")),
    Check("brakeman", "sast", "analyze", ("ruby",), ("brakeman",), run="bundle exec brakeman --no-pager", cannot_fail=("--no-exit-on-warn",)),
    Check("njsscan", "sast", "analyze", _JS, ("njsscan",), ("ajinabraham/njsscan-action",)),
    Check("psalm-taint", "sast", "analyze", ("php",), ("psalm --taint-analysis",)),
    Check("snyk-code", "sast", "analyze", _ANY, ("snyk code test",)),
    Check("zizmor", "sast", "analyze", _ANY, ("zizmor",), ("zizmorcore/zizmor-action", "woodruffw/zizmor-action"), cannot_fail=("--no-exit-codes",)),
    Check("scorecard", "sast", "analyze", _ANY, ("scorecard",), ("ossf/scorecard-action",), fails_on=("score", "1"), cannot_fail=("--repo",), inputs=("without fail-below",)),
    Check("devskim", "sast", "analyze", _ANY, ("devskim analyze",), ("microsoft/devskim-action",)),
    Check("zap", "sast", "verify", _ANY, ("zap-baseline.py", "zap-full-scan.py"), ("zaproxy/action-baseline", "zaproxy/action-full-scan", "zaproxy/action-api-scan"), cannot_fail=("-I",), inputs=("fail_action=false",)),
    Check("gitlab-sast", "sast", "analyze", _ANY, (), ("gitlab-template/sast",)),
)  # fmt: skip

_DEPENDENCIES = (
    Check("pip-audit", "dependency-scan", "analyze", _PY, ("pip-audit",), ("pypa/gh-action-pip-audit",), run="pip-audit .", cannot_fail=("--dry-run",)),
    Check("safety", "dependency-scan", "analyze", _PY, ("safety check", "safety scan"), ("pyupio/safety-action",), run="safety scan", cannot_fail=("--continue-on-error",)),
    Check("uv-audit", "dependency-scan", "analyze", _PY, ("uv audit",)),
    Check("npm-audit", "dependency-scan", "analyze", _JS, ("npm audit", "better-npm-audit audit", "audit-ci", "improved-yarn-audit"), run="npm audit --audit-level=high", fails_on=("severity", "low"), cannot_fail=("--audit-level=none", "fix")),
    Check("yarn-audit", "dependency-scan", "analyze", _JS, ("yarn audit", "yarn npm audit", "yarn run audit"), run="yarn npm audit --all --recursive", fails_on=("severity", "info")),
    Check("pnpm-audit", "dependency-scan", "analyze", _JS, ("pnpm audit",), run="pnpm audit --audit-level=high", fails_on=("severity", "low"), cannot_fail=("--ignore-registry-errors=only",)),
    Check("bun-audit", "dependency-scan", "analyze", _JS, ("bun audit",), run="bun audit", fails_on=("severity", "low")),
    Check("osv-scanner", "dependency-scan", "analyze", _ANY, ("osv-scanner",), ("google/osv-scanner-action",), run="osv-scanner scan source -r .", inputs=("fail-on-vuln=false",)),
    Check("govulncheck", "dependency-scan", "analyze", ("go",), ("govulncheck", "go run golang.org/x/vuln/cmd/govulncheck"), ("golang/govulncheck-action",), run="govulncheck ./...", cannot_fail=("-json", "-format=json", "-format=sarif")),
    Check("nancy", "dependency-scan", "analyze", ("go",), ("nancy sleuth",), ("sonatype-nexus-community/nancy-github-action",)),
    Check("cargo-audit", "dependency-scan", "analyze", ("rust",), ("cargo audit",), ("rustsec/audit-check", "actions-rs/audit-check", "actions-rust-lang/audit"), run="cargo audit"),
    Check("cargo-deny", "dependency-scan", "analyze", ("rust",), ("cargo deny check", "cargo deny"), ("embarkstudios/cargo-deny-action",), run="cargo deny check advisories"),
    Check("snyk", "dependency-scan", "analyze", _ANY, ("snyk test",), ("snyk/actions", "snyk/snyk/scan", "snyk/snyk-scan"), fails_on=("findings", "1")),
    Check("dependency-review", "dependency-scan", "analyze", _ANY, (), ("actions/dependency-review-action",), fails_on=("severity", "low"), inputs=("warn-only=true", "vulnerability-check=false")),
    Check("trivy-fs", "dependency-scan", "analyze", _ANY, ("trivy fs", "trivy filesystem", "trivy repo", "trivy repository", "trivy rootfs", "trivy sbom"), run="trivy fs --scanners vuln --exit-code 1 --severity HIGH,CRITICAL .", cannot_fail=("--exit-code 0", "without --exit-code")),
    Check("grype-dir", "dependency-scan", "analyze", _ANY, ("grype dir:", "grype sbom:"), run="grype dir:. --fail-on high", fails_on=("severity", "high"), cannot_fail=("without --fail-on",)),
    Check("dependency-check", "dependency-scan", "analyze", _JVM, ("dependency-check", "dependency-check.sh", "mvn org.owasp:dependency-check-maven:check", "mvn dependency-check:check", "gradle dependencyCheckAnalyze"), ("dependency-check/dependency-check_action",), run="mvn org.owasp:dependency-check-maven:check -DfailBuildOnCVSS=7"),
    Check("bundler-audit", "dependency-scan", "analyze", ("ruby",), ("bundle-audit", "bundle audit", "bundler-audit", "rails bundle:audit"), ("andrewmcodes/bundler-audit-action",), run="bundle-audit check --update"),
    Check("composer-audit", "dependency-scan", "analyze", ("php",), ("composer audit",), ("symfonycorp/security-checker-action",), run="composer audit"),
    Check("mix-audit", "dependency-scan", "analyze", ("elixir",), ("mix deps.audit", "mix hex.audit"), run="mix deps.audit"),
    Check("dotnet-vulnerable", "dependency-scan", "analyze", ("csharp", "dotnet"), ("dotnet list package --vulnerable", "dotnet restore -p:NuGetAudit=true"), run="dotnet restore -p:NuGetAudit=true -warnaserror:NU1901,NU1902,NU1903,NU1904", cannot_fail=("--vulnerable",)),
    Check("retire", "dependency-scan", "analyze", _JS, ("retire",), run="npx retire --exitwith 13"),
    Check("fossa", "licence", "analyze", _ANY, ("fossa test",), ("fossas/fossa-action",)),
    Check("mend", "dependency-scan", "analyze", _ANY, ("mend dep", "mend sca", "ws-scan")),
    Check("gitlab-dependency-scanning", "dependency-scan", "analyze", _ANY, (), ("gitlab-template/dependency-scanning",)),
    Check("license-checker", "licence", "analyze", _JS, ("license-checker --failOn", "license-checker --onlyAllow"), run="npx license-checker --production --failOn GPL-3.0"),
)  # fmt: skip

_SECRETS = (
    Check("gitleaks", "secret-scan", "analyze", _ANY, ("gitleaks detect", "gitleaks git", "gitleaks dir", "gitleaks protect", "gitleaks"), ("gitleaks/gitleaks-action", "zricethezav/gitleaks-action"), run="gitleaks git --redact", cannot_fail=("--exit-code 0",)),
    Check("trufflehog", "secret-scan", "analyze", _ANY, ("trufflehog",), ("trufflesecurity/trufflehog", "edplato/trufflehog-actions-scan"), run="trufflehog git file://. --only-verified --fail", cannot_fail=("without --fail",)),
    Check("detect-secrets", "secret-scan", "analyze", _ANY, ("detect-secrets-hook",), ("reviewdog/action-detect-secrets",)),
    Check("detect-secrets-scan", "secret-scan", "analyze", _ANY, ("detect-secrets scan",), cannot_fail=("scan",)),
    Check("ggshield", "secret-scan", "analyze", _ANY, ("ggshield secret scan", "ggshield scan"), ("gitguardian/ggshield-action", "gitguardian/ggshield"), run="ggshield secret scan ci", cannot_fail=("--exit-zero",)),
    Check("git-secrets", "secret-scan", "analyze", _ANY, ("git secrets --scan", "git-secrets --scan"), ("atlassian/git-secrets-scan",)),
    Check("whispers", "secret-scan", "analyze", _ANY, ("whispers",)),
    Check("gitlab-secret-detection", "secret-scan", "analyze", _ANY, (), ("gitlab-template/secret-detection",)),
)  # fmt: skip

_IMAGES = (
    Check("trivy", "image-scan", "analyze", ("container",), ("trivy image", "trivy i", "trivy", "trivy client"), ("aquasecurity/trivy-action", "aquasecurity/trivy-pipe", "lazy-actions/gitrivy"), run="trivy image --exit-code 1 --severity HIGH,CRITICAL {image}", fails_on=("severity", "low"), cannot_fail=("--exit-code 0", "without --exit-code"), inputs=("exit-code=0", "without exit-code")),
    Check("grype", "image-scan", "analyze", ("container",), ("grype",), ("anchore/scan-action",), run="grype {image} --fail-on high", fails_on=("severity", "medium"), cannot_fail=("without --fail-on",), inputs=("fail-build=false",)),
    Check("docker-scout", "image-scan", "analyze", ("container",), ("docker scout cves",), ("docker/scout-action",), run="docker scout cves --exit-code --only-severity critical,high {image}", cannot_fail=("without --exit-code",), inputs=("without exit-code", "exit-code=false")),
    Check("snyk-container", "image-scan", "analyze", ("container",), ("snyk container test",), ("snyk/actions/docker",), run="snyk container test {image} --severity-threshold=high", fails_on=("severity", "low")),
    Check("clair", "image-scan", "analyze", ("container",), ("clair-scanner", "clairctl report"), ()),
    Check("dockle", "image-scan", "analyze", ("container",), ("dockle",), ("goodwithtech/dockle-action", "erzz/dockle-action"), cannot_fail=("without --exit-code",), inputs=("without exit-code",)),
    Check("azure-container-scan", "image-scan", "analyze", ("container",), (), ("azure/container-scan",)),
    Check("gitlab-container-scanning", "image-scan", "analyze", ("container",), (), ("gitlab-template/container-scanning",)),
)  # fmt: skip

_INFRASTRUCTURE = (
    Check("checkov", "iac-scan", "analyze", ("iac",), ("checkov",), ("bridgecrewio/checkov-action",), run="checkov -d . --quiet", cannot_fail=("--soft-fail", "-s"), inputs=("soft_fail=true",)),
    Check("tfsec", "iac-scan", "analyze", ("iac",), ("tfsec",), ("aquasecurity/tfsec-action", "aquasecurity/tfsec-pr-commenter-action", "tfsec/tfsec-sarif-action"), run="tfsec .", cannot_fail=("--soft-fail", "-s"), inputs=("soft_fail=true", "soft_fail_commenter=true")),
    Check("trivy-config", "iac-scan", "analyze", ("iac",), ("trivy config", "trivy conf"), run="trivy config --exit-code 1 .", cannot_fail=("--exit-code 0", "without --exit-code")),
    Check("kube-linter", "iac-scan", "analyze", ("iac",), ("kube-linter lint",), ("stackrox/kube-linter-action",), run="kube-linter lint ."),
    Check("kubesec", "iac-scan", "analyze", ("iac",), ("kubesec scan",), ("controlplaneio/kubesec-action",)),
    Check("kube-score", "iac-scan", "analyze", ("iac",), ("kube-score score",)),
    Check("kics", "iac-scan", "analyze", ("iac",), ("kics scan",), ("checkmarx/kics-github-action",), cannot_fail=("--ignore-on-exit",)),
    Check("terrascan", "iac-scan", "analyze", ("iac",), ("terrascan scan",), ("tenable/terrascan-action",)),
    Check("cfn-nag", "iac-scan", "analyze", ("iac",), ("cfn_nag_scan", "cfn_nag"), ("stelligent/cfn_nag",)),
    Check("snyk-iac", "iac-scan", "analyze", ("iac",), ("snyk iac test",), ("snyk/actions/iac",)),
    Check("conftest", "iac-scan", "analyze", ("iac",), ("conftest test", "conftest verify"), ("instrumenta/conftest-action",), cannot_fail=("--no-fail",)),
    Check("slsa-verifier", "provenance", "verify", _ANY, ("slsa-verifier verify-artifact", "slsa-verifier verify-image")),
    Check("cosign-verify", "provenance", "verify", ("container",), ("cosign verify", "cosign verify-attestation"), run="cosign verify {image}"),
    Check("attestation-verify", "provenance", "verify", _ANY, ("gh attestation verify",)),
)  # fmt: skip

_LINTERS = (
    _lint("ruff", _PY, "ruff", uses=("astral-sh/ruff-action", "chartboost/ruff-action")),
    _lint("flake8", _PY, "flake8"), _lint("pylint", _PY, "pylint"), _lint("mypy", _PY, "mypy", "dmypy"),
    _lint("pyright", _PY, "pyright", "basedpyright", uses=("jakebailey/pyright-action",)), _lint("ty", _PY, "ty check"),
    _lint("black", _PY, "black --check", "black", uses=("psf/black",)), _lint("isort", _PY, "isort"),
    _lint("eslint", _JS, "eslint", "next lint", "ng lint", "standard", "xo"), _lint("prettier", _JS, "prettier"),
    _lint("tsc", _JS, "tsc --noEmit", "vue-tsc --noEmit", "svelte-check", "astro check"),
    _lint("biome", _JS, "biome", uses=("biomejs/setup-biome-lint",)), _lint("stylelint", _JS, "stylelint"), _lint("knip", _JS, "knip"),
    _lint("golangci-lint", ("go",), "golangci-lint", uses=("golangci/golangci-lint-action", "reviewdog/action-golangci-lint")),
    _lint("staticcheck", ("go",), "staticcheck", uses=("dominikh/staticcheck-action",)), _lint("go-vet", ("go",), "go vet"),
    _lint("clippy", ("rust",), "cargo clippy", uses=("actions-rs/clippy-check", "giraffate/clippy-action")),
    _lint("rustfmt", ("rust",), "cargo fmt", uses=("actions-rust-lang/rustfmt",)),
    _lint("rubocop", ("ruby",), "rubocop", "standardrb", uses=("reviewdog/action-rubocop",)),
    _lint("phpstan", ("php",), "phpstan", "psalm", "php-cs-fixer", "phpcs"), _lint("credo", ("elixir",), "mix credo", "mix format", "mix dialyzer"),
    _lint("checkstyle", _JVM, "gradle checkstyleMain", "gradle spotlessCheck", "gradle ktlintCheck", "gradle detekt", "gradle lint", "mvn checkstyle:check", "mvn spotless:check"),
    _lint("hadolint", ("container",), "hadolint", uses=("hadolint/hadolint-action",)),
    _lint("shellcheck", ("shell",), "shellcheck", uses=("ludeeus/action-shellcheck",)), _lint("yamllint", _ANY, "yamllint", uses=("ibiqlik/action-yamllint",)),
    _lint("actionlint", _ANY, "actionlint", uses=("rhysd/actionlint", "reviewdog/action-actionlint")),
    _lint("super-linter", _ANY, uses=("super-linter/super-linter", "github/super-linter", "oxsecurity/megalinter")),
    _lint("pre-commit", _ANY, "pre-commit run", "prek run", uses=("pre-commit/action", "j178/prek-action")), _lint("commitlint", _JS, "commitlint", uses=("wagoid/commitlint-github-action",)),
    _lint("terraform-validate", ("iac",), "terraform validate", "terraform fmt", "tofu validate", "tofu fmt", "tflint", "terragrunt validate"),
    _lint("kubeconform", ("iac",), "kubeconform", "kubeval"), _lint("helm-lint", ("iac",), "helm lint", "helm template", "ct lint"),
    _lint("cfn-lint", ("iac",), "cfn-lint", "sam validate"), _lint("ansible-lint", ("iac",), "ansible-lint", uses=("ansible/ansible-lint",)),
    _lint("npm-lint", _JS, "npm run lint", "yarn lint", "yarn run lint", "pnpm lint", "pnpm run lint", "bun run lint"), _lint("dotnet-format", ("csharp",), "dotnet format"),
    _lint("swiftlint", ("swift",), "swiftlint"), _lint("dart-analyze", ("dart",), "dart analyze", "flutter analyze"), _lint("buf", _ANY, "buf lint", "buf breaking", uses=("bufbuild/buf-action", "bufbuild/buf-lint-action")),
)  # fmt: skip

CHECKS: tuple[Check, ...] = (
    *_TESTS,
    *_SAST,
    *_DEPENDENCIES,
    *_SECRETS,
    *_IMAGES,
    *_INFRASTRUCTURE,
    *_LINTERS,
)


@lru_cache(maxsize=1)
def _by_tool() -> dict[str, tuple[tuple[str, Check], ...]]:
    found: dict[str, list[tuple[str, Check]]] = {}
    for check in CHECKS:
        for command in check.commands:
            found.setdefault(command.split(" ", 1)[0], []).append((command, check))
    return {tool: tuple(rows) for tool, rows in found.items()}


@lru_cache(maxsize=4096)
def check_strength(command_or_uses: str) -> tuple[int, Check | None]:
    """Return the check that a command or `uses OWNER/NAME@REF` runs, and how long the match is (0 and None: no check)."""
    action = action_of(command_or_uses)
    best: tuple[int, Check | None] = (0, None)
    if action is not None:
        for check in CHECKS:
            for known in check.uses:
                if (action == known or action.startswith(known + "/")) and len(known) > best[0]:
                    best = (len(known), check)
        return best
    called = invocation(command_or_uses)
    for pattern, check in _by_tool().get(called[0] if called else "", ()):
        strength = begins(called, pattern)
        if strength > best[0]:
            best = (strength, check)
    return best


def check_of(command_or_uses: str) -> Check | None:
    """Return the check that a command, or `uses OWNER/NAME@REF`, runs; the longest beginning wins."""
    return check_strength(command_or_uses)[1]


def action_of(text: str) -> str | None:
    """Return `owner/name` in lower case of `uses OWNER/NAME@REF`, None where the text is a command."""
    head, _, rest = text.partition(" ")
    return rest.strip().partition("@")[0].lower() if head == "uses" else None


def runs_check(tool: str, runs: tuple[str, ...]) -> bool:
    """Say whether `tool` (a check's id, or a program or action by name) stands in the commands of a stage."""
    for run in runs:
        check = check_of(run)
        if check is not None and check.id == tool:
            return True
        action = action_of(run)
        called = invocation(run)
        if action is not None and tool in action.split("/"):
            return True
        if called and called[0].rpartition("/")[2] == tool:
            return True
    return False


def cannot_fail(command: str) -> str | None:
    """Return what makes a check in `command` unable to stop a release (`--exit-zero`, `|| true`), None when it can."""
    tail = command.rpartition("||")[2].strip() if "||" in command else ""
    if tail in {"true", ":", "exit 0", "/bin/true"} or tail.startswith(("echo ", "printf ")):
        return "|| " + tail.split(" ", 1)[0]
    check = check_of(command)
    if check is None or action_of(command) is not None:
        return None
    called = invocation(command)
    for option in check.cannot_fail:
        if option.startswith(WITHOUT):
            if not has(called, option[len(WITHOUT) :]):
                return option
        elif begins((called[0], *called[1:]), f"{called[0]} {option}") or _valued(called, option):
            return option
    return _narrowed(check, called)


def _narrowed(check: Check, called: tuple[str, ...]) -> str | None:
    """Return what leaves a check nothing to look at."""
    if check.gate in _TESTING:
        return selects_nothing(called) or leaves_all_out(called)
    out = leaves_all_out(called)
    return out or (looks_away(called) if check.gate in _LOOKING else None)


_TESTING = frozenset({"unit-test", "integration-test", "e2e-test"})
_LOOKING = frozenset({"sast", "secret-scan", "dependency-scan", "iac-scan"})


def _valued(called: tuple[str, ...], option: str) -> bool:
    flag, _, value = option.partition(" ")
    if not value:
        return has(called, flag)
    return any(word == f"{flag}={value}" for word in called) or any(
        word == flag and following == value for word, following in pairwise(called)
    )


def input_cannot_fail(check: Check, inputs: dict[str, str]) -> str | None:
    """Return the input, or its absence, under which the check's action cannot fail; None when it can."""
    for rule in check.inputs:
        if rule.startswith(WITHOUT):
            if not inputs.get(rule[len(WITHOUT) :]):
                return rule
            continue
        name, _, value = rule.partition("=")
        if inputs.get(name, "").strip().lower() == value:
            return rule
    return None


def proposals(gate: GateKind, languages: tuple[str, ...], has_container: bool) -> tuple[Check, ...]:
    """Return the checks of a gate kind that fit, those made for one of `languages` first; each has a `run`."""
    fitting = [check for check in CHECKS if check.gate == gate and check.run is not None]
    low = {language.lower() for language in languages}
    special = [check for check in fitting if low & set(check.ecosystems)]
    container = [check for check in fitting if has_container and "container" in check.ecosystems]
    general = [check for check in fitting if {"any", "iac"} & set(check.ecosystems)]
    return tuple(dict.fromkeys([*special, *container, *general]))
