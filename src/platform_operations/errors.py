"""What ends a run. Expected trouble inside a repository is a value, never one of these.

PlatformOperationsError
├── InputError      what the user named cannot be used
└── DefectError     this build of the product is broken
"""


class PlatformOperationsError(Exception):
    """The root of the tree: one clear line, fit to be shown to the user."""


class InputError(PlatformOperationsError):
    """What the user named cannot be used; the message says what and why in one line (CLI exit code 2)."""


class DefectError(PlatformOperationsError):
    """The product itself is put together wrongly, for example two platforms with one id."""
