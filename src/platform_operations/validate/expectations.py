"""What each type of component needs: which sections, pillars and kinds of health check.

A component of several types needs what any of them needs. Where a type is in neither table of a section, the
section may be empty without a word.
"""

from collections.abc import Iterable, Mapping

from platform_operations.model.delivery import Component
from platform_operations.model.words import ComponentType, HealthKind, Pillar

RUNNING: frozenset[ComponentType] = frozenset(
    {"http-service", "worker", "scheduled-job", "data-pipeline", "serverless"}
)
"""Types that run for users: they promise something, so they are observed and someone is woken."""

INSTALLED: frozenset[ComponentType] = frozenset({"library", "cli", "mobile-app"})
"""Types that users install: released by publishing, taken back by another release."""

_EVERY: frozenset[ComponentType] = frozenset(
    {*RUNNING, *INSTALLED, "static-site", "database", "infrastructure"}
)

REQUIRED: Mapping[str, frozenset[ComponentType]] = {
    "pipelineStages": _EVERY,
    "deployStrategy": _EVERY - {"database", "infrastructure"},
    "qualityGates": _EVERY,
    "rollbackPlan": _EVERY,
    "observabilityPillars": RUNNING,
    "slos": RUNNING,
    "alerts": RUNNING,
}
"""Sections that a component of these types cannot do without."""

WAIVABLE: Mapping[str, frozenset[ComponentType]] = {
    "deployStrategy": frozenset({"database", "infrastructure"}),
    "observabilityPillars": _EVERY - RUNNING,
    "slos": _EVERY - RUNNING,
    "alerts": _EVERY - RUNNING,
}
"""Sections that a component of these types may do without when `notApplicable` says why."""

REASONS: Mapping[str, str] = {
    "deployStrategy": "changes are applied in place by their tool, there is no traffic to shift",
    "observabilityPillars": "nothing of it runs under this team's watch",
    "slos": "it serves no requests of its own, so there is no event to promise a share of",
    "alerts": "nothing of it runs, so there is no symptom that could wake anyone",
}

PILLARS: Mapping[ComponentType, frozenset[Pillar]] = {
    "http-service": frozenset({"metrics", "logs", "traces"}),
    "serverless": frozenset({"metrics", "logs", "traces"}),
    "worker": frozenset({"metrics", "logs"}),
    "data-pipeline": frozenset({"metrics", "logs"}),
    "scheduled-job": frozenset({"metrics", "logs"}),
}

HEALTH: Mapping[ComponentType, frozenset[HealthKind]] = {
    "http-service": frozenset({"http", "tcp", "exec", "platform"}),
    "worker": frozenset({"heartbeat", "exec", "http", "tcp", "platform"}),
    "scheduled-job": frozenset({"heartbeat", "exec", "platform"}),
    "data-pipeline": frozenset({"heartbeat", "exec", "platform"}),
    "serverless": frozenset({"platform", "http"}),
    "static-site": frozenset({"http", "platform"}),
    "library": frozenset({"install"}),
    "cli": frozenset({"install"}),
    "mobile-app": frozenset({"install", "platform"}),
    "database": frozenset({"tcp", "exec", "platform"}),
    "infrastructure": frozenset({"platform", "exec", "http", "tcp"}),
}

UNCHECKED: frozenset[ComponentType] = frozenset(
    {
        "library",
        "cli",
        "mobile-app",
        "database",
        "infrastructure",
        "static-site",
        "scheduled-job",
        "data-pipeline",
    }
)
"""Types for which a health check of kind `none` with a reason is honest: nothing of them listens."""


def requires(component: Component, section: str) -> bool:
    """Return whether one of the component's types cannot do without `section`."""
    return bool(REQUIRED.get(section, frozenset()) & set(component.types))


def may_waive(component: Component, section: str) -> bool:
    """Return whether `notApplicable` may excuse the component from `section`."""
    return not requires(component, section) and bool(
        WAIVABLE.get(section, frozenset()) & set(component.types)
    )


def pillars_of(component: Component) -> tuple[Pillar, ...]:
    """Return the pillars that the component's types need, metrics first."""
    needed = {pillar for kind in component.types for pillar in PILLARS.get(kind, frozenset())}
    order: tuple[Pillar, ...] = ("metrics", "logs", "traces", "profiles", "events")
    return tuple(pillar for pillar in order if pillar in needed)


def health_kinds(types: Iterable[ComponentType]) -> tuple[HealthKind, ...]:
    """Return the kinds of health check that fit one of the types."""
    fitting = {kind for name in types for kind in HEALTH[name]}
    order: tuple[HealthKind, ...] = ("http", "tcp", "exec", "heartbeat", "platform", "install")
    return tuple(kind for kind in order if kind in fitting)


def runs_for_users(component: Component) -> bool:
    """Return whether the component promises something to users while it runs."""
    return bool(RUNNING & set(component.types))


def is_installed(component: Component) -> bool:
    """Return whether users install the component and nothing of it runs for them."""
    return bool(INSTALLED & set(component.types)) and not runs_for_users(component)


def unplaced(component: Component) -> str:
    """Return how a user names the platform of a component that shows none, as the end of a message; nothing of another."""
    if component.platforms:
        return ""
    return f'; no platform of it shows: name one in platform-ops.toml, [facts] "components/{component.id}#platforms" = "kubernetes"'
