"""Alerts as entries of the as-is plan: what fires, how loudly, to whom, and what they are then told to do."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from platform_operations.assess.places import kebab, unique
from platform_operations.assess.telemetry.alarms import Alarm, alarm_kind, read_alarms
from platform_operations.assess.telemetry.classify import Verdict, classify
from platform_operations.assess.telemetry.dead_alerts import dead_reason
from platform_operations.assess.telemetry.hosted_monitors import hosted_monitors, watched_from_outside
from platform_operations.assess.telemetry.routing import Routing, read_routing, receiver_for, routing_facts
from platform_operations.assess.telemetry.rule_files import RawAlert, Rules, read_rules
from platform_operations.assess.telemetry.runbooks import (
    link_targets,
    read_runbooks,
    runbook_ids,
    runbook_link,
)
from platform_operations.assess.telemetry.switched_on import asked_for, switched_on
from platform_operations.assess.telemetry.told_alerts import told_alerts
from platform_operations.model.assessment import Fact, SeenAlert
from platform_operations.model.evidence import repo_uri
from platform_operations.model.reliability import Alert, Runbook
from platform_operations.model.words import AlertSeverity
from platform_operations.patterns import regex
from platform_operations.repository import Repository, remembered
from platform_operations.slo.durations import duration, range_seconds

PAGING = regex(
    r"^(crit\w*|page\w*|error|err|fatal|emerg\w*|p[01]|sev-?[012]|s1|high|urgent|disaster|major|fire)$", re.I
)
"""Severity labels that wake someone; everything else opens a ticket."""

OWNER_KEYS = ("team", "owner", "squad", "owned_by", "service_owner", "responsible", "group_owner")


class Alerts(NamedTuple):
    """The alerts as plan entries and as seen, their runbooks, and what is known about them."""

    entries: tuple[Alert, ...]
    seen: tuple[SeenAlert, ...]
    facts: tuple[Fact, ...]
    runbooks: tuple[Runbook, ...] = ()


def read_alerts(
    repository: Repository, component_of: Callable[[str], str], rules: Rules | None = None
) -> Alerts:
    """Return the repository's alerting rules, and the alarms that other tools' files define.

    `component_of` gives the component that a file speaks for. The runbooks are those of `read_runbooks`, so
    that every id an alert names is among them. Severity is `page` where the label says so (PAGING), else
    `ticket`; an alert that was read by lines has no expression and no kind.
    """
    known = rules if rules is not None else read_rules(repository)
    routings = remembered(read_routing, repository)
    alarms = remembered(read_alarms, repository)
    runbooks, runbook_facts = remembered(read_runbooks, repository, None, known, alarms)
    by_target = runbook_ids(runbooks)
    targets = remembered(link_targets, repository, known.alerts)
    entries: list[Alert] = []
    seen: list[SeenAlert] = []
    facts: list[Fact] = [*known.facts, *routing_facts(routings), *runbook_facts]
    taken: set[str] = set()
    for raw in known.alerts:
        name = _id(raw, taken)
        taken.add(name)
        verdict = _verdict(raw, known.records)
        route, why_not = _route(raw, routings)
        target = targets.get((raw.path, raw.first))
        entry = _entry(raw, name, component_of(raw.path), verdict, route, by_target.get(target or ""))
        entries.append(entry)
        seen.append(_seen(raw, entry, verdict, target))
        facts += _facts(repository, raw, name, known.records, why_not if routings else "", target)
    for alarm in alarms:
        name = unique(kebab(alarm.name) or "alarm", taken)
        taken.add(name)
        entry, shown = _of_alarm(alarm, name, component_of(alarm.path), by_target.get(alarm.runbook or ""))
        entries.append(entry)
        seen.append(shown)
    facts.append(_practice(repository, entries))
    if known.alerts and not routings:
        facts.append(_receivers_unknown(known.alerts))
    return Alerts(tuple(entries), tuple(seen), tuple(facts), runbooks)


def _verdict(raw: RawAlert, records: Mapping[str, str]) -> Verdict:
    if raw.exact:
        return classify(raw.expression, records)
    guess = classify(raw.hint, records) if raw.hint else Verdict(None, "its expression was not seen")
    return Verdict(None if guess.kind == "meta" else guess.kind, f"{guess.why} (read by lines)")


def _entry(
    raw: RawAlert, name: str, component: str, verdict: Verdict, route: str | None, runbook: str | None
) -> Alert:
    return Alert(
        id=name,
        component=component,
        kind=verdict.kind,
        expression=raw.expression[:20_000] or None,
        for_=_hold(raw.hold),
        severity=_severity(raw),
        owner=_owner(raw),
        route=route,
        runbook=runbook,
        origin="existing",
        evidence=(repo_uri(raw.path, raw.first, min(raw.last, raw.first + 59)),),
    )


def _id(raw: RawAlert, taken: set[str]) -> str:
    name = kebab(raw.name) or "alert"
    if name not in taken:
        return name
    severity = kebab(raw.labels.get("severity", ""))
    return unique(f"{name}-{severity}" if severity and f"{name}-{severity}" not in taken else name, taken)


def _severity(raw: RawAlert) -> AlertSeverity:
    said = raw.labels.get("severity") or raw.labels.get("priority") or raw.labels.get("level") or ""
    return "page" if PAGING.match(said.strip()) else "ticket"


def _owner(raw: RawAlert) -> str | None:
    for source in (raw.labels, raw.annotations):
        for key in OWNER_KEYS:
            value = source.get(key, "").strip()
            if value and "{{" not in value and len(value) <= 200:
                return value
    return None


def _hold(text: str | None) -> str | None:
    seconds = range_seconds(text) if text else None
    if not seconds or seconds > 9_999_999:
        return None
    return duration(seconds)


def _route(raw: RawAlert, routings: Sequence[Routing]) -> tuple[str | None, str]:
    why = ""
    for routing in routings:
        name, why = receiver_for(routing, {**raw.labels, "alertname": raw.name})
        if name:
            return name, ""
    return None, why


def _seen(raw: RawAlert, entry: Alert, verdict: Verdict, target: str | None) -> SeenAlert:
    return SeenAlert(
        name=raw.name,
        kind=verdict.kind,
        severity=raw.labels.get("severity"),
        runbook=target or runbook_link(raw),
        owner=entry.owner,
        route=entry.route,
        source=entry.evidence[0],
        why=verdict.why,
    )


def _facts(
    repository: Repository,
    raw: RawAlert,
    name: str,
    records: Mapping[str, str],
    why_not: str,
    target: str | None,
) -> Iterator[Fact]:
    subject, uri = f"alerts/{name}", repo_uri(raw.path, raw.expression_line)
    dead = dead_reason(raw.expression) if raw.exact else None
    if dead:
        yield Fact(subject=subject, aspect="dead", outcome="present", reason=dead, evidence=(uri,))
    link = runbook_link(raw)
    if link and target is None:
        reason = f"it names {link[:200]!r}, which is not in the repository"
        yield Fact(subject=subject, aspect="runbook", outcome="absent", reason=reason, evidence=(uri,))
    if why_not:
        outcome = "unknown" if "depends on labels" in why_not else "absent"
        yield Fact(subject=subject, aspect="route", outcome=outcome, reason=why_not, evidence=(uri,))


def _of_alarm(alarm: Alarm, name: str, component: str, runbook: str | None) -> tuple[Alert, SeenAlert]:
    kind, why = alarm_kind(alarm)
    uri = repo_uri(alarm.path, alarm.first, alarm.last)
    entry = Alert(
        id=name,
        component=component,
        kind=kind,
        severity="ticket",
        runbook=runbook,
        origin="existing",
        evidence=(uri,),
    )
    return entry, SeenAlert(name=alarm.name, kind=kind, runbook=alarm.runbook, source=uri, why=why)


def _practice(repository: Repository, alerts: Sequence[Alert]) -> Fact:
    if alerts:
        return Fact(
            subject="practices",
            aspect="alerts",
            outcome="present",
            strength="present",
            reason=f"{len(alerts)} alerts defined",
            evidence=tuple(uri for alert in alerts[:3] for uri in alert.evidence),
        )
    switched = switched_on(repository)
    monitors = () if switched else hosted_monitors(repository)
    if switched or monitors:
        return Fact(
            subject="practices",
            aspect="alerts",
            outcome="present",
            strength="present",
            reason="monitors of a service or a script's alarms are defined"
            if monitors
            else "alerts that something else defines are switched on",
            evidence=switched or monitors,
        )
    outside = repository.cut or asked_for(repository) or told_alerts(repository)
    outside = outside or watched_from_outside(repository)
    return Fact(
        subject="practices",
        aspect="alerts",
        outcome="unknown" if outside else "absent",
        reason=outside or "no alerting rule, alarm or monitor as code",
    )


def _receivers_unknown(alerts: Sequence[RawAlert]) -> Fact:
    return Fact(
        subject="alerts",
        aspect="receivers",
        outcome="unknown",
        reason="no Alertmanager configuration in the repository says where alerts go",
        evidence=(repo_uri(alerts[0].path, alerts[0].first),),
    )
