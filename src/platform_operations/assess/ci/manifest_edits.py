"""Commands that write an image into a manifest, and those that send on what was written."""

import re

from platform_operations.patterns import regex

SENDS = regex(r"^git\b.*\bpush\b|commit-action|add-and-commit|create-pull-request|gh pr create|push-action")
WRITES_IMAGE = regex(
    r"^(?:yq|sed)\b(?=.*(?:\bimage\b|newTag|\.tag\b|digest)).*(?:\.ya?ml\b|\$\{?\w*(?:file|manifest|values)\w*\}?[\"']?$)",
    re.IGNORECASE | re.DOTALL,
)
