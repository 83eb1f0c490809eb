"""The same history through a real Prometheus, OpenMetrics and CSV, against the truth it was made from."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from platform_operations.metrics import MetricSource, discover, observe, observe_again, open_source
from platform_operations.metrics.backtest import AlertCase, backtest, quiet_objective, standard_cases
from platform_operations.metrics.instants import rfc3339, unix
from platform_operations.metrics.snapshot import taken, written
from platform_operations.model.baseline import Observation
from platform_operations.model.reliability import Sli
from platform_operations.slo.sli import NamedSli

MINUTE, HOUR, DAY = 60, 3600, 86_400
START = unix("2026-10-01T00:00:00Z")
DAYS = 28
STEP = 5 * MINUTE
SCRAPES = range(START, START + DAYS * DAY + 1, STEP)


@dataclass(frozen=True)
class Case:
    """What happens in a history, and what must be concluded from it."""

    id: str
    per_scrape: int
    error: Fraction
    status: str
    target: str | None
    limited_by: str | None
    incident: tuple[int, int, Fraction] | None = None
    gap: tuple[int, int] | None = None
    reset: int | None = None
    first: int = START
    above_total: bool = False

    def events(self, at: int) -> tuple[int, int]:
        """Good and total events in the step that ends at a scrape."""
        ratio = self.error
        if self.incident and self.incident[0] < at - START <= self.incident[1]:
            ratio = self.incident[2]
        index = (at - START) // STEP
        bad = int(self.per_scrape * ratio * (index + 1)) - int(self.per_scrape * ratio * index)
        good = self.per_scrape - bad
        return (self.per_scrape + 1 if self.above_total else good), self.per_scrape

    def scraped(self, at: int) -> bool:
        return at >= self.first and not (self.gap and self.gap[0] < at - START < self.gap[1])

    def sli(self) -> NamedSli:
        job = f'job="{self.id}"'
        good = "good_total" if self.above_total else "http_requests_total"
        matcher = "" if self.above_total else ',code!~"5.."'
        return NamedSli(
            self.id,
            f"availability of {self.id}",
            Sli(
                kind="availability",
                source="prometheus",
                good=f"sum(increase({good}{{{job}{matcher}}}[$window]))",
                total=f"sum(increase(http_requests_total{{{job}}}[$window]))",
            ),
        )


CASES = (
    Case("incident", 18_000, Fraction(4, 10_000), "ok", "99.9", "worst-day",
         incident=(300 * HOUR, 300 * HOUR + 40 * MINUTE, Fraction(15, 100)),
         gap=(400 * HOUR, 403 * HOUR), reset=200 * HOUR),
    Case("steady", 15_000, Fraction(4, 10_000), "ok", "99.95", "worst-day"),
    Case("perfect", 15_000, Fraction(0), "ok", "99.99", "cap"),
    Case("failing", 15_000, Fraction(3, 100), "below-floor", "95", "worst-day"),
    Case("broken", 15_000, Fraction(15, 100), "below-ladder", None, "worst-day"),
    Case("idle", 0, Fraction(0), "no-traffic", None, None),
    Case("impossible", 1000, Fraction(0), "data-error", None, None, above_total=True),
    Case("young", 15_000, Fraction(4, 10_000), "provisional", "99.9", "worst-day", first=START + 25 * DAY),
    Case("holes", 15_000, Fraction(4, 10_000), "provisional", "99.95", "worst-day", gap=(5 * DAY, 16 * DAY)),
    Case("uneven", 15_000, Fraction(4, 10_000), "ok", "99.95", "worst-day",
         gap=(100 * HOUR + 10 * MINUTE, 100 * HOUR + 35 * MINUTE)),
)  # fmt: skip
SLIS = tuple(case.sli() for case in CASES)


def openmetrics() -> str:
    families: dict[str, list[str]] = {"http_requests": [], "good": []}
    for case in CASES:
        series = {"http_requests": {"200": 0, "500": 0}, "good": {"": 0}}
        for at in SCRAPES:
            good, total = case.events(at) if at > case.first else (0, 0)
            if case.reset == at - START:
                series["http_requests"] = {"200": 0, "500": 0}
            series["http_requests"]["200"] += min(good, total)
            series["http_requests"]["500"] += total - min(good, total)
            series["good"][""] += good
            if not case.scraped(at):
                continue
            for code, value in series["http_requests"].items():
                line = f'http_requests_total{{job="{case.id}",code="{code}"}} {value} {at}'
                families["http_requests"].append(line)
            if case.above_total:
                families["good"].append(f'good_total{{job="{case.id}"}} {series["good"][""]} {at}')
    families["http_requests"] += paged_samples()
    parts = [line for name, lines in families.items() for line in (f"# TYPE {name} counter", *lines)]
    return "\n".join((*parts, "# EOF", ""))


def csv() -> str:
    lines = ["sli,time,good,total"]
    for case in CASES:
        for slot in range(START, START + DAYS * DAY, HOUR):
            seen = [at for at in SCRAPES if slot < at <= slot + HOUR and case.scraped(at) and at > case.first]
            if len(seen) >= HOUR // STEP / 2:
                events = [case.events(at) for at in range(slot + STEP, slot + HOUR + 1, STEP)]
                good, total = (sum(column) for column in zip(*events, strict=True))
                lines.append(f"{case.id},{rfc3339(slot)},{good},{total}")
    for at in PAGED_MINUTES:
        good, total = paged_events(at)
        lines.append(f"paged,{rfc3339(at - MINUTE)},{good},{total}")
    return "\n".join((*lines, ""))


PAGED = Case("paged", 0, Fraction(0), "", None, None).sli()
PAGED_MINUTES = range(START + 25 * DAY + MINUTE, START + 28 * DAY + 1, MINUTE)


def paged_events(at: int) -> tuple[int, int]:
    """Good and total events of a minute: 6,000, of which a tenth fails for forty minutes of the last day."""
    incident = START + 27 * DAY + 5 * HOUR
    return (5400 if incident < at <= incident + 40 * MINUTE else 6000), 6000


def paged_samples() -> list[str]:
    values = {"200": 0, "500": 0}
    lines = [
        f'http_requests_total{{job="paged",code="{code}"}} 0 {PAGED_MINUTES[0] - MINUTE}' for code in values
    ]
    for at in PAGED_MINUTES:
        good, total = paged_events(at)
        values = {"200": values["200"] + good, "500": values["500"] + total - good}
        lines += [
            f'http_requests_total{{job="paged",code="{code}"}} {value} {at}' for code, value in values.items()
        ]
    return lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("history")
    (made / "history.om").write_text(openmetrics(), encoding="utf-8")
    (made / "history.csv").write_text(csv(), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """The address of a Prometheus that holds the history; tests that use it are marked as needing it."""
    promtool, prometheus = shutil.which("promtool"), shutil.which("prometheus")
    if promtool is None or prometheus is None:
        pytest.skip("needs prometheus and promtool, not installed here")
    blocks = ["tsdb", "create-blocks-from", "--max-block-duration=768h", "--quiet", "openmetrics"]
    subprocess.run(
        [promtool, *blocks, folder / "history.om", folder / "data"], check=True, capture_output=True
    )
    (folder / "prometheus.yml").write_text("scrape_configs: []\n", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [
            prometheus,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=10y",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            _until_listening(port, running)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait(timeout=30)


def _until_listening(port: int, running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and running.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0 and _ready(port):
                return
    pytest.fail("prometheus did not start within 30 s")


def _ready(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
        probe.sendall(b"GET /-/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b" 200 " in probe.recv(64)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("prometheus", marks=pytest.mark.needs("prometheus", "promtool")),
        "openmetrics",
        "csv",
    ],
)
def source(request: pytest.FixtureRequest, folder: Path) -> MetricSource:
    if request.param == "prometheus":
        return open_source(request.getfixturevalue("server"))
    return open_source(str(folder / ("history.om" if request.param == "openmetrics" else "history.csv")))


END = rfc3339(START + DAYS * DAY)


@pytest.fixture(scope="module")
def rows(source: MetricSource) -> dict[str, Observation]:
    return {row.id: row for row in observe(source, SLIS, as_of=END)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_source_gives_the_known_target_status_and_limit_and_counts_close_to_the_truth(
    case: Case, rows: dict[str, Observation]
) -> None:
    row = rows[case.id]
    assert (row.status, row.target, row.limited_by) == (case.status, case.target, case.limited_by)
    slots = [slot for slot in range(START, START + DAYS * DAY, HOUR)
             if sum(case.scraped(at) for at in SCRAPES if slot <= at <= slot + HOUR) >= 7]  # fmt: skip
    events = [case.events(at) for slot in slots for at in range(slot + STEP, slot + HOUR + 1, STEP)]
    good, total = (sum(column) for column in zip(*events, strict=True))
    assert row.total_events is not None and row.good_events is not None
    partly = case.id == "uneven"
    assert abs(int(row.total_events) - total) <= (case.per_scrape * 12 * Fraction(2, 100) if partly else 0)
    if not case.above_total:
        assert abs(int(row.good_events) - good) <= (case.per_scrape * 12 * Fraction(2, 100) if partly else 0)
    assert row.end == END
    assert row.start == rfc3339(slots[0])


def test_without_a_time_the_newest_sample_ends_the_baseline_and_the_hashes_stay(
    source: MetricSource, rows: dict[str, Observation]
) -> None:
    assert {row.id: row for row in observe(source, SLIS)} == rows


def test_measuring_one_sli_again_over_the_interval_of_its_observation_gives_the_same(
    source: MetricSource, rows: dict[str, Observation]
) -> None:
    assert observe_again(source, SLIS[0], rows[SLIS[0].id]) == rows[SLIS[0].id]


def test_a_snapshot_gives_the_very_baselines_of_its_source(
    source: MetricSource, rows: dict[str, Observation], tmp_path: Path
) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(written(taken(source, SLIS, as_of=END)), encoding="utf-8")
    saved = open_source(str(path))
    assert saved.listed() == SLIS
    assert observe(saved, saved.listed(), as_of=END) == tuple(rows.values())


def test_an_earlier_as_of_ends_the_baseline_earlier(source: MetricSource) -> None:
    (row,) = observe(source, [CASES[1].sli()], as_of="2026-10-20T09:59:59Z")
    assert (row.end, row.status) == ("2026-10-20T09:00:00Z", "ok")


def test_each_source_backtests_one_page_for_the_incident_and_no_ticket_noise(source: MetricSource) -> None:
    page, ticket = backtest(source, standard_cases(PAGED, "99.9", 28 * DAY), as_of=END)
    assert (page.name, page.status, page.episodes, page.pages_per_week) == (
        "paged-fast-burn",
        "ok",
        1,
        "0.25",
    )
    assert page.hours_firing is not None
    assert abs(Fraction(page.hours_firing) - 1) < Fraction(5, 60)
    assert ticket.status == "ok"
    assert (page.budget_spent, ticket.budget_spent) == ("92.6", "92.6")


def test_each_source_rejects_a_target_whose_ticket_would_never_be_quiet(source: MetricSource) -> None:
    cases = standard_cases(PAGED, "99.98", 28 * DAY)
    found = {result.name: result for result in backtest(source, cases, as_of=END, days=1)}
    assert found["paged-slow-burn"].status == "noisy"
    assert "of the time" in found["paged-slow-burn"].reason
    objective, results = quiet_objective(source, PAGED, "99.98", 28 * DAY, as_of=END, days=1)
    assert objective == "99.5"
    assert {result.status for result in results} == {"ok"}


@pytest.mark.needs("prometheus", "promtool")
def test_a_snapshot_of_a_live_source_brings_its_backtests_and_the_same_quiet_objective(
    server: str, tmp_path: Path
) -> None:
    live = open_source(server)
    found = quiet_objective(live, PAGED, "99.98", 28 * DAY, as_of=END, days=1)
    path = tmp_path / "metrics.json"
    path.write_text(written(taken(live, [PAGED], as_of=END)), encoding="utf-8")
    assert quiet_objective(open_source(str(path)), PAGED, "99.98", 28 * DAY, as_of=END, days=1) == found


@pytest.mark.needs("prometheus", "promtool")
def test_a_live_source_tries_any_expression_and_says_why_not_where_it_cannot(server: str) -> None:
    live = open_source(server)
    found = backtest(
        live,
        [
            AlertCase("always", "ticket", 'http_requests_total{job="paged"} >= 0'),
            AlertCase("vanished", "page", 'absent(http_requests_total{job="paged"})', held=600),
            AlertCase("wrong", "page", "sum("),
            AlertCase("dead", "page", "no_such_metric > 3"),
        ],
        as_of=END,
        days=4,
    )
    assert [(result.name, result.status) for result in found] == [
        ("always", "noisy"),
        ("vanished", "noisy"),
        ("wrong", "unsupported"),
        ("dead", "no-data"),
    ]
    assert found[1].hours_firing == "23.82"


@pytest.mark.needs("prometheus", "promtool")
def test_a_query_the_server_refuses_is_no_data_with_a_warning_and_the_others_are_measured(
    server: str,
) -> None:
    live = open_source(server)
    wrong = NamedSli(
        "wrong",
        "wrong",
        Sli(kind="availability", source="prometheus", good="sum(x[$window])", total="sum(x[$window])"),
    )
    rows = observe(live, [wrong, CASES[1].sli()], as_of=END)
    assert [row.status for row in rows] == ["no-data", "ok"]
    assert any("wrong: " in warning for warning in live.warnings)


@pytest.mark.needs("prometheus", "promtool")
def test_nothing_near_the_time_asked_for_is_a_warning_that_names_as_of(server: str) -> None:
    live = open_source(server)
    (row,) = observe(live, [CASES[1].sli()], as_of="2024-01-01T00:00:00Z")
    assert (row.status, row.end) == ("no-data", "2024-01-01T00:00:00Z")
    assert any("--as-of" in warning for warning in live.warnings)


@pytest.mark.needs("prometheus", "promtool")
def test_slis_found_on_a_server_are_those_that_its_series_allow(server: str) -> None:
    live = open_source(server)
    found = discover(live, ["steady-api"])
    assert [sli.id for sli in found.slis] == ["steady-availability"]
    (row,) = observe(live, found.slis, as_of=END)
    assert (row.target, row.status) == ("99.95", "ok")
