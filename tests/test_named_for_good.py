"""What names a release so that it cannot move, and what only stands beside its name."""

from collections.abc import Mapping

import pytest

from platform_operations.assess import assess
from platform_operations.model.assessment import Fact
from platform_operations.repository import InMemoryRepository

APP = {
    "Dockerfile": "FROM python:3.12\nEXPOSE 8000\nCMD gunicorn app\n",
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "from flask import Flask\napp = Flask(__name__)\n",
}
CI = ".github/workflows/deploy.yml"
HEAD = "on:\n  push:\n    branches: [main]\njobs:\n  deploy:\n    runs-on: x\n    environment: production\n    steps:\n"
IMAGE = """\
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ghcr.io/o/web:{tag}
"""
PUT_UP = "      - run: helm upgrade web chart\n"


def pinning(files: Mapping[str, str]) -> Fact:
    fact = assess(InMemoryRepository({**APP, **files})).fact("practices", "artifactPinning")
    assert fact is not None
    return fact


def planned(variable: str, value: str) -> str:
    return (
        f"      - name: plan\n        env:\n          {variable}: {value}\n        run: terraform plan -out=tfplan\n"
        "      - run: terraform apply tfplan\n"
    )


def test_a_plan_that_is_told_the_commit_names_the_image_of_what_applies_it() -> None:
    job = IMAGE.format(tag="${{ github.sha }}") + planned("TF_VAR_CONTAINER_TAG", "${{ github.sha }}")
    assert pinning({CI: HEAD + job}).outcome == "present"


def test_a_commit_for_the_whole_job_of_terraform_names_the_image() -> None:
    job = HEAD.replace("    steps:", "    env:\n      TF_VAR_image_tag: ${{ github.sha }}\n    steps:")
    job += IMAGE.format(tag="${{ github.sha }}") + "      - run: terraform apply -auto-approve\n"
    assert pinning({CI: job}).outcome == "present"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("TF_VAR_CONTAINER_TAG", "latest"), ("TF_VAR_OWNER", "${{ github.sha }}")],
)
def test_a_plan_that_is_told_what_moves_or_something_else_names_nothing_for_good(
    variable: str, value: str
) -> None:
    job = IMAGE.format(tag="latest") + planned(variable, value)
    assert pinning({CI: HEAD + job}).outcome == "absent"


@pytest.mark.parametrize("block", ["labels", "annotations", "build-args"])
def test_the_commit_in_a_label_or_argument_of_an_image_does_not_name_it(block: str) -> None:
    image = (
        IMAGE.format(tag="stable")
        + f"          {block}: |\n            org.opencontainers.image.revision=${{{{ github.sha }}}}\n"
    )
    assert pinning({CI: HEAD + image + PUT_UP}).outcome == "absent"


def test_a_tag_after_the_labels_of_an_image_names_it() -> None:
    image = (
        "      - uses: acme/build-image@v1\n        with:\n          labels: |\n            a=b\n"
        "          image_tag: ${{ github.sha }}\n"
    )
    found = pinning({CI: HEAD + image + PUT_UP})
    assert (found.outcome, found.evidence) == ("present", (f"repo:{CI}#L13-L13",))


ACTION = """\
inputs:
  tag:
    required: true
runs:
  using: composite
  steps:
    - uses: docker/build-push-action@v6
      with:
        push: true
        tags: ghcr.io/o/web:{tag}
        image: web:{tag}
"""


@pytest.mark.parametrize(
    ("tag", "outcome"), [("${{ inputs.tag }}", "absent"), ("${{ github.sha }}", "present")]
)
def test_a_tag_that_is_handed_to_an_action_is_only_worth_what_its_callers_hand_in(
    tag: str, outcome: str
) -> None:
    job = "      - uses: ./.github/actions/image\n        with:\n          tag: latest\n" + PUT_UP
    action = ACTION.format(tag=tag)
    assert pinning({CI: HEAD + job, ".github/actions/image/action.yml": action}).outcome == outcome


@pytest.mark.parametrize(
    ("version", "outcome"), [("$DATETIME", "present"), ("${TIMESTAMP}", "present"), ("$STAGE", "absent")]
)
def test_a_release_by_the_time_of_its_deployment_has_a_name_of_its_own(version: str, outcome: str) -> None:
    job = (
        "deploy-production:\n  environment: production\n  script:\n    - DATETIME=$(date +%s)\n"
        f'    - curl -T app.war "http://$HOST/manager/text/deploy?update=true&path=/app&version={version}"\n'
    )
    assert pinning({".gitlab-ci.yml": job}).outcome == outcome


def test_a_path_or_word_that_a_setting_holds_names_no_build() -> None:
    makefile = "APP_VERSION_FILE = app/version.py\nIMAGE_TAG ?= latest\n"
    assert pinning({CI: HEAD + PUT_UP, "Makefile": makefile}).outcome == "absent"


def test_a_setting_that_holds_the_commit_names_a_build() -> None:
    found = pinning({CI: HEAD + PUT_UP, "Makefile": "IMAGE_TAG ?= $(shell git rev-parse HEAD)\n"})
    assert (found.outcome, found.evidence) == ("present", ("repo:Makefile#L1-L1",))


CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "chart/values.yaml": "replicaCount: 2\n",
}
TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          image: "registry.example.org/o/web:{{{{ {value} }}}}"
"""


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (".Values.circleSha1", "present"),
        (".Values.gitCommit", "present"),
        (".Values.tag", "absent"),
        (".Values.environmentName", "absent"),
    ],
)
def test_a_template_that_takes_a_commit_for_its_tag_names_what_runs(value: str, outcome: str) -> None:
    files = {**CHART, "chart/templates/web.yaml": TEMPLATE.format(value=value), CI: HEAD + PUT_UP}
    assert pinning(files).outcome == outcome


WRITTEN = """\
      - uses: actions/checkout@v4
        with:
          repository: acme/infra
      - run: {edit}
      - run: git commit -am update && git push
"""


@pytest.mark.parametrize(
    ("edit", "outcome"),
    [
        ("yq -i '.web.tag = \"${{ github.sha }}\"' values.yaml", "present"),
        ("sed -i 's/tag=latest/tag=${{ github.sha }}/' values.env", "present"),
        ("yq -i '.web.tag = \"main\"' values.yaml", "unknown"),
    ],
)
def test_a_version_written_into_another_repository_is_the_name_of_the_release(
    edit: str, outcome: str
) -> None:
    head = "on:\n  push:\n    branches: [main]\njobs:\n  update:\n    runs-on: x\n    steps:\n"
    assert pinning({CI: head + WRITTEN.format(edit=edit)}).outcome == outcome


BUILT = "on:\n  push:\n    branches: [main]\njobs:\n  image:\n    runs-on: x\n    steps:\n" + IMAGE.format(
    tag="${{ github.sha }}"
)
RENDER = "services:\n  - type: web\n    name: web\n    {source}\n    healthCheckPath: /\n"


@pytest.mark.parametrize(
    ("files", "outcome"),
    [
        ({}, "present"),
        ({"render.yaml": RENDER.format(source="runtime: docker")}, "unknown"),
        (
            {"render.yaml": RENDER.format(source="image: {url: 'ghcr.io/o/web@sha256:" + "a1" * 32 + "'}")},
            "present",
        ),
    ],
)
def test_the_name_of_an_image_is_worth_nothing_where_a_platform_builds_its_own(
    files: Mapping[str, str], outcome: str
) -> None:
    assert pinning({CI: BUILT, **files}).outcome == outcome


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        ("gh release create v1 --target ${GITHUB_SHA} --generate-notes", "absent"),
        ("deploy --image ${GITHUB_SHA}", "present"),
    ],
)
def test_notes_of_a_release_name_nothing_that_is_deployed(command: str, outcome: str) -> None:
    job = f'      - run: git push heroku main\n      - run: |\n          told=1\n          line="{command}"\n'
    assert pinning({CI: HEAD + job}).outcome == outcome


VALUED = {
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "chart/values.yaml": "replicaCount: 2\nimage:\n  repository: ghcr.io/o/web\n  tag: v1.4.2\n",
    "chart/templates/deployment.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
        "      containers:\n        - name: web\n          image: '{{ .Values.image.repository }}:{{ .Values.image.tag }}'\n"
    ),
}


def test_the_line_of_the_values_that_names_the_image_is_cited_and_not_the_chart() -> None:
    assert pinning(VALUED).evidence == ("repo:chart/values.yaml#L4-L4",)


def test_the_line_of_a_template_is_cited_that_asks_for_a_commit() -> None:
    template = VALUED["chart/templates/deployment.yaml"].replace(".Values.image.tag", ".Values.commit_sha")
    files = {**VALUED, "chart/templates/deployment.yaml": template, "chart/values.yaml": "replicaCount: 2\n"}
    files["chart/templates/deployment.yaml"] = template.replace(
        "'{{ .Values.image.repository }}", "ghcr.io/o/web"
    ).replace("}}'", "}}")
    assert pinning(files).evidence == ("repo:chart/templates/deployment.yaml#L9-L9",)


APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec: {source: {path: deploy, targetRevision: main}, destination: {namespace: production}}
"""


@pytest.mark.parametrize(("name", "outcome"), [("skaffold.yaml", "present"), ("skeleton.yaml", "absent")])
def test_what_skaffold_builds_while_people_work_is_not_what_a_controller_keeps(
    name: str, outcome: str
) -> None:
    builds = "build:\n  artifacts:\n" + "".join(f"    - image: acme/web-{number}\n" for number in range(9))
    files = {
        "apps/web.yaml": APPLICATION,
        "deploy/web.values.yaml": "image:\n  tag: sha-29226a0\n",
        f"local/{name}": builds,
    }
    assert pinning(files).outcome == outcome
