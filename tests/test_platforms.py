"""Platforms: each finds what its fixture shows, nothing in its near miss, and speaks one vocabulary."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
import yaml

from platform_operations.errors import DefectError
from platform_operations.model.words import ACTING, HealthKind, StageKind
from platform_operations.platforms import PLATFORMS, Platform, Sighting, by_id, defined, platform, sightings
from platform_operations.platforms.platform import Workload
from platform_operations.repository import InMemoryRepository, LocalRepository

FIXTURES = Path(__file__).parent / "platforms"
IDS = [one.id for one in PLATFORMS]
WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PLACEHOLDERS = {"name", "environment", "artifact", "path", "url", "reference", "commit", "folder", "dist"}
EXPECTED = [
    "argocd", "aws", "azure", "cloudflare", "cloudfoundry", "coolify", "digitalocean", "docker", "flux", "fly", "gcp", "helm", "heroku",
    "kubernetes", "netlify", "pulumi", "railway", "registries", "render", "serverless-framework", "sst", "supabase",
    "terraform", "vercel",
]  # fmt: skip


def shown(sighting: Sighting) -> dict[str, Any]:
    """A sighting as evidence.yaml writes it: only what is known."""
    document: dict[str, Any] = {
        "at": f"{sighting.path}#L{sighting.first}-L{sighting.last}",
        "detail": sighting.detail,
        "environment": sighting.environment,
        "unreadable": sighting.unreadable,
        "workload": workload(sighting.workload) if sighting.workload else None,
    }
    return {key: value for key, value in document.items() if value is not None}


def workload(found: Workload) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for field in fields(found):
        value = getattr(found, field.name)
        if field.name == "health" and found.health is not None:
            value = found.health.document()
        elif isinstance(value, tuple):
            path, first, last = getattr(found, field.name)
            value = f"{path}#L{first}-L{last}"
        if value is not None:
            document[field.name] = value
    return document


def seen(id: str, folder: str) -> list[Sighting]:
    return list(sightings(LocalRepository(FIXTURES / id / folder)).get(id, ()))


def test_the_platforms_are_the_ones_we_promise() -> None:
    assert IDS == EXPECTED
    assert [one.id for one in PLATFORMS if platform(one.id) is not one] == []
    assert platform("mainframe") is None


def test_every_platform_has_a_fixture_and_every_fixture_a_platform() -> None:
    assert sorted(path.name for path in FIXTURES.iterdir()) == IDS


@pytest.mark.parametrize("id", IDS)
def test_a_platform_sees_exactly_what_its_fixture_shows(id: str) -> None:
    expected = yaml.safe_load((FIXTURES / id / "evidence.yaml").read_text(encoding="utf-8"))

    assert [shown(one) for one in seen(id, "repo")] == expected


@pytest.mark.parametrize("id", IDS)
def test_a_platform_sees_nothing_in_its_near_miss(id: str) -> None:
    assert any((FIXTURES / id / "near-miss").rglob("*"))
    assert seen(id, "near-miss") == []


@pytest.mark.parametrize("id", IDS)
def test_every_cited_line_exists_and_is_not_empty(id: str) -> None:
    root = FIXTURES / id / "repo"
    for one in seen(id, "repo"):
        places = [(one.path, one.first, one.last)]
        if one.workload is not None:
            places += [place for place in (one.workload.probe_lines, one.workload.strategy_lines) if place]
        for path, first, last in places:
            lines = (root / path).read_text(encoding="utf-8").splitlines()
            assert 1 <= first <= last <= len(lines), (path, first, last)
            assert lines[first - 1].strip(), (path, first)


@pytest.mark.parametrize("id", IDS)
def test_workloads_speak_the_words_of_their_platform(id: str) -> None:
    one = platform(id)
    assert one is not None
    for sighting in seen(id, "repo"):
        if sighting.workload is not None:
            assert sighting.workload.mechanism in {None, *one.mechanisms}
            assert sighting.workload.rollback in {None, *one.rollbacks}


def test_two_platforms_of_one_id_are_a_defect() -> None:
    docker = platform("docker")
    assert docker is not None

    with pytest.raises(DefectError, match="'docker'"):
        by_id([docker, docker])


def test_a_module_without_a_platform_is_a_defect() -> None:
    with pytest.raises(DefectError, match="dockr defines no PLATFORM"):
        defined(ModuleType("dockr"))


def test_an_implied_platform_shows_where_the_other_does_and_runs_nothing() -> None:
    repository = InMemoryRepository({"chart/Chart.yaml": "apiVersion: v2\nname: orders\n"})

    found = sightings(repository)

    assert list(found) == ["helm", "kubernetes"]
    assert [(one.path, one.detail, one.workload) for one in found["kubernetes"]] == [
        ("chart/Chart.yaml", "implied by Helm", None)
    ]


def vocabulary(one: Platform) -> list[str]:
    requires = [word for mechanism in one.mechanisms.values() for word in mechanism.requires]
    return [
        *one.capabilities,
        *one.actions,
        *one.mechanisms,
        *one.rollbacks,
        *one.signals,
        *requires,
        *one.implies,
    ]


@pytest.mark.parametrize("one", PLATFORMS, ids=IDS)
def test_a_vocabulary_is_made_of_kebab_case_words_and_refers_to_itself(one: Platform) -> None:
    assert [word for word in vocabulary(one) if not WORD.fullmatch(word)] == []
    assert [id for id in one.implies if platform(id) is None] == []
    for rollback in one.rollbacks.values():
        assert set(rollback.signals) <= one.signals
    assert set(one.health) <= set(get_args(HealthKind))
    assert one.environments.endswith(".")


@pytest.mark.parametrize("one", PLATFORMS, ids=IDS)
def test_commands_hold_only_the_placeholders_we_fill(one: Platform) -> None:
    entries = [*one.actions.values(), *one.rollbacks.values()]
    for command in (command for entry in entries for command in entry.commands):
        assert set(re.findall(r"\{([a-z]+)\}", command)) <= PLACEHOLDERS | set(one.parameters), command


@pytest.mark.parametrize("one", PLATFORMS, ids=IDS)
def test_what_a_parameter_is_and_what_stands_in_for_it_hold_only_what_we_fill(one: Platform) -> None:
    for name, parameter in one.parameters.items():
        assert set(re.findall(r"\{(.*?)\}", parameter.says)) <= {"component", "environment"}, name
        stand_in = re.findall(r"\{(.*?)\}", parameter.otherwise or "")
        assert set(stand_in) <= PLACEHOLDERS | set(one.parameters) - {name}, name


@pytest.mark.parametrize("one", PLATFORMS, ids=IDS)
def test_every_parameter_is_taken_by_a_command(one: Platform) -> None:
    entries = [*one.actions.values(), *one.rollbacks.values()]
    taken = " ".join(command for entry in entries for command in entry.commands)
    taken += " ".join(parameter.otherwise or "" for parameter in one.parameters.values())
    assert [name for name in one.parameters if f"{{{name}}}" not in taken] == []


@pytest.mark.parametrize("one", PLATFORMS, ids=IDS)
def test_an_action_says_for_which_stages_and_how(one: Platform) -> None:
    for word, action in one.actions.items():
        assert action.commands, word
        assert set(action.kinds) <= {*ACTING, "provision"} & set(get_args(StageKind)), word


def test_what_a_pipeline_runs_names_one_action_or_rollback() -> None:
    said: dict[str, list[str]] = {}
    for one in PLATFORMS:
        for word, entry in [*one.actions.items(), *one.rollbacks.items()]:
            for beginning in (*entry.seen, *entry.uses):
                said.setdefault(beginning, []).append(f"{one.id}/{word}")

    assert {beginning: words for beginning, words in said.items() if len(words) > 1} == {}


def test_loading_the_platforms_loads_no_yaml_library() -> None:
    script = (
        "import sys, platform_operations.repository\n"
        "before = set(sys.modules)\n"
        "import platform_operations.platforms\n"
        "print(sorted({'yaml', 'tomllib', 'dockerfile_parse'} & (set(sys.modules) - before)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert run.stdout == "[]\n"
