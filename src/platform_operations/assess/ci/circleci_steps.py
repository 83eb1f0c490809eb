"""CircleCI below the workflow: jobs' steps, reusable commands, orbs and their parameters."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from platform_operations.assess.ci.jobs import CiStep, Place, When
from platform_operations.assess.ci.kinds import kind_of_name
from platform_operations.assess.ci.uses import act_of_uses
from platform_operations.assess.ci.yaml_files import Files, script_commands
from platform_operations.model.assessment import Fact
from platform_operations.patterns import regex
from platform_operations.repository.yaml_lines import Node

MAX_DEPTH = 5
MAX_STEPS = 300
_PARAMETER = regex(r"<<\s*(?:parameters|pipeline\.parameters|matrix)\.([\w.-]+)\s*>>")
_BUILTIN = frozenset(
    {
        "checkout", "save_cache", "restore_cache", "store_artifacts", "store_test_results", "persist_to_workspace", "attach_workspace",
        "setup_remote_docker", "add_ssh_keys", "run", "when", "unless",
    }
)  # fmt: skip


class Config(NamedTuple):
    """One configuration file: its root, lines, and the orbs by the name it gives them."""

    path: str
    root: Node
    lines: tuple[str, ...]
    orbs: Mapping[str, str]
    default: frozenset[str]
    files: Files

    def unit(self, kind: str, name: str) -> Node | None:
        """Return a reusable command or job by name, `orb/name` from an inline orb."""
        orb, slash, inner = name.partition("/")
        node = self.root.get("orbs", orb, kind, inner) if slash else self.root.get(kind, name)
        return node if node is not None and node.kind == "map" else None


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return `text` with the parameters replaced that are known."""
    return _PARAMETER.sub(lambda match: known.get(match[1], match[0]), text) if "<<" in text else text


def steps_of_job(
    unit: str, given: Node | None, known: Mapping[str, str], config: Config, place: Place, pipeline: str
) -> Iterator[CiStep]:
    """Yield the steps of a job: what the workflow puts before and after them, and its own or its orb\'s."""
    for extra in ("pre-steps", "post-steps"):
        node = config.unit("jobs", unit)
        if extra == "post-steps" and node is not None:
            full = {**_defaults(node), **known}
            folder = filled(node.string("working_directory") or "", full)
            yield from _steps(
                node.children("steps"),
                full,
                config,
                pipeline,
                0,
                folder if not folder.startswith("~") else "",
            )
        elif extra == "post-steps":
            yield _orb_step(unit, known, place, config, pipeline)
        yield from _steps(given.children(extra) if given is not None else (), known, config, pipeline, 0, "")


def _defaults(unit: Node) -> dict[str, str]:
    return {
        key.text: text
        for key, value in unit.entries("parameters")
        if (text := value.string("default")) is not None
    }


def _orb_step(
    name: str, known: Mapping[str, str], place: Place, config: Config, pipeline: str, *, whole: bool = True
) -> CiStep:
    """Return a step for an orb's command or job (`whole`): OWNER/ORB/NAME@VERSION, known by table or only by its name."""
    alias, slash, inner = name.partition("/")
    source, _, version = config.orbs.get(alias, alias).partition("@")
    uses = f"{source}/{inner}@{version}" if slash else name
    remote = act_of_uses(uses, known).kind is None
    if (
        remote
        and slash
        and re.search(r"deploy|publish|release|push|promote|rollback|test|scan|build|lint", inner)
    ):
        config.files.facts.append(
            Fact(
                subject=f"pipelines/{pipeline}", aspect="remote-orb", outcome="unknown", value=uses,
                reason=f"what {name} does is kept in the orb {source}", evidence=(place.uri,),
            )
        )  # fmt: skip
    told = bool(slash) and (whole or kind_of_name(inner) is not None)
    return CiStep(
        place=place, uses=uses, inputs=dict(known), name=name if whole else "", remote=remote and told
    )


def _steps(
    nodes: tuple[Node, ...], known: Mapping[str, str], config: Config, pipeline: str, depth: int, folder: str
) -> Iterator[CiStep]:
    for node in nodes[:MAX_STEPS]:
        if not config.files.spend():
            return
        place = Place(config.path, node.first, max(node.first, node.last))
        if node.kind == "text":
            yield from _named(node.text, {}, place, config, pipeline, depth, folder)
            continue
        for key, value in node.pairs:
            if key.text == "run":
                yield from _run(value, place, known, config, folder)
            elif key.text in {"when", "unless"}:
                yield from (
                    _steps(value.children("steps"), known, config, pipeline, depth + 1, folder)
                    if depth < MAX_DEPTH
                    else ()
                )
            else:
                given = {
                    one.text: filled(inner.text, known) for one, inner in value.pairs if inner.kind == "text"
                }
                yield from _named(key.text, given, place, config, pipeline, depth, folder)


def _run(
    value: Node, place: Place, known: Mapping[str, str], config: Config, folder: str
) -> Iterator[CiStep]:
    node = value if value.kind == "text" else value.get("command")
    if node is None or node.kind != "text":
        return
    own = value.string("working_directory") if value.kind == "map" else None
    moved = filled(own, known) if own is not None else folder
    when: dict[str, When] = {"always": "always", "on_fail": "failure"}
    text = Node("text", node.first, node.last, filled(node.text, known), node.quoted, node.tag)
    shell = (value.string("shell") or "") if value.kind == "map" else ""
    yield CiStep(
        place=place,
        commands=script_commands(text, config.lines, pipefail=not shell or "pipefail" in shell),
        name=(value.string("name") or "") if value.kind == "map" else "",
        when=when.get((value.string("when") or "") if value.kind == "map" else "", "success"),
        folder=moved if not moved.startswith(("~", "/", "$")) else "",
        variables={
            key.text: filled(one.text, known)
            for key, one in (value.entries("environment") if value.kind == "map" else ())
        },
    )


def _named(
    name: str, given: Mapping[str, str], place: Place, config: Config, pipeline: str, depth: int, folder: str
) -> Iterator[CiStep]:
    if name in _BUILTIN:
        return
    unit = config.unit("commands", name)
    if unit is not None and depth < MAX_DEPTH:
        for step in _steps(
            unit.children("steps"), {**_defaults(unit), **given}, config, pipeline, depth + 1, folder
        ):
            yield replace(step, via=(place, *step.via)[:3], name=step.name or name)
        return
    if "/" in name:
        yield _orb_step(name, given, place, config, pipeline, whole=False)
