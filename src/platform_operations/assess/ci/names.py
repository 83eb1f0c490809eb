"""Names as ids, and what the name of an environment says about it."""

import re

from platform_operations.model.words import EnvironmentKind
from platform_operations.patterns import regex

_KINDS: tuple[tuple[EnvironmentKind, frozenset[str]], ...] = (
    ("registry", frozenset({"pypi", "npm", "npmjs", "ghcr", "dockerhub", "registry", "maven", "crates", "testpypi", "rubygems", "nuget", "marketplace", "crates-io"})),
    ("staging", frozenset({"nonprod", "preprod", "preproduction", "nonproduction"})),
    ("ephemeral", frozenset({"preview", "previews", "pr", "review", "ephemeral", "feature", "branch"})),
    ("staging", frozenset({"staging", "stage", "stg", "uat", "qa", "test", "testing", "tst", "sandbox", "acceptance", "acc", "integration", "sit", "int", "demo", "perf", "beta", "next", "rc", "canary", "ci", "e2e"})),
    ("production", frozenset({"production", "prod", "prd"})),
    ("development", frozenset({"development", "dev", "develop", "nightly", "experimental", "trunk"})),
    ("staging", frozenset({"alpha", "gamma", "pre", "ref", "reference", "internal", "training", "performance", "loadtest", "nft", "oat", "aat", "ithc", "hml", "homolog", "recette", "sbx"})),
    ("production", frozenset({"live", "release", "main", "master", "public", "www"})),
)  # fmt: skip
_SPLIT = regex(r"[^a-z0-9]+")
_REGION = regex(
    r"(?<![a-z0-9])("
    r"(?:us|eu|ap|ca|sa|me|af|il|mx)(?:-gov)?-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-\d"
    r"|(?:us|europe|asia|australia|northamerica|southamerica|me|africa)"
    r"-(?:north|south|east|west|central|northeast|southeast|southwest)\d"
    r"|(?:east|west|northcentral|southcentral|westcentral|central)us\d?|(?:north|west)europe"
    r")(?![a-z0-9])"
)


def kebab(text: str) -> str:
    """Return `text` as an id: lower case, digits and hyphens, at most 60 characters; `job` when nothing is left."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "-", text)
    return "-".join(part for part in _SPLIT.split(split.lower()) if part)[:60].strip("-") or "job"


def environment_kind(name: str) -> EnvironmentKind | None:
    """Return the kind of environment that a name speaks of, None when it says nothing."""
    low = name.lower()
    tokens = [token for token in _SPLIT.split(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()) if token]
    if low.startswith(("pre-prod", "pre_prod", "non-prod", "non_prod", "pre-live")):
        return "staging"
    for kind, words in _KINDS:
        if any(token in words or token.rstrip("0123456789") in words for token in tokens):
            return kind
    return "production" if low == "github-pages" else None


def environment_word(text: str, *, bare: bool = False) -> str | None:
    """Return the environment that a job's or file's name carries (deploy-prod: prod), None when it carries none.

    Words that also mean other things (test, main, release, next) count only as the `bare` whole of the text, or of what
    follows `deploy to`.
    """
    tokens = [token for token in _SPLIT.split(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", text).lower()) if token]
    joined = "-".join(tokens)
    for compound in ("pre-prod", "pre-production", "non-prod"):
        if compound in joined:
            return compound
    if bare and joined and environment_kind(joined) not in {None, "registry"}:
        return joined
    if (
        tokens[-2:-1] == ["to"]
        and tokens[0] in _GOING
        and environment_kind(tokens[-1]) not in {None, "registry"}
    ):
        return tokens[-1]
    if "to" in tokens[1:-1]:
        tokens = tokens[tokens.index("to") + 1 :] + tokens
    found = [token for token in tokens if token in _CLEAR]
    return next((token for token in found if token not in _BESIDE), next(iter(found), None))


_GOING = frozenset({"deploy", "deploys", "deployment", "promote", "release", "ship"})

_BESIDE = frozenset({"live", "stage", "preview"})
"""Words that also name a cluster or a step of a pipeline: they tell the environment where no other word does."""

_CLEAR = frozenset(
    {
        "production", "prod", "prd", "live", "staging", "stage", "stg", "uat", "qa", "preprod", "nonprod", "sandbox",
        "preview", "development", "dev", "develop", "demo", "testnet", "mainnet",
    }
)  # fmt: skip


def region_of(name: str) -> str | None:
    """Return the cloud region in a name, None when there is none."""
    found = _REGION.search(name.lower())
    return found[1] if found else None
