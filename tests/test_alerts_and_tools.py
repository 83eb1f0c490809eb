"""Alerts, observability tools and ways back that programs, templates and other repositories hold; and what looks alike."""

from collections.abc import Mapping

import pytest
from tests.small_services import CI, assessed, practice, steps


def tools(files: Mapping[str, str]) -> set[str]:
    return {fact.aspect for fact in assessed(files).about("observability") if fact.outcome == "present"}


def test_alarms_of_a_program_are_cloudwatch_and_a_word_in_an_application_is_not() -> None:
    code = "const low = db.metricFreeStorageSpace().createAlarm(this, 'Low', { threshold: 2 });\n"
    assert "cloudwatch" in tools({"cdk.json": "{}\n", "lib/db.ts": code})
    assert "cloudwatch" not in tools({"src/db.ts": code})
    assert "cloudwatch" not in tools({"cdk.json": "{}\n", "lib/db.ts": f"// {code}"})


def test_dashboards_in_jsonnet_are_grafanas_by_the_library_they_are_locked_to() -> None:
    lock = (
        '{"dependencies": [{"source": {"git": {\n"remote": "https://github.com/grafana/grafonnet.git"}}}]}\n'
    )
    assert "grafana" in tools({"jsonnetfile.json": lock})
    assert "grafana" not in tools({"jsonnetfile.json": '{"dependencies": []}\n'})


@pytest.mark.parametrize(
    ("library", "tool"),
    [
        ("@sentry/profiling-node", "sentry"),
        ("@opentelemetry/instrumentation-pg", "opentelemetry"),
        ("@bugsnag/plugin-express", "bugsnag"),
        ("@azure/monitor-opentelemetry-exporter", "applicationinsights"),
    ],
)
def test_a_library_of_a_known_family_shows_the_tool_that_it_sends_to(library: str, tool: str) -> None:
    assert tools({"package.json": f'{{"dependencies": {{\n"{library}": "1.0.0"\n}}}}\n'}) == {tool}


@pytest.mark.parametrize("library", ["@sentry/cli", "sentry-picker", "@datadog/datadog-api-client", "otel"])
def test_a_library_that_is_only_named_alike_shows_none(library: str) -> None:
    assert not tools({"package.json": f'{{"dependencies": {{\n"{library}": "1.0.0"\n}}}}\n'})


@pytest.mark.parametrize(
    ("path", "row", "tool"),
    [
        ("charts/web/templates/alloy.yaml", '    otelcol.exporter.otlp "tempo" {', "opentelemetry"),
        ("charts/web/templates/alloy.yaml", '    loki.write "default" {', "loki"),
        ("api/appsettings.Production.json", '{\n"ApplicationInsights": {\n', "applicationinsights"),
        ("infra/alarms.tf", 'resource "aws_cloudwatch_metric_alarm" "high" {', "cloudwatch"),
        ("deploy/values.yaml", "alertmanager:\n  enabled: true\n", "alertmanager"),
    ],
)
def test_a_line_of_a_tools_own_settings_shows_it(path: str, row: str, tool: str) -> None:
    assert tool in tools({path: f"{row}\n"})


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("infra/schedule.tf", 'resource "aws_cloudwatch_event_rule" "nightly" {'),
        ("deploy/values.yaml", "alertmanager:\n  enabled: false\n"),
        ("api/menu.json", '{\n"ApplicationInsights": {\n'),
        ("deploy/app.yaml", "  note: otelcol.exporter.otlp is not used\n"),
    ],
)
def test_a_timer_or_what_is_switched_off_shows_no_tool(path: str, row: str) -> None:
    assert not tools({path: f"{row}\n"})


ARM = '{"resources": [{"properties": {\n"templateLink": {\n"uri": "[concat(variables(\'base\'), \'%s.json\')]"\n}}}]}\n'
STACK = "apiVersion: v2\nname: watch\ndependencies:\n  - name: kube-prometheus-stack\n    version: 1.0.0\n"


@pytest.mark.parametrize(
    ("path", "text", "outcome"),
    [
        ("arm/template.json", ARM % "insights/metric-alerts", "unknown"),
        ("arm/template.json", ARM % "insights/component", "absent"),
        ("watch/Chart.yaml", STACK, "unknown"),
        ("watch/Chart.yaml", STACK.replace("kube-prometheus-stack", "redis"), "absent"),
        ("docs/watch/Chart.yaml", STACK, "absent"),
        ("pulumi/config.prod.yaml", "cloudwatch:\n  alarms:\n    web:\n      threshold: 2\n", "present"),
        ("pulumi/config.prod.yaml", "cloudwatch:\n  alarms:\n    web:\n      colour: red\n", "absent"),
    ],
)
def test_alerts_of_elsewhere_are_unknown_and_those_with_a_threshold_here_are_there(
    path: str, text: str, outcome: str
) -> None:
    assert practice("alerts", {path: text}).outcome == outcome


def test_tasks_of_concourse_are_recognised_and_another_file_of_ci_is_not() -> None:
    task = "platform: linux\nimage_resource:\n  type: registry-image\nrun:\n  path: bash\n"
    known = {fact.aspect for fact in assessed({"ci/restore.yaml": task}).about("ci")}
    assert "concourse" in known
    assert "concourse" not in {
        fact.aspect for fact in assessed({"ci/x.yaml": "platform: linux\n"}).about("ci")
    }


@pytest.mark.parametrize(
    ("path", "text", "outcome"),
    [
        ("fly.toml", 'app = "x"\n[deploy]\nstrategy = "bluegreen"\n', "present"),
        ("fly.toml", 'app = "x"\n[deploy]\nstrategy = "rolling"\n', "unknown"),
        ("config/deploy.rb", 'before "deploy:reverted", "deploy:assets:precompile"\n', "present"),
        ("config/deploy.rb", 'after "deploy:finished", "deploy:cleanup"\n', "absent"),
    ],
)
def test_what_keeps_the_version_before_or_hooks_into_its_return_is_a_rollback(
    path: str, text: str, outcome: str
) -> None:
    assert practice("rollback", {path: text}).outcome == outcome


def writing(repository: str, last: str) -> str:
    return steps(
        f"uses: actions/checkout@v5\n        with:\n          repository: {repository}",
        "run: jq '.version = \"1\"' config.json",
        f"run: {last}",
    )


def test_a_version_written_into_another_repository_is_released_from_there() -> None:
    files = {CI: writing("acme/infrastructure", "git push origin main")}
    assert practice("rollback", files).outcome == "unknown"
    assert practice("stagedVerification", files).outcome == "unknown"


@pytest.mark.parametrize(
    ("repository", "last"),
    [
        ("acme/infrastructure", "make test"),
        ("acme/homebrew-tap", "git push origin main"),
        ("${{ github.repository }}", "git push origin main"),
    ],
)
def test_a_repository_that_is_only_read_or_lists_packages_releases_nothing(
    repository: str, last: str
) -> None:
    assert practice("rollback", {CI: writing(repository, last)}).outcome == "absent"


NAIS = "apiVersion: nais.io/v1alpha1\nkind: Application\nspec:\n  liveness:\n    path: /up\n  prometheus:\n    enabled: true\n"


def test_nais_declares_a_probe_and_switches_prometheus_on() -> None:
    assert practice("healthChecks", {".nais/prod.yaml": NAIS}).outcome == "present"
    assert "prometheus" in tools({".nais/prod.yaml": NAIS})
    assert "prometheus" not in tools({".nais/prod.yaml": NAIS.replace("true", "false")})


def test_a_chat_that_is_told_of_alerts_is_no_tool_and_who_is_woken_is() -> None:
    routes = (
        "route:\n  receiver: chat\nreceivers:\n  - name: chat\n    %s_configs:\n      - send_resolved: true\n"
    )
    assert "pushover" not in tools({"alertmanager.yml": routes % "pushover"})
    assert "opsgenie" in tools({"alertmanager.yml": routes % "opsgenie"})
