"""How a service is asked and taken back stays open where another place sets it up; what names what it runs."""

from collections.abc import Mapping

import pytest

from platform_operations.assess import assess
from platform_operations.assess.as_is import with_reference
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component, Stage
from platform_operations.platforms.platform import Sighting, Workload
from platform_operations.repository import InMemoryRepository

APP = {
    "Dockerfile": "FROM python:3.12\nEXPOSE 8000\nCMD gunicorn app\n",
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "from flask import Flask\napp = Flask(__name__)\n",
}
CI = ".github/workflows/ci.yml"
HEAD = "on:\n  push:\n    branches: [main]\njobs:\n  deploy:\n    environment: production\n    runs-on: x\n    steps:\n"
RENEWED = f"{HEAD}      - run: aws ecs update-service --cluster web --service web --force-new-deployment\n"


def practice(name: str, files: Mapping[str, str]) -> Fact:
    fact = assess(InMemoryRepository({**APP, **files})).fact("practices", name)
    assert fact is not None
    return fact


@pytest.mark.parametrize("name", ["healthChecks", "rollback"])
def test_a_service_that_a_pipeline_only_renews_may_be_asked_and_taken_back_where_it_is_set_up(
    name: str,
) -> None:
    found = practice(name, {CI: RENEWED})
    assert found.outcome == "unknown"
    assert "aws is set up outside" in (found.reason or "")


@pytest.mark.parametrize("name", ["healthChecks", "rollback"])
@pytest.mark.parametrize(
    "files",
    [
        {CI: f"{HEAD}      - run: aws ecr get-login-password\n      - run: ssh web docker compose up -d\n"},
        {CI: RENEWED + "      - run: npm publish\n", "package.json": '{"name": "web"}'},
        {
            CI: RENEWED,
            "infra/main.tf": 'resource "aws_ecs_service" "web" {\n  name = "web"\n  launch_type = "FARGATE"\n}\n',
        },
    ],
)
def test_a_host_a_published_product_and_a_service_declared_here_leave_nothing_open(
    name: str, files: Mapping[str, str]
) -> None:
    assert practice(name, files).outcome == "absent"


SST = 'export default $config({ app() { return { name: "web", home: "aws" }; }, async run() {} });\n'
SHIPPED = f"{HEAD}      - run: npx sst deploy --stage production\n"


@pytest.mark.parametrize("name", ["healthChecks", "rollback"])
def test_what_components_of_sst_do_by_default_stays_open_for_a_service(name: str) -> None:
    assert practice(name, {CI: SHIPPED, "sst.config.ts": SST}).outcome == "unknown"


def module(source: str, name: str = "webapp") -> Mapping[str, str]:
    main = f'module "{name}" {{\n  source = "{source}"\n  name = "web"\n}}\n'
    return {CI: f"{HEAD}      - run: terraform apply -auto-approve\n", "infra/main.tf": main}


@pytest.mark.parametrize(
    "source", ["../modules/shared/container-app", "git::https://example.org/tf.git//ecs-service?ref=1"]
)
def test_a_terraform_module_of_another_place_may_hold_the_probe_of_what_it_runs(source: str) -> None:
    found = practice("healthChecks", module(source))
    assert found.outcome == "unknown"
    assert source in (found.reason or "")


@pytest.mark.parametrize(
    "files",
    [
        {**module("../modules/shared/container-app"), "modules/shared/container-app/main.tf": "locals {}\n"},
        module("../modules/shared/postgres", "database"),
        module("../modules/shared/key-vault", "app-vault"),
    ],
)
def test_a_module_of_this_repository_or_of_something_beside_holds_no_hidden_probe(
    files: Mapping[str, str],
) -> None:
    assert practice("healthChecks", files).outcome == "absent"


@pytest.mark.parametrize(
    "ship",
    [
        "flyctl deploy --remote-only",
        "npx sst deploy --stage production",
        "npx cdk deploy --require-approval never",
    ],
)
def test_what_a_platform_builds_from_the_checkout_has_no_name_of_its_own(ship: str) -> None:
    assert practice("artifactPinning", {CI: f"{HEAD}      - run: {ship}\n"}).outcome == "absent"
    named = f"{HEAD}      - run: flyctl deploy --image registry.example/web:${{{{ github.sha }}}}\n"
    assert practice("artifactPinning", {CI: named}).outcome == "present"


@pytest.mark.parametrize(
    ("platform", "run", "named"),
    [
        ("docker", "./promote.sh production", False),
        ("docker", "ssh web docker compose up -d", True),
        ("kubernetes", "./promote.sh production", True),
    ],
)
def test_a_compose_file_names_what_a_deployment_starts_from_it_and_nothing_else(
    platform: str, run: str, named: bool
) -> None:
    load = Workload(name="app", image="ghcr.io/acme/app:latest", reference="tag")
    rows = {platform: (Sighting("deploy/app.yml", 1, 4, workload=load),)}
    stage = Stage(
        id="ship", kind="deploy", pipeline="ci", environment="production", runs=(run,), origin="existing"
    )
    component = Component(id="app", types=("http-service",), origin="existing")
    open_ = Fact(
        subject="pipelineStages/ship", aspect="artifact-reference", outcome="unknown", reason="not named"
    )
    found = with_reference(stage, open_, ("app-image",), component, rows)
    assert [item.reference for item in found.consumes] == (["tag"] if named else [])


PROMPT = {"Dockerfile": "FROM python:3.12\nWORKDIR /app\nRUN pip install flask\n"}


def test_an_image_of_a_language_without_a_command_is_for_developers_unless_a_pipeline_makes_it() -> None:
    assert practice("dockerfile", PROMPT).outcome == "absent"
    made = (
        f"{HEAD}      - run: docker build -t registry.example/app:1 . && docker push registry.example/app:1\n"
    )
    assert practice("dockerfile", {**PROMPT, CI: made}).outcome == "present"
    packs = f"{HEAD}      - run: pack build registry.example/app:1 --builder heroku/builder:24 --publish\n"
    assert practice("dockerfile", {**PROMPT, CI: packs}).outcome == "absent"


@pytest.mark.parametrize(
    "base", ["nginx:1.27", "gcr.io/distroless/static", "php:8.3-apache", "acme/python-server:1"]
)
def test_an_image_whose_base_runs_something_delivers_without_a_command(base: str) -> None:
    assert practice("dockerfile", {"Dockerfile": f"FROM {base}\nCOPY . /srv\n"}).outcome == "present"


@pytest.mark.parametrize(
    ("row", "seen"),
    [
        ("gsutil -m rsync -d -r build gs://site", True),
        ("gcloud storage cp build gs://site --recursive", True),
        ("gsutil ls gs://site", False),
    ],
)
def test_files_copied_to_a_bucket_of_google_show_its_cloud(row: str, seen: bool) -> None:
    found = assess(InMemoryRepository({**APP, ".buildkite/scripts/upload.sh": f"#!/bin/bash\n{row}\n"}))
    assert ("gcp" in {fact.aspect for fact in found.about("platforms")}) == seen


@pytest.mark.parametrize(
    ("image", "tools"),
    [
        ("prom/statsd-exporter:v0.22", {"prometheus"}),
        ("prometheuscommunity/postgres-exporter:v0.11", {"prometheus"}),
        ("acme/order-exporter:1", set[str]()),
    ],
)
def test_an_exporter_that_is_run_beside_shows_prometheus(image: str, tools: set[str]) -> None:
    compose = f"services:\n  app:\n    build: .\n  metrics:\n    image: {image}\n"
    found = assess(InMemoryRepository({**APP, "docker/monitor.yml": compose, "docker-compose.yml": compose}))
    assert {fact.aspect for fact in found.about("observability")} == tools
