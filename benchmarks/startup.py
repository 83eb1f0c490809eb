"""How long the command line takes to answer, as whole processes, beside what Python alone takes.

    python benchmarks/startup.py [RUNS]

Goal: `--help` within 0.2 s.
"""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

EXAMPLE = Path(__file__).parent.parent / "examples" / "checkout"
OURS = ("-m", "platform_operations.cli")
CASES: tuple[tuple[str, tuple[str, ...], float | None], ...] = (
    ("python -c pass", ("-c", "pass"), None),
    ("python -c 'import argparse'", ("-c", "import argparse"), None),
    ("platform-ops --version", (*OURS, "--version"), 0.2),
    ("platform-ops --help", (*OURS, "--help"), 0.2),
    ("platform-ops plan --help", (*OURS, "plan", "--help"), 0.2),
    ("platform-ops rules", (*OURS, "rules"), None),
    ("platform-ops assess examples/checkout", (*OURS, "assess", str(EXAMPLE)), None),
    ("platform-ops plan examples/checkout", (*OURS, "plan", str(EXAMPLE)), None),
)


def seconds(arguments: tuple[str, ...]) -> float:
    """Return how long one process takes, from start to exit."""
    start = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start


def main() -> None:
    """Print a table: median and best of the runs, and the median as a multiple of Python alone."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    floor = 0.0
    print(f"{'command':40} {'median':>8} {'best':>8} {'x floor':>8}  goal")
    for name, arguments, goal in CASES:
        seconds(arguments)
        times = [seconds(arguments) for _ in range(runs)]
        floor = floor or median(times)
        verdict = "" if goal is None else f"{goal:.1f} s: {'met' if median(times) <= goal else 'MISSED'}"
        row = f"{name:40} {median(times):7.3f}s {min(times):7.3f}s {median(times) / floor:8.1f}  {verdict}"
        print(row.rstrip())


if __name__ == "__main__":
    main()
