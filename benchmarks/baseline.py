"""How long baselines and backtests take, against a Prometheus on this machine that holds a made-up history.

Run `python benchmarks/baseline.py`; it needs the programs prometheus and promtool. Limits: a baseline of 20
SLIs over 28 days within 3 s; a backtest within 1.3 times what Prometheus itself takes for the same queries;
memory that does not grow with the length of a file.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx2

from platform_operations.metrics import backtest, observe, open_source, standard_cases
from platform_operations.metrics.prometheus import MOST_POINTS
from platform_operations.model.reliability import Sli
from platform_operations.slo.sli import NamedSli

SLIS, DAYS, SCRAPE = 20, 28, 60
START = 1_790_812_800
END = START + DAYS * 86_400
EARLIEST = END - 400 * 86_400
LIMIT_BASELINE, LIMIT_RATIO, LIMIT_GROWTH = 3.0, 1.3, 1.25
LENGTHS = (7, 28, 90)

Result = TypeVar("Result")


def history(path: Path, slis: int, days: int) -> None:
    """Write counters of so many services: 3,000 requests a minute, one in 2,500 fails."""
    with path.open("w", encoding="utf-8") as file:
        file.write("# TYPE http_requests counter\n")
        for number in range(slis):
            for at in range(END - days * 86_400, END + 1, SCRAPE):
                total = (at - EARLIEST) // SCRAPE * 3000
                bad = total // 2500
                file.write(f'http_requests_total{{job="s{number}",code="200"}} {total - bad} {at}\n')
            for at in range(END - days * 86_400, END + 1, SCRAPE):
                bad = (at - EARLIEST) // SCRAPE * 3000 // 2500
                file.write(f'http_requests_total{{job="s{number}",code="500"}} {bad} {at}\n')
        file.write("# EOF\n")


def table(path: Path, slis: int, days: int) -> None:
    """Write the same as a CSV of slots of five minutes."""
    with path.open("w", encoding="utf-8") as file:
        file.write("sli,time,good,total\n")
        for number in range(slis):
            for at in range(END - days * 86_400, END, 300):
                at_utc = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
                file.write(f"s{number},{at_utc},14994,15000\n")


def measured(path: Path) -> None:
    """Read a file and observe what it lists, or the first of the services."""
    source = open_source(str(path))
    rows = observe(source, source.listed() or [named(0)])
    assert {row.status for row in rows} <= {"ok", "provisional"}, rows


def named(number: int) -> NamedSli:
    job = f'job="s{number}"'
    good = f'sum(increase(http_requests_total{{{job},code!~"5.."}}[$window]))'
    total = f"sum(increase(http_requests_total{{{job}}}[$window]))"
    sli = Sli(kind="availability", source="prometheus", good=good, total=total)
    return NamedSli(f"s{number}", f"availability of s{number}", sli)


@contextmanager
def served(folder: Path) -> Generator[str]:
    """Backfill the history and serve it."""
    promtool, prometheus = shutil.which("promtool"), shutil.which("prometheus")
    if promtool is None or prometheus is None:
        sys.exit("prometheus and promtool are needed")
    blocks = ["tsdb", "create-blocks-from", "--max-block-duration=768h", "--quiet", "openmetrics"]
    subprocess.run(
        [promtool, *blocks, folder / "history.om", folder / "data"], check=True, capture_output=True
    )
    (folder / "prometheus.yml").write_text("scrape_configs: []\n", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    options += ["--storage.tsdb.retention.time=10y", f"--web.listen-address={address}", "--log.level=error"]
    with subprocess.Popen([prometheus, *options], stderr=subprocess.DEVNULL) as running:
        for _ in range(300):
            try:
                if httpx2.get(f"http://{address}/-/ready").status_code == 200:
                    break
            except httpx2.HTTPError:
                time.sleep(0.1)
        try:
            yield f"http://{address}"
        finally:
            running.terminate()


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """The best of three runs, in seconds."""
    best, result = float("inf"), None
    for _ in range(3):
        started = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - started)
    assert result is not None
    return best, result


def asked_directly(url: str, queries: list[str]) -> int:
    """The same range queries, chunked, with nothing but an HTTP client."""
    size = 0
    with httpx2.Client(base_url=url, timeout=60) as client:
        for query in queries:
            for first in range(START + SCRAPE, END + 1, MOST_POINTS * SCRAPE):
                last = min(END, first + (MOST_POINTS - 1) * SCRAPE)
                limits = {"start": first, "end": last, "step": SCRAPE}
                size += len(client.post("/api/v1/query_range", data={"query": query} | limits).content)
    return size


def peak(work: Callable[[], object]) -> float:
    """The peak of Python's memory in MiB."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 2**20


def main() -> None:
    failed: list[str] = []

    def report(what: str, value: float, limit: float, unit: str) -> None:
        print(f"{what:<60} {value:8.2f} {unit:<4} limit {limit}")
        if value > limit:
            failed.append(what)

    slis = [named(number) for number in range(SLIS)]
    as_of = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(END))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        history(folder / "history.om", SLIS, DAYS)
        with served(folder) as url:
            source = open_source(url)
            seconds, rows = timed(lambda: observe(source, slis, as_of=as_of))
            assert {(row.status, row.target) for row in rows} == {("ok", "99.95")}, rows[0]
            report(f"baseline of {SLIS} SLIs over {DAYS} days", seconds, LIMIT_BASELINE, "s")
            seconds, rows = timed(lambda: observe(source, slis))
            report("the same without a time given", seconds, LIMIT_BASELINE, "s")
            cases = standard_cases(slis[0], "99.9", DAYS * 86_400)
            ours, results = timed(lambda: backtest(source, cases, as_of=as_of))
            assert {result.status for result in results} == {"ok"}
            queries = [query for case in cases if (query := case.promql())]
            theirs, _ = timed(lambda: asked_directly(url, queries))
            print(f"{'backtest of page and ticket':<60} {ours:8.2f} s    ({theirs:.2f} s asked directly)")
            report("backtest over what Prometheus takes", ours / theirs, LIMIT_RATIO, "x")
        for kind, write in (("OpenMetrics", history), ("CSV", table)):
            peaks: list[float] = []
            for days in LENGTHS:
                path = folder / f"{days}.txt"
                write(path, 1, days)
                peaks.append(peak(lambda path=path: measured(path)))
            shown = ", ".join(f"{size:.2f}" for size in peaks)
            print(f"{f'peak memory of one SLI from {kind} of {LENGTHS} days':<60} {shown} MiB")
            report(f"growth of memory, {kind}, 28 to 90 days", peaks[2] / peaks[1], LIMIT_GROWTH, "x")
        started = time.process_time()
        observe(open_source(str(folder / "history.om")), slis)
        size = (folder / "history.om").stat().st_size / 2**20
        took = time.process_time() - started
        what = f"baseline of {SLIS} SLIs from {size:.0f} MiB of OpenMetrics"
        print(f"{what:<60} {took:8.2f} s    ({size / took:.1f} MiB/s of processor time, read twice)")
    if failed:
        sys.exit(f"over the limit: {', '.join(failed)}")


if __name__ == "__main__":
    main()
