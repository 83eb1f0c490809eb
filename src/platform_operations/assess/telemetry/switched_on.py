"""Alerts that a repository switches on and others define: of a chart, a construct, a template, a remote module."""

import re
from collections.abc import Iterator, Sequence

from platform_operations.assess.modules import terraform_files
from platform_operations.assess.places import aside, file_name, lines_of, test_file, text_of
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_FILES = 600
MAX_FOUND = 8
MAX_LINE = 500

_FLAG = regex(
    r"^\s*(?:-\s+)?[\"']?(?:create(?:Prometheus|Alerting)Rules?|(?:prometheus|alert(?:ing)?)Rules?Enabled|\w*(?:Alarm|Alarms|Alerts))[\"']?\s*[:=]\s*[\"']?true\b"
)
_BLOCK = regex(
    r"^(?P<lead>\s*)[\"']?(?:(?:additional)?[pP]rometheusRules?|defaultRules|alert(?:ing)?Rules|alerts|alarms)[\"']?\s*:\s*(?:&\w+\s*)?$"
)
_ON = regex(r"^\s*[\"']?(?:enabled?|create)[\"']?\s*:\s*[\"']?true\b")
_CHART = regex(r"^\s*-?\s*name\s*:\s*[\"']?([\w.-]*alert[\w.-]*)", re.IGNORECASE)
_RULE_OF_APP = regex(r"^\s*-\s+rule\s*:\s*[A-Z][A-Z_]{4,}\s*$")
_CONSTRUCT = regex(
    r"^(?!\s*(?:class|import|export|from|//|#|\*)\b).*(?:(?:new\s+|=\s*|^\s*)(?:[\w]+\.)*(?:MetricAlarm|CompositeAlarm|Alarm|MetricAlert|AlertPolicy|ScheduledQueryRule|Monitor|RuleGroup)\("
    r"|\b\w+Alarm\s*:\s*true\b|\.createAlarm\()"
)
_CLOUD = regex(r"cloudwatch|aws-cdk|@pulumi|pulumi_|cdktf|datadog|grafana")
_ASKED = regex(
    r"^\s*[\"']?(?:enable_?\w*(?:monitoring|alerts?|alerting|alarms?)|\w*(?:alert|alarm)s?_(?:enabled|email\w*|sns\w*|topic\w*)|\w*action_group\w*)[\"']?\s*[:=]\s*(?!false|\"false|\"\"|null|\[\])\S",
    re.IGNORECASE,
)
_SOURCES = (".ts", ".js", ".py")


def switched_on(repository: Repository) -> tuple[str, ...]:
    """Return the URIs of lines that switch alerts on which a chart, a construct or a platform brings, at most MAX_FOUND."""
    return tuple(uri for _, uri in zip(range(MAX_FOUND), _switched(repository), strict=False))


def asked_for(repository: Repository) -> str | None:
    """Return the place that asks something outside the repository for monitoring, None where none does."""
    called = [path for path in repository.paths if _extends(path) and not aside(path)]
    for path in sorted((*terraform_files(repository), *called))[:MAX_FILES]:
        text = text_of(repository, path)
        if text is None or not _outside(path, text, repository):
            continue
        for number, row in enumerate(lines_of(text), 1):
            if len(row) <= MAX_LINE and _ASKED.match(row):
                return f"{path}:{number} asks for monitoring that is kept outside the repository"
    module = next(_modules(repository), None)
    if module:
        return f"{module} calls a module of monitors that is kept outside the repository"
    linked = next(_linked(repository), None)
    return f"{linked} takes alerts from outside the repository" if linked else None


_TEMPLATE = regex(r"^\s*[\"']?uri[\"']?\s*:.*alerts?(?:-?rules?)?\.json", re.IGNORECASE)
_STACK = regex(
    r"^\s*(?:-\s+)?(?:name|chart)\s*:\s*[\"']?(?:[\w-]+/)?(?:kube-prometheus-stack|victoria-metrics-k8s-stack)[\"']?\s*$"
)
_CHART_FILE = regex(r"^(?:Chart|requirements)\.ya?ml$|helmfile|release|^application[^/]*\.ya?ml$")


def _linked(repository: Repository) -> Iterator[str]:
    """Yield PATH:LINE where a template links alerts of elsewhere, or a chart is wrapped that brings rules of its own."""
    opened = 0
    for path in repository.paths:
        if path.endswith(".json"):
            low = path.lower()
            pattern = _TEMPLATE if "template" in low or "azure" in low or "/arm" in low else None
        else:
            pattern = (
                _STACK if path.endswith((".yaml", ".yml")) and _CHART_FILE.search(file_name(path)) else None
            )
        if pattern is None or aside(path, but=_ARM):
            continue
        opened += 1
        if opened > MAX_FILES:
            return
        text = text_of(repository, path)
        if text is None or not ("templateLink" in text or "-stack" in text):
            continue
        for number, row in enumerate(lines_of(text), 1):
            if len(row) <= MAX_LINE and pattern.match(row):
                yield f"{path}:{number}"
                break


_ARM = frozenset({"templates", "template"})


def _extends(path: str) -> bool:
    return re.search(r"(?:^|/)azure[\w-]*/[^/]*\.ya?ml$|azure-pipelines[^/]*\.ya?ml$", path) is not None


def _outside(path: str, text: str, repository: Repository) -> bool:
    """Whether a file hands values to a template or module that does not stand in the repository."""
    if not path.endswith(".tf"):
        return re.search(r"^[ \t]*template\s*:\s*\S+@\w+", text, re.MULTILINE) is not None
    for source in re.findall(r"^[ \t]*source\s*=\s*\"([^\"]{1,300})\"", text, re.MULTILINE):
        if re.match(r"git(?:::|@|hub\.com)|\w[\w.-]*/[\w.-]+/[\w.-]+$|https?://", source):
            return True
        if source.startswith("./") and not any(
            other.startswith(_joined(path, source) + "/") for other in repository.paths
        ):
            return True
    return False


def _joined(path: str, source: str) -> str:
    folder = path.rpartition("/")[0]
    inside = source.removeprefix("./").partition("//")[0].strip("/")
    return f"{folder}/{inside}" if folder else inside


_WATCHING_MODULE = regex(
    r"^\s*source\s*=\s*\"[^\"]*(?:statuscake|uptime|alarms?|alerts?)(?:[^\"a-z][^\"]*)?\"", re.IGNORECASE
)


def _modules(repository: Repository) -> Iterator[str]:
    """Yield PATH:LINE where Terraform calls a module of elsewhere whose source says that it is one of alarms or monitors."""
    for path in terraform_files(repository)[:MAX_FILES]:
        opened = hidden = False
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            if len(row) > MAX_LINE:
                continue
            hidden = (hidden or "/*" in row) and "*/" not in row
            opened = row.startswith("module ") or (opened and not row.startswith("}"))
            if opened and not hidden and _WATCHING_MODULE.match(row) and _outside(path, row, repository):
                yield f"{path}:{number}"


def _switched(repository: Repository) -> Iterator[str]:
    opened = 0
    for path in repository.paths:
        settings = path.endswith((".yaml", ".yml"))
        program = path.endswith(_SOURCES) and re.search(
            r"cdk|infra|pulumi|stack|deploy|monitor|alarm|alert", path, re.I
        )
        if not (settings or program) or aside(path) or test_file(path) or path.startswith(".github/"):
            continue
        opened += 1
        if opened > MAX_FILES:
            return
        text = text_of(repository, path)
        if text is None or not re.search(r"alert|alarm|rule|monitor", text, re.I):
            continue
        line = _of_settings(path, lines_of(text)) if settings else _of_program(text)
        if line:
            yield repo_uri(path, line)


def _of_settings(path: str, rows: Sequence[str]) -> int | None:
    chart = file_name(path) == "Chart.yaml"
    spec = path.startswith(".do/")
    for number, row in enumerate(rows, 1):
        if len(row) > MAX_LINE or row.lstrip().startswith("#"):
            continue
        named = _CHART.match(row) if chart and number > 1 else None
        if (
            named
            and "alertmanager" not in named[1].lower()
            and "dependencies:" in "".join(rows[: number - 1])
        ):
            return number
        if _FLAG.match(row) or (spec and _RULE_OF_APP.match(row)):
            return number
        block = _BLOCK.match(row)
        if block is not None and (
            _on_below(rows, number, len(block["lead"])) or _judged_below(rows, number, len(block["lead"]))
        ):
            return number
    return None


def _on_below(rows: Sequence[str], number: int, lead: int) -> bool:
    """Whether a block begins by switching itself on."""
    for row in rows[number : number + 4]:
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        if len(row) - len(row.lstrip()) <= lead:
            return False
        if _ON.match(row):
            return True
    return False


_THRESHOLD = regex(
    r"^\s*(?:-\s+)?(?:threshold|comparison_?operator|evaluation_?periods)\s*:\s*\S", re.IGNORECASE
)


def _judged_below(rows: Sequence[str], number: int, lead: int) -> bool:
    """Whether a block of alarms holds one with the value from which on it rings."""
    for row in rows[number : number + 12]:
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        if len(row) - len(row.lstrip()) <= lead:
            return False
        if _THRESHOLD.match(row):
            return True
    return False


def _of_program(text: str) -> int | None:
    if not _CLOUD.search(text):
        return None
    for number, row in enumerate(lines_of(text), 1):
        if len(row) <= MAX_LINE and _CONSTRUCT.match(row):
            return number
    return None
