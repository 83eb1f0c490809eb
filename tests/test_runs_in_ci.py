"""What a pipeline starts on its own machine is no release, and what it writes into manifests is one where it is sent."""

import pytest
from tests.workflow_readings import read

from platform_operations.model.delivery import Stage

IMAGE = "ghcr.io/plover/notes"
SHA = "${{ github.sha }}"
EDIT = f"kustomize edit set image notes={IMAGE}:{SHA}"
BUILT = f"""on: {{push: {{branches: [main]}}}}
jobs:
  image:
    steps:
      - run: docker build -t {IMAGE}:{SHA} .
      - run: docker push {IMAGE}:{SHA}
"""


def stages(*runs: str, key: str = "next", target: str = "") -> list[Stage]:
    """Return the stages of a job after one that makes the image."""
    lines = [f"  {key}:", "    needs: image"]
    lines += [f"    environment: {target}"] if target else []
    lines += ["    steps:", *(f"      - run: |\n          {run}" for run in runs)]
    found = read({".github/workflows/ship.yml": BUILT + "\n".join(lines) + "\n"})
    return [stage for stage in found.stages if stage.id != "image"]


def test_an_image_that_ci_starts_and_asks_on_its_own_machine_is_verified_and_not_released() -> None:
    (smoke,) = stages(f"docker run -d -p 80:80 {IMAGE}:{SHA}", "curl --fail http://localhost/up")

    assert (smoke.kind, smoke.environment, smoke.exposure) == ("verify", None, None)
    assert [(item.artifact, item.reference) for item in smoke.consumes] == [("app-image", "commit")]
    assert smoke.runs == (f"docker run -d -p 80:80 {IMAGE}:{SHA}", "curl --fail http://localhost/up")
    assert smoke.asserts == ("reachable",)


def test_an_image_that_is_started_for_tests_is_neither_released_nor_verified() -> None:
    assert [stage.kind for stage in stages("docker run -d -p 5432:5432 postgres", "pytest")] == ["test"]


@pytest.mark.parametrize(
    "line", ["docker compose up --detach --wait", "docker run -d --restart always notes"]
)
def test_what_a_job_starts_in_an_environment_that_it_names_is_released_there(line: str) -> None:
    (stage,) = stages(line, target="production")

    assert (stage.kind, stage.environment, stage.exposure) == ("deploy", "production", "full")


def test_what_a_job_of_another_name_starts_without_an_environment_is_no_release() -> None:
    assert stages("docker compose up --detach", key="integration") == []


def test_a_line_that_only_assigns_variables_starts_nothing() -> None:
    (smoke,) = stages(
        "REVISION=$GITHUB_SHA", f"docker run -d {IMAGE}:{SHA}", "curl --fail http://localhost/up"
    )

    assert smoke.kind == "verify"


def test_another_machine_is_waited_for_where_its_own_command_waits() -> None:
    (stage,) = stages(
        f'ssh deploy@notes.example "REVISION={SHA} docker compose up --detach --wait"', key="deploy"
    )

    assert stage.waits
    assert [(item.artifact, item.reference) for item in stage.consumes] == [("app-image", "commit")]


def test_a_promotion_takes_what_its_pipeline_put_up_on_that_platform_before() -> None:
    text = """on: {push: {branches: [main]}}
jobs:
  web:
    steps:
      - run: vercel build --prod
      - run: vercel deploy --prebuilt --prod --skip-domain
      - run: curl --fail "$DEPLOYMENT_URL"
      - run: vercel promote "$DEPLOYMENT_URL" --yes
"""
    found = {stage.kind: stage for stage in read({".github/workflows/web.yml": text}).stages}

    assert found["deploy"].consumes != ()
    assert found["promote"].consumes == found["deploy"].consumes


def test_a_promotion_of_what_somebody_names_by_hand_takes_nothing_that_is_known() -> None:
    text = """on: {workflow_dispatch: {inputs: {url: {required: true}}}}
jobs:
  promote:
    steps:
      - run: vercel promote ${{ inputs.url }} --yes
"""
    (stage,) = read({".github/workflows/web.yml": text}).stages

    assert stage.kind == "promote"
    assert stage.consumes == ()


def test_an_edit_of_manifests_that_is_committed_and_sent_is_the_hand_over() -> None:
    (stage,) = stages(EDIT, "git commit --all --message release", "git push")

    assert (stage.kind, stage.action, stage.exposure) == ("deploy", "gitops-commit", "full")
    assert stage.runs == (EDIT, "git push")
    assert [(item.artifact, item.reference) for item in stage.consumes] == [("app-image", "commit")]


@pytest.mark.parametrize(
    ("after", "action"),
    [
        ("kubectl apply -k .", "kubernetes-apply"),
        ("kustomize build . | kubectl apply -f -", "kubernetes-apply"),
        ("argocd app sync notes", "argocd-request-sync"),
    ],
)
@pytest.mark.parametrize("sent", [(), ("git push",)])
def test_an_edit_of_manifests_that_the_job_applies_itself_prepares_that_deployment(
    after: str, action: str, sent: tuple[str, ...]
) -> None:
    (stage,) = stages(EDIT, after, *sent)

    assert stage.action == action
    assert not any("edit set image" in line or "git push" in line for line in stage.runs)
    assert [(item.artifact, item.reference) for item in stage.consumes] == [("app-image", "commit")]


def test_an_edit_of_manifests_that_goes_nowhere_is_no_release() -> None:
    assert [stage.kind for stage in stages(EDIT, "kustomize build . | kubeconform -")] == ["analyze"]


@pytest.mark.parametrize(
    "line",
    [
        f'sed -i "s|image: .*|image: {IMAGE}:{SHA}|" deploy/deployment.yaml',
        f"yq -i '.spec.template.spec.containers[0].image = \"{IMAGE}:{SHA}\"' deploy/deployment.yaml",
    ],
)
def test_an_image_written_by_any_editor_is_handed_over_by_a_job_that_deploys(line: str) -> None:
    (stage,) = stages(line, "git push", key="deploy")

    assert stage.action == "gitops-commit"


def test_an_image_written_into_an_example_by_a_job_of_another_name_is_no_release() -> None:
    assert (
        stages('sed -i "s|image: .*|image: notes:v2|" docs/compose.yaml', "git push", key="changelog") == []
    )
