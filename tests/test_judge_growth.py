"""Judging takes time in proportion to the plan: counted in steps of the interpreter, which no other load changes."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from benchmarks.validate import of_size

from platform_operations.validate import validate

FEW, MANY = 3, 30
"""Copies of the example's plan: 33 and 330 stages."""


def steps(work: Callable[[], object]) -> int:
    """Return how many instructions the interpreter runs for some work."""
    count = 0

    def counted(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return counted

    before = sys.gettrace()
    sys.settrace(counted)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def judging(copies: int) -> Callable[[], object]:
    plan, assessment = of_size(copies)
    validate(plan.model_copy(), assessment)
    fresh = plan.model_copy()
    return lambda: validate(fresh, assessment)


def test_a_plan_of_ten_times_the_stages_takes_ten_times_the_steps() -> None:
    few, many = steps(judging(FEW)), steps(judging(MANY))

    assert few > 10_000
    assert many / few <= MANY / FEW * 1.05
