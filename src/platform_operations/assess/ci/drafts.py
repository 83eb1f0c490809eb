"""Jobs split into stages: maximal runs of consecutive steps of one kind, with the edges between them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from platform_operations.assess.ci.asking import asks_what_runs, awaits_preview
from platform_operations.assess.ci.atoms import ATTESTING, Atom
from platform_operations.assess.ci.handover import handed_over
from platform_operations.assess.ci.jobs import CiJob, CiPipeline
from platform_operations.assess.ci.kinds import starts_here
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.settling import Ships, atoms_of
from platform_operations.assess.ci.targets import environment_hint
from platform_operations.model.words import StageKind
from platform_operations.platforms.reading.commands import invocation
from platform_operations.repository import Repository

MAX_STAGES = 1_500

_HERE = ("localhost", "127.0.0.1", "0.0.0.0")
_REACHES = frozenset({"deploy", "promote", "rollback"})


@dataclass(slots=True, eq=False)
class Draft:
    """A stage being made.

    `needs` and `optional` are drafts of any pipeline; `hint` is what its own commands say of the
    environment, `undoes` that it takes back what the same job released before: it runs only when something failed.
    """

    pipeline: CiPipeline
    job: CiJob
    kind: StageKind
    atoms: tuple[Atom, ...]
    needs: list["Draft"] = field(default_factory=list["Draft"])
    optional: list["Draft"] = field(default_factory=list["Draft"])
    id: str = ""
    hint: str | None = None
    waits_after: bool = False
    undoes: bool = False


@dataclass(slots=True)
class Lane:
    """One job's stages in order, and every command of the job."""

    job: CiJob
    drafts: list[Draft]
    atoms: tuple[Atom, ...]


@dataclass(slots=True)
class Graph:
    """All stages, and by pipeline id and job key the lanes they came from; `cut` where there were more than MAX_STAGES."""

    drafts: list[Draft]
    lanes: dict[str, dict[str, Lane]]
    cut: bool = False

    def before(self, draft: Draft) -> Iterable[Draft]:
        """Return every stage that ends before `draft` begins, whatever its outcome."""
        return closure([*draft.needs, *draft.optional])


def closure(starts: Iterable[Draft]) -> list[Draft]:
    """Return the stages and all that they wait for, each once."""
    found: list[Draft] = []
    seen: set[int] = set()
    waiting = list(starts)
    while waiting:
        draft = waiting.pop()
        if id(draft) in seen:
            continue
        seen.add(id(draft))
        found.append(draft)
        waiting.extend([*draft.needs, *draft.optional])
    return found


def graph_of(pipelines: tuple[CiPipeline, ...], repository: Repository, *, ships: Ships = "site") -> Graph:
    """Return the stages of all pipelines, of a repository that `ships` such things, with their edges and ids."""
    lanes: dict[str, dict[str, Lane]] = {}
    count = 0
    for pipeline in pipelines:
        atoms = {
            job.key: handed_over(
                atoms_of(job, repository, f"{pipeline.id} {pipeline.name}", ships=ships), job
            )
            for job in pipeline.jobs
        }
        reached = _after_deploy(pipeline, atoms, lanes, pipelines)
        imaged = _after(pipeline, atoms, lambda atom: atom.act.makes == "image", loose=False)
        awaited = _after(pipeline, atoms, awaits_preview, loose=True)
        mine: dict[str, Lane] = {}
        for job in pipeline.jobs:
            found = (
                _split(
                    pipeline,
                    job,
                    atoms[job.key],
                    reached[job.key],
                    imaged[job.key],
                    previewed=awaited[job.key],
                )
                if count < MAX_STAGES
                else []
            )
            count += len(found)
            mine[job.key] = Lane(job, found, atoms[job.key])
        lanes[pipeline.id] = mine
    for pipeline in pipelines:
        _link_jobs(lanes[pipeline.id])
    _link_pipelines(pipelines, lanes)
    drafts = [
        draft for pipeline in pipelines for lane in lanes[pipeline.id].values() for draft in lane.drafts
    ]
    _name(drafts, lanes)
    return Graph(drafts, lanes, count >= MAX_STAGES)


def in_order(pipeline: CiPipeline) -> list[CiJob]:
    """Return the jobs so that each comes after those it waits for; jobs in a cycle keep their written order."""
    known = {job.key: job for job in pipeline.jobs}
    done: dict[str, None] = {}
    waiting = list(pipeline.jobs)
    while waiting:
        ready = [
            job
            for job in waiting
            if all(need in done or need not in known for need in (*job.needs, *job.optional))
        ]
        if not ready:
            ready = waiting
        for job in ready:
            done[job.key] = None
        waiting = [job for job in waiting if job.key not in done]
    return [known[key] for key in done]


def _after_deploy(
    pipeline: CiPipeline,
    atoms: Mapping[str, tuple[Atom, ...]],
    lanes: Mapping[str, Mapping[str, Lane]],
    pipelines: tuple[CiPipeline, ...],
) -> dict[str, bool]:
    """Say of each job whether something was deployed before it starts."""
    before = "deployment-status" in pipeline.triggers
    for other in pipelines:
        if any(name in {other.id, *other.names} for name, _ in pipeline.after):
            before = before or any(
                draft.kind in _REACHES for lane in lanes.get(other.id, {}).values() for draft in lane.drafts
            )
    after = _after(pipeline, atoms, lambda atom: atom.kind in _REACHES, loose=True)
    return {key: before or one for key, one in after.items()}


def _after(
    pipeline: CiPipeline, atoms: Mapping[str, tuple[Atom, ...]], does: Callable[[Atom], bool], *, loose: bool
) -> dict[str, bool]:
    """Say of each job whether one that it needs, or with `loose` only waits for, `does` something before it starts."""
    done = {key: any(does(atom) for atom in found) for key, found in atoms.items()}
    before: dict[str, bool] = {}
    for job in in_order(pipeline):
        above = (*job.needs, *job.optional) if loose else job.needs
        before[job.key] = any(done.get(need, False) or before.get(need, False) for need in above)
    return before


def _split(
    pipeline: CiPipeline, job: CiJob, atoms: tuple[Atom, ...], reached: bool, built: bool, *, previewed: bool
) -> list[Draft]:
    """Return the stages of a job; what it starts on its own machine belongs to the verification that asks it there."""
    runs: list[tuple[StageKind, list[Atom], str | None]] = []
    started: list[Atom] = []
    waits: set[int] = set()
    for atom in atoms:
        previewed = previewed or awaits_preview(atom)
        reached = reached or previewed
        kind = _final_kind(atom, job, reached, built and bool(started), bool(started), runs)
        built = built or atom.act.makes == "image"
        if kind is None:
            if starts_here(invocation(atom.text)):
                started.append(atom)
            if _only_waits(atom) and runs:
                waits.add(len(runs) - 1)
            continue
        if atom.act.makes in ATTESTING and (not runs or runs[-1][0] != "package"):
            continue
        reached = reached or kind in _REACHES
        hint = (
            environment_hint(atom)
            if kind in {"deploy", "promote", "migrate", "provision", "rollback", "verify"}
            else None
        )
        if kind == "verify" and previewed and hint is None:
            hint = "preview"
        if kind == "verify" and started and not reached:
            runs.append((kind, [*started, atom], hint))
            started = []
        elif runs and runs[-1][0] == kind and (hint is None or runs[-1][2] in {None, hint}):
            runs[-1][1].append(atom)
            runs[-1] = (kind, runs[-1][1], runs[-1][2] or hint)
        elif (known := _beside(runs, kind, atom)) is not None:
            known.append(atom)
        else:
            runs.append((kind, [atom], hint))
    released = [kind in {"deploy", "promote"} for kind, _, _ in runs]
    return [
        Draft(
            pipeline,
            job,
            kind,
            tuple(found),
            hint=hint,
            waits_after=index in waits,
            undoes=kind == "rollback" and any(released[:index]),
        )
        for index, (kind, found, hint) in enumerate(runs)
    ]


_JUDGING = frozenset({"test", "analyze"})


def _beside(
    runs: list[tuple[StageKind, list[Atom], str | None]], kind: StageKind, atom: Atom
) -> list[Atom] | None:
    """Return the stage that a test or an analysis joins: steps that only judge may alternate, nothing is made between them."""
    for earlier, found, _ in reversed(runs if kind in _JUDGING else []):
        if earlier not in _JUDGING:
            return None
        if earlier == kind and found[-1].step.when == atom.step.when:
            return found
    return None


def _only_waits(atom: Atom) -> bool:
    called = invocation(atom.text)
    return called[:2] in {
        ("kubectl", "rollout"),
        ("kubectl", "wait"),
        ("oc", "rollout"),
        ("aws", "ecs"),
    } and ("status" in called or ("wait" in called and "tasks-stopped" not in called))


def _final_kind(
    atom: Atom,
    job: CiJob,
    reached: bool,
    runs_image: bool,
    local: bool,
    runs: list[tuple[StageKind, list[Atom], str | None]],
) -> StageKind | None:
    """Settle what depends on the order: waiting belongs to its deployment, a journey after one verifies it."""
    kind = atom.kind
    if _only_waits(atom):
        mine = [earlier for earlier, _, _ in runs if earlier in _REACHES]
        return None if mine else ("verify" if reached else None)
    if kind == "verify" and not reached and atom.act.check is None:
        return None
    if kind == "deploy" and (job.when == "failure" or atom.step.when == "failure"):
        return "rollback"
    if (
        kind in {"test", "verify"}
        and reached
        and (atom.act.journey or asks_what_runs(atom, job, local=local))
    ):
        return "verify"
    if atom.act.weak and atom.act.kind == "verify" and kind is None:
        return "verify" if reached or (runs_image and any(host in atom.text for host in _HERE)) else None
    return kind


def _link_jobs(lanes: Mapping[str, Lane]) -> None:
    ends = {key: _ends(key, lanes) for key in lanes}
    for lane in lanes.values():
        before, loose = _incoming(lane.job, ends)
        solid: list[Draft] = []
        for index, draft in enumerate(lane.drafts):
            if index == 0:
                draft.needs, draft.optional = before, loose
            else:
                _chain(draft, solid, lane.drafts[index - 1], before, loose)
            if not _conditional(draft):
                solid = [draft]
            elif _conditional(draft) == "always":
                solid = [*solid, draft]


def _conditional(draft: Draft) -> str | None:
    whens = {atom.step.when for atom in draft.atoms}
    if draft.undoes:
        return "failure"
    if whens == {"failure"}:
        return "failure"
    return "always" if "success" not in whens else None


def _chain(
    draft: Draft, solid: list[Draft], previous: Draft, before: list[Draft], loose: list[Draft]
) -> None:
    if _conditional(draft):
        draft.optional = [previous]
    else:
        draft.needs = list(solid) or list(before)
        draft.optional = [] if solid else list(loose)


def _ends(key: str, lanes: Mapping[str, Lane]) -> tuple[list[Draft], list[Draft]]:
    """Return the last stages of a job, or of what it waits for where it has none; and those it need not wait out."""
    firm: list[Draft] = []
    loose: list[Draft] = []
    seen: set[str] = set()
    waiting: list[tuple[str, bool]] = [(key, True)]
    while waiting:
        name, required = waiting.pop(0)
        lane = lanes.get(name)
        if lane is None or name in seen:
            continue
        seen.add(name)
        last = _last(lane)
        if last:
            (firm if required else loose).extend(one for one in last if one not in firm)
            continue
        waiting.extend((need, required) for need in lane.job.needs)
        waiting.extend((need, False) for need in lane.job.optional)
    return firm, loose


def _last(lane: Lane) -> list[Draft]:
    for draft in reversed(lane.drafts):
        if _conditional(draft) != "failure":
            return [draft]
    return []


def _incoming(
    job: CiJob, ends: Mapping[str, tuple[list[Draft], list[Draft]]]
) -> tuple[list[Draft], list[Draft]]:
    firm: list[Draft] = []
    loose: list[Draft] = []
    for need in job.needs:
        mine, more = ends.get(need, ([], []))
        firm.extend(one for one in mine if one not in firm)
        loose.extend(one for one in more if one not in loose)
    for need in job.optional:
        mine, more = ends.get(need, ([], []))
        loose.extend(one for one in (*mine, *more) if one not in loose)
    return firm, [one for one in loose if one not in firm]


def _link_pipelines(pipelines: tuple[CiPipeline, ...], lanes: Mapping[str, Mapping[str, Lane]]) -> None:
    for pipeline in pipelines:
        for name, required in pipeline.after:
            other = next(
                (one for one in pipelines if name in {one.id, *one.names} and one is not pipeline), None
            )
            if other is None:
                continue
            sinks = _sinks(lanes[other.id])
            above = {id(draft) for draft in closure(sinks)}
            for lane in lanes[pipeline.id].values():
                for draft in lane.drafts[:1]:
                    if not draft.needs and not draft.optional and id(draft) not in above:
                        (draft.needs if required else draft.optional).extend(sinks)


def _sinks(lanes: Mapping[str, Lane]) -> list[Draft]:
    drafts = [draft for lane in lanes.values() for draft in lane.drafts]
    waited = {id(one) for draft in drafts for one in (*draft.needs, *draft.optional)}
    return [draft for draft in drafts if id(draft) not in waited and _conditional(draft) != "failure"]


def _name(drafts: list[Draft], lanes: Mapping[str, Mapping[str, Lane]]) -> None:
    local: dict[int, str] = {}
    for by_job in lanes.values():
        for lane in by_job.values():
            counts: dict[str, int] = {}
            base = kebab(lane.job.key)
            for draft in lane.drafts:
                counts[draft.kind] = counts.get(draft.kind, 0) + 1
                turn = counts[draft.kind]
                alone = len(lane.drafts) == 1
                local[id(draft)] = (
                    base if alone else f"{base}-{draft.kind}" + (f"-{turn}" if turn > 1 else "")
                )
    homes: dict[str, set[str]] = {}
    for draft in drafts:
        homes.setdefault(local[id(draft)], set()).add(draft.pipeline.id)
    taken: set[str] = set()
    for draft in drafts:
        name = local[id(draft)]
        wanted = f"{draft.pipeline.id}-{name}" if len(homes[name]) > 1 else name
        final, turn = wanted, 2
        while final in taken:
            final, turn = f"{wanted}-{turn}", turn + 1
        taken.add(final)
        draft.id = final
