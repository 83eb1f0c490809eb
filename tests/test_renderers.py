"""Renderers: the files of a plan byte for byte, and a page and a fixture for each kind."""

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.rendered_plans import Promise, plan_of

from platform_operations.deliver.renderer import Renderer
from platform_operations.deliver.renderers import RENDERERS, defined
from platform_operations.deliver.yaml_writer import yaml_lines
from platform_operations.errors import DefectError, InputError
from platform_operations.model.artifact import Rendering
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, Sli
from platform_operations.slo.durations import seconds
from platform_operations.toolbox import read_plan, render, render_document

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "tests" / "artifacts"
PAGES = ROOT / "reference" / "artifacts"
LONGEST_PAGE = 60


def fixture_plan(kind: str) -> Plan:
    read = read_plan((FIXTURES / kind / "plan.yaml").read_text(encoding="utf-8"))
    assert isinstance(read, Plan), read
    return read


def alert(**fields: object) -> Alert:
    row = {"id": "watch", "summary": "Watched.", "component": "checkout", "severity": "page"}
    return Alert.model_validate({**row, **fields})


def rules_of(plan: Plan) -> dict[str, dict[str, Any]]:
    """Every rule that a plan becomes, by the name of its alert or recording."""
    texts = [file.text for file in render(plan, ["prometheus-rules"]).artifacts]
    groups = [group for text in texts for group in yaml.safe_load(text)["groups"]]
    return {rule.get("alert") or rule["record"]: rule for group in groups for rule in group["rules"]}


def reasons(plan: Plan, kind: str) -> dict[str, str]:
    return {row.entry: row.reason for row in render(plan, [kind]).left_out}


def test_every_renderer_has_a_page_and_a_fixture_and_neither_stands_alone() -> None:
    assert set(RENDERERS) == {path.stem for path in PAGES.glob("*.md")}
    assert set(RENDERERS) == {path.name for path in FIXTURES.iterdir()}
    assert {"prometheus-rules", "promtool-tests"} <= set(RENDERERS)


@pytest.mark.parametrize("kind", RENDERERS)
def test_a_page_says_what_the_file_is_who_reads_it_and_how_to_check_it(kind: str) -> None:
    text = (PAGES / f"{kind}.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < LONGEST_PAGE
    assert re.findall(r"(?m)^## (.+)$", text)[:3] == ["What it is", "Who reads it", "How to check it"]
    assert re.search(r"(?m)^checked: 20\d\d-[01]\d-[0-3]\d$", text)


@pytest.mark.parametrize("kind", RENDERERS)
def test_a_plan_becomes_exactly_the_files_of_its_fixture(kind: str) -> None:
    rendering = render(fixture_plan(kind), [kind])
    root = FIXTURES / kind / "expected"
    expected = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}

    assert {file.path for file in rendering.artifacts} == set(expected)
    for file in rendering.artifacts:
        assert file.text == expected[file.path].read_text(encoding="utf-8"), file.path
    left_out = "".join(f"{row.entry}: {row.reason}\n" for row in rendering.left_out)
    assert left_out == (FIXTURES / kind / "left-out.txt").read_text(encoding="utf-8")


def test_a_plan_of_nothing_becomes_nothing() -> None:
    assert render(plan_of().model_copy(update={"runbooks": ()})) == Rendering()


def test_all_kinds_together_are_the_sum_of_each_and_come_sorted_by_path() -> None:
    plan = fixture_plan("prometheus-rules")
    whole = render(plan)
    paths = [file.path for file in whole.artifacts]
    assert paths == sorted(paths)
    assert set(whole.artifacts) == {file for kind in RENDERERS for file in render(plan, [kind]).artifacts}
    assert render(plan) == whole


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'dashboards'; known: .*prometheus-rules"):
        render(plan_of(), ["dashboards"])


def test_a_module_without_a_renderer_or_with_anothers_name_stops_the_start() -> None:
    module = ModuleType("renderers.grafana_dashboards")
    with pytest.raises(DefectError, match="no RENDERER"):
        defined(module)
    module.__dict__["RENDERER"] = Renderer("grafana", lambda plan: True, lambda plan: Rendering())
    with pytest.raises(DefectError, match="'grafana-dashboards'"):
        defined(module)


def test_the_document_carries_every_text_and_every_reason() -> None:
    rendering = render(fixture_plan("prometheus-rules"))
    document = json.loads(json.dumps(render_document(rendering)))
    assert [row["path"] for row in document["artifacts"]] == [file.path for file in rendering.artifacts]
    assert [row["entry"] for row in document["leftOut"]] == [row.entry for row in rendering.left_out]


def test_an_alert_carries_severity_owner_slo_and_runbook() -> None:
    rule = rules_of(plan_of(Promise()))["CheckoutAvailabilityFastBurn"]
    assert rule["labels"] == {
        "severity": "page",
        "owner": "@acme/payments",
        "route": "pager",
        "component": "checkout",
        "slo": "checkout-availability",
    }
    assert set(rule["annotations"]) == {"summary", "runbook_url", "description"}
    assert rule["annotations"]["runbook_url"] == "runbooks/checkout-burning.md"


def test_what_is_rendered_is_an_alert_of_the_plan_and_nothing_else() -> None:
    plan = plan_of(Promise())
    alerts = [rule for rule in rules_of(plan).values() if "alert" in rule]
    assert len(alerts) == len(plan.alerts) == 3


def test_an_slo_of_whose_metric_nobody_would_notice_the_end_is_told_of() -> None:
    watched = plan_of(Promise())
    blind = watched.model_copy(update={"alerts": watched.alerts[:2]})
    assert "CheckoutAvailabilityAbsent" not in rules_of(blind)
    assert "fall silent" in reasons(blind, "prometheus-rules")["slos/checkout-availability"]
    assert reasons(watched, "prometheus-rules") == {}
    whole = alert(kind="absence", expression='absent(up{job="checkout"})')
    by_component = blind.model_copy(update={"alerts": (*blind.alerts, whole)})
    assert reasons(by_component, "prometheus-rules") == {}


def test_an_absence_alert_without_an_expression_asks_for_what_its_slo_is_measured_by() -> None:
    rules = rules_of(plan_of(Promise()))
    assert rules["CheckoutAvailabilityAbsent"]["expr"] == 'absent(http_requests_total{job="checkout"})'
    assert rules["CheckoutAvailabilityAbsent"]["for"] == "10m"


@pytest.mark.parametrize(
    "expression",
    [
        'max(probe_success{instance="$PROD_URL/healthz"}) == 0',
        'up{job="${JOB}"} == 0',
        'up{job="{{ .Values.name }}"} == 0',
        "rate(errors_total[$__rate_interval]) > 1",
    ],
)
def test_an_expression_that_nobody_will_fill_in_is_left_out_with_the_placeholder(expression: str) -> None:
    plan = plan_of(alerts=(alert(expression=expression),))
    assert rules_of(plan) == {}
    assert "holds the placeholder" in reasons(plan, "prometheus-rules")["alerts/watch"]


def test_a_dollar_that_prometheus_reads_itself_is_no_placeholder() -> None:
    for expression in (
        'sum(up{job=~"a|b$"}) == 0',
        'label_replace(up, "host", "$name", "instance", "(?P<name>.*):.*") == 0',
    ):
        assert set(rules_of(plan_of(alerts=(alert(expression=expression),)))) == {"Watch"}


def test_thresholds_are_exact_decimals() -> None:
    text = str(rules_of(plan_of(Promise(objective="99.9")))["CheckoutAvailabilityFastBurn"]["expr"])
    assert re.findall(r"> ([0-9.]+)$", text, re.M) == ["0.0144", "0.0144", "0.006", "0.006"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "it has no expression"),
        ({"expression": "sum(rate(x_total[5m]"}, "its expression is not PromQL"),
        ({"expression": "sum(increase(x_total[$window])) > 1"}, "holds the placeholder '$window'"),
        ({"kind": "burn-rate", "windows": [{"long": "1h", "short": "5m", "factor": "6"}]}, "no SLO"),
    ],
)
def test_an_alert_that_cannot_be_a_rule_is_left_out_with_the_reason(
    fields: dict[str, object], reason: str
) -> None:
    plan = plan_of(alerts=(alert(**fields),))
    assert rules_of(plan) == {}
    assert reason in reasons(plan, "prometheus-rules")["alerts/watch"]


def test_an_slo_that_is_measured_from_a_file_is_left_out_with_the_reason() -> None:
    plan = plan_of(Promise(sli=Sli(kind="latency", source="file")))
    assert rules_of(plan) == {}
    found = reasons(plan, "prometheus-rules")
    assert {name for name, reason in found.items() if "its source is 'file'" in reason} == {
        "alerts/checkout-availability-fast-burn",
        "alerts/checkout-availability-slow-burn",
    }


def test_a_rule_whose_behaviour_cannot_be_tried_is_rendered_and_says_so() -> None:
    plan = plan_of(alerts=(alert(expression="predict_linear(disk_free[1h], 14400) < 0"),))
    assert set(rules_of(plan)) == {"Watch"}
    assert "no behaviour test" in reasons(plan, "promtool-tests")["alerts/watch"]


def test_text_of_a_plan_never_becomes_a_template_action() -> None:
    text = '{{ query "secrets" }} and {{ $labels.pod }}'
    rules = rules_of(plan_of(alerts=(alert(summary=text, expression="up == 0"),)))
    annotations = rules["Watch"]["annotations"]
    assert '{{ "{{" }} query' in annotations["summary"]
    assert re.sub(r'\{\{ "\{\{" \}\}', "", annotations["summary"]).count("{{") == 0


def test_secrets_in_a_plan_do_not_reach_the_files() -> None:
    secret = "ghp_" + "a1B2" * 9
    plan = plan_of(alerts=(alert(summary=f"Use {secret}", expression="up == 0"),))
    assert secret not in "".join(file.text for file in render(plan).artifacts)


def test_two_alerts_whose_names_would_collide_keep_apart() -> None:
    rules = rules_of(
        plan_of(alerts=(alert(id="a-1", expression="up == 0"), alert(id="a1", expression="up == 1")))
    )
    assert set(rules) == {"A1", "a1"}


def test_an_alert_that_exists_says_which_lines_it_replaces() -> None:
    row = alert(expression="up == 0", origin="changed", evidence=["repo:monitoring/alerts.yml#L4-L9"])
    (file,) = render(plan_of(alerts=(row,)), ["prometheus-rules"]).artifacts
    assert file.text.startswith("# Watch replaces monitoring/alerts.yml lines 4 to 9.\n")


def test_an_id_longer_than_a_file_name_may_be_is_cut_and_stays_unique() -> None:
    names = [f"{'a' * 108}-{index}" for index in range(2)]
    plan = plan_of(*(Promise(id=name) for name in names))
    paths = [file.path for file in render(plan).artifacts]
    assert len(set(paths)) == len(paths)
    assert max(len(part) for path in paths for part in path.split("/")) <= 120


def test_what_pages_is_evaluated_more_often_than_its_short_window() -> None:
    plan = plan_of(*(Promise(id=f"slo-{days}", window=f"{days}d") for days in (7, 14, 28, 90)))
    for file in render(plan, ["prometheus-rules"]).artifacts:
        for group in yaml.safe_load(file.text)["groups"]:
            for rule in group["rules"]:
                ranges = [seconds(text) for text in re.findall(r"\[(\d+[smhd])\]", rule["expr"])]
                assert not ranges or seconds(group["interval"]) <= min(ranges) // 2


scalars = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(10**6), 10**6), st.booleans()
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abcXYZ:- #", min_size=1), inner, max_size=4)
    ),
)


@given(st.dictionaries(st.sampled_from(["groups", "expr", "yes", "1d", "a: b"]), values, min_size=1))
def test_what_is_written_as_yaml_reads_back_as_the_same(value: dict[str, object]) -> None:
    assert yaml.safe_load(yaml_lines(value)) == value


@pytest.mark.parametrize(
    "text", ["a\nb", "a\n\n  b", " a\nb", "a\nb\n", "a\n \nb", "a\tb\nc", "\x7f\n\u2028"]
)
def test_a_text_of_several_lines_reads_back_as_the_same(text: str) -> None:
    assert yaml.safe_load(yaml_lines({"expr": text})) == {"expr": text}
