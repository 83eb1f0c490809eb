"""Package registries: where libraries, tools and images are published for others to install."""

import re
from collections.abc import Callable, Iterator

from platform_operations.model.words import ComponentType
from platform_operations.platforms.platform import (
    Action,
    Mechanism,
    Parameter,
    Platform,
    Rollback,
    Sighting,
    Workload,
)
from platform_operations.platforms.reading import files, health, pipelines, tables
from platform_operations.repository import Repository

_PUBLISHED = ("bin", "exports", "files", "module", "publishConfig", "types", "typings")
"""Fields of package.json that matter to those who install the package; `main` alone comes from npm init."""


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every manifest that makes a package fit to be published."""
    found: list[Sighting] = []
    releases = _releases(repository)
    for path in files.matching(repository, lambda name: _reader(name) is not None):
        content = files.text(repository, path)
        reader = _reader(path)
        if content is not None and reader is not None:
            folder = files.folder_of(path)
            shipped = repository.exists(f"{folder}/Dockerfile" if folder else "Dockerfile")
            inner = bool(folder) and not releases
            if path.endswith(".gemspec") and folder and repository.exists("config.ru"):
                continue  # an engine of the application around it
            found.extend(reader(path, content, shipped or inner))
    return tuple(found)


_RELEASE_FILES = (
    ".changeset/config.json", "lerna.json", "release-please-config.json", ".releaserc", ".releaserc.json",
    ".releaserc.yml",
)  # fmt: skip
_RELEASE = (
    r"\b(?:npm|pnpm|yarn|bun)\s+(?:-r\s+|npm\s+)?publish\b|\bchangeset\s+publish\b|\btwine\s+upload\b"
    r"|\b(?:uv|poetry|hatch|flit|pdm|cargo)\s+publish\b|\bgem\s+push\b"
    r"|uses:\s*[\"']?(?:pypa/gh-action-pypi-publish|changesets/action|JS-DevTools/npm-publish)"
)


def _releases(repository: Repository) -> bool:
    """Whether the repository publishes packages: packages inside it may be parts of an application else."""
    if any(repository.exists(path) for path in _RELEASE_FILES):
        return True
    return (
        next(pipelines.runs(repository, _RELEASE, "publish", "twine", "gem", "changesets/action"), None)
        is not None
    )


def _reader(path: str) -> "Callable[[str, str, bool], Iterator[Sighting]] | None":
    name = files.name_of(path)
    if name.endswith((".gemspec", ".nuspec")):
        return _gemspec if name.endswith(".gemspec") else None
    return _READERS.get(name)


def _sighting(path: str, line: int, registry: str, name: str, kind: ComponentType) -> Sighting:
    return Sighting(
        path,
        line,
        line,
        f"{registry} package {name}",
        environment=registry,
        workload=Workload(
            name=name,
            component_type=kind,
            reference="version",
            health=health.check("install", name, None),
            strategy="publish",
            mechanism="registry-publish",
        ),
    )


def _pyproject(path: str, content: str, doubtful: bool) -> Iterator[Sighting]:
    """A package has a build system and a name; a private one says so with a classifier that PyPI refuses."""
    document = tables.toml(content) or {}
    project = tables.table(document, "project") or tables.table(document, "tool", "poetry")
    name = project.get("name")
    private = "Private ::" in content or project.get("package-mode") is False
    if not isinstance(name, str) or not tables.table(document, "build-system") or private:
        return
    if doubtful and not any(
        project.get(word) for word in ("classifiers", "urls", "keywords", "homepage", "repository")
    ):
        return  # a service packs itself for its image; what is meant for PyPI describes itself
    scripts = bool(tables.table(project, "scripts"))
    line = files.line_with(content, r"^\s*name\s*=") or 1
    yield _sighting(path, line, "pypi", name, "cli" if scripts else "library")


def _package_json(path: str, content: str, doubtful: bool) -> Iterator[Sighting]:
    package = tables.loads(content) or {}
    name, version = package.get("name"), package.get("version")
    if package.get("private") or not isinstance(name, str) or not isinstance(version, str):
        return
    if not any(key in package for key in (("publishConfig",) if doubtful else _PUBLISHED)):
        return
    line = files.line_with(content, r'^\s*(?:\{\s*)?"name"\s*:') or 1
    yield _sighting(path, line, "npm", name, "cli" if package.get("bin") else "library")


def _cargo(path: str, content: str, doubtful: bool) -> Iterator[Sighting]:
    package = tables.table((tables.toml(content) or {}), "package")
    name = package.get("name")
    if not isinstance(name, str) or package.get("publish") is False or package.get("publish") == []:
        return
    if "description" not in package and "license" not in package and "license-file" not in package:
        return  # crates.io refuses a crate without them, so this one is not meant for it
    if doubtful and not any(
        package.get(word) for word in ("keywords", "categories", "documentation", "homepage")
    ):
        return
    line = files.line_with(content, r"^\s*name\s*=") or 1
    yield _sighting(path, line, "crates-io", name, "cli" if "[[bin]]" in content else "library")


def _gemspec(path: str, content: str, _doubtful: bool) -> Iterator[Sighting]:
    match = re.search(r"^[ \t]*\w+\.name[ \t]*=[ \t]*[\"']([\w.-]+)[\"']", content, re.MULTILINE)
    if match is not None:
        line = content.count("\n", 0, match.start(1)) + 1
        tool = re.search(r"^[ \t]*\w+\.executables[ \t]*[=<]", content, re.MULTILINE)
        yield _sighting(path, line, "rubygems", match[1], "cli" if tool else "library")


_READERS: dict[str, Callable[[str, str, bool], Iterator[Sighting]]] = {
    "pyproject.toml": _pyproject,
    "package.json": _package_json,
    "Cargo.toml": _cargo,
}

PLATFORM = Platform(
    id="registries",
    title="Package registries",
    detect=detect,
    capabilities=frozenset({"immutable-versions", "pre-release-channel", "provenance"}),
    health=("install",),
    actions={
        "pypi-publish": Action(
            kinds=("publish",),
            commands=("twine check --strict {dist}/*", "twine upload --non-interactive {dist}/*"),
            waits=True,
            seen=(
                "twine upload",
                "python -m twine upload",
                "uv publish",
                "poetry publish",
                "hatch publish",
                "flit publish",
                "pdm publish",
                "maturin publish",
                "maturin upload",
            ),
            uses=("pypa/gh-action-pypi-publish",),
        ),
        "npm-publish": Action(
            kinds=("publish",),
            commands=("npm publish --provenance --access public {folder}*.tgz",),
            waits=True,
            seen=(
                "npm publish",
                "pnpm publish",
                "pnpm -r publish",
                "yarn publish",
                "yarn npm publish",
                "lerna publish",
                "changeset publish",
                "bun publish",
            ),
            uses=("JS-DevTools/npm-publish", "changesets/action"),
        ),
        "npm-dist-tag": Action(
            kinds=("promote",),
            commands=("npm dist-tag add {name}@{reference} latest",),
            waits=True,
            seen=("npm dist-tag add",),
        ),
        "cargo-publish": Action(
            kinds=("publish",),
            commands=("cargo publish --locked",),
            waits=True,
            seen=("cargo publish", "cargo release", "cargo workspaces publish"),
            uses=("katyo/publish-crates", "release-plz/action"),
        ),
        "maven-deploy": Action(
            kinds=("publish",),
            commands=("mvn --batch-mode deploy",),
            waits=True,
            seen=(
                "mvn deploy",
                "mvn -B deploy",
                "mvn --batch-mode deploy",
                "./mvnw deploy",
                "./mvnw -B deploy",
                "gradle publish",
                "./gradlew publish",
            ),
        ),
        "gem-push": Action(
            kinds=("publish",),
            commands=("gem push {gem}",),
            waits=True,
            seen=("gem push", "bundle exec rake release", "rake release"),
            uses=("rubygems/release-gem",),
        ),
        "nuget-push": Action(
            kinds=("publish",),
            commands=("dotnet nuget push {nupkg} --source https://api.nuget.org/v3/index.json",),
            waits=True,
            seen=("dotnet nuget push", "nuget push"),
        ),
        "github-release": Action(
            kinds=("publish",),
            commands=('gh release create "$VERSION" --verify-tag --generate-notes',),
            waits=True,
            seen=(
                "gh release create",
                "gh release upload",
                "goreleaser release",
                "goreleaser",
                "semantic-release",
            ),
            uses=(
                "softprops/action-gh-release",
                "goreleaser/goreleaser-action",
                "ncipollo/release-action",
                "actions/create-release",
                "cycjimmy/semantic-release-action",
                "python-semantic-release/publish-action",
            ),
        ),
        "container-push": Action(
            kinds=("publish",),
            commands=("docker buildx imagetools create --tag {tag} {artifact}",),
            waits=True,
            seen=(
                "docker buildx imagetools create",
                "crane copy",
                "crane tag",
                "skopeo copy",
                "regctl image copy",
            ),
        ),
        "helm-push": Action(
            kinds=("publish",),
            commands=("helm push {chart} {repository}",),
            waits=True,
            seen=("helm push", "helm cm-push", "cr upload"),
            uses=("helm/chart-releaser-action",),
        ),
    },
    mechanisms={"registry-publish": Mechanism("publish", ("immutable-versions",))},
    rollbacks={
        "forward-fix": Rollback("forward-fix", automatic=False),
        "pypi-yank": Rollback("yanked-version", automatic=False),
        "npm-deprecate": Rollback(
            "yanked-version",
            automatic=False,
            commands=(
                'npm dist-tag add "{name}@$PREVIOUS_VERSION" latest',
                'npm deprecate "{name}@$VERSION" "use $PREVIOUS_VERSION"',
            ),
            seen=("npm deprecate", "npm unpublish"),
        ),
        "cargo-yank": Rollback(
            "yanked-version",
            automatic=False,
            commands=('cargo yank {name} --version "$VERSION"',),
            seen=("cargo yank",),
        ),
        "gem-yank": Rollback(
            "yanked-version",
            automatic=False,
            commands=('gem yank {name} --version "$VERSION"',),
            seen=("gem yank",),
        ),
        "nuget-unlist": Rollback(
            "yanked-version",
            automatic=False,
            commands=(
                'dotnet nuget delete {name} "$VERSION" --non-interactive'
                " --source https://api.nuget.org/v3/index.json",
            ),
            seen=("dotnet nuget delete",),
        ),
    },
    parameters={
        "gem": Parameter("the gem that was built", ("gem push",), operand=0, otherwise="*.gem"),
        "nupkg": Parameter("the package that was built", otherwise="**/*.nupkg"),
        "chart": Parameter("the packed chart", ("helm push",), operand=0, otherwise="*.tgz"),
        "repository": Parameter("the OCI repository of charts", ("helm push",), operand=1),
        "tag": Parameter("the image's name with the version as its tag"),
    },
    signals=frozenset({"install-failed"}),
    environments="The registry is the environment; TestPyPI, a dist-tag or a pre-release is its lower one.",
)
