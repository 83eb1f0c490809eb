"""How long assessing takes: cold as a process, warm in the server, beside walking the folder and reading the same files.

    python benchmarks/assess.py [FOLDER] [RUNS]

Without FOLDER a monorepo of 10,000 files is written to a temporary folder: services with code, tests, manifests,
workflows, Terraform, alert rules and pages. Goals (issue B): cold under 1.0 s, warm under 0.3 s, under 200 MB.

Warm is a call of assess_repo through the protocol: asked again when nothing changed, and, in the folder made here, after
a workflow was edited.

The cold process has its bytecode, as an installed program has. Processor seconds stand beside the clock's, since
other work on the machine stretches both, the clock more.
"""

import asyncio
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TypeAlias

FILES = 10_000
SERVICES = 40
COLD, WARM, MEMORY = 1.0, 0.3, 200.0
OURS = ("-m", "platform_operations.cli", "assess", "--format", "json")

Times: TypeAlias = tuple[float, float]

WORKFLOW = """on: {{push: {{branches: [main]}}}}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pytest services/{name}
  deploy:
    needs: test
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: docker build -t registry.example.org/{name}:$GITHUB_SHA services/{name}
      - run: docker push registry.example.org/{name}:$GITHUB_SHA
      - run: kubectl set image deployment/{name} {name}=registry.example.org/{name}:$GITHUB_SHA
      - run: kubectl rollout status deployment/{name}
"""
MANIFEST = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 3
  template:
    spec:
      containers:
        - name: {name}
          image: registry.example.org/{name}:1.4.2
          readinessProbe: {{httpGet: {{path: /ready, port: 8080}}}}
"""
RULES = """groups:
  - name: {name}
    rules:
      - alert: {name}Errors
        expr: sum(rate(http_requests_total{{job="{name}",code=~"5.."}}[5m])) > 1
        for: 5m
        annotations: {{runbook_url: "https://runbooks.example.org/{name}"}}
"""
TERRAFORM = 'resource "aws_cloudwatch_metric_alarm" "{name}" {{\n  metric_name = "5XXError"\n}}\n'
MODULE = (
    "import logging\n\n\ndef handle(order: dict[str, int]) -> int:\n    return order['total'] + {number}\n"
    * 12
)


def write(root: Path) -> None:
    """Write the monorepo."""
    for number, (path, text) in enumerate(_files()):
        if number == FILES:
            return
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _files() -> Iterator[tuple[str, str]]:
    for number in range(SERVICES):
        name = f"orders{number}"
        yield f".github/workflows/{name}.yml", WORKFLOW.format(name=name)
        yield f"services/{name}/Dockerfile", 'FROM python:3.12-slim\nCMD ["python", "app.py"]\n'
        yield f"services/{name}/requirements.txt", "flask==3.0.0\nprometheus-client==0.20.0\n"
        yield f"k8s/{name}.yaml", MANIFEST.format(name=name)
        yield f"monitoring/{name}.rules.yml", RULES.format(name=name)
        yield f"infra/{name}.tf", TERRAFORM.format(name=name)
        yield f"docs/runbooks/{name}.md", f"# {name}\n\n## Rollback\n\n- run the last deployment again\n"
    number = 0
    while True:
        place = f"services/orders{number % SERVICES}"
        kind = ("src", "src", "src", "tests")[number % 4]
        yield f"{place}/{kind}/part{number // 200}/module_{number}.py", MODULE.format(number=number)
        number += 1


def read_paths(root: Path) -> tuple[str, ...]:
    """Return the files that assessing reads, by asking the repository."""
    from platform_operations.repository import LocalRepository
    from platform_operations.toolbox import assessed, open_target

    seen: dict[str, None] = {}
    original = LocalRepository.read

    def noting(self: LocalRepository, path: str) -> object:
        seen.setdefault(path)
        return original(self, path)

    LocalRepository.read = noting  # type: ignore[method-assign,assignment]
    try:
        assessed(open_target(root))
    finally:
        LocalRepository.read = original
    return tuple(seen)


def floor(root: Path, paths: tuple[str, ...]) -> tuple[float, float]:
    """Return the seconds and processor seconds that walking everything and reading `paths` takes."""
    start, busy = perf_counter(), process_time()
    sum(len(files) for _, _, files in os.walk(root))
    for path in paths:
        file = root / path
        if file.is_file():
            file.read_bytes()
    return perf_counter() - start, process_time() - busy


def cold(root: Path, bytecode: Path) -> tuple[float, float, float]:
    """Return the seconds of one process, its processor seconds and its peak memory in MB."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(bytecode)
    start = perf_counter()
    with subprocess.Popen(
        [sys.executable, *OURS, str(root)], stdout=subprocess.DEVNULL, env=environment
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"assess ended with {process.returncode}")
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale


async def warm(root: Path, edited: Path | None, runs: int) -> tuple[list[Times], list[Times]]:
    """Return the seconds and processor seconds of calls of the server: asked again, and after `edited` changed."""
    from mcp import Client

    from platform_operations.mcp_server import build_server

    async def called() -> Times:
        start, busy = perf_counter(), process_time()
        answer = await client.call_tool("assess_repo", {"path": "."})
        assert not answer.is_error
        return perf_counter() - start, process_time() - busy

    async with Client(build_server([root])) as client:
        await called()
        again = [await called() for _ in range(runs)]
        changed: list[Times] = []
        for number in range(runs if edited else 0):
            assert edited is not None
            with edited.open("a", encoding="utf-8") as file:
                file.write(f"# {number}\n")
            changed.append(await called())
    return again, changed


def measure(root: Path, runs: int, edited: Path | None = None) -> None:
    """Print the table for one folder; `edited` is a file of it that may be changed."""
    total = sum(len(files) for _, _, files in os.walk(root))
    paths = read_paths(root)
    floors: list[Times] = []
    colds: list[Times] = []
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as bytecode:
        cold(root, Path(bytecode))
        for _ in range(runs):
            floors.append(floor(root, paths))
            seconds, busy, peak = cold(root, Path(bytecode))
            colds.append((seconds, busy))
            memory.append(peak)
    again, changed = asyncio.run(warm(root, edited, runs))
    rows = [
        ("walk and read the same files", floors, None),
        ("cold process", colds, COLD),
        ("in the server, asked again", again, WARM),
        *([("in the server, a file changed", changed, WARM)] if changed else []),
    ]
    print(f"{total} files, {len(paths)} of them read, {runs} runs, load {os.getloadavg()[0]:.1f}")
    print(f"{'':32} {'median':>8} {'best':>8} {'x floor':>8} {'cpu':>8}  goal")
    usual = median(seconds for seconds, _ in floors)
    for name, times, goal in rows:
        middle = median(seconds for seconds, _ in times)
        verdict = "" if goal is None else f"{goal} s: {'met' if middle <= goal else 'MISSED'}"
        best = min(seconds for seconds, _ in times)
        busy = min(busy for _, busy in times)
        print(f"{name:32} {middle:7.3f}s {best:7.3f}s {middle / usual:8.1f} {busy:7.3f}s  {verdict}".rstrip())
    peak = max(memory)
    print(
        f"{'peak memory of the process':32} {peak:6.0f} MB{'':28} {MEMORY:.0f} MB: {'met' if peak <= MEMORY else 'MISSED'}"
    )
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory of the server':32} {own:6.0f} MB")


def main() -> None:
    """Measure the folder given, else a monorepo made for it."""
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]), runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        measure(Path(folder), runs, Path(folder, ".github/workflows/orders0.yml"))


if __name__ == "__main__":
    main()
