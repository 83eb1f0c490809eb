"""What stands between a lower environment and users: drafts that a person publishes, previews, shares, slots, tracks."""

from collections.abc import Mapping

import pytest
from tests.small_services import CI, HEAD, practice

UP = "run: helm upgrade web chart"


def job(key: str, *rows: str, needs: str = "", environment: str = "", condition: str = "") -> str:
    head = f"  {key}:\n    runs-on: x\n"
    for name, value in (("needs", needs), ("environment", environment), ("if", condition)):
        head += f"    {name}: {value}\n" if value else ""
    return head + "    steps:\n" + "".join(f"      - {row}\n" for row in rows)


def staged(files: Mapping[str, str]) -> str:
    return practice("stagedVerification", files).outcome


STAGING = job("staging", UP, environment="staging")
PUBLISHED = "on:\n  release:\n    types: [published]\njobs:\n" + job(
    "production", UP, environment="production"
)


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("uses: release-drafter/release-drafter@v6", "present"),
        ("uses: softprops/action-gh-release@v2\n        with:\n          draft: true", "present"),
        ("run: gh release create v1 --draft", "present"),
        ("uses: softprops/action-gh-release@v2\n        with:\n          draft: false", "absent"),
        ("run: gh release create v1", "absent"),
    ],
)
def test_publishing_a_draft_is_a_persons_approval_of_what_staging_showed(step: str, outcome: str) -> None:
    files = {
        CI: HEAD + STAGING + job("draft", step, needs="staging"),
        ".github/workflows/prod.yml": PUBLISHED,
    }
    assert staged(files) == outcome


def test_a_draft_without_a_lower_environment_approves_nothing_that_was_tried() -> None:
    draft = job("draft", "uses: release-drafter/release-drafter@v6")
    assert staged({CI: HEAD + draft, ".github/workflows/prod.yml": PUBLISHED}) == "absent"


HOSTED = {"vercel.json": "{}", "package.json": '{"name": "web", "dependencies": {"next": "14.0.0"}}'}
TRIED = "run: npx playwright test\n        env:\n          BASE_URL: ${{ steps.up.outputs.url }}"


@pytest.mark.parametrize(
    "wait",
    [
        "patrickedqvist/wait-for-vercel-preview@v1",
        "probablyup/wait-for-netlify-action@v3",
        "zentered/vercel-preview-url@v1",
        "UnlyEd/github-action-await-vercel@v2",
    ],
)
def test_a_preview_of_the_change_that_is_waited_for_and_walked_through_is_tried(wait: str) -> None:
    pull = "on: pull_request\njobs:\n" + job("e2e", f"uses: {wait}\n        id: up", TRIED)
    found = practice("stagedVerification", {**HOSTED, CI: pull})
    assert (found.outcome, found.strength) == ("present", "present")


def test_unit_tests_of_a_change_try_no_preview() -> None:
    pull = "on: pull_request\njobs:\n" + job("unit", "run: npx jest")
    assert staged({**HOSTED, CI: pull}) == "unknown"


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ("github.event.deployment_status.state == 'success'", "present"),
        ("github.event.deployment_status.environment == 'Preview'", "present"),
        ("github.event.deployment_status.environment == 'Production'", "unknown"),
    ],
)
def test_a_journey_through_what_the_platform_put_up_tries_a_preview_unless_it_asks_for_production(
    condition: str, outcome: str
) -> None:
    walk = "on: deployment_status\njobs:\n" + job("e2e", "run: npx playwright test", condition=condition)
    assert staged({**HOSTED, CI: walk}) == outcome


ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: web}}
spec:
  strategy:
    canary:
      steps:
        - setWeight: 10
        - {step}
  template:
    spec:
      containers: [{{name: web, image: 'o/web:1.2.3'}}]
"""


@pytest.mark.parametrize(
    ("step", "outcome"),
    [("analysis: {templates: [{templateName: ok}]}", "present"), ("pause: {duration: 60}", "absent")],
)
def test_a_share_of_users_whose_answers_are_judged_is_a_lower_exposure(step: str, outcome: str) -> None:
    files = {
        CI: HEAD + job("production", "run: kubectl apply -f k8s/", environment="production"),
        "k8s/rollout.yaml": ROLLOUT.format(step=step),
    }
    assert staged(files) == outcome


FUNCTION = """\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.12
      AutoPublishAlias: live
      DeploymentPreference:
        Type: {kind}
        {alarms}
"""


@pytest.mark.parametrize(
    ("kind", "alarms", "outcome"),
    [
        ("Canary10Percent5Minutes", "Alarms: [!Ref Errors]", "present"),
        ("Canary10Percent5Minutes", "Enabled: true", "absent"),
        ("AllAtOnce", "Alarms: [!Ref Errors]", "absent"),
    ],
)
def test_traffic_that_shifts_while_alarms_watch_is_judged_on_its_way(
    kind: str, alarms: str, outcome: str
) -> None:
    files = {
        CI: HEAD + job("production", "run: sam deploy", environment="production"),
        "template.yaml": FUNCTION.format(kind=kind, alarms=alarms),
    }
    assert staged(files) == outcome


SWAP = "run: az webapp deployment slot swap --name web --slot staging"


@pytest.mark.parametrize(
    ("between", "outcome"),
    [("run: curl -f https://web-staging.azurewebsites.net/health", "present"), ("run: sleep 60", "absent")],
)
def test_a_slot_is_swapped_into_production(between: str, outcome: str) -> None:
    rows = ("run: az webapp deploy --name web --slot staging --src-path web.zip", between, SWAP)
    assert staged({CI: HEAD + job("deploy", *rows)}) == outcome


@pytest.mark.parametrize(
    ("between", "outcome"),
    [("run: curl -f https://candidate---web.a.run.app/health", "present"), ("run: sleep 60", "absent")],
)
def test_a_revision_without_traffic_is_tried_before_it_gets_any(between: str, outcome: str) -> None:
    rows = (
        "run: gcloud run deploy web --image i --no-traffic --tag candidate",
        between,
        "run: gcloud run services update-traffic web --to-latest",
    )
    assert staged({CI: HEAD + job("deploy", *rows, environment="production")}) == outcome


@pytest.mark.parametrize(("lane", "outcome"), [("internal", "present"), ("screenshots", "absent")])
def test_a_store_release_that_a_person_starts_after_testers_got_it_is_staged(lane: str, outcome: str) -> None:
    pipeline = (
        f"stages: [first, production]\nfirst:\n  stage: first\n  script: [bundle exec fastlane {lane}]\n"
        "production:\n  stage: production\n  when: manual\n  script: [bundle exec fastlane production]\n"
    )
    assert staged({".gitlab-ci.yml": pipeline}) == outcome


def test_an_answer_that_a_jenkinsfile_keeps_is_an_approval() -> None:
    file = (
        "node {\n  stage('Deploy staging') { sh 'helm upgrade web chart' }\n  stage('Deploy production') {\n"
        "    answer = input(id: 'go', message: 'Confirm')\n    sh 'helm upgrade web chart'\n  }\n}\n"
    )
    assert staged({"Jenkinsfile": file}) == "present"
    assert staged({"Jenkinsfile": file.replace("input(", "ask(")}) == "absent"


DENO = """\
{{"tasks": {{
  "plan": "terraform plan -out=x.tfplan -var image={image}",
  "apply": "terraform apply x.tfplan",
  "e2e": "deno test -A"
}}}}
"""


@pytest.mark.parametrize(
    ("variables", "outcome"), [("API_IMAGE_ID: o/web@sha256:1", "present"), ("REGION: x", "absent")]
)
def test_infrastructure_that_is_told_an_image_in_a_job_of_an_environment_is_its_deployment(
    variables: str, outcome: str
) -> None:
    def deployed(place: str, needs: str = "") -> str:
        plan = f"run: deno task plan\n        env:\n          {variables}"
        return job(
            place,
            plan,
            "run: deno task apply",
            "name: e2e\n        run: deno task e2e",
            needs=needs,
            environment=place,
        )

    files = {
        CI: HEAD + deployed("staging") + deployed("production", "staging"),
        "deno.json": DENO.format(image="$I"),
    }
    assert practice("postDeployValidation", files).outcome == outcome


@pytest.mark.parametrize(
    ("called", "outcome"),
    [("image_build", "absent"), ("mkdocs-build", "absent"), ("build-and-deploy", "unknown")],
)
def test_a_workflow_of_elsewhere_that_only_builds_an_image_decides_nothing_about_the_release(
    called: str, outcome: str
) -> None:
    remote = f"  image:\n    uses: o/shared/.github/workflows/{called}.yml@v1\n"
    assert (
        staged({CI: HEAD + remote + job("production", UP, needs="image", environment="production")})
        == outcome
    )


@pytest.mark.parametrize(
    ("name", "outcome"), [("Post-deploy migrations", "absent"), ("Post-deploy checks", "present")]
)
def test_migrations_after_a_deployment_check_nothing(name: str, outcome: str) -> None:
    rows = (UP, f"name: {name}\n        uses: o/shared/run@v1")
    found = practice("postDeployValidation", {CI: HEAD + job("production", *rows, environment="production")})
    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        ('S=$(curl -s "https://api.vercel.com/v6/deployments?sha=$GITHUB_SHA")', "present"),
        ('curl -X POST https://api.vercel.com/v13/deployments -d "{}"', "unknown"),
        ("sleep 60", "unknown"),
    ],
)
def test_a_journey_after_a_job_that_asks_the_platform_for_the_preview_tries_it(
    request_: str, outcome: str
) -> None:
    files = {
        **HOSTED,
        CI: "on: pull_request\njobs:\n"
        + job("wait", f"run: {request_}")
        + job("walk", "uses: cypress-io/github-action@v6", needs="wait"),
    }
    assert staged(files) == outcome


@pytest.mark.parametrize(("tests", "outcome"), [("bin/smoke-test.sh", "present"), ("sleep 60", "absent")])
def test_a_change_that_is_tried_where_it_was_put_up_before_it_is_merged_is_staged(
    tests: str, outcome: str
) -> None:
    pull = "on: pull_request\njobs:\n" + job("review", UP, f"run: {tests}", environment="review")
    files = {".github/workflows/pull.yml": pull, CI: HEAD + job("production", UP, environment="production")}
    assert staged(files) == outcome
