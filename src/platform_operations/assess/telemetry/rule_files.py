"""Prometheus rules wherever they stand: rule files, manifests, Helm values, ConfigMaps, mixins.

Anything with `alert` and `expr` is an alerting rule, whatever surrounds it; what no YAML parser accepts (a
Helm template, a mixin in jsonnet) is read by lines, which says so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from platform_operations.assess.places import (
    aside,
    documents,
    file_name,
    lines_of,
    nodes,
    text_of,
    unreadable,
)
from platform_operations.model.assessment import Fact
from platform_operations.patterns import regex
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Broken, Node, read_yaml

MAX_FILES = 1_500
MAX_ALERTS = 3_000
_LIKELY = (
    "alert",
    "rule",
    "prometheus",
    "monitor",
    "slo",
    "mixin",
    "observab",
    "alarm",
    "mimir",
    "loki",
    "metrics",
)
_YAML = (".yml", ".yaml", ".rules", ".alerts", ".json", ".yaml.tpl", ".yml.tpl", ".alerts.tpl", ".rules.tpl")
_JSONNET = (".libsonnet", ".jsonnet")
_HELM = frozenset({"templates", "template"})
_ALERT_LINE = regex(
    r"^(?P<lead>\s*(?:-\s+)?)['\"]?alert['\"]?\s*:\s*['\"]?(?P<name>[A-Za-z][\w .:/-]{0,150}?)['\"]?(?:\s*,)?\s*$"
)
_FIELD = regex(r"^\s*['\"]?(?P<key>[A-Za-z_]\w*)['\"]?\s*:(?P<value>.*)$")
_TEMPLATED = regex(
    r"\{\{-?\s*(?:if|range|with|include|template|toYaml|\.Values|\$|\.|printf|define|end)|<%|\{%"
)


_RULE = regex(r"^[ \t]*(?:-[ \t]+)?['\"]?(alert|record)['\"]?[ \t]*:", re.M)


@dataclass(frozen=True, slots=True)
class RawAlert:
    """An alerting rule as written.

    Not `exact`: read by lines; then only `hint` has the expression, with template actions made words.
    """

    name: str
    expression: str
    path: str
    first: int
    last: int
    expression_line: int
    hold: str | None = None
    labels: dict[str, str] = field(default_factory=dict[str, str])
    annotations: dict[str, str] = field(default_factory=dict[str, str])
    exact: bool = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """Every rule of a repository: alerts in order, recorded expressions by name, what was unreadable."""

    alerts: tuple[RawAlert, ...] = ()
    records: dict[str, str] = field(default_factory=dict[str, str])
    record_files: tuple[tuple[str, int], ...] = ()
    facts: tuple[Fact, ...] = ()


def read_rules(repository: Repository) -> Rules:
    """Return every rule in the repository's own files; at most MAX_FILES are opened, telling names first."""
    alerts: list[RawAlert] = []
    records: dict[str, str] = {}
    record_files: list[tuple[str, int]] = []
    facts: list[Fact] = []
    for path in _candidates(repository.paths):
        text = text_of(repository, path)
        if text is None or not ("alert" in text or "record" in text) or not _RULE.search(text):
            continue
        found, recorded, fact = _read(path, text)
        alerts += found
        for name, expression, line in recorded:
            records.setdefault(name, expression)
            record_files.append((path, line))
        facts += [fact] if fact and (found or fact.outcome == "unknown") else []
    return Rules(tuple(alerts[:MAX_ALERTS]), records, tuple(record_files[:50]), tuple(facts))


def _candidates(paths: Sequence[str]) -> list[str]:
    own = [
        path
        for path in paths
        if path.endswith((*_YAML, *_JSONNET))
        and not aside(path, but=_HELM)
        and not path.startswith(".github/workflows/")
        and not re.search(r"[_.-]tests?\.(ya?ml|jsonnet|libsonnet)$|package(-lock)?\.json$", file_name(path))
    ]
    likely = [path for path in own if any(word in path.lower() for word in _LIKELY)]
    known = set(likely)
    rest = [path for path in own if path not in known and not path.endswith((".json", *_JSONNET))]
    return [*likely, *sorted(rest, key=lambda path: (path.count("/"), path))][:MAX_FILES]


def _read(path: str, text: str) -> tuple[list[RawAlert], list[tuple[str, str, int]], Fact | None]:
    if path.endswith(_JSONNET):
        by_lines = list(_by_lines(path, text))
        fact = (
            unreadable(path, "jsonnet, read by lines: rules it computes are not seen", 1)
            if by_lines
            else None
        )
        return by_lines, [], fact
    read = documents(path, text)
    if isinstance(read, Fact):
        by_lines = list(_by_lines(path, text))
        return by_lines, [], read
    alerts: list[RawAlert] = []
    records: list[tuple[str, str, int]] = []
    _collect(path, read, 0, 0, alerts, records)
    return alerts, records, None


def _collect(
    path: str,
    roots: Sequence[Node],
    offset: int,
    depth: int,
    alerts: list[RawAlert],
    records: list[tuple[str, str, int]],
) -> None:
    for node in nodes(roots):
        if len(alerts) >= MAX_ALERTS:
            return
        if node.kind == "map":
            name, expression = node.string("alert"), node.get("expr")
            if expression is None or expression.kind != "text":
                continue
            if name:
                alerts.append(_alert(path, node, name, expression, offset))
            elif recorded := node.string("record"):
                records.append((recorded, expression.text, node.first + offset))
        elif node.kind == "text" and depth < 2 and node.quoted and "\n" in node.text and "expr:" in node.text:
            inner = read_yaml(node.text)
            if not isinstance(inner, Broken):
                _collect(path, inner, offset + node.first, depth + 1, alerts, records)


def _alert(path: str, node: Node, name: str, expression: Node, offset: int) -> RawAlert:
    return RawAlert(
        name=name,
        expression=expression.text.strip(),
        path=path,
        first=node.first + offset,
        last=node.last + offset,
        expression_line=expression.first + offset,
        hold=node.string("for"),
        labels=_texts(node, "labels"),
        annotations=_texts(node, "annotations"),
    )


def _texts(node: Node, key: str) -> dict[str, str]:
    return {
        name.text: value.text
        for name, value in node.entries(key)[:100]
        if value.kind == "text" and not value.null
    }


def _by_lines(path: str, text: str) -> Iterator[RawAlert]:
    """Yield the alerts that lines show: a name, and the fields up to the next alert or 60 lines on."""
    rows = lines_of(text)
    starts = [
        (number, match["name"].strip())
        for number, row in enumerate(rows)
        if len(row) < 500 and (match := _ALERT_LINE.match(row)) and "{{" not in match["name"]
    ]
    for place, (number, name) in enumerate(starts[:MAX_ALERTS]):
        end = min(starts[place + 1][0] if place + 1 < len(starts) else len(rows), number + 60)
        found = {key: (at, value) for at, key, value in _fields(rows, number + 1, end)}
        texts = {key: value for key, (_, value) in found.items()}
        yield RawAlert(
            name=name,
            expression="",
            path=path,
            first=number + 1,
            last=max((at for at, _ in found.values()), default=number) + 1,
            expression_line=found["expr"][0] + 1 if "expr" in found else number + 1,
            hold=texts.get("for"),
            labels={key: texts[key] for key in _LABELS if key in texts},
            annotations={key: texts[key] for key in _ANNOTATIONS if key in texts},
            exact=False,
            hint=texts.get("expr", ""),
        )


_LABELS = ("severity", "team", "owner", "service")
_ANNOTATIONS = ("runbook_url", "runbook", "runbookUrl", "summary", "description")


def _fields(rows: list[str], start: int, end: int) -> Iterator[tuple[int, str, str]]:
    """Yield (row, key, value) of the fields; template actions count in `expr` only."""
    for at in range(start, end):
        found = _FIELD.match(rows[at]) if len(rows[at]) < 2_000 else None
        key, value = (found["key"], found["value"].strip().removesuffix(",").rstrip()) if found else ("", "")
        if not value:
            continue
        if key == "expr":
            yield at, key, _expression(rows, at, end, value)
        elif key in {"for", *_LABELS, *_ANNOTATIONS} and not _TEMPLATED.search(value):
            yield at, key, value.strip("'\"")


def _expression(rows: list[str], at: int, end: int, value: str) -> str:
    """Return the expression that begins on row `at`, with template actions replaced by a word."""
    lines = [value]
    if value[:1] in "|>" or value.startswith("|||"):
        indent = len(rows[at]) - len(rows[at].lstrip())
        lines = list[str]()
        for row in rows[at + 1 : end]:
            if row.strip() and len(row) - len(row.lstrip()) <= indent:
                break
            lines.append("" if re.fullmatch(r"\s*\{\{[^{}]*\}\}\s*", row[:500]) else row)
    return re.sub(r"\{\{[^{}]*\}\}", "templated", "\n".join(lines)).strip()[:5_000]
