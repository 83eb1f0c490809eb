"""Regular expressions that are compiled when they are first used.

Hundreds of them stand beside the readers and the rules, and a repository needs a third of them: compiling all is a
tenth of a run.
"""

import re
from typing import Any, cast


def regex(source: str, flags: int = 0) -> re.Pattern[str]:
    """Return what acts as `re.compile(source, flags)` does, but for `isinstance` and the functions of `re`.

    A mistake in `source` shows at the first use; the tests use every one.
    """
    return cast("re.Pattern[str]", LatePattern(source, flags))


class LatePattern:
    """The methods and attributes of a pattern, which is compiled for the first that is asked for."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._source, self._flags), name)
        # From now on it is found without coming here.
        self.__dict__[name] = found
        return found
