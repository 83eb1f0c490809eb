"""Where each environment's manifests stand, which namespace they go to, and which images they run."""

import re
from collections.abc import Iterable, Iterator, Mapping

from platform_operations.assess.as_is import kind_of
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Environment
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting
from platform_operations.platforms.reading.images import split
from platform_operations.repository import Repository, Unreadable

MAX_IMAGES = 100
_NAMESPACE = regex(r"^namespace:\s*[\"']?([a-z0-9][a-z0-9-]{0,62})[\"']?\s*(#.*)?$")


def environment_facts(
    repository: Repository, environments: Iterable[Environment], sightings: Mapping[str, tuple[Sighting, ...]]
) -> Iterator[Fact]:
    """Yield the folder of each environment's Kustomize overlay, and the namespace that it names."""
    overlays = [
        row for row in sightings.get("kubernetes", ()) if row.detail == "Kustomize" and row.environment
    ]
    for place in environments:
        for row in overlays:
            name = (row.environment or "").lower()
            if name != place.id and (
                kind_of(name) != place.kind or place.kind not in {"staging", "production"}
            ):
                continue
            subject = f"environments/{place.id}"
            folder = row.path.rpartition("/")[0] or "."
            uri = repo_uri(row.path, row.first, row.last)
            yield Fact(subject=subject, aspect="manifests", outcome="present", value=folder, evidence=(uri,))
            yield from _namespace(repository, subject, row.path)
            break


def image_facts(sightings: Mapping[str, tuple[Sighting, ...]]) -> Iterator[Fact]:
    """Yield the names of the images that manifests run, each once, without tag and digest; at most MAX_IMAGES."""
    found: dict[str, Fact] = {}
    for row in (row for group in sightings.values() for row in group):
        image = row.workload.image if row.workload is not None else None
        name = split(image.strip())[0].lower() if image else ""
        if not name or re.search(r"[${\s]", name) or len(found) >= MAX_IMAGES:
            continue
        uri = repo_uri(row.path, row.first, row.last)
        found.setdefault(
            name,
            Fact(subject=f"images/{name}", aspect="named", outcome="present", value=name, evidence=(uri,)),
        )
    yield from found.values()


def _namespace(repository: Repository, subject: str, path: str) -> Iterator[Fact]:
    text = repository.read(path)
    if isinstance(text, Unreadable):
        return
    for number, line in enumerate(text.split("\n"), 1):
        found = _NAMESPACE.match(line)
        if found:
            uri = repo_uri(path, number)
            yield Fact(
                subject=subject, aspect="namespace", outcome="present", value=found[1], evidence=(uri,)
            )
            return
