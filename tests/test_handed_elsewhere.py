"""What is released from another place, what stands beside it, and what names of branches are worth."""

import pytest
from tests.small_services import APP, CI, HEAD, practice

from platform_operations.assess import assess
from platform_operations.assess.ci.kinds import kind_of_name
from platform_operations.assess.ci.references import identity_of
from platform_operations.platforms.reading.commands import invocation
from platform_operations.repository import InMemoryRepository
from platform_operations.validate.judge import gaps

JOB = "  {name}:\n    runs-on: x\n    steps:\n{steps}"
IMAGE = JOB.format(
    name="image",
    steps="      - run: docker build -t ghcr.io/o/web:$GITHUB_SHA . && docker push ghcr.io/o/web:$GITHUB_SHA\n",
)
PAGES = JOB.format(name="docs", steps="      - run: mkdocs build\n      - uses: actions/deploy-pages@v4\n")


@pytest.mark.parametrize("name", ["rollback", "stagedVerification", "postDeployValidation"])
def test_pages_beside_a_service_release_none_of_it(name: str) -> None:
    assert practice(name, {CI: HEAD + IMAGE}).outcome == "unknown"
    assert practice(name, {CI: HEAD + IMAGE, ".github/workflows/docs.yml": HEAD + PAGES}).outcome == "unknown"


def test_pages_that_are_the_product_are_its_release() -> None:
    site = {"index.html": "<html></html>\n", CI: HEAD + PAGES}
    fact = assess(InMemoryRepository(site)).fact("practices", "rollback")
    assert fact is not None
    assert fact.outcome == "absent"


@pytest.mark.parametrize(
    ("step", "name", "released"),
    [
        ("uses: acme/mkdocs-deploy-gh-pages@v1", "pages", False),
        ("uses: peaceiris/actions-gh-pages@v4", "docs", False),
        ("uses: peaceiris/actions-gh-pages@v4", "web", True),
    ],
)
def test_only_pages_that_are_not_called_documentation_can_be_a_release_beside_a_service(
    step: str, name: str, *, released: bool
) -> None:
    pages = HEAD + JOB.format(name=name, steps=f"      - {step}\n")
    plan = assess(InMemoryRepository({**APP, ".github/workflows/pages.yml": pages})).as_is
    assert any(stage.kind == "deploy" for stage in plan.pipeline_stages) is released


SENT = """      - uses: actions/checkout@v4
        with:
          repository: {other}
          token: ${{{{ secrets.TOKEN }}}}
      - run: {edit}
      - run: |
          git commit -am update
          git push origin main
"""
EDIT = "jq '.web.version=\"${{ needs.build.outputs.version }}\"' config/develop.json > t && mv t config/develop.json"


@pytest.mark.parametrize("name", ["rollback", "stagedVerification", "healthChecks", "postDeployValidation"])
def test_a_version_written_into_another_repository_is_deployed_from_there(name: str) -> None:
    found = practice(
        name, {CI: HEAD + JOB.format(name="hand", steps=SENT.format(other="acme/infra", edit=EDIT))}
    )
    assert found.outcome == "unknown"
    assert "acme/infra" in (found.reason or "")


@pytest.mark.parametrize(
    ("other", "edit"),
    [
        ("acme/homebrew-tap", EDIT),
        ("acme/docs", EDIT),
        ("acme/client", "cp openapi.json client/openapi.json"),
    ],
)
def test_what_is_sent_for_others_to_install_or_read_is_no_deployment(other: str, edit: str) -> None:
    found = practice(
        "rollback", {CI: HEAD + JOB.format(name="hand", steps=SENT.format(other=other, edit=edit))}
    )
    assert found.outcome == "absent"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("reg/web:$CI_COMMIT_REF_SLUG", "tag"),
        ("reg/web:${CI_COMMIT_REF_NAME}-release", "tag"),
        ("reg/web:$CI_COMMIT_BRANCH", "tag"),
        ("reg/web:${CIRCLE_BRANCH//[^A-Za-z]/-}", "tag"),
        ("reg/web:$CI_COMMIT_REF_SLUG-$CI_COMMIT_SHORT_SHA", "commit"),
        ("reg/web:$CI_COMMIT_SHA", "commit"),
        ("reg/web:$CI_COMMIT_TAG", "version"),
    ],
)
def test_the_name_of_a_branch_is_no_commit(name: str, kind: str) -> None:
    assert identity_of(name) == kind


def test_the_reference_of_a_pipeline_that_only_tags_start_is_a_version() -> None:
    assert identity_of("reg/web:$CI_COMMIT_REF_NAME", ("tag",)) == "version"


def test_what_only_leads_a_command_through_a_proxy_is_not_the_command() -> None:
    assert invocation("proxychains4 -q helm upgrade web ./chart")[:2] == ("helm", "upgrade")
    assert invocation("proxychains-config helm upgrade")[0] == "proxychains-config"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("check_migrations.py", "analyze"),
        ("lint-migrations", "analyze"),
        ("run-migrations", "migrate"),
        ("migrate", "migrate"),
        ("health check, then migrate", "verify"),
    ],
)
def test_who_checks_migrations_runs_none(name: str, kind: str) -> None:
    assert kind_of_name(name) == kind


RELEASES = """stages: [build, release, production]
build:
  stage: build
  script:
    - docker build -t $CI_REGISTRY_IMAGE/web:{tag} . && docker push $CI_REGISTRY_IMAGE/web:{tag}
release:
  stage: release
  script: npx semantic-release
deploy:
  stage: production
  environment: {{name: production}}
  script: helm upgrade --install web ./chart --set image.tag={tag}
"""
CHART = {
    "package.json": '{"name": "web", "version": "1.0.0"}',
    "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "chart/values.yaml": "image:\n  tag: latest\n",
}


@pytest.mark.parametrize(
    ("tag", "outcome"), [("$CI_COMMIT_REF_SLUG-release", "absent"), ("$CI_COMMIT_SHA", "present")]
)
def test_a_package_published_beside_names_no_image_that_is_deployed(tag: str, outcome: str) -> None:
    assert (
        practice("artifactPinning", {**CHART, ".gitlab-ci.yml": RELEASES.format(tag=tag)}).outcome == outcome
    )


CALLED = """  image:
    uses: acme/build/.github/workflows/build-and-push.yml@v1
    with:
      {key}: ./scripts/smoketest.sh web
"""


def test_a_test_that_a_build_is_told_to_run_checks_no_deployment() -> None:
    assert (
        practice(
            "postDeployValidation",
            {".github/workflows/deploy.yml": HEAD + CALLED.format(key="postbuild_script")},
        ).outcome
        != "present"
    )
    assert (
        practice(
            "postDeployValidation",
            {".github/workflows/deploy.yml": HEAD + CALLED.format(key="postdeploy_script")},
        ).outcome
        == "present"
    )


@pytest.mark.parametrize(
    ("tag", "outcome"), [("$CI_COMMIT_REF_SLUG-x", "absent"), ("$CI_COMMIT_SHORT_SHA", "present")]
)
def test_a_setting_called_image_tag_that_holds_a_branch_names_nothing_for_good(
    tag: str, outcome: str
) -> None:
    pipeline = f"deploy:\n  environment: production\n  script:\n    - ./ship.sh --set global.imageTag={tag}\n"
    assert practice("artifactPinning", {".gitlab-ci.yml": pipeline}).outcome == outcome


@pytest.mark.parametrize(
    ("called", "outcome"),
    [("pr-validate", "absent"), ("schema-spy", "absent"), ("pr-close", "absent"), ("pr-ship", "unknown")],
)
def test_a_workflow_of_elsewhere_about_a_request_or_a_drawing_releases_nothing(
    called: str, outcome: str
) -> None:
    deploy = JOB.format(name="deploy", steps="      - run: helm upgrade --install web ./chart\n")
    other = f"  other:\n    uses: acme/helpers/.github/workflows/.{called}.yml@v1\n"
    assert practice("rollback", {CI: HEAD + deploy + other}).outcome == outcome


CLONED = """      - run: git clone {options}{url} {folder}
      - name: {title}
        run: {call}
"""


def cloning(
    *, url: str = "https://example.org/acme/scripts.git", folder: str = "", title: str = "go", call: str
) -> str:
    steps = CLONED.format(options="--depth 1 ", url=url, folder=folder, title=title, call=call)
    return HEAD + JOB.format(name="work", steps=steps)


@pytest.mark.parametrize(
    "text",
    [
        cloning(call="./scripts/bin/deploy-eks"),
        cloning(call="cd scripts && ./go.sh web", title="Deploy to live"),
        cloning(url="$SCRIPTS_URL", folder="tools", call="bash tools/release.sh"),
        HEAD
        + JOB.format(
            name="work",
            steps="      - uses: actions/checkout@v4\n        with:\n          repository: acme/scripts\n"
            "          path: .tools\n      - run: .tools/deploy.sh\n",
        ),
    ],
)
@pytest.mark.parametrize("name", ["rollback", "stagedVerification", "healthChecks", "postDeployValidation"])
def test_what_a_program_of_another_repository_releases_is_decided_there(text: str, name: str) -> None:
    found = practice(name, {CI: text})
    assert found.outcome == "unknown"
    assert "which is another repository" in (found.reason or "")


@pytest.mark.parametrize(
    "text",
    [
        cloning(call="./scripts/install.sh"),
        cloning(call="./scripts/lint.sh", title="Check the style"),
        cloning(call="./deploy.sh"),
        cloning(call="./scripts/release-notes"),
        cloning(folder="$HOME/x", call="./scripts/deploy"),
        cloning(call="# ./scripts/deploy"),
    ],
)
def test_a_clone_that_releases_nothing_decides_nothing(text: str) -> None:
    deployed = JOB.format(name="deploy", steps="      - run: kubectl apply -f web.yaml\n")
    assert practice("rollback", {CI: text + deployed}).outcome == "absent"


@pytest.mark.parametrize(
    ("on", "called", "outcome"),
    [
        ("issues: {types: [opened]}", "pr-sheet", "absent"),
        ("push: {branches: [main]}", "pr-sheet", "unknown"),
        ("push: {branches: [main]}", "documentation-link-check", "absent"),
    ],
)
def test_a_workflow_of_elsewhere_that_greets_or_reads_pages_decides_about_no_release(
    on: str, called: str, outcome: str
) -> None:
    deploy = JOB.format(name="deploy", steps="      - run: kubectl apply -f web.yaml\n")
    other = f"on:\n  {on}\njobs:\n  one:\n    uses: acme/.github/.github/workflows/{called}.yml@main\n"
    files = {CI: HEAD + deploy, ".github/workflows/other.yml": other}
    assert practice("rollback", files).outcome == outcome


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        ("gh workflow run .github/workflows/sync-tickets.yml --ref production", "absent"),
        ("gh workflow run sync-tickets.yml -R acme/other", "unknown"),
        ("gh workflow run deploy-web.yml", "unknown"),
        ("gh workflow run sync-stock.yml", "unknown"),
    ],
)
def test_starting_a_workflow_of_this_repository_that_is_a_chore_hands_over_nothing(
    run: str, outcome: str
) -> None:
    there = HEAD + JOB.format(name="one", steps="      - run: make tickets\n")
    files = {
        CI: HEAD + JOB.format(name="trigger-deploy", steps=f"      - run: {run}\n"),
        ".github/workflows/sync-tickets.yml": there,
        ".github/workflows/deploy-web.yml": there,
    }
    assert practice("rollback", files).outcome == outcome


@pytest.mark.parametrize(
    ("job", "asked"),
    [
        ("    uses: acme/workflows/.github/workflows/deploy.yml@main\n", True),
        ("    runs-on: x\n    steps:\n      - run: kubectl apply -f k8s\n", False),
    ],
)
def test_what_a_called_workflow_of_another_repository_does_is_asked_and_not_called_missing(
    job: str, *, asked: bool
) -> None:
    work = f"on:\n  push:\n    branches: [main]\njobs:\n  deploy-production:\n{job}"
    verdict = gaps(
        assess(
            InMemoryRepository(
                {**APP, ".github/workflows/release.yml": work, "k8s/web.yaml": "kind: Service\n"}
            )
        )
    )
    found = {row.rule for row in verdict.findings}
    questions = {question.key for question in verdict.questions}
    assert ("pipelines/release#remote-workflow" in questions) is asked
    assert bool({"deploy-without-health-check", "artifact-not-promoted"} & found) is not asked
