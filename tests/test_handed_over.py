"""Releases whose steps are kept elsewhere: what their names and what they are given say."""

import pytest
from tests.workflow_readings import read

from platform_operations.assess import assess
from platform_operations.repository import InMemoryRepository

LOWER = """acmePipeline {
    stage 'Tests', { sh 'pytest' }
    stage 'Deploy on continuumtest', {
        builderDeployRevision 'shop--continuumtest', commit
        builderSmokeTests 'shop--continuumtest', '/srv/shop'
    }
}
"""
HIGHER = """acmePipeline {
    stage 'Deploy', {
        builderDeployRevision 'shop--prod', commit
        builderSmokeTests 'shop--prod', '/srv/shop'
    }
}
"""


def practices(files: dict[str, str]) -> dict[str, str]:
    found = assess(
        InMemoryRepository({"src/app.py": "import flask\n", "requirements.txt": "flask\n", **files})
    )
    return {fact.aspect: fact.outcome for fact in found.facts if fact.subject == "practices"}


def test_library_steps_of_jenkins_deploy_and_verify_where_their_first_argument_says() -> None:
    found = read({"Jenkinsfile": LOWER, "Jenkinsfile.prod": HIGHER})
    assert [(stage.kind, stage.environment) for stage in found.stages] == [
        ("test", None),
        ("deploy", "test"),
        ("verify", "test"),
        ("deploy", "prod"),
        ("verify", "prod"),
    ]
    said = practices({"Jenkinsfile": LOWER, "Jenkinsfile.prod": HIGHER})
    assert {said[name] for name in ("stagedVerification", "postDeployValidation", "artifactPinning")} == {
        "present"
    }
    assert (said["rollback"], said["securityScan"]) == ("unknown", "absent")


@pytest.mark.parametrize(
    "step",
    [
        "acmeDeploySlackNotification 'shop', 'prod'",
        "publishTestResults 'out/tests.xml'",
        "sh 'pytest'",
        "lock('shop-deploy') { sh 'pytest' }",
    ],
)
def test_steps_that_only_tell_of_a_deployment_release_nothing(step: str) -> None:
    found = read({"Jenkinsfile": f"node {{\n stage('Tell') {{\n  {step}\n }}\n}}\n"})
    assert not {stage.kind for stage in found.stages} & {"deploy", "verify", "publish"}


def test_a_block_that_is_a_whole_pipeline_under_a_word_of_a_library_leaves_everything_open() -> None:
    assert practices({"Jenkinsfile": "acmePipeline(service: 'shop')\n"})["securityScan"] == "absent"
    assert practices({"Jenkinsfile": "acmePipeline {\n  service = 'shop'\n}\n"})["securityScan"] == "unknown"


CALLED = (
    "on: {push: {branches: [main]}}\njobs:\n  deploy:\n    uses: acme/ci/.github/workflows/deploy_app.yaml@main\n"
    "    with:\n      environment: production\n      %s\n"
)


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ("commit_id: ${{ github.sha }}", "present"),
        ("image_tag: ${{ github.sha }}", "present"),
        ("image_tag: latest", "unknown"),
        ("node_version: 20.1.0", "unknown"),
        ("docker_version: 24.0.5", "unknown"),
        ("upstream_commit_short_sha: ${{ github.sha }}", "present"),
        ("repo_name: shop", "unknown"),
    ],
)
def test_a_deployment_kept_elsewhere_that_is_told_a_commit_deploys_by_it(given: str, outcome: str) -> None:
    assert practices({".github/workflows/ship.yml": CALLED % given})["artifactPinning"] == outcome


def test_a_commit_handed_to_a_deployment_kept_elsewhere_counts_beside_an_image_that_is_built_here() -> None:
    built = "on: push\njobs: {a: {steps: [{run: docker build -t acme.io/shop:latest . && docker push acme.io/shop:latest}]}}\n"
    files = {".github/workflows/ship.yml": CALLED % "commit_id: ${{ github.sha }}"}
    said = practices(
        {**files, ".github/workflows/image.yml": built, "Dockerfile": "FROM python:3.13\nCMD x\n"}
    )
    assert said["artifactPinning"] == "present"


@pytest.mark.parametrize(("tag", "outcome"), [("$CI_COMMIT_SHA", "present"), ("latest", "unknown")])
def test_the_variables_of_a_downstream_trigger_name_what_it_deploys(tag: str, outcome: str) -> None:
    text = (
        "stages: [build, deploy]\nbuild: {stage: build, script: [make build]}\n"
        f"deploy_eks:\n  stage: deploy\n  trigger: {{project: acme/eks}}\n  variables: {{IMAGE_TAG: {tag}}}\n"
    )
    assert practices({".gitlab-ci.yml": text})["artifactPinning"] == outcome
