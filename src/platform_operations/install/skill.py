"""The skill as a folder: SKILL.md and the pages it links, all from one source."""

import re
from collections.abc import Mapping

from platform_operations.errors import DefectError
from platform_operations.resources import resource

NAME = "platform-operations"
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def skill_files() -> Mapping[str, str]:
    """Return the files of the skill, POSIX path below its folder to text, SKILL.md first.

    Raises:
        DefectError: this build lacks one of them.
    """
    body = _text("SKILL.md")
    linked = sorted(set(_LINK.findall(body)))
    return {"SKILL.md": body, **{path: _text(path) for path in linked}}


def _text(path: str) -> str:
    try:
        return resource(*path.split("/")).read_text(encoding="utf-8")
    except OSError as error:
        raise DefectError(f"the skill's {path} is missing from this build: {error.strerror}") from None
