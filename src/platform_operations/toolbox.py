"""The operations as typed functions: what the CLI, the MCP server, the agent and batch runs all call.

Each takes values and gives values; what reads disks or networks does it through a repository or a metric source that
the caller chose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from platform_operations.assess import assess, configuration_file, own_configuration
from platform_operations.documents import assessment_document, parsed
from platform_operations.errors import InputError
from platform_operations.model.artifact import Rendering
from platform_operations.model.assessment import Assessment
from platform_operations.model.configuration import Configuration
from platform_operations.model.evidence import Citation, LedgerEntry, RepoPlace, repo_place
from platform_operations.model.finding import Finding, Findings
from platform_operations.model.plan import Plan, Verdict
from platform_operations.model.record import sha256
from platform_operations.repository import Repository, Unreadable, cited_lines, open_repository
from platform_operations.resources import reference_section
from platform_operations.validate import BY_ID, RULES, Ignore, gaps, lowerable, read_document, validate
from platform_operations.validate import Review as UnderReview
from platform_operations.validate import Verdict as Judged
from platform_operations.validate.compose.observed import backtest_entry, observation_entry

if TYPE_CHECKING:
    from platform_operations.metrics import MetricSource

MAX_PLAN_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """A repository with the user's configuration of it."""

    repository: Repository
    configuration: Configuration
    problems: tuple[tuple[str, str], ...] = ()
    root: Path | None = None
    named: bool = False
    """Whether the user named the configuration; what is wrong with the repository's own is only told."""

    @property
    def ignores(self) -> tuple[Ignore, ...]:
        """The findings that the user accepts."""
        return tuple(
            Ignore(row.rule, row.reason, row.entry, row.expires) for row in self.configuration.ignore
        )


class Drafted(NamedTuple):
    """A plan with the assessment it rests on and the verdict on it."""

    plan: Plan
    assessment: Assessment
    findings: Findings


def open_target(path: str | Path, config: Path | None = None) -> Target:
    """Return the repository at `path` with its configuration, or that of `config`.

    Raises:
        InputError: the path or the configuration cannot be used.
    """
    repository = open_repository(path)
    if config is not None:
        configuration = configuration_file(config)
        for reason in refused_rules(configuration):
            raise InputError(f"the configuration {config} cannot be used: {reason}")
        return Target(repository, configuration, root=Path(path), named=True)
    configuration, problems = own_configuration(repository)
    own = _own_file(repository)
    refused = tuple((own, reason) for reason in refused_rules(configuration))
    return Target(repository, configuration, (*problems, *refused), Path(path))


def refused_rules(configuration: Configuration) -> Iterator[str]:
    """Yield why a severity or an ignored finding of the user has no effect."""
    for name, severity in configuration.rules:
        rule = BY_ID.get(name)
        if rule is None:
            yield f"rules: there is no rule {name!r}"
        elif severity == "warning" and rule.severity == "error" and not lowerable(rule):
            yield f"rules: {name} stays an error; accept single findings with [[ignore]] and a reason"
    for row in configuration.ignore:
        if row.rule not in BY_ID:
            yield f"ignore: there is no rule {row.rule!r}"


def _own_file(repository: Repository) -> str:
    return "platform-ops.toml" if repository.exists("platform-ops.toml") else "pyproject.toml"


def assessed(
    target: Target, *, metrics: "MetricSource | None" = None, as_of: str | None = None
) -> Assessment:
    """Return the assessment of a target, with the baselines that its metrics give."""
    found = assess(target.repository, target.configuration, as_of=as_of, problems=target.problems)
    if metrics is None and target.configuration.metrics is None:
        return found
    from platform_operations.metrics import measured  # most targets have none, and it is much to import

    if metrics is not None:
        return measured(found, metrics, as_of)
    try:
        source = own_metrics(target)
        return measured(found, source, as_of) if source is not None else found
    except InputError as error:
        if target.named:
            raise
        problems = (*target.problems, (_own_file(target.repository), f"metrics: {error}"))
        return assess(target.repository, target.configuration, as_of=as_of, problems=problems)


def own_metrics(target: Target) -> "MetricSource | None":
    """Return the metrics file that the repository's own configuration names, None when it names none."""
    name = target.configuration.metrics
    if name is None or target.root is None:
        return None
    from platform_operations.metrics import open_source

    return open_source(name, root=target.root)


def drafted(target: Target, assessment: Assessment, *, owner: str | None = None) -> Drafted:
    """Return the embedded drafter's plan with the verdict on it, its citations looked up in the target."""
    from platform_operations.draft import draft  # assessing and validating need no drafter

    plan = draft(assessment, owner)
    findings = judged(plan, assessment, target.repository, target.ignores)
    return Drafted(stamped(plan, findings), assessment, findings)


def stamped(plan: Plan, findings: Findings) -> Plan:
    """Return the plan with the verdict in its provenance: information only."""
    verdict = Verdict(valid=findings.valid, rule_set=rule_set(), plan=plan.hash())
    return plan.model_copy(update={"provenance": plan.provenance.model_copy(update={"verdict": verdict})})


def rule_set() -> str:
    """Return a name for the set of rules that this build judges by: their ids and severities, hashed."""
    return "sha256:" + sha256("\n".join(f"{rule.id} {rule.severity}" for rule in RULES))[:16]


def judged(
    plan: Plan,
    assessment: Assessment | None,
    repository: Repository | None,
    ignores: tuple[Ignore, ...] = (),
) -> Findings:
    """Return the verdict on a plan with every citation looked up where that can be done."""
    return validate(plan, assessment, citations_of(plan, assessment, repository), ignores)


def citations_of(
    plan: Plan, assessment: Assessment | None, repository: Repository | None
) -> Mapping[str, Citation]:
    """Return what looking up each cited URI gives.

    `repo:` is looked up in the repository; without one, and for `metric:` and `user:`, the assessment's ledger speaks.
    """
    known = _assessed_ledger(plan, assessment)
    places: _Places = {}
    if repository is not None:
        places = _PLACES.setdefault(repository, places)
    return {uri: _citation(uri, plan.ledger.get(uri), known, repository, places) for uri in plan.cited}


_Places: TypeAlias = dict[str, str | Unreadable | None]

MOST_PLACES = 10_000
_PLACES: WeakKeyDictionary[Repository, _Places] = WeakKeyDictionary()
"""The sha256 of places that were looked up in a repository: it remembers its texts, so none of them can change."""


def _assessed_ledger(plan: Plan, assessment: Assessment | None) -> Mapping[str, LedgerEntry]:
    if assessment is None:
        return {}
    known = dict(assessment.ledger)
    known |= {(entry := observation_entry(row)).uri: entry for row in assessment.baseline}
    for row in assessment.backtests:
        entry = backtest_entry(UnderReview(plan, assessment), row.name)
        if entry is not None:
            known[entry.uri] = entry
    return known


def _citation(
    uri: str,
    entry: LedgerEntry | None,
    known: Mapping[str, LedgerEntry],
    repository: Repository | None,
    places: _Places,
) -> Citation:
    if entry is None:
        return Citation(uri, "missing", "the ledger does not list it")
    place = repo_place(uri)
    if place is not None and repository is not None:
        return _looked_up(uri, entry, place, repository, places)
    if uri.startswith("reference:"):
        section = reference_section(uri.removeprefix("reference:"))
        if section is None:
            return Citation(uri, "missing", "there is no such reference section")
        return _compared(uri, entry, sha256(section))
    same = known.get(uri)
    if same is not None:
        return Citation(uri, "holds" if same == entry else "stale")
    if uri.startswith("user:") and entry.value is not None and entry.sha256 == sha256(entry.value):
        return Citation(uri, "holds", "the user's word, as the plan carries it")
    looked = any(name.startswith("metric:") for name in known) if uri.startswith("metric:") else bool(known)
    if looked and not uri.startswith("repo:"):
        return Citation(uri, "missing", "nothing here measured it")
    return Citation(uri, "unchecked")


def _looked_up(
    uri: str, entry: LedgerEntry, place: RepoPlace, repository: Repository, places: _Places
) -> Citation:
    if uri not in places:
        if len(places) >= MOST_PLACES:
            places.clear()
        places[uri] = _held(place, repository)
    held = places[uri]
    if isinstance(held, Unreadable):
        return Citation(uri, "missing", held.reason)
    if held is None:
        return Citation(uri, "missing", "there are no such lines")
    return _compared(uri, entry, held)


def _held(place: RepoPlace, repository: Repository) -> str | Unreadable | None:
    """Return the sha256 of the lines at a place, why its file cannot be read, or None where it has no such lines."""
    text = repository.read(place.path)
    if isinstance(text, Unreadable):
        return text
    lines = cited_lines(text, place.first, place.last)
    return None if lines is None else sha256(lines)


def _compared(uri: str, entry: LedgerEntry, now: str) -> Citation:
    """Say whether the sha256 of a text is the one that the ledger has; where it has none, what it would be."""
    if entry.sha256 is None:
        return Citation(
            uri,
            "missing",
            f"its ledger entry has no sha256 (what stands there now has {now}); `validate --fix` writes it",
        )
    return Citation(uri, "holds" if now == entry.sha256 else "stale")


def gaps_of(target: Target, assessment: Assessment) -> Judged:
    """Return the gaps of today and the questions that nobody could answer."""
    return gaps(assessment, target.ignores)


def read_plan(text: str, name: str = "the plan") -> Plan | tuple[Finding, ...]:
    """Return the plan in a YAML or JSON text, or the findings that say why it is none.

    Raises:
        InputError: the text is neither YAML nor JSON, or too large.
    """
    return read_document(parsed(text, name, MAX_PLAN_BYTES))


def assess_document(target: Target, assessment: Assessment, today: Judged | None = None) -> dict[str, Any]:
    """Return the document platform-ops/assessment@1; `today` are its gaps where they are known already."""
    return assessment_document(assessment, today or gaps_of(target, assessment))


def render(plan: Plan, kinds: Sequence[str] = ()) -> Rendering:
    """Return the files that a plan becomes, of all kinds or of some, and what could not be rendered, with the reason.

    The plan is taken as valid: ask `judged` first.

    Raises:
        InputError: there is no such kind.
    """
    from platform_operations.deliver import rendering  # the other commands need no renderer

    return rendering.render(plan, kinds)


def render_document(rendering: Rendering) -> dict[str, Any]:
    """Return rendered files with their texts, and what was left out with the reasons."""
    return {
        "schema": "platform-ops/artifacts@1",
        "artifacts": [
            {"path": file.path, "kind": file.kind, "text": file.text} for file in rendering.artifacts
        ],
        "leftOut": [
            {"kind": row.kind, "entry": row.entry, "reason": row.reason} for row in rendering.left_out
        ],
    }
