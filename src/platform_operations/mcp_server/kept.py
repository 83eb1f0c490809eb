"""Assessments kept between calls, for as long as nothing they rest on has changed."""

import os
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias, cast

from platform_operations.mcp_server.pages import Document
from platform_operations.mcp_server.roots import Place
from platform_operations.mcp_server.watch import Watch, Watched

if TYPE_CHECKING:
    from platform_operations.metrics import MetricSource
    from platform_operations.model.assessment import Assessment
    from platform_operations.model.finding import Finding
    from platform_operations.model.plan import Plan
    from platform_operations.toolbox import Drafted, Target
    from platform_operations.validate import Read

MOST_KEPT = 4
MOST_PLANS = 2
# A file in a folder that held none is seen only by listing anew; a live metrics source moves on by itself.
LONGEST_KEPT = 10.0
_GIT = ("HEAD", "index", "logs/HEAD", "packed-refs")

Mark: TypeAlias = tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Assessed:
    """A target with its assessment and the state of the disk that both were made from."""

    target: "Target"
    assessment: "Assessment"
    marks: tuple[tuple[str, Mark], ...]
    until: float
    plan: "Drafted | None" = None
    verdicts: "Verdicts" = field(default_factory=lambda: Verdicts())

    @property
    def unchanged(self) -> bool:
        """Whether nothing that was read has changed since, as far as times and sizes can tell."""
        return all(_mark(path) == mark for path, mark in self.marks)


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
            found = found or self._made(place.path, watch)
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

    def _made(self, path: Path, watch: Watch) -> Assessed:
        from platform_operations.toolbox import assessed, open_target

        watch.at("listing files")
        target = open_target(path)
        marks = _marks(path, target.repository.paths, self.metrics)
        watched = replace(target, repository=Watched(target.repository, watch))
        watch.at("assessing")
        assessment = assessed(watched, metrics=self.source())
        return Assessed(target, assessment, marks, monotonic() + LONGEST_KEPT)

    @contextmanager
    def _one_at_a_time(self, path: Path) -> Generator[None]:
        with self._lock:
            if len(self._locks) > 64:
                self._locks = {known: lock for known, lock in self._locks.items() if lock.locked()}
            lock = self._locks.setdefault(path, Lock())
        with lock:
            yield


def _marks(root: Path, paths: tuple[str, ...], metrics: str | None) -> tuple[tuple[str, Mark], ...]:
    top = str(root)
    folders = {folder for path in paths for folder in _folders(path)}
    names = [top, *(f"{top}/{name}" for name in sorted(folders)), *(f"{top}/{path}" for path in paths)]
    git = next((folder / ".git" for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    names += [str(git / name) for name in _GIT] if git is not None else []
    names += [metrics] if metrics and "://" not in metrics else []
    return tuple((name, _mark(name)) for name in names)


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
