"""Health checks that Terraform and infrastructure programs declare outside the services that platform readers know."""

import re
from collections.abc import Iterator, Mapping

from platform_operations.assess.places import aside, folder, lines_of, test_file, text_of, within
from platform_operations.model.evidence import repo_uri
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository

MAX_FILES = 300
MAX_PROBES = 20

PROGRAMS = frozenset({"Pulumi.yaml", "Pulumi.yml", "cdk.json", "cdktf.json", "sst.config.ts"})
"""Project files beside which a program declares what runs."""

_TERRAFORM = re.compile(
    r"^\s*(?:(?:dynamic\s+\")?(?:health_check|liveness_probe|readiness_probe|startup_probe)\"?\s*\{"
    r"|(?:health_?check_path|probe_path|liveness_path|readiness_path)\s*=\s*(?!\"\"|null)\S)"
)
_PROGRAM = re.compile(
    r"^\s*(?:liveness|readiness|startup)_?Probe\s*[:=]|^\s*health_?Check(?:_?Path)?\s*[:=]\s*(?!undefined|null|None)",
    re.IGNORECASE,
)
_SOURCES = (".ts", ".js", ".py", ".go", ".cs", ".java", ".kt")


def probes_in_code(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> tuple[str, ...]:
    """Return the URIs of lines that declare a health check in Terraform files or infrastructure programs."""
    if not {"terraform", "pulumi", "aws", "sst"} & set(sightings):
        return ()
    found: list[str] = []
    for path, pattern in _candidates(repository):
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            if pattern.match(row[:300]):
                found.append(repo_uri(path, number))
                if len(found) == MAX_PROBES:
                    return tuple(found)
                break
    return tuple(found)


def _candidates(repository: Repository) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the files that count with what a probe looks like in them, at most MAX_FILES."""
    projects = {
        folder(path) for path in repository.paths if path.rpartition("/")[2] in PROGRAMS and not aside(path)
    }
    wanted: list[tuple[str, re.Pattern[str]]] = []
    for path in repository.paths:
        if path.endswith((".tf", ".tofu")) and not aside(path):
            wanted.append((path, _TERRAFORM))
        elif projects and path.endswith(_SOURCES) and _of_program(path, projects):
            wanted.append((path, _PROGRAM))
    yield from wanted[:MAX_FILES]


def _of_program(path: str, projects: set[str]) -> bool:
    if not any(within(path, place) for place in projects) or aside(path) or test_file(path):
        return False
    return _infrastructure(path, projects)


def _infrastructure(path: str, projects: set[str]) -> bool:
    """Whether a source belongs to the program: at the root of the repository only what says so by its folder."""
    if any(place != "." and within(path, place) for place in projects):
        return True
    return "/" not in path or re.match(r"(?:infra\w*|stacks?|lib|bin|iac|deploy\w*)/", path) is not None
