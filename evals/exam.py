"""The exam: public repositories whose delivery and observability were labelled by reading, before anything ran on them.

    python evals/exam.py CHECKOUTS [--half open|held-out] [--json] [--misses]

`evals/exam/OWNER+NAME.yaml` holds the labels of a repository at a commit; CHECKOUTS holds its files as OWNER+NAME/.
`practices` follow the meanings of today's report: present with the line that shows it, absent, or unknown where the
answer lies outside. `optional` are ids that a careful reader may or may not name: they count neither way. `arguable`
practices count like the others; the share of misses that fell on them is printed beside.

Intervals are Wilson's for 95% (E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
JASA 22, 1927). A citation is right when its lines exist, and shows a labelled practice when it lies in the file that
the label names.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from platform_operations.documents import PRACTICES, parsed
from platform_operations.toolbox import assess_document, assessed, open_target

Outcome: TypeAlias = Literal["present", "absent", "unknown"]
Half: TypeAlias = Literal["open", "held-out"]

LABELS = Path(__file__).parent / "exam"
LABELLED = PRACTICES[:12]
GROUPS = ("ci", "platforms", "observability")
MAX_BYTES = 64 * 1024
NORMAL_QUANTILE = 1.959964
"""Of 97.5%, for two-sided intervals of 95%."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a reader saw in one repository. `shown` is the path:line of each present practice."""

    repository: str
    half: Half
    named: Mapping[str, frozenset[str]]
    optional: frozenset[str]
    practices: Mapping[str, Outcome]
    shown: Mapping[str, str]
    arguable: frozenset[str]


@dataclass(frozen=True, slots=True)
class Miss:
    """One answer that differs from its label. `of` is ci, platforms, observability, a practice, or citation."""

    repository: str
    of: str
    expected: str
    answered: str
    why: str = ""
    arguable: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """How one repository's answers compare with its label."""

    label: Label
    tallies: Mapping[str, tuple[int, int, int]]
    """Right, wrong and missing ids by group."""
    pairs: tuple[tuple[str, Outcome, Outcome], ...]
    """Practice, expected and answered."""
    citations: tuple[int, int]
    """Those that open, of all."""
    showing: tuple[int, int]
    """Present practices, seen and labelled so, whose citations reach the label's file, of all such."""
    misses: tuple[Miss, ...]


def labels() -> Iterator[Label]:
    """Yield every label, by file name."""
    for path in sorted(LABELS.glob("*.yaml")):
        row = cast("dict[str, Any]", parsed(path.read_text("utf-8"), path.name, MAX_BYTES))
        said = cast("dict[str, Outcome | dict[str, str]]", row["practices"])
        if set(said) != set(LABELLED):
            raise SystemExit(f"{path.name}: every one of the twelve practices needs a label, and no other")
        yield Label(
            repository=row["repository"],
            half=row["half"],
            named={group: frozenset(row[group] or ()) for group in GROUPS},
            optional=frozenset(row.get("optional") or ()),
            practices={name: "present" if isinstance(value, dict) else value for name, value in said.items()},
            shown={name: value["present"] for name, value in said.items() if isinstance(value, dict)},
            arguable=frozenset(row.get("arguable") or ()),
        )


def graded(label: Label, checkout: Path) -> Answers:
    """Assess a checkout and compare what is said of it with its label."""
    for name, place in label.shown.items():
        if not _opens(checkout, place.rpartition(":")[0], int(place.rpartition(":")[2])):
            raise SystemExit(f"{label.repository}: the label of {name} cites {place}, which is not there")
    target = open_target(checkout)
    document = assess_document(target, assessed(target))
    misses: list[Miss] = []
    tallies: dict[str, tuple[int, int, int]] = {}
    for group in GROUPS:
        answered = {cast("str", row["id"]) for row in document[group]} - (label.optional - label.named[group])
        expected = label.named[group]
        tallies[group] = (len(answered & expected), len(answered - expected), len(expected - answered))
        misses += [Miss(label.repository, group, "", name) for name in sorted(answered - expected)]
        misses += [Miss(label.repository, group, name, "") for name in sorted(expected - answered)]
    pairs: list[tuple[str, Outcome, Outcome]] = []
    reached: list[bool] = []
    for name in LABELLED:
        row = document["practices"][name]
        outcome, expected_outcome = cast("Outcome", row["outcome"]), label.practices[name]
        pairs.append((name, expected_outcome, outcome))
        if outcome != expected_outcome:
            misses.append(_miss(label, name, outcome, row))
        elif outcome == "present":
            reached.append(any(_path(uri) == label.shown[name].rpartition(":")[0] for uri in row["evidence"]))
    cited = sorted(set(_cited(document)))
    closed = [uri for uri in cited if not _uri_opens(checkout, uri)]
    misses += [Miss(label.repository, "citation", "lines that exist", uri) for uri in closed]
    return Answers(
        label,
        tallies,
        tuple(pairs),
        (len(cited) - len(closed), len(cited)),
        (sum(reached), len(reached)),
        tuple(misses),
    )


def _miss(label: Label, name: str, outcome: Outcome, row: Mapping[str, Any]) -> Miss:
    expected = label.shown.get(name, label.practices[name])
    why = "; ".join([row.get("reason") or "", *(row.get("evidence") or ())[:3]]).strip("; ")
    return Miss(label.repository, name, expected, outcome, why, name in label.arguable)


def _cited(document: Mapping[str, Any]) -> Iterator[str]:
    groups: Iterable[Mapping[str, Any]] = (
        *(row for group in GROUPS for row in document[group]),
        *document["practices"].values(),
        *document["facts"],
    )
    for row in groups:
        yield from (uri for uri in row.get("evidence") or () if uri.startswith("repo:"))
    yield from (row["source"] for row in document["alerts"])


def _path(uri: str) -> str:
    return uri.removeprefix("repo:").partition("#")[0]


def _uri_opens(checkout: Path, uri: str) -> bool:
    last = uri.partition("#")[2].rpartition("L")[2]
    return _opens(checkout, _path(uri), int(last) if last else 1)


def _opens(checkout: Path, path: str, line: int) -> bool:
    file = checkout / path
    if not file.is_file():
        return False
    return 1 <= line <= max(1, file.read_bytes().count(b"\n") + 1)


def interval(right: int, all_of: int) -> tuple[float, float]:
    """Return Wilson's 95% interval of a share; (0, 1) of nothing."""
    if not all_of:
        return (0.0, 1.0)
    share, z2 = right / all_of, NORMAL_QUANTILE**2
    centre = (share + z2 / (2 * all_of)) / (1 + z2 / all_of)
    spread = NORMAL_QUANTILE * sqrt(share * (1 - share) / all_of + z2 / (4 * all_of**2)) / (1 + z2 / all_of)
    return (max(0.0, centre - spread), min(1.0, centre + spread))


def measured(rows: Sequence[Answers]) -> dict[str, Any]:
    """Return the measures of a half as a JSON document."""
    document: dict[str, Any] = {"repositories": len(rows)}
    for group in GROUPS:
        sums = [sum(row.tallies[group][place] for row in rows) for place in range(3)]
        document[group] = _retrieval(*sums)
    pairs = [pair for row in rows for pair in row.pairs]
    same = sum(expected == answered for _, expected, answered in pairs)
    neither = sum(
        expected != answered and "present" not in {expected, answered} for _, expected, answered in pairs
    )
    arguable = sum(miss.arguable for row in rows for miss in row.misses)
    document["practices"] = {
        "accuracy": _share(same, len(pairs)),
        "present": _presence(pairs),
        "unknownAbsentConfusions": neither,
        "missesOnArguable": arguable,
        "each": {name: _each([pair for pair in pairs if pair[0] == name]) for name in LABELLED},
    }
    for name in ("citations", "showing"):
        counts = [cast("tuple[int, int]", getattr(row, name)) for row in rows]
        document[name] = _share(sum(right for right, _ in counts), sum(whole for _, whole in counts))
    return document


def _each(pairs: Sequence[tuple[str, Outcome, Outcome]]) -> dict[str, Any]:
    same = sum(expected == answered for _, expected, answered in pairs)
    return {"accuracy": _share(same, len(pairs)), "present": _presence(pairs)}


def _presence(pairs: Sequence[tuple[str, Outcome, Outcome]]) -> dict[str, Any]:
    right = sum(expected == answered == "present" for _, expected, answered in pairs)
    said = sum(answered == "present" for _, _, answered in pairs)
    there = sum(expected == "present" for _, expected, _ in pairs)
    return _retrieval(right, said - right, there - right)


def _share(right: int, whole: int) -> dict[str, Any]:
    low, high = interval(right, whole)
    value = right / whole if whole else None
    return {"right": right, "of": whole, "share": value, "low": low, "high": high}


def _retrieval(right: int, wrong: int, missing: int) -> dict[str, Any]:
    whole = 2 * right + wrong + missing
    return {
        "precision": _share(right, right + wrong),
        "recall": _share(right, right + missing),
        "f1": 2 * right / whole if whole else None,
    }


def shown(half: str, document: Mapping[str, Any]) -> str:
    """Return the measures of a half as a table."""
    lines = [f"{half}: {document['repositories']} repositories", ""]
    lines.append(f"{'':22} {'precision':>29} {'recall':>29} {'F1':>6}")
    retrievals = [(group, document[group]) for group in GROUPS]
    retrievals.append(("practices present", document["practices"]["present"]))
    for name, row in retrievals:
        lines.append(f"{name:22} {_cell(row['precision'])} {_cell(row['recall'])} {_number(row['f1']):>6}")
    practices = document["practices"]
    lines += ["", f"{'practices accuracy':22} {_cell(practices['accuracy'])}"]
    lines += [f"  {name:20} {_cell(row['accuracy'])}" for name, row in practices["each"].items()]
    lines.append(f"unknown for absent or the reverse: {practices['unknownAbsentConfusions']}")
    lines.append(f"misses on practices whose label is arguable: {practices['missesOnArguable']}")
    lines.append(f"{'citations that open':22} {_cell(document['citations'])}")
    lines.append(f"{'citing the shown file':22} {_cell(document['showing'])}")
    return "\n".join(lines)


def _cell(row: Mapping[str, Any]) -> str:
    bounds = f"[{_number(row['low'])}, {_number(row['high'])}]"
    return f"{row['right']:>4}/{row['of']:<4} {_number(row['share']):>5} {bounds}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade the halves asked for, print tables or one JSON document; 2 when a checkout is missing."""
    parser = argparse.ArgumentParser(description="Score the assessment against labels read by hand.")
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--half", choices=("open", "held-out"), help="only that half")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--misses", action="store_true", help="every answer that differs from its label")
    chosen = parser.parse_args(arguments)
    rows = [label for label in labels() if chosen.half in {None, label.half}]
    folders = {label.repository: chosen.checkouts / label.repository.replace("/", "+") for label in rows}
    missing = [name for name, folder in folders.items() if not folder.is_dir()]
    if missing:
        print(f"no checkout of {', '.join(missing)} under {chosen.checkouts}", file=sys.stderr)
        return 2
    answers = [graded(label, folders[label.repository]) for label in rows]
    halves: dict[str, list[Answers]] = {}
    for row in answers:
        halves.setdefault(row.label.half, []).append(row)
    say = partial(json.dumps, indent=2, sort_keys=True)
    if chosen.json:
        document = {half: measured(found) for half, found in halves.items()}
        misses = [asdict(miss) for row in answers for miss in row.misses]
        print(say({"halves": document, **({"misses": misses} if chosen.misses else {})}))
        return 0
    for half, found in sorted(halves.items(), reverse=True):
        print(shown(half, measured(found)), end="\n\n")
    if chosen.misses:
        for miss in (miss for row in answers for miss in row.misses):
            mark = " (arguable)" if miss.arguable else ""
            print(f"{miss.repository} {miss.of}: {miss.expected!r} -> {miss.answered!r}{mark} {miss.why}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
