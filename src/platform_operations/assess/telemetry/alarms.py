"""Alarms and monitors of other tools, as code: CloudWatch, Datadog, Grafana, Azure, Google Cloud, New Relic.

Their conditions are not expressions that can be read here; what they watch is told by the metric that they name.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from platform_operations.assess.modules import terraform_files
from platform_operations.assess.places import MAX_READ, aside, lines_of, text_of
from platform_operations.assess.telemetry import signal_words as told
from platform_operations.assess.telemetry.signal_words import words
from platform_operations.assess.wording import Wording
from platform_operations.model.words import AlertKind
from platform_operations.patterns import regex
from platform_operations.repository import Repository

_SUFFIXES = (".yml", ".yaml", ".json", ".ts", ".bicep", ".template")
_HELM = frozenset({"templates"})
MAX_ALARMS = 500
_TERRAFORM = regex(
    r"^\s*resource\s+\"(aws_cloudwatch_metric_alarm|aws_cloudwatch_composite_alarm|datadog_monitor|"
    r"grafana_rule_group|newrelic_nrql_alert_condition|google_monitoring_alert_policy|"
    r"azurerm_monitor_(?:metric_alert|scheduled_query_rules_alert(?:_v2)?|activity_log_alert|smart_detector_alert_rule)|opsgenie_alert_policy|"
    r"newrelic_alert_condition|newrelic_synthetics_alert_condition|signalfx_detector|honeycombio_trigger|sentry_(?:issue|metric)_alert|"
    r"statuscake_(?:uptime_check|test)|uptimerobot_monitor|betteruptime_monitor|digitalocean_(?:monitor|uptime)_alert|logzio_alert_v2|"
    r"aws_synthetics_canary|google_monitoring_uptime_check_config|datadog_synthetics_test|newrelic_synthetics_(?:monitor|script_monitor|cert_check_monitor|step_monitor)|"
    r"azurerm_application_insights_(?:standard_)?web_test|grafana_synthetic_monitoring_check|betteruptime_heartbeat|cloudflare_notification_policy|"
    r"newrelic_infra_alert_condition|mongodbatlas_alert_configuration|oci_monitoring_alarm|alicloud_cms_alarm|dynatrace_metric_events|"
    r"pingdom_check|checkly_check|coralogix_alert|elasticstack_kibana_alerting_rule|sysdig_monitor_alert_\w+)\"\s+\"([\w-]+)\""
)
_CLOUDFORMATION = regex(
    r"^\s*\"?Type\"?\s*:\s*['\"]?(?:AWS::CloudWatch::(?:Composite)?Alarm\b|AWS::Synthetics::Canary\b|Microsoft\.Insights/(?:metricAlerts|scheduledQueryRules|activityLogAlerts))",
    re.IGNORECASE,
)
_CONSTRUCT = regex(r"new\s+(?:\w+\.)*Alarm\(\s*\w+\s*,\s*[`'\"]([\w-]+)")
_BICEP = regex(
    r"^\s*(?:resource|module)\s+(\w+)\s+'(?:Microsoft\.Insights/(?:metricAlerts|scheduledQueryRules|activityLogAlerts|webtests)@|br/\w*:avm/res/insights/(?:metric-alert|scheduled-query-rule|activity-log-alert|webtest):)",
    re.IGNORECASE,
)
_NAMED = regex(r"^\s*['\"]?([A-Za-z][\w-]{0,120})['\"]?\s*:\s*\{?\s*$")
_METRIC = regex(r"(?:metric_name|MetricName|metricName|name|query)['\"]?\s*[:=]\s*['\"]([^'\"]{2,300})['\"]")
_EVENT_RULE = regex(r"^\s*resource\s+\"aws_cloudwatch_event_rule\"\s+\"([\w-]+)\"")
_OF_TROUBLE = regex(r"fail|\bALARM\b|error|unhealthy|insufficient|stopped|health event", re.IGNORECASE)
_TELLS_PEOPLE = regex(
    r"^\s*arn\s*=.*(?:sns|chatbot|slack|pagerduty|opsgenie|notif|alert)", re.IGNORECASE | re.MULTILINE
)
_TELLING = Wording(r"alarm|alert|monitor|cloudwatch|observ|template|infra|terraform|stack|\.tf$")
_ANY = regex(
    r"Alarm|_alarm|_canary|Canary|_web_test|_synthetic|_uptime_check|_notification_policy|_metric_events|insights/|betteruptime_|_event_rule|datadog_monitor|grafana_rule_group|alert_policy|alert_condition|azurerm_monitor_|_detector|_trigger|_alert\b|statuscake_|_monitor\b|_check\b|_alert_"
    r"|metricAlerts|scheduledQueryRules"
)
_DISABLED = regex(r"(actions_enabled|ActionsEnabled|enabled)['\"]?\s*[:=]\s*['\"]?false", re.I)


class Alarm(NamedTuple):
    """One alarm: its name in the file, the metric it names (empty where it names none), and its lines.

    `runbook` is the URL that its description gives as what to do, written out or by a name of the same file.
    """

    name: str
    metric: str
    path: str
    first: int
    last: int
    runbook: str | None = None
    runbook_line: int = 0


def read_alarms(repository: Repository) -> tuple[Alarm, ...]:
    """Return the alarms that the repository's own files define and do not disable."""
    found: list[Alarm] = []
    wanted = [path for path in repository.paths if path.endswith(_SUFFIXES) and not aside(path, but=_HELM)]
    wanted += [path for path in terraform_files(repository) if path.endswith(".tf")]
    ranked = sorted(wanted, key=lambda path: (not _TELLING.stands_in(path), path.count("/"), path))
    for path in ranked[: MAX_READ // 2]:
        text = text_of(repository, path)
        if text is not None and _ANY.search(text):
            found += _alarms(path, lines_of(text))
    return tuple(sorted(found, key=lambda alarm: (alarm.path, alarm.first))[:MAX_ALARMS])


def _alarms(path: str, rows: Sequence[str]) -> Iterator[Alarm]:
    for number, row in enumerate(rows):
        if len(row) > 1_000 or row.lstrip().startswith(("#", "//")):
            continue
        start, name = number, ""
        resource = _TERRAFORM.match(row)
        construct = _CONSTRUCT.search(row)
        if resource:
            name = resource[2]
        elif construct:
            name = construct[1]
        elif "insights/" in row.lower() and (declared := _BICEP.match(row)):
            name = declared[1]
        elif (event := _EVENT_RULE.match(row)) and _tells_of_trouble(rows, number, event[1]):
            name = event[1]
        elif _CLOUDFORMATION.match(row):
            start, name = _logical_name(rows, number)
        if name:
            last = _end(rows, start)
            body = "\n".join(rows[start : last + 1])
            if not _DISABLED.search(body):
                metric = _METRIC.search(body)
                link, line = _linked(rows, start, last)
                yield Alarm(name, metric[1] if metric else "", path, start + 1, last + 1, link, line)


def _tells_of_trouble(rows: Sequence[str], number: int, name: str) -> bool:
    """Whether an EventBridge rule matches something that went wrong and a target of it tells people."""
    pattern = "\n".join(
        row
        for row in rows[number : _end(rows, number) + 1]
        if not re.match(r"\s*(?:name|description|tags)\b", row)
    )
    if not _OF_TROUBLE.search(pattern):
        return False
    wanted = f"aws_cloudwatch_event_rule.{name}."
    for at, row in enumerate(rows):
        if row.lstrip().startswith('resource "aws_cloudwatch_event_target"'):
            target = "\n".join(rows[at : _end(rows, at) + 1])
            if wanted in target and _TELLS_PEOPLE.search(target):
                return True
    return False


_LINK = regex(
    r"(?:run-?\s?book|play-?\s?book)\w*['\"]?\s*[:=]?\s*['\"]?(?:(https?://[^\s'\"]+)|\$\{(?:\w+\.)?(\w+)\}|var\.(\w+))",
    re.IGNORECASE,
)


def _linked(rows: Sequence[str], start: int, last: int) -> tuple[str | None, int]:
    """Return the runbook that an alarm's lines name and the line; a name is looked up in the same file."""
    for at in range(start, last + 1):
        found = _LINK.search(rows[at][:2_000])
        if found and found[1]:
            return found[1], at + 1
        if found:
            named = re.compile(
                rf"^\s*(?:-\s+)?['\"]?{found[2] or found[3]}['\"]?\s*[:=]\s*['\"]?(https?://[^\s'\"]+)"
            )
            value = next((match[1] for row in rows if (match := named.match(row[:2_000]))), None)
            if value:
                return value, at + 1
    return None, 0


def _logical_name(rows: Sequence[str], number: int) -> tuple[int, str]:
    for at in range(number - 1, max(number - 4, -1), -1):
        named = _NAMED.match(rows[at])
        if named:
            return at, named[1]
    return number, "alarm"


def _end(rows: Sequence[str], start: int) -> int:
    """Return the last line of a block: the one before the next line that is indented no deeper, or closes it."""
    indent = len(rows[start]) - len(rows[start].lstrip())
    last = start
    for at in range(start + 1, min(start + 60, len(rows))):
        row = rows[at]
        if row.strip() and len(row) - len(row.lstrip()) <= indent:
            return at if row.strip()[0] in "})]" else last
        if row.strip():
            last = at
    return last


def alarm_kind(alarm: Alarm) -> tuple[AlertKind | None, str]:
    """Return what an alarm tells of and why, by the words of its metric; None where they tell nothing."""
    said = words(alarm.metric)
    if not said:
        return None, "it names no metric that can be read"
    shown = alarm.metric[:80]
    if re.search(r"5xx|HTTPCode_(Target|ELB)_5|TargetResponseTime|5XXError", alarm.metric):
        return "symptom", f"{shown} is what callers get"
    if re.search(r"4xx", alarm.metric, re.I):
        return "cause", f"{shown} counts requests that their sender got wrong"
    if said & {"latency", "duration"} and not said & told.INTERNAL_LATENCY:
        return "symptom", f"{shown} is how long callers wait"
    if said & (told.RESOURCE | told.PHYSICAL | told.DEPENDENCY):
        return "cause", f"{shown} is a state of the inside"
    return None, f"nothing tells what {shown} means to a user"
