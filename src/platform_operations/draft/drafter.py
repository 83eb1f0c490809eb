"""Remedies to a fixed point, then everything that is derived and never repaired."""

from collections.abc import Sequence

from platform_operations.draft.rollout import rollout_of
from platform_operations.errors import InputError
from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Owner
from platform_operations.model.difference import with_origins
from platform_operations.model.evidence import LedgerEntry, user_entry
from platform_operations.model.plan import Plan, Provenance
from platform_operations.model.summary import summarised
from platform_operations.validate import RULES, Review, well_formed
from platform_operations.validate.rule import Repair
from platform_operations.validate.rules.exposure import cost_of

MOST_SWEEPS = 4
"""A plan settles in two or three sweeps over all rules; what has not settled after four will not."""

LONGEST_OWNER = 200


def draft(assessment: Assessment, owner: str | None = None) -> Plan:
    """Return the plan that the rules' remedies make of today's.

    `owner` is who the user says owns what nobody is known to own. The result may still have findings: what no
    remedy can know stays, and only validating it says whether the plan is valid.

    Raises:
        InputError: `owner` is no name.
    """
    plan = assessment.as_is
    if owner is not None:
        if not (owner.strip() and owner.isprintable() and len(owner) <= LONGEST_OWNER):
            raise InputError(f"an owner is a name on one line, of at most {LONGEST_OWNER} characters")
        plan = _with_user_owner(plan, owner)
    return finished(plan, assessment, "embedded")


def finished(plan: Plan, assessment: Assessment, drafter: str = "claude+embedded") -> Plan:
    """Return `plan` with the remedies applied and everything derived.

    `provenance` says which entries they wrote.
    """
    done = repaired(plan, assessment)
    wrote = () if drafter == "embedded" else _written(plan, done)
    provenance = Provenance.model_validate(
        {
            "drafter": drafter,
            "assessment": assessment.hash(),
            "repaired": wrote,
            "model": plan.provenance.model,
        }
    )
    return derived(done.model_copy(update={"provenance": provenance}), assessment)


def _with_user_owner(plan: Plan, owner: str) -> Plan:
    entry = user_entry("owner", owner)
    others = tuple(known for known in plan.owners if known.id != owner)
    ledger = tuple(row for row in plan.evidence if row.uri != entry.uri)
    first = Owner(id=owner, evidence=(entry.uri,))
    return plan.model_copy(update={"owners": (first, *others), "evidence": (*ledger, entry)})


def _written(before: Plan, after: Plan) -> tuple[str, ...]:
    known = before.by_name
    return tuple(name for name, entry in after.entries() if known.get(name) != entry)


def repaired(plan: Plan, assessment: Assessment) -> Plan:
    """Return the plan after sweeping the rules' remedies in order until a sweep changes nothing.

    All violations of a rule are repaired in one pass, whose result is well-formed.
    """
    for _ in range(MOST_SWEEPS):
        before = plan
        for rule in RULES:
            repairs = [
                violation.repair
                for violation in rule.check(Review(plan, assessment))
                if violation.repair is not None and not _rests_on_user(assessment, violation.question)
            ]
            result = _taken(plan, repairs, each=False)
            plan = result if result is plan or well_formed(result) else _taken(plan, repairs, each=True)
        if plan == before:
            break
    return plan


def _taken(plan: Plan, repairs: Sequence[Repair], *, each: bool) -> Plan:
    """Return the plan after repairs in order; with `each`, one whose result is not well-formed is not taken.

    Asking that of every result makes the work grow with the square of the plan, so it is asked only where the
    result of all of them is not well-formed.
    """
    for repair in repairs:
        result = repair(plan)
        if result is not None and result is not plan and (not each or well_formed(result)):
            plan = result
    return plan


def _rests_on_user(assessment: Assessment, question: tuple[str, str] | None) -> bool:
    fact = assessment.fact(*question) if question else None
    return (
        fact is not None
        and fact.outcome == "present"
        and any(uri.startswith("user:") for uri in fact.evidence)
    )


def derived(plan: Plan, assessment: Assessment) -> Plan:
    """Return the plan with origins, ledger, rollout and summaries computed.

    None of them is anyone's to write.
    """
    plan = consistent(plan, assessment)
    return plan.model_copy(update={"rollout": rollout_of(plan, assessment)})


def consistent(plan: Plan, assessment: Assessment) -> Plan:
    """Return the plan with everything computed but the rollout, which stays as it is."""
    plan = with_origins(_with_costs(plan, assessment), assessment.as_is)
    return summarised(plan.model_copy(update={"evidence": _ledger(plan, assessment)}))


def _with_costs(plan: Plan, assessment: Assessment) -> Plan:
    """Return the plan in which every stepped strategy says what a failed release costs."""
    for row in plan.deploy_strategy.components:
        cost = cost_of(Review(plan, assessment), row) if row.steps else None
        if row.exposure != cost:
            plan = plan.with_entry("deployStrategy", row.model_copy(update={"exposure": cost}))
    return plan


def _ledger(plan: Plan, assessment: Assessment) -> tuple[LedgerEntry, ...]:
    """Return the ledger entry of every URI that the plan cites, sorted.

    What nobody knows is left for the validator.
    """
    known = {entry.uri: entry for entry in (*assessment.evidence, *plan.evidence)}
    wanted = {*plan.cited, *(uri for row in plan.not_applicable for uri in row.evidence)}
    return tuple(known[uri] for uri in sorted(wanted) if uri in known)
