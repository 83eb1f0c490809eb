"""What must be there: today's components, environments and releases, a way to production, every section."""

from collections.abc import Iterator

from platform_operations.model.delivery import Component, Environment, Stage
from platform_operations.model.plan import SEED_SECTIONS, Plan
from platform_operations.patterns import regex
from platform_operations.platforms.checks import check_of
from platform_operations.validate.compose.gates import approval, with_gate
from platform_operations.validate.compose.parties import with_pipeline
from platform_operations.validate.compose.release import production_path
from platform_operations.validate.compose.reliability import probe_alert
from platform_operations.validate.compose.stages import (
    test_stage,
    with_artifact,
)
from platform_operations.validate.compose.strategies import strategy_entry
from platform_operations.validate.edits import amend, restore, united, waive
from platform_operations.validate.expectations import REASONS, may_waive, requires, unplaced
from platform_operations.validate.graph import LOWER_KINDS
from platform_operations.validate.rule import Review, Violation, rule
from platform_operations.validate.wordings import SILENT, says_nothing


@rule("truth")
def component_missing(review: Review) -> Iterator[Violation]:
    """A component of today is not in the plan, or the plan has none at all."""
    today = review.as_is
    for component in today.components if today is not None else ():
        if f"components/{component.id}" not in review.plan.by_name:
            yield Violation(
                ("components",),
                f"component {component.id!r} is in the repository and not in the plan",
                repair=lambda plan, name=component.id: restored(review, plan, f"components/{name}"),
                source=component.evidence[0] if component.evidence else None,
            )
    if not review.plan.components and not (today and today.components):
        yield Violation(
            ("components",),
            "the plan has no component: nothing was found that is built, shipped or run; "
            'say what it ships in platform-ops.toml, [facts] "components#types" = "http-service"',
        )


def restored(review: Review, plan: Plan, name: str) -> Plan | None:
    """Return the plan with an entry as it is today; None when nothing is known of today."""
    if review.as_is is None:
        return None
    entry = review.as_is.by_name.get(name)
    if isinstance(entry, Stage) and entry.environment:
        plan = restore(plan, review.as_is, f"environments/{entry.environment}")
    return restore(plan, review.as_is, name)


@rule("truth")
def component_type_contradicted(review: Review) -> Iterator[Violation]:
    """A component's types differ from what the assessment found."""
    today = {entry.id: entry for entry in review.as_is.components} if review.as_is else {}
    for component in review.plan.components:
        known = today.get(component.id)
        if known is not None and set(known.types) != set(component.types):
            yield Violation(
                ("components", component.id, "types"),
                f"component {component.id!r} is called {', '.join(component.types)}; the repository "
                f"shows {', '.join(known.types)}",
                repair=lambda plan, known=known: amend(plan, "components", known.id, types=known.types),
                allowed=known.types,
                source=known.evidence[0] if known.evidence else None,
            )


@rule("truth")
def environment_kind_contradicted(review: Review) -> Iterator[Violation]:
    """An environment of today is missing or has another kind."""
    yield from _production_called_lower(review)
    today = review.as_is
    if today is None:
        return
    for known in today.environments:
        entry = review.plan.by_name.get(f"environments/{known.id}")
        if not isinstance(entry, Environment):
            message = f"environment {known.id!r} ({known.kind}) is in the repository and not in the plan"
        elif entry.kind != known.kind:
            message = f"environment {known.id!r} is called {entry.kind}; the repository shows {known.kind}"
        else:
            continue
        yield Violation(
            ("environments", known.id, "kind") if entry else ("environments",),
            message,
            repair=lambda plan, known=known: plan.with_entry("environments", known),
            allowed=(known.kind,),
            source=known.evidence[0] if known.evidence else None,
        )


_LIVE = regex(r"(^|-)(prod|production|prd|live)(-|$)")
_BELOW = regex(r"(^|-)(pre|non|not|dev|test|staging|preview|like)(-|$)")


def _production_called_lower(review: Review) -> Iterator[Violation]:
    """Yield where a plan adds a place below production that has production's address or name."""
    addresses = {place.url for place in review.plan.environments if place.kind == "production" and place.url}
    for place in review.plan.environments:
        if place.origin == "existing" or place.kind not in LOWER_KINDS:
            continue
        named = _LIVE.search(place.id) and not _BELOW.search(place.id)
        if named or place.url in addresses:
            what = (
                f"has production's address {place.url}" if place.url in addresses else "has production's name"
            )
            yield Violation(
                ("environments", place.id, "kind"),
                f"environment {place.id!r} is called {place.kind} and {what}",
                repair=lambda plan, name=place.id: amend(plan, "environments", name, kind="production"),
                allowed=("production",),
            )


@rule("truth")
def release_dropped(review: Review) -> Iterator[Violation]:
    """A release of today is neither in the plan nor retired by a rollout step."""
    if review.graph_today is None:
        return
    graph = review.graph_today
    retired = {name for step in review.plan.rollout for name in step.retires}
    for stage in graph.releases:
        entry = review.plan.by_name.get(f"pipelineStages/{stage.id}")
        if f"pipelineStages/{stage.id}" in retired:
            continue
        if not isinstance(entry, Stage):
            message = (
                f"today's release {stage.id!r} to {stage.environment} is not in the plan, and no rollout "
                "step retires it"
            )
        elif not review.graph.reaches_users(entry) and not _opened_later(review, entry):
            message = (
                f"today's release {stage.id!r} to {stage.environment} no longer reaches users in the plan"
            )
        else:
            continue
        yield Violation(
            ("pipelineStages", stage.id) if entry else ("pipelineStages",),
            message,
            repair=lambda plan, name=stage.id: restored(review, plan, f"pipelineStages/{name}"),
            source=stage.evidence[0] if stage.evidence else None,
        )


def _opened_later(review: Review, stage: Stage) -> bool:
    """Whether a later stage opens to users what this one only puts up.

    Only where the strategy can hold traffic back from a version that runs already.
    """
    holds_back = any(
        row.kind in {"blue-green", "canary", "atomic-promote"}
        for row in review.related.strategies_in.get((stage.component, stage.environment), ())
    )
    return holds_back and any(
        (later.component, later.environment) == (stage.component, stage.environment)
        and later.action is not None
        and review.graph.guarded_by(later.id, stage.id)
        for later in review.graph.full_releases
    )


@rule("truth")
def production_path_missing(review: Review) -> Iterator[Violation]:
    """A component has no stage that puts it before everyone."""
    full = {stage.component for stage in review.graph.full_releases}
    for component in review.plan.components:
        if component.id in full or _applied_in_place(review, component):
            continue
        yield Violation(
            ("components", component.id),
            f"no stage puts {component.id!r} before its users: a deploy, promote or publish of full "
            f"exposure in production or a registry{unplaced(component)}",
            question=(f"components/{component.id}", "production-path"),
            repair=lambda plan, component=component: production_path(review, plan, component),
        )


def _applied_in_place(review: Review, component: Component) -> bool:
    """Whether a database or infrastructure component has the stage that applies it."""
    kinds = {"database": "migrate", "infrastructure": "provision"}
    wanted = {kinds[name] for name in component.types if name in kinds}
    return len(wanted) == len(component.types) and any(
        stage.kind in wanted for stage in review.graph.stages_of(component.id)
    )


_WORK = ("build", "test", "analyze", "package", "deploy", "verify")


@rule("workflow")
def stage_missing(review: Review) -> Iterator[Violation]:
    """A component is released without a stage that makes its artifact, or without one that tests it."""
    for component in review.plan.components:
        own = list(review.graph.stages_of(component.id))
        releases = review.graph.first_releases(component.id)
        kinds = {stage.kind for stage in own}
        if not releases:
            continue
        if not _is_made(review, component, own) and not kinds & {"build", "package"}:
            yield Violation(
                ("components", component.id),
                f"nothing builds what {component.id!r} releases: no stage of kind build or package",
                repair=lambda plan, component=component: with_artifact(
                    review, plan, component, with_pipeline(plan, component.id)[1]
                )[0],
                allowed=("build", "package"),
            )
        if "test" not in kinds and _is_tested(component):
            yield Violation(
                ("components", component.id),
                f"nothing tests {component.id!r} before its release: no stage of kind test",
                repair=lambda plan, component=component, release=releases[0]: _with_test(
                    review, plan, component, release
                ),
                allowed=("test",),
            )


def _is_made(review: Review, component: Component, own: list[Stage]) -> bool:
    """Whether a stage of the component, or any stage that produces an artifact of it, makes what it releases."""
    if any(stage.produces for stage in own):
        return True
    artifacts = review.related.artifacts_of.get(component.id, ())
    return any(artifact.id in review.graph.made for artifact in artifacts)


def _is_tested(component: Component) -> bool:
    return not set(component.types) <= {"static-site", "database", "infrastructure"}


def _with_test(review: Review, plan: Plan, component: Component, release: Stage) -> Plan:
    plan, stage = test_stage(review, plan, component, release.pipeline)
    check = next(
        (found for line in stage.runs if (found := check_of(line)) and found.gate == "unit-test"), None
    )
    if check is not None:
        plan = with_gate(plan, component, check, stage.id)
    entry = plan.by_name[f"pipelineStages/{release.id}"]
    assert isinstance(entry, Stage)
    return amend(plan, "pipelineStages", release.id, needs=united((stage.id,), entry.needs))


@rule("workflow")
def approval_missing(review: Review) -> Iterator[Violation]:
    """A release of high risk reaches everyone without anyone's approval, or one of code that nobody has merged."""
    yield from _unmerged(review)
    if review.plan.target.risk_profile.level != "high":
        return
    for component in review.plan.components:
        for release in review.graph.first_releases(component.id):
            place = review.graph.place(release)
            if place is None or place.kind != "production":
                continue
            if any(
                stage.kind == "approve" and stage.environment in {place.id, None}
                for stage in review.graph.guards(release.id)
            ):
                continue
            if review.value(f"environments/{place.id}", "approval") is not None:
                continue
            yield Violation(
                ("pipelineStages", release.id, "needs"),
                f"the risk is high and {release.id!r} reaches {place.id} without an approval before it",
                question=(f"environments/{place.id}", "approval"),
                repair=lambda plan, component=component, release=release: approval(
                    review, plan, component, _now(plan, release)
                ),
                source=release.evidence[0] if release.evidence else None,
            )


def _unmerged(review: Review) -> Iterator[Violation]:
    """Yield the releases to production that nothing but a pull request starts."""
    started = {pipeline.id: pipeline.triggers for pipeline in review.plan.pipelines}
    for release in review.graph.full_releases:
        place = review.graph.place(release)
        if (
            place is not None
            and place.kind == "production"
            and started.get(release.pipeline) == ("pull-request",)
        ):
            yield Violation(
                ("pipelines", release.pipeline, "triggers"),
                f"{release.id!r} puts code before everyone that a pull request proposes and nobody has merged",
                allowed=("push-default-branch", "tag", "release", "manual"),
                source=release.evidence[0] if release.evidence else None,
            )


def _now(plan: Plan, stage: Stage) -> Stage:
    entry = plan.by_name.get(f"pipelineStages/{stage.id}")
    return entry if isinstance(entry, Stage) else stage


@rule("truth")
def section_missing(review: Review) -> Iterator[Violation]:
    """A section says nothing of a component, and no reason that fits the component's types excuses it.

    Where a rule of its own speaks of the gap (slo-missing, deploy-without-rollback...), this one is silent
    but for a reason that the component's types refuse. Today's state owes nobody a reason for what it may lack.
    """
    yield from _environments_without_strategy(review)
    told = {
        (section, getattr(entry, "component", None))
        for section in SEED_SECTIONS
        for entry in review.plan.section(section)
    }
    excused = {
        (row.section, row.component) for row in review.plan.not_applicable if not says_nothing(row.because)
    }
    for component in review.plan.components:
        for section in SEED_SECTIONS:
            if (section, component.id) in told:
                continue
            waived = bool({(section, component.id), (section, None)} & excused)
            if review.today and may_waive(component, section):
                continue
            refused = waived and not may_waive(component, section)
            if not refused and (waived or _spoken_of(review, component, section)):
                continue
            why = f"; `notApplicable` is refused for a {', '.join(component.types)}" if refused else ""
            yield Violation(
                (section,),
                f"{SILENT[section]} {component.id!r} ({', '.join(component.types)}){why}",
                question=(f"components/{component.id}", "production-path")
                if section == "deployStrategy"
                else None,
                repair=lambda plan, section=section, component=component: _filled(
                    review, plan, component, section
                ),
                source=component.evidence[0] if component.evidence else None,
            )


def _environments_without_strategy(review: Review) -> Iterator[Violation]:
    """Yield where a component has strategies, and none for an environment in which everyone meets it."""
    rows = {(row.component, row.environment) for row in review.plan.deploy_strategy.components}
    known = {component for component, _ in rows}
    for component in review.plan.components:
        if component.id not in known or not requires(component, "deployStrategy"):
            continue
        met = {
            release.environment
            for release in review.graph.releases_of(component.id)
            if release.exposure != "partial"
        }
        for name in sorted(name for name in met if name is not None and (component.id, name) not in rows):
            yield Violation(
                ("deployStrategy",),
                f"{SILENT['deployStrategy']} {component.id!r} in {name}",
                repair=lambda plan, component=component, name=name: _strategy_in(
                    review, plan, component, name
                ),
                source=component.evidence[0] if component.evidence else None,
            )


def _strategy_in(review: Review, plan: Plan, component: Component, name: str) -> Plan | None:
    place = plan.by_name.get(f"environments/{name}")
    return strategy_entry(review, plan, component, place) if isinstance(place, Environment) else None


def _spoken_of(review: Review, component: Component, section: str) -> bool:
    """Whether the section may be silent, or another rule speaks of it."""
    if may_waive(component, section):
        return False
    if section == "alerts":
        promised = any(slo.objective is not None for slo in review.related.slos_of.get(component.id, ()))
        return promised or not requires(component, section)
    return section != "deployStrategy" or not requires(component, section)


def _filled(review: Review, plan: Plan, component: Component, section: str) -> Plan | None:
    plan = plan.model_copy(
        update={
            "not_applicable": tuple(
                row
                for row in plan.not_applicable
                if row.section != section or row.component not in {component.id, None}
            )
        }
    )
    if may_waive(component, section):
        return waive(plan, section, component.id, REASONS[section])
    if section == "alerts":
        return probe_alert(review, plan, component)
    if section == "deployStrategy":
        for release in Review(plan, review.assessment).graph.full_releases:
            place = plan.by_name.get(f"environments/{release.environment}")
            if release.component == component.id and isinstance(place, Environment):
                return strategy_entry(review, plan, component, place)
        return None
    return plan
