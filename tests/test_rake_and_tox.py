"""Tasks of Rake and environments of tox: what a pipeline runs by their names."""

from time import process_time

import pytest
from tests.small_services import CI, practice, steps

from platform_operations.assess.ci.follow import follow
from platform_operations.assess.ci.shell import commands
from platform_operations.repository import InMemoryRepository

RAKE = """namespace :ci do
  desc "What CI runs"
  task lint: :environment do
    # sh "bin/never"
    sh "bin/rubocop --parallel"
    sh("bin/brakeman -q -w2")
  end

  task all: %i[lint types]
  task :types do |_task|
    system "bin/srb"
  end
end

task default: ["ci:all", :spec]
"""


def run(command: str, files: dict[str, str], folder: str = "") -> list[tuple[str, int]]:
    (one,) = commands(command)
    followed = follow(InMemoryRepository(files), one, folder)
    return [(found.text, found.first) for found in followed.commands] if followed else []


@pytest.mark.parametrize("called", ["bin/rake ci:lint", "bundle exec rake ci:lint", "bin/rails ci:lint"])
def test_a_task_runs_the_shell_commands_of_its_body(called: str) -> None:
    assert run(called, {"lib/tasks/ci.rake": RAKE}) == [
        ("bin/rubocop --parallel", 5),
        ("bin/brakeman -q -w2", 6),
    ]


def test_a_task_runs_those_that_it_asks_for_in_its_own_space_or_by_their_whole_name() -> None:
    files = {"Rakefile": RAKE}
    assert [text for text, _ in run("rake ci:all", files)][-1] == "bin/srb"
    assert run("bundle exec rake", files) == run("rake ci:all", files)


def test_tasks_below_another_folder_are_those_of_the_folder_where_the_command_runs() -> None:
    files = {"api/lib/tasks/ci.rake": RAKE}
    assert run("rake ci:types", files, "api") == [("bin/srb", 11)]
    assert not run("rake ci:types", files)


@pytest.mark.parametrize("called", ["rake ci:gone", "rails server", "rake db:migrate", "rails db:migrate"])
def test_what_comes_with_the_framework_or_is_not_there_runs_nothing_more(called: str) -> None:
    assert not run(
        called, {"Rakefile": RAKE + "namespace :db do\n  task :migrate do\n    sh 'x'\n  end\nend\n"}
    )


def test_tasks_that_ask_for_each_other_end() -> None:
    assert not run("rake a", {"Rakefile": "task a: :b\ntask b: :a\n"})


def test_a_scan_in_a_task_counts_where_a_pipeline_runs_the_task() -> None:
    files = {"lib/tasks/ci.rake": RAKE, CI: steps("run: bin/rake ci:lint", job="lint")}
    assert practice("securityScan", files).evidence[:1] == ("repo:lib/tasks/ci.rake#L6-L6",)
    other = {**files, CI: steps("run: bin/rake ci:types", job="lint")}
    assert practice("securityScan", other).outcome == "absent"


TOX = """[tox]
envlist = py311,
    lint, audit

[testenv:lint]
commands = flake8 src

[testenv:audit]
commands =
    safety check

[testenv:docs]
commands = mkdocs build
"""


def test_tox_runs_the_environments_of_its_list_or_those_that_are_asked_for() -> None:
    files = {"tox.ini": TOX}
    assert run("poetry run tox", files) == [("flake8 src", 6), ("safety check", 10)]
    assert run("tox -e docs,lint", files) == [("mkdocs build", 13), ("flake8 src", 6)]
    assert run("tox", {"tox.ini": "[tox]\n\n[testenv]\ncommands = pytest\n"}) == [("pytest", 4)]


@pytest.mark.parametrize(
    "text",
    ["task a: :b do\n" * 60_000, "namespace :a do\n" * 60_000, "task default: %i[" + "a " * 200_000 + "]\n"],
)
def test_a_file_of_tasks_only_is_read_in_time(text: str) -> None:
    started = process_time()
    run("rake", {"Rakefile": text})
    assert process_time() - started < 5


def test_lists_of_environments_without_end_are_read_in_time() -> None:
    started = process_time()
    run("tox", {"tox.ini": "[tox]\nenvlist =\n" + "    a,\n" * 100_000})
    assert process_time() - started < 5
