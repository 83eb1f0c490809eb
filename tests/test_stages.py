"""Every CI system's fixture gives the stages that its files hold, and every citation opens on the lines that show it."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platform_operations.assess.ci import Delivery, ci_systems, read_delivery
from platform_operations.assess.ci.shell import commands
from platform_operations.model.delivery import Component, Stage
from platform_operations.model.evidence import repo_place
from platform_operations.platforms import PLATFORMS
from platform_operations.repository import InMemoryRepository, LocalRepository, Repository

FIXTURES = Path(__file__).parent / "ci"
CASES = sorted(path.parent for path in FIXTURES.glob("*/*/repo"))
APP = Component(id="app", types=("http-service",), origin="existing")


def read(repository: Repository, *components: Component) -> Delivery:
    return read_delivery(repository, components or (APP,))


def workflow(text: str, **files: str) -> Delivery:
    return read(InMemoryRepository({".github/workflows/main.yml": text, **files}))


def stages(delivery: Delivery) -> dict[str, Stage]:
    return {stage.id: stage for stage in delivery.stages}


def outline(delivery: Delivery) -> str:
    """Return a delivery as lines that a person can read against the fixture."""
    rows = [f"system {id}: {' '.join(evidence)}" for id, evidence in delivery.systems]
    rows += [f"pipeline {one.id}: {' '.join(one.triggers)}" for one in delivery.pipelines]
    for one in delivery.stages:
        parts = [f"stage {one.id}: {one.kind}"]
        parts += [f"in {one.environment}"] if one.environment else []
        parts += [f"exposure {one.exposure}"] if one.exposure else []
        parts += [f"after {', '.join(one.needs)}"] if one.needs else []
        parts += [f"whatever becomes of {', '.join(one.optional_needs)}"] if one.optional_needs else []
        parts += [f"makes {', '.join(one.produces)}"] if one.produces else []
        parts += [f"takes {row.artifact} by {row.reference}" for row in one.consumes]
        parts += [f"asserts {', '.join(one.asserts)}"] if one.asserts else []
        rows.append("; ".join(parts))
        rows += [f"  runs {run}" for run in one.runs]
        rows += [f"  seen {uri.removeprefix('repo:')}" for uri in one.evidence]
    for one in delivery.gates:
        bound = f"{one.fails_on.metric} {one.fails_on.at_least or one.fails_on.below}"
        rows.append(
            f"gate {one.id}: {one.kind} by {one.tool} in {one.stage}, {bound}, {'blocks' if one.blocking else 'cannot block'}"
        )
    rows += [
        f"artifact {one.id}: {one.kind} by {one.identity} {' '.join(one.attestations)}".rstrip()
        for one in delivery.artifacts
    ]
    rows += [f"environment {one.id}: {one.kind} {one.url or ''}".rstrip() for one in delivery.environments]
    rows += [
        f"fact {one.subject}#{one.aspect}: {one.outcome} {one.value or ''} ({one.reason})"
        for one in delivery.facts
    ]
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_a_fixture_gives_the_stages_that_its_files_hold(case: Path) -> None:
    found = outline(read(LocalRepository(case / "repo")))
    assert found == (case / "expected.txt").read_text(encoding="utf-8")


def test_every_ci_system_that_is_read_has_a_fixture_with_defects_and_one_without() -> None:
    ids = {system.id for system in ci_systems()}
    assert {path.parent.name for path in CASES} <= ids
    for id in (
        "github-actions",
        "gitlab-ci",
        "circleci",
        "azure-pipelines",
        "jenkins",
        "buildkite",
        "bitbucket-pipelines",
        "concourse",
        "cloud-build",
        "woodpecker",
        "drone",
    ):
        assert {path.name for path in CASES if path.parent.name == id} >= {"with-defects", "without-defects"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_every_citation_opens_on_lines_that_exist(case: Path) -> None:
    repository = LocalRepository(case / "repo")
    delivery = read(repository)
    uris = [*delivery.cited, *(uri for fact in delivery.facts for uri in fact.evidence)]
    for uri in uris:
        place = repo_place(uri)
        assert place is not None, uri
        content = repository.read(place.path)
        assert isinstance(content, str), uri
        assert place.last <= len(content.rstrip("\n").split("\n")), uri


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}-{case.name}")
def test_the_lines_cited_for_a_stage_show_what_it_runs(case: Path) -> None:
    repository = LocalRepository(case / "repo")
    for stage in read(repository).stages:
        shown = " ".join(_cited(repository, uri) for uri in stage.evidence)
        literal = [run for run in stage.runs if "gitlab-template" not in run and "trigger/" not in run]
        for run in literal[:1]:
            words = [word for word in re.findall(r"[\w.-]{3,}", run.removeprefix("uses ")) if word.isascii()]
            assert any(word in shown for word in words[:4]), (stage.id, run, shown)


def _cited(repository: Repository, uri: str) -> str:
    place = repo_place(uri)
    assert place is not None
    content = repository.read(place.path)
    assert isinstance(content, str)
    return " ".join(content.split("\n")[place.first - 1 : place.last])


def test_one_job_that_tests_packages_deploys_and_smokes_becomes_four_chained_stages() -> None:
    found = workflow(
        """
on: {push: {branches: [main]}}
jobs:
  all:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pytest
      - run: docker build -t acme/app:${{ github.sha }} . && docker push acme/app:${{ github.sha }}
      - run: trivy image --exit-code 1 acme/app:${{ github.sha }}
      - run: kubectl -n staging set image deployment/app app=acme/app:${{ github.sha }}
      - run: kubectl -n staging rollout status deployment/app
      - run: npx playwright test smoke
"""
    )
    assert [(one.id, one.kind, one.needs) for one in found.stages] == [
        ("all-test", "test", ()),
        ("all-package", "package", ("all-test",)),
        ("all-deploy", "deploy", ("all-package",)),
        ("all-verify", "verify", ("all-deploy",)),
    ]
    assert "trivy image --exit-code 1 acme/app:${{ github.sha }}" in stages(found)["all-package"].runs
    assert stages(found)["all-deploy"].waits is True


def test_a_releasing_stage_names_its_action_in_a_platforms_words_and_whether_it_waits() -> None:
    words = {word for platform in PLATFORMS for word in (*platform.actions, *platform.rollbacks)}
    found = workflow(
        "on: push\njobs:\n  ship:\n    environment: production\n    steps:\n"
        "      - run: helm upgrade web chart --wait\n      - if: failure()\n        run: helm rollback web\n"
    )
    deploy, rollback = found.stages
    assert (deploy.kind, rollback.kind) == ("deploy", "rollback")
    assert deploy.action in words and rollback.action in words
    assert deploy.waits is True


def test_a_kind_that_comes_again_in_a_job_gets_a_number() -> None:
    found = workflow(
        "on: push\njobs:\n  a:\n    steps:\n      - run: pytest\n      - run: npm run build\n      - run: pytest slow\n"
    )
    assert [one.id for one in found.stages] == ["a-test", "a-build", "a-test-2"]


def test_tests_and_analyses_that_alternate_in_a_job_are_one_stage_each() -> None:
    found = workflow(
        "on: push\njobs:\n  a:\n    steps:\n"
        + "      - run: pytest one\n      - run: ruff check one\n" * 8
        + "      - if: always()\n        run: pytest last\n      - run: npm publish\n"
    )
    assert [one.id for one in found.stages] == ["a-test", "a-analyze", "a-test-2", "a-publish"]
    assert found.stages[3].needs == ("a-analyze", "a-test-2")


def test_a_job_of_set_up_steps_only_is_dropped_and_its_edges_are_contracted() -> None:
    found = workflow(
        """
on: push
jobs:
  test: {steps: [{run: pytest}]}
  prepare: {needs: test, steps: [{uses: actions/checkout@v4}, {run: npm ci}]}
  ship: {needs: prepare, environment: production, steps: [{run: flyctl deploy}]}
"""
    )
    assert stages(found).keys() == {"test", "ship"}
    assert stages(found)["ship"].needs == ("test",)


def test_stages_of_one_name_in_two_pipelines_carry_their_pipelines_name() -> None:
    text = "on: push\njobs:\n  test: {steps: [{run: pytest}]}\n"
    found = read(InMemoryRepository({".github/workflows/a.yml": text, ".github/workflows/b.yml": text}))
    assert [one.id for one in found.stages] == ["a-test", "b-test"]


def test_a_cycle_of_needs_ends() -> None:
    found = workflow(
        "on: push\njobs:\n  a: {needs: b, steps: [{run: pytest}]}\n  b: {needs: a, steps: [{run: ruff check}]}\n"
    )
    assert set(stages(found)) == {"a", "b"}


@pytest.mark.parametrize(
    ("script", "texts"),
    [
        ("a && b; c | d", ["a", "b", "c", "d"]),
        ("docker build \\\n  -t x .\nls", ["docker build -t x .", "ls"]),
        ("# docker push x\necho 'a; b' # c", ["echo 'a; b'"]),
        ('echo "$(cat a | head; b)"', ['echo "$(cat a | head; b)"']),
        ("if ! make test; then\n  exit 1\nfi", ["make test", "exit 1"]),
        ("cat <<EOF > f\nrm -rf /\nEOF\nls", ["cat <<EOF > f", "ls"]),
        ("for i in 1 2; do curl -f x; done", ["curl -f x"]),
        (
            "case $X in\n  refs/heads/deploy)\n    make test ;;\n  *) make lint ;;\nesac",
            ["make test", "make lint"],
        ),
        ("(cd web && npm test)", ["npm test"]),
        ("cmd='pytest -q'\neval \"$cmd\"", ["cmd='pytest -q'", "pytest -q"]),
    ],
)
def test_a_script_is_split_into_its_simple_commands(script: str, texts: list[str]) -> None:
    assert [one.text for one in commands(script)] == texts


def test_a_command_that_goes_on_at_the_end_of_its_file_is_cited_on_lines_that_exist() -> None:
    (command,) = commands("helm upgrade app ./chart \\\n  --wait \\\n")

    assert (command.first, command.last) == (1, 2)


def test_commands_know_their_lines_and_the_folder_they_run_in() -> None:
    found = commands("set -e\ncd web\nnpm test\ncd ../api\n\npytest\n", 10)
    assert [(one.text, one.first, one.folder) for one in found] == [
        ("npm test", 12, "web"),
        ("pytest", 15, "api"),
    ]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("pytest || true", "|| true"),
        ("pytest || :", "|| :"),
        ("set +e\npytest", "set +e"),
        ("pytest | tee log", "| tee"),
    ],
)
def test_a_command_whose_failure_is_swallowed_says_by_what(script: str, why: str) -> None:
    assert commands(script, pipefail=False)[0].silenced == why


def test_a_pipe_under_pipefail_swallows_nothing() -> None:
    assert commands("set -o pipefail\npytest | tee log", pipefail=False)[0].silenced is None


@pytest.mark.parametrize(
    ("path", "text", "subject", "aspect"),
    [
        (".buildkite/pipeline.yml", "steps:\n  - command: ./gen.sh | buildkite-agent pipeline upload\n", "pipelines/buildkite", "dynamic-steps"),
        (".circleci/config.yml", "setup: true\nworkflows: {a: {jobs: [b]}}\njobs: {b: {steps: [checkout]}}\n", "pipelines/circleci", "dynamic-config"),
        (".gitlab-ci.yml", "a: {trigger: {include: [{artifact: x.yml, job: b}]}}\n", "pipelines/gitlab-ci", "downstream"),
        (".gitlab-ci.yml", "include: [{remote: 'https://acme.example/ci.yml'}]\na: {script: [pytest]}\n", "pipelines/gitlab-ci", "remote-include"),
        ("azure-pipelines.yml", "trigger: [main]\nextends: {template: a.yml@shared}\n", "pipelines/azure-pipelines", "remote-template"),
        ("Jenkinsfile", "@Library('x') _\nwithPipeline('java') {}\n", "pipelines/jenkins", "shared-library"),
        (".circleci/config.yml", "orbs: {x: acme/x@1}\nworkflows: {w: {jobs: [x/deploy]}}\n", "pipelines/w", "remote-orb"),
    ],
)  # fmt: skip
def test_what_is_kept_elsewhere_or_generated_is_unknown_and_never_absent(
    path: str, text: str, subject: str, aspect: str
) -> None:
    found = {(one.subject, one.aspect): one for one in read(InMemoryRepository({path: text})).facts}
    assert found[subject, aspect].outcome == "unknown"
    assert found[subject, aspect].evidence


def test_gitlabs_own_scan_templates_and_components_are_checks_that_cannot_block() -> None:
    text = (
        "include:\n  - template: Jobs/Secret-Detection.gitlab-ci.yml\n"
        "  - component: $CI_SERVER_FQDN/components/sast/sast@3\nunit: {script: [pytest]}\n"
    )
    found = read(InMemoryRepository({".gitlab-ci.yml": text}))
    assert {(one.kind, one.blocking) for one in found.gates} == {
        ("secret-scan", False),
        ("sast", False),
        ("unit-test", True),
    }


def test_an_anchor_and_an_extended_job_give_their_script_to_the_job() -> None:
    text = "x: &x\n  - pytest\n.base: {script: *x}\nunit: {extends: .base}\nlint: {script: [!reference [.base, script]]}\n"
    found = read(InMemoryRepository({".gitlab-ci.yml": text}))
    assert {one.id: one.runs for one in found.stages} == {"unit": ("pytest",), "lint": ("pytest",)}


SEEDS = [
    path.read_text(encoding="utf-8")
    for path in sorted(FIXTURES.glob("*/*/repo/**/*"))
    if path.is_file() and (path.suffix in {".yml", ".yaml"} or path.name == "Jenkinsfile")
]
PLACES = (
    ".github/workflows/a.yml", ".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml", "Jenkinsfile",
    ".buildkite/pipeline.yml", "ci/pipeline.yml",
)  # fmt: skip
JUNK = ("{", "}", "[", "&a", "*a", "<<: *a", "- ", ": ", "|\n", ">\n", "'", '"', "${{", "}}", "\x00", "\ufeff", "\t", "!reference [a, b]", "é" * 50, "needs: [", "if: always()\n", "\n\n", "\\\n", "$(", "<<EOF\n", "extends: .x\n", "depends_on: ~\n")  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 40)))
        what = draw(st.sampled_from(("cut", "insert", "repeat", "swap")))
        junk = draw(st.sampled_from(JUNK))
        if what == "cut":
            text = text[:at] + text[end:]
        elif what == "insert":
            text = text[:at] + junk + text[at:]
        elif what == "repeat":
            text = text[:end] + text[at:end] * 3 + text[end:]
        else:
            text = text[end:] + text[:at] + junk
    return text


@settings(max_examples=120, deadline=5_000, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(text=mutated(), place=st.sampled_from(PLACES))
def test_mutated_configuration_is_read_without_an_exception_and_every_reference_resolves(
    text: str, place: str
) -> None:
    delivery = read(InMemoryRepository({place: text, "Makefile": "test:\n\tpytest\n"}))
    ids = {one.id for one in delivery.stages}
    assert len(ids) == len(delivery.stages)
    assert all({*one.needs, *one.optional_needs} <= ids for one in delivery.stages)
    assert {one.stage for one in delivery.gates} <= ids
    artifacts = {one.id for one in delivery.artifacts}
    assert all(
        {*one.produces, *(row.artifact for row in one.consumes)} <= artifacts for one in delivery.stages
    )
    environments = {one.id for one in delivery.environments}
    assert {one.environment for one in delivery.stages if one.environment} <= environments
    assert {one.pipeline for one in delivery.stages} <= {one.id for one in delivery.pipelines}


@pytest.mark.parametrize(
    "text", ["'" * 60_000, "(" * 60_000, "a \\\n" * 20_000, "$(" * 30_000, '"a' * 30_000, "x=" * 30_000]
)
def test_a_long_hostile_script_is_split_quickly(text: str) -> None:
    assert len(commands(text)) <= 500


def _bomb() -> str:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    return f"a0: &a0 [pytest]\n{levels}\non: push\nsteps: *a11\nstages: *a11\nworkflows: {{w: {{jobs: *a11}}}}\njob: {{script: *a11}}\njobs: {{a: {{steps: *a11}}}}\n"


@pytest.mark.parametrize("place", PLACES)
def test_a_bomb_of_aliases_is_unreadable_and_costs_nothing(place: str) -> None:
    assert read(InMemoryRepository({place: _bomb()})).stages == ()


def test_workflows_that_multiply_by_calling_one_another_are_cut_and_that_is_said() -> None:
    def calls(callee: str) -> str:
        return "on: [push, workflow_call]\njobs:\n" + "".join(
            f"  j{n}: {{uses: ./.github/workflows/{callee}.yml}}\n" for n in range(60)
        )

    files = {
        f".github/workflows/{name}.yml": calls(callee)
        for name, callee in (("a", "b"), ("b", "c"), ("c", "d"))
    }
    leaf = "on: workflow_call\njobs: {x: {steps: [{run: pytest}]}}\n"
    found = read(InMemoryRepository({**files, ".github/workflows/d.yml": leaf}))
    assert len(found.stages) <= 1_600
    cut = [one for one in found.facts if (one.subject, one.aspect) == ("pipelines", "complete")]
    assert cut and cut[0].outcome == "unknown"


def test_actions_that_multiply_by_using_one_another_are_cut() -> None:
    def uses(callee: str) -> str:
        return "runs:\n  using: composite\n  steps:\n" + f"    - uses: ./{callee}\n" * 100

    files = {
        "a/action.yml": uses("b"),
        "b/action.yml": uses("c"),
        "c/action.yml": uses("d"),
        "d/action.yml": uses("e"),
    }
    text = "on: push\njobs: {x: {steps: [{uses: ./a}, {run: pytest}]}}\n"
    assert read(InMemoryRepository({".github/workflows/m.yml": text, **files})).systems


@pytest.mark.parametrize("text", ["stage('a') {" * 5_000, "(" * 200_000, "'''" * 50_000, "/*" * 50_000])
def test_a_hostile_jenkinsfile_ends(text: str) -> None:
    assert read(InMemoryRepository({"Jenkinsfile": text})).systems[0][0] == "jenkins"
