"""Checks that run before a commit, as hook managers configure them: pre-commit, Lefthook, Husky, plain Git hooks."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from platform_operations.assess.places import aside, file_name, lines_of, text_of
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_HOOK_FILES = 40

CHECKS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("gitleaks", "detect-secrets", "trufflehog", "git-secrets", "ggshield", "talisman", "ripsecrets"),
            "secret-scan",
        ),
        **dict.fromkeys(("bandit", "semgrep", "zizmor", "gosec", "brakeman", "njsscan"), "sast"),
        **dict.fromkeys(
            (
                "checkov",
                "tfsec",
                "terraform_tfsec",
                "terraform_trivy",
                "terraform_checkov",
                "terrascan",
                "kics",
            ),
            "iac-scan",
        ),
        **dict.fromkeys(
            (
                "pip-audit",
                "python-safety-dependencies-check",
                "cargo-audit",
                "cargo-deny",
                "osv-scanner",
                "bundler-audit",
                "govulncheck",
                "grype",
                "npm-audit",
                "uv-audit",
            ),
            "dependency-scan",
        ),
    }
)
"""Scanners by the id of their pre-commit hook or the name of their program, and the kind of gate each would be."""

_WORD = regex(
    r"(?<![\w./-])("
    + "|".join(sorted(map(re.escape, CHECKS), key=len, reverse=True))
    + r")(?:-[a-z]+)?(?![\w./])"
)
_ID = regex(
    r"id:\s*[\"']?(?:[\w.]+-)*?("
    + "|".join(sorted(map(re.escape, CHECKS), key=len, reverse=True))
    + r")(?:-[\w.]+)*[\"']?\s*(?:#.*)?$"
)
_NAMES = frozenset(
    {".pre-commit-config.yaml", ".pre-commit-config.yml", "lefthook.yml", "lefthook.yaml", ".lefthook.yml"}
)
_FOLDERS = (".husky/", ".githooks/")
_GIT = regex(r"(?:^|/)\.?(?:git-?)?hooks/(?:pre-commit|pre-push|commit-msg)(?:\.(?:sh|bash|py))?$")
"""Scripts that Git itself calls once they are copied to where it looks for them."""


def hooks_that(repository: Repository, kinds: frozenset[str]) -> Iterator[str]:
    """Yield the URI of each hook that runs a check of one of `kinds` (gate kinds); comments do not count."""
    paths = [
        path
        for path in repository.paths
        if file_name(path) in _NAMES
        or path.startswith(_FOLDERS)
        or ("hooks/" in path and _GIT.search(path) is not None)
    ]
    for path in [path for path in paths if not aside(path)][:MAX_HOOK_FILES]:
        listed = "pre-commit-config" in path
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            bare = row.strip()
            if bare.startswith("#") or (listed and not bare.lstrip("- ").startswith("id:")):
                continue
            found = _ID.match(bare.lstrip("- ")[:500]) if listed else _WORD.search(row[:500])
            if found and CHECKS[found[1]] in kinds:
                yield repo_uri(path, number)
