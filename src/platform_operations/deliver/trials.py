"""Behaviour tests of alerting rules: when each must fire, and when it must not.

For a burn rate the time is analytic: the long window crosses its limit after limit / ratio x length of the window.
Each of its window pairs is tried with failures twice as fast as its limit, after clean traffic that fills the
longest window; then all recovers, and the rule must be silent once the short windows hold no failure any more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, gcd, lcm

from platform_operations.deliver.alert_rules import AlertRule
from platform_operations.deliver.expression_forms import Gone, Level, Share, form_of
from platform_operations.deliver.series import Phase, Series, Signal, signal_of
from platform_operations.slo.budget import DAY, decimal, error_budget

LOOKBACK = 300
"""Seconds for which Prometheus still shows the last sample of a series that is gone."""

_STEP = 30
_FEWEST_EVENTS = 1000
_MOST_SLICES = 2000
"""What a query over time slices may look at: each is held several times over."""


@dataclass(frozen=True, slots=True)
class Check:
    """Whether the alert fires at a time, in seconds from the start."""

    at: int
    fires: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """One history, scraped every `interval` seconds, and what the alert does in it; `name` says so."""

    name: str
    interval: int
    series: tuple[Series, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Trials:
    """The histories of one alert, evaluated every `step` seconds; `labels` are what the expression leaves."""

    step: int
    labels: tuple[dict[str, str], ...]
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class _Window:
    limit: Fraction
    long: int
    short: int
    least: int | None = None


def trials_of(rule: AlertRule) -> Trials | str:
    """Return the behaviour tests of a rule, or why none could be made."""
    if rule.conditions and rule.slo is not None and rule.slo.objective is not None:
        signal = signal_of(rule.slo.sli)
        if isinstance(signal, str):
            return signal
        windows = [
            _Window(row.limit, row.pair.long, row.pair.short, row.least_failures) for row in rule.conditions
        ]
        slices = max(row.long for row in windows) // (signal.finest or DAY)
        if slices > _MOST_SLICES:
            return f"promtool holds at most 10,000 samples in a query, too few for {slices} time slices twice over"
        tenth = error_budget(rule.slo.objective) / 10
        return _ratio(signal, tuple(windows), rule.held, tenth, rule.rate)
    form = form_of(rule.expression)
    match form:
        case Share():
            window = _Window(form.limit, form.window, form.window)
            return _ratio(form.signal, (window,), rule.held, form.limit / 10, None)
        case Level():
            return _level(form, rule.held)
        case Gone():
            return _gone(form, rule.held)
        case _:
            return form


_MODEL = Signal({}, ("good", "both"), ("bad", "both"))
"""Counters by what makes them rise: all SLOs of the same objective and windows have the same values."""


def _ratio(
    signal: Signal, windows: tuple[_Window, ...], held: int, quiet: Fraction, rate: Fraction | None
) -> Trials:
    """Return the trials of an alert on the share of events that fail."""
    if not signal.counters:
        return _Ratio(signal, windows, held, quiet, rate).trials()
    model = _modelled(windows, held, quiet, rate)
    roles = [
        (name, ("both" if name in signal.bad else "good") if name in signal.good else "bad")
        for name in dict.fromkeys((*signal.good, *signal.bad))
    ]
    trials: list[Trial] = []
    for trial in model.trials:
        values = {row.name: row.values for row in trial.series}
        series = tuple(Series(name, values[role]) for name, role in roles)
        trials.append(Trial(trial.name, trial.interval, series, trial.checks))
    return Trials(model.step, (dict(signal.labels),), tuple(trials))


@lru_cache(maxsize=512)
def _modelled(windows: tuple[_Window, ...], held: int, quiet: Fraction, rate: Fraction | None) -> Trials:
    return _Ratio(_MODEL, windows, held, quiet, rate).trials()


class _Ratio:
    """The trials of an alert on the share of events that fail."""

    def __init__(
        self,
        signal: Signal,
        windows: Sequence[_Window],
        held: int,
        quiet: Fraction,
        rate: Fraction | None,
    ) -> None:
        self.signal = signal
        self.windows = windows
        self.quiet = quiet
        self.step, self.slack = _step([length for row in windows for length in (row.long, row.short)])
        if signal.finest is not None:
            self.step, self.slack = max(self.step // signal.finest, 1) * signal.finest, 1
        self.fine = signal.finest or self.step
        self.held = ceil(held / self.step)
        self.warm = ceil(max(row.long for row in windows) / self.step)
        self.clear = ceil(max(row.short for row in windows) / self.step) + 1 + self.slack
        self.rate = rate
        self.ratios = tuple(self._tried(row) for row in windows)
        self.guarded = rate is not None and any(row.least is not None for row in windows)
        whole = lcm(*(ratio.denominator for ratio in (*self.ratios, quiet)))
        usual = Fraction(whole * ceil(_FEWEST_EVENTS / whole))
        self.events = rate * self.step if rate is not None and self.guarded else usual

    def trials(self) -> Trials:
        """Return all trials."""
        found = [self._failing(index) for index in range(len(self.windows))]
        return Trials(self.step, (dict(self.signal.labels),), (*found, *self._silent()))

    def _failing(self, index: int) -> Trial:
        ratio = self.ratios[index]
        crossing = (
            min(self._crosses(row, ratio) for row in self.windows if self._sees(row, ratio)) / self.step
        )
        silent = max(0, ceil(crossing) - 1 - self.slack) + self.held
        firing = floor(crossing) + 1 + self.slack + self.held
        started, over = self.warm, self.warm + firing + 1
        phases = (Phase(started + 1), Phase(firing + 1, ratio), Phase(self.clear + 1))
        checks = (
            Check(started * self.step, False),
            Check((started + silent) * self.step, False),
            Check((started + firing) * self.step, True),
            Check((over + self.clear) * self.step, False),
        )
        after = round(float(crossing) * self.step)
        name = f"{_percent(ratio)} of events fail: fires {after} s later, clears after recovery"
        return self._trial(name, phases, checks)

    def _tried(self, row: _Window) -> Fraction:
        """Return the share that fails: twice the limit, and enough for the guard within half the long window."""
        if not self.signal.counters:
            return Fraction(1)
        enough = Fraction(2 * row.least) / (self.rate * row.long) if row.least and self.rate else Fraction(0)
        return min(Fraction(1), max(2 * row.limit, enough))

    def _sees(self, row: _Window, ratio: Fraction) -> bool:
        return ratio > row.limit and self._crosses(row, ratio) <= row.long

    def _crosses(self, row: _Window, ratio: Fraction) -> Fraction:
        """Return after how many seconds of failures a pair is above its limit, and has failures enough."""
        crossed = row.limit / ratio * row.long
        enough = Fraction(row.least or 0) / (self.events * ratio) * self.step
        return max(crossed, enough)

    def _silent(self) -> Iterator[Trial]:
        whole = 2 * self.clear
        checks = (Check(whole // 2 * self.step, False), Check(whole * self.step, False))
        if self.signal.counters:
            name = f"{_percent(self.quiet)} of events fail, a tenth of what is allowed: silent"
            yield self._trial(name, (Phase(whole + 1, self.quiet),), checks)
            yield self._idle()
        else:
            yield self._trial("nothing fails: silent", (Phase(whole + 1),), checks)
        if self.guarded:
            yield self._lone()

    def _idle(self) -> Trial:
        steps = max(4, self.clear)
        checks = (Check(steps // 2 * self.step, False), Check(steps * self.step, False))
        return self._trial("no traffic: silent", (Phase(1), Phase(steps, state="idle")), checks)

    def _lone(self) -> Trial:
        """Return the trial in which one event fails; at a low rate it takes several steps to make a whole one."""
        steps = max(1, ceil(1 / self.events))
        phases = (
            Phase(self.warm + 1),
            Phase(steps, 1 / (self.events * steps)),
            Phase(self.clear + 1),
        )
        end = self.warm + steps
        checks = (Check(end * self.step, False), Check((end + 1) * self.step, False))
        return self._trial("one event fails at low traffic: silent", phases, checks)

    def _trial(self, name: str, phases: Sequence[Phase], checks: Sequence[Check]) -> Trial:
        finer = self.step // self.fine
        rows = [
            Phase(
                (phase.steps - 1) * finer + 1 if index == 0 else phase.steps * finer, phase.ratio, phase.state
            )
            for index, phase in enumerate(phases)
        ]
        series = self.signal.series(rows, self.events / finer, self.fine)
        return Trial(name, self.fine, series, tuple(checks))


def _step(lengths: Sequence[int]) -> tuple[int, int]:
    """Return how often to evaluate, at most a fifth of the shortest window, and by how many evaluations to be unsure.

    Where a step divides every window, increases cover their windows exactly. Where only very short ones do, a longer
    one is taken, at whose edges Prometheus extrapolates.
    """
    whole, shortest = gcd(*lengths), min(lengths)
    exact = next(step for step in range(max(1, shortest // 5), 0, -1) if whole % step == 0)
    if exact * 20 >= shortest:
        return exact, 0
    rough = shortest // 10
    return (rough // 60 * 60 if rough > 60 else rough), 1


def _level(form: Level, held: int) -> Trials:
    before, hold, over = 20, ceil(held / _STEP), ceil(form.clear / _STEP) + 2
    first = floor(form.delay / _STEP) + 1
    silent = max(0, ceil(form.delay / _STEP) - 1) + hold
    during = first + hold + 1
    phases = (Phase(before + 1), Phase(during, Fraction(1)), Phase(over))
    if form.rise is not None:
        series = Signal({}, bad=(form.series,)).series(phases, form.rise * _STEP, _STEP)
    else:
        level = (form.series, (0, form.calm), (0, form.firing))
        series = Signal({}, levels=(level,), counters=False).series(phases, Fraction(0), _STEP)
    checks = (
        Check(before * _STEP, False),
        *((Check((before + silent) * _STEP, False),) if silent else ()),
        Check((before + first + hold) * _STEP, True),
        Check((before + during + over) * _STEP, False),
    )
    name = f"it holds: fires {round(float(form.delay)) + held} s later, clears after recovery"
    return Trials(_STEP, (dict(form.labels),), (Trial(name, _STEP, series, checks),))


def _gone(form: Gone, held: int) -> Trials:
    steps, lookback = ceil(held / _STEP), ceil((form.over or LOOKBACK) / _STEP)
    before, during = 20, lookback + steps + 4
    phases = (Phase(before + 1), Phase(during, state="gone"), Phase(6))
    levels = tuple((name, (0, value), (0, value)) for name, value in form.series)
    series = Signal({}, levels=levels, counters=False).series(phases, Fraction(0), _STEP)
    checks = (
        Check(before * _STEP, False),
        Check((before + lookback + steps - 1) * _STEP, False),
        Check((before + lookback + steps + 1) * _STEP, True),
        Check((before + during + 2) * _STEP, False),
    )
    after = lookback * _STEP + held
    name = f"the series are gone: fires {after} s after their last sample, clears when they are back"
    return Trials(_STEP, tuple(dict(row) for row in form.labels), (Trial(name, _STEP, series, checks),))


def _percent(ratio: Fraction) -> str:
    return f"{decimal(ratio * 100)}%"
