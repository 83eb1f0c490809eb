"""The rollout: the difference between today and the plan as steps, proved by taking them.

Each entry has a place in the natural order of such work (first what tells that a release is bad and how it is
taken back, then gates, staging, the release itself, and what can wait). An entry that refers to a new one
comes no earlier than it. Then the steps are taken in order: one that would add an error is joined with the
next.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Entry, QualityGate, Stage
from platform_operations.model.difference import advanced, changed_entries, retired_entries
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, RolloutStep, Runbook, Slo
from platform_operations.model.words import RELEASING, Effort, RiskLevel
from platform_operations.validate import RULES, Review, severity_of, well_formed
from platform_operations.validate.compose.parties import UNNAMED
from platform_operations.validate.structure import references

ORDER = ("rollback", "alerts", "gates", "staging", "release", "measure", "watch")

_SECTION_STEP: Mapping[str, str] = {
    "components": "rollback",
    "environments": "rollback",
    "pipelines": "gates",
    "artifacts": "gates",
    "deployStrategy": "release",
    "rollbackPlan": "rollback",
    "observabilityPillars": "watch",
    "driftChecks": "watch",
}

_ID = {
    "rollback": "record-rollback",
    "alerts": "make-alerts-actionable",
    "gates": "gate-release",
    "staging": "verify-below-production",
    "release": "change-release",
    "measure": "measure-baselines",
    "watch": "see-and-stay",
}

_SAYS = {
    "rollback": (
        "Define how a release is taken back, and what tells that it must be",
        "Each trigger's signal returns a value, and a rehearsal of the rollback ends within its time limit.",
    ),
    "alerts": (
        "Make every alert say whom it wakes, how, and what to do",
        "Each alert reaches its owner's receiver in a test, with a runbook that opens.",
    ),
    "gates": (
        "Put the checks in the way of the release",
        "A change that a gate must refuse does not reach what comes after it.",
    ),
    "staging": (
        "Verify the artifact below production",
        "The lower stage reports the identity that was built, and its verification fails on a broken build.",
    ),
    "release": (
        "Change how production is released",
        "The next release waits for its verification and health check, and names its artifact immutably.",
    ),
    "measure": (
        "Measure before promising",
        "Each baseline has at least 14 days and 95% of its slots; then its objective is set.",
    ),
    "watch": (
        "Complete what is seen, and keep it from drifting",
        "One request is found in all signals by their shared key, and each drift check has run once.",
    ),
}


@dataclass(frozen=True, slots=True)
class _Work:
    names: frozenset[str]
    retires: frozenset[str]
    kinds: tuple[str, ...]


def rollout_of(plan: Plan, assessment: Assessment) -> tuple[RolloutStep, ...]:
    """Return the rollout steps from today to `plan`, in order.

    Every changed or proposed entry is in exactly one.
    """
    today = assessment.as_is
    changed = changed_entries(plan, today)
    works = _proved(plan, assessment, _grouped(plan, today, changed, retired_entries(plan, today)))
    proposed = {name for name in changed if name not in today.by_name}
    steps: list[RolloutStep] = []
    if any(owner.id == UNNAMED for owner in plan.owners):
        steps.append(_name_owner())
    asked = _set_variables(plan, len(steps) + 1)
    steps += [asked] if asked else []
    home = {name: _step_id(work) for work in works for name in work.names}
    refers = _references(plan)
    for work in works:
        needed = {home[other] for name in work.names for other in refers.get(name, ()) if other in proposed}
        after = tuple(step.id for step in steps if step.id in needed and step.id != _step_id(work))
        steps.append(_step(plan, work, len(steps) + 1, after))
    return tuple(steps)


def _name_owner() -> RolloutStep:
    return RolloutStep(
        id="name-owner",
        order=1,
        summary=(
            "Name who owns this: nobody is named in the repository, and every page, rollback and budget "
            "needs someone."
        ),
        effort="S",
        risk="low",
        acceptance=f"CODEOWNERS names an owner, and no field of the plan says {UNNAMED!r}.",
    )


def _set_variables(plan: Plan, order: int) -> RolloutStep | None:
    """Return the step that settles what commands take and nothing in the repository shows."""
    notes = [note for note in plan.assumptions if note.id.startswith("variable-")]
    if not notes:
        return None
    said = "; ".join(
        note.statement.rstrip(".").replace(" is set in CI:", ":", 1).replace(" is set in CI", "")
        for note in notes
    )
    return RolloutStep(
        id="set-variables",
        order=order,
        summary=f"Set in CI what the new commands take and nothing in the repository shows. {said}.",
        owner=plan.owners[0].id if plan.owners else None,
        effort=_effort(len(notes)),
        risk="low",
        acceptance="A run with `set -u` in every environment of the pipeline finds each of them set.",
    )


def _place(name: str, entry: Entry, plan: Plan) -> str:
    section = name.partition("/")[0]
    if isinstance(entry, Stage):
        return _stage_place(entry, plan)
    if isinstance(entry, QualityGate):
        return "release" if entry.kind == "approval" else "gates"
    if isinstance(entry, Slo):
        return "rollback" if entry.objective is not None else "measure"
    if isinstance(entry, Alert):
        return "rollback" if entry.kind == "burn-rate" or entry.slo else "alerts"
    if isinstance(entry, Runbook):
        burning = any(
            alert.runbook == entry.id and (alert.kind == "burn-rate" or alert.slo) for alert in plan.alerts
        )
        return "rollback" if burning or entry.rollback else "alerts"
    return _SECTION_STEP[section]


def _stage_place(stage: Stage, plan: Plan) -> str:
    place = next((place.kind for place in plan.environments if place.id == stage.environment), None)
    at_users = place in {"production", "registry"}
    if stage.kind in {"build", "test", "analyze", "package"}:
        return "gates"
    if stage.kind == "verify":
        return "rollback" if at_users else "staging"
    if stage.kind in RELEASING and not at_users:
        return "staging"
    return "rollback" if stage.kind == "rollback" else "release"


def _references(plan: Plan) -> dict[str, set[str]]:
    """Return for each entry the entries it refers to, signals of triggers among them."""
    found: dict[str, set[str]] = {}
    gates = {gate.id for gate in plan.quality_gates}
    for section, entry_id, _, target, name in references(plan):
        home = ("qualityGates" if name in gates else "pipelineStages") if target == "guards" else target
        found.setdefault(f"{section}/{entry_id}", set()).add(f"{home}/{name}")
    homes = {"slo": "slos", "alert": "alerts", "stage": "pipelineStages"}
    for back in plan.rollback_plan:
        for trigger in back.triggers:
            kind, _, name = trigger.signal.partition(":")
            if kind in homes:
                found.setdefault(f"rollbackPlan/{back.id}", set()).add(f"{homes[kind]}/{name}")
    return found


def _grouped(plan: Plan, today: Plan, changed: tuple[str, ...], retired: tuple[str, ...]) -> list[_Work]:
    """Return the steps before they are proved: natural places, pushed back behind what they refer to."""
    place = {name: ORDER.index(_place(name, plan.by_name[name], plan)) for name in changed}
    proposed = {name for name in changed if name not in today.by_name}
    refers = _references(plan)
    moved = True
    while moved:
        moved = False
        for name in changed:
            behind = max((place[other] for other in refers.get(name, ()) if other in proposed), default=0)
            if behind > place[name]:
                place[name], moved = behind, True
    last = max(place.values(), default=0)
    leaving = {name: ORDER.index("alerts") if name.startswith("alerts/") else last for name in retired}
    works: list[_Work] = []
    for index, kind in enumerate(ORDER):
        names = frozenset(name for name in changed if place[name] == index)
        gone = frozenset(name for name in retired if leaving[name] == index)
        if names or gone:
            works.append(_Work(names, gone, (kind,)))
    return works


_NOT_IN_PREFIXES = frozenset(
    {
        "existing-contradicted",
        "claim-unsupported",
        "evidence-unresolved",
        "evidence-stale",
        "evidence-contradicted",
        "evidence-unchecked",
        "constraint-unproven",
        "rollout-unordered",
        "rollback-trigger-after-rollout",
        "release-dropped",
        "component-missing",
    }
)
"""Rules about citations, origins and the rollout itself: they say nothing of a plan half way."""


def errors_of(plan: Plan, assessment: Assessment) -> frozenset[tuple[str, str]]:
    """Return (rule, entry or place) of every error that the rules see in a plan half way."""
    review = Review(plan, assessment)
    return frozenset(
        (rule.id, "/".join(str(step) for step in violation.at[:2]))
        for rule in RULES
        if rule.id not in _NOT_IN_PREFIXES
        for violation in rule.check(review)
        if severity_of(review, rule, violation) == "error"
    )


def _proved(plan: Plan, assessment: Assessment, works: list[_Work]) -> list[_Work]:
    """Take the steps in order; join one that is not well-formed or adds an error with the next."""
    today = assessment.as_is
    done: list[_Work] = []
    taken: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    errors = errors_of(today, assessment)
    pending = list(works)
    while pending:
        work = pending.pop(0)
        after = advanced(today, plan, taken | work.names, gone | work.retires)
        found = errors_of(after, assessment) if well_formed(after) else None
        if pending and (found is None or found - errors):
            index = _healing(plan, assessment, taken, gone, work, pending)
            pending[index] = _joined(work, pending[index])
            continue
        taken, gone, errors = taken | work.names, gone | work.retires, found or frozenset()
        done.append(work)
    return done


def _healing(
    plan: Plan,
    assessment: Assessment,
    taken: frozenset[str],
    gone: frozenset[str],
    work: _Work,
    pending: list[_Work],
) -> int:
    """Return which of the pending steps `work` must come with so that it adds no error; the next one when none helps."""
    for index, later in enumerate(pending):
        between = pending[:index]
        names = taken.union(*(step.names for step in between))
        retired = gone.union(*(step.retires for step in between))
        before = advanced(assessment.as_is, plan, names, retired)
        after = advanced(
            assessment.as_is, plan, names | later.names | work.names, retired | later.retires | work.retires
        )
        if not (well_formed(before) and well_formed(after)):
            continue
        if errors_of(after, assessment) <= errors_of(before, assessment):
            return index
    return 0


def _joined(one: _Work, other: _Work) -> _Work:
    return _Work(one.names | other.names, one.retires | other.retires, one.kinds + other.kinds)


def _step_id(work: _Work) -> str:
    return _ID[work.kinds[-1]]


def _step(plan: Plan, work: _Work, order: int, after: tuple[str, ...]) -> RolloutStep:
    names = [name for name in plan.by_name if name in work.names]
    kinds = [kind for kind in ORDER if kind in work.kinds]
    says = "; ".join(
        _SAYS[kind][0] if kind == kinds[0] else _SAYS[kind][0][0].lower() + _SAYS[kind][0][1:]
        for kind in kinds
    )
    what = ", ".join(name.partition("/")[2] for name in names[:6])
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    gone = (
        f"; retires {', '.join(sorted(name.partition('/')[2] for name in work.retires))}"
        if work.retires
        else ""
    )
    return RolloutStep(
        id=_step_id(work),
        order=order,
        summary=f"{says}: {what}{more}{gone}." if names else f"{says}{gone}.",
        implements=tuple(names),
        retires=tuple(sorted(work.retires)),
        after=after,
        owner=_owner(plan, names),
        effort=_effort(len(names) + len(work.retires)),
        risk=_risk(plan, kinds),
        acceptance=" ".join(_SAYS[kind][1] for kind in kinds),
    )


def _owner(plan: Plan, names: Iterable[str]) -> str | None:
    """Return who most of the entries name as owner, else the plan's first owner."""
    counts: dict[str, int] = {}
    for name in names:
        owner = getattr(plan.by_name[name], "owner", None)
        if isinstance(owner, str):
            counts[owner] = counts.get(owner, 0) + 1
    most = max(counts, key=lambda owner: (counts[owner], owner), default=None)
    return most or (plan.owners[0].id if plan.owners else None)


def _effort(entries: int) -> Effort:
    return "S" if entries <= 4 else "M" if entries <= 12 else "L"


def _risk(plan: Plan, kinds: Iterable[str]) -> RiskLevel:
    return plan.target.risk_profile.level if "release" in kinds else "low"
