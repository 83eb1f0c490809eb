"""The one door to target files: read-only, bounded, and nothing a repository holds is executed or raises."""

from platform_operations.repository.contract import MAX_FILE_BYTES, MAX_TOTAL_BYTES, Repository, Unreadable
from platform_operations.repository.local import LocalRepository, open_repository
from platform_operations.repository.memory import InMemoryRepository
from platform_operations.repository.redaction import redact
from platform_operations.repository.remembering import Notes, Remembering, all_remembered, remembered
from platform_operations.repository.text_search import Match, search, unsearched
from platform_operations.repository.texts import cited_lines

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_TOTAL_BYTES",
    "InMemoryRepository",
    "LocalRepository",
    "Match",
    "Notes",
    "Remembering",
    "Repository",
    "Unreadable",
    "all_remembered",
    "cited_lines",
    "open_repository",
    "redact",
    "remembered",
    "search",
    "unsearched",
]
