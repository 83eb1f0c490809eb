"""What a shell on another machine does there, and the words of steps that only prepare or tell."""

import re

from platform_operations.assess.ci.kinds import kind_of_name
from platform_operations.model.words import StageKind
from platform_operations.patterns import regex

SETUP = regex(
    r"install|set-?up|prepare|depend|version|changelog|notif|comment|messag|annotat|announc|cache|label|clean|bump|download|login|auth|checkout"
    r"|generate|summary|report|upload|wait|artifact|seed|db:|\bcodegen|schema|config|init\b|print|info",
    re.IGNORECASE,
)
"""Words of steps and scripts that prepare a job, tidy after it or tell of it."""

_CHANGES = regex(
    r"git\s+(?:pull|fetch|reset|checkout)|deploy|restart|reload|\bup\b|\bpull\b|\brun\b|\bapply\b|upgrade|rsync|install|systemctl\s+(?:start|enable)",
    re.IGNORECASE,
)


def remote_kind(body: str, step: str) -> StageKind | None:
    """A shell on another machine deploys when it changes what runs there; a step named for a check or for tidying does not."""
    if re.search(r"rollback|roll back", body, re.IGNORECASE):
        return "rollback"
    if not _CHANGES.search(body):
        if kind_of_name(step) == "verify":
            return "verify"
        if SETUP.search(step):
            return None
    changes = re.search(
        r"docker|podman|systemctl|service\s|pm2|git\s+(?:pull|fetch|reset|checkout)|deploy|restart|supervisorctl|compose|\.sh\b"
        r"|npm|yarn|pip|bundle|rsync|ln\s+-s|nginx|kubectl|helm|make|up\s+-d|artisan|composer",
        body,
        re.IGNORECASE,
    )
    return "deploy" if changes else None
