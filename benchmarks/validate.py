"""How many plans a process validates in a second, and how that grows with the size of the plan.

    python -m benchmarks.validate

Goals on one core: 500 validations a second of the plan of examples/checkout; time linear in size up to 1,000 stages.
Times are processor time, of the fastest of several runs: what else the machine does only ever adds. To compare sizes
the same number of stages is judged each time, as one large plan or as several small ones, so that memory and garbage
collection weigh alike; the plan is that of the example, every entry many times.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks.enlarged_plans import enlarged

from platform_operations.model.assessment import Assessment
from platform_operations.model.evidence import Citation
from platform_operations.model.plan import Plan
from platform_operations.toolbox import assessed, citations_of, drafted, open_target
from platform_operations.validate import validate

EXAMPLE = Path(__file__).parent.parent / "examples" / "checkout"
COPIES = (1, 9, 23, 45, 90)
"""Of the example's eleven stages: up to about 1,000."""
GOAL = 500
LINEAR = 1.2
"""A plan of ten times the stages may take ten times as long, and this much more."""


@cache
def example() -> tuple[Plan, Assessment, Mapping[str, Citation]]:
    """Return the example's draft with its assessment and citations."""
    target = open_target(EXAMPLE)
    assessment = assessed(target)
    plan = drafted(target, assessment).plan
    return plan, assessment, citations_of(plan, assessment, target.repository)


@cache
def of_size(copies: int) -> tuple[Plan, Assessment]:
    """Return the example's plan with everything in it `copies` times, and the assessment that goes with it."""
    plan, assessment, _ = example()
    as_is = enlarged(assessment.as_is, copies)
    return enlarged(plan, copies), assessment.model_copy(update={"as_is": as_is})


def took(plan: Plan, assessment: Assessment, times: int = 1) -> float:
    """Return the processor seconds of `times` validations of copies that nothing was looked up in yet."""
    citations = example()[2]
    fresh = [plan.model_copy() for _ in range(times)]
    begun = process_time()
    for one in fresh:
        validate(one, assessment, citations)
    return process_time() - begun


def rate(seconds: float = 5.0) -> tuple[float, float]:
    """Return how many validations of the example a second of processor time holds: at best, and in the middle."""
    plan, assessment, _ = example()
    begun, runs = perf_counter(), [took(plan, assessment)]
    while perf_counter() - begun < seconds:
        runs.append(took(plan, assessment))
    return 1 / min(runs), 1 / median(runs)


def growth(rounds: int = 20) -> dict[int, float]:
    """Return for each size in stages the processor seconds of one stage, the sizes taken in turns."""
    best: dict[int, float] = {}
    for _ in range(rounds):
        for copies in COPIES:
            plan, assessment = of_size(copies)
            stages, times = len(plan.pipeline_stages), COPIES[-1] // copies
            cost = took(plan, assessment, times) / (stages * times)
            best[stages] = min(cost, best.get(stages, cost))
    return best


def main() -> None:
    """Print the rate of the example and what a stage costs in plans of growing size."""
    best, middle = rate()
    verdict = "met" if best >= GOAL else "MISSED"
    print(
        f"examples/checkout: {best:.0f} validations a second ({middle:.0f} in the middle); goal {GOAL}: {verdict}"
    )
    costs = growth()
    for stages, cost in costs.items():
        print(f"{stages:5} stages: {cost * stages * 1e3:8.2f} ms, {cost * 1e6:6.1f} µs a stage")
    _, small, *_, large = costs
    grows = costs[large] / costs[small]
    print(
        f"a stage of {large} costs {grows:.2f} times one of {small}; at most {LINEAR}: {'met' if grows <= LINEAR else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
