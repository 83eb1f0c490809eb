"""From a plan to the pager, for real: rendered rules in a Prometheus with history, Alertmanager, a webhook."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
from tests.live_servers import backfill, free_port, running
from tests.rendered_plans import Promise, plan_of

from platform_operations.cli import main
from platform_operations.deliver.yaml_writer import yaml_lines
from platform_operations.documents import plan_text
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert
from platform_operations.toolbox import render

pytestmark = pytest.mark.needs("promtool", "prometheus", "prometheus-alertmanager")

MINUTE, DAY = 60, 86_400
PATIENCE = 60


def plan() -> Plan:
    noisy = Alert(
        id="checkout-any-error",
        summary="Checkout failed once.",
        component="checkout",
        kind="symptom",
        severity="page",
        expression='sum(rate(http_requests_total{job="checkout",code=~"5.."}[5m])) > 0',
    )
    quiet = noisy.model_copy(update={"id": "search-down", "expression": 'up{job="search"} == 0'})
    return plan_of(Promise(), alerts=(noisy, quiet))


def history(end: int) -> list[str]:
    """Four days of checkout, each minute 6,000 requests of which 5 in 100 fail."""
    lines = ["# TYPE http_requests counter"]
    for code, each in (("200", 5700), ("500", 300)):
        lines += [
            f'http_requests_total{{job="checkout",code="{code}"}} {each * step} {end - 4 * DAY + step * MINUTE}'
            for step in range(4 * DAY // MINUTE + 1)
        ]
    return lines


@pytest.fixture(scope="module")
def pages() -> "Iterator[tuple[int, Queue[dict[str, Any]]]]":
    """A webhook: its port, and what it receives."""
    received: Queue[dict[str, Any]] = Queue()

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.put(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, received
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def prometheus(
    tmp_path_factory: pytest.TempPathFactory, pages: "tuple[int, Queue[dict[str, Any]]]"
) -> Iterator[str]:
    """The address of a Prometheus that holds the history, evaluates the rendered rules and knows an Alertmanager."""
    folder = tmp_path_factory.mktemp("pager")
    backfill(folder, history(int(time.time())))
    for file in render(plan(), ["prometheus-rules"]).artifacts:
        path = folder / file.path
        path.parent.mkdir(exist_ok=True)
        # Only how soon somebody asks is changed: nobody wants to wait for half a minute here.
        path.write_text(file.text.replace("interval: 30s", "interval: 1s"), encoding="utf-8")
    port = free_port()
    (folder / "alertmanager.yml").write_text(
        json.dumps(
            {
                "route": {
                    "receiver": "nobody",
                    "routes": [
                        {
                            "receiver": "pager",
                            "matchers": ['severity="page"', 'owner="@acme/payments"', 'route="pager"'],
                            "group_wait": "1s",
                            "group_by": ["alertname"],
                        }
                    ],
                },
                "receivers": [
                    {"name": "nobody"},
                    {"name": "pager", "webhook_configs": [{"url": f"http://127.0.0.1:{pages[0]}/"}]},
                ],
            }
        ),
        encoding="utf-8",
    )
    (folder / "prometheus.yml").write_text(
        json.dumps(
            {
                "rule_files": ["prometheus/*.rules.yml"],
                "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]},
            }
        ),
        encoding="utf-8",
    )
    with (
        running(
            "prometheus-alertmanager",
            port,
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'alerts'}",
            "--cluster.listen-address=",
        ),
        running(
            "prometheus",
            free_port(),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=90d",
            "--rules.alert.resend-delay=1s",
        ) as url,
    ):
        yield url


def test_a_page_with_owner_and_runbook_reaches_the_pager(
    prometheus: str, pages: "tuple[int, Queue[dict[str, Any]]]"
) -> None:
    deadline = time.monotonic() + PATIENCE
    alerts: dict[str, dict[str, Any]] = {}
    while "CheckoutAvailabilityFastBurn" not in alerts and time.monotonic() < deadline:
        try:
            message = pages[1].get(timeout=1)
        except Empty:
            continue
        assert message["receiver"] == "pager"
        alerts |= {alert["labels"]["alertname"]: alert for alert in message["alerts"]}

    page = alerts["CheckoutAvailabilityFastBurn"]
    assert page["status"] == "firing"
    assert page["labels"]["owner"] == "@acme/payments"
    assert page["labels"]["slo"] == "checkout-availability"
    assert page["annotations"]["runbook_url"] == "runbooks/checkout-burning.md"
    assert "More than 1.44% of events failed over 1h and over 5m" in page["annotations"]["description"]
    assert not {"SearchDown", "CheckoutAvailabilityAbsent"} & alerts.keys()


def backtested(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, Any]]:
    assert main(["backtest", *arguments, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "platform-ops/backtest@1"
    return {row["name"]: row for row in document["alerts"]}


def test_a_plan_is_backtested_over_the_live_history(
    prometheus: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(plan_text(plan()), encoding="utf-8")
    rows = backtested(capsys, str(path), "--metrics", prometheus, "--days", "1")

    fast = rows["checkout-availability-fast-burn"]
    assert (fast["status"], fast["episodes"], fast["hoursFiring"]) == ("noisy", 1, "24.00")
    assert fast["budgetSpent"] == "5000.0"
    assert rows["checkout-any-error"]["status"] == "noisy"
    assert rows["search-down"]["status"] == "no-data"
    assert rows["checkout-availability-absent"]["episodes"] == 0


def test_an_existing_rule_file_is_backtested_over_the_live_history(
    prometheus: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.yml"
    rule = (
        'sum(rate(http_requests_total{job="checkout",code="500"}[5m])) / sum(rate(http_requests_total[5m]))'
    )
    alerts = [
        {"alert": "Half", "expr": f"{rule} > 0.5", "labels": {"severity": "critical"}},
        {"alert": "Some", "expr": f"{rule} > 0.01", "for": "10m", "labels": {"severity": "warning"}},
        {"alert": "Broken", "expr": "sum(rate(", "labels": {"severity": "page"}},
    ]
    path.write_text(yaml_lines({"groups": [{"name": "own", "rules": alerts}]}), encoding="utf-8")
    rows = backtested(capsys, str(path), "--metrics", prometheus, "--days", "1")

    assert (rows["Half"]["status"], rows["Half"]["episodes"], rows["Half"]["pagesPerWeek"]) == (
        "ok",
        0,
        "0.00",
    )
    assert (rows["Some"]["status"], rows["Some"]["hoursFiring"]) == ("noisy", "23.83")
    assert rows["Some"]["pagesPerWeek"] is None
    assert rows["Broken"]["status"] == "unsupported"


def test_a_rendered_rule_file_gives_the_same_backtest_as_its_plan(
    prometheus: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = next(
        row
        for row in render(plan(), ["prometheus-rules"]).artifacts
        if row.path.endswith("availability.rules.yml")
    )
    (tmp_path / "rules.yml").write_text(file.text, encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(plan_text(plan()), encoding="utf-8")
    days = ("--metrics", prometheus, "--days", "1")
    ours = backtested(capsys, str(tmp_path / "rules.yml"), *days)
    plans = backtested(capsys, str(tmp_path / "plan.yaml"), *days)
    for name, id in (("FastBurn", "fast-burn"), ("SlowBurn", "slow-burn"), ("Absent", "absent")):
        rule, alert = ours[f"CheckoutAvailability{name}"], plans[f"checkout-availability-{id}"]
        assert (rule["status"], rule["hoursFiring"]) == (alert["status"], alert["hoursFiring"])
