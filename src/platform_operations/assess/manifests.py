"""Package manifests: what a folder is called, what it depends on, and whether it is published or run."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

from platform_operations.assess.manifest import Dependency, Ecosystem, Manifest, Trait
from platform_operations.assess.places import documents, file_name, lines_of, stem, text_of
from platform_operations.assess.python_manifests import read_pyproject, read_requirements, read_setup
from platform_operations.assess.toml_lines import LineFinder, items, table, toml
from platform_operations.model.assessment import Fact
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node

LONGEST_ROW = 1_000
"""A longer line is written by no person and no tool for a manifest."""
Reader: TypeAlias = Callable[[str, str], Manifest | Fact]


def is_manifest(path: str) -> bool:
    """Whether `path` has the name of a manifest that is read here."""
    return reader_of(path) is not None


def read_manifest(repository: Repository, path: str) -> Manifest | Fact | None:
    """Return what the manifest says, the fact that it is broken, or None when it cannot be read."""
    reader = reader_of(path)
    text = text_of(repository, path) if reader else None
    if reader is None or text is None:
        return None
    manifest = reader(path, text)
    if isinstance(manifest, Fact) or not manifest.name:
        return manifest
    return replace(manifest, name_line=_name_line(text, manifest.name))


def _name_line(text: str, name: str) -> int:
    """Return the line that names the project, else the first that bears the name."""
    rows = [(number, row) for number, row in enumerate(lines_of(text), 1) if name in row]
    named = [number for number, row in rows if re.search(r"name|module|artifactId|app:", row)]
    return (named or [number for number, _ in rows] or [1])[0]


def reader_of(path: str) -> Reader | None:
    """Return what reads a file of this name."""
    name = file_name(path)
    if name in READERS:
        return READERS[name]
    if name.startswith("requirements") and name.endswith((".txt", ".in")):
        return read_requirements
    if name.endswith((".csproj", ".fsproj", ".vbproj")):
        return read_dotnet
    return read_gemspec if name.endswith(".gemspec") else None


def read_package_json(path: str, text: str) -> Manifest | Fact:
    """Read package.json through the YAML reader: JSON with lines, bounded."""
    read = documents(path, text)
    if isinstance(read, Fact):
        return read
    root = read[0] if read else Node("map", 1, 1)
    found = [
        Dependency(name.text.lower(), path, name.first, development)
        for section, development in (
            ("dependencies", False),
            ("peerDependencies", True),
            ("devDependencies", True),
        )
        for name, _ in root.entries(section)
    ]
    scripts = {name.text for name, _ in root.entries("scripts")}
    private = root.string("private") == "true"
    traits: set[Trait] = {"private"} if private else set()
    if root.get("bin") is not None:
        traits.add("bin")
    if (
        not private
        and root.string("name")
        and any(map(root.get, ("main", "module", "exports", "files", "types")))
    ):
        traits |= {"package", "library"}
    if not private and root.string("name") and root.get("bin") is not None:
        traits.add("package")
    if traits & {"package"} and (root.get("publishConfig") is not None or _released(root)):
        traits.add("publish")
    if root.get("os") is not None and root.get("cpu") is not None:
        traits -= {"package", "library", "publish"}
    if "start" in scripts or "serve" in scripts:
        traits.add("start")
    members = root.strings("workspaces") or root.strings("workspaces", "packages")
    if members:
        traits.add("workspace")
    name = (root.string("name") or "").rpartition("/")[2] or None
    return Manifest(path, "npm", len(lines_of(text)), name, tuple(found), frozenset(traits), members)


def _released(root: Node) -> bool:
    """Whether a package.json is filled in as for a registry, not left as a generator wrote it."""
    version = root.string("version") or "0.0.0"
    return root.get("files") is not None and root.get("repository") is not None and version not in _UNRELEASED


_UNRELEASED = frozenset({"0.0.0", "1.0.0", "0.0.1", "*"})


def read_pnpm_workspace(path: str, text: str) -> Manifest | Fact:
    """Read the members of pnpm-workspace.yaml."""
    read = documents(path, text)
    if isinstance(read, Fact):
        return read
    members = read[0].strings("packages") if read else ()
    return Manifest(path, "npm", len(lines_of(text)), traits=frozenset({"workspace"}), members=members)


def read_cargo(path: str, text: str) -> Manifest | Fact:
    """Read Cargo.toml: package or workspace, binaries, dependencies."""
    body = toml(path, text)
    if isinstance(body, Fact):
        return body
    package, workspace = table(body, "package"), table(body, "workspace")
    where = LineFinder(text)
    traits: set[Trait] = set()
    if package and package.get("publish") is not False and package.get("version") != "0.0.0":
        traits.add("package")
    if "lib" in body:
        traits.add("library")
    if body.get("bin"):
        traits.add("bin")
    members = tuple(str(item) for item in items(workspace, "members"))
    if workspace:
        traits.add("workspace")
    name = package.get("name")
    names = [key.lower() for key in table(body, "dependencies")]
    found = [Dependency(name, path, line) for name, line in where.found(names)]
    return Manifest(
        path, "cargo", where.count, str(name) if name else None, tuple(found), frozenset(traits), members
    )


def read_go(path: str, text: str) -> Manifest | Fact:
    """Read go.mod or go.work by lines; indirect requirements are left out."""
    rows = list(enumerate(lines_of(text), 1))
    module = next((line.split()[1] for _, line in rows if re.match(r"module\s+\S", line)), None)
    found = [
        Dependency(match[1].lower(), path, number)
        for number, line in rows
        if len(line) < LONGEST_ROW
        and (match := re.match(r"\s*(?:require\s+)?([\w.-]+\.[\w.-]+/\S+)\s+v\d", line))
        and "// indirect" not in line
    ]
    members = tuple(
        match[1].removeprefix("./")
        for _, line in rows
        if len(line) < LONGEST_ROW and (match := re.match(r"\s*(?:use\s+)?(\./[\w./-]+)\s*$", line))
    )
    traits: frozenset[Trait] = frozenset({"workspace"}) if members else frozenset()
    name = re.sub(r"/v\d+$", "", module).rpartition("/")[2] if module else None
    return Manifest(path, "go", len(rows), name or None, tuple(found), traits, members)


def by_lines(
    ecosystem: Ecosystem,
    pattern: str,
    name: str | None = None,
    traits: Mapping[str, Trait] = MappingProxyType({}),
) -> Reader:
    """Return a reader of manifests that are programs or XML: one dependency a line, group 1 of `pattern`.

    `name` finds the project's own name, a key of `traits` found anywhere in the text gives its trait.
    """
    line_pattern = re.compile(pattern)

    def read(path: str, text: str) -> Manifest | Fact:
        found = [
            Dependency(match[1].lower(), path, number)
            for number, line in enumerate(lines_of(text), 1)
            if len(line) < 2_000
            for match in line_pattern.finditer(line)
        ]
        own = re.search(name, text, re.M) if name else None
        named = own[1] if own else stem(path) if ecosystem == "dotnet" else None
        given: frozenset[Trait] = frozenset(
            trait for mark, trait in traits.items() if re.search(mark, text, re.M)
        )
        return Manifest(path, ecosystem, len(lines_of(text)), named, tuple(found), given)

    return read


def read_gemfile(path: str, text: str) -> Manifest | Fact:
    """Read a Gemfile by lines; what stands in a group of development or test is not needed to run."""
    found: list[Dependency] = []
    group = False
    rows = lines_of(text)
    for number, row in enumerate(rows, 1):
        if re.match(r"group\b.*\bdo\b", row):
            group = not re.search(r":(production|default)\b", row)
        elif re.match(r"end\b", row):
            group = False
        named = re.match(r"\s*gem\s+['\"]([\w.-]+)['\"]", row)
        if named:
            development = group or bool(re.search(r"group:.*:(development|test)\b", row[:500]))
            found.append(Dependency(named[1].lower(), path, number, development))
    return Manifest(path, "ruby", len(rows), None, tuple(found))


read_gemspec = by_lines(
    "ruby",
    r"add_(?:runtime_)?dependency[ (]+['\"]([\w.-]+)",
    r"\.name\s*=\s*['\"]([\w.-]+)",
    {r"Gem::Specification": "package", r"Gem::Specification\.new": "library", r"\.executables": "bin"},
)
read_dotnet = by_lines(
    "dotnet",
    r"(?:PackageReference|FrameworkReference)\s+Include=\"([\w.-]+)\"",
    None,
    {
        r"Sdk=\"Microsoft\.NET\.Sdk\.(Web|BlazorWebAssembly)\"": "web-sdk",
        r"<(IsPackable>true|PackageId>|GeneratePackageOnBuild>true)": "package",
        r"<PackageId>": "library",
        r"<OutputType>Exe": "start",
        r"<PackAsTool>true": "bin",
    },
)
READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "package.json": read_package_json,
        "pnpm-workspace.yaml": read_pnpm_workspace,
        "pyproject.toml": read_pyproject,
        "setup.py": read_setup,
        "setup.cfg": read_setup,
        "Pipfile": by_lines("python", r"^\s*\"?([A-Za-z][\w.-]*)\"?\s*=\s*[\"{]"),
        "Cargo.toml": read_cargo,
        "go.mod": read_go,
        "go.work": read_go,
        "Gemfile": read_gemfile,
        "pom.xml": by_lines(
            "jvm",
            r"<artifactId>\s*([\w.-]+)\s*</artifactId>",
            r"<artifactId>\s*([\w.-]+)\s*</artifactId>",
            {r"<packaging>\s*pom": "workspace", r"<distributionManagement>": "package"},
        ),
        "build.gradle": by_lines(
            "jvm",
            r"['\"](?:[\w.-]+:)?([\w.-]+)(?::[^'\"]*)?['\"]",
            None,
            {r"maven-publish": "package", r"java-library": "library", r"com\.android\.application": "start"},
        ),
        "build.gradle.kts": by_lines(
            "jvm",
            r"\"(?:[\w.-]+:)?([\w.-]+)(?::[^\"]*)?\"",
            None,
            {r"maven-publish": "package", r"java-library": "library", r"com\.android\.application": "start"},
        ),
        "composer.json": by_lines(
            "php",
            r"^\s*\"([\w.-]+/[\w.-]+)\"\s*:",
            r"^[ \t]*\"name\"[ \t]*:[ \t]*\"[\w.-]+/([\w.-]+)\"",
            {r"\"type\"\s*:\s*\"library\"": "library"},
        ),
        "mix.exs": by_lines(
            "elixir", r"\{\s*:(\w+)\s*,", r"app:\s*:(\w+)", {r"package:\s*package": "package"}
        ),
        "pubspec.yaml": by_lines("dart", r"^  (\w+)\s*:", r"^name:\s*(\w+)"),
        "Package.swift": by_lines(
            "swift", r"\.package\([^)]*?([\w.-]+?)(?:\.git)?\"", r"name:\s*\"([\w.-]+)\""
        ),
        "deno.json": by_lines("deno", r"\"(?:npm|jsr):([@\w/.-]+)"),
    }
)
