"""The cases: for each a small repository, its metrics, what must be seen in it, and a plan that a careful engineer wrote.

`evals/cases/NAME/` holds `target/`, `metrics.csv` where the shape has metrics, `case.yaml` and `good.yaml`. A target is
read into memory, so that neither git nor what lies around it has a say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast

from platform_operations.assess import own_configuration
from platform_operations.documents import parsed
from platform_operations.metrics import open_source
from platform_operations.model.assessment import Assessment
from platform_operations.repository import InMemoryRepository
from platform_operations.toolbox import Target, assessed

Document: TypeAlias = dict[str, Any]

CASES = Path(__file__).parent / "cases"
MAX_BYTES = 1024 * 1024
AS_OF = "2026-11-20T09:00:00Z"
"""The time that all cases are judged at: the end of every metrics.csv."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its folder says it.

    `expects` are outcomes by what they are of: `practices/NAME`, `ci/ID`, `platforms/ID`, `components/ID` (then the
    value is its types), `risk`. `fires` are rules that today's plan must break, `silent` ones that it must not,
    `names` what a plan for this repository and no other speaks of, `warnings` those that the good plan may have.
    """

    name: str
    folder: Path
    tags: tuple[str, ...]
    expects: Mapping[str, str]
    fires: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    warnings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_shape(self) -> bool:
        """Whether it is one of the eight shapes that plans are broken in."""
        return "shape" in self.tags


@dataclass(frozen=True, slots=True)
class Looked:
    """A case with its target and what assessing it gave."""

    case: Case
    target: Target
    assessment: Assessment


def cases() -> tuple[Case, ...]:
    """Return all cases, by name."""
    return tuple(case(path.parent.name) for path in sorted(CASES.glob("*/case.yaml")))


def case(name: str) -> Case:
    """Return the case of that name."""
    folder = CASES / name
    row = read(folder / "case.yaml")
    return Case(
        name=name,
        folder=folder,
        tags=tuple(row["tags"]),
        expects=cast("dict[str, str]", row.get("expects") or {}),
        fires=tuple(row.get("fires") or ()),
        silent=tuple(row.get("silent") or ()),
        names=tuple(row.get("names") or ()),
        warnings=cast("dict[str, str]", row.get("warnings") or {}),
    )


def read(path: Path) -> Document:
    """Return the mapping in a YAML file."""
    found = parsed(path.read_text(encoding="utf-8"), str(path.relative_to(CASES)), MAX_BYTES)
    assert isinstance(found, dict), f"{path.name} is no mapping"
    return cast("Document", found)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@cache
def looked(name: str) -> Looked:
    """Return a case with its assessment; made once in a process."""
    return look(case(name))


def look(found: Case) -> Looked:
    """Assess the target of a case anew."""
    repository = InMemoryRepository(files_of(found.folder / "target"), name=found.name)
    configuration, problems = own_configuration(repository)
    target = Target(repository, configuration, problems)
    metrics = found.folder / "metrics.csv"
    source = open_source(str(metrics)) if metrics.is_file() else None
    return Looked(found, target, assessed(target, metrics=source, as_of=AS_OF))
