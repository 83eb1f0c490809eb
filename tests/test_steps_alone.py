"""A pipeline of Buildkite that is the list of its steps alone, and a list of something else beside it."""

import pytest
from tests.small_services import APP

from platform_operations.assess import assess
from platform_operations.repository import InMemoryRepository

STEPS = """- label: scan
  command: semgrep ci
- wait
- label: ship
  commands:
    - ./deploy.sh production
"""


def test_a_list_of_steps_is_a_pipeline_without_the_word_above_it() -> None:
    path = ".buildkite/checks/pipeline.yml"
    alone = assess(InMemoryRepository({**APP, path: STEPS}))
    below = assess(InMemoryRepository({**APP, path: f"steps:\n{STEPS}"}))
    assert [one.kind for one in alone.as_is.pipeline_stages] == [
        one.kind for one in below.as_is.pipeline_stages
    ]
    fact = alone.fact("practices", "securityScan")
    assert fact is not None
    assert fact.evidence == (f"repo:{path}#L2-L2",)


@pytest.mark.parametrize("text", ["- one\n- two\n", "- name: a\n  colour: red\n", "[]\n"])
def test_a_list_of_something_else_is_no_pipeline(text: str) -> None:
    found = assess(InMemoryRepository({**APP, ".buildkite/colours.yml": text}))
    assert not found.as_is.pipeline_stages
    github = assess(InMemoryRepository({**APP, ".github/workflows/x.yml": STEPS}))
    assert not github.as_is.pipeline_stages
