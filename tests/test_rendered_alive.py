"""Every alert that is rendered can fire, fires in time and is silent otherwise: real promtool runs what we generate."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from tests.rendered_plans import AVAILABILITY, Promise, plan_of, promtool, written

from platform_operations.model.reliability import Alert, Sli
from platform_operations.toolbox import assessed, drafted, open_target, render

pytestmark = pytest.mark.needs("promtool")

EXAMPLE = Path(__file__).parent.parent / "examples" / "checkout"
KINDS = ("prometheus-rules", "promtool-tests")


def sli(good: str, total: str) -> Sli:
    return Sli(kind="availability", source="prometheus", good=good, total=total)


AGE = 'time() - max(backup_last_success_timestamp_seconds{job="backup"})'
SLIS = {
    "grouped": sli(
        'sum by (route) (increase(requests_total{job="a",code!~"5.."}[$window]))',
        'sum by (route) (increase(requests_total{job="a"}[$window]))',
    ),
    "latency": sli(
        'sum(increase(seconds_bucket{job="a",le="0.5"}[$window]))',
        'sum(increase(seconds_count{job="a"}[$window]))',
    ),
    "failures-only": sli(
        "sum(increase(done_total[$window])) - (sum(increase(failed_total[$window])) or vector(0))",
        "sum(increase(done_total[$window]))",
    ),
    "succeeded-and-failed": sli(
        "sum(increase(ok_total[$window]))",
        "sum(increase(ok_total[$window])) + (sum(increase(failed_total[$window])) or vector(0))",
    ),
    "grpc": sli(
        'sum(increase(calls_total{grpc_code!~"Unknown|Internal|Unavailable"}[$window]))',
        "sum(increase(calls_total[$window]))",
    ),
    "probe": sli(
        'sum(sum_over_time(probe_success{job="b"}[$window]))',
        'sum(count_over_time(probe_success{job="b"}[$window]))',
    ),
    "last-success": sli(
        f"sum_over_time(({AGE} <= bool 93600)[$window:1m])", f"count_over_time(({AGE})[$window:1m])"
    ),
}
EXPRESSIONS = {
    "ratio": 'sum(rate(x_total{code=~"5.."}[5m])) / sum(rate(x_total[5m])) > 0.05',
    "ratio by route": (
        'sum by (route) (rate(x_total{code=~"5.."}[5m])) / sum by (route) (rate(x_total[5m])) > 0.05'
    ),
    "success below": 'sum(rate(x_total{code!~"5.."}[10m])) / sum(rate(x_total[10m])) < 0.98',
    "quantile": "histogram_quantile(0.95, sum by (le) (rate(x_seconds_bucket[5m]))) > 1",
    "quantile by route": "histogram_quantile(0.9, sum by (route, le) (rate(x_seconds_bucket[10m]))) > 0.3",
    "probe": 'max(probe_success{instance="https://x.example/"}) == 0',
    "gauge by queue": "max by (queue) (queue_age_seconds) >= 600",
    "one series": 'up{job="x"} == 0',
    "restarts": 'increase(restarts_total{container="x"}[15m]) > 0',
    "busy": "sum by (pod) (rate(cpu_seconds_total[5m])) > 0.4",
    "absent": 'absent(up{job="x"} == 1)',
    "absent of two": 'absent(x_total{job="a"}) or absent(y_total{job="b"})',
    "absent over time": 'absent_over_time(x_total{job="a"}[15m])',
}


def complaints(plan_folder: Path, tests: list[Path]) -> str:
    rules = sorted(plan_folder.glob("prometheus/*.rules.yml"))
    return promtool("check", "rules", *rules) + promtool("test", "rules", *tests)


@pytest.mark.slow
def test_every_alert_of_the_example_is_alive(tmp_path: Path) -> None:
    target = open_target(EXAMPLE)
    plan = drafted(target, assessed(target)).plan
    rendering = render(plan, KINDS)
    tests = written(rendering, tmp_path)

    assert complaints(tmp_path, tests) == ""
    alerts = sum(file.text.count("- alert:") for file in rendering.artifacts)
    assert alerts == len(tests) == len(plan.alerts) - len(rendering.left_out), rendering.left_out
    assert all("its source is 'file'" in row.reason for row in rendering.left_out)


def random_promises(count: int) -> list[Promise]:
    random = Random(20_261_123)
    objectives = ("90", "95", "97.5", "99", "99.5", "99.9", "99.95", "99.99", "94.317", "99.871")
    return [
        Promise(
            objective=random.choice(objectives),
            window=f"{random.choice((7, 10, 14, 21, 28, 30, 60, 90))}d",
            hourly=random.choice((None, Fraction(random.randint(1, 60)), Fraction(random.randint(60, 3000)))),
        )
        for _ in range(count)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "promise", random_promises(6), ids=lambda row: f"{row.objective}-{row.window}-{row.hourly}"
)
def test_the_alerts_of_any_objective_window_and_traffic_are_alive(tmp_path: Path, promise: Promise) -> None:
    tests = written(render(plan_of(promise), KINDS), tmp_path)
    assert tests
    assert complaints(tmp_path, tests) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", SLIS)
def test_the_alerts_of_any_form_of_sli_are_alive(tmp_path: Path, name: str) -> None:
    rendering = render(plan_of(Promise(objective="99", window="7d", sli=SLIS[name])), KINDS)
    assert rendering.left_out == ()
    tests = written(rendering, tmp_path)
    assert len(tests) == 3
    assert complaints(tmp_path, tests) == ""


@pytest.mark.parametrize("held", [None, "5m"])
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_alert_written_by_hand_is_proven_alive(tmp_path: Path, name: str, held: str | None) -> None:
    alert = Alert(
        id="watch",
        summary="Watched.",
        component="checkout",
        severity="page",
        expression=EXPRESSIONS[name],
        for_=held,
    )
    rendering = render(plan_of(alerts=(alert,)), KINDS)
    assert rendering.left_out == ()
    tests = written(rendering, tmp_path)
    assert len(tests) == 1
    assert complaints(tmp_path, tests) == ""


DEAD = {
    "a threshold above one": ("> 0.0144", "> 1.44"),
    "windows that never match": (
        "\n          and\n",
        '\n          and on (window) label_replace(vector(1), "window", "5m", "", "")\n          and\n',
    ),
    "another metric": ('http_requests_total{job="checkout",code', 'http_requests{job="checkout",code'),
    "a label that is not there": ('{job="checkout"}[1h]', '{job="chekout"}[1h]'),
    "a sign turned round": ("> 0.0144", "< 0.0144"),
    "a tenth of the threshold": ("> 0.0144", "> 0.00005"),
    "no runbook": ("runbook_url: runbooks/checkout-burning.md", "runbook_url: nowhere"),
    "no owner": ('owner: "@acme/payments"', "owner: nobody"),
    "a hold nobody asked for": ("- alert: CheckoutAvailabilityFastBurn", "- alert: CheckoutAvailabilityFastBurn\n        for: 3h"),
}  # fmt: skip


@pytest.mark.parametrize("planted", DEAD)
def test_a_planted_defect_that_promtool_check_accepts_is_caught(tmp_path: Path, planted: str) -> None:
    plan = plan_of(Promise())
    alive = plan.with_section("alerts", plan.alerts[:1])
    pair = alive.alerts[0].windows[:1]
    one = alive.with_entry("alerts", alive.alerts[0].model_copy(update={"windows": pair}))
    tests = [path for path in written(render(one, KINDS), tmp_path) if "fast" in path.name]
    (rules,) = tmp_path.glob("prometheus/*availability.rules.yml")
    assert promtool("test", "rules", *tests) == ""

    before, after = DEAD[planted]
    text = rules.read_text(encoding="utf-8")
    assert before in text
    rules.write_text(text.replace(before, after), encoding="utf-8")

    assert promtool("check", "rules", rules) == ""
    assert "CheckoutAvailabilityFastBurn" in promtool("test", "rules", *tests)


def test_time_slices_over_days_are_more_than_promtool_holds_and_the_reason_says_so() -> None:
    rendering = render(plan_of(Promise(objective="99", window="28d", sli=SLIS["last-success"])), KINDS)
    assert [row.entry for row in rendering.left_out] == ["alerts/checkout-availability-slow-burn"]
    assert "10,000 samples" in rendering.left_out[0].reason


def test_a_guard_that_usual_traffic_cannot_meet_is_no_alert_but_a_reason() -> None:
    rare = replace(Promise(sli=AVAILABILITY), hourly=Fraction(1, 1000))
    rendering = render(plan_of(rare), ["prometheus-rules"])
    assert sum(file.text.count("- alert:") for file in rendering.artifacts) == 1  # the absence
    assert {row.entry for row in rendering.left_out} == {
        "alerts/checkout-availability-fast-burn",
        "alerts/checkout-availability-slow-burn",
    }
    assert all("0 events an hour" in row.reason for row in rendering.left_out)
