"""Alerting rules, runbooks, routes and owners, read from every shape they come in."""

from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from platform_operations.assess.telemetry.codeowners import matches, owner_of, read_codeowners
from platform_operations.assess.telemetry.owners import read_owners
from platform_operations.assess.telemetry.routing import read_routing, receiver_for
from platform_operations.assess.telemetry.rules import Alerts, read_alerts
from platform_operations.assess.telemetry.runbooks import read_runbooks, read_sections
from platform_operations.model.evidence import repo_place
from platform_operations.repository import InMemoryRepository

RULES = dedent("""\
    groups:
      - name: shop
        rules:
          - record: shop:errors:ratio
            expr: sum(rate(req{code=~"5.."}[5m])) / sum(rate(req[5m]))
          - alert: ShopErrors
            expr: shop:errors:ratio > 0.05
            for: 1h30m
            labels: {severity: critical, team: shop}
            annotations:
              runbook_url: https://git.example/acme/store/blob/main/runbooks/shop-errors.md
          - alert: ShopCpu
            expr: |
              rate(container_cpu_usage_seconds_total[5m])
                > 0.9
            labels:
              severity: warning
            annotations: {runbook: runbooks/missing.md}
          - alert: ShopCpu
            expr: up != 0
            labels: {severity: info}
    """)
RUNBOOK = dedent("""\
    # Shop errors

    Owner: @acme/shop

    ## Impact

    Customers cannot buy.

    ## Diagnosis

    1. Look at the dashboard
    ```sh
    kubectl get pods -n shop
    ```

    ## Mitigation
    - Restart the pods
    ### Rollback
    - kubectl rollout undo deploy/shop

    ## Escalation
    Call the platform team.
    """)


def alerts_of(files: dict[str, str], remote: str | None = None) -> Alerts:
    return read_alerts(InMemoryRepository(files, remote=remote), lambda path: "shop")


def cited(files: dict[str, str], uri: str) -> str:
    place = repo_place(uri)
    assert place is not None
    return "\n".join(files[place.path].split("\n")[place.first - 1 : place.last])


def test_a_rule_file_gives_entries_cited_to_the_line() -> None:
    files = {"monitoring/rules.yml": RULES, "runbooks/shop-errors.md": RUNBOOK}
    found = alerts_of(files, remote="store")
    first, second, third = found.entries
    assert [entry.id for entry in found.entries] == ["shop-errors", "shop-cpu", "shop-cpu-info"]
    assert (first.severity, first.for_, first.owner, first.kind) == ("page", "90m", "shop", "symptom")
    assert (second.severity, second.kind, second.runbook) == ("ticket", "cause", None)
    assert first.runbook == "shop-errors"
    assert [runbook.path for runbook in found.runbooks] == ["runbooks/shop-errors.md"]
    assert "alert: ShopErrors" in cited(files, first.evidence[0])
    assert "blob/main/runbooks" in cited(files, first.evidence[0])
    assert "alert: ShopCpu" not in cited(files, first.evidence[0])
    facts = {(fact.subject, fact.aspect): fact for fact in found.facts}
    assert facts[("alerts/shop-cpu", "runbook")].outcome == "absent"
    assert facts[("alerts/shop-cpu-info", "dead")].outcome == "present"
    assert facts[("alerts", "receivers")].outcome == "unknown"
    assert facts[("practices", "alerts")].outcome == "present"
    assert third.expression == "up != 0"


def test_a_runbook_elsewhere_stays_a_url() -> None:
    rules = RULES.replace("git.example/acme/store/blob/main/runbooks", "wiki.example/pages")
    found = alerts_of({"rules.yml": rules})
    assert found.runbooks[0].url == "https://wiki.example/pages/shop-errors.md"
    assert found.entries[0].runbook == found.runbooks[0].id


def test_rules_in_a_manifest_a_config_map_and_helm_values_count_with_their_own_lines() -> None:
    manifest = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n"
    manifest += "".join("  " + line + "\n" for line in RULES.splitlines())
    embedded = "kind: ConfigMap\ndata:\n  rules.yml: |\n" + "".join(
        "    " + row + "\n" for row in RULES.splitlines()
    )
    values = "additionalPrometheusRulesMap:\n  shop:\n" + "".join(
        "    " + row + "\n" for row in RULES.splitlines()
    )
    for path, text in (
        ("k8s/rule.yaml", manifest),
        ("k8s/map.yaml", embedded),
        ("chart/values.yaml", values),
    ):
        found = alerts_of({path: text})
        assert len(found.entries) == 3, path
        assert "alert: ShopErrors" in cited({path: text}, found.entries[0].evidence[0]).split("\n")[0]


def test_a_template_is_read_by_lines_and_says_so() -> None:
    text = "{{- if .Values.on }}\ngroups:\n- rules:\n  - alert: ShopDown\n"
    text += '    expr: up{job="{{ .Values.job }}"} == 0\n'
    text += "    for: 5m\n    labels:\n      severity: critical\n      team: {{ .Values.team }}\n{{- end }}\n"
    found = alerts_of({"charts/shop/templates/rules.yaml": text})
    entry = found.entries[0]
    assert (entry.id, entry.severity, entry.for_, entry.owner) == ("shop-down", "page", "5m", None)
    assert entry.expression is None
    assert entry.kind == "cause"
    assert any(fact.aspect == "readable" and fact.outcome == "unknown" for fact in found.facts)


def test_a_broken_file_costs_only_itself() -> None:
    found = alerts_of({"a/alerts.yml": "groups:\n  - alert: X\n   expr: [", "b/alerts.yml": RULES})
    assert {entry.id for entry in found.entries} >= {"shop-errors"}
    broken = next(fact for fact in found.facts if fact.subject == "file:a/alerts.yml")
    assert broken.outcome == "unknown"
    assert broken.evidence[0].startswith("repo:a/alerts.yml#L")


def test_examples_tests_docs_and_vendored_rules_are_not_ours() -> None:
    places = ("examples", "docs", "tests", "vendor", "node_modules", "legacy")
    found = alerts_of({f"{place}/alerts.yml": RULES for place in places})
    assert found.entries == ()
    assert next(fact.outcome for fact in found.facts if fact.aspect == "alerts") == "absent"


def test_alerts_follow_the_routing_tree() -> None:
    routing = dedent("""\
        route:
          receiver: nobody
          routes:
            - matchers: [severity="critical"]
              receiver: pager
            - match_re: {severity: "warn.*"}
              receiver: "null"
        receivers:
          - name: nobody
          - name: pager
            pagerduty_configs: [{routing_key_file: /x}]
          - name: "null"
        """)
    found = alerts_of({"alertmanager.yml": routing, "rules.yml": RULES})
    assert [entry.route for entry in found.entries] == ["pager", None, None]
    facts = {(fact.subject, fact.aspect): fact for fact in found.facts}
    assert facts[("alerts/shop-cpu", "route")].outcome == "absent"
    assert facts[("observability", "pagerduty")].outcome == "present"
    assert ("alerts", "receivers") not in facts


def test_a_route_that_needs_a_label_of_the_series_is_unknown() -> None:
    routing = "route:\n  receiver: a\n  routes:\n  - match: {namespace: prod}\n    receiver: b\nreceivers:\n"
    routing += "- name: a\n  slack_configs: [{channel: x}]\n- name: b\n  slack_configs: [{channel: y}]\n"
    (read,) = read_routing(InMemoryRepository({"monitoring/alertmanager.yaml": routing}))
    name, why = receiver_for(read, {"severity": "page"})
    assert name is None
    assert "labels" in why


def test_alarms_of_other_tools_are_alerts_too() -> None:
    files = {
        "infra/alarms.tf": dedent("""\
            resource "aws_cloudwatch_metric_alarm" "shop_5xx" {
              metric_name = "HTTPCode_Target_5XX_Count"
              threshold   = 1
            }

            resource "aws_cloudwatch_metric_alarm" "off" {
              metric_name     = "CPUUtilization"
              actions_enabled = false
            }
            """),
        "template.yaml": "Resources:\n  ShopCpu:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n"
        '      MetricName: "CPUUtilization"\n  Table:\n    Type: AWS::DynamoDB::Table\n',
        "docs/alarm.tf": 'resource "datadog_monitor" "x" {}\n',
    }
    found = alerts_of(files)
    assert [(entry.id, entry.kind, entry.evidence) for entry in found.entries] == [
        ("shop-5xx", "symptom", ("repo:infra/alarms.tf#L1-L4",)),
        ("shop-cpu", "cause", ("repo:template.yaml#L2-L5",)),
    ]


def test_a_runbook_tells_impact_checks_and_actions() -> None:
    sections = read_sections(RUNBOOK)
    assert sections.impact == "Customers cannot buy."
    assert sections.confirm == ("Look at the dashboard", "kubectl get pods -n shop")
    assert sections.mitigate == ("Restart the pods",)
    assert sections.rollback == ("kubectl rollout undo deploy/shop",)
    assert sections.escalate == "Call the platform team."


def test_runbooks_are_found_by_folder_and_name_and_their_owner_by_their_own_word() -> None:
    files = {
        "docs/runbooks/shop.md": RUNBOOK,
        "docs/runbooks/README.md": "# Index\n",
        "ops/restore-runbook.md": "# Restore\n",
        "docs/guide.md": "# Guide\n",
    }
    found, facts = read_runbooks(InMemoryRepository(files), lambda path: "@acme/all")
    assert [(runbook.id, runbook.owner) for runbook in found] == [
        ("shop", "@acme/shop"),
        ("restore-runbook", "@acme/all"),
    ]
    assert facts[0].outcome == "present"


def test_codeowners_the_last_match_wins() -> None:
    rules = read_codeowners(
        "*  @acme/all\n/src/ @acme/src  # the code\ndocs/* @acme/docs\n*.lock\nbad\\ name @acme/x\n"
    )
    owners = {
        path: owner_of(rules, path)
        for path in ("a.txt", "src/x/y.py", "docs/a.md", "docs/b/c.md", "x/uv.lock")
    }
    assert owners == {
        "a.txt": "@acme/all",
        "src/x/y.py": "@acme/src",
        "docs/a.md": "@acme/docs",
        "docs/b/c.md": "@acme/all",
        "x/uv.lock": None,
    }
    assert owner_of(rules, "bad name") == "@acme/x"


def test_codeowners_patterns_match_as_the_hosts_say() -> None:
    assert matches("/build/logs/", "build/logs/x.txt")
    assert not matches("/build/logs/", "a/build/logs/x.txt")
    assert matches("apps/", "x/apps/y.js")
    assert matches("**/logs", "deep/logs/x")
    assert matches("/docs/**", "docs/a/b")
    assert not matches("*.js", "a.ts")
    assert matches("/scripts/", "scripts/a/b")
    assert not matches("/apps/github", "apps/gitlab/x")


def test_gitlab_sections_lend_their_owners() -> None:
    rules = read_codeowners(
        "[Backend][2] @acme/back\n/api/\n/web/ @acme/web\n^[Docs] docs@acme.example\n*.md\n"
    )
    assert owner_of(rules, "api/x") == "@acme/back"
    assert owner_of(rules, "web/x") == "@acme/web"
    assert owner_of(rules, "readme.md") == "docs@acme.example"


def test_owners_come_from_codeowners_catalog_and_owners_files() -> None:
    files = {
        ".github/CODEOWNERS": "/src/ @acme/src\n",
        "CODEOWNERS": "* @acme/never\n",
        "catalog-info.yaml": "kind: Component\nspec:\n  owner: team-catalog\n",
        "pkg/OWNERS": "approvers:\n- alice\n- bob\n",
    }
    owners, facts, owner = read_owners(InMemoryRepository(files))
    assert {one.id for one in owners} == {"@acme/src", "team-catalog", "alice"}
    assert (owner("src/a"), owner("pkg/a"), owner("other")) == ("@acme/src", "alice", "team-catalog")
    assert facts[0].outcome == "present"


def test_a_codeowners_file_of_comments_owns_nothing() -> None:
    _, facts, owner = read_owners(InMemoryRepository({"CODEOWNERS": "# * @acme/x\n\n"}))
    assert facts[0].outcome == "absent"
    assert owner("a") is None


@given(st.text(alphabet="ab*/?[]\\ #@!", max_size=60), st.text(alphabet="ab/", min_size=1, max_size=60))
def test_any_codeowners_text_is_read(text: str, path: str) -> None:
    owner_of(read_codeowners(text), path)


def test_a_hostile_pattern_is_matched_in_no_time() -> None:
    assert not matches("*a" * 500 + "b", "a" * 3_000)
    assert not matches("**/a/" * 200 + "b", "a/" * 1_000 + "c")


@given(
    st.lists(st.tuples(st.integers(0, len(RULES)), st.sampled_from("{}[]:-|&*!'\"\n\t#%@`, x0")), max_size=12)
)
def test_a_mutated_rule_file_never_raises(edits: list[tuple[int, str]]) -> None:
    text = RULES
    for place, letter in edits:
        text = text[:place] + letter + text[place + 1 :]
    found = alerts_of(
        {"alerts/rules.yml": text, "alerts/alertmanager.yml": text, "runbooks/x.md": text, "CODEOWNERS": text}
    )
    lines = len(text.split("\n"))
    for entry in found.entries:
        place = repo_place(entry.evidence[0])
        assert place is not None
        assert place.last <= lines
