"""Pages which say that something outside the repository alerts: what it watches for is set up there."""

import re
from collections.abc import Iterator

from platform_operations.assess.places import file_name, lines_of, text_of
from platform_operations.assess.published import borrowed, shown_to_readers
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_PAGES = 60
MAX_LINE = 1_000

_PAGES = (".md", ".markdown", ".rst", ".adoc")
_TELLING = regex(
    r"readme|develop|monitor|observ|alert|operat|\bops\b|infra|deploy|incident|run-?book|play-?book|on-?call|support|logging|metrics|maint|queue|rabbit|redis|architecture|troubleshoot|production",
    re.IGNORECASE,
)
_PLANNING = frozenset(
    {"plans", "plan", "specs", "spec", "design", "adr", "adrs", "decisions", "rfcs", "agents"}
)
_TOOL = (
    r"(?:[Hh]oneybadger|[Hh]oneycomb|[Ss]entry|[Dd]ata[Dd]og|New ?Relic|PagerDuty|Grafana|CloudWatch|Pingdom|UptimeRobot|StatusCake|Ops[Gg]enie"
    r"|Better ?(?:Uptime|Stack)|Logit|Papertrail|Checkly|Alert ?[Mm]anager|Nagios|Icinga|Zabbix|Splunk|Rollbar|Azure Monitor"
    r"|App(?:lication)? ?Insights|Uptime ?Kuma|Prometheus|Bugsnag|AppSignal|Airbrake|Cronitor)"
)
_ALERTS = regex(
    rf"\b{_TOOL}\b.{{0,200}}?\b(?:(?:will )?(?:alerts?|notif(?:y|ies)) (?:us|the team|on-?call)\b|will alert\b)"
    rf"|\b(?:from|is|by) an? {_TOOL} (?:alert|alarm)\b"
    rf"|\b(?:pages?|alerts?|notif(?:y|ies)) (?:the |our )?(?:\w+ )?(?:team|us|on-?call\w*)\b[^.]{{0,60}}\b{_TOOL}\b"
    rf"|\b(?:[Aa]lerts?|[Aa]larms?|[Mm]onitors?) (?:is|are) (?:sent|configured|set up|defined|managed|raised|handled|kept)\b (?:\w+ ){{0,3}}(?:in|by|with|through|via|from)\b[^.]{{0,40}}\b{_TOOL}\b"
    rf"|\b[Ww]e (?:get|receive|have) \w*\s?alerts?\b[^.]{{0,60}}\b{_TOOL}\b"
    r"|\b(?:[Cc]heck|[Ww]atch|sent to|posted? (?:in|to)|goes? to|notif(?:y|ies)) \W{0,3}(?:the )?\W{0,2}#[\w-]*alerts?\b"
)
_SPEAKS = ("lert", "larm", "notif", "page")
_WISHED = regex(
    r"\b(?:can|could|should|might|may|would|todo|example|you|your|want|plan(?:ned)?|consider)\b",
    re.IGNORECASE,
)


def told_alerts(repository: Repository) -> str | None:
    """Return where a page says which service alerts whom; None where none does, or only that one could."""
    return next(_told(repository), None)


def _told(repository: Repository) -> Iterator[str]:
    paths = repository.paths
    pages = [path for path in paths if _may_tell(path) and not shown_to_readers(paths, path)]
    for path in sorted(pages, key=lambda path: (path.count("/"), path))[:MAX_PAGES]:
        text = text_of(repository, path)
        if text is None or not (any(word in text for word in _SPEAKS)):
            continue
        fenced = False
        for number, row in enumerate(lines_of(text), 1):
            fenced ^= row.lstrip().startswith(("```", "~~~"))
            if fenced or len(row) > MAX_LINE or not (any(word in row for word in _SPEAKS)):
                continue
            said = _ALERTS.search(row)
            if said and not _WISHED.search(row, row.rfind(". ", 0, said.start()) + 1, said.end()):
                yield f"{path}:{number} says that alerts come from outside the repository"


def _may_tell(path: str) -> bool:
    if not path.lower().endswith(_PAGES) or file_name(path).lower().startswith(("changelog", "history")):
        return False
    if borrowed(path) or not _PLANNING.isdisjoint(path.lower().split("/")[:-1]):
        return False
    return _TELLING.search("/".join(path.split("/")[-2:])) is not None
