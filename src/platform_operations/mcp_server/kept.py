"""Assessments kept between calls, for as long as nothing they rest on has changed; then made anew where it has."""

import os
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from time import monotonic, time_ns
from typing import TYPE_CHECKING, TypeAlias, cast

from platform_operations.mcp_server.pages import Document
from platform_operations.mcp_server.roots import Place
from platform_operations.mcp_server.watch import Watch, Watched

if TYPE_CHECKING:
    from platform_operations.metrics import MetricSource
    from platform_operations.model.assessment import Assessment
    from platform_operations.model.finding import Finding
    from platform_operations.model.plan import Plan
    from platform_operations.repository import Notes
    from platform_operations.toolbox import Drafted, Target
    from platform_operations.validate import Read

MOST_KEPT = 4
MOST_PLANS = 2
# A file in a folder that held none is seen only by listing anew; a live metrics source moves on by itself.
LONGEST_KEPT = 10.0
_GIT = ("HEAD", "index", "logs/HEAD", "packed-refs")

Mark: TypeAlias = tuple[int, int, int, int] | None
Marks: TypeAlias = dict[str, Mark]

UNSETTLED: Mark = (0, 0, 0, -1)
"""The mark of what changed just before it was looked at: it may change again and show the same times. No file has it."""
TICK = 100_000_000
"""Nanoseconds: ten times the step in which Linux and others set the times of files, at the coarsest."""
WHOLE_SECOND = 1_000_000_000
"""Nanoseconds: a time without a fraction may be of a file system that keeps none, or every second one."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """A target with its assessment and the state of the disk that both were made from."""

    target: "Target"
    assessment: "Assessment"
    marks: Marks
    notes: "Notes"
    until: float
    plan: "Drafted | None" = None
    verdicts: "Verdicts" = field(default_factory=lambda: Verdicts())

    @property
    def unchanged(self) -> bool:
        """Whether nothing that was read has changed since, as far as times and sizes can tell."""
        return all(_mark(path) == mark for path, mark in self.marks.items())


class Plans:
    """The last few plans that were given, by their documents.

    A host changes an entry or two before it asks again, and validates a plan before it renders it: only what was
    changed is read anew, and what was worked out of the rest stays.
    """

    def __init__(self) -> None:
        self._kept: deque[Read] = deque(maxlen=MOST_PLANS)
        self._lock = Lock()

    def read(self, document: object) -> "Plan | tuple[Finding, ...]":
        """Return the plan that a document holds, or the findings that say why it is none."""
        from platform_operations.validate import Read, read_document

        with self._lock:
            kept = tuple(self._kept)
        for row in kept:
            if row.document == document:
                return row.plan
        plan = read_document(document, kept[0] if kept else None)
        if not isinstance(plan, tuple):
            with self._lock:
                self._kept.appendleft(Read(cast("Document", document), plan))
        return plan


class Verdicts:
    """The verdicts on the last few plans against one assessment: as long as that stands, so do they.

    A plan is known by being the same object: `Plans` gives the same one for the same document.
    """

    def __init__(self) -> None:
        self._kept: deque[tuple[Plan, Document]] = deque(maxlen=MOST_PLANS)
        self._lock = Lock()

    def of(self, plan: "Plan", judge: Callable[[], Document]) -> Document:
        """Return the verdict on a plan, of `judge` where it was not judged lately; nobody changes it afterwards."""
        with self._lock:
            kept = tuple(self._kept)
        for known, verdict in kept:
            if known is plan:
                return verdict
        verdict = judge()
        with self._lock:
            self._kept.appendleft((plan, verdict))
        return verdict


class Assessments:
    """The assessments of the last few targets; one thread at a time works on each."""

    def __init__(self, metrics: str | None) -> None:
        self.metrics = metrics
        self._kept: OrderedDict[Path, Assessed] = OrderedDict()
        self._lock = Lock()
        self._locks: dict[Path, Lock] = {}

    def of(self, place: Place, watch: Watch) -> Assessed:
        """Return the assessment of the repository at a place.

        Raises:
            InputError: the folder or the metrics cannot be used.
            StoppedError: nobody waits for it.
        """
        with self._one_at_a_time(place.path):
            known = self._kept.get(place.path)
            found = self._again(place.path, known) if known is not None and known.unchanged else None
            found = found or self._made(place.path, watch, known)
            self._keep(place.path, found)
            return found

    def drafted(self, place: Place, watch: Watch) -> "tuple[Assessed, Drafted]":
        """Return the assessment of the repository at a place, and the embedded drafter's plan for it.

        Raises as `of` does.
        """
        from platform_operations.toolbox import drafted

        kept = self.of(place, watch)
        if kept.plan is not None:
            return kept, kept.plan
        watch.at("drafting")
        made = drafted(kept.target, kept.assessment)
        self._keep(place.path, replace(kept, plan=made))
        return kept, made

    def _keep(self, path: Path, found: Assessed) -> None:
        with self._lock:
            self._kept[path] = found
            self._kept.move_to_end(path)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def source(self) -> "MetricSource | None":
        """Return the metrics that the user gave the server, None where none were.

        Raises:
            InputError: they cannot be used.
        """
        from platform_operations.metrics import open_source

        return open_source(self.metrics) if self.metrics else None

    def _again(self, path: Path, known: Assessed) -> Assessed | None:
        """Return what is known, for another while where listing the folder anew gives the same files."""
        if monotonic() < known.until:
            return known
        from platform_operations.repository import open_repository

        if self.metrics is not None and "://" in self.metrics:
            return None
        same = _marks(path, open_repository(path).paths, self.metrics) == known.marks
        return replace(known, until=monotonic() + LONGEST_KEPT) if same else None

    def _made(self, path: Path, watch: Watch, before: Assessed | None) -> Assessed:
        """Return the assessment of what is there now, from what was found `before` where that still holds."""
        from platform_operations.repository import Remembering
        from platform_operations.toolbox import assessed, open_target

        watch.at("listing files")
        target = open_target(path)
        marks = _marks(path, target.repository.paths, self.metrics)
        notes: Notes = {}
        changed = None if before is None else _changed(path, before, target, marks)
        if before is not None and changed is not None:
            if not changed and not self._measures_anew(target, before.marks, marks):
                return replace(before, target=target, marks=marks, until=monotonic() + LONGEST_KEPT)
            notes = before.notes
        remembering = Remembering(Watched(target.repository, watch), notes, changed or frozenset())
        watch.at("assessing")
        assessment = assessed(replace(target, repository=remembering), metrics=self.source())
        return Assessed(target, assessment, marks, remembering.notes, monotonic() + LONGEST_KEPT)

    def _measures_anew(self, target: "Target", before: Marks, now: Marks) -> bool:
        """Whether the metrics may say something else than before."""
        if self.metrics is None:
            return target.configuration.metrics is not None
        return "://" in self.metrics or before.get(self.metrics) != now.get(self.metrics)

    @contextmanager
    def _one_at_a_time(self, path: Path) -> Generator[None]:
        with self._lock:
            if len(self._locks) > 64:
                self._locks = {known: lock for known, lock in self._locks.items() if lock.locked()}
            lock = self._locks.setdefault(path, Lock())
        with lock:
            yield


def _changed(path: Path, before: Assessed, target: "Target", marks: Marks) -> frozenset[str] | None:
    """Return which of the files that were read say something else; None where more has changed than what files say."""
    from platform_operations.repository import LocalRepository

    earlier, now = before.target.repository, target.repository
    assert isinstance(earlier, LocalRepository) and isinstance(now, LocalRepository)
    top = f"{path}/"
    same = {
        name.removeprefix(top)
        for name, mark in marks.items()
        if mark is not None and mark != UNSETTLED and before.marks.get(name) == mark
    }
    return now.resume(earlier, same)


def _marks(root: Path, paths: tuple[str, ...], metrics: str | None) -> Marks:
    top = str(root)
    folders = {folder for path in paths for folder in _folders(path)}
    names = [top, *(f"{top}/{name}" for name in sorted(folders)), *(f"{top}/{path}" for path in paths)]
    git = next((folder / ".git" for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    names += [str(git / name) for name in _GIT] if git is not None else []
    names += [metrics] if metrics and "://" not in metrics else []
    now = time_ns()
    return {name: _settled(_mark(name), now) for name in names}


def _settled(mark: Mark, now: int) -> Mark:
    """Return a mark that another change cannot leave as it is, else UNSETTLED."""
    if mark is None:
        return None
    step = 2 * WHOLE_SECOND + TICK if mark[1] % WHOLE_SECOND == 0 else TICK
    return mark if mark[1] < now - step else UNSETTLED


def _folders(path: str) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _mark(path: str) -> Mark:
    try:
        status = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - a Path for each of 30,000 files costs more
    except OSError:
        return None
    # Anybody can set the time of a change of content; that of the entry itself nobody can.
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
