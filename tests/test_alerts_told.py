"""Pages which say that a service outside the repository alerts, and sentences that only speak of alerts."""

from time import process_time

import pytest
from tests.small_services import practice

PAGE = "DEVELOPERS.md"


@pytest.mark.parametrize(
    "row",
    [
        "There is a [Status Honeycomb trigger] that alerts us when nothing arrives.",
        "Cron jobs check in with Honeybadger; when one does not, it will alert.",
        "This is appended to every incident that comes from a CloudWatch alert.",
        "Alerts are managed by the team in PagerDuty.",
        "Restart the worker when there is a datadog alert about messages.",
        "1. Check #shop-alerts for what is urgent.",
        "We get alerts about slow pages from New Relic.",
        "A small process pages the on-call team through PagerDuty when something fails.",
    ],
)
def test_alerts_that_a_page_places_in_a_service_are_unknown_here(row: str) -> None:
    fact = practice("alerts", {PAGE: f"# It\n\n{row}\n"})
    assert (fact.outcome, fact.reason) == (
        "unknown",
        f"{PAGE}:3 says that alerts come from outside the repository",
    )


@pytest.mark.parametrize(
    "row",
    [
        "Sentry could alert us about exceptions.",
        "You can use Grafana to notify us when something breaks.",
        "Grafana has dashboards and alerts.",
        "The page shows an alert when the form is sent.",
        "It sends pages to the team. Sentry is used, too.",
        "See the [rules](#shop-alerts).",
        "We use Sentry for exceptions. The editor alerts the author.",
    ],
)
def test_a_sentence_that_wishes_for_alerts_or_is_about_others_leaves_them_absent(row: str) -> None:
    assert practice("alerts", {PAGE: f"# It\n\n{row}\n"}).outcome == "absent"


@pytest.mark.parametrize(
    "path",
    ["docs/adr/0003-monitoring.md", "CHANGELOG.md", "vendor/tool/README.md", "docs/recipes/soup.md"],
)
def test_decisions_histories_and_pages_of_others_say_nothing_of_alerts_today(path: str) -> None:
    row = "Sentry will alert us about exceptions.\n"
    assert practice("alerts", {path: row}).outcome == "absent"
    assert practice("alerts", {"docs/monitoring.md": row}).outcome == "unknown"


def test_what_stands_in_an_example_of_code_tells_no_alerts() -> None:
    fenced = "# It\n\n```\nSentry will alert us\n```\n"
    assert practice("alerts", {PAGE: fenced}).outcome == "absent"


def test_a_rule_here_counts_before_what_a_page_says() -> None:
    rule = "groups:\n- name: a\n  rules:\n  - alert: Down\n    expr: up == 0\n"
    files = {"prometheus/alerts.yml": rule, PAGE: "Sentry will alert us.\n"}
    assert practice("alerts", files).outcome == "present"


def test_long_rows_of_names_are_read_in_time() -> None:
    page = ("Sentry alert " * 70 + "\n") * 2_000
    started = process_time()
    practice("alerts", {PAGE: page})
    assert process_time() - started < 10
