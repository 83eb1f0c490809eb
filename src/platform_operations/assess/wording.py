"""Wordings looked for whatever their case.

To ignore case, `re` folds every letter of a text at every alternative; a text lowered once is searched three to thirty
times as fast, and most texts hold nothing that is looked for.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from platform_operations.patterns import regex

_UPPER = regex(r"\\.|\(\?P|[A-Z]")


@dataclass(frozen=True)
class Wording:
    """A regular expression that ignores case, compiled when it is first asked for; it names no capital by its number."""

    source: str

    def stands_in(self, text: str) -> bool:
        """Say whether a text has a match."""
        # Beyond ASCII, lower case may be of another length, and other letters fold to ours.
        found = self._lowered.search(text.lower()) if text.isascii() else self._folding.search(text)
        return found is not None

    @cached_property
    def _lowered(self) -> re.Pattern[str]:
        return re.compile(
            _UPPER.sub(lambda found: found[0].lower() if len(found[0]) == 1 else found[0], self.source)
        )

    @cached_property
    def _folding(self) -> re.Pattern[str]:
        return re.compile(self.source, re.IGNORECASE)
