"""Assessing and planning a repository of 30,000 files, beside walking it and reading the same files.

    python benchmarks/plan_large.py [FILES]

Goals: assess and plan within 3 s of start on two cores; validate the plan of examples/checkout within 50 ms after import.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

EXAMPLE = Path(__file__).parent.parent / "examples" / "checkout"
OURS = ("-m", "platform_operations.cli")
BODY = "\n".join(
    f'def handler_{line}(request: str) -> str:\n    return f"{{request}} {line}"\n' for line in range(24)
)
ENDINGS = ("py", "ts", "go", "md", "json", "java", "css", "yaml", "sql", "txt")
RUNS = 5


def generated(root: Path, count: int) -> None:
    """Make the repository: the example at its root, so that there is something to plan, and sources in 300 folders."""
    shutil.copytree(EXAMPLE, root, dirs_exist_ok=True)
    left = count - sum(path.is_file() for path in root.rglob("*"))
    for index in range(left):
        folder = root / "services" / f"area_{index % 20}" / f"part_{index % 300}"
        folder.mkdir(parents=True, exist_ok=True)
        ending = ENDINGS[index % len(ENDINGS)]
        text = f'{{"name": "file-{index}"}}\n' if ending == "json" else f"# file {index}\n{BODY}"
        (folder / f"file_{index}.{ending}").write_text(text, encoding="utf-8")
    who = ("-c", "user.name=Bench", "-c", "user.email=bench@example.invalid")
    for command in (("init", "-b", "main"), ("add", "."), (*who, "commit", "-m", "generated")):
        subprocess.run(["git", *command], check=True, cwd=root, capture_output=True)


def walked(root: Path) -> float:
    """Return how long it takes to list all files and read them, which nobody who reads them all can beat."""
    start = perf_counter()
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            with Path(folder, name).open("rb") as file:
                file.read()
    return perf_counter() - start


def ran(*arguments: str | Path) -> float:
    """Return how long a Python process takes."""
    start = perf_counter()
    subprocess.run(
        [sys.executable, *map(str, arguments)],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return perf_counter() - start


def validated() -> tuple[float, float]:
    """Return the median time of validating the example's plan after import, and of reading it from YAML too."""
    from platform_operations.documents import plan_text
    from platform_operations.model.plan import Plan
    from platform_operations.toolbox import assessed, drafted, judged, open_target, read_plan

    target = open_target(EXAMPLE)
    assessment = assessed(target)
    text = plan_text(drafted(target, assessment).plan)
    judging: list[float] = []
    reading: list[float] = []
    for _ in range(20):
        start = perf_counter()
        plan = read_plan(text)
        reading.append(perf_counter() - start)
        assert isinstance(plan, Plan)
        start = perf_counter()
        assert judged(plan, assessment, target.repository, target.ignores).valid
        judging.append(perf_counter() - start)
    return median(judging), median(reading)


def main() -> None:
    """Print a table of medians, each beside the floor that it stands on."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30_000
    with TemporaryDirectory() as folder:
        root = Path(folder, "large repository")
        generated(root, count)
        start = ran("-c", "pass")
        floor = median([walked(root) for _ in range(RUNS)])
        assess = median([ran(*OURS, "assess", root, "--format", "json") for _ in range(RUNS)])
        plan = median([ran(*OURS, "plan", root, "--format", "json") for _ in range(RUNS)])
    validate, read = validated()
    print(f"{count} files; medians of {RUNS}, whole processes, {os.cpu_count()} cores")
    rows: tuple[tuple[str, float, float | None], ...] = (
        ("python -c pass", start, None),
        ("walk and read every file", floor, None),
        ("platform-ops assess", assess, None),
        ("platform-ops plan (assess, draft, validate)", plan, 3.0),
        ("validate the example's plan, in process", validate, 0.05),
        ("read the example's plan from YAML, in process", read, None),
    )
    print(f"{'what':46} {'median':>9} {'x walk':>7}  goal")
    for name, took, goal in rows:
        verdict = "" if goal is None else f"{goal:g} s: {'met' if took <= goal else 'MISSED'}"
        print(f"{name:46} {took:8.3f}s {took / floor:7.2f}  {verdict}".rstrip())


if __name__ == "__main__":
    main()
