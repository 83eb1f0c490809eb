"""GitHub Actions: what a workflow's events, jobs and environments become."""

import pytest
from tests.workflow_readings import fact, job, only, read, workflow

from platform_operations.assess.ci import read_delivery
from platform_operations.repository import InMemoryRepository


@pytest.mark.parametrize(
    ("on", "triggers"),
    [
        ("push", ("push-default-branch", "push-branch")),
        ("{push: {branches: [main]}}", ("push-default-branch",)),
        ("{push: {branches: [develop]}}", ("push-branch",)),
        ("{push: {branches: ['**']}}", ("push-default-branch", "push-branch")),
        ("{push: {tags: ['v*']}}", ("tag",)),
        ("{push: {branches-ignore: [main]}}", ("push-branch",)),
        ("[pull_request, workflow_dispatch]", ("pull-request", "manual")),
        ("{release: {types: [published]}}", ("release",)),
        ("{schedule: [{cron: '0 1 * * *'}]}", ("schedule",)),
        ("{merge_group: {}}", ("merge-queue",)),
        ("{workflow_call: {}}", ("upstream",)),
        ("deployment_status", ("deployment-status",)),
    ],
)
def test_events_become_triggers(on: str, triggers: tuple[str, ...]) -> None:
    found = workflow(f"on: {on}\njobs: {{a: {{steps: [{{run: pytest}}]}}}}\n")
    assert found.pipelines[0].triggers == triggers


def test_the_repositorys_own_default_branch_decides_what_a_push_to_it_is() -> None:
    text = "on: {push: {branches: [trunk]}}\njobs: {a: {steps: [{run: pytest}]}}\n"
    found = read_delivery(InMemoryRepository({".github/workflows/a.yml": text}, default_branch="trunk"), ())
    assert found.pipelines[0].triggers == ("push-default-branch",)


@pytest.mark.parametrize(
    ("step", "kind", "environment", "exposure"),
    [
        ("- run: kubectl -n staging apply -f k8s", "deploy", "staging", "internal"),
        ("- run: kubectl apply -k deploy/overlays/production", "deploy", "production", "full"),
        ("- run: helm upgrade web chart -f values-prod.yaml", "deploy", "prod", "full"),
        ("- run: sst deploy --stage prod", "deploy", "prod", "full"),
        ("- run: vercel deploy --prod", "deploy", "production", "full"),
        ("- run: vercel deploy", "deploy", "preview", "internal"),
        ("- run: gcloud run deploy web --image x --no-traffic", "deploy", "production", "none"),
        ("- run: terraform apply -auto-approve -var-file=prod.tfvars", "provision", "prod", None),
        ("- run: alembic upgrade head", "migrate", "production", "full"),
        ("- run: twine upload dist/*", "publish", "pypi", "full"),
        ("- run: twine upload --repository testpypi dist/*", "publish", "testpypi", "internal"),
        ("- run: npm publish --tag next", "publish", "npm", "partial"),
        ("- uses: pypa/gh-action-pypi-publish@v1", "publish", "pypi", "full"),
        ("- run: 'curl -X POST \"$RENDER_DEPLOY_HOOK\"'", "deploy", "production", "full"),
        ("- run: URL=$(netlify deploy --prod --dir dist)", "deploy", "production", "full"),
    ],
)
def test_a_release_step_names_its_kind_environment_and_exposure(
    step: str, kind: str, environment: str, exposure: str | None
) -> None:
    stage = only(job(step))
    assert (stage.kind, stage.environment, stage.exposure) == (kind, environment, exposure)


@pytest.mark.parametrize(
    "step",
    [
        "- run: kubectl apply --dry-run=client -f k8s", "- run: npm publish --dry-run", "- run: terraform plan",
        "- run: kustomize build overlays/production", "- run: echo kubectl apply -f k8s", "- run: helm version",
        "- run: curl -fsSL https://get.helm.sh/install.sh -o install.sh", "- run: 'curl -X POST $SLACK_WEBHOOK_URL'",
        "- run: docker compose up -d db", "- run: rsync -a --exclude=.git build/ ../copy", "- if: false\n  run: kubectl apply -f k8s", "- run: aws s3 cp s3://cache/x.tar .",
        "- uses: actions/stale@v9",
    ],
)  # fmt: skip
def test_rehearsals_downloads_and_housekeeping_are_no_stage(step: str) -> None:
    assert job(step).stages == ()


def test_what_is_deployed_to_a_cluster_that_the_job_starts_is_a_test() -> None:
    found = job(
        "- uses: helm/kind-action@v1\n- run: helm install web chart --wait\n- run: kubectl apply -f k8s"
    )
    assert only(found).kind == "test"
    assert found.environments == ()


def test_a_migration_of_the_database_that_tests_use_is_no_stage() -> None:
    found = job("- run: alembic upgrade head\n- run: pytest", more="services: {postgres: {image: postgres}}")
    assert only(found).kind == "test"


def test_a_backup_to_a_bucket_is_no_deployment() -> None:
    assert job("- name: Backup\n  run: aws s3 sync data s3://acme-backup").stages == ()


def test_publishing_pages_of_a_library_is_no_release_but_of_a_site_it_is() -> None:
    text = "on: {push: {branches: [main]}}\njobs: {pages: {environment: github-pages, steps: [{uses: actions/deploy-pages@v4}]}}\n"
    assert read({".github/workflows/docs.yml": text}, "library").stages == ()
    assert read({".github/workflows/docs.yml": text}, "static-site").stages[0].kind == "deploy"


def test_an_environment_that_no_name_gives_is_production_on_the_default_branch_and_the_reason_is_said() -> (
    None
):
    found = job("- run: flyctl deploy")
    assert only(found).environment == "production"
    assert (
        fact(found, "pipelineStages/work", "environment").reason
        == "deployed from the default branch and no environment is named"
    )


@pytest.mark.parametrize(
    ("condition", "environment"),
    [("github.ref == 'refs/heads/develop'", "develop"), ("github.event_name == 'pull_request'", "preview")],
)
def test_a_condition_on_a_branch_or_pull_request_names_the_environment(
    condition: str, environment: str
) -> None:
    found = job("- run: flyctl deploy", on="push", more=f'if: "{condition}"')
    assert only(found).environment == environment


def test_a_secret_that_carries_an_environment_names_it() -> None:
    found = job(
        "- uses: appleboy/ssh-action@v1\n  with:\n    host: ${{ secrets.STAGING_HOST }}\n    script: docker compose up -d"
    )
    assert (only(found).kind, only(found).environment) == ("deploy", "staging")


def test_protection_of_a_production_environment_is_unknown_because_the_hosting_keeps_it() -> None:
    found = job("- run: flyctl deploy", more="environment: {name: production, url: 'https://acme.example'}")
    assert fact(found, "environments/production", "approval").outcome == "unknown"
    assert found.environments[0].url == "https://acme.example"
    assert "repo:.github/workflows/main.yml#L6-L6" in found.environments[0].evidence


def test_a_matrix_over_environments_gives_a_stage_each_and_any_other_matrix_one() -> None:
    found = workflow(
        """
on: {push: {branches: [main]}}
jobs:
  test:
    strategy: {matrix: {python: ["3.11", "3.12"]}}
    steps: [{run: pytest}]
  ship:
    needs: test
    strategy: {matrix: {environment: [staging, production]}}
    environment: ${{ matrix.environment }}
    steps: [{run: "kubectl apply -k overlays/${{ matrix.environment }}"}]
  after:
    needs: ship
    steps: [{run: npx playwright test}]
"""
    )
    assert [(one.id, one.environment) for one in found.stages[:3]] == [
        ("test", None), ("ship-staging", "staging"), ("ship-production", "production"),
    ]  # fmt: skip
    assert found.stages[3].kind == "verify"
    assert found.stages[3].needs == ("ship-production", "ship-staging")


def test_a_choice_of_environments_at_dispatch_gives_a_stage_each() -> None:
    found = workflow(
        """
on:
  workflow_dispatch:
    inputs:
      where: {type: choice, options: [staging, production]}
jobs:
  ship:
    environment: ${{ inputs.where }}
    steps: [{run: flyctl deploy}]
"""
    )
    assert [one.environment for one in found.stages] == ["staging", "production"]


def test_an_environment_that_only_the_run_decides_is_unknown() -> None:
    found = workflow(
        "on: workflow_dispatch\njobs:\n  ship:\n    environment: ${{ inputs.where }}\n    steps: [{run: flyctl deploy}]\n"
    )
    assert fact(found, "pipelines/main", "environment").outcome == "unknown"


@pytest.mark.parametrize(
    ("condition", "needs", "optional"),
    [
        ("", ("test",), ()),
        ("if: always()", (), ("test",)),
        ("if: ${{ !cancelled() }}", (), ("test",)),
        ("if: always() && needs.test.result == 'success'", ("test",), ()),
        ("if: ${{ !failure() && !cancelled() }}", ("test",), ()),
    ],
)
def test_a_job_that_runs_whatever_happened_needs_nothing(
    condition: str, needs: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    found = workflow(
        f"on: push\njobs:\n  test:\n    steps: [{{run: pytest}}]\n  ship:\n    needs: test\n    {condition or 'name: x'}\n"
        "    environment: production\n    steps: [{run: flyctl deploy}]\n"
    )
    assert (found.stages[1].needs, found.stages[1].optional_needs) == (needs, optional)


def test_a_job_that_deploys_after_a_failure_is_a_rollback() -> None:
    found = workflow(
        "on: push\njobs:\n  ship: {environment: production, steps: [{run: flyctl deploy}]}\n"
        "  back: {needs: ship, if: failure(), environment: production, steps: [{run: flyctl deploy --image previous}]}\n"
    )
    assert (found.stages[1].kind, found.stages[1].needs, found.stages[1].optional_needs) == (
        "rollback",
        (),
        ("ship",),
    )


def test_a_workflow_that_follows_another_continues_its_graph() -> None:
    ci = "name: CI\non: push\njobs: {test: {steps: [{run: pytest}]}}\n"
    ship = (
        "on: {workflow_run: {workflows: [CI], types: [completed], branches: [main]}}\njobs:\n  ship:\n"
        "    if: github.event.workflow_run.conclusion == 'success'\n    environment: production\n    steps: [{run: flyctl deploy}]\n"
    )
    found = read({".github/workflows/ci.yml": ci, ".github/workflows/ship.yml": ship})
    by_id = {one.id: one for one in found.stages}
    assert by_id["ship"].needs == ("test",)
    careless = ship.replace("    if: github.event.workflow_run.conclusion == 'success'\n", "")
    found = read({".github/workflows/ci.yml": ci, ".github/workflows/ship.yml": careless})
    by_id = {one.id: one for one in found.stages}
    assert (by_id["ship"].needs, by_id["ship"].optional_needs) == ((), ("test",))


def test_tests_on_a_deployment_status_verify_it() -> None:
    found = workflow("on: deployment_status\njobs: {e2e: {steps: [{run: npx playwright test}]}}\n")
    assert only(found).kind == "verify"


def test_a_workflow_of_another_repository_is_unknown_and_its_name_tells_the_kind() -> None:
    found = workflow(
        "on: push\njobs: {ship: {uses: acme/shared/.github/workflows/deploy.yml@v1, with: {environment: staging}}}\n"
    )
    assert fact(found, "pipelines/main", "remote-workflow").outcome == "unknown"
    assert (only(found).kind, only(found).environment) == ("deploy", "staging")
    assert only(found).runs == ("uses acme/shared/.github/workflows/deploy.yml@v1",)


def test_a_callee_of_this_repository_is_no_pipeline_of_its_own() -> None:
    found = read(
        {
            ".github/workflows/main.yml": "on: push\njobs: {a: {uses: ./.github/workflows/checks.yml}}\n",
            ".github/workflows/checks.yml": "on: workflow_call\njobs: {unit: {steps: [{run: pytest}]}, lint: {steps: [{run: ruff check}]}}\n",
        }
    )
    assert [one.id for one in found.pipelines] == ["main"]
    assert [one.id for one in found.stages] == ["a-unit", "a-lint"]


def test_a_workflow_that_calls_itself_ends() -> None:
    found = workflow(
        "on: workflow_call\njobs: {a: {uses: ./.github/workflows/main.yml}, b: {steps: [{run: pytest}]}}\n"
    )
    assert len(found.stages) <= 10


def test_a_make_target_is_followed_and_both_places_are_cited() -> None:
    found = read(
        {
            ".github/workflows/main.yml": "on: push\njobs:\n  work:\n    steps:\n      - run: make check\n",
            "Makefile": "check: unit\n\t-gitleaks detect\n\nunit:\n\t@go test ./...\n",
        }
    )
    assert [one.kind for one in found.stages] == ["test", "analyze"]
    assert found.stages[0].runs == ("make check", "go test ./...")
    assert found.stages[0].evidence == ("repo:.github/workflows/main.yml#L5-L5", "repo:Makefile#L5-L5")
    gates = {one.tool: one.blocking for one in found.gates}
    assert gates == {"go-test": True, "gitleaks": False}


def test_a_package_script_is_followed_in_its_folder() -> None:
    found = read(
        {
            ".github/workflows/main.yml": "on: push\njobs: {work: {steps: [{working-directory: web, run: npm test}]}}\n",
            "web/package.json": '{"scripts": {\n  "test": "vitest run"\n}}\n',
        }
    )
    assert found.gates[0].tool == "vitest"
    assert "repo:web/package.json#L2-L2" in found.gates[0].evidence


@pytest.mark.parametrize(
    ("job", "kind"),
    [
        ("dev_deploy", "development"),
        ("stagingDeploy", "staging"),
        ("live_deploy", "production"),
        ("deploy", "production"),
    ],
)
def test_a_job_named_after_a_lower_environment_deploys_there_whatever_its_cluster_is_called(
    job: str, kind: str
) -> None:
    text = (
        f"on: {{push: {{branches: [main]}}}}\njobs:\n  {job}:\n    runs-on: x\n    steps:\n"
        "    - run: kubectl apply -f deploy/live/app.yml --context live\n"
    )
    found = read({".github/workflows/deploy.yml": text})
    assert [place.kind for place in found.environments] == [kind]


@pytest.mark.parametrize(
    ("uses", "given", "kinds"),
    [
        ("azure/cli@v2", "{inlineScript: az webapp deploy --name web --src-path app.zip}", ["deploy"]),
        ("azure/CLI@v2", "{inlineScript: az webapp deployment slot swap --name web --slot new}", ["promote"]),
        ("actions-hub/kubectl@master", "{args: apply -f k8s}", ["deploy"]),
        ("actions-hub/kubectl@master", "{args: get pods}", []),
        ("helmfile/helmfile-action@v2", "{helmfile-args: apply}", ["deploy"]),
        ("helmfile/helmfile-action@v2", "{helmfile-args: diff}", []),
        ("helmfile/helmfile-action@v2", "{helmfile-version: v0.162.0}", []),
        ("gradle/gradle-build-action@v2", "{arguments: test}", ["test"]),
        ("gradle/actions/setup-gradle@v4", "{cache-read-only: true}", []),
        ("serverless/github-action@v3", "{args: deploy --stage prod}", ["deploy"]),
        ("serverless/github-action@v3", "{args: info}", []),
        ("maierj/fastlane-action@v3", "{lane: deploy}", ["publish"]),
    ],
)
def test_an_action_that_wraps_a_program_does_what_its_input_says(
    uses: str, given: str, kinds: list[str]
) -> None:
    found = job(f"- uses: {uses}\n  with: {given}")
    assert [stage.kind for stage in found.stages] == kinds
