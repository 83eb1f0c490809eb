"""Files as nobody wrote them: what they break is said, and costs neither the answer nor the time."""

import signal
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platform_operations.assess import assess
from platform_operations.documents import assessment_document, json_text
from platform_operations.model.assessment import Assessment
from platform_operations.model.evidence import repo_place
from platform_operations.repository import InMemoryRepository, LocalRepository, Repository, cited_lines
from platform_operations.validate import gaps

if TYPE_CHECKING:
    from collections.abc import Generator

HERE = Path(__file__).parent
FOLDERS = (
    HERE.parent / "examples" / "checkout",
    *sorted((HERE / "platforms").glob("*/repo")),
    *sorted(path for path in (HERE / "ci").iterdir() if path.is_dir()),
)
FRAGMENTS = (
    b"{{ .Values.name }}", b"{% if a %}", b"<%= a %>", b"${{ ", b"\x00", b"\xff\xfe", b"\xe2\x80\xa8", b"\xc2\x85",
    b"\r", b"\r\n", b"\t", b"[" * 200, b"{" * 200, b"- " * 200, b"(" * 200, b" " * 3_000, b"&a [*a]", b"<<: *a",
    b"!!python/object:x", b'"', b"'", b"|", b"---\n", b"null", b"[]", b"{}", b"9" * 60, b"\\", b"#", b": ",
)  # fmt: skip


def content(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


REPOSITORIES = tuple(files for folder in FOLDERS if (files := content(folder)))


@contextmanager
def within(seconds: int) -> "Generator[None]":
    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def told(repository: Repository) -> Assessment:
    """Return the assessment of a repository after writing it out and opening every place that it cites."""
    assessment = assess(repository)
    json_text(assessment_document(assessment, gaps(assessment)))
    for entry in assessment.evidence:
        place = repo_place(entry.uri)
        if place is not None:
            text = repository.read(place.path)
            assert isinstance(text, str), entry.uri
            assert cited_lines(text, place.first, place.last) is not None, entry.uri
    return assessment


def unreadable(assessment: Assessment) -> dict[str, str | None]:
    return {fact.subject: fact.reason for fact in assessment.facts if fact.subject.startswith("file:")}


@st.composite
def mutated(draw: st.DrawFn) -> Mapping[str, bytes]:
    files = dict(draw(st.sampled_from(REPOSITORIES)))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(sorted(files)))
        data = files[path]
        first = draw(st.integers(0, len(data)))
        last = draw(st.integers(first, min(len(data), first + 120)))
        with_it = draw(st.sampled_from((*FRAGMENTS, data[first:last] * 2, b"")))
        files[path] = data[:first] + with_it + data[draw(st.sampled_from((first, last))) :]
    return files


@settings(max_examples=120, deadline=None, suppress_health_check=(HealthCheck.too_slow,))
@given(mutated())
def test_a_mutated_repository_is_assessed_and_every_citation_opens(files: Mapping[str, bytes]) -> None:
    with within(20):
        told(InMemoryRepository(files))


@pytest.mark.parametrize("number", range(len(REPOSITORIES)))
def test_windows_line_ends_change_neither_what_is_found_nor_where(number: int) -> None:
    files = REPOSITORIES[number]
    windows = {path: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for path, data in files.items()}

    assert told(InMemoryRepository(windows)) == told(InMemoryRepository(files))


SPACE = " " * 300_000
RULE = "groups:\n- rules:\n  - alert: A\n    expr: up\n   - b\n"
JOB = (
    "on: push\njobs:\n  a:\n    runs-on: x\n    environment: {environment}\n    steps:\n      - run: {run}\n"
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("alerts.rules.yml", RULE + f"    summary: {' ' * 1_900}x\n" * 100),
        ("alerts.rules.yml", RULE + f"  - alert: {'a ' * 70}{' ' * 300}x\n" * 800),
        ("Makefile", f"deploy:\n\tkubectl apply -f k8s\nA = b{SPACE}#\nB ={SPACE}$\n"),
        (".github/workflows/a.yml", JOB.format(environment=f"${{{{ {SPACE} x", run="make deploy")),
        (".github/workflows/a.yml", JOB.format(environment="a", run="docker push a:" + "${{ a" * 50_000)),
        (".github/workflows/a.yml", JOB.format(environment="a", run=f"docker push a:${{{{ a{SPACE}b")),
        ("Jenkinsfile", f"pipeline {{ stages {{ stage('a') {{ when {{ branch {SPACE}x }} }} }} }}"),
        ("ci/pipeline.yml", "resources:\n" + " \n" * 190_000),
        (
            "docker-compose.yml",
            f"services:\n  a:\n    image: b:{'1' * 200_000}\n    labels:\n      {SPACE}x SERVICE_\n",
        ),
        ("go.mod", "module a\nrequire (\n\t" + "a." * 100_000 + "\n\t" + "./" * 100_000 + "\n)\n"),
        (
            "alertmanager.yml",
            "route:\n  receiver: a\n  routes:\n" + f'  - matchers: ["a={" " * 900}x{SPACE}"]\n',
        ),
    ],
)
def test_a_long_run_of_one_thing_is_read_in_time(path: str, text: str) -> None:
    with within(30):
        told(InMemoryRepository({path: text, "Dockerfile": "FROM a\n"}))


@pytest.mark.parametrize("opener", ["[", "{a: ", "- ", "? ", "!a ", "(", '{"a":', "{{"])
def test_deep_nesting_is_said_of_its_file_and_costs_nothing_else(opener: str) -> None:
    workflow = JOB.format(environment="production", run="kubectl apply -f k8s")
    files = {".github/workflows/good.yml": workflow, ".github/workflows/bad.yml": opener * 50_000}
    with within(30):
        assessment = told(InMemoryRepository(files))

    assert [stage.environment for stage in assessment.as_is.pipeline_stages] == ["production"]
    assert "file:.github/workflows/bad.yml" in unreadable(assessment)


@pytest.mark.parametrize(
    "data",
    [b"on: push\n\x00\x01", b"jobs:\n  a: \xff\xfe\n", "on: push".encode("utf-16"), b"\x7fELF" + b"\0" * 99],
)
def test_a_binary_with_the_name_of_a_workflow_costs_only_itself(data: bytes) -> None:
    good = JOB.format(environment="production", run="kubectl apply -f k8s").encode()
    assessment = assess(
        InMemoryRepository({".github/workflows/a.yml": good, ".github/workflows/b.yml": data})
    )

    assert [stage.environment for stage in assessment.as_is.pipeline_stages] == ["production"]
    assert "file:.github/workflows/b.yml" in unreadable(assessment)


def test_a_file_of_a_hundred_megabytes_is_not_read(tmp_path: Path) -> None:
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "good.yml").write_text(JOB.format(environment="production", run="kubectl apply -f k8s"))
    with (workflows / "huge.yml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    with within(10):
        assessment = assess(LocalRepository(tmp_path))

    assert [stage.environment for stage in assessment.as_is.pipeline_stages] == ["production"]
    assert "larger than 1 MiB" in (unreadable(assessment)["file:.github/workflows/huge.yml"] or "")


@pytest.mark.parametrize(
    ("path", "text", "template"),
    [
        ("deploy/app.yaml", "kind: Deployment\nmetadata:\n  name: a\n{{- if .Values.b }}\n  x: 1\n{{ end }}\n", "Helm"),
        ("k8s/app.yml", "kind: Deployment\nmetadata:\n  name: a\n{% if b %}\n x: 1\n{% endif %}\n", "Jinja"),
        ("k8s/app.yml", "kind: Deployment\nmetadata:\n  name: a\n<% if b %>\n x: 1\n<% end %>\n", "ERB"),
    ],
)  # fmt: skip
def test_a_template_is_read_by_lines_and_says_so(path: str, text: str, template: str) -> None:
    assessment = told(InMemoryRepository({path: f"apiVersion: apps/v1\n{text}"}))

    assert "read by lines" in (unreadable(assessment).get(f"file:{path}") or ""), template
