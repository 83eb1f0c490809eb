"""Which languages a folder is written in: its manifests first, then how many files there are."""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from platform_operations.assess.manifest import Ecosystem, Manifest
from platform_operations.assess.places import aside, within

EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {
        extension: language
        for language, extensions in {
            "python": "py", "typescript": "ts tsx mts cts", "javascript": "js jsx mjs cjs", "go": "go",
            "rust": "rs", "ruby": "rb", "java": "java", "kotlin": "kt kts", "scala": "scala",
            "groovy": "groovy", "php": "php", "csharp": "cs", "fsharp": "fs", "elixir": "ex exs",
            "erlang": "erl", "dart": "dart", "swift": "swift", "c": "c", "cpp": "cc cpp cxx hpp",
            "clojure": "clj cljs", "haskell": "hs", "lua": "lua", "perl": "pl pm", "r": "r",
            "julia": "jl", "shell": "sh bash", "hcl": "tf", "sql": "sql", "vue": "vue",
            "svelte": "svelte", "jsonnet": "jsonnet libsonnet", "zig": "zig", "ocaml": "ml",
            "nim": "nim", "crystal": "cr", "objective-c": "m mm", "powershell": "ps1",
            "solidity": "sol",
        }.items()
        for extension in extensions.split()
    }
)  # fmt: skip
_OF_ECOSYSTEM: Mapping[Ecosystem, tuple[str, ...]] = MappingProxyType(
    {
        "npm": ("typescript", "javascript"),
        "python": ("python",),
        "cargo": ("rust",),
        "go": ("go",),
        "ruby": ("ruby",),
        "jvm": ("java", "kotlin", "scala", "groovy"),
        "php": ("php",),
        "dotnet": ("csharp", "fsharp"),
        "elixir": ("elixir",),
        "dart": ("dart",),
        "swift": ("swift",),
        "deno": ("typescript", "javascript"),
    }
)
LEAST_FILES = 3
LEAST_SHARE = 0.05
"""A language without a manifest counts from 3 files that are a twentieth of the code."""
_NEVER_ALONE = frozenset(
    {"shell", "sql", "hcl", "groovy", "vue", "svelte", "jsonnet", "powershell", "c", "objective-c"}
)
PROGRAMMED: frozenset[str] = frozenset(EXTENSIONS.values()) - _NEVER_ALONE - {"lua"}
"""Languages that things are built in, in contrast to those that glue or configure."""


def languages(paths: Iterable[str], manifests: Iterable[Manifest], place: str = ".") -> dict[str, str]:
    """Return each language in `place` with the path that shows it, the most written one first."""
    # Sorted, because a unit's files are a set: which language comes first must not depend on its order.
    sources = sorted(path for path in paths if not aside(path))
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for path in sources:
        language = EXTENSIONS.get(path.rpartition(".")[2].lower())
        if language and "." in path.rpartition("/")[2] and within(path, place):
            counts[language] += 1
            first.setdefault(language, path)
    shown: dict[str, str] = {}
    for manifest in sorted(manifests, key=lambda manifest: manifest.path.count("/")):
        possible = _OF_ECOSYSTEM[manifest.ecosystem]
        written = [language for language in possible if counts[language]]
        if written:
            shown.setdefault(max(written, key=lambda language: counts[language]), manifest.path)
    total = sum(counts[language] for language in counts if language not in _NEVER_ALONE)
    for language, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        enough = count >= LEAST_FILES and count >= LEAST_SHARE * total
        if language not in shown and (enough or not shown) and (language not in _NEVER_ALONE or not total):
            shown[language] = first[language]
    return dict(sorted(shown.items(), key=lambda item: (-counts[item[0]], item[0])))
