"""YAML files of a repository, each read once; scripts in them as commands with their lines."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from platform_operations.assess.ci.expressions import filled
from platform_operations.assess.ci.jobs import NOTHING, Place, unreadable
from platform_operations.assess.ci.shell import Command, commands
from platform_operations.model.assessment import Fact
from platform_operations.repository import Repository, Unreadable
from platform_operations.repository.yaml_lines import MAX_EXPANDED, Broken, Node, read_yaml

MAX_UNITS = 8_000


@dataclass(slots=True)
class Files:
    """The repository's YAML files, each read once; what cannot be read becomes a fact.

    `spent` counts the jobs and steps taken in: templates that call one another could else multiply without end.
    """

    repository: Repository
    facts: list[Fact] = field(default_factory=list[Fact])
    seen: dict[str, tuple[Node, tuple[str, ...]] | None] = field(
        default_factory=dict[str, "tuple[Node, tuple[str, ...]] | None"]
    )

    spent: int = 0
    step_keys: frozenset[str] = frozenset()
    """Keys by which a document that is a list of mappings is one of steps, read as if `steps` stood above it."""

    def spend(self) -> bool:
        """Count one more job or step; say whether there may be one more."""
        self.spent += 1
        if self.spent == MAX_UNITS + 1:
            reason = f"more than {MAX_UNITS} jobs and steps: the rest was not read"
            self.facts.append(Fact(subject="pipelines", aspect="complete", outcome="unknown", reason=reason))
        return self.spent <= MAX_UNITS

    def read(self, path: str) -> tuple[Node, tuple[str, ...]] | None:
        """Return the first document of `path` and its lines, None when there is none or it cannot be read."""
        if path not in self.seen:
            self.seen[path] = self._read(path)
        return self.seen[path]

    def _read(self, path: str) -> tuple[Node, tuple[str, ...]] | None:
        content = self.repository.read(path)
        if isinstance(content, Unreadable):
            self.facts.append(unreadable(path, 1, content.reason))
            return None
        documents = read_yaml(content)
        if isinstance(documents, Broken):
            self.facts.append(unreadable(path, documents.line, documents.reason))
            return None
        if documents and any(
            key.text in self.step_keys for one in documents[0].items for key, _ in one.pairs
        ):
            whole = documents[0]
            steps = Node("text", whole.first, whole.first, "steps")
            documents = (Node("map", whole.first, whole.last, pairs=((steps, whole),), weight=whole.weight),)
        if not documents or documents[0].kind != "map":
            if content.strip() and any(
                line.strip() and not line.lstrip().startswith("#") for line in content.split("\n")
            ):
                self.facts.append(unreadable(path, 1, "not a mapping"))
            return None
        if documents[0].weight > MAX_EXPANDED:
            self.facts.append(unreadable(path, 1, "its aliases expand to more than can be read"))
            return None
        return documents[0], tuple(content.split("\n"))


def line_of(path: str, node: Node, name: str) -> Place | None:
    """Return the lines of an entry of a mapping, None when it is not there."""
    key, value = node.key(name), node.get(name)
    return (
        Place(path, key.first, max(key.first, value.last)) if key is not None and value is not None else None
    )


def script_commands(
    run: Node, lines: tuple[str, ...], known: Mapping[str, str] = NOTHING, *, pipefail: bool = True
) -> tuple[Command, ...]:
    """Return the commands of a script with their lines; of a folded script every command stands on all its lines.

    Without `shell` GitHub runs `bash -e`, with `shell: bash` also `-o pipefail`; GitLab and CircleCI set both.
    """
    text = filled(run.text, known)
    start = lines[run.first - 1].rstrip() if run.first <= len(lines) else ""
    block = (
        re.search(r"[|>][+-]?\d?[+-]?\s*(?:#.*)?$", start) is not None and run.quoted and run.last > run.first
    )
    if block and not re.search(r">[+-]?\d?[+-]?\s*(?:#.*)?$", start):
        return commands(text, run.first + 1, pipefail=pipefail)
    if run.first == run.last:
        return (
            commands(text, run.first, pipefail=pipefail) if "\n" not in text else _flat(text, run, pipefail)
        )
    return _flat(text, run, pipefail)


def _flat(text: str, run: Node, pipefail: bool) -> tuple[Command, ...]:
    return tuple(replace(one, first=run.first, last=run.last) for one in commands(text, 1, pipefail=pipefail))


def script_list(
    node: Node | None, lines: tuple[str, ...], known: Mapping[str, str] = NOTHING, depth: int = 0
) -> tuple[Command, ...]:
    """Return the commands of a script that is a text or a list of texts, lists within it flattened."""
    if node is None or node.null or depth > 6:
        return ()
    if node.kind == "text":
        return script_commands(node, lines, known)
    found: list[Command] = []
    for item in node.items[:200]:
        found.extend(script_list(item, lines, known, depth + 1))
    return tuple(found)
