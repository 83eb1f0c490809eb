"""Stages in their order as a small tree: each below the last stage it waits for."""

from collections.abc import Iterator, Mapping, Sequence

from platform_operations.cli.page import Page, Part
from platform_operations.model.delivery import Environment, Pipeline, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import IMMUTABLE, RELEASING

ORIGIN: Mapping[str, tuple[str, str]] = {
    "proposed": ("+", "green"),
    "changed": ("~", "yellow"),
    "existing": ("=", "dim"),
}
STARTS: Mapping[str, str] = {
    "push-default-branch": "push to the default branch",
    "push-branch": "push to a branch",
    "upstream": "the end of another pipeline",
    "manual": "a manual start",
    "deployment-status": "the status of a deployment",
}
"""Triggers whose name alone does not say what starts a pipeline."""

PLACES = ("production", "staging", "registry", "development", "ephemeral")
"""Environments by how much hangs on them."""

PAGES = "github-pages"
"""An environment that everyone meets and that seldom is the service itself: its documentation."""

MOST_STAGES = 40
MOST_PIPELINES = 8
MOST_CHAINS = 4
MOST_STEPS = 8
WIDEST_NAME = 44
DEEPEST = 24
"""How far, in columns, a tree is indented; below that its stages stand one under the other."""

LONGEST_RUN = 4
"""So many checks that follow one another without a fork become one line."""

MOST_NEEDS = 3


def write_pipelines(page: Page, plan: Plan, *, marks: bool) -> None:
    """Write every pipeline with its stages; of many pipelines those first that release, the rest in a line each."""
    releasing = _releasing(plan)
    others = [row for row in plan.pipelines if row not in releasing]
    room = MOST_PIPELINES
    for row in (*releasing, *others):
        room -= 1
        if room < 0:
            continue
        started = _started(row)
        guard = f", guarded by {', '.join(row.protected_by)}" if row.protected_by else ""
        mark: list[Part] = [ORIGIN[row.origin], " "] if marks else []
        page.write([*mark, (row.id, "bold"), (started + guard, "dim")], indent=2, hang=2)
        _write_tree(page, plan, row, marks)
    if room < 0:
        page.write([(f"and {-room} more pipeline{'s' if room < -1 else ''}", "dim")], indent=2)


def write_chains(page: Page, plan: Plan) -> None:
    """Write the pipelines that release, each as one line of what follows what; where none does, the first pipeline."""
    releasing = _releasing(plan)
    for row in (releasing or list(plan.pipelines))[:MOST_CHAINS]:
        stages = {one.id: one for one in plan.pipeline_stages if one.pipeline == row.id}
        depth = _depths(stages)
        levels: dict[int, dict[str, None]] = {}
        for name, stage in stages.items():
            place = f" {stage.environment}" if stage.environment else ""
            levels.setdefault(depth[name], {}).setdefault(f"{stage.kind}{place}")
        steps = [" + ".join(list(levels[level])[:3]) for level in sorted(levels)]
        kept = [step for step, before in zip(steps, ["", *steps], strict=False) if step != before]
        page.write([(row.id, "bold"), (_started(row), "dim"), ": ", _shortened(kept)], indent=2, hang=4)
    more = len(releasing) - MOST_CHAINS
    if more > 0:
        word = "pipelines that release" if more > 1 else "pipeline that releases"
        page.write([(f"and {more} more {word}", "dim")], indent=2)


def weight(plan: Plan, stage: Stage) -> tuple[int, bool]:
    """Return how far a stage is from the users of the service: less is nearer."""
    place = plan.by_name.get(f"environments/{stage.environment}")
    kind = place.kind if isinstance(place, Environment) else ""
    return (PLACES.index(kind) if kind in PLACES else len(PLACES), stage.environment == PAGES)


def _releasing(plan: Plan) -> list[Pipeline]:
    """Return the pipelines that release, those first that come nearest to the users of the service."""
    near = {row.id: [weight(plan, stage) for stage in _releases(plan, row)] for row in plan.pipelines}
    return sorted((row for row in plan.pipelines if near[row.id]), key=lambda row: min(near[row.id]))


def _started(pipeline: Pipeline) -> str:
    names = [STARTS.get(name, name.replace("-", " ")) for name in pipeline.triggers]
    return f" on {', '.join(names)}" if names else ""


def _shortened(steps: list[str]) -> str:
    if len(steps) > MOST_STEPS:
        steps = [*steps[: MOST_STEPS // 2], "…", *steps[-(MOST_STEPS // 2) :]]
    return " → ".join(steps) or "nothing that this reads"


def _releases(plan: Plan, pipeline: Pipeline) -> Iterator[Stage]:
    return (row for row in plan.pipeline_stages if row.pipeline == pipeline.id and row.kind in RELEASING)


def _write_tree(page: Page, plan: Plan, pipeline: Pipeline, marks: bool) -> None:
    stages = {row.id: row for row in plan.pipeline_stages if row.pipeline == pipeline.id}
    rows = list(_tree(stages))
    runs = _runs(rows, stages)
    rows = [row for row in rows if row[1].id not in runs or runs[row[1].id]]
    before = _closures(stages)
    marked = 2 if marks else 0
    width = min(WIDEST_NAME, max((len(branch) + marked + len(row.id) for branch, row, _ in rows), default=0))
    for branch, stage, above in rows[:MOST_STAGES]:
        needs = (*stage.needs, *stage.optional_needs)
        last = [name for name in needs if not any(name in before.get(other, ()) for other in needs)]
        also = [name for name in last if name != above]
        more = f" and {len(also) - MOST_NEEDS} more" if len(also) > MOST_NEEDS else ""
        joined = (f"  (and after {', '.join(also[:MOST_NEEDS])}{more})", "dim") if also else ""
        mark: list[Part] = [ORIGIN[stage.origin], " "] if marks else []
        head: list[Part] = [(branch, "dim"), *mark, stage.id]
        run = runs.get(stage.id)
        told: list[Part] = [(stage.kind, "dim"), *_about(stage)]
        if run:
            kinds = ", ".join(dict.fromkeys(one.kind for one in run))
            told = [(f"{kinds}: {len(run)} stages one after the other, up to {run[-1].id}", "dim")]
        if len(branch) + marked + len(stage.id) > width:
            page.write([*head, "  ", *told, joined], indent=4, hang=len(branch) + 4)
        else:
            page.row(head, [*told, joined], indent=4, width=width)
    if len(rows) > MOST_STAGES:
        page.write([(f"and {len(rows) - MOST_STAGES} more stages", "dim")], indent=4)


def _runs(
    rows: Sequence[tuple[str, Stage, str | None]], stages: Mapping[str, Stage]
) -> dict[str, tuple[Stage, ...]]:
    """Return the first stage of each long run of checks with the run, and its other stages with nothing."""
    waiting: dict[str, int] = {}
    for stage in stages.values():
        for need in (*stage.needs, *stage.optional_needs):
            waiting[need] = waiting.get(need, 0) + 1
    found: dict[str, tuple[Stage, ...]] = {}
    run: list[Stage] = []

    def closed() -> None:
        if len(run) >= LONGEST_RUN:
            found.update({stage.id: () for stage in run[1:]}, **{run[0].id: tuple(run)})
        run.clear()

    for _, stage, above in rows:
        follows = bool(run) and above == run[-1].id and waiting.get(run[-1].id, 0) == 1
        plain = stage.kind in {"build", "test", "analyze"} and not stage.produces and not stage.environment
        if not (follows and plain and len((*stage.needs, *stage.optional_needs)) == 1):
            closed()
        if plain:
            run.append(stage)
    closed()
    return found


def _closures(stages: Mapping[str, Stage]) -> dict[str, frozenset[str]]:
    """Return what stands before each stage, however far."""
    depth = _depths(stages)
    found: dict[str, frozenset[str]] = {}
    for name in sorted(stages, key=lambda name: depth[name]):
        needs = [need for need in (*stages[name].needs, *stages[name].optional_needs) if need in found]
        found[name] = frozenset(needs).union(*(found[need] for need in needs))
    return found


def _about(stage: Stage) -> list[Part]:
    """Return what matters of a stage beside its name: what it makes, where it goes and who meets it there."""
    told: list[Part] = []
    if stage.produces:
        told.append(f" {', '.join(stage.produces)}")
    if stage.environment:
        told.append(f" {stage.environment}")
    if stage.exposure and stage.exposure != "none":
        told.append((f", met by {'everyone' if stage.exposure == 'full' else stage.exposure + ' users'}", ""))
    for item in stage.consumes[:2]:
        loose = item.reference not in IMMUTABLE
        told += [f"; {item.artifact} by ", (item.reference, "yellow" if loose else "")]
    return told


def _tree(stages: Mapping[str, Stage]) -> Iterator[tuple[str, Stage, str | None]]:
    """Yield (branch, stage, the stage it hangs on) from top to bottom; a stage hangs on the deepest it waits for."""
    depth = _depths(stages)
    below: dict[str | None, list[str]] = {}
    for name, stage in stages.items():
        needs = [
            need
            for need in (*stage.needs, *stage.optional_needs)
            if need in stages and depth[need] < depth[name]
        ]
        above = max(needs, key=lambda need: depth[need]) if needs else None
        below.setdefault(above, []).append(name)
    pending: list[tuple[str, str, str | None]] = []

    def push(names: list[str], indent: str, above: str | None) -> None:
        for index in reversed(range(len(names))):
            last = index == len(names) - 1
            corner = "" if above is None else ("└ " if last else "├ ")
            pending.append((indent + corner, names[index], above))

    push(below.get(None, []), "", None)
    while pending:
        branch, name, above = pending.pop()
        yield branch, stages[name], above
        inner = "" if above is None else branch[:-2] + ("  " if branch.endswith("└ ") else "│ ")
        inner = inner[:DEEPEST]
        push(below.get(name, []), inner, name)


def _depths(stages: Mapping[str, Stage]) -> dict[str, int]:
    """Return how many stages come before each, at most; a circle is cut where it is met."""
    depth: dict[str, int] = {}
    for start in stages:
        pending = [start]
        open_: set[str] = set()
        while pending:
            name = pending[-1]
            wanted = [
                need
                for need in (*stages[name].needs, *stages[name].optional_needs)
                if need in stages and need not in depth and need not in open_
            ]
            if wanted and name not in depth:
                open_.add(name)
                pending.extend(wanted)
                continue
            pending.pop()
            needs = [
                depth[need] for need in (*stages[name].needs, *stages[name].optional_needs) if need in depth
            ]
            depth.setdefault(name, 1 + max(needs, default=0))
    return depth
