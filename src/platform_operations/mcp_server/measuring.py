"""fetch_metrics: baselines of a component's SLIs, or the events that one query counts."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from platform_operations.errors import InputError
from platform_operations.mcp_server.arguments import Arguments, FetchMetrics
from platform_operations.mcp_server.kept import Assessed
from platform_operations.mcp_server.tools import Answer, Desk, answer
from platform_operations.mcp_server.watch import Watch

if TYPE_CHECKING:
    from platform_operations.metrics import MetricSource
    from platform_operations.metrics.source import Slot
    from platform_operations.model.baseline import Observation
    from platform_operations.slo.sli import NamedSli

Document: TypeAlias = dict[str, Any]

WITHOUT = (
    "there are no metrics here: start the server with --metrics (a Prometheus URL, an OpenMetrics text, CSV or "
    'snapshot file), or let the repository\'s platform-ops.toml name a file with metrics = "FILE". '
    "A plan without them proposes how to measure a baseline first."
)


def fetch_metrics(desk: Desk, arguments: Arguments, watch: Watch) -> Answer:
    """Return measured baselines of a component's SLIs, of one SLI, or the hourly events that a query counts."""
    from platform_operations.mcp_server.texts import metrics_text
    from platform_operations.metrics import slis_of
    from platform_operations.toolbox import own_metrics

    assert isinstance(arguments, FetchMetrics)
    kept = desk.assessments.of(desk.roots.folder(arguments.path), watch)
    watch.at("asking for metrics")
    source = desk.assessments.source()
    if source is None:
        try:
            source = own_metrics(kept.target)
        except InputError as error:
            return _unusable(arguments, str(error))
    if source is None:
        raise InputError(WITHOUT)
    known = slis_of(kept.assessment, source)
    chosen, counted = _chosen(kept, known, arguments)
    as_of = kept.assessment.as_is.target.as_of
    rows = _baselines(kept, source, chosen, arguments.window)
    series = [_series(source, sli, as_of, arguments.window) for sli in counted]
    document: Document = {
        "source": source.name,
        "window": arguments.window,
        "baseline": [row.model_dump(mode="json", by_alias=True) for row in rows],
        "series": series,
        "hints": _hints(known, rows, series, source.warnings),
    }
    following = (
        "Targets must not be above these; SLOs without history get status needs-baseline and no objective."
    )
    return answer(metrics_text(document, following), document, arguments)


def _unusable(arguments: FetchMetrics, problem: str) -> Answer:
    """Return the answer where the repository's own file is at fault: what it would have shown is unknown."""
    from platform_operations.mcp_server.texts import metrics_text

    document: Document = {
        "source": None,
        "window": arguments.window,
        "baseline": [],
        "series": [],
        "hints": [f"unknown: the metrics that the repository names cannot be used: {problem}"],
    }
    return answer(
        metrics_text(document, "Tell the user; until then no SLO has an objective."), document, arguments
    )


def _baselines(
    kept: Assessed, source: "MetricSource", chosen: "Sequence[NamedSli]", length: str
) -> "tuple[Observation, ...]":
    """Return what the assessment measured, whose targets the rules compare with; another window is measured anew."""
    from platform_operations.metrics import observe

    wanted = {sli.id for sli in chosen}
    measured = tuple(row for row in kept.assessment.baseline if row.id in wanted and row.window == length)
    if len(measured) == len(wanted):
        return measured
    return observe(source, chosen, as_of=kept.assessment.as_is.target.as_of, window=length)


def _chosen(
    kept: Assessed, known: "Sequence[NamedSli]", arguments: FetchMetrics
) -> "tuple[tuple[NamedSli, ...], tuple[NamedSli, ...]]":
    """Return the SLIs whose baseline is wanted, and the queries whose events are."""
    from platform_operations.model.reliability import Sli
    from platform_operations.slo.sli import NamedSli

    if arguments.query is not None:
        same = tuple(sli for sli in known if sli.id == arguments.query.strip())
        if same:
            return same, same
        sli = Sli(kind="throughput", source="prometheus", good=arguments.query, total=arguments.query)
        return (), (NamedSli("query", "the query", sli),)
    if arguments.component is None:
        return tuple(known), ()
    components = [row.id for row in kept.assessment.as_is.components]
    if arguments.component not in components:
        raise InputError(
            f"there is no component {arguments.component[:80]!r}; there is {', '.join(components[:20])}"
        )
    of_slos = {row.id: row.component for row in kept.assessment.as_is.slos}
    wanted = arguments.component
    found = tuple(
        sli
        for sli in known
        if of_slos.get(sli.id, wanted if len(components) == 1 or sli.id.startswith(f"{wanted}-") else "")
        == wanted
    )
    return found, ()


def _series(source: "MetricSource", sli: "NamedSli", as_of: str | None, length: str) -> Document:
    """Return the hourly events of a query as few numbers. Raises InputError."""
    from platform_operations.metrics.instants import unix
    from platform_operations.metrics.source import Span
    from platform_operations.slo.budget import HOUR
    from platform_operations.slo.durations import seconds

    newest = source.newest((sli,), None if as_of is None else unix(as_of))
    empty: Document = {
        "id": sli.id,
        "slots": 0,
        "min": None,
        "mean": None,
        "max": None,
        "last": None,
        "total": "0",
    }
    if newest is None:
        return {**empty, "problem": "no sample: the metric may have another name, or nothing is scraped"}
    end = newest // HOUR * HOUR
    history = source.histories((sli,), Span(end - seconds(length), end, HOUR))[0]
    if history.problem or not history.slots:
        return {**empty, "problem": history.problem or "no sample in the window"}
    return {"id": sli.id, **_figures(history.slots), "problem": None}


def _figures(slots: "Sequence[Slot]") -> Document:
    totals = [slot.total for slot in slots]
    return {
        "slots": len(totals),
        "min": _number(min(totals)),
        "mean": _number(sum(totals, Fraction(0)) / len(totals)),
        "max": _number(max(totals)),
        "last": _number(totals[-1]),
        "total": _number(sum(totals, Fraction(0))),
    }


def _number(value: Fraction) -> str:
    """Return a number of events, rounded to three decimals."""
    return f"{float(value):.3f}".rstrip("0").rstrip(".")


def _hints(
    known: "Sequence[NamedSli]", rows: Sequence[object], series: Sequence[Document], warnings: Sequence[str]
) -> list[str]:
    said = [f"{row['id']}: {row['problem']}" for row in series if row["problem"]]
    if not rows and not any(row["slots"] for row in series):
        names = ", ".join(sli.id for sli in known[:20])
        said.append(
            f"known SLIs: {names}"
            if names
            else "the source lists no SLI and no alert of the repository shows one"
        )
    return [*said, *warnings[:5]]
