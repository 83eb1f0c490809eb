"""The one door to target files: read-only, bounded, and nothing a repository holds is executed or raises."""

from platform_operations.repository.contract import MAX_FILE_BYTES, MAX_TOTAL_BYTES, Repository, Unreadable
from platform_operations.repository.local import LocalRepository, open_repository
from platform_operations.repository.memory import InMemoryRepository
from platform_operations.repository.redaction import redact
from platform_operations.repository.text_search import Match, search, unsearched
from platform_operations.repository.texts import cited_lines

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_TOTAL_BYTES",
    "InMemoryRepository",
    "LocalRepository",
    "Match",
    "Repository",
    "Unreadable",
    "cited_lines",
    "open_repository",
    "redact",
    "search",
    "unsearched",
]
