"""Where alerts go: the routes of Alertmanager, its receivers, the on-call tools behind them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from platform_operations.assess.places import aside, documents, file_name, nodes, text_of
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Broken, Node, read_yaml
from platform_operations.slo.label_regex import UnsupportedPatternError, matches

MAX_FILES = 400
MAX_ROUTES = 2_000
_LIKELY = ("alertmanager", "alert", "monitor", "prometheus", "observab", "values", "receiver", "notif")
_HELM = frozenset({"templates"})
TOOLS: Mapping[str, str] = {
    "pagerduty": "pagerduty",
    "opsgenie": "opsgenie",
    "victorops": "victorops",
    "slack": "slack",
    "msteams": "msteams",
    "msteamsv2": "msteams",
    "webex": "webex",
    "discord": "discord",
    "telegram": "telegram",
    "email": "email",
    "sns": "sns",
    "pushover": "pushover",
    "webhook": "webhook",
    "wechat": "wechat",
    "jira": "jira",
    "rocketchat": "rocketchat",
    "incidentio": "incident-io",
}
"""Integrations of a receiver, by the beginning of `NAME_configs` or `NAMEConfigs`."""

_WAKING = frozenset({"pagerduty", "opsgenie", "victorops", "incident-io"})

Answer: TypeAlias = Literal["yes", "no", "unknown"]


class Matcher(NamedTuple):
    """One condition of a route; `pattern`: the value is a regular expression, anchored at both ends."""

    label: str
    value: str
    pattern: bool
    negative: bool


class Route(NamedTuple):
    """One route: the receiver it names, None to keep its parent's."""

    receiver: str | None
    matchers: tuple[Matcher, ...]
    routes: tuple["Route", ...]
    goes_on: bool
    line: int


class Receiver(NamedTuple):
    """One receiver and the tools that it notifies; one without any swallows what it gets."""

    name: str
    tools: tuple[str, ...]
    line: int


class Routing(NamedTuple):
    """One Alertmanager configuration."""

    path: str
    root: Route
    receivers: Mapping[str, Receiver]


def read_routing(repository: Repository) -> tuple[Routing, ...]:
    """Return every Alertmanager configuration in the repository's own files, wherever it is embedded."""
    own = [
        path
        for path in repository.paths
        if path.endswith((".yml", ".yaml", ".yaml.tpl"))
        and not aside(path, but=_HELM)
        and not file_name(path).startswith("test")
    ]
    likely = [path for path in own if any(word in path.lower() for word in _LIKELY)]
    found: list[Routing] = []
    for path in likely[:MAX_FILES]:
        text = text_of(repository, path)
        if text is None or "receivers" not in text or "route" not in text:
            continue
        read = documents(path, text)
        if not isinstance(read, Fact):
            found += _configurations(path, read, 0, 0)
    return tuple(found)


def _configurations(path: str, roots: Sequence[Node], offset: int, depth: int) -> Iterator[Routing]:
    for node in nodes(roots):
        if node.kind == "map":
            route, receivers = node.get("route"), node.get("receivers")
            if route is None or route.kind != "map" or receivers is None or receivers.kind != "list":
                continue
            known = [_receiver(item, offset) for item in receivers.items if item.string("name")]
            budget = [MAX_ROUTES]
            yield Routing(path, _route(route, offset, 0, budget), {one.name: one for one in known})
        elif node.kind == "text" and depth < 2 and "receivers:" in node.text and "\n" in node.text:
            inner = read_yaml(node.text)
            if not isinstance(inner, Broken):
                yield from _configurations(path, inner, offset + node.first, depth + 1)


def _receiver(node: Node, offset: int) -> Receiver:
    keys = [key.text for key, value in node.pairs if value.kind == "list" and value.items]
    kinds = [
        re.sub(r"(_configs|Configs)$", "", key).lower()
        for key in keys
        if key.endswith(("_configs", "Configs"))
    ]
    tools = tuple(dict.fromkeys(TOOLS.get(kind, kind) for kind in kinds))
    return Receiver(node.string("name") or "", tools, node.first + offset)


def _route(node: Node, offset: int, depth: int, budget: list[int]) -> Route:
    budget[0] -= 1
    matchers: list[Matcher] = []
    for key, pattern in (("match", False), ("match_re", True), ("matchRe", True)):
        matchers += [Matcher(name.text, value.text, pattern, False) for name, value in node.entries(key)]
    for item in node.children("matchers"):
        if item.kind == "text":
            matchers += [matcher for text in _split(item.text) if (matcher := _matcher(text))]
        elif item.string("name"):
            kind = item.string("matchType") or ("=~" if item.string("regex") == "true" else "=")
            value = item.string("value") or ""
            matchers.append(Matcher(item.string("name") or "", value, "~" in kind, kind.startswith("!")))
    inner = tuple(
        _route(child, offset, depth + 1, budget)
        for child in node.children("routes")
        if child.kind == "map" and depth < 30 and budget[0] > 0
    )
    goes_on = node.string("continue") == "true"
    return Route(node.string("receiver"), tuple(matchers), inner, goes_on, node.first + offset)


def _split(text: str) -> list[str]:
    return [part for part in text.strip().strip("{}").split(",") if part.strip()] if "=" in text else []


def _matcher(text: str) -> Matcher | None:
    found = re.match(r"\s*['\"]?([\w.-]+)['\"]?\s*(=~|!~|!=|=)(.*)$", text[:1_000].strip())
    if not found:
        return None
    value = found[3].strip()
    value = value[1:-1] if value[:1] in "'\"" and len(value) > 1 else value
    return Matcher(found[1], value, "~" in found[2], found[2].startswith("!"))


def receiver_for(routing: Routing, labels: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the first receiver that an alert with these labels reaches, and why there is none.

    Labels that come from the measured series are not known here: where such a label decides, the answer is
    None.
    """
    name, sure = _walk(routing.root, labels, routing.root.receiver)
    if not sure:
        return None, "the route depends on labels that only the measured series have"
    if name is None or name not in routing.receivers:
        return None, f"the route names receiver {name!r}, which is not defined"
    if not routing.receivers[name].tools:
        return None, f"receiver {name!r} notifies nobody"
    return name, ""


def _walk(route: Route, labels: Mapping[str, str], inherited: str | None) -> tuple[str | None, bool]:
    receiver = route.receiver or inherited
    for child in route.routes:
        answer = _answer(child, labels)
        if answer == "yes":
            return _walk(child, labels, receiver)
        if answer == "unknown" and not child.goes_on:
            name, sure = _walk(child, labels, receiver)
            if not (sure and name == receiver):
                return None, False
    return receiver, True


def _answer(route: Route, labels: Mapping[str, str]) -> Answer:
    answers = [_holds(matcher, labels) for matcher in route.matchers]
    if "no" in answers:
        return "no"
    return "unknown" if "unknown" in answers else "yes"


def _holds(matcher: Matcher, labels: Mapping[str, str]) -> Answer:
    value = labels.get(matcher.label)
    if value is not None and "{{" in value:
        return "unknown"
    if value is None:
        return (
            "no" if matcher.label in {"severity", "team", "alertname"} and not matcher.negative else "unknown"
        )
    if matcher.pattern:
        found = _regex(matcher.value, value)
        if found is None:
            return "unknown"
        return "yes" if found != matcher.negative else "no"
    return "yes" if (value == matcher.value) != matcher.negative else "no"


def _regex(pattern: str, value: str) -> bool | None:
    try:
        return matches(pattern, value)
    except UnsupportedPatternError:
        return None


def routing_facts(found: Sequence[Routing]) -> Iterator[Fact]:
    """Yield the facts of Alertmanager and of the tools on call that its receivers wake; a chat observes nothing."""
    seen: set[str] = set()
    for routing in found:
        if "alertmanager" not in seen:
            seen.add("alertmanager")
            yield _present("alertmanager", routing.path, routing.root.line)
        for receiver in routing.receivers.values():
            for tool in receiver.tools:
                if tool not in seen and tool in _WAKING:
                    seen.add(tool)
                    yield _present(tool, routing.path, receiver.line)


def _present(tool: str, path: str, line: int) -> Fact:
    return Fact(
        subject="observability",
        aspect=tool,
        outcome="present",
        strength="present",
        evidence=(repo_uri(path, line),),
    )
