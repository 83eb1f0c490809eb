"""Image references: what kind of name they are, and where a chart's values name one."""

import re
from typing import TYPE_CHECKING

from platform_operations.model.words import Identity

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

_DIGEST = r"@sha256:[0-9a-f]{64}$"
_COMMIT = r"(?:^|[-_.])(?:sha-?|g)?([0-9a-f]{7,40})$"
_VERSION = r"^v?\d+\.\d+\.\d+(?:[-+._][0-9A-Za-z.-]+)?$|^v?\d{3,}$|^\d{4}[-.]?\d{2}[-.]?\d{2}(?:[-.T]?\d+)?$"
_COMMIT_NAME = r"(?i)sha|commit|revision"
_VARIABLE = r"[$]|\{\{"

STORES = {
    "postgres": "postgresql", "postgis": "postgresql", "timescaledb": "postgresql",
    "pgvector": "postgresql", "postgresql": "postgresql", "mongodb": "mongodb", "mysql": "mysql",
    "mariadb": "mariadb", "mongo": "mongodb", "redis": "redis", "valkey": "valkey",
    "memcached": "memcached", "rabbitmq": "rabbitmq", "kafka": "kafka", "cp-kafka": "kafka",
    "redpanda": "kafka", "zookeeper": "zookeeper", "cp-zookeeper": "zookeeper",
    "elasticsearch": "elasticsearch", "opensearch": "opensearch", "nats": "nats",
    "minio": "object-storage", "clickhouse-server": "clickhouse", "cockroach": "cockroachdb",
    "mssql": "sqlserver", "server": "sqlserver", "cassandra": "cassandra", "scylla": "scylladb",
    "etcd": "etcd", "influxdb": "influxdb", "neo4j": "neo4j", "couchdb": "couchdb",
}  # fmt: skip
"""Images that are data stores, by the last part of their name; `server` counts under mssql only."""


def split(image: str) -> tuple[str, str | None, str | None]:
    """Return name, tag and digest of an image reference; None for what it does not carry."""
    name, _, digest = image.partition("@")
    head, colon, tag = name.rpartition(":")
    if colon and "/" not in tag:
        return head, tag, digest or None
    return name, None, digest or None


def reference_kind(image: str) -> Identity | None:
    """Return what kind of name `image` is; None when a variable decides.

    A tag that looks like 7 to 40 hexadecimal digits with a letter counts as a commit; three numbers, a date or a
    build number of three digits as a version. Every other tag (3.13-slim, 1.4, latest), and none, can be moved.
    """
    image = image.strip()
    if not image:
        return None
    if re.search(_DIGEST, image):
        return "digest"
    tail = image.rpartition("/")[2]
    if re.search(_VARIABLE, tail):
        if "@" in tail:
            return "digest"
        return "commit" if re.search(_COMMIT_NAME, tail.partition(":")[2]) else None
    return tag_kind(split(image)[1])


def tag_kind(tag: str | None) -> Identity:
    """Return what kind of name a tag is; no tag means latest."""
    if not tag:
        return "tag"
    commit = re.search(_COMMIT, tag)
    if commit and (not commit[1].isdigit() or len(commit[1]) == 40) and not commit[1].isalpha():
        return "commit"
    return "version" if re.search(_VARIABLE, tag) is None and re.match(_VERSION, tag) else "tag"


def store(image: str) -> str | None:
    """Return the kind of data store that `image` is, None when it is none that we know."""
    name = split(image)[0]
    last = name.rpartition("/")[2].lower()
    if last == "server" and "mssql" not in name:
        return None
    return STORES.get(last)


def first_value(layers: "list[tuple[Node, str]]", *keys: str) -> str | None:
    """Return the first of the layers' values under `keys`."""
    return next((value for value in (node.string(*keys) for node, _ in layers) if value), None)


def of_values(layers: "list[tuple[Node, str]]") -> str | None:
    """Return the image that a chart's values name, the strongest layer first."""
    whole = first_value(layers, "image")
    if whole:
        return whole
    repository = first_value(layers, "image", "repository") or first_value(layers, "image", "name")
    if not repository:
        return None
    registry = first_value(layers, "image", "registry")
    tag, digest = first_value(layers, "image", "tag"), first_value(layers, "image", "digest")
    if repository.startswith("<") or (tag and tag.startswith("<")):
        return None
    full = f"{registry}/{repository}" if registry and not repository.startswith(registry) else repository
    if digest:
        return f"{full}@{digest}"
    return f"{full}:{tag}" if tag else full


def lines_in_values(layers: "list[tuple[Node, str]]") -> tuple[str, int, int] | None:
    """Return where the values name the image most closely: its digest, its tag, or all of it."""
    for keys in (("image", "digest"), ("image", "tag"), ("image", "repository"), ("image",)):
        for node, path in layers:
            within = node.get(*keys[:-1])
            if within is not None and node.string(*keys) and (key := within.key(keys[-1])) is not None:
                return path, key.first, key.first
    return None
