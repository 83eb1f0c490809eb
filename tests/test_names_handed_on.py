"""Names that a release is handed on by: to other repositories, to manifests that a controller keeps, to Terraform."""

from collections.abc import Mapping

import pytest
from tests.small_services import CI, assessed, practice, steps


def pinned(files: Mapping[str, str]) -> str:
    return practice("artifactPinning", files).outcome


DIGEST = "sha256:" + "ab12" * 16


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        (f"    agents: {{image: 'tools@{DIGEST}'}}\n", "absent"),
        ("    env: {RELEASE: 'registry/web@sha256:$DIGEST'}\n", "present"),
    ],
)
def test_the_digest_of_the_image_that_a_step_runs_in_names_nothing_that_is_deployed(
    row: str, outcome: str
) -> None:
    step = f"steps:\n  - label: Deploy production\n    command: ./up.sh\n{row}"
    assert pinned({".buildkite/pipeline.yml": step}) == outcome


HAND_OVER = """\
git clone {url} config
cd config
sed -i "s|image: .*|image: o/web:{tag}|" $DEPLOYMENT_FILE
git commit -am "set the image"
git push
"""
GITLAB = "prod:\n  stage: deploy\n  script:\n    - bin/update.sh\n  only: [main]\n"


@pytest.mark.parametrize(("tag", "outcome"), [("$CI_COMMIT_SHORT_SHA", "present"), ("production", "unknown")])
def test_a_script_that_writes_an_image_into_another_repository_hands_the_release_over(
    tag: str, outcome: str
) -> None:
    files = {
        ".gitlab-ci.yml": GITLAB,
        "bin/update.sh": HAND_OVER.format(url="git@host:o/config.git", tag=tag),
    }
    assert pinned(files) == outcome
    rollback = practice("rollback", files)
    assert rollback.reason == "bin/update.sh:1 writes a version into another repository, which releases it"


def test_a_script_that_clones_its_own_repository_hands_nothing_over() -> None:
    script = HAND_OVER.format(url="$CI_REPOSITORY_URL", tag="$CI_COMMIT_SHA")
    assert practice("rollback", {".gitlab-ci.yml": GITLAB, "bin/update.sh": script}).outcome == "absent"


@pytest.mark.parametrize(
    ("tag", "outcome"), [("${{ github.sha }}", "present"), ("latest", "unknown"), ("main", "unknown")]
)
def test_what_another_repository_is_told_to_take_names_the_release(tag: str, outcome: str) -> None:
    payload = f'{{\\"event_type\\":\\"update\\",\\"client_payload\\":{{\\"docker_tag\\":\\"{tag}\\"}}}}'
    request = f'run: curl -X POST https://api.github.com/repos/o/manifests/dispatches -d "{payload}"'
    assert pinned({CI: steps(request)}) == outcome
    started = "run: gh workflow run deploy.yml --repo o/manifests -f image_tag=" + tag
    assert pinned({CI: steps(started)}) == outcome


@pytest.mark.parametrize(("tag", "outcome"), [("$IMAGE_TAG", "present"), ("latest", "absent")])
def test_a_program_that_a_variable_of_the_step_names_is_read(tag: str, outcome: str) -> None:
    script = f"#!/bin/sh\nhelm upgrade web chart --set image.tag={tag}\n"
    job = steps(
        "run: echo IMAGE_TAG=main-${GITHUB_SHA} >> $GITHUB_ENV",
        "run: docker build -t o/web:$IMAGE_TAG . && docker push o/web:$IMAGE_TAG",
        "run: ./bin/${PLACE}_deploy.sh\n        env:\n          PLACE: production",
    )
    assert pinned({CI: job, "bin/production_deploy.sh": script}) == outcome


@pytest.mark.parametrize(
    ("path", "row", "outcome"),
    [
        (
            ".github/actions/setup-store/action.yml",
            "image: store:${{ inputs.image_tag }}-$GITHUB_SHA",
            "absent",
        ),
        (".github/actions/image/action.yml", "image: store:${{ inputs.image_tag }}-$GITHUB_SHA", "present"),
        (".github/actions/image/action.yml", "IMAGE_TAG: 6.8.23", "absent"),
        (".github/actions/image/action.yml", "key: image-${{ github.sha }}", "absent"),
    ],
)
def test_what_a_test_needs_and_what_is_kept_between_runs_name_no_release(
    path: str, row: str, outcome: str
) -> None:
    assert (
        pinned({CI: steps("run: helm upgrade web chart"), path: f"runs:\n  steps:\n    - {row}\n"}) == outcome
    )


@pytest.mark.parametrize(
    ("ref", "outcome"),
    [
        ("${{ github.event.inputs.releaseTag }}", "present"),
        ("${{ inputs.branch }}", "absent"),
        ("main", "absent"),
    ],
)
def test_a_release_from_the_source_of_a_tag_that_a_person_names_is_named(ref: str, outcome: str) -> None:
    checkout = f"uses: actions/checkout@v4\n        with:\n          ref: {ref}"
    assert pinned({CI: steps(checkout, "run: sam build", "run: sam deploy")}) == outcome


ARGO = {
    "argocd/application.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n"
    "  source: {repoURL: https://host/o/web, path: k8s/production}\n  destination: {namespace: web}\n"
}


@pytest.mark.parametrize(
    ("path", "tag", "outcome"),
    [
        ("k8s/production/web.values.yaml", "sha-29226a0", "present"),
        ("k8s/production/web.values.yaml", "latest", "absent"),
        ("k8s/staging/web.values.yaml", "sha-29226a0", "absent"),
    ],
)
def test_under_argo_cd_the_values_of_production_name_what_users_get(
    path: str, tag: str, outcome: str
) -> None:
    others = {f"k8s/staging/{n}.values.yaml": "image:\n  tag: latest\n" for n in ("a", "b", "c")}
    skaffold = {
        "skaffold.yaml": "build:\n  artifacts:\n    - image: o/web:latest\n    - image: o/api:latest\n"
    }
    assert pinned({**ARGO, **others, **skaffold, path: f"image:\n  tag: {tag}\n"}) == outcome


@pytest.mark.parametrize(("program", "count"), [("gitlab-terraform", 1), ("gitlab-terraform-docs", 0)])
def test_a_wrapper_of_terraform_is_terraform(program: str, count: int) -> None:
    pipeline = f"deploy-production:\n  environment: production\n  script:\n    - {program} apply\n"
    stages = assessed({".gitlab-ci.yml": pipeline}).as_is.pipeline_stages
    assert (
        len([stage for stage in stages if "terraform" in stage.runs[0] and stage.kind == "deploy"]) == count
    )


@pytest.mark.parametrize(
    ("image", "outcome"),
    [
        ('"${docker_image.web.name}@${docker_registry_image.web.sha256_digest}"', "present"),
        ("data.aws_ecr_image.web.image_digest", "present"),
        ('"o/web:${var.tag}"', "absent"),
        ('"o/web:latest"', "absent"),
    ],
)
def test_terraform_that_runs_an_image_by_its_digest_names_it(image: str, outcome: str) -> None:
    service = f'resource "google_cloud_run_v2_service" "web" {{\n  template {{\n    containers {{\n      image = {image}\n    }}\n  }}\n}}\n'
    job = steps("run: terraform apply -auto-approve")
    assert pinned({CI: job, "infra/main.tf": service}) == outcome
