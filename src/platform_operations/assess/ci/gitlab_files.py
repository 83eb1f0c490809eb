"""GitLab's configuration put together: includes first, then own keys over them; `extends` and `!reference` resolved."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import NamedTuple

from platform_operations.assess.ci.jobs import Place
from platform_operations.assess.ci.yaml_files import Files
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.repository.yaml_lines import Node

MAX_FILES = 60
MAX_PARENTS = 12

_COMPONENT = regex(r"/components/(sast|secret-detection|dependency-scanning|container-scanning)(?:/|@|$)")

RESERVED = frozenset(
    {
        "stages", "variables", "default", "include", "workflow", "image", "services", "before_script", "after_script", "cache",
        "spec", "types",
    }
)  # fmt: skip


class Value(NamedTuple):
    """A value and the file it stands in; `key` is the line its key stands on."""

    node: Node
    path: str
    lines: tuple[str, ...]
    key: int

    @property
    def place(self) -> Place:
        """The lines of the entry."""
        return Place(self.path, self.key, max(self.key, self.node.last))


@dataclass(slots=True)
class Merged:
    """The configuration of one pipeline: top-level entries by name, each a mapping's fields or a value."""

    jobs: dict[str, dict[str, Value]] = field(default_factory=dict[str, dict[str, Value]])
    top: dict[str, Value] = field(default_factory=dict[str, Value])
    templates: list[tuple[str, Place]] = field(default_factory=list[tuple[str, Place]])
    places: list[Place] = field(default_factory=list[Place])
    seen: set[str] = field(default_factory=set[str])


def merged(path: str, files: Files, pipeline: str) -> Merged:
    """Return the configuration that begins in `path`."""
    result = Merged()
    _add(path, files, pipeline, result)
    return result


def _add(path: str, files: Files, pipeline: str, result: Merged) -> None:
    if path in result.seen or len(result.seen) >= MAX_FILES:
        return
    result.seen.add(path)
    loaded = files.read(path)
    if loaded is None:
        return
    root, lines = loaded
    result.places.append(Place(path, root.first, root.first))
    for item, place in _includes(root, path):
        _include(item, place, files, pipeline, result)
    for key, node in root.pairs:
        value = Value(node, path, lines, key.first)
        if key.text in RESERVED or node.kind != "map":
            result.top[key.text] = value
            continue
        fields = result.jobs.setdefault(key.text, {})
        fields["."] = value
        for name, inner in node.pairs:
            fields[name.text] = Value(inner, path, lines, name.first)


def _includes(root: Node, path: str) -> Iterator[tuple[Node, Place]]:
    node = root.get("include")
    if node is None:
        return
    for item in node.items if node.kind == "list" else [node]:
        yield item, Place(path, item.first, max(item.first, item.last))


def _include(item: Node, place: Place, files: Files, pipeline: str, result: Merged) -> None:
    local = item.text if item.kind == "text" else item.string("local")
    template = item.string("template") if item.kind == "map" else None
    official = _COMPONENT.search(item.string("component") or "") if item.kind == "map" else None
    if template is not None or official is not None:
        result.templates.append((template or (official[1] if official else ""), place))
        return
    if local is not None and not local.startswith(("http://", "https://")):
        wanted = re.sub(r"^/+", "", local)
        found = [wanted] if files.repository.exists(wanted) else []
        if "*" in wanted:
            found = [one for one in files.repository.paths if fnmatchcase(one, wanted.replace("**", "*"))][
                :MAX_FILES
            ]
        for one in found:
            _add(one, files, pipeline, result)
        if found or "$" not in wanted:
            return
    named = local or next(
        (text for key in ("project", "component", "remote") if (text := item.string(key))), "include"
    )
    files.facts.append(
        Fact(
            subject=f"pipelines/{pipeline}", aspect="remote-include", outcome="unknown", value=named[:200],
            reason=f"{named[:200]} is kept outside this repository", evidence=(repo_uri(place.path, place.first, place.last),),
        )
    )  # fmt: skip


def effective(name: str, merged_: Merged) -> dict[str, Value]:
    """Return a job's fields with those of its parents below them, `variables` united."""
    found: dict[str, Value] = {}
    for parent in reversed(_lineage(name, merged_)):
        for key, value in merged_.jobs.get(parent, {}).items():
            found[key] = value
    own = merged_.jobs.get(name, {}).get(".")
    if own is not None:
        found["."] = own
    return found


def _lineage(name: str, merged_: Merged) -> list[str]:
    """Return a job and its parents, nearest first; later parents win over earlier ones."""
    order: list[str] = []
    waiting = [name]
    while waiting and len(order) < MAX_PARENTS:
        one = waiting.pop(0)
        if one in order:
            continue
        order.append(one)
        extends = merged_.jobs.get(one, {}).get("extends")
        if extends is not None:
            names = (
                [extends.node.text]
                if extends.node.kind == "text"
                else [item.text for item in extends.node.items]
            )
            waiting.extend(reversed(names))
    return order


def variables(name: str, merged_: Merged) -> dict[str, str]:
    """Return the literal variables that a job sees."""
    found: dict[str, str] = {}
    top = merged_.top.get("variables")
    for node in [top.node] if top else []:
        found.update(_texts(node))
    found.update(_of_rules(merged_.top.get("workflow")))
    for parent in reversed(_lineage(name, merged_)):
        value = merged_.jobs.get(parent, {}).get("variables")
        if value is not None:
            found.update(_texts(value.node))
    return found


def _of_rules(workflow: Value | None) -> dict[str, str]:
    """Return the variables that the workflow's rules set; where they differ, those of the default branch, else the first."""
    rules = workflow.node.children("rules") if workflow is not None else ()
    given = [
        (rule.string("if") or "", inner) for rule in rules if (inner := rule.get("variables")) is not None
    ]
    given.sort(key=lambda row: _DEFAULT_BRANCH.search(row[0]) is not None)
    return {
        name: value
        for _, node in [*reversed(given[:-1]), *given[-1:]]
        for name, value in _texts(node).items()
    }


_DEFAULT_BRANCH = regex(r"CI_DEFAULT_BRANCH|[\"'](?:main|master|trunk)[\"']")


def handed_variables(merged_: Merged) -> dict[str, str]:
    """Return the literal variables of a pipeline, with those that jobs write into dotenv reports for later jobs."""
    found = variables("", merged_)
    for name, own in merged_.jobs.items():
        if "artifacts" not in effective(name, merged_):
            continue
        reports = effective(name, merged_)["artifacts"].node.get("reports")
        file = reports.string("dotenv") if reports is not None else None
        if not file or "script" not in own:
            continue
        for node, _ in script_parts(name, effective(name, merged_), merged_):
            for line in node.text.split("\n"):
                match = _WRITTEN.search(line) if file in line else None
                if match is not None:
                    found.setdefault(match[1], match[2])
    return found


_WRITTEN = regex(r"echo\s+[\"']?([A-Za-z_]\w*)=([^\"'>]+?)[\"']?\s*>")


def _texts(node: Node) -> dict[str, str]:
    return {
        key.text: value.text if value.kind == "text" else (value.string("value") or "")
        for key, value in node.pairs[:200]
        if value.kind in {"text", "map"}
    }


def script_parts(name: str, fields: dict[str, Value], merged_: Merged) -> Iterator[tuple[Node, Value]]:
    """Yield the script texts of a job in order, before_script first, each with where it stands; references are followed."""
    for key in ("before_script", "script"):
        value = fields.get(key) or (_default(key, merged_) if key == "before_script" else None)
        if value is not None:
            yield from _texts_of(value.node, value, merged_, 0)


def _default(key: str, merged_: Merged) -> Value | None:
    default = merged_.top.get("default")
    inner = default.node.get(key) if default is not None else None
    if default is not None and inner is not None:
        return Value(inner, default.path, default.lines, inner.first)
    return merged_.top.get(key)


def _texts_of(node: Node, home: Value, merged_: Merged, depth: int) -> Iterator[tuple[Node, Value]]:
    if depth > 8:
        return
    if node.tag == "!reference" and node.kind == "list" and len(node.items) >= 2:
        target = merged_.jobs.get(node.items[0].text, {}).get(node.items[1].text)
        if target is not None:
            yield from _texts_of(target.node, target, merged_, depth + 1)
        return
    if node.kind == "text":
        yield node, home
        return
    for item in node.items[:200]:
        yield from _texts_of(item, home, merged_, depth + 1)
