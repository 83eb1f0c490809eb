"""All rules in their order: the order in which findings are listed and in which the drafter sweeps.

Existence first, then what could be bypassed, artifacts, gates, staging, health and validation, promises,
alerts, the strategy and the way back, and what is derived last.
"""

from collections.abc import Mapping
from types import MappingProxyType

from platform_operations.validate.rule import Review, Rule, Violation
from platform_operations.validate.rules import (
    alerts,
    artifacts,
    burn_rates,
    bypass,
    exposure,
    gates,
    health,
    kinds,
    observability,
    presence,
    rollback,
    rollout,
    slos,
    staging,
    strategy,
    truth,
)


def _nothing(_: Review) -> tuple[Violation, ...]:
    return ()


def _elsewhere(rule_id: str) -> Rule:
    """Declare a rule whose findings are made where documents and configuration are read."""
    return Rule(rule_id, "error", "truth", lambda review: iter(_nothing(review)))


RULES: tuple[Rule, ...] = (
    _elsewhere("plan-malformed"),
    _elsewhere("entry-untyped"),
    presence.component_missing,
    presence.component_type_contradicted,
    presence.environment_kind_contradicted,
    kinds.stage_kind_contradicted,
    kinds.exposure_contradicted,
    presence.release_dropped,
    presence.production_path_missing,
    presence.stage_missing,
    artifacts.artifact_rebuilt,
    artifacts.artifact_mutable_reference,
    artifacts.artifact_not_promoted,
    gates.release_without_dependency_check,
    gates.release_without_security_check,
    gates.gate_not_run,
    gates.gate_not_blocking,
    bypass.gate_bypassable,
    staging.production_unverified,
    staging.verification_not_before_exposure,
    presence.approval_missing,
    gates.approval_unowned,
    health.deploy_without_health_check,
    staging.deploy_without_validation,
    slos.slo_missing,
    slos.slo_without_baseline,
    slos.slo_baseline_thin,
    slos.slo_baseline_stale,
    slos.slo_above_baseline,
    slos.slo_query_mismatch,
    slos.sli_not_user_facing,
    slos.slo_without_budget_policy,
    burn_rates.slo_unalerted,
    burn_rates.burn_rate_inconsistent,
    presence.section_missing,
    alerts.alert_duplicated,
    alerts.alert_on_cause,
    alerts.alert_noisy,
    alerts.alert_without_window,
    alerts.alert_without_owner,
    alerts.alert_without_route,
    alerts.alert_without_runbook,
    strategy.strategy_unsupported,
    strategy.strategy_mismatches_risk,
    exposure.canary_blind,
    exposure.canary_underpowered,
    exposure.strategy_exceeds_budget,
    staging.deploy_without_rollback,
    rollback.rollback_mechanism_unsupported,
    rollback.rollback_trigger_missing,
    rollback.rollback_trigger_unmeasurable,
    rollback.rollback_unowned,
    rollback.migration_without_expand_contract,
    alerts.runbook_not_actionable,
    observability.pillar_missing,
    observability.drift_unchecked,
    rollback.rollback_trigger_after_rollout,
    rollout.rollout_unordered,
    truth.existing_contradicted,
    truth.claim_unsupported,
    truth.evidence_unresolved,
    truth.evidence_stale,
    truth.evidence_contradicted,
    truth.evidence_unchecked,
    truth.constraint_unproven,
    _elsewhere("ignore-expired"),
    slos.slo_too_loose,
    artifacts.artifact_unattested,
    observability.signals_uncorrelated,
    alerts.owner_assumed,
    truth.file_unreadable,
)

BY_ID: Mapping[str, Rule] = MappingProxyType({entry.id: entry for entry in RULES})

CONSTRAINTS = frozenset(
    {
        "build-once",
        "release-gates",
        "rollback-triggers",
        "actionable-alerts",
        "observed-slos",
        "staged-verification",
        "symptom-alerts",
        "checks-and-rollback",
    }
)
"""The seed's eight constraints; `workflow` and `truth` serve them."""
