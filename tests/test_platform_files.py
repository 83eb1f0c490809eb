"""How platform files are read: Dockerfiles, images, times, environments, overlays; nothing hostile stops it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.platforms import Sighting, sightings
from platform_operations.platforms.reading import dockerfile, environments, files, hcl, health, images, tables
from platform_operations.repository import InMemoryRepository

FIXTURES = Path(__file__).parent / "platforms"
TEXTS = {
    path.relative_to(FIXTURES).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(FIXTURES.rglob("*"))
    if path.is_file() and "repo" in path.relative_to(FIXTURES).parts
}


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        ("ghcr.io/acme/orders@sha256:" + "a" * 64, "digest"),
        ("ghcr.io/acme/orders:1.4.2@sha256:" + "a" * 64, "digest"),
        ("ghcr.io/acme/orders:3f2a9c1d0b7e", "commit"),
        ("ghcr.io/acme/orders:sha-3f2a9c1", "commit"),
        ("ghcr.io/acme/orders:main-3f2a9c1d", "commit"),
        ("ghcr.io/acme/orders:${{ github.sha }}", "commit"),
        ("ghcr.io/acme/orders:v1.4.2", "version"),
        ("ghcr.io/acme/orders:1.4.2-rc.1", "version"),
        ("ghcr.io/acme/orders:2026-11-23", "version"),
        ("ghcr.io/acme/orders:4711", "version"),
        ("python:3.13-slim", "tag"),
        ("postgres:17", "tag"),
        ("ghcr.io/acme/orders", "tag"),
        ("localhost:5000/orders", "tag"),
        ("ghcr.io/acme/orders:deadbeef", "tag"),
        ("ghcr.io/acme/orders:$TAG", None),
        ("{{ image }}", None),
        ("", None),
    ],
)
def test_an_image_is_named_by(image: str, kind: str | None) -> None:
    assert images.reference_kind(image) == kind


def test_a_dockerfile_is_read_over_continuations_comments_and_here_documents() -> None:
    text = (
        "# escape=`\n"
        "from base AS one\n"
        "run echo a `\n"
        "  # in between\n"
        "\n"
        "  b\n"
        "RUN <<-END\n"
        "CMD not an instruction\n"
        "END\n"
        "FROM one\n"
        'CMD ["serve", "--port", "80"]\n'
    )

    found = dockerfile.instructions(text)

    assert [(one.word, one.value, one.first, one.last) for one in found] == [
        ("FROM", "base AS one", 2, 2),
        ("RUN", "echo a b", 3, 6),
        ("RUN", "<<-END", 7, 9),
        ("FROM", "one", 10, 10),
        ("CMD", '["serve", "--port", "80"]', 11, 11),
    ]
    assert [one.word for one in dockerfile.final_stage(found)] == ["FROM", "CMD", "FROM", "RUN", "RUN"]
    assert dockerfile.shown(found[-1].value) == "serve --port 80"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("90s", 90),
        ("1m30s", 90),
        ("500ms", 1),
        ("0", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_length_of_time_is_read_in_seconds(text: str | None, seconds: int | None) -> None:
    assert health.span(text) == seconds


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("deploy/overlays/staging/kustomization.yaml", "staging"),
        ("deploy/overlays/eu-west/kustomization.yaml", "eu-west"),
        ("deploy/overlays/base/kustomization.yaml", None),
        ("clusters/prod/eu/apps.yaml", "prod"),
        ("k8s/values-uat.yaml", "uat"),
        ("k8s/prod.values.yaml", "prod"),
        ("k8s/reproduction.yaml", None),
        ("k8s/deployment.yaml", None),
    ],
)
def test_an_environment_is_named_by_folder_or_file(path: str, environment: str | None) -> None:
    assert environments.of_path(path) == environment


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("Dockerfile", True),
        ("services/api/Dockerfile", True),
        ("deploy/overlays/test/kustomization.yaml", True),
        ("test/Dockerfile", False),
        ("Docs/site/Dockerfile", False),
        ("a/node_modules/b/Dockerfile", False),
        (".devcontainer/compose.yaml", False),
    ],
)
def test_folders_decide_whether_a_file_counts(path: str, counts: bool) -> None:
    assert files.counts(path) is counts


@pytest.mark.parametrize(
    ("folder", "path", "found"),
    [("a/b", "../../base", "base"), ("a", "./c/../d", "a/d"), ("a", "../../etc", None), ("", "x", "x")],
)
def test_a_path_is_followed_inside_the_repository_only(folder: str, path: str, found: str | None) -> None:
    assert files.joined(folder, path) == found


def test_comments_and_trailing_commas_of_jsonc_are_read_over() -> None:
    assert tables.loads('{"a": "// no comment", /* one */ "b": [1,], // two\n}') == {
        "a": "// no comment",
        "b": [1],
    }
    assert tables.loads("[1]") is None


def test_blocks_of_terraform_end_at_their_own_brace() -> None:
    text = 'resource "a" "b" {\n  name = "}{"\n  inner {\n    rollback = true # }\n  }\n}\nmodule "c" {\n}\n'

    first, second = hcl.blocks(text, "main.tf")

    assert (first.labels, first.first, first.last, second.first) == (("a", "b"), 1, 6, 7)
    inner = first.inner("inner")
    assert inner is not None
    assert (inner.first, inner.last, inner.attribute("rollback")) == (3, 5, "true")


def of(found: tuple[Sighting, ...], environment: str | None) -> Sighting:
    return next(one for one in found if one.environment == environment and one.workload is not None)


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  template:
    spec:
      containers: [{name: orders, image: "orders:1.0.0"}]
"""


def test_a_json_patch_and_an_inline_patch_reach_the_workload() -> None:
    overlay = """\
resources: [../base]
patches:
  - target: {kind: Deployment, name: orders}
    patch: |-
      - {op: replace, path: /spec/template/spec/containers/0/image, value: "orders:2.0.0"}
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: orders}
      spec: {replicas: 5}
"""
    repository = InMemoryRepository(
        {
            "base/kustomization.yaml": "resources: [orders.yaml]\n",
            "base/orders.yaml": DEPLOYMENT,
            "production/kustomization.yaml": overlay,
        }
    )

    found = of(sightings(repository)["kubernetes"], "production").workload

    assert found is not None
    assert (found.image, found.replicas) == ("orders:2.0.0", 5)


def test_overlays_that_build_on_each_other_end() -> None:
    repository = InMemoryRepository(
        {
            "a/kustomization.yaml": "resources: [../b, orders.yaml]\n",
            "b/kustomization.yaml": "resources: [../a]\n",
            "a/orders.yaml": DEPLOYMENT,
            "prod/kustomization.yaml": "resources: [../a]\n",
        }
    )

    assert of(sightings(repository)["kubernetes"], "prod").path == "a/orders.yaml"


def test_a_remote_base_is_said_to_be_outside() -> None:
    base = "resources: ['https://github.com/acme/base?ref=v1']\n"
    repository = InMemoryRepository({"production/kustomization.yaml": base})

    (found,) = sightings(repository)["kubernetes"]

    assert "outside the repository" in (found.unreadable or "")


def test_a_broken_file_costs_only_itself() -> None:
    repository = InMemoryRepository({"k8s/a.yaml": DEPLOYMENT, "k8s/b.yaml": DEPLOYMENT + "  broken: [\n"})

    found = sightings(repository)["kubernetes"]

    assert [(one.path, one.unreadable is None) for one in found] == [
        ("k8s/a.yaml", True),
        ("k8s/b.yaml", False),
    ]


def test_a_deployment_named_twice_for_one_environment_is_one_workload() -> None:
    repository = InMemoryRepository(
        {
            "k8s/a.yaml": DEPLOYMENT,
            "manifests/b.yaml": DEPLOYMENT.replace("spec:\n  t", "spec:\n  replicas: 2\n  t"),
        }
    )

    found = sightings(repository)["kubernetes"]

    assert [(one.path, one.workload is not None) for one in found] == [
        ("k8s/a.yaml", False),
        ("manifests/b.yaml", True),
    ]


@given(st.sampled_from(sorted(TEXTS)), st.integers(0, 2_000), st.integers(0, 60), st.text(max_size=12))
def test_mutated_files_never_stop_the_reading(path: str, start: int, length: int, put: str) -> None:
    text = TEXTS[path]
    mutated = text[:start] + put + text[start + length :]
    name = path.partition("/repo/")[2]

    found = sightings(InMemoryRepository({name: mutated, "deploy/kustomization.yaml": "resources: [..]\n"}))

    lines = mutated.count("\n") + 1
    assert all(
        1 <= one.first <= max(one.last, 1) <= lines
        for row in found.values()
        for one in row
        if one.path == name
    )


@pytest.mark.parametrize(
    "content",
    [
        "[" * 50_000,
        "{" * 50_000,
        "apiVersion: apps/v1\nkind: Deployment\n" + "a: &a [*a]\n",
        'resource "a" "b" {\n' * 5_000,
        "\\\n" * 50_000,
        "<<EOF " * 5_000,
        "\x00\ufeff\x00",
        "FROM " + "a" * 100_000,
        '"name": ' * 20_000,
        '"' + '\\"' * 200_000,
        "/*" * 200_000,
        "\n" * 400_000,
        "{" + "," * 200_000,
        'resource "aws_ecs_service" "a" {\n  name = ' + " " * 300_000 + 'x "\n}\n',
        "provider aws\n" + 'name = "' + "\\" * 300_000,
        "RUN <<A\n" * 5_000,
    ],
)
def test_hostile_content_is_read_to_its_end(content: str) -> None:
    names = sorted({path.partition("/repo/")[2] for path in TEXTS} | {"Dockerfile", "k8s/a.yaml", "main.tf"})

    sightings(InMemoryRepository(dict.fromkeys(names, content)))
