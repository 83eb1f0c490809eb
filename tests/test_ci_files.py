"""Which files belong to a CI system, and what its own words amount to."""

import pytest

from platform_operations.assess.ci import read_delivery
from platform_operations.model.delivery import Component
from platform_operations.repository import InMemoryRepository

APP = Component(id="app", types=("http-service",), origin="existing")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/cloudbuild.md", "steps:\n- name: node\n"),
        ("examples/cloudbuild.yaml", "steps:\n- name: node\n  args: [npm, test]\n"),
        ("cloudbuild.yaml", "notes: none\n"),
        ("service/bitbucket-pipelines.yml", "pipelines:\n  default:\n  - step:\n      script: [npm test]\n"),
        ("tools/.woodpecker.yml", "steps:\n- name: a\n  commands: [npm test]\n"),
    ],
)
def test_a_file_that_its_system_would_not_run_is_no_pipeline(path: str, text: str) -> None:
    assert read_delivery(InMemoryRepository({path: text}), (APP,)).systems == ()
