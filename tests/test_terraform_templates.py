"""Terraform in a folder called template: real where it is called or applied, a pattern where it is to be filled in."""

from collections.abc import Mapping

import pytest

from platform_operations.assess import assess
from platform_operations.model.assessment import Outcome
from platform_operations.repository import InMemoryRepository

ALERT = 'resource "azurerm_monitor_metric_alert" "errors" {\n  name = "errors"\n}\n'
PROBE = (
    'resource "azurerm_linux_web_app" "api" {\n  site_config {\n    health_check_path = "/health"\n  }\n}\n'
)
TEMPLATE = {"operations/template/alert.tf": ALERT, "operations/template/app.tf": PROBE}
CALL = 'module "all" {\n  source = "../template/"\n}\n'
PIPELINE = (
    "on:\n  push:\n    branches: [main]\njobs:\n  apply:\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - run: terraform -chdir=operations/template apply -auto-approve\n"
)


def outcomes(files: Mapping[str, str]) -> tuple[Outcome, Outcome]:
    found = assess(InMemoryRepository(files))
    alerts, health = found.fact("practices", "alerts"), found.fact("practices", "healthChecks")
    assert alerts is not None
    assert health is not None
    return alerts.outcome, health.outcome


@pytest.mark.parametrize(
    "used_by", [{"operations/dev/main.tf": CALL}, {".github/workflows/apply.yml": PIPELINE}]
)
def test_a_template_folder_that_is_called_as_a_module_or_applied_is_real(used_by: dict[str, str]) -> None:
    assert outcomes({**TEMPLATE, **used_by}) == ("present", "present")


def test_what_such_a_module_calls_is_real_too() -> None:
    files = {
        "operations/dev/main.tf": CALL,
        "operations/template/main.tf": 'module "alerts" {\n  source = "./templates"\n}\n',
        "operations/template/templates/alert.tf": ALERT,
        "operations/template/templates/app.tf": PROBE,
    }
    assert outcomes(files) == ("present", "present")


@pytest.mark.parametrize(
    "files",
    [
        {**TEMPLATE, "operations/dev/main.tf": 'module "all" {\n  source = "../network"\n}\n'},
        {**TEMPLATE, "examples/main.tf": 'module "all" {\n  source = "../operations/template"\n}\n'},
        {**TEMPLATE, "operations/dev/main.tf": CALL, "operations/template/name.tf": "# a\nlocals {\n  a = \"<service-name>\"\n}\n"},
        {**TEMPLATE, ".github/workflows/apply.yml": PIPELINE.replace("apply -auto", "validate -auto")},
        {f"tests/{path}": text for path, text in {**TEMPLATE, "operations/dev/main.tf": CALL}.items()},
        {"templates/alert.tf": ALERT, "templates/app.tf": PROBE},
    ],
)  # fmt: skip
def test_a_template_folder_that_nothing_uses_or_that_is_to_be_filled_in_shows_nothing(
    files: dict[str, str],
) -> None:
    assert outcomes(files) == ("absent", "absent")
