"""What is kept in another repository decides about a practice only where its name, or what starts it, leaves that open."""

import pytest
from tests.small_services import practice

FLOW = ".github/workflows/shared.yml"
AZURE = """trigger: [main]
resources:
  repositories:
    - repository: shared
      type: github
      name: acme/templates
jobs:
  - job: build
    steps:
      - template: {}@shared
"""


def calling(called: str, starts: str = "on: [push, pull_request]") -> dict[str, str]:
    uses = f"acme/.github/.github/workflows/{called}.yml@main"
    return {FLOW: f"{starts}\npermissions: {{}}\njobs:\n  it:\n    uses: {uses}\n"}


@pytest.mark.parametrize(
    ("called", "outcome"),
    [
        ("everything", "unknown"),
        ("pull-request", "unknown"),
        ("documentation-link-check", "absent"),
        ("node-setup", "absent"),
        ("prune-container-images", "absent"),
        ("upgrade-python-requirements", "absent"),
        ("code-quality", "unknown"),
    ],
)
def test_the_name_of_a_called_workflow_tells_whether_it_may_scan(called: str, outcome: str) -> None:
    assert practice("securityScan", calling(called)).outcome == outcome


@pytest.mark.parametrize(
    ("starts", "outcome"),
    [
        ("on:\n  issue_comment:\n    types: [created]", "absent"),
        ("on:\n  pull_request_target:\n    types: [opened, labeled]", "absent"),
        ("on:\n  pull_request_target:\n    types: [opened, synchronize]", "unknown"),
        ("on:\n  pull_request_target:", "unknown"),
        ("on:\n  issues:\n  push:\n    branches: [main]", "unknown"),
        ("on:\n  issues:\n  workflow_dispatch:", "unknown"),
    ],
)
def test_what_people_start_by_writing_or_labelling_scans_no_change(starts: str, outcome: str) -> None:
    files = calling("everything", starts)
    for name in ("securityScan", "dependencyScan"):
        assert practice(name, files).outcome == outcome


@pytest.mark.parametrize(
    ("template", "outcome"),
    [
        ("templates/node-job-setup/template.yaml", "absent"),
        ("templates/checks/template.yaml", "unknown"),
        ("pipelines/common-app-build.yaml", "unknown"),
        ("templates/template.yaml", "unknown"),
    ],
)
def test_a_template_of_a_general_name_is_told_by_its_folder(template: str, outcome: str) -> None:
    assert practice("dependencyScan", {"azure-pipelines.yml": AZURE.format(template)}).outcome == outcome


@pytest.mark.parametrize(
    ("file", "outcome"),
    [
        ("run-danger", "absent"),
        ("assign-reviewers", "absent"),
        ("label-and-deploy", "unknown"),
        ("main", "unknown"),
    ],
)
def test_what_a_workflow_that_is_named_for_a_chore_calls_is_part_of_it(file: str, outcome: str) -> None:
    (text,) = calling("retry-on-events").values()
    files = {".github/workflows/ci.yml": DEPLOYS, f".github/workflows/{file}.yml": text}
    assert practice("rollback", files).outcome == outcome


DEPLOYS = (
    "on: {push: {branches: [main]}}\njobs:\n  deploy:\n    steps:\n      - run: kubectl apply -f web.yaml\n"
)
