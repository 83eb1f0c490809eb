"""How many plans a process validates in a second, and how that grows with the size of the plan.

    python benchmarks/validate.py

Goals on one core: 500 validations a second of the plan of examples/checkout; time linear in size up to 1,000 stages.
"""

from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Artifact, Component, Consumed, Environment, Pipeline, Stage
from platform_operations.model.plan import Plan, RiskProfile, Target
from platform_operations.model.summary import summarised
from platform_operations.toolbox import assessed, citations_of, drafted, open_target
from platform_operations.validate import validate

EXAMPLE = Path(__file__).parent.parent / "examples" / "checkout"
SIZES = (10, 100, 250, 500, 1000)
GOAL = 500
LINEAR = 1.3
"""A plan of ten times the stages may take ten times as long, and this much more."""


def synthesised(stages: int) -> Plan:
    """Return a plan of `stages` stages: components of five, from tests to production and what looks at it."""
    plan = Plan(
        target=Target(name="synthetic", risk_profile=RiskProfile(level="low")),
        environments=(
            Environment(id="staging", kind="staging"),
            Environment(id="production", kind="production"),
        ),
        pipelines=(Pipeline(id="release", triggers=("push-default-branch",)),),
    )
    count = max(1, stages // 5)
    components = tuple(
        Component(id=f"c{index}", types=("http-service",), platforms=("kubernetes",))
        for index in range(count)
    )
    artifacts = tuple(
        Artifact(id=f"c{index}-image", component=f"c{index}", kind="container-image", identity="digest")
        for index in range(count)
    )
    rows = tuple(stage for index in range(count) for stage in _of_component(f"c{index}"))
    return summarised(
        plan.model_copy(update={"components": components, "artifacts": artifacts, "pipeline_stages": rows})
    )


def _of_component(name: str) -> tuple[Stage, ...]:
    takes = (Consumed(artifact=f"{name}-image", reference="digest"),)
    build = Stage(
        id=f"{name}-build", kind="package", pipeline="release", component=name, produces=(f"{name}-image",)
    )
    rows = [build]
    for kind, place in (
        ("deploy", "staging"),
        ("verify", "staging"),
        ("deploy", "production"),
        ("verify", "production"),
    ):
        rows.append(
            Stage.model_validate(
                {
                    "id": f"{name}-{kind}-{place}",
                    "kind": kind,
                    "pipeline": "release",
                    "component": name,
                    "environment": place,
                    "exposure": None if kind == "verify" else "full" if place == "production" else "internal",
                    "needs": (rows[-1].id,),
                    "consumes": takes,
                    "runs": (f"curl --fail https://{place}.invalid/{name}",) if kind == "verify" else (),
                    "waits": True,
                    "action": "kubernetes-apply" if kind == "deploy" else None,
                }
            )
        )
    return tuple(rows)


def took(plan: Plan, assessment: Assessment | None, least: float = 0.5) -> float:
    """Return the median processor time of a validation, of as many as fit into `least` seconds, but at least five."""
    times: list[float] = []
    begun = perf_counter()
    while len(times) < 5 or perf_counter() - begun < least:
        fresh = plan.model_copy()
        start = process_time()
        validate(fresh, assessment, citations)
        times.append(process_time() - start)
    return median(times)


target = open_target(EXAMPLE)
assessment = assessed(target)
plan = drafted(target, assessment).plan
citations = citations_of(plan, assessment, target.repository)


def main() -> None:
    """Print the rate of the example and the times of synthetic plans."""
    once = took(plan, assessment, 3.0)
    verdict = "met" if 1 / once >= GOAL else "MISSED"
    print(
        f"examples/checkout: {once * 1e3:.2f} ms, {1 / once:.0f} validations a second; goal {GOAL}: {verdict}"
    )
    times = {size: took(synthesised(size), None) for size in SIZES}
    for size, time in times.items():
        print(f"{size:5} stages: {time * 1e3:8.2f} ms, {time / size * 1e6:6.1f} µs a stage")
    small, large = times[SIZES[1]] / SIZES[1], times[SIZES[-1]] / SIZES[-1]
    grows = large / small
    print(
        f"a stage of {SIZES[-1]} costs {grows:.2f} times one of {SIZES[1]}; linear: {'met' if grows <= LINEAR else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
