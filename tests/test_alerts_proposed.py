"""The alerts that a draft proposes: each can be rendered, and none rests on what nobody will fill in."""

import pytest

from platform_operations.deliver.rendering import render
from platform_operations.draft import draft
from platform_operations.model.assessment import Assessment
from platform_operations.model.baseline import Observation
from platform_operations.model.delivery import Component, Environment
from platform_operations.model.plan import Plan, RiskProfile, Target
from platform_operations.slo.promql import Unreadable, selectors

SHOP = Component(id="shop", types=("http-service",), languages=("python",), platforms=("docker",))
TOTAL = 'sum(increase(http_requests_total{job="shop"}[$window]))'
BASELINE = Observation(
    id="shop-availability",
    sli="availability of shop",
    kind="availability",
    good_query=TOTAL.replace('"shop"', '"shop",code!~"5.."'),
    total_query=TOTAL,
    good_events="999600",
    total_events="1000000",
    observed="99.960",
    target="99.9",
    status="ok",
    limited_by="worst-day",
    window="28d",
    start="2026-10-01T00:00:00Z",
    end="2026-10-29T00:00:00Z",
    step="1h",
    samples=672,
    coverage="100.0",
).sealed()


def drafted(*baseline: Observation, url: str | None = None, shop: Component = SHOP) -> Plan:
    target = Target(name="shop", risk_profile=RiskProfile(level="low", reasons=("none",)))
    place = Environment(id="prod", kind="production", url=url)
    today = Plan(target=target, components=(shop,), environments=(place,))
    return draft(Assessment(as_is=today, baseline=baseline))


def test_an_slo_gets_its_burn_rates_and_the_absence_of_its_metric_and_all_of_them_are_rendered() -> None:
    plan = drafted(BASELINE)
    assert [alert.id for alert in plan.alerts] == [
        "shop-availability-fast-burn",
        "shop-availability-slow-burn",
        "shop-availability-absent",
    ]
    gone, first = plan.alerts[2], plan.alerts[0]
    assert (gone.expression, gone.for_) == ('absent(http_requests_total{job="shop"})', "10m")
    assert (gone.owner, gone.route, gone.runbook, gone.severity) == (
        first.owner,
        first.route,
        first.runbook,
        first.severity,
    )
    rendering = render(plan, ["prometheus-rules"])
    assert rendering.left_out == ()
    assert sum(file.text.count("- alert:") for file in rendering.artifacts) == len(plan.alerts)


@pytest.mark.parametrize("url", [None, "https://$HOST", "${URL}"])
def test_a_probe_of_an_unknown_url_is_told_by_its_job_and_not_by_a_variable(url: str | None) -> None:
    plan = drafted(url=url)
    (alert,) = plan.alerts
    assert alert.expression == 'max(probe_success{job="shop-probe"}) == 0'
    told = next(row.statement for row in plan.assumptions if row.id == "shop-probe")
    assert 'in the job "shop-probe"' in told
    assert "nothing in the repository names" in told
    assert render(plan, ["prometheus-rules"]).left_out[0].entry.startswith("slos/")
    assert all("$" not in file.text for file in render(plan, ["prometheus-rules"]).artifacts)


def test_a_probe_of_a_known_url_is_told_by_it_whatever_characters_it_has() -> None:
    (alert,) = drafted(url='https://shop.example/"} or vector(1) #').alerts
    found = selectors(alert.expression or "")
    assert not isinstance(found, Unreadable)
    (probe,) = found
    assert [(row.label, row.op) for row in probe.matchers] == [("instance", "=")]
    assert probe.matchers[0].value.startswith('https://shop.example/"} or vector(1) #/')
    assert len(render(drafted(url="https://shop.example/"), ["prometheus-rules"]).artifacts) == 1
