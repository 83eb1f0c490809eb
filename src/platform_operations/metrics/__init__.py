"""Measured events: sources of them, baselines and targets, SLI discovery and backtests."""

from platform_operations.metrics.baseline import judge, observe, observe_again
from platform_operations.metrics.opening import open_source
from platform_operations.metrics.source import MetricSource

__all__ = ["MetricSource", "judge", "observe", "observe_again", "open_source"]
