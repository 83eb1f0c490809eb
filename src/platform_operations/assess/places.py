"""Which files of a repository speak for what it delivers, and how a place in one is cited."""

import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.repository import Repository, Unreadable
from platform_operations.repository.yaml_lines import Broken, Node, read_yaml


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VENDORED: frozenset[str] = _words(
    """node_modules bower_components vendor vendors vendored third_party third-party thirdparty external
    externals site-packages .venv venv virtualenv .git .terraform .yarn .pnpm-store .next .nuxt
    .svelte-kit dist-packages jsonnetfile_vendor pods carthage deriveddata
    """
)
"""Folders with other people's code: nothing in them is this repository's own."""

ASIDE: frozenset[str] = VENDORED | _words(
    """example examples sample samples demo demos doc docs documentation test tests testing testdata
    test-data test_data testutil testutils fixture fixtures __fixtures__ __tests__ __mocks__ mock mocks
    spec specs e2e integration-tests integration_tests acceptance benchmark benchmarks bench evals tutorial
    tutorials template templates boilerplate scaffold scaffolds skeleton cookiecutter .cookiecutter legacy deprecated
    archive archived attic old playground .dev .local .devcontainer local-dev localdev devenv wiremock .vscode .idea snippets golden snapshots
    __snapshots__ storybook .storybook
    """
)
"""Folders whose files show, test or remember something instead of delivering it."""

MAX_READ = 2_000
"""How many files one question may open; facts/pipelines sets the scan's budget at 2,000 files."""


def vendored(path: str) -> bool:
    """Whether `path` lies in a folder of other people's code."""
    return _has_part(path.rpartition("/")[0], vendored_only=True)


_NO_FOLDERS: frozenset[str] = frozenset()


def aside(path: str, *, but: frozenset[str] = _NO_FOLDERS) -> bool:
    """Whether `path` lies in a folder that shows, tests or remembers; `but` names folders that count here."""
    return _has_part(path.rpartition("/")[0], but)


@lru_cache(maxsize=65_536)
def _has_part(place: str, but: frozenset[str] = _NO_FOLDERS, vendored_only: bool = False) -> bool:
    parts = place.lower().split("/")
    if vendored_only:
        return not VENDORED.isdisjoint(parts)
    return any(_shows(part) and part not in but for part in parts)


def _shows(part: str) -> bool:
    return part in ASIDE or part.startswith(_TEST_BEGINNINGS) or part.endswith(_TEST_ENDINGS) or "{{" in part


_TEST_ENDINGS = (
    "-tests",
    "_tests",
    "-examples",
    "_examples",
    "-samples",
    "-templates",
    "-fixtures",
    "_fixtures",
)
_TEST_BEGINNINGS = (
    "test-",
    "test_",
    "tests-",
    "tests_",
    "e2e-",
    "e2e_",
    "example-",
    "sample-",
    "cookiecutter-",
)


_TEST_FILE = regex(r"(_test\.\w+|\.(test|spec)\.\w+|^test_.+|Tests?\.(java|cs|kt|scala)|_spec\.rb)$")


def test_file(path: str) -> bool:
    """Whether `path` is named as a test, wherever it lies."""
    name = file_name(path)
    return ("est" in name or "spec" in name) and _TEST_FILE.search(name) is not None


def folder(path: str) -> str:
    """Return the folder of `path`, "." for the root."""
    return path.rpartition("/")[0] or "."


def within(path: str, place: str) -> bool:
    """Whether `path` is `place` or lies below it; everything lies below "."."""
    return place == "." or path == place or path.startswith(place + "/")


def nearest(path: str, places: Container[str]) -> str | None:
    """Return the innermost of the folders `places` that `path` is or lies below; everything lies below "."."""
    while path:
        if path in places:
            return path
        path = path.rpartition("/")[0]
    return "." if "." in places else None


def below(repository: Repository, place: str) -> tuple[str, ...]:
    """Return the paths below the folder `place`, found in the sorted list; all of them for "." and ""."""
    paths = repository.paths
    if place in {".", ""}:
        return paths
    prefix = place.rstrip("/") + "/"
    return paths[bisect_left(paths, prefix) : bisect_left(paths, prefix[:-1] + "0")]


def file_name(path: str) -> str:
    """Return the last part of `path`."""
    return path.rpartition("/")[2]


def stem(path: str) -> str:
    """Return the last part of `path` without its extension."""
    return PurePosixPath(path).stem


def kebab(text: str) -> str:
    """Return `text` as an id: lower case letters, digits and single hyphens; "" when nothing is left.

    Capitals begin a word (`HighCPUUsage` is `high-cpu-usage`), everything else that is no letter or digit
    ends one.
    """
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1-\2", text[:400])
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", spaced)
    return re.sub(r"[^a-z0-9]+", "-", spaced.lower()).strip("-")[:100].strip("-")


def unique(wanted: str, taken: Iterable[str]) -> str:
    """Return `wanted`, or `wanted-2`, `wanted-3`... where it is taken."""
    known = frozenset(taken)
    if wanted not in known:
        return wanted
    return next(name for number in range(2, len(known) + 3) if (name := f"{wanted}-{number}") not in known)


def text_of(repository: Repository, path: str) -> str | None:
    """Return the text of `path`, None when it cannot be read."""
    text = repository.read(path)
    return None if isinstance(text, Unreadable) else text


def lines_of(text: str) -> list[str]:
    """Return the lines of `text` as citations count them: each ended by LF, the last perhaps not."""
    rows = text.split("\n")
    return rows[:-1] if rows[-1] == "" else rows


def first_lines(path: str, text: str, most: int = 3) -> str | None:
    """Return the URI of the first lines of a file, at most `most`; None of an empty one."""
    return repo_uri(path, 1, min(most, len(lines_of(text)))) if text.strip() else None


def node_uri(path: str, first: int, last: int, most: int = 40) -> str:
    """Return the URI of a place, cut to `most` lines so that it still shows one thing."""
    return repo_uri(path, first, min(max(first, last), first + most - 1))


def unreadable(path: str, reason: str, line: int = 1) -> Fact:
    """Return the fact that a file, or what it holds, could not be read."""
    return Fact(
        subject=f"file:{path}",
        aspect="readable",
        outcome="unknown",
        reason=f"line {line}: {reason}",
        evidence=(repo_uri(path, line, line),),
    )


def documents(path: str, text: str) -> tuple[Node, ...] | Fact:
    """Return the YAML (or JSON) documents of a text, or the fact that it is none."""
    read = read_yaml(text)
    if isinstance(read, Broken):
        return unreadable(path, read.reason, max(1, min(read.line, len(lines_of(text)))))
    return read


def nodes(roots: Iterable[Node]) -> Iterator[Node]:
    """Yield every node once, parents first, in document order: aliases are not walked twice."""
    seen: set[int] = set()
    stack = list(reversed(tuple(roots)))
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        stack.extend(reversed([value for _, value in node.pairs] or node.items))
