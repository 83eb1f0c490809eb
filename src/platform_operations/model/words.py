"""The closed vocabularies of the plan format, platform-ops/plan@1."""

from typing import Literal, TypeAlias

ComponentType: TypeAlias = Literal[
    "http-service",
    "worker",
    "scheduled-job",
    "data-pipeline",
    "static-site",
    "serverless",
    "library",
    "cli",
    "mobile-app",
    "database",
    "infrastructure",
]
EnvironmentKind: TypeAlias = Literal["development", "ephemeral", "staging", "production", "registry"]
Trigger: TypeAlias = Literal[
    "pull-request",
    "merge-queue",
    "push-default-branch",
    "push-branch",
    "tag",
    "release",
    "manual",
    "schedule",
    "upstream",
    "deployment-status",
]
ArtifactKind: TypeAlias = Literal[
    "container-image",
    "function-archive",
    "static-bundle",
    "platform-deployment",
    "package",
    "mobile-binary",
    "configuration",
]
Identity: TypeAlias = Literal["digest", "checksum", "version", "deployment", "commit", "tag"]
Attestation: TypeAlias = Literal["sbom", "provenance", "signature"]
StageKind: TypeAlias = Literal[
    "build",
    "test",
    "analyze",
    "package",
    "publish",
    "provision",
    "migrate",
    "deploy",
    "promote",
    "verify",
    "approve",
    "rollback",
]
Exposure: TypeAlias = Literal["none", "internal", "partial", "full"]
HealthKind: TypeAlias = Literal["http", "tcp", "exec", "heartbeat", "platform", "install", "none"]
Assertion: TypeAlias = Literal["version", "reachable", "user-journey", "metrics", "schema"]
StrategyKind: TypeAlias = Literal[
    "rolling", "blue-green", "canary", "feature-flag", "recreate", "atomic-promote", "publish"
]
Scope: TypeAlias = Literal["new-version", "whole-service"]
GateKind: TypeAlias = Literal[
    "unit-test",
    "integration-test",
    "e2e-test",
    "coverage",
    "sast",
    "dependency-scan",
    "secret-scan",
    "image-scan",
    "iac-scan",
    "licence",
    "provenance",
    "performance",
    "approval",
    "slo-budget",
]
Restores: TypeAlias = Literal[
    "previous-artifact",
    "previous-config",
    "flag-off",
    "halted-rollout",
    "yanked-version",
    "point-in-time",
    "forward-fix",
]
DataStance: TypeAlias = Literal["none", "expand-contract", "forward-only", "restore", "drain"]
Pillar: TypeAlias = Literal["metrics", "logs", "traces", "profiles", "events"]
SliKind: TypeAlias = Literal["availability", "latency", "freshness", "correctness", "throughput"]
SliSource: TypeAlias = Literal["prometheus", "file", "cloudwatch", "datadog", "synthetic", "none"]
SloStatus: TypeAlias = Literal["active", "needs-baseline", "aspirational"]
AlertKind: TypeAlias = Literal["burn-rate", "symptom", "absence", "imminent", "cause", "meta"]
AlertSeverity: TypeAlias = Literal["page", "ticket"]
RiskLevel: TypeAlias = Literal["low", "medium", "high"]
Effort: TypeAlias = Literal["S", "M", "L"]
Origin: TypeAlias = Literal["existing", "changed", "proposed"]
Outcome: TypeAlias = Literal["present", "absent", "unknown", "unsupported"]
Strength: TypeAlias = Literal["enforced", "present", "documented"]
Severity: TypeAlias = Literal["error", "warning"]
Constraint: TypeAlias = Literal[
    "build-once",
    "release-gates",
    "rollback-triggers",
    "actionable-alerts",
    "observed-slos",
    "staged-verification",
    "symptom-alerts",
    "checks-and-rollback",
    "workflow",
    "truth",
]

IMMUTABLE: frozenset[str] = frozenset({"digest", "checksum", "version", "deployment", "commit"})
"""Identities that always name the same bytes."""

RELEASING: frozenset[str] = frozenset({"deploy", "promote", "publish"})
"""Stage kinds that put an artifact before someone."""

ACTING: frozenset[str] = frozenset({"deploy", "promote", "publish", "migrate", "rollback"})
"""Stage kinds that carry an `action` word of the platform's page."""
