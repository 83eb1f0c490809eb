"""GitHub Actions: what a workflow's checks, artifacts and hand-overs become."""

import pytest
from tests.workflow_readings import fact, job, only, read, workflow

from platform_operations.assess.ci import Delivery, read_delivery
from platform_operations.model.delivery import Component
from platform_operations.repository import InMemoryRepository


@pytest.mark.parametrize(
    ("step", "blocking"),
    [
        ("- run: pip-audit", True),
        ("- run: pip-audit\n  continue-on-error: true", False),
        ("- run: pip-audit || true", False),
        ("- run: pip-audit | tee report", False),
        ("- run: pip-audit | tee report\n  shell: bash", True),
    ],
)
def test_a_gate_blocks_unless_its_failure_is_swallowed(step: str, blocking: bool) -> None:
    assert job(step).gates[0].blocking is blocking


def test_one_action_is_another_gate_by_what_it_scans() -> None:
    scan = "- uses: aquasecurity/trivy-action@0.28.0\n  with: {scan-type: SCAN}"
    kinds = [job(scan.replace("SCAN", one)).gates[0].kind for one in ("fs", "image", "config")]
    assert kinds == ["dependency-scan", "image-scan", "iac-scan"]


def test_a_gate_that_only_runs_on_a_schedule_blocks_nothing() -> None:
    assert job("- run: pip-audit", on="schedule: [{cron: '0 1 * * *'}]").gates[0].blocking is False


def test_a_severity_that_the_check_is_given_is_what_the_gate_fails_on() -> None:
    found = job("- run: docker build -t app .\n- run: trivy image --exit-code 1 --severity HIGH,CRITICAL app")
    assert found.gates[0].fails_on.at_least == "high"


def test_a_manual_approval_step_is_a_stage_and_a_gate() -> None:
    found = job("- uses: trstringer/manual-approval@v1\n- run: flyctl deploy", more="environment: production")
    assert [one.kind for one in found.stages] == ["approve", "deploy"]
    assert (found.gates[0].kind, found.gates[0].stage) == ("approval", "work-approve")
    assert found.stages[1].needs == ("work-approve",)


@pytest.mark.parametrize(
    ("tag", "identity"),
    [
        ("latest", "tag"), ("${{ github.sha }}", "commit"), ("$GITHUB_SHA", "commit"), ("${GITHUB_SHA::7}", "commit"),
        ("${{ github.event.release.tag_name }}", "version"), ("v1.2.3", "version"), ("${{ github.run_number }}", "version"),
        ("pr-${{ github.event.number }}", "tag"), ("${{ github.ref_name }}", "tag"), ("production", "tag"),
    ],
)  # fmt: skip
def test_an_images_best_name_is_its_identity_and_a_deployment_takes_it_by_what_it_says(
    tag: str, identity: str
) -> None:
    found = job(
        f"- run: docker build -t ghcr.io/acme/web:latest -t ghcr.io/acme/web:{tag} .\n- run: docker push --all-tags ghcr.io/acme/web\n"
        f"- run: kubectl set image deployment/web web=ghcr.io/acme/web:{tag}"
    )
    assert found.artifacts[0].identity == identity
    assert [(row.artifact, row.reference) for row in found.stages[1].consumes] == [("app-image", identity)]


def test_a_digest_that_a_build_hands_on_is_followed_through_outputs() -> None:
    found = workflow(
        """
on: {push: {branches: [main]}}
jobs:
  image:
    outputs: {digest: "${{ steps.push.outputs.digest }}"}
    steps:
      - {id: push, uses: docker/build-push-action@v6, with: {push: true, tags: "acme/web:latest", provenance: true}}
      - {uses: actions/attest-build-provenance@v2}
  ship:
    needs: image
    environment: production
    steps: [{run: "kubectl set image deployment/web web=acme/web@${{ needs.image.outputs.digest }}"}]
"""
    )
    assert found.stages[1].consumes[0].reference == "digest"
    assert found.artifacts[0].attestations == ("provenance",)


def test_an_apply_of_manifests_leaves_the_reference_unknown_and_names_the_path() -> None:
    found = job(
        "- run: docker build -t a/b:c . && docker push a/b:c\n- run: kubectl apply -k overlays/production"
    )
    assert found.stages[1].consumes == ()
    known = fact(found, "pipelineStages/work-deploy", "artifact-reference")
    assert (known.outcome, known.value) == ("unknown", "overlays/production")


def test_a_build_for_a_pull_request_that_pushes_nothing_makes_no_second_artifact() -> None:
    found = read(
        {
            ".github/workflows/ci.yml": "on: pull_request\njobs: {image: {steps: [{run: docker build -t acme/web:ci .}]}}\n",
            ".github/workflows/cd.yml": "on: {push: {branches: [main]}}\njobs: {image: {steps: [{run: docker build -t acme/web:1 . && docker push acme/web:1}]}}\n",
        }
    )
    assert [one.produces for one in found.stages if one.pipeline == "ci"] == [()]
    assert [one.produces for one in found.stages if one.pipeline == "cd"] == [("app-image",)]


def test_a_package_that_is_built_once_is_what_both_registries_get() -> None:
    found = workflow(
        """
on: {release: {types: [published]}}
jobs:
  build: {steps: [{run: python -m build}, {uses: actions/upload-artifact@v4}]}
  rehearse: {needs: build, steps: [{uses: pypa/gh-action-pypi-publish@v1, with: {repository-url: "https://test.pypi.org/legacy/"}}]}
  publish: {needs: rehearse, environment: pypi, steps: [{uses: pypa/gh-action-pypi-publish@v1}]}
"""
    )
    assert [(one.id, one.environment, [row.artifact for row in one.consumes]) for one in found.stages] == [
        ("build", None, []), ("rehearse", "testpypi", ["app-package"]), ("publish", "pypi", ["app-package"]),
    ]  # fmt: skip
    assert [one.produces for one in found.stages] == [("app-package",), (), ()]


def test_tests_that_may_fail_or_are_retried_are_flaky() -> None:
    for step in (
        "- run: pytest --reruns 2",
        "- run: pytest\n  continue-on-error: true",
        "- uses: nick-fields/retry@v3\n  with: {command: pytest}",
    ):
        found = job(step)
        assert fact(found, "pipelineStages/work", "flaky").outcome == "present"


def test_a_stage_of_a_monorepo_serves_the_component_whose_folder_it_works_in() -> None:
    components = (
        Component(id="api", types=("http-service",), path="services/api", origin="existing"),
        Component(id="web", types=("static-site",), path="services/web", origin="existing"),
    )
    text = (
        "on: push\njobs:\n  one: {steps: [{working-directory: services/api, run: pytest}]}\n"
        "  two: {steps: [{run: npx vitest run --root services/web}]}\n  all: {steps: [{run: gitleaks detect}]}\n"
    )
    found = read({".github/workflows/a.yml": text}, components=components)
    assert [one.component for one in found.stages] == ["api", "web", None]
    assert [one.component for one in found.gates if one.tool == "gitleaks"] == ["api", "web"]


@pytest.mark.parametrize(
    ("name", "kind"), [("deploy", "deploy"), ("infrastructure", "provision"), ("deploy-infra", "provision")]
)
def test_applying_infrastructure_code_is_the_deployment_of_a_job_that_is_called_one(
    name: str, kind: str
) -> None:
    found = workflow(
        f"on: push\njobs: {{{name}: {{environment: production, steps: [{{run: terraform apply}}]}}}}\n"
    )
    assert only(found).kind == kind


def test_a_hand_over_to_another_pipeline_is_a_deployment_whose_rest_nobody_sees() -> None:
    found = job(
        "- name: Deploy\n  run: gh workflow run release.yml --repo acme/deployments -f environment=staging"
    )
    assert only(found).kind == "deploy"
    assert fact(found, "pipelineStages/work", "downstream").outcome == "unknown"


def test_a_secret_in_a_command_is_not_repeated() -> None:
    token = "ghp_" + "a1B2" * 9
    call = f"curl -X POST https://ci.acme.example/hooks/deploy -H 'Authorization: Bearer {token}'"
    found = job(f"- run: |\n    {call}")
    assert only(found).kind == "deploy"
    assert token not in repr(found)


def test_a_broken_workflow_costs_only_itself() -> None:
    found = read(
        {
            ".github/workflows/a.yml": "on: push\njobs: {a: [}\n",
            ".github/workflows/b.yml": "on: push\njobs: {b: {steps: [{run: pytest}]}}\n",
        }
    )
    assert [one.id for one in found.stages] == ["b"]
    broken = fact(found, "file:.github/workflows/a.yml", "readable")
    assert broken.outcome == "unknown"
    assert broken.reason is not None and broken.reason.startswith("line 2:")
    assert broken.evidence == ("repo:.github/workflows/a.yml#L2-L2",)


def test_a_repository_without_ci_has_no_systems() -> None:
    assert read({"README.md": "x"}) == Delivery()


def test_without_components_there_are_stages_but_no_gates_and_no_artifacts() -> None:
    text = "on: push\njobs: {a: {steps: [{run: pytest}, {run: docker push acme/x:1}]}}\n"
    found = read_delivery(InMemoryRepository({".github/workflows/a.yml": text}), ())
    assert len(found.stages) == 2
    assert (found.gates, found.artifacts) == ((), ())
