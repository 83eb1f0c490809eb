"""What commands name comes from the repository: today's commands first, then its files, else a variable that says what it is."""

from platform_operations.assess import assess
from platform_operations.draft import draft
from platform_operations.model.assessment import Assessment
from platform_operations.model.configuration import Configuration
from platform_operations.model.plan import Plan
from platform_operations.repository import InMemoryRepository

CHART = {
    "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "charts/shop/templates/deployment.yaml": "kind: Deployment\n",
    "charts/shop/values.yaml": "image:\n  repository: ghcr.io/acme/shop\n  digest: ''\n",
    "charts/shop/values-production.yaml": "replicaCount: 3\n",
}
LAMBDA = {
    "template.yaml": "Transform: AWS::Serverless-2016-10-31\nResources:\n  Shop:\n    Type: AWS::Serverless::Function\n"
    "    Properties: {CodeUri: ., Handler: app.handler, Runtime: python3.13}\n",
    "samconfig.toml": 'version = 0.1\n\n[production.deploy.parameters]\nstack_name = "shop-live"\n',
    "requirements.txt": "boto3==1.40.0\n",
    "app.py": "def handler(event, context):\n    return {}\n",
}


def assessed(files: dict[str, str], *answers: tuple[str, str]) -> Assessment:
    return assess(InMemoryRepository(files, name="shop", default_branch="main"), Configuration(facts=answers))


def value(assessment: Assessment, aspect: str) -> str | None:
    found = [fact.value for fact in assessment.facts if fact.aspect == aspect]
    return found[0] if found else None


def said(plan: Plan) -> str:
    return "\n".join(line for stage in plan.pipeline_stages for line in stage.runs)


def test_a_chart_is_named_by_its_folder_with_the_values_that_are_there() -> None:
    assessment = assessed(CHART)

    assert value(assessment, "helm.chart") == "charts/shop"
    assert value(assessment, "helm.image") == "image.digest={reference}"
    assert value(assessment, "helm.values@staging") is None


def test_a_stack_is_named_as_samconfig_names_it() -> None:
    assessment = assessed(LAMBDA)

    assert value(assessment, "aws.stack@production") == "shop-live"
    assert value(assessment, "aws.sam@production") == "--config-env production"


def test_dependencies_are_audited_by_the_file_that_locks_them_and_not_on_the_runner() -> None:
    assert "pip-audit --requirement requirements.txt" in said(draft(assessed(LAMBDA)))


def test_a_package_is_tested_by_its_own_script_with_its_own_manager() -> None:
    package = '{"name": "shop", "scripts": {"test": "vitest run"}, "dependencies": {"express": "5.1.0"}}\n'
    files = {
        "package.json": package,
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
        "index.js": "require('express')().listen(1)\n",
    }

    assert value(assessed(files), "test-command") == "pnpm test"


def test_a_test_script_that_tests_nothing_is_none() -> None:
    package = '{"name": "shop", "scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}\n'

    assert value(assessed({"package.json": package, "index.js": "1\n"}), "test-command") is None


def test_what_a_person_answers_stands_in_the_command_instead_of_a_variable() -> None:
    service = {
        "Dockerfile": 'FROM node:22\nEXPOSE 8080\nCMD ["node", "index.js"]\n',
        "index.js": "require('express')().listen(8080)\n",
        "package.json": '{"name": "shop", "dependencies": {"express": "5.1.0"}}\n',
    }
    silent = draft(assessed(service))
    told = draft(assessed(service, ("components/shop#docker.compose@production", "live.yaml")))

    assert "docker compose -f $PRODUCTION_COMPOSE up " in said(silent)
    assert "variable-production-compose" in [note.id for note in silent.assumptions]
    assert "docker compose -f live.yaml up " in said(told)
    assert "variable-production-compose" not in [note.id for note in told.assumptions]
