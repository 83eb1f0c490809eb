"""Environment names as folders and files spell them."""

import re
from itertools import pairwise

from platform_operations.platforms.reading.files import name_of

WORDS = frozenset(
    {
        "acc", "acceptance", "canary", "demo", "dev", "development", "integration", "live", "nonprod",
        "perf", "preprod", "pre-prod", "preview", "prd", "prod", "production", "qa", "sandbox", "sit",
        "stage", "staging", "stg", "test", "testing", "tst", "uat",
    }
)  # fmt: skip
"""Words that name an environment wherever they stand."""

HOLDERS = frozenset(
    {"overlays", "environments", "environment", "envs", "env", "stages", "stacks", "clusters", "variants"}
)
"""Folders whose children are named after environments."""

SHARED = frozenset({"base", "bases", "common", "shared", "components", "default", "templates", "modules"})
"""Folders beside the environments that hold what they have in common."""

_TOKEN = r"[._-]"


def word_in(name: str) -> str | None:
    """Return the environment word that `name` is, begins or ends with (checkout-staging: staging)."""
    low = name.lower()
    if low in WORDS:
        return low
    tokens = re.split(_TOKEN, low)
    if len(tokens) > 1:
        for token in (tokens[-1], tokens[0]):
            if token in WORDS:
                return token
    return None


def of_folder(folder: str) -> str | None:
    """Return the environment that a folder path names: its deepest environment word, else an overlay."""
    parts = folder.split("/") if folder else []
    word = next((part for part in reversed(parts) if part.lower() in WORDS), None)
    if word is not None:
        return word
    children = [
        child
        for holder, child in pairwise(parts)
        if holder.lower() in HOLDERS and child.lower() not in SHARED
    ]
    return next((child for child in reversed(children) if word_in(child)), children[-1] if children else None)


def of_file(path: str) -> str | None:
    """Return the environment that a file name begins or ends with, as in values-prod.yaml, or None."""
    stem = name_of(path).rsplit(".", 1)[0]
    tokens = [token for token in re.split(_TOKEN, stem) if token]
    return next((token for token in (tokens[-1:] + tokens[:1]) if token.lower() in WORDS), None)


def of_path(path: str) -> str | None:
    """Return the environment of a file: its folders' word, else its own name's."""
    folder, _, _ = path.rpartition("/")
    return of_folder(folder) or of_file(path)
