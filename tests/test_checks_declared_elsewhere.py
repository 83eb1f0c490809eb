"""Health checks in files of other platforms, and those that only developers or tests meet."""

import pytest
from tests.small_services import practice

LOAD = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n"
    "        - name: web\n          image: web:1\n          livenessProbe:\n            httpGet:\n              path: /up\n"
)


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (".ebextensions/10_health.config", "option_settings:\n  aws:elasticbeanstalk:environment:process:default:\n    HealthCheckPath: /health/\n", 3),
        (".ebextensions/app.config", "option_settings:\n  aws:elasticbeanstalk:application:\n    Application Healthcheck URL: /up\n", 3),
        ("terraform/cdn.tf", 'resource "fastly_service_vcl" "site" {\n  healthcheck {\n    path = "/up"\n  }\n}\n', 2),
    ],
)  # fmt: skip
def test_a_health_check_of_beanstalk_or_of_a_cdn_counts(path: str, text: str, line: int) -> None:
    assert practice("healthChecks", {path: text}).evidence == (f"repo:{path}#L{line}-L{line}",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".ebextensions/app.config", "option_settings:\n  aws:elasticbeanstalk:application:\n    # HealthCheckPath: /up\n"),
        ("web/site.config", "HealthCheckPath: /up\n"),
        ("terraform/cdn.tf", 'resource "fastly_service_vcl" "site" {\n  backend {\n    healthcheck = null\n  }\n}\n'),
        ("dev/k8s/web.yaml", LOAD),
        ("integration/data/web.yaml", LOAD),
    ],
)  # fmt: skip
def test_what_is_commented_out_or_serves_developers_and_tests_is_none(path: str, text: str) -> None:
    assert practice("healthChecks", {path: text}).outcome == "absent"


def test_probes_of_an_environment_named_dev_still_count() -> None:
    assert practice("healthChecks", {"k8s/dev/web.yaml": LOAD}).outcome == "present"


@pytest.mark.parametrize(("image", "outcome"), [("gradle:9-jdk21", "absent"), ("nginx:1.27", "present")])
def test_a_compose_file_with_a_build_tool_on_the_working_copy_is_one_for_developing(
    image: str, outcome: str
) -> None:
    compose = (
        f"services:\n  api:\n    image: {image}\n    volumes:\n      - ./:/app\n"
        "  proxy:\n    image: traefik:v3\n    healthcheck:\n      test: [CMD, traefik, healthcheck]\n"
    )
    assert practice("healthChecks", {"compose.yaml": compose}).outcome == outcome
