"""Monitors of hosted services as code, alarms that scripts and programs make, and what only looks like them."""

import pytest
from tests.small_services import CI, practice, steps

OPENSTATUS = (
    "web:\n  active: true\n  frequency: 10m\n  kind: http\n  request:\n    url: https://web.example\n"
)
ROBOT = "monitors:\n  - name: api\n    url: https://api.example/up\n    expected_status: [200]\n"
CHECK = "import { ApiCheck } from 'checkly/constructs'\nnew ApiCheck('api', { activated: true })\n"
CONFIG = "import { defineConfig } from 'checkly'\nexport default defineConfig({\n  checks: {\n    checkMatch: '**/*.check.ts',\n  },\n})\n"
DATADOG = '{\n  "type": "query alert",\n  "query": "avg(last_5m):avg:http.errors{*} > 1",\n  "message": "@team"\n}\n'
RULES = "new crds.monitoring.v1.PrometheusRule('web', { spec: { groups: [{ rules: [{\n  alert: 'WebDown',\n}] }] } })\n"
BICEP = "resource errors 'Microsoft.Insights/metricAlerts@2018-03-01' = {\n  name: 'errors'\n}\n"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"infra/openstatus.yaml": OPENSTATUS}, 4),
        ({"uptime-robot/monitors.yaml": ROBOT}, 1),
        ({"gatus/config.yaml": "endpoints:\n  - name: web\n    url: https://web.example\n    conditions:\n      - '[STATUS] == 200'\n"}, 1),
        ({"__checks__/api.check.ts": CHECK}, 2),
        ({"checkly.config.ts": CONFIG}, 4),
        ({"monitors/errors.json": DATADOG}, 2),
        ({"deploy/alarms.sh": "#!/bin/sh\naws --region eu-west-1 cloudwatch put-metric-alarm --alarm-name high\n"}, 2),
        ({"scripts/set_up_alarms.py": "import boto3\nclient.put_metric_alarm(**alarm)\n"}, 2),
        ({"serverless.yml": "service: web\nplugins:\n  - serverless-plugin-aws-alerts\n"}, 3),
        ({"Pulumi.yaml": "name: x\nruntime: nodejs\n", "src/web.ts": RULES}, 2),
        ({"infra/alerts.bicep": BICEP}, 1),
        ({"infra/watch.bicep": "module slow 'br/public:avm/res/insights/metric-alert:0.3.0' = {\n}\n"}, 1),
        ({"infra/canary.tf": 'resource "aws_synthetics_canary" "web" {\n  name = "web"\n}\n'}, 1),
        ({"infra/uptime.tf": 'resource "google_monitoring_uptime_check_config" "web" {\n  display_name = "web"\n}\n'}, 1),
    ],
)  # fmt: skip
def test_a_monitor_or_alarm_that_is_defined_here_counts(files: dict[str, str], line: int) -> None:
    fact = practice("alerts", files)
    assert fact.outcome == "present"
    path = list(files)[-1]
    assert fact.evidence[0].startswith(f"repo:{path}#L{line}-")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("monitors.yaml", "monitors:\n  - name: left\n    width: 1920\n"),
        ("app/monitor.yaml", "kind: http\nname: web\n"),
        ("src/canary.ts", "export const ApiCheck = 1\n"),
        ("src/alarm.py", "def put_metric_alarm(name):\n    return name\n"),
        ("scripts/alarms.sh", "# aws cloudwatch put-metric-alarm --alarm-name high\n"),
        ("scripts/alarms.sh", "aws cloudwatch describe-alarms\n"),
        ("serverless.yml", "service: web\nplugins:\n  # - serverless-plugin-aws-alerts\n"),
        ("monitors/board.json", '{\n  "type": "query alert"\n}\n'),
        ("infra/action.bicep", "resource team 'Microsoft.Insights/actionGroups@2023-01-01' = {\n}\n"),
        ("src/rules.ts", RULES),
        ("examples/openstatus.yaml", OPENSTATUS),
    ],
)
def test_what_only_looks_like_one_does_not(path: str, text: str) -> None:
    assert practice("alerts", {path: text}).outcome == "absent"


@pytest.mark.parametrize(
    ("path", "text", "outcome"),
    [
        (CI, steps("run: curl -fsS https://hc-ping.com/$HC_UUID"), "unknown"),
        ("helm/values.yaml", "whitelist: $PINGDOM_IPS\n", "unknown"),
        ("bin/cron.sh", "# https://hc-ping.com/x\necho done\n", "absent"),
        ("docs/pings.sh", "curl https://hc-ping.com/x\n", "absent"),
        ("helm/values.yaml", "image: pingdom-like\n", "absent"),
    ],
)
def test_a_service_that_is_told_of_a_job_or_let_in_leaves_alerts_open(
    path: str, text: str, outcome: str
) -> None:
    assert practice("alerts", {path: text}).outcome == outcome
