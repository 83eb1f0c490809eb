"""Which environment a name speaks of, and which tests after a deployment ask what runs there."""

import pytest
from tests.workflow_readings import read, workflow

from platform_operations.assess.ci import Delivery
from platform_operations.assess.ci.names import environment_kind, environment_word


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("live-dev", "development"),
        ("internal-dev", "development"),
        ("live", "production"),
        ("prod-live", "production"),
        ("ref", "staging"),
        ("internal", "staging"),
        ("internal-tools-prod", "production"),
        ("reports", None),
    ],
)
def test_a_word_that_also_names_a_cluster_or_an_audience_decides_only_where_no_clearer_one_does(
    name: str, kind: str | None
) -> None:
    assert environment_kind(name) == kind


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("deploy-live-dev", "dev"),
        ("promote-staging-to-production", "production"),
        ("Deploy prod stage", "prod"),
        ("deploy-stage", "stage"),
        ("live_deploy", "live"),
        ("to-do", None),
    ],
)
def test_a_job_goes_to_the_most_telling_environment_of_its_name(text: str, word: str | None) -> None:
    assert environment_word(text) == word


@pytest.mark.parametrize(
    ("path", "environment"),
    [("deploy/live/staging/web.yaml", "staging"), ("deploy/live/web.yaml", "live")],
)
def test_the_deepest_environment_of_a_path_is_where_it_is_applied(path: str, environment: str) -> None:
    found = workflow(f"on: push\njobs: {{ship: {{steps: [{{run: kubectl apply -f {path}}}]}}}}\n")
    assert [stage.environment for stage in found.stages] == [environment]


SHIP = "on: {push: {branches: [main]}}\njobs:\n  ship:\n    steps: [{run: helm upgrade web acme/web -n staging}]\n"


@pytest.mark.parametrize(
    ("job", "kind"),
    [
        ("  regression_tests:\n    needs: ship\n    steps: [{run: pytest tests}]\n", "verify"),
        (
            "  tests:\n    needs: ship\n    env: {BASE_URL: https://staging.example.org}\n    steps: [{run: pytest}]\n",
            "verify",
        ),
        (
            "  tests:\n    needs: ship\n    steps: [{run: pytest, env: {API_URL: '${{ needs.ship.outputs.url }}'}}]\n",
            "verify",
        ),
        ("  unit-tests:\n    needs: ship\n    steps: [{run: pytest}]\n", "test"),
        ("  integration-tests:\n    steps: [{run: pytest}]\n", "test"),
        (
            "  integration-tests:\n    needs: ship\n    services: {db: {image: postgres}}\n    steps: [{run: pytest}]\n",
            "test",
        ),
        (
            "  api-tests:\n    needs: ship\n    env: {BASE_URL: 'http://localhost:80'}\n    steps: [{run: pytest}]\n",
            "test",
        ),
    ],
)
def test_tests_of_the_whole_after_a_deployment_verify_it_unless_they_start_what_they_ask(
    job: str, kind: str
) -> None:
    found = read({".github/workflows/main.yml": SHIP + job})
    assert [stage.kind for stage in found.stages] == ["deploy", kind]


@pytest.mark.parametrize("name", ["check-migrations", "validate_migrations", "makemigrations"])
def test_a_check_of_migrations_migrates_nothing(name: str) -> None:
    found = read(
        {
            ".github/workflows/main.yml": f"on: push\njobs: {{a: {{steps: [{{run: make {name}}}]}}}}\n",
            "Makefile": f"{name}:\n\t./manage.py makemigrations --check\n",
        }
    )
    assert "migrate" not in [stage.kind for stage in found.stages]


CIRCLE = """
version: 2.1
jobs:
  check: {docker: [{image: cimg/ruby:3.3}], steps: [checkout, {run: bundle exec rspec}]}
  ship:
    docker: [{image: cimg/base:current}]
    steps:
      - checkout
      - run: {name: NAME, command: ./bin/deploy-eks, environment: {VARIABLE: VALUE}}
workflows:
  branches:
    jobs:
      - check: {filters: {branches: {only: [BRANCH]}}}
      - ship: {requires: [check]}
"""


def circle(**told: str) -> Delivery:
    text = CIRCLE
    for word, given in {
        "NAME": "Deploy",
        "VARIABLE": "COLOUR",
        "VALUE": "blue",
        "BRANCH": "main",
        **told,
    }.items():
        text = text.replace(word, given)
    return read({".circleci/config.yml": text, "bin/deploy-eks": "x\n"})


@pytest.mark.parametrize(
    ("told", "environment"),
    [
        ({"NAME": "Deploy to test"}, "test"),
        ({"NAME": "Deploy to the cluster"}, "production"),
        ({"VARIABLE": "PLATFORM_ENV", "VALUE": "test"}, "test"),
        ({"VARIABLE": "APP_ENV", "VALUE": "test"}, "production"),
        ({"VARIABLE": "TARGET", "VALUE": "test"}, "production"),
    ],
)
def test_a_step_tells_where_it_deploys_by_the_end_of_its_name_or_by_its_own_variable(
    told: dict[str, str], environment: str
) -> None:
    stage = next(stage for stage in circle(**told).stages if stage.kind == "deploy")
    assert stage.environment == environment


@pytest.mark.parametrize(
    ("branch", "triggers", "kind"),
    [
        ("main", ("push-default-branch",), "production"),
        ("/testable-.*/", ("push-branch",), "ephemeral"),
        ("/release-.*/", ("push-branch",), "production"),
        ("/(main|hotfix)/", ("push-default-branch", "push-branch"), "production"),
        ("/.*/", ("push-default-branch", "push-branch"), "production"),
    ],
)
def test_a_job_runs_where_the_jobs_run_that_it_requires(
    branch: str, triggers: tuple[str, ...], kind: str
) -> None:
    delivery = circle(BRANCH=branch)
    assert delivery.pipelines[0].triggers == triggers
    stage = next(stage for stage in delivery.stages if stage.kind == "deploy")
    assert [one.kind for one in delivery.environments if one.id == stage.environment] == [kind]


def test_tests_that_circleci_shares_out_are_tests() -> None:
    shared = 'circleci tests glob "spec/**" | circleci tests run --command="xargs bundle exec rspec" --split-by=timings'
    text = CIRCLE.replace("bundle exec rspec", f"'{shared}'").replace("BRANCH", "main")
    delivery = read({".circleci/config.yml": text})
    assert delivery.stages[0].kind == "test"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("deploy-to-test", "test"),
        ("Deploy to CI", "ci"),
        ("deploy-to-npm", None),
        ("upgrade-to-next", None),
        ("deploy-to-test-cluster", None),
    ],
)
def test_what_follows_deploy_to_is_where_it_goes(text: str, word: str | None) -> None:
    assert environment_word(text) == word
