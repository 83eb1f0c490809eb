"""How long the files of many SLOs take: a plan with three alerts for each, rendered and written.

    python benchmarks/render.py [SLOS]

Goal: 1,000 SLOs rendered within 2 s, all kinds of artifacts together.
"""

import sys
import tracemalloc
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from platform_operations.deliver.renderers import RENDERERS
from platform_operations.deliver.writer import File, write_folder
from platform_operations.model.plan import Plan, RiskProfile, Target
from platform_operations.model.reliability import Alert, BurnWindow, Sli, Slo
from platform_operations.slo.budget import DAY, decimal, pairs_for
from platform_operations.slo.durations import duration
from platform_operations.toolbox import render

OBJECTIVES = ("95", "99", "99.5", "99.9", "99.95", "99.99")
RUNS = 3


def plan_of(count: int) -> Plan:
    """Return a plan of so many SLOs, each over its own job, with a page and a ticket."""
    slos: list[Slo] = []
    alerts: list[Alert] = []
    for index in range(count):
        name, objective = f"service-{index}-availability", OBJECTIVES[index % len(OBJECTIVES)]
        total = f'sum(increase(http_requests_total{{job="service-{index}"}}[$window]))'
        sli = Sli(
            kind="availability",
            source="prometheus",
            good=total.replace("}", ',code!~"5.."}'),
            total=total,
        )
        summary = f"availability of service-{index}: {objective}% over 28d."
        slos.append(
            Slo(
                id=name,
                summary=summary,
                component=f"service-{index}",
                sli=sli,
                objective=objective,
                window="28d",
                status="active",
            )
        )
        alerts += _alerts(name, f"service-{index}", objective)
    target = Target(name="everything", risk_profile=RiskProfile(level="high"))
    return Plan(target=target, slos=tuple(slos), alerts=tuple(alerts))


def _alerts(slo: str, component: str, objective: str) -> list[Alert]:
    found: list[Alert] = []
    for pages, speed in ((True, "fast"), (False, "slow")):
        windows = tuple(
            BurnWindow(long=duration(pair.long), short=duration(pair.short), factor=decimal(pair.factor))
            for pair in pairs_for(objective, 28 * DAY)
            if pair.pages == pages
        )
        found.append(
            Alert(
                id=f"{slo}-{speed}-burn",
                summary=f"{slo} burns its budget.",
                component=component,
                kind="burn-rate",
                slo=slo,
                windows=windows,
                severity="page" if pages else "ticket",
                owner="@acme/platform",
            )
        )
    gone = {
        "id": f"{slo}-absent",
        "kind": "absence",
        "windows": (),
        "expression": f'absent(http_requests_total{{job="{component}"}})',
        "for_": "10m",
    }
    return [*found, found[0].model_copy(update=gone)]


def main() -> None:
    """Print a table: each kind alone, all together, writing them, and the peak of memory."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    plan = plan_of(count)
    start, worked = perf_counter(), process_time()
    rendering = render(plan)
    first, worked = perf_counter() - start, process_time() - worked
    size = sum(len(file.text) for file in rendering.artifacts) / 1024 / 1024
    print(f"{count} SLOs, {len(plan.alerts)} alerts: {len(rendering.artifacts)} files, {size:.1f} MiB")
    print(
        f"{'all kinds, first time in the process':40} {first:8.3f}s  goal 2 s: {'met' if first <= 2 else 'MISSED'}"
    )
    print(f"{'of that, time on the processor':40} {worked:8.3f}s")
    for kind in ((), *((name,) for name in RENDERERS)):
        times: list[float] = []
        for _ in range(RUNS):
            start = perf_counter()
            render(plan, kind)
            times.append(perf_counter() - start)
        print(f"{kind[0] if kind else 'all kinds, again':40} {median(times):8.3f}s")
    with TemporaryDirectory() as folder:
        start = perf_counter()
        write_folder(Path(folder), [File(file.path, file.text) for file in rendering.artifacts])
        print(f"{'writing the files':40} {perf_counter() - start:8.3f}s")
    tracemalloc.start()
    render(plan)
    print(f"{'peak of memory':40} {tracemalloc.get_traced_memory()[1] / 1024 / 1024:8.1f} MiB")


if __name__ == "__main__":
    main()
