"""Names of what is deployed, looked up where scripts, Makefiles, outputs and files set them."""

from collections.abc import Mapping

import pytest
from tests.small_services import CI, HEAD, assessed, practice, steps

from platform_operations.model.delivery import Stage

DEPLOY = "#!/bin/sh\nTAG={tag}\ndocker build -t ghcr.io/o/web:$TAG .\ndocker push ghcr.io/o/web:$TAG\nkubectl set image deployment/web web=ghcr.io/o/web:$TAG\n"

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          image: ghcr.io/o/web:{tag}
"""


def pinned(files: Mapping[str, str]) -> str:
    return practice("artifactPinning", files).outcome


@pytest.mark.parametrize(
    ("tag", "call", "outcome"),
    [
        ("$(git rev-parse --short HEAD)", "", "present"),
        ("`git rev-parse HEAD`", "", "present"),
        ("$(git describe --tags --always)", "", "present"),
        ("$(date +%Y%m%d%H%M%S)", "", "present"),
        ("latest", "", "absent"),
        ("$1", " ${{ github.sha }}", "present"),
        ("${1:-latest}", " ${{ github.sha }}", "present"),
        ("${1:-latest}", "", "absent"),
        ("$1", " production", "absent"),
        ("$1", "", "absent"),
    ],
)
def test_what_a_script_sets_or_is_handed_names_what_it_deploys(tag: str, call: str, outcome: str) -> None:
    files = {CI: steps(f"run: ./scripts/deploy.sh{call}"), "scripts/deploy.sh": DEPLOY.format(tag=tag)}
    assert pinned(files) == outcome


MAKEFILE = """\
TAG {tag}
IMAGE = ghcr.io/o/web:$(TAG)

deploy:
\tdocker build -t $(IMAGE) .
\tdocker push $(IMAGE)
\tkubectl set image deployment/web web=$(IMAGE)
"""


@pytest.mark.parametrize(
    ("tag", "call", "outcome"),
    [
        (":= $(shell git rev-parse --short HEAD)", "", "present"),
        (":= latest", "", "absent"),
        ("?= latest", " TAG=${{ github.sha }}", "present"),
        ("?= latest", "", "absent"),
    ],
)
def test_the_variables_of_a_makefile_hold_what_it_is_called_with(tag: str, call: str, outcome: str) -> None:
    assert pinned({CI: steps(f"run: make deploy{call}"), "Makefile": MAKEFILE.format(tag=tag)}) == outcome


def test_what_only_a_makefile_defaults_to_gives_way_to_the_environment_of_the_step() -> None:
    step = "run: make deploy\n        env:\n          TAG: ${{ github.sha }}"
    assert pinned({CI: steps(step), "Makefile": MAKEFILE.format(tag="?= latest")}) == "present"


OUTPUT = """\
  build:
    runs-on: x
    outputs:
      name: ${{{{ steps.t.outputs.name }}}}
    steps:
      - id: t
        run: |
          {row}
      - run: docker build -t ghcr.io/o/web:${{{{ steps.t.outputs.name }}}} . && docker push ghcr.io/o/web:${{{{ steps.t.outputs.name }}}}
  deploy:
    needs: build
    runs-on: x
    environment: production
    steps:
      - run: helm upgrade web chart --set image.tag=${{{{ needs.build.outputs.name }}}}
"""


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ('echo "name=$(git rev-parse --short HEAD)" >> $GITHUB_OUTPUT', "present"),
        ("echo name=${GITHUB_SHA::7} >> $GITHUB_OUTPUT", "present"),
        ('V=$(git rev-parse HEAD); echo "name=$V" >> $GITHUB_OUTPUT', "present"),
        ('echo "::set-output name=name::$(git rev-parse HEAD)"', "present"),
        ('echo "name=${GITHUB_REF##*/}" >> $GITHUB_OUTPUT', "absent"),
        ("echo name=production >> $GITHUB_OUTPUT", "absent"),
    ],
)
def test_an_output_of_another_job_is_what_its_step_wrote(row: str, outcome: str) -> None:
    assert pinned({CI: HEAD + OUTPUT.format(row=row)}) == outcome


BOTH = "run: docker build -t ghcr.io/o/web:latest -t ghcr.io/o/web:${{ github.sha }} . && docker push --all-tags ghcr.io/o/web"


@pytest.mark.parametrize(
    "restart",
    [
        "run: aws ecs update-service --cluster c --service web --force-new-deployment",
        "run: kubectl rollout restart deployment/web",
    ],
)
def test_starting_again_what_runs_takes_the_tag_that_moves_though_a_commit_is_one_too(restart: str) -> None:
    assert pinned({CI: steps(BOTH, restart)}) == "absent"


def test_a_restart_after_the_commit_was_registered_takes_the_commit() -> None:
    register = "run: aws ecs register-task-definition --family web --container-definitions [{image:ghcr.io/o/web:${{ github.sha }}}]"
    restart = "run: aws ecs update-service --cluster c --service web --force-new-deployment"
    assert pinned({CI: steps(BOTH, register, restart)}) == "present"


@pytest.mark.parametrize(
    ("image", "outcome"), [("ghcr.io/o/web:latest", "absent"), ("ghcr.io/o/web:${{TAG}}", "present")]
)
def test_a_compose_file_that_is_started_on_a_server_names_what_it_takes(image: str, outcome: str) -> None:
    files = {
        CI: steps(BOTH, "run: ssh root@host 'docker compose pull && docker compose up -d'"),
        "docker-compose.prod.yml": f"services:\n  web:\n    image: {image}\n",
    }
    assert pinned(files) == outcome


SITE = {
    "Dockerfile": "",
    "package.json": '{"name": "web", "scripts": {"build": "vite build"}, "devDependencies": {"vite": "5.0.0"}}',
    "index.html": "<html></html>",
}


@pytest.mark.parametrize(
    ("place", "outcome"),
    [
        ("s3://web", "absent"),
        ("s3://web/${{ github.sha }}", "present"),
        ("s3://web/production", "absent"),
        ("s3://$ARCHIVE_BUCKET/${{ github.sha }}", "absent"),
    ],
)
def test_files_that_a_run_makes_and_puts_up_have_no_name_but_the_one_they_are_kept_under(
    place: str, outcome: str
) -> None:
    job = steps("run: npm ci && npm run build", f"run: aws s3 sync dist {place}")
    assert pinned({**SITE, CI: job}) == outcome


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("run: gcloud app deploy --version=${GITHUB_SHA::8}", "present"),
        ("run: gcloud app deploy --version=production", "absent"),
        ("run: flyctl deploy --image-label ${{ github.sha }}", "present"),
        ("run: flyctl deploy", "absent"),
        ("run: kamal deploy -d production", "present"),
        (
            "uses: einaregilsson/beanstalk-deploy@v22\n        with:\n          environment_name: web-prod\n          version_label: ${{ github.sha }}",
            "present",
        ),
        (
            "uses: einaregilsson/beanstalk-deploy@v22\n        with:\n          environment_name: web-prod\n          version_label: web",
            "absent",
        ),
    ],
)
def test_a_release_is_named_by_the_label_that_it_is_given(step: str, outcome: str) -> None:
    assert pinned({CI: steps(step)}) == outcome


TAGS = "on:\n  push:\n    tags: ['v*']\njobs:\n  release:\n    runs-on: x\n    steps:\n      - "


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("uses: softprops/action-gh-release@v2\n", "absent"),
        ("uses: softprops/action-gh-release@v2\n        with:\n          files: dist/*.whl\n", "present"),
        ("run: gh release create $GITHUB_REF_NAME --generate-notes\n", "absent"),
        ("run: gh release create $GITHUB_REF_NAME dist/web.tar.gz --generate-notes\n", "present"),
        ("run: gh release create $GITHUB_REF_NAME --title web --notes-file CHANGES.md\n", "absent"),
    ],
)
def test_a_release_page_of_notes_alone_names_no_artifact(step: str, outcome: str) -> None:
    assert pinned({CI: TAGS + step}) == outcome


def deployments(step: str) -> list[Stage]:
    plan = assessed({CI: steps(step)}).as_is
    return [stage for stage in plan.pipeline_stages if stage.kind == "deploy"]


def test_a_deployment_that_is_given_a_version_is_no_question_for_one() -> None:
    assert deployments("run: helm upgrade web oci://registry/web --version 1.2.3")
    assert not deployments("run: helm --version")


@pytest.mark.parametrize(("value", "outcome"), [("${{ github.sha }}", "present"), ("production", "absent")])
def test_what_sed_puts_into_a_manifest_names_what_is_applied(value: str, outcome: str) -> None:
    job = steps(
        "run: docker build -t ghcr.io/o/web:${{ github.sha }} . && docker push ghcr.io/o/web:${{ github.sha }}",
        f'run: sed -i "s|TAG|{value}|" k8s/deployment.yaml',
        "run: kubectl apply -f k8s/deployment.yaml",
    )
    assert pinned({CI: job, "k8s/deployment.yaml": WEB.format(tag="TAG")}) == outcome


JENKINS = """\
node {{
  def name = "${{env.JOB_NAME}}".tokenize('/')[0]
  {tag}
  stage('Build') {{
    sh("docker build -t o/web:${{tag}} .")
    sh("docker push o/web:${{tag}}")
  }}
  stage('Deploy production') {{
    sh("kubectl apply -f k8s/")
    sh("kubectl set image deployment ${{name}} ${{name}}=o/web:${{tag}}")
  }}
}}
"""


@pytest.mark.parametrize(
    ("tag", "outcome"),
    [
        ('def tag = "${env.BRANCH_NAME}.${env.BUILD_NUMBER}"', "present"),
        ("env.tag = sh(returnStdout: true, script: 'git rev-parse --short HEAD').trim()", "present"),
        ('def tag = sh(script: "git log -1 --pretty=%h | tee rev-parse", returnStdout: true)', "present"),
        ('def tag = "${env.BRANCH_NAME}"', "absent"),
        ('def tag = "production"', "absent"),
    ],
)
def test_what_a_jenkinsfile_gives_a_name_is_looked_up_though_manifests_hold_a_tag_that_moves(
    tag: str, outcome: str
) -> None:
    files = {"Jenkinsfile": JENKINS.format(tag=tag), "k8s/web.yaml": WEB.format(tag="latest")}
    assert pinned(files) == outcome


@pytest.mark.parametrize(
    ("tag", "outcome"), [("$CIRCLE_SHA1", "present"), ("latest", "absent"), ("$CIRCLE_BRANCH", "absent")]
)
def test_a_push_without_a_tag_sends_the_tags_that_the_job_gave_before(tag: str, outcome: str) -> None:
    job = (
        "version: 2.1\njobs:\n  image:\n    docker: [{image: cimg/base:2024.01}]\n    steps:\n      - run: docker build -t api .\n"
        f"      - run: docker tag api:latest $REGISTRY/api:{tag}\n      - run: docker push $REGISTRY/api\n"
        "workflows:\n  main:\n    jobs:\n      - image:\n          filters: {branches: {only: main}}\n"
    )
    assert pinned({".circleci/config.yml": job}) == outcome
