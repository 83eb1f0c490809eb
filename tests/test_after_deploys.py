"""What steps after a deployment do: check it, tell of it, tidy up; and what is deployed by which name."""

import pytest
from tests.workflow_readings import job, only, read

from platform_operations.assess import assess
from platform_operations.assess.ci import Delivery
from platform_operations.model.delivery import Component
from platform_operations.repository import InMemoryRepository

SHIP = "- run: helm upgrade web acme/web --install\n"
SSH = "- uses: appleboy/ssh-action@v1\n  name: {}\n  with:\n    script: {}\n"


def kinds(delivery: Delivery) -> list[str]:
    return [stage.kind for stage in delivery.stages]


def gitlab(text: str, **files: str) -> Delivery:
    named = {name.replace("__", "/"): content for name, content in files.items()}
    return read({".gitlab-ci.yml": text, **named})


def test_tests_after_a_deployment_in_a_step_named_for_verifying_verify_it() -> None:
    retried = (
        "- name: Verify staging works\n  uses: nick-invision/retry@v3\n  with: {command: pytest tests/}\n"
    )
    assert kinds(job(SHIP + retried)) == ["deploy", "verify"]
    assert kinds(job(SHIP + "- name: Smoke the site\n  run: pytest tests/\n")) == ["deploy", "verify"]


@pytest.mark.parametrize(
    "steps",
    [SHIP + "- name: Run tests\n  run: pytest\n", "- name: Verify the build\n  run: pytest\n" + SHIP],
)
def test_tests_that_no_name_ties_to_the_deployment_or_that_come_before_it_stay_tests(steps: str) -> None:
    assert sorted(kinds(job(steps))) == ["deploy", "test"]


def test_a_shell_on_the_server_after_a_deployment_verifies_where_its_step_says_so() -> None:
    up = SSH.format("Start services", "make pull && make up")
    for name, script in (("Run health tests", "make health"), ("Check services are up", "make livecheck")):
        assert kinds(job(up + SSH.format(name, script))) == ["deploy", "verify"]


@pytest.mark.parametrize("name", ["Deploy and verify", "Health"])
def test_a_shell_on_the_server_that_changes_what_runs_deploys_whatever_its_step_is_called(name: str) -> None:
    assert only(job(SSH.format(name, "docker compose pull && docker compose up -d"))).kind == "deploy"


def test_a_shell_on_the_server_that_only_tidies_is_no_stage() -> None:
    assert kinds(job(SHIP + SSH.format("Cleanup old objects", "make prune"))) == ["deploy"]


@pytest.mark.parametrize(
    "fetch",
    [
        "curl https://api.example.org/doc > openapi.json",
        "curl https://packages.example.org/doc/apt-key.gpg | sudo apt-key add -",
        "curl -s https://api.example.org/openapi -o openapi.json",
        "curl --fail https://files.example.org/web.tgz --data-binary @web.tgz",
        "curl -T results.xml https://reports.example.org/web",
    ],
)
def test_a_request_that_only_fetches_or_brings_a_file_checks_nothing(fetch: str) -> None:
    assert kinds(job(f"{SHIP}- run: {fetch}\n")) == ["deploy"]


@pytest.mark.parametrize(
    "ask",
    [
        "curl -fsS https://web.example.org/health > /dev/null",
        "curl -fsS https://web.example.org/health 2> errors.txt",
        "curl -s -o answer.txt -w '%{http_code}' https://web.example.org/health",
        "curl -fsS --data ping=1 https://web.example.org/echo",
    ],
)
def test_a_request_whose_answer_is_thrown_away_or_whose_status_is_asked_checks(ask: str) -> None:
    assert kinds(job(f"{SHIP}- run: {ask}\n")) == ["deploy", "verify"]


def test_telling_people_of_a_deployment_is_none() -> None:
    told = "- name: Post a message that the deployment to production has started\n  run: python tell.py\n"
    assert kinds(job(SHIP + told)) == ["deploy"]


def test_the_tests_of_a_deployments_scripts_are_tests() -> None:
    checked = "deployment_scripts:\n  script: ops/deployment/{}run.sh\n"
    assert only(gitlab(checked.format("tests/"))).kind == "test"
    assert only(gitlab(checked.format(""))).kind == "deploy"


def test_a_program_that_is_told_to_deploy_does_so_in_a_job_of_an_environment() -> None:
    text = "{}:\n  {}script: uv run acme deploy --quiet\n"
    assert only(gitlab(text.format("go", "environment: production\n  "))).kind == "deploy"
    assert only(gitlab(text.format("deploy", ""))).kind == "deploy"
    assert kinds(gitlab(text.format("try-out", ""))) == []


BUILT = """
build:
  script:
    - docker build -t $CI_REGISTRY_IMAGE/web:$TAG . && docker push $CI_REGISTRY_IMAGE/web:$TAG
deploy:
  needs: [build]
  environment: production
  script: helm upgrade web chart --set image.web.tag=$TAG
"""


def references(delivery: Delivery) -> set[str]:
    return {item.reference for stage in delivery.stages if stage.kind == "deploy" for item in stage.consumes}


@pytest.mark.parametrize(
    ("tag", "reference"), [("$CI_COMMIT_REF_SLUG-$CI_COMMIT_SHA", "commit"), ("latest", "tag")]
)
def test_variables_that_gitlabs_workflow_rules_set_name_the_image(tag: str, reference: str) -> None:
    rules = "".join(
        f"    - if: $CI_COMMIT_BRANCH == '{branch}'\n      variables: {{TAG: '{tag}'}}\n"
        for branch in ("develop", "main")
    )
    found = gitlab(f"workflow:\n  rules:\n{rules}{BUILT}")
    assert references(found) == {reference}
    assert [one.identity for one in found.artifacts] == [reference]


def test_of_differing_rules_the_default_branchs_variables_count() -> None:
    rules = """
workflow:
  rules:
    - if: $CI_COMMIT_BRANCH == "main"
      variables: {TAG: $CI_COMMIT_SHA}
    - if: $CI_COMMIT_BRANCH == "develop"
      variables: {TAG: latest}
"""
    assert references(gitlab(rules + BUILT)) == {"commit"}


def test_a_dotenv_report_names_what_later_jobs_deploy() -> None:
    naming = """
name-it:
  script: [echo "TAG=ci-$CI_COMMIT_SHORT_SHA" >> build.env]
  artifacts: {reports: {dotenv: build.env}}
"""
    assert references(gitlab(naming + BUILT)) == {"commit"}
    without = naming.replace("reports: {dotenv: build.env}", "paths: [build.env]")
    assert references(gitlab(without + BUILT)) != {"commit"}


SEVERAL = """
{}:
  script: docker buildx build --push -t registry.example/{}:$CI_COMMIT_SHA {}
"""


@pytest.mark.parametrize(
    ("flags", "reference"),
    [
        (
            "--api-image registry.example/api:$CI_COMMIT_SHA --web-image registry.example/web:$CI_COMMIT_SHA",
            {"commit"},
        ),
        ("--set api.tag=$CI_COMMIT_SHA --set web.tag=$CI_COMMIT_SHA", {"commit"}),
        ("--set api.tag=$CI_COMMIT_SHA --set web.tag=latest", set[str]()),
    ],
)
def test_several_images_are_named_for_good_where_every_tag_that_the_deployment_gives_is(
    flags: str, reference: set[str]
) -> None:
    deploy = (
        f"deploy:\n  stage: deploy\n  environment: production\n  script: helm upgrade all chart {flags}\n"
    )
    text = SEVERAL.format("api", "api", "api") + SEVERAL.format("web", "web", "web") + deploy
    one = Component(id="app", types=("http-service",), origin="existing")
    assert references(read({".gitlab-ci.yml": text}, components=(one,))) == reference


@pytest.mark.parametrize(
    ("told", "reference"),
    [
        ("kubectl set image deployment/web web=registry.example/web:$GITHUB_SHA", {"commit"}),
        ("kubectl set image -f web.yaml web=registry.example/web:latest --local -o yaml", {"tag"}),
        ("aws lambda update-function-code --function-name web --image-uri $REGISTRY/web:latest", {"tag"}),
        ("aws lambda update-function-code --function-name web --image-uri $REGISTRY/$WEB", set[str]()),
    ],
)
def test_what_a_command_is_told_to_run_names_the_image(told: str, reference: set[str]) -> None:
    built = "- run: docker build -t $REGISTRY/${{ matrix.image }}:$GITHUB_SHA . --push\n"
    assert references(job(f"{built}- run: {told}\n")) == reference


def test_waiting_for_a_task_that_ran_once_checks_no_deployment() -> None:
    renew = "- run: aws ecs update-service --cluster web --service web\n"
    stable = "- run: aws ecs wait services-stable --cluster web --services web\n"
    stopped = "- run: aws ecs wait tasks-stopped --cluster web --tasks migrate\n"
    assert [stage.waits for stage in job(renew + stable).stages] == [True]
    assert [stage.waits for stage in job(renew + stopped).stages] == [False]


STAGES = """
stages: [deploy, look]
deploy-{place}:
  stage: deploy
  environment: {place}
  rules: [if: $CI_COMMIT_BRANCH == "develop"]
  script: helm upgrade web chart
release:
  stage: deploy
  environment: production
  rules: [if: $CI_COMMIT_BRANCH == "main"]
  script: helm upgrade web chart
browse:
  stage: look
  needs: [deploy-{place}]
  script: npx playwright test
"""


@pytest.mark.parametrize(
    ("place", "outcome"),
    [("development", "present"), ("review/app", "present"), ("production-eu", "absent")],
)
def test_a_check_of_a_lower_environment_stands_before_production(place: str, outcome: str) -> None:
    files = {".gitlab-ci.yml": STAGES.format(place=place), "Dockerfile": "FROM python:3\nCMD app\n"}
    fact = assess(InMemoryRepository(files)).fact("practices", "stagedVerification")
    assert fact is not None
    assert fact.outcome == outcome
