"""Monitors of hosted services as code, alarms that scripts and programs make, and services that something here is told of."""

import re
from collections.abc import Iterator, Sequence

from platform_operations.assess.declared_probes import beside_programs
from platform_operations.assess.places import aside, file_name, lines_of, test_file, text_of
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_FILES = 300
MAX_FOUND = 8
MAX_LINE = 500

_NAMED = regex(
    r"monitor|alert|alarm|uptime|openstatus|checkly|gatus|synthetic|canary|__checks__|\.check\.[jt]s$|heartbeat|datadog|serverless\.ya?ml$|serverless\.ts$",
    re.IGNORECASE,
)
_CHECKLY = regex(
    r"^\s*(?:export default )?(?:const \w+ = )?new (?:\w+\.)?(?:ApiCheck|BrowserCheck|MultiStepCheck|HeartbeatCheck|HeartbeatMonitor|UrlMonitor|TcpMonitor|TcpCheck|DnsMonitor|IcmpMonitor)\("
)
_CHECKLY_CONFIG = regex(r"^\s*(?:checkMatch|browserChecks|multiStepChecks)\s*:")
_COMMAND = regex(
    r"^[^#]*(?:\baws(?: --?\S+(?: \S+)?)* cloudwatch put-(?:metric|composite)-alarm\b|\.put_(?:metric|composite)_alarm\(|\bPutMetricAlarmCommand\("
    r"|\baz monitor (?:metrics|scheduled-query|activity-log) alert create\b|\bgcloud (?:alpha |beta )?(?:alpha |beta )?monitoring policies create\b)"
)
_PLUGIN = regex(r"^\s*-\s*[\"']?(?:serverless-plugin-aws-alerts|serverless-slic-watch-plugin)[\"']?\s*$")
_DATADOG = regex(
    r"^\s*\"type\"\s*:\s*\"(?:metric alert|query alert|log alert|service check|event-v2 alert|trace-analytics alert|synthetics alert|composite|slo alert)\""
)
_RULE = regex(r"\bPrometheusRule\(|\bVMRule\(")
_RULE_NAME = regex(r"^\s*[\"']?alert[\"']?\s*[:=]\s*[`\"'f]")
_LISTED = regex(r"^[\"']?(?:monitors|endpoints|sites)[\"']?\s*:\s*(?:#.*)?$")
_ASKED = regex(r"^\s+(?:-\s+)?[\"']?(?:url|uri|address|host)[\"']?\s*:\s*\S")
_KIND = regex(r"^\s+(?:-\s+)?kind\s*:\s*[\"']?(?:http|tcp|dns)\b")
_OFTEN = regex(r"^\s+(?:-\s+)?(?:frequency|interval\w*|regions|conditions|expected_status)\s*:")


def hosted_monitors(repository: Repository) -> tuple[str, ...]:
    """Return the URIs of lines that define monitors of a hosted service, or make alarms by command, at most MAX_FOUND."""
    return tuple(uri for _, uri in zip(range(MAX_FOUND), _found(repository), strict=False))


def _found(repository: Repository) -> Iterator[str]:
    opened = 0
    for path in repository.paths:
        if not _may_hold(path):
            continue
        opened += 1
        if opened > MAX_FILES:
            break
        text = text_of(repository, path)
        line = _line(path, lines_of(text)) if text else None
        if line:
            yield repo_uri(path, line)
    for path in beside_programs(repository):
        text = text_of(repository, path)
        if text and _RULE.search(text):
            line = _first(lines_of(text), _RULE_NAME)
            if line:
                yield repo_uri(path, line)


def _may_hold(path: str) -> bool:
    if not path.endswith((".yml", ".yaml", ".json", ".ts", ".js", ".sh", ".py")) or not _NAMED.search(path):
        return False
    return not (aside(path) or (test_file(path) and ".check." not in path) or path.startswith(".github/"))


def _line(path: str, rows: Sequence[str]) -> int | None:
    if path.endswith((".ts", ".js")):
        if file_name(path).startswith("checkly.config."):
            return _first(rows, _CHECKLY_CONFIG)
        if any("checkly/constructs" in row for row in rows[:60]):
            return _first(rows, _CHECKLY)
        return _first(rows, _COMMAND) or (_first(rows, _PLUGIN) if "serverless" in path else None)
    if path.endswith(".json"):
        watched = any('"query"' in row for row in rows) and any('"message"' in row for row in rows)
        return _first(rows, _DATADOG) if watched else None
    if path.endswith((".sh", ".py")):
        return _first(rows, _COMMAND)
    if "serverless" in file_name(path):
        return _first(rows, _PLUGIN)
    listed = _first(rows, _LISTED)
    if listed and all(_first(rows[listed:], pattern) for pattern in (_ASKED, _OFTEN)):
        return listed
    return _first(rows, _KIND) if _first(rows, _OFTEN) and _first(rows, _ASKED) else None


def _first(rows: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    """Return the first line that matches, counted from one; what is commented out does not count."""
    for number, row in enumerate(rows, 1):
        if len(row) <= MAX_LINE and not row.lstrip().startswith(("#", "//")) and pattern.search(row):
            return number
    return None


_TOLD = regex(
    r"https://(?:hc-ping\.com|cronitor\.link|nosnch\.in|uptime\.betterstack\.com/api/v1/heartbeat|betteruptime\.com/api/v1/heartbeat)\b|\bmy\.pingdom\.com/probes\b|\bpingdom_?ips\b"
    r"|\b(?:CRONITOR|HEALTHCHECKS_IO|HEALTHCHECKSIO|BETTER_?UPTIME|PINGDOM|STATUSCAKE|UPTIME_?ROBOT)_[A-Z_]*(?:KEY|TOKEN|URL|ID|UUID|IPS)\b",
    re.IGNORECASE,
)
_TELLS = regex(
    r"^(?:\.github/|bin/|script|deploy|helm|infra|cron|config/|\.circleci/|\.gitlab)|values[^/]*\.ya?ml$|cron"
)


def watched_from_outside(repository: Repository) -> str | None:
    """Return where a service that watches from outside is told of a job, or let in; None where none is."""
    opened = 0
    for path in repository.paths:
        if not path.endswith((".yml", ".yaml", ".sh", ".tpl", "deploy", ".rb", ".py")) or not _TELLS.search(
            path
        ):
            continue
        opened += 1
        if aside(path, but=_CHARTS) or opened > MAX_FILES:
            continue
        text = text_of(repository, path)
        if text is None or not _TOLD.search(text):
            continue
        line = _first(lines_of(text), _TOLD)
        if line:
            return f"{path}:{line} has to do with a service outside the repository that watches"
    return None


_CHARTS = frozenset({"templates", "template"})
