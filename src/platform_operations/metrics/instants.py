"""Instants in RFC 3339, as whole Unix seconds."""

import re
from datetime import UTC, datetime, timedelta

from platform_operations.errors import InputError

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unix(text: str) -> int:
    """The Unix time of an RFC 3339 instant, fractions of a second cut off; InputError when it is not one."""
    match = _RFC_3339.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        plain = text.replace(match[1] or "", "", 1).upper()
        return (datetime.fromisoformat(plain) - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise InputError(
            f"{text!r} is not a time; write it in RFC 3339, such as 2026-11-20T09:00:00Z"
        ) from None


def rfc3339(instant: int) -> str:
    """The RFC 3339 spelling of a Unix time, in UTC."""
    return (_EPOCH + timedelta(seconds=instant)).strftime("%Y-%m-%dT%H:%M:%SZ")
