"""Which components a stage serves."""

import posixpath
import re

from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.drafts import Draft
from platform_operations.assess.ci.names import kebab
from platform_operations.model.delivery import Component

MAX_SHARED = 12


def components_of(draft: Draft, components: tuple[Component, ...]) -> tuple[str, ...]:
    """Return the components that a stage serves: by folder, by name, else all (at most MAX_SHARED)."""
    if len(components) <= 1:
        return tuple(one.id for one in components)
    by_folder = _by_folder(draft, components)
    if by_folder:
        return by_folder
    commands = () if draft.kind in {"test", "analyze"} else tuple(atom.text for atom in draft.atoms)
    text = " ".join((draft.job.key, draft.job.name, *(atom.step.name for atom in draft.atoms), *commands))
    spoken = (
        kebab(text[:3_000]) if len(text) < 60 else "-".join(re.findall(r"[a-z0-9]+", text[:3_000].lower()))
    )
    named = _named_in(spoken, components)
    if named:
        longest = [
            one for one in named if not any(one.id in other.id and one is not other for other in named)
        ]
        return tuple(one.id for one in longest)
    by_pipeline = [
        one
        for one in components
        if one.path not in {"", "."} and any(_within(path, one.path) for path in draft.pipeline.paths)
    ]
    pipeline_words = kebab(draft.pipeline.name or draft.pipeline.id)
    by_pipeline = by_pipeline or _named_in(pipeline_words, components)
    if by_pipeline:
        return tuple(one.id for one in by_pipeline)
    root = [one for one in components if one.path in {"", "."}]
    if draft.kind in {"analyze", "test", "approve"} or not root:
        return tuple(one.id for one in components[:MAX_SHARED])
    return tuple(one.id for one in root[:1])


def _named_in(words: str, components: tuple[Component, ...]) -> list[Component]:
    """Return the components whose id stands whole among `words`, which hyphens join."""
    return [one for one in components if len(one.id) > 2 and f"-{one.id}-" in f"-{words}-"]


def _within(pattern: str, path: str) -> bool:
    return pattern == path or pattern.startswith(path + "/")


def _by_folder(draft: Draft, components: tuple[Component, ...]) -> tuple[str, ...]:
    """Return the components whose folders the commands work in; a check that also works elsewhere serves all."""
    nested = [one for one in components if one.path not in {"", "."}]
    found: set[str] = set()
    for atom in draft.atoms:
        folders = _folders(atom)
        mine = {one.id for one in nested if any(_within(folder, one.path) for folder in folders)}
        if not mine and draft.kind in {"test", "analyze"}:
            return ()
        found |= mine
    return tuple(sorted(found))


def _folders(atom: Atom) -> list[str]:
    found = [posixpath.normpath(atom.folder)] if atom.folder else []
    for key in ("context", "working-directory", "file", "workingDirectory", "path", "project-path", "source"):
        value = atom.step.inputs.get(key, "")
        if value and "$" not in value:
            found.append(posixpath.normpath(value))
    found.extend(
        posixpath.normpath(word.strip("\"'"))
        for word in atom.text.split()
        if "/" in word and "$" not in word and "://" not in word
    )
    return [folder.removeprefix("./") for folder in found]
