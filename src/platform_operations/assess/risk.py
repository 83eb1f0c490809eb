"""How much a bad release can hurt: a level by stated rules, with what was seen."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from platform_operations.assess.languages import EXTENSIONS
from platform_operations.assess.manifest import Manifest
from platform_operations.assess.places import aside, file_name, first_lines, stem, text_of
from platform_operations.assess.technologies import SENSITIVE, SENSITIVE_DEPENDENCIES
from platform_operations.assess.units import read_manifests
from platform_operations.assess.wording import Wording
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import repo_uri
from platform_operations.model.plan import RiskProfile
from platform_operations.model.words import RiskLevel
from platform_operations.patterns import regex
from platform_operations.repository import Repository

HIGH = 3
MEDIUM = 1
MAX_EVIDENCE = 6
_RUN = frozenset({"http-service", "worker", "scheduled-job", "data-pipeline", "serverless"})
_REGION = regex(
    r"\b((?:us|eu|ap|sa|ca|af|me|il)-(?:(?:north|south|east|west|central)+)-[1-9]"
    r"|(?:us|europe|asia|australia|southamerica|northamerica)-(?:north|south|east|west|central)(?:east|west)?[1-9])\b"
)
_CONFIGURATION = (".tf", ".tfvars", ".yaml", ".yml", ".toml", ".json", ".ts")
_PLACES_OF_REGIONS = Wording(
    r"infra|terraform|deploy|k8s|kube|pulumi|sst|samconfig|fly|render|region|overlay|env"
)
_ANY_SENSITIVE = regex("|".join(word for words in SENSITIVE.values() for word in words))
MAX_FILES = 400


class Reason(NamedTuple):
    """One thing that raises the risk: its points, what was seen, and where."""

    points: int
    text: str
    evidence: tuple[str, ...]


def risk_profile(
    repository: Repository,
    components: Sequence[Component],
    facts: Sequence[Fact],
    manifests: Sequence[Manifest] | None = None,
) -> RiskProfile:
    """Return the risk of releasing this repository, by points for what was seen.

    - 2 for each kind of data that hurts people when it goes wrong (payments, identity, health), told by a
    library that handles it, or in something that runs by a source file or folder named after it; 1 where
    nothing runs - 1 for schema migrations: deploying the previous version does not take them back - 1 for
    data stores with state (caches and queues count: losing their content is felt) - 1 for something that
    runs and is reached by the public - 1 for more than one region in the configuration - 1 where the
    repository is infrastructure that other things stand on

    3 points and more are high, 1 or 2 medium, none low. A person may override it in platform-ops.toml.
    """
    known = manifests if manifests is not None else read_manifests(repository)[0]
    reasons = [
        *_sensitive(repository, components, known),
        *_migrations(facts),
        *_stores(components, facts),
        *_exposed(components, facts),
        *_regions(repository),
        *_infrastructure(components),
    ]
    points = sum(reason.points for reason in reasons)
    level: RiskLevel = "high" if points >= HIGH else "medium" if points >= MEDIUM else "low"
    evidence = tuple(dict.fromkeys(uri for reason in reasons for uri in reason.evidence))[:MAX_EVIDENCE]
    texts = tuple(reason.text for reason in reasons) or (
        "nothing seen that a bad release would hurt beyond itself",
    )
    return RiskProfile(level=level, reasons=texts, evidence=evidence)


def _sensitive(
    repository: Repository, components: Sequence[Component], manifests: Sequence[Manifest]
) -> Iterator[Reason]:
    runs = any(_RUN & set(component.types) for component in components)
    used: dict[str, str] = {}
    for manifest in manifests:
        for name, dependency in manifest.by_name.items():
            if name in SENSITIVE_DEPENDENCIES:
                used.setdefault(SENSITIVE_DEPENDENCIES[name], repo_uri(dependency.path, dependency.line))
    sources = _telling_sources(repository) if runs else []
    for kind, words in SENSITIVE.items():
        named = _named_after(repository, sources, words)
        if kind not in used and named is None:
            continue
        uris = tuple(uri for uri in (named, used.get(kind)) if uri)
        verb = "takes payments" if kind == "payments" else f"handles {kind}"
        yield Reason(2 if runs else 1, verb, uris)


def _telling_sources(repository: Repository) -> list[str]:
    """Return the source files in whose path a word of SENSITIVE stands."""
    return [
        path
        for path in repository.paths
        if path.rpartition(".")[2].lower() in EXTENSIONS
        and not path.endswith((".tf", ".sh", ".sql"))
        and _ANY_SENSITIVE.search(path.lower())
        and not aside(path)
    ]


def _named_after(repository: Repository, sources: Sequence[str], words: Sequence[str]) -> str | None:
    """Return the first lines of a source file named after one of `words`, else of one in such a folder."""
    wanted = frozenset(words)
    found = [path for path in sources if not wanted.isdisjoint(_words(path))]
    ranked = sorted(found, key=lambda path: (stem(path).lower() not in wanted, path.count("/"), path))
    for path in ranked[:5]:
        uri = first_lines(path, text_of(repository, path) or "", 12)
        if uri:
            return uri
    return None


def _words(path: str) -> Iterator[str]:
    for part in path.lower().split("/")[-3:]:
        yield part.partition(".")[0]
        yield from re.split(r"[._-]", part.partition(".")[0]) if part == file_name(path).lower() else ()


def _migrations(facts: Sequence[Fact]) -> Iterator[Reason]:
    for fact in facts:
        if (fact.subject, fact.aspect, fact.outcome) == ("practices", "migrations", "present"):
            yield Reason(1, "schema migrations in the repository", fact.evidence[:1])


def _stores(components: Sequence[Component], facts: Sequence[Fact]) -> Iterator[Reason]:
    kinds = sorted({store.kind for component in components for store in component.data_stores})
    uris = [uri for fact in facts if fact.aspect == "data-stores" for uri in fact.evidence]
    if kinds:
        yield Reason(1, f"keeps data in {', '.join(kinds)}", tuple(uris[:1]))


def _exposed(components: Sequence[Component], facts: Sequence[Fact]) -> Iterator[Reason]:
    running = {f"components/{component.id}" for component in components if _RUN & set(component.types)}
    for fact in facts:
        if fact.subject in running and fact.aspect == "exposure" and fact.value == "public":
            yield Reason(
                1, f"{fact.subject.partition('/')[2]} is reached from the internet", fact.evidence[:1]
            )
            return


def _regions(repository: Repository) -> Iterator[Reason]:
    found: dict[str, str] = {}
    wanted = [
        path
        for path in repository.paths
        if path.endswith(_CONFIGURATION) and _PLACES_OF_REGIONS.stands_in(path) and not aside(path)
    ]
    for path in sorted(wanted, key=lambda path: (path.count("/"), path))[:MAX_FILES]:
        text = text_of(repository, path) or ""
        if not any(side in text for side in ("east", "west", "north", "south", "central")):
            continue
        for match in _REGION.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            if not text.split("\n", line)[line - 1].lstrip().startswith(("#", "//")):
                found.setdefault(match[1], repo_uri(path, line))
            if len(found) > 1:
                break
    if len(found) > 1:
        named = sorted(found)
        yield Reason(1, f"regions {', '.join(named[:4])}", tuple(found[name] for name in named[:2]))


def _infrastructure(components: Sequence[Component]) -> Iterator[Reason]:
    for component in components:
        if "infrastructure" in component.types:
            yield Reason(
                1, f"{component.id} is infrastructure that other things stand on", component.evidence[:1]
            )
            return
