"""Kustomizations: which base an overlay builds on, and what it changes in the base's workloads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from platform_operations.platforms.platform import Workload
from platform_operations.platforms.reading import images
from platform_operations.platforms.reading.files import documents, folder_of, joined, line_count, text
from platform_operations.platforms.reading.manifests import POD_OF, Manifest, declared, is_workload, manifests
from platform_operations.repository import Repository

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

NAMES = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
MAX_DEPTH = 12
MAX_BUILT = 4_000
MAX_PATCHES = 500


class Kustomization(NamedTuple):
    """One kustomization file: its folder, its tree, and where the folders and files it names lead."""

    path: str
    folder: str
    node: "Node"
    lines: int
    folders: tuple[str, ...]
    files: tuple[str, ...]
    remote: tuple[str, ...]
    patches: tuple[str, ...]


class Built(NamedTuple):
    """One manifest as a kustomization leaves it; `workload` when it runs something."""

    manifest: Manifest
    workload: Workload | None


@dataclass(slots=True)
class Tree:
    """Every kustomization of a repository by folder, and the manifest files by path."""

    by_folder: dict[str, Kustomization]
    parsed: Mapping[str, tuple[Manifest, ...]]
    memo: dict[str, tuple[Built, ...]] = field(default_factory=dict[str, "tuple[Built, ...]"])

    def roots(self) -> tuple[Kustomization, ...]:
        """The kustomizations that no other builds on, in path order."""
        used = {folder for one in self.by_folder.values() for folder in one.folders}
        return tuple(
            one
            for folder, one in sorted(self.by_folder.items())
            if folder not in used and one.node.string("kind") != "Component"
        )

    def covered(self) -> frozenset[str]:
        """The files that some kustomization takes in, as a resource or as a patch."""
        return frozenset(path for one in self.by_folder.values() for path in (*one.files, *one.patches))


def read(repository: Repository, path: str) -> "Kustomization | str":
    """Return the kustomization at `path`, or why it cannot be read."""
    content = text(repository, path)
    if content is None:
        return "the file cannot be read"
    found = documents(content)
    if not isinstance(found, tuple):
        return f"line {found.line}: {found.reason}"
    if not found or found[0].kind != "map":
        return "the file is no mapping"
    node, folder = found[0], folder_of(path)
    folders: list[str] = []
    files: list[str] = []
    remote: list[str] = []
    for word in ("resources", "bases", "components"):
        for entry in node.strings(word):
            target = (
                None
                if "://" in entry or "?ref=" in entry or entry.startswith("github.com/")
                else joined(folder, entry)
            )
            if target is None:
                remote.append(entry)
            elif repository.exists(target):
                files.append(target)
            else:
                folders.append(target)
    return Kustomization(
        path,
        folder,
        node,
        line_count(content),
        tuple(folders),
        tuple(files),
        tuple(remote),
        tuple(_patch_files(node, folder)),
    )


def _patch_files(node: "Node", folder: str) -> Iterator[str]:
    named = [patch.string("path") for word in ("patches", "patchesJson6902") for patch in node.children(word)]
    for entry in (*named, *node.strings("patchesStrategicMerge")):
        target = joined(folder, entry) if entry and "\n" not in entry else None
        if target is not None:
            yield target


def built(tree: Tree, folder: str, depth: int = 0) -> tuple[Built, ...]:
    """Return what the kustomization in `folder` builds: its files and bases with its changes applied."""
    if folder in tree.memo:
        return tree.memo[folder]
    one = tree.by_folder.get(folder)
    if one is None or depth > MAX_DEPTH:
        return ()
    tree.memo[folder] = ()  # a kustomization that leads back to itself builds nothing there
    found: list[Built] = []
    for inner in one.folders:
        if len(found) < MAX_BUILT:
            found.extend(built(tree, inner, depth + 1))
    for path in one.files:
        for manifest in tree.parsed.get(path, ()):
            found.append(Built(manifest, declared(manifest) if is_workload(manifest) else None))
    changes = _changes(one, tree)
    changed = tuple(_changed(item, one.node, changes) for item in found[:MAX_BUILT])
    tree.memo[folder] = changed
    return changed


class _Changes(NamedTuple):
    """The patches of one kustomization: of workloads by kind and name, and JSON patches by what they aim at."""

    merged: Mapping[tuple[str, str], tuple[Workload, ...]]
    operations: "tuple[tuple[str | None, str | None, str, Node], ...]"


def _changed(item: Built, node: "Node", changes: _Changes) -> Built:
    if item.workload is None:
        return item
    manifest, workload = item.manifest, item.workload
    for patch in changes.merged.get((manifest.kind, manifest.name), ()):
        values = {name: getattr(patch, name) for name in _FIELDS if getattr(patch, name) is not None}
        workload = replace(workload, **values)
    for kind, name, path, value in changes.operations:
        if kind in {None, manifest.kind} and name in {None, manifest.name}:
            workload = _operated(workload, path, value)
    workload = _renamed_image(workload, node)
    for entry in node.children("replicas"):
        count = entry.string("count")
        if entry.string("name") == manifest.name and count and count.isdigit() and len(count) < 6:
            workload = replace(workload, replicas=int(count))
    prefix, suffix = node.string("namePrefix") or "", node.string("nameSuffix") or ""
    return Built(manifest, replace(workload, name=f"{prefix}{workload.name}{suffix}"))


def _renamed_image(workload: Workload, node: "Node") -> Workload:
    if workload.image is None:
        return workload
    name, tag, digest = images.split(workload.image)
    for entry in node.children("images"):
        if entry.string("name") != name:
            continue
        new = entry.string("newName") or name
        if entry.string("digest"):
            image = f"{new}@{entry.string('digest')}"
        elif entry.string("newTag"):
            image = f"{new}:{entry.string('newTag')}"
        else:
            image = new + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
        return replace(workload, image=image, reference=images.reference_kind(image))
    return workload


_FIELDS = (
    "image",
    "reference",
    "health",
    "probe_lines",
    "replicas",
    "strategy",
    "mechanism",
    "strategy_lines",
    "owner",
)


def _changes(one: Kustomization, tree: Tree) -> _Changes:
    merged: dict[tuple[str, str], tuple[Workload, ...]] = {}
    for manifest in islice(_strategic(one, tree), MAX_PATCHES):
        key = (manifest.kind, manifest.name)
        merged[key] = (*merged.get(key, ()), declared(manifest))
    return _Changes(merged, tuple(islice(_operations(one), MAX_PATCHES)))


def _strategic(one: Kustomization, tree: Tree) -> Iterator[Manifest]:
    for path in one.patches:
        yield from (manifest for manifest in tree.parsed.get(path, ()) if manifest.kind in POD_OF)
    inline = [patch.get("patch") for patch in one.node.children("patches")]
    for node in (*inline, *one.node.children("patchesStrategicMerge")):
        if node is None or node.kind != "text" or "kind:" not in node.text:
            continue
        found = documents(node.text)
        if isinstance(found, tuple):
            shifted = (manifest for manifest in manifests(one.path, found) if manifest.kind in POD_OF)
            yield from shifted


def _operations(one: Kustomization) -> "Iterator[tuple[str | None, str | None, str, Node]]":
    """Yield (kind, name, path, value) of the JSON patches; None aims at every kind or name."""
    for patch in (*one.node.children("patches"), *one.node.children("patchesJson6902")):
        inline = patch.string("patch")
        if patch.get("target") is None or not inline:
            continue
        found = documents(inline)
        if not isinstance(found, tuple) or not found or found[0].kind != "list":
            continue
        for step in found[0].items[:200]:
            path, value = step.string("path"), step.get("value")
            if step.string("op") in {"add", "replace"} and path and value is not None:
                yield patch.string("target", "kind"), patch.string("target", "name"), path, value


def _operated(workload: Workload, path: str, value: "Node") -> Workload:
    if path == "/spec/replicas" and value.text.isdigit() and len(value.text) < 6:
        return replace(workload, replicas=int(value.text))
    if path.startswith("/spec/template/spec/containers/") and path.endswith("/image") and value.text:
        return replace(workload, image=value.text, reference=images.reference_kind(value.text))
    return workload
