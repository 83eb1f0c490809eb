"""Provenance: what a plan adds (addresses, commands, images, packages, owners) stands somewhere or is not there.

A model, or whoever speaks through the files it reads, can invent anything. What it proposes may use what runs today,
what the platforms' and checks' own commands use, and what is ordinary; nothing else gets into a plan, whatever it cites:
a citation shows that lines exist, not that they are ours to follow.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, cast

from pydantic import ValidationError

from platform_operations.model.delivery import Entry
from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.reliability import Slo
from platform_operations.patterns import regex
from platform_operations.platforms import PLATFORMS
from platform_operations.platforms.checks import CHECKS
from platform_operations.validate.compose.attesting import TOOLS
from platform_operations.validate.compose.parties import UNNAMED, owner_of, with_owner
from platform_operations.validate.compose.reliability import budget_policy
from platform_operations.validate.edits import amend
from platform_operations.validate.reach import Reach, Wanted, hosts, reach_of_command, reach_of_prose
from platform_operations.validate.rule import Review, Violation

_EVERYWHERE = """
    [ [[ : . { } ! awk basename break case cat cd chmod cmp command continue cp curl cut date diff dirname do done echo egrep
    elif else esac exit export false fi find for function git grep gunzip gzip head if in jq kill local ls mkdir mktemp mv
    printf pwd read return rm sed seq set sha256sum shift sleep sort source sudo tail tar tee test then time timeout touch
    tr trap true uname uniq unset unzip until wait wc wget which while xargs yq zip bash sh platform-ops
    apt-get bun bundle bundler cargo composer deno docker docker-compose dotnet gem go gradle hatch make mix mvn node npm
    npx openssl pdm php pip pip3 pipx pnpm poetry python python3 rails rake ruby uv uvx yarn
    mongosh mysql mysqladmin pg_isready psql redis-cli sqlite3
"""
ORDINARY = frozenset(_EVERYWHERE.split())
"""Programs that every build machine has, and builders: they say nothing of where something came from."""

REGISTRIES = frozenset(
    {"pypi.org", "test.pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "rubygems.org", "crates.io"}
)
"""Public registries: what is taken from them is asked about by its own name."""

ORDINARY_ACTIONS = ("actions/", "docker/", "github/codeql-action")

_TOKEN = regex(r"[\w@][\w./@:+-]*")
_EDGE = regex(r"[\w./-]")

FIELDS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "environments": (("url",),),
        "pipelineStages": (("runs",), ("health_check", "target"), ("health_check", "because")),
        "qualityGates": (),
        "rollbackPlan": (("data", "note"),),
        "observabilityPillars": (("dashboards",), ("instrumentation",)),
        "slos": (("budget_policy", "exhausted"), ("budget_policy", "slow")),
        "alerts": (("route",),),
        "runbooks": (("url",), ("path",), ("confirm",), ("mitigate",), ("impact",), ("escalate",)),
        "driftChecks": (("tool",), ("what",), ("schedule",)),
    }
)
"""Where free text stands in entries; `text` is in all of them."""
_WORDED = ("components", "artifacts", "pipelines", "deployStrategy")
"""Sections whose entries have no other free text than their wording."""
_COMMANDS = frozenset({("pipelineStages", "runs"), ("driftChecks", "tool")})

Place: TypeAlias = tuple[tuple[str, ...], str, bool]
"""Path of a field, a text in it, whether it is a command."""


class Known(NamedTuple):
    """What may be used: of today, of the platforms and checks, and the programs among it."""

    text: str
    lines: frozenset[str]
    tokens: frozenset[str]
    hosts: frozenset[str]
    programs: frozenset[str]

    def names(self, name: str) -> bool:
        """Whether `name` stands in today's texts as a name of its own."""
        at = self.text.find(name)
        while at >= 0:
            before, after = self.text[at - 1 : at], self.text[at + len(name) : at + len(name) + 1]
            if not (before and _EDGE.match(before)) and not (after and re.match(r"[\w/-]", after)):
                return True
            at = self.text.find(name, at + 1)
        return False


@lru_cache(maxsize=1)
def _shipped() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return hosts, programs and tools, and actions of the platforms and checks."""
    lines = [line for check in CHECKS for line in (*check.commands, check.run or "")]
    lines += TOOLS
    uses = [name for check in CHECKS for name in check.uses]
    for one in PLATFORMS:
        for way in (*one.actions.values(), *one.rollbacks.values()):
            lines += [*way.commands, *way.seen]
            uses += way.uses
    programs = {name for line in lines for kind, name in reach_of_command(line).wants if kind in _PROGRAMS}
    programs |= {check.id for check in CHECKS}
    return (
        frozenset(host for line in lines for host in hosts(line)),
        frozenset(programs),
        frozenset(name.lower() for name in uses),
    )


_PROGRAMS = frozenset({"program", "tool", "package"})


@lru_cache(maxsize=8)
def _known(said: str) -> Known:
    lines = frozenset(said.split("\n"))
    tokens = frozenset(_TOKEN.findall(said.lower()))
    addresses = {
        token.partition("/")[0].partition(":")[0].rpartition("@")[2] for token in tokens if "." in token
    }
    programs = {
        name
        for line in lines
        if len(line) < 2000
        for kind, name in reach_of_command(line).wants
        if kind in _PROGRAMS
    }
    return Known(said, lines, tokens, frozenset(addresses) | set(hosts(said)), frozenset(programs))


def unsupported(review: Review) -> Iterator[Violation]:
    """Yield what the plan adds and nothing stands behind, each with the repair that takes it out again."""
    if review.as_is is None or review.assessment is None:
        return
    known = _known(review.assessment.said)
    for section in (*FIELDS, *_WORDED):
        reads = frozenset({SECTIONS[section]})
        added = review.plan.kept(f"added to {section}", reads, partial(_added, section=section))
        for entry, owners, places in added:
            yield from _of_entry(review, known, section, entry, owners, places)
    yield from _of_plan(review, known)


def _added(plan: Plan, section: str) -> tuple[tuple[Entry, tuple[str, ...], tuple[Place, ...]], ...]:
    """Return the entries of a section that say anything that could be unsupported, with whom they name and the texts."""
    rows = (
        (entry, _owners(entry), tuple(filter(_reaching, _texts(section, entry, FIELDS.get(section, ())))))
        for entry in plan.section(section)
        if (entry.text if section in _WORDED else entry.origin != "existing")
    )
    return tuple(row for row in rows if row[1] or row[2])


def _reaching(place: Place) -> bool:
    """Whether a text speaks of anything outside itself: most say nothing that somebody would have to stand behind."""
    path, text, command = place
    reach = reach_of_command(text) if command else reach_of_prose(text)
    wants = any(kind != "program" or name not in ORDINARY for kind, name in reach.wants)
    return wants or reach.danger is not None or path == ("health_check", "target")


def _of_entry(
    review: Review,
    known: Known,
    section: str,
    entry: Entry,
    owners: tuple[str, ...],
    places: tuple[Place, ...],
) -> Iterator[Violation]:
    for name in owners:
        if name not in review.related.owners and name not in known.lines:
            yield Violation(
                (section, entry.id, "owner"),
                f"{section}/{entry.id} is given to {name!r}, whom nothing names",
                allowed=tuple(owner.id for owner in review.plan.owners),
                repair=lambda plan, text=name, section=section, name=entry.id: _without(
                    review, plan, section, name, text
                ),
            )
    for path, text, command in places:
        if text in known.lines or (path[0] == "health_check" and known.names(text)):
            continue
        reach = reach_of_command(text) if command else reach_of_prose(text)
        why = reach.danger or _unknown(review.plan, known, reach)
        if why is None and path == ("health_check", "target") and text.startswith("/"):
            why = None if _answers(review, known, entry, text) else f"the path {text!r}"
        if why:
            yield Violation(
                (section, entry.id, path[0]),
                f"{section}/{entry.id} has {text[:160]!r}, and nothing in today's plan, the platforms or the checks"
                f" stands behind {why}",
                repair=lambda plan, text=text, section=section, name=entry.id: _without(
                    review, plan, section, name, text
                ),
            )


def _answers(review: Review, known: Known, entry: Entry, path: str) -> bool:
    """Whether something shows, or an assumption owns up to it, that a component answers a path; a route may be a file."""
    last = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    if not last or last in known.text or any(last in uri for uri in (*entry.evidence, *review.plan.ledger)):
        return True
    about = f"components/{getattr(entry, 'component', None)}#health-endpoint"
    return any(note.about == about for note in review.plan.assumptions)


def _owners(entry: Entry) -> tuple[str, ...]:
    fields = vars(entry)
    policy = fields.get("budget_policy")
    named = (fields.get("owner"), policy.owner if policy is not None else None)
    return tuple(name for name in named if name)


def _texts(section: str, entry: Entry, fields: tuple[tuple[str, ...], ...]) -> Iterator[Place]:
    for path in (*fields, ("text",)):
        value: Any = entry
        for step in path:
            value = getattr(value, step, None)
        if value:
            command = (section, path[0]) in _COMMANDS
            for text in (value,) if isinstance(value, str) else value:
                yield path, text, command


def _unknown(plan: Plan, known: Known, reach: Reach) -> str | None:
    return next(
        (f"the {kind} {name!r}" for kind, name in reach.wants if not _stands(plan, known, (kind, name))), None
    )


def _stands(plan: Plan, known: Known, wanted: Wanted) -> bool:
    kind, name = wanted
    shipped_hosts, shipped, actions = _shipped()
    match kind:
        case "host":
            ends = name.startswith(".") and any(host.endswith(name) for host in known.hosts | shipped_hosts)
            return ends or name in known.hosts or name in shipped_hosts or name in REGISTRIES
        case "image":
            own = f"artifacts/{name}" in plan.by_name or f"components/{name}" in plan.by_name
            return own or known.names(name)
        case "action":
            return (
                name.startswith(ORDINARY_ACTIONS)
                or name in known.tokens
                or any(name == one or name.startswith(f"{one}/") for one in actions)
                or known.names(name)
            )
        case "script":
            return known.names(name) or any(uri.startswith(f"repo:{name}#") for uri in plan.ledger)
        case "program":
            return name in ORDINARY or name in shipped or name in known.programs
        case _:
            own = name == plan.target.name or f"components/{name}" in plan.by_name
            return own or name in shipped or name in known.programs or not name


def _of_plan(review: Review, known: Known) -> Iterator[Violation]:
    plan = review.plan
    today = review.as_is.owners if review.as_is is not None else ()
    taken = {uri for owner in today for uri in owner.evidence if uri.startswith("repo:")}
    known_owners = {UNNAMED, *(owner.id for owner in today)}
    for owner in plan.owners:
        # Lines that name somebody else do not name this one, however alike the names look.
        if owner.id not in known_owners and all(
            uri.startswith("reference:") or uri in taken for uri in owner.evidence
        ):
            yield Violation(
                ("owners", owner.id),
                f"owner {owner.id!r} is named by nothing: CODEOWNERS, a catalog, a label or the user names owners",
                allowed=(UNNAMED,),
                repair=lambda plan, name=owner.id: plan.model_copy(
                    update={"owners": tuple(row for row in plan.owners if row.id != name)}
                ),
            )
    texts = [("deployStrategy", "text", plan.deploy_strategy.text or "")]
    texts += [("assumptions", row.id, row.statement) for row in plan.assumptions]
    texts += [("notApplicable", str(at), row.because) for at, row in enumerate(plan.not_applicable)]
    for section, name, text in texts:
        reach = reach_of_prose(text)
        why = reach.danger or _unknown(plan, known, reach)
        if why and text not in known.lines:
            yield Violation(
                (section, name),
                f"{section}/{name} speaks of {why}, which nothing stands behind",
                repair=lambda plan, text=text: _unsaid(plan, text),
            )


def _unsaid(plan: Plan, text: str) -> Plan:
    """Return the plan without the wording, assumption or reason that is `text`."""
    if plan.deploy_strategy.text == text:
        plan = plan.model_copy(
            update={"deploy_strategy": plan.deploy_strategy.model_copy(update={"text": None})}
        )
    assumptions = tuple(row for row in plan.assumptions if row.statement != text)
    waived = tuple(row for row in plan.not_applicable if row.because != text)
    return plan.model_copy(update={"assumptions": assumptions, "not_applicable": waived})


def _without(review: Review, plan: Plan, section: str, name: str, text: str) -> Plan | None:
    """Return the plan whose entry no longer has `text`: without it, else as it is today, else without the entry."""
    entry = plan.by_name.get(f"{section}/{name}")
    if entry is None:
        return None
    if isinstance(entry, Slo) and (policy := entry.budget_policy) and text in vars(policy).values():
        owner = owner_of(review, plan, entry.component)
        plan = amend(plan, section, name, budget_policy=budget_policy(owner))
        plan = with_owner(plan, owner, (f"slos/{name}/budgetPolicy/owner",))
        return plan if entry.owner != text else amend(plan, section, name, owner=owner)
    today = review.as_is.by_name.get(f"{section}/{name}") if review.as_is is not None else None
    cleaned = _cut(entry.model_dump(mode="python"), text)
    try:
        return plan.with_entry(section, type(entry).model_validate(cleaned))
    except ValidationError:
        return plan.with_entry(section, today) if today is not None else plan.without_entry(section, name)


def _cut(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        rows = cast("dict[str, Any]", value).items()
        return {key: _cut(item, text) for key, item in rows if item != text}
    if isinstance(value, tuple | list):
        return tuple(_cut(item, text) for item in cast("tuple[Any, ...]", value) if item != text)
    return value
