"""Terraform read line by line: blocks by their braces, plain attributes."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from platform_operations.platforms.reading import files
from platform_operations.repository import Repository

_OPEN = r'^\s*([a-z_]+)((?:\s+"[^"]*")*)\s*\{\s*(?:[#/].*)?$'
_LABEL = r'"([^"]*)"'
_QUOTED = r'"(?:[^"\\]|\\.)*"?'
MAX_BLOCKS = 3_000


class Block(NamedTuple):
    """One top-level block: its type, its labels, its lines and its text without the braces."""

    path: str
    type: str
    labels: tuple[str, ...]
    first: int
    last: int
    body: str

    def attribute(self, name: str) -> str | None:
        """Return the plain value of the first attribute `name` at any depth, None for an expression."""
        for line in self.body.split("\n"):
            key, equals, value = line.partition("=")
            if equals and key.strip() == name:
                bare = value.split("#", 1)[0].strip().strip('"')
                return bare if bare and not set(bare) & set('"$') else None
        return None

    def inner(self, name: str) -> "Block | None":
        """Return the first nested block `name`."""
        for block in blocks(self.body, self.path):
            if block.type == name:
                offset = self.first
                return Block(
                    self.path, name, block.labels, block.first + offset, block.last + offset, block.body
                )
        return None


def blocks(content: str, path: str) -> Iterator[Block]:
    """Yield the outermost blocks of a Terraform text; comments and quoted braces do not count."""
    lines = content.split("\n")
    index = count = 0
    while index < len(lines) and count < MAX_BLOCKS:
        match = re.match(_OPEN, lines[index])
        if match is None:
            index += 1
            continue
        last = _closing(lines, index)
        count += 1
        labels = tuple(re.findall(_LABEL, match[2]))
        yield Block(path, match[1], labels, index + 1, last + 1, "\n".join(lines[index + 1 : last]))
        index = last + 1


def _closing(lines: list[str], start: int) -> int:
    depth = 0
    for index in range(start, len(lines)):
        bare = re.sub(_QUOTED, "", lines[index])
        bare = bare.split("#", 1)[0].split("//", 1)[0]
        depth += bare.count("{") - bare.count("}")
        if depth <= 0:
            return index
    return len(lines) - 1


def terraform(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of the Terraform and OpenTofu files that count."""
    for path in files.ending(repository, ".tf", ".tofu"):
        content = files.text(repository, path)
        if content is not None:
            yield path, content


def provider_line(content: str, *providers: str) -> int | None:
    """Return the first line that names one of `providers`: a resource, its source, a provider block.

    A block alone is no use where the file declares resources of others only and calls no module that could need it.
    """
    words = "|".join(re.escape(provider) for provider in providers)
    used = rf'(?:resource|data)\s+"(?:{words})_|source\s*=\s*"[\w.-]+/(?:{words})"'
    idle = (
        'resource "' in content
        and 'module "' not in content
        and files.line_with(content, rf"^\s*(?:{used})") is None
    )
    return None if idle else files.line_with(content, rf'^\s*(?:provider\s+"(?:{words})"|{used})')
