"""Single signs of practices: a check in Consul, an EventBridge rule, images of tests, Django beside a workspace."""

from collections.abc import Mapping

import pytest

from platform_operations.assess import assess
from platform_operations.model.assessment import Fact
from platform_operations.repository import InMemoryRepository

APP = {
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "x = 1\n",
}


def practice(name: str, files: Mapping[str, str]) -> Fact:
    fact = assess(InMemoryRepository({**APP, **files})).fact("practices", name)
    assert fact is not None
    return fact


CONSUL = (
    '{\n  "service": {\n    "Name": "orders",\n    "check": {\n      "interval": "10s",\n'
    '      "http": "http://HOST:PORT/health"\n    }\n  }\n}\n'
)
NOMAD = (
    'job "orders" {\n  service {\n    check {\n      type     = "http"\n      path     = "/health"\n'
    '      interval = "10s"\n    }\n  }\n}\n'
)


@pytest.mark.parametrize(
    ("path", "text", "line"), [("consul/config.json", CONSUL, 4), ("nomad/orders.nomad", NOMAD, 3)]
)
def test_the_check_that_a_registry_asks_of_a_service_is_a_health_check(
    path: str, text: str, line: int
) -> None:
    assert practice("healthChecks", {path: text}).evidence == (f"repo:{path}#L{line}-L{line}",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("consul/config.json", CONSUL.replace('      "interval": "10s",\n', "")),
        ("consul/config.json", CONSUL.replace('"check": {', '"limits": {')),
        ("services/lint.json", '{\n  "service": "lint",\n  "check": {\n    "http": "no"\n  },\n  "interval": 5\n}\n'),
        ("examples/consul/config.json", CONSUL),
    ],
)  # fmt: skip
def test_a_service_without_an_interval_or_check_is_asked_nothing(path: str, text: str) -> None:
    assert practice("healthChecks", {path: text}).outcome == "absent"


RULE = (
    'resource "aws_cloudwatch_event_rule" "broken" {{\n  name = "deploy-{name}"\n  event_pattern = jsonencode({{\n'
    '    detail = {{\n      eventName = ["{event}"]\n    }}\n  }})\n}}\n'
)
TARGET = (
    'resource "aws_cloudwatch_event_target" "people" {{\n  rule = aws_cloudwatch_event_rule.broken.name\n'
    "  arn  = {arn}\n}}\n"
)


def test_an_event_rule_that_tells_people_of_a_failure_is_an_alert() -> None:
    text = RULE.format(name="x", event="SERVICE_DEPLOYMENT_FAILED") + TARGET.format(
        arn="aws_sns_topic.ops.arn"
    )
    assert practice("alerts", {"infra/main.tf": text}).evidence == ("repo:infra/main.tf#L1-L8",)


@pytest.mark.parametrize(
    ("name", "event", "arn"),
    [
        ("x", "SERVICE_DEPLOYMENT_COMPLETED", "aws_sns_topic.ops.arn"),
        ("failed", "SERVICE_DEPLOYMENT_COMPLETED", "aws_sns_topic.ops.arn"),
        ("x", "SERVICE_DEPLOYMENT_FAILED", "aws_lambda_function.retry.arn"),
    ],
)
def test_an_event_rule_of_something_else_or_that_only_starts_a_program_is_none(
    name: str, event: str, arn: str
) -> None:
    text = RULE.format(name=name, event=event) + TARGET.format(arn=arn)
    assert practice("alerts", {"infra/main.tf": text}).outcome == "absent"


IMAGE = "FROM alpine:3\nCMD run\n"


@pytest.mark.parametrize(
    "path",
    [
        "jmeter_test/Dockerfile",
        "smoke_tests/Dockerfile",
        "ops/jmeter/Dockerfile",
        "test-load/Dockerfile",
        ".github/workflows/lint.dockerfile",
        ".buildkite/Dockerfile",
        "web/.ddev/web-build/Dockerfile",
        "frontend/Dockerfile.playwright",
        ".gitpod.Dockerfile",
    ],
)
def test_an_image_of_a_folder_of_tests_is_no_deliverable(path: str) -> None:
    assert practice("dockerfile", {path: IMAGE}).outcome == "absent"


@pytest.mark.parametrize(
    "path", ["latest/Dockerfile", "speed-test/Dockerfile", "contest/Dockerfile", ".docker/Dockerfile"]
)
def test_a_folder_that_only_sounds_like_tests_is_one(path: str) -> None:
    assert practice("dockerfile", {path: IMAGE}).outcome == "present"


BUILDS = "on: {push: {branches: [main]}}\njobs:\n  image:\n    runs-on: x\n    steps:\n      - run: docker build -t acme/store:1.2.0 store && docker push acme/store:1.2.0\n"


@pytest.mark.parametrize(
    ("base", "beside", "outcome"),
    [
        ("postgres:16", {}, "absent"),
        ("docker.io/library/redis", {}, "absent"),
        ("postgres:16", {".github/workflows/image.yml": BUILDS}, "present"),
        ("postgrest/postgrest:v12", {}, "present"),
    ],
)
def test_a_data_store_beside_the_work_is_no_deliverable_where_no_pipeline_makes_images(
    base: str, beside: Mapping[str, str], outcome: str
) -> None:
    files = {"store/Dockerfile": f"FROM {base}\nCOPY settings /etc/store\nCMD run\n", **beside}
    assert practice("dockerfile", files).outcome == outcome


WORKSPACE = {
    "package.json": '{"private": true, "workspaces": ["frontend"]}\n',
    "frontend/package.json": '{"name": "frontend", "dependencies": {"next": "15.0.0"}}\n',
    "frontend/next.config.js": "module.exports = {output: 'export'}\n",
}


def components(files: Mapping[str, str]) -> dict[str | None, tuple[str, ...]]:
    return {one.path: tuple(one.types) for one in assess(InMemoryRepository(files)).as_is.components}


def test_a_django_application_in_the_root_stands_beside_the_workspace_of_its_front_end() -> None:
    django = {"manage.py": "import django\n", "requirements.txt": "django==5.2\n"}
    assert "http-service" in components({**WORKSPACE, **django})["."]
    assert "." not in components({**WORKSPACE, "manage.py": "x = 1\n"})
    assert "." not in components({**WORKSPACE, "requirements.txt": "black==25.1\n"})


def test_what_supabase_keeps_to_itself_leaves_no_health_check_open() -> None:
    files = {
        "supabase/config.toml": 'project_id = "orders"\n',
        "supabase/migrations/1_first.sql": "create table a (b int);\n",
    }
    assert practice("healthChecks", files).outcome == "absent"
    assert practice("rollback", files).outcome == "unknown"
