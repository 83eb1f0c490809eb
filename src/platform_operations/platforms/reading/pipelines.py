"""Where pipelines and deployment scripts run a platform's own tools."""

from collections.abc import Iterator
from functools import lru_cache

from platform_operations.platforms.platform import Sighting
from platform_operations.platforms.reading import files
from platform_operations.repository import Repository

_FOLDERS = (
    ".github/workflows/",
    ".github/actions/",
    ".gitlab/",
    ".circleci/",
    ".buildkite/",
    ".devops/",
    "ci/",
    ".ci/",
    "gocd/",
)
_NAMES = frozenset(
    {
        ".gitlab-ci.yml", ".travis.yml", ".drone.yml", "bitbucket-pipelines.yml", "Jenkinsfile",
        "buildspec.yml", "buildspec.yaml", "cloudbuild.yaml", "cloudbuild.yml", "Makefile", "makefile",
        "justfile", "Justfile", "Taskfile.yml", "azure-pipelines.yml", "appveyor.yml", "codemagic.yaml",
        "deploy.sh", "release.sh",
    }
)  # fmt: skip
OWN_CLUSTER = r"kind-action|kind create|setup-kind|minikube|k3d|kind load|kind get|microk8s"
"""What starts a cluster for a job alone: what is put into it is tried, not delivered."""

_STARTS = ("azure-pipelines", ".gitlab-ci", "Jenkinsfile", "deploy", "buildspec")
_ENDS = (".yml", ".yaml", ".sh", ".bash", ".groovy")


def is_pipeline(path: str) -> bool:
    """Whether `path` is a CI file, a build file or a script named after deploying."""
    name = files.name_of(path)
    if path.startswith(_FOLDERS):
        return path.endswith((*_ENDS, ".mjs", ".js", ".ts", ".libsonnet", ".jsonnet"))
    return name in _NAMES or (name.startswith(_STARTS) and path.endswith(_ENDS))


@lru_cache(maxsize=4)
def _pipelines(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(files.bounded(path for path in paths if is_pipeline(path) and files.counts(path)))


def runs(repository: Repository, pattern: str, *words: str) -> Iterator[Sighting]:
    """Yield for each pipeline the first line that `pattern` finds; each such line has one of `words`, in lower case."""
    for path in _pipelines(repository.paths):
        content = files.text(repository, path)
        if content is None:
            continue
        lowered = content.lower()
        if not any(word in lowered for word in words):
            continue
        line = files.line_with(content, pattern)
        if line is not None:
            yield Sighting(path, line, line, "used by the pipeline")
