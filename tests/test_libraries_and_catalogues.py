"""Libraries that show an observability tool, wherever a build names them: catalogues, workspaces, other registries."""

import pytest
from tests.small_services import assessed


def tools(path: str, text: str) -> dict[str, str]:
    """Return the observability tools of a repository of one file, with the first line that shows each."""
    facts = assessed({path: text}).about("observability")
    return {fact.aspect: fact.evidence[0].rpartition("#")[2] for fact in facts if fact.outcome == "present"}


@pytest.mark.parametrize(
    ("path", "text", "tool", "line"),
    [
        ("Cargo.toml", '[package]\nname = "a"\n[dependencies]\nsentry.workspace = true\n', "sentry", "L4-L4"),
        ("Cargo.toml", '[package]\nname = "a"\n[dependencies.cadence]\nversion = "1"\n', "statsd", "L3-L3"),
        ("gradle/libs.versions.toml", '[libraries]\nup = { module = "io.sentry:sentry-logback" }\n', "sentry", "L2-L2"),
        ("gradle/libs.versions.toml", '[libraries]\nup = { group = "io.x", name = "simpleclient" }\n', "prometheus", "L2-L2"),
        ("build.sbt", 'libraryDependencies += "io.prometheus" % "simpleclient" % "0.16"\n', "prometheus", "L1-L1"),
        ("web/packages.config", '<packages>\n  <package id="Sentry.AspNet" version="4" />\n</packages>\n', "sentry", "L2-L2"),
        ("composer.json", '{\n"require": {\n"spatie/laravel-prometheus": "^1"\n}}\n', "prometheus", "L3-L3"),
        ("Gemfile", "gem 'raygun4ruby'\n", "raygun", "L1-L1"),
        ("go.mod", "module a.example/b\n\nrequire github.com/posthog/posthog-go v1.0.0\n", "posthog", "L3-L3"),
    ],
)  # fmt: skip
def test_a_library_shows_its_tool_on_the_line_that_names_it(
    path: str, text: str, tool: str, line: str
) -> None:
    assert tools(path, text).get(tool) == line


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Cargo.toml", '[package]\nname = "a"\n[features]\nsentry = []\n'),
        ("Cargo.toml", '[package]\nname = "a"\n[workspace.dependencies]\nsentry = "1"\n'),
        ("gradle/libs.versions.toml", '[versions]\nsentry = "7.1"\n'),
        ("build.sbt", '// "io.prometheus" % "simpleclient" % "0.16"\n'),
        ("docs/packages.config.md", '<package id="Sentry.AspNet" version="4" />\n'),
        ("go.mod", "module a.example/b\n\nrequire github.com/posthog/posthog-go v1.0.0 // indirect\n"),
    ],
)
def test_a_name_that_is_no_library_of_the_build_shows_nothing(path: str, text: str) -> None:
    assert not tools(path, text)
