"""What guards what, what is released where, and to whom: the questions that the rules ask of stages."""

from typing import Any

import pytest

from platform_operations.model.delivery import Pipeline
from platform_operations.model.plan import Plan
from platform_operations.validate.graph import Graph, proves

PLACES = {"staging": "staging", "preview": "ephemeral", "production": "production", "pypi": "registry"}


def plan(*stages: dict[str, Any], protected: dict[str, list[str]] | None = None, gates: Any = ()) -> Plan:
    """Return a plan of one component; a stage is `id`, `kind` and what matters in the test."""
    return Plan.model_validate(
        {
            "schema": "platform-ops/plan@1",
            "target": {"name": "shop", "riskProfile": {"level": "low"}},
            "components": [{"id": "shop", "types": ["http-service"]}],
            "environments": [{"id": name, "kind": kind} for name, kind in PLACES.items()],
            "pipelines": [
                {"id": name, "protectedBy": (protected or {}).get(name, [])} for name in ("main", "checks")
            ],
            "artifacts": [
                {"id": "image", "component": "shop", "kind": "container-image", "identity": "digest"}
            ],
            "pipelineStages": [{"pipeline": "main", "component": "shop", **stage} for stage in stages],
            "qualityGates": list(gates),
        }
    )


def stage(name: str, kind: str = "test", *needs: str, **more: Any) -> dict[str, Any]:
    taken = [{"artifact": "image", "reference": "digest"}] if kind in {"deploy", "verify", "publish"} else []
    fields = {"runs": ["make check"], "consumes": taken, **more}
    return {"id": name, "kind": kind, "needs": list(needs), **fields}


def to(name: str, place: str, *needs: str, **more: Any) -> dict[str, Any]:
    return stage(name, "deploy", *needs, environment=place, exposure=more.pop("exposure", "full"), **more)


def check(name: str, place: str | None, *needs: str, **more: Any) -> dict[str, Any]:
    return stage(name, "verify", *needs, **({"environment": place} if place else {}), **more)


def ids(stages: Any) -> list[str]:
    return [found.id for found in stages]


def test_a_stage_is_guarded_by_all_that_must_have_succeeded_before_it() -> None:
    graph = Graph(plan(stage("a"), stage("b", "test", "a"), stage("c"), stage("d", "test", "b", "c")))

    assert ids(graph.guards("d")) == ["a", "c", "b"]
    assert graph.guarded_by("d", "a")
    assert not graph.guarded_by("b", "c")
    assert not graph.guarded_by("a", "a")
    assert not graph.guarded_by("d", "no-such-stage")


def test_what_is_waited_for_without_having_to_succeed_guards_nothing() -> None:
    graph = Graph(plan(stage("scan"), stage("release", "test", optionalNeeds=["scan"])))

    assert ids(graph.guards("release")) == []
    assert graph.order == ("scan", "release")


def test_a_required_check_guards_every_stage_of_the_pipeline_it_protects() -> None:
    graph = Graph(
        plan(
            stage("audit", pipeline="checks"),
            stage("a"),
            stage("b", "test", "a"),
            protected={"main": ["audit"]},
        )
    )

    assert graph.guarded_by("a", "audit")
    assert graph.guarded_by("b", "audit")


def test_a_required_gate_guards_by_the_stage_it_stands_on() -> None:
    gate = {
        "id": "clean",
        "kind": "sast",
        "component": "shop",
        "stage": "audit",
        "tool": "semgrep-ci",
        "failsOn": {"metric": "findings", "atLeast": "1"},
        "blocking": True,
    }
    protected = {"main": ["clean"]}
    graph = Graph(plan(stage("audit", pipeline="checks"), stage("a"), protected=protected, gates=[gate]))

    assert graph.guarded_by("a", "audit")


@pytest.mark.parametrize(
    ("triggers", "held"),
    [
        (["upstream"], True),
        (["deployment-status"], True),
        (["push-default-branch"], False),
        (["upstream", "manual"], False),
        (["tag"], False),
    ],
)
def test_a_need_of_another_pipeline_holds_where_that_alone_starts_this_one(
    triggers: list[str], held: bool
) -> None:
    whole = plan(stage("scan"), to("release", "production", "scan"))
    pipelines = (whole.pipelines[0], Pipeline.model_validate({"id": "other", "triggers": triggers}))
    release = whole.pipeline_stages[1].model_copy(update={"pipeline": "other"})
    graph = Graph(whole.model_copy(update={"pipelines": pipelines}).with_entry("pipelineStages", release))

    assert graph.guarded_by("release", "scan") is held
    assert graph.order == ("scan", "release")


def test_stages_come_after_what_they_wait_for_and_else_by_id() -> None:
    graph = Graph(plan(stage("z"), stage("b", "test", "z"), stage("a"), stage("c", "test", "z")))

    assert graph.order == ("a", "z", "b", "c")


@pytest.mark.parametrize(
    ("needs", "cycle"),
    [
        ({"a": ["b"], "b": ["a"], "c": []}, ("a", "b")),
        ({"a": [], "b": ["a"], "c": ["b"]}, ()),
        ({"a": ["c"], "b": ["a"], "c": ["b"]}, ("a", "b", "c")),
    ],
)
def test_stages_that_wait_for_themselves_are_named(
    needs: dict[str, list[str]], cycle: tuple[str, ...]
) -> None:
    graph = Graph(plan(*(stage(name, "test", *before) for name, before in needs.items())))

    assert graph.cycle() == cycle
    assert set(graph.order) == set(needs)


def test_a_thousand_stages_in_a_row_do_not_exhaust_the_stack() -> None:
    rows = [stage("s0"), *(stage(f"s{n}", "test", f"s{n - 1}") for n in range(1, 1000))]
    graph = Graph(plan(*rows))

    assert graph.guarded_by("s999", "s0")
    assert len(graph.guards("s999")) == 999


@pytest.mark.parametrize(
    ("place", "exposure", "reaches"),
    [
        ("production", "full", True),
        ("production", "partial", True),
        ("production", None, True),
        ("production", "internal", True),  # nothing widens it: relabelling the only release hides nothing
        ("pypi", "full", True),
        ("pypi", "internal", False),
        ("staging", "full", False),
        ("preview", "full", False),
    ],
)
def test_a_stage_reaches_users_by_where_it_puts_what_before_whom(
    place: str, exposure: str | None, reaches: bool
) -> None:
    graph = Graph(plan(to("release", place, exposure=exposure)))

    assert (ids(graph.releases) == ["release"]) is reaches


def test_a_deployment_that_a_later_stage_promotes_reaches_nobody_yet() -> None:
    graph = Graph(
        plan(
            to("deploy", "production", exposure="none"),
            check("look", "production", "deploy"),
            stage("promote", "promote", "look", environment="production", exposure="full"),
        )
    )

    assert ids(graph.releases) == ["promote"]


def test_every_path_to_users_has_its_own_release_point() -> None:
    graph = Graph(
        plan(
            to("canary", "production", exposure="partial"),
            to("rest", "production", "canary"),
            to("hotfix", "production", pipeline="checks"),
        )
    )

    assert ids(graph.first_releases("shop")) == ["canary", "hotfix"]
    assert ids(graph.full_releases) == ["hotfix", "rest"]


LOWER = {
    "staging-after-its-deploy": ((to("low", "staging"), check("look", "staging", "low")), True),
    "staging-where-nothing-was-put": ((check("look", "staging"),), False),
    "staging-that-took-something-else": (
        (to("low", "staging", consumes=[]), check("look", "staging", "low")),
        False,
    ),
    "a-preview": ((to("low", "preview"), check("look", "preview", "low")), True),
    "ci-where-there-is-no-staging": ((check("look", None),), True),
    "ci-beside-staging": ((to("low", "staging"), check("look", None, "low")), False),
    "production-before-anyone": (
        (to("low", "production", exposure="none"), check("look", "production", "low")),
        True,
    ),
    "nothing-that-can-fail": (
        (to("low", "staging"), check("look", "staging", "low", runs=["echo looks good"])),
        False,
    ),
    "another-artifact": ((to("low", "staging"), check("look", "staging", "low", consumes=[])), False),
}


@pytest.mark.parametrize(("stages", "lower"), LOWER.values(), ids=LOWER)
def test_a_verification_counts_where_it_meets_the_artifact_before_everyone(
    stages: tuple[dict[str, Any], ...], lower: bool
) -> None:
    graph = Graph(plan(*stages, to("release", "production", "look")))

    assert (ids(graph.lower_verifications(graph.stages["release"])) == ["look"]) is lower


@pytest.mark.parametrize(
    ("runs", "able"),
    [
        (["pytest tests/smoke"], True),
        (["echo start", "curl --fail https://shop.example"], True),
        (["pytest tests/smoke || true"], False),
        (["echo done"], False),
        (["sleep 60"], False),
        ([], False),
    ],
)
def test_a_verification_proves_something_when_it_can_fail(runs: list[str], able: bool) -> None:
    graph = Graph(plan(check("look", None, runs=runs)))

    assert proves(graph.stages["look"]) is able


def test_followers_of_a_release_are_what_runs_only_after_it() -> None:
    graph = Graph(plan(to("release", "production"), check("look", "production", "release"), stage("other")))

    assert ids(graph.followers("release")) == ["look"]
