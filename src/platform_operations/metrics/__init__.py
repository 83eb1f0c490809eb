"""Measured events: sources of them, baselines and targets, SLI discovery and backtests."""

from platform_operations.metrics.backtest import AlertCase, backtest, quiet_objective, standard_cases
from platform_operations.metrics.baseline import judge, observe, observe_again
from platform_operations.metrics.discovery import Discovery, discover
from platform_operations.metrics.measuring import measured, slis_of
from platform_operations.metrics.opening import open_source
from platform_operations.metrics.snapshot import Snapshot, taken, written
from platform_operations.metrics.source import MetricSource

__all__ = [
    "AlertCase",
    "Discovery",
    "MetricSource",
    "Snapshot",
    "backtest",
    "discover",
    "judge",
    "measured",
    "observe",
    "observe_again",
    "open_source",
    "quiet_objective",
    "slis_of",
    "standard_cases",
    "taken",
    "written",
]
