"""Commands and gates that a draft proposes, read as the person who will run them."""

from functools import cache
from pathlib import Path

from platform_operations.assess import assess
from platform_operations.draft import draft
from platform_operations.model.delivery import Stage
from platform_operations.model.plan import Plan
from platform_operations.repository import InMemoryRepository
from platform_operations.toolbox import assessed, drafted, open_target

CHECKOUT = Path(__file__).parent.parent / "examples" / "checkout"

RELEASE = """\
on: {push: {branches: [main]}}
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - run: docker build -t ghcr.io/acme/shop:${{ github.sha }} .
      - run: docker push ghcr.io/acme/shop:${{ github.sha }}
  production:
    needs: image
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: kubectl set image deployment/shop shop=ghcr.io/acme/shop:${{ github.sha }}
"""

AGAIN = """\
on: workflow_dispatch
jobs:
  again:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: kubectl set image deployment/shop shop=ghcr.io/acme/shop:${{ github.sha }}
"""


@cache
def canary() -> Plan:
    target = open_target(str(CHECKOUT))
    return drafted(target, assessed(target)).plan


@cache
def two_ways_to_production() -> Plan:
    files = {
        ".github/workflows/again.yml": AGAIN,
        ".github/workflows/release.yml": RELEASE,
        "Dockerfile": 'FROM node:22\nEXPOSE 8080\nCMD ["node", "index.js"]\n',
        "index.js": "require('express')().listen(8080)\n",
        "package.json": '{"name": "shop", "dependencies": {"express": "5.1.0"}}\n',
        "package-lock.json": '{"name": "shop", "lockfileVersion": 3, "packages": {}}\n',
    }
    return draft(assess(InMemoryRepository(files, name="shop", default_branch="main")))


def stage(plan: Plan, name: str) -> Stage:
    return next(stage for stage in plan.pipeline_stages if stage.id == name)


def test_the_wait_for_a_canary_is_longer_than_its_steps_hold_together() -> None:
    steps = next(row.steps for row in canary().deploy_strategy.components)

    assert [step.hold for step in steps] == ["10m", "20m", "30m"]
    assert stage(canary(), "deploy-production").runs[-1] == (
        "kubectl argo rollouts status checkout --timeout 75m -n checkout"
    )


def test_a_plugin_s_words_stand_before_its_flags_as_kubectl_demands() -> None:
    said = [line for entry in canary().pipeline_stages for line in entry.runs]
    said += [line for book in canary().runbooks for line in (*book.confirm, *book.mitigate)]
    plugged = [line for line in said if "argo rollouts" in line]

    assert len(plugged) > 3
    assert all("kubectl argo rollouts " in line and line.endswith(" -n checkout") for line in plugged)


def test_what_runs_after_a_canary_is_read_from_the_rollout_that_replaced_the_deployment() -> None:
    assert " get rollout/checkout " in stage(canary(), "verify-production").runs[1]
    assert " get deployment/checkout " in stage(canary(), "verify-staging").runs[1]


def test_a_digest_that_is_not_set_fails_the_verification() -> None:
    """`grep` finds the empty text everywhere."""
    assert stage(canary(), "verify-production").runs[1].endswith('"${IMAGE_DIGEST:?}"')


def test_a_proposed_check_is_waited_for_in_its_own_pipeline() -> None:
    plan = two_ways_to_production()
    pipelines = {entry.id: entry.pipeline for entry in plan.pipeline_stages}
    checks = {gate.stage for gate in plan.quality_gates if gate.tool in {"npm-audit", "gitleaks"}}
    waits = {
        (need, entry.pipeline) for entry in plan.pipeline_stages for need in entry.needs if need in checks
    }

    assert {pipelines[need] for need, _ in waits} == {"again", "release"}
    assert all(pipelines[need] == pipeline for need, pipeline in waits)


def test_a_gate_fails_from_the_severity_that_its_command_names() -> None:
    gates = [gate for gate in two_ways_to_production().quality_gates if gate.tool == "npm-audit"]

    assert gates
    assert {gate.fails_on.at_least for gate in gates} == {"high"}
