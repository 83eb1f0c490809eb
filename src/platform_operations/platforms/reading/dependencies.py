"""Libraries and tools that only make sense on one platform, as manifests declare them."""

import re
from collections.abc import Iterator

from platform_operations.platforms.platform import Sighting
from platform_operations.platforms.reading import files
from platform_operations.repository import Repository

_MANIFESTS = frozenset({"package.json", "pyproject.toml", "requirements.txt", "Pipfile"})


def declared(repository: Repository, *names: str) -> Iterator[Sighting]:
    """Yield for each manifest the first line that declares one of `names` as a dependency."""
    words = "|".join(re.escape(name) for name in names)
    script = rf'^\s*"(?:{words})"\s*:\s*"(?:[\^~<>=*\d]|v\d|workspace:|catalog:|latest)'
    python = rf'^\s*["\']?(?:{words})\s*(?:[\[=<>~!;"\',]|$)'
    for path in files.named(repository, _MANIFESTS):
        content = files.text(repository, path)
        if content is None or not any(name in content for name in names):
            continue
        line = files.line_with(content, script if path.endswith(".json") else python)
        if line is not None:
            yield Sighting(path, line, line, "a library made for it")
