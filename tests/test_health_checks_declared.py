"""Files that declare how what runs is asked, and those that only look as if they did."""

import json

import pytest
from tests.small_services import assessed, practice

from platform_operations.assess import assess
from platform_operations.repository import InMemoryRepository

VALUES = "image:\n  tag: v1\nreadinessProbe:\n  enabled: {}\n"
COMPOSE = (
    "services:\n  web:\n    image: web:1\n    healthcheck:\n      test: curl -f http://localhost/health\n"
)


def test_values_that_helmfile_fills_in_declare_a_probe_unless_they_switch_it_off() -> None:
    path = "k8s/helmfile/env/production/web.values.yaml.gotmpl"
    assert practice("healthChecks", {path: VALUES.format("true")}).evidence == (f"repo:{path}#L3-L3",)
    assert practice("healthChecks", {path: VALUES.format("false")}).outcome == "absent"


def test_checks_of_an_application_in_app_json_count_and_those_of_a_package_do_not() -> None:
    checks = json.dumps({"healthchecks": {"web": [{"type": "startup", "path": "/health"}]}}, indent=2)
    assert practice("healthChecks", {"app.json": checks}).evidence == ("repo:app.json#L2-L2",)
    assert practice("healthChecks", {"app.json": '{\n"healthchecks": {}\n}\n'}).outcome == "absent"
    assert practice("healthChecks", {"src/menu/app.jsonc": checks}).outcome == "absent"


@pytest.mark.parametrize(
    ("path", "outcome"),
    [("docker/compose/web.yml", "absent"), ("docker/web.yml", "present"), ("deploy/stack.yml", "present")],
)
def test_files_of_a_folder_of_compose_are_a_developers_like_files_of_that_name(
    path: str, outcome: str
) -> None:
    manifest = {"manifest.yml": "applications:\n  - name: web\n    memory: 1G\n"}
    assert practice("healthChecks", {path: COMPOSE, **manifest}).outcome == outcome


def test_who_asks_servers_that_capistrano_deploys_to_is_set_up_there() -> None:
    recipe = {"Capfile": "require 'capistrano/deploy'\n", "config/deploy.rb": "set :application, 'web'\n"}
    fact = practice("healthChecks", recipe)
    assert fact.outcome == "unknown"
    assert (fact.reason or "").startswith("Capfile: ")
    assert practice("healthChecks", {"config/deploy.rb": recipe["config/deploy.rb"]}).outcome == "absent"
    beside = {"k8s/web.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"}
    assert practice("healthChecks", {**recipe, **beside}).outcome == "absent"


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ("enable_container_health_probe = true", "present"),
        ('container_health_probe_protocol = "https"', "present"),
        ('health_check_protocol = "HTTP"', "present"),
        ("enable_container_health_probe = false", "absent"),
        ("container_health_probe_protocol = null", "absent"),
        ("enable_health_insurance = true", "absent"),
    ],
)
def test_what_a_module_is_told_of_a_probe_declares_it(row: str, outcome: str) -> None:
    module = f'module "files" {{\n  source = "./files"\n  {row}\n}}\n'
    files = {"infra/main.tf": module, "infra/files/main.tf": 'resource "random_id" "a" {\n}\n'}
    assert practice("healthChecks", files).outcome == outcome


def test_beside_a_recipe_of_capistrano_a_compose_file_is_a_developers() -> None:
    recipe = {"Capfile": "require 'capistrano/deploy'\n", "config/deploy.rb": "set :application, 'web'\n"}
    assert practice("healthChecks", {"docker-compose.yml": COMPOSE}).outcome == "present"
    assert practice("healthChecks", {"docker-compose.yml": COMPOSE, **recipe}).outcome == "unknown"


FUNCTION = {
    "api/serverless.yml": "service: api\nprovider:\n  name: aws\nfunctions:\n  get:\n    handler: a.b\n"
}


@pytest.mark.parametrize(
    ("setting", "type_", "outcome"),
    [
        ("  output: 'export',\n", "static-site", "unknown"),
        ("  output: 'standalone',\n", "http-service", "absent"),
        ("  // output: 'export',\n", "http-service", "absent"),
    ],
)
def test_pages_that_next_writes_out_are_a_site_and_leave_functions_the_only_thing_to_ask(
    setting: str, type_: str, outcome: str
) -> None:
    files = {
        "web/package.json": json.dumps({"name": "web", "private": True, "dependencies": {"next": "15.0.0"}}),
        "web/next.config.js": f"module.exports = {{\n{setting}}};\n",
        **FUNCTION,
    }
    found = assess(InMemoryRepository(files))
    assert next(one.types for one in found.as_is.components if one.path == "web")[0] == type_
    fact = found.fact("practices", "healthChecks")
    assert fact is not None
    assert fact.outcome == outcome


def test_a_service_beside_functions_is_asked_or_not_by_what_stands_here() -> None:
    fact = assessed(FUNCTION).fact("practices", "healthChecks")
    assert fact is not None
    assert fact.outcome == "absent"
