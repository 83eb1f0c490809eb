"""Terraform in folders called template: which of them other files call as a module, or a pipeline applies."""

import posixpath
import re
from collections.abc import Iterator

from platform_operations.assess.places import MAX_READ, aside, folder, text_of
from platform_operations.patterns import regex
from platform_operations.platforms.reading.files import PLACEHOLDER
from platform_operations.platforms.reading.pipelines import is_pipeline
from platform_operations.repository import Repository

_SUFFIXES = (".tf", ".tofu")
_NAMES = frozenset({"template", "templates"})
_SOURCE = regex(r"^[ \t]*source\s*=\s*\"(\.{1,2}/[^\"\n]{1,300})\"", re.MULTILINE)
_IN_FOLDER = regex(r"(?:-chdir=|\bworking[-_]directory\s*[:=]\s*|\bcd\s+)[\"']?([\w./-]{1,300})")
_APPLIES = regex(r"\b(?:terraform|tofu)\b[^\n]*\bapply\b")
_TO_FILL_IN = regex(rf"\{{\{{|<%|{PLACEHOLDER}")


def terraform_files(repository: Repository) -> tuple[str, ...]:
    """Return the paths of the Terraform files that speak for what is delivered.

    A folder called template counts where other files call it as a module or a pipeline applies it, and nothing in it
    has still to be filled in.
    """
    own = [path for path in repository.paths if path.endswith(_SUFFIXES)]
    kept = [path for path in own if not aside(path)]
    doubtful = [path for path in own if aside(path) and not aside(path, but=_NAMES)]
    if not doubtful:
        return tuple(kept)
    places = {folder(path) for path in doubtful}
    used = places & {place for path in kept[:MAX_READ] for place in _called(repository, path)}
    used |= _applied(repository, places - used) if used != places else set()
    # What a module calls is used with it: once more than there are folders is never needed.
    for _ in places:
        more = {place for path in doubtful if folder(path) in used for place in _called(repository, path)}
        if not more & places - used:
            break
        used |= more & places
    used -= {folder(path) for path in doubtful if _TO_FILL_IN.search(_without_comments(repository, path))}
    return tuple(
        path for path in own if not aside(path) or (folder(path) in used and not aside(path, but=_NAMES))
    )


def _without_comments(repository: Repository, path: str) -> str:
    text = text_of(repository, path) or ""
    return "\n".join(row for row in text.split("\n") if not row.lstrip().startswith(("#", "//", "*")))


def _called(repository: Repository, path: str) -> Iterator[str]:
    text = text_of(repository, path) or ""
    for source in _SOURCE.findall(text) if "module" in text else ():
        yield posixpath.normpath(posixpath.join(posixpath.dirname(path), source))


def _applied(repository: Repository, places: set[str]) -> set[str]:
    found: set[str] = set()
    for path in [path for path in repository.paths if is_pipeline(path)][:MAX_READ]:
        text = text_of(repository, path) or ""
        if not _APPLIES.search(text):
            continue
        named = {posixpath.normpath(place) for place in _IN_FOLDER.findall(text)}
        found |= places & named
    return found
