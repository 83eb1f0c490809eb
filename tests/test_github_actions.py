"""GitHub Actions: what a workflow's events, jobs, environments and artifacts become."""

import pytest

from platform_operations.assess.ci import Delivery, read_delivery
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component, Stage
from platform_operations.model.words import ComponentType
from platform_operations.repository import InMemoryRepository


def read(files: dict[str, str], *types: ComponentType, components: tuple[Component, ...] = ()) -> Delivery:
    one = Component(id="app", types=types or ("http-service",), origin="existing")
    return read_delivery(InMemoryRepository(files), components or (one,))


def workflow(text: str, **files: str) -> Delivery:
    named = {name.replace("__", "/"): content for name, content in files.items()}
    return read({".github/workflows/main.yml": text, **named})


def job(steps: str, on: str = "push: {branches: [main]}", more: str = "") -> Delivery:
    body = "\n".join(f"      {line}" for line in steps.strip().split("\n"))
    return workflow(
        f"on:\n  {on}\njobs:\n  work:\n    runs-on: x\n    {more or 'timeout-minutes: 5'}\n    steps:\n{body}\n"
    )


def only(delivery: Delivery) -> Stage:
    assert len(delivery.stages) == 1, [one.id for one in delivery.stages]
    return delivery.stages[0]


def fact(delivery: Delivery, subject: str, aspect: str) -> Fact:
    found = [one for one in delivery.facts if (one.subject, one.aspect) == (subject, aspect)]
    assert len(found) == 1, [(one.subject, one.aspect) for one in delivery.facts]
    return found[0]


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
