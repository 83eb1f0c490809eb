"""Adding what was measured to an assessment: the baseline of each SLI, and its alerts tried on the same history."""

from dataclasses import replace
from fractions import Fraction

from platform_operations.metrics.backtest import quiet_objective
from platform_operations.metrics.baseline import observe
from platform_operations.metrics.discovery import Catalogue, discover
from platform_operations.metrics.source import MetricSource
from platform_operations.model.assessment import Assessment
from platform_operations.model.baseline import Backtest, Observation
from platform_operations.slo.discovery import slis_of_alerts
from platform_operations.slo.durations import seconds
from platform_operations.slo.promql import Unreadable, selectors
from platform_operations.slo.sli import NamedSli

SUPPORTED = frozenset({"ok", "below-floor"})


def measured(assessment: Assessment, source: MetricSource, as_of: str | None = None) -> Assessment:
    """Return the assessment with a baseline for every SLI that the source or the repository names.

    A target whose standard alerts would have been noise on the same history drops to the highest rung that is quiet;
    one with no quiet rung supports no objective. `as_of` (RFC 3339) overrides the assessment's own time.
    """
    plan = assessment.as_is
    slis = slis_of(assessment, source)
    rows: list[Observation] = []
    tried: list[Backtest] = []
    named = {sli.id: sli for sli in slis}
    limit = as_of or plan.target.as_of
    for row in observe(source, slis, as_of=limit):
        quiet, backtests = _quieted(source, named[row.id], row, limit)
        rows.append(quiet)
        tried.extend(backtests)
    newest = max((row.end for row in rows if row.end), default=None)
    if plan.target.as_of is None and newest is not None:
        plan = plan.model_copy(update={"target": plan.target.model_copy(update={"as_of": newest})})
    return assessment.model_copy(update={"baseline": tuple(rows), "backtests": tuple(tried), "as_is": plan})


def slis_of(assessment: Assessment, source: MetricSource) -> tuple[NamedSli, ...]:
    """Return the SLIs to measure: what the repository promises, then what its alerts watch, then what the source has.

    A source that lists its own SLIs is asked for those, with the queries that the repository shows for them. What an
    alert watches gives way to what the source has under its name where the alert asks for labels that are not there:
    nothing would be selected, or, where only the label that tells failures is missing, everything would be good.
    """
    plan = assessment.as_is
    promised = [
        NamedSli(slo.id, f"{slo.sli.kind} of {slo.component}", slo.sli, f"SLO {slo.id} promises it")
        for slo in plan.slos
        if slo.sli.total is not None
    ]
    watched = slis_of_alerts(plan)
    shown = {sli.id: sli for sli in (*watched, *promised)}
    listed = {sli.id: sli for sli in source.listed()}
    if listed:
        found = {name: _with_query(sli, shown.get(name)) for name, sli in listed.items()}
    else:
        names = [*(component.id for component in plan.components), plan.target.name]
        own = {sli.id: sli for sli in discover(source, names).slis}
        there = (sli for sli in watched if sli.id not in own or _there(source, sli))
        found = own | {sli.id: sli for sli in (*there, *promised)}
    return tuple(found[name] for name in sorted(found))


def _there(source: MetricSource, sli: NamedSli) -> bool:
    """Whether a source has every label that an SLI's queries ask for, and the values that they name."""
    if not isinstance(source, Catalogue):
        return True
    for query in (sli.sli.good, sli.sli.total):
        found = selectors(query or "")
        for selector in () if isinstance(found, Unreadable) else found:
            values = source.label_values(selector.name or "", [row.label for row in selector.matchers])
            for row in selector.matchers:
                if row.label not in values or (row.op == "=" and row.value not in values[row.label]):
                    return False
    return True


def _with_query(listed: NamedSli, shown: NamedSli | None) -> NamedSli:
    return listed if shown is None or listed.sli.good else replace(listed, sli=shown.sli, why=shown.why)


def _quieted(
    source: MetricSource, sli: NamedSli, row: Observation, as_of: str | None
) -> tuple[Observation, tuple[Backtest, ...]]:
    if row.status not in SUPPORTED or row.target is None:
        return row, ()
    target, tried = quiet_objective(
        source, sli, row.target, seconds(row.window), event_rate=event_rate(row), as_of=row.end or as_of
    )
    if target is None:
        return row.model_copy(update={"target": None, "status": "below-ladder"}).sealed(), tuple(tried)
    lowered = row if target == row.target else row.model_copy(update={"target": target}).sealed()
    return lowered, tuple(tried)


def event_rate(row: Observation) -> Fraction | None:
    """Return the events a second that a baseline saw, None when it saw none."""
    length = row.samples * seconds(row.step)
    return Fraction(row.total_events) / length if row.total_events is not None and length else None
