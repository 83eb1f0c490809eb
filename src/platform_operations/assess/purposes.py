"""What the name of something that a pipeline calls, or what starts it, tells about its purpose."""

import re
from typing import Literal, TypeAlias

from platform_operations.assess.places import text_of
from platform_operations.model.assessment import Fact
from platform_operations.patterns import regex
from platform_operations.repository import Repository

Concern: TypeAlias = Literal["security", "dependencies", "release"]

_CHORE = regex(
    r"label|stale|triage|assign|change-?log|notif|slack|teams|title|semantic|\bcla\b|lock|todo|issue|drafter"
    r"|auto-?merge|greet|welcome|sync|milestone|project|backport|cherry|\bdocs?\b|documentation|schema-?spy|\bpr-(?:clos|validat)|clean-?up|wiki|comment|approve|codeowners"
    r"|renovate|dependabot|keep-?alive|release-notes|reviewers|board|spell|reuse|copyright|notion|jira|trello|danger|techdocs|config\b|licen[cs]e"
    r"|compliance|sbom|link-?check|prun(?:e|ing)|deactivat|expir|upgrad|bump|update-(?:deps|dependenc|python|requirements|lock|translations|snapshots)|link-pr|branch-name|commits?-lint|commits?-check|conventional|contribut|(?:tag|build|release|publish)\S*-dev-?container",
    re.IGNORECASE,
)
_JUDGES = regex(
    r"lint|test|scan|security|codeql|audit|quality|format|check|verif|validat|pact|unit|coverage|analy|sast|scorecard"
    r"|dependency|owasp|trivy|veracode|sonar|style|zizmor|fortify|brakeman|bandit|gosec|rubocop|eslint|phpstan|e2e|cypress|snyk|gitleaks",
    re.IGNORECASE,
)
_SHIPS = regex(
    r"deploy|promot|release|rollout|helm|publish|upload|\btag|version|push|provision|terraform|preview|teardown|destroy"
    r"|migrat|invalidat|docker-?(?:login|hub)|setup|configure|install|auth|slack|cache",
    re.IGNORECASE,
)
_WHOLE_NAME = regex(r"pipeline|\bci\b|\bcd\b|cicd|ci-cd|\bmain\b|build|\bgo\b|workflow\.ya?ml", re.IGNORECASE)


_PREPARES = regex(r"^(?:\w+-)*(?:setup|set-up|install|auth|login|cache)$", re.IGNORECASE)
_GENERAL = frozenset({"template", "main", "index", "action", "workflow", "default"})
"""Names of files that leave the telling to their folder."""


_OF_IMAGES = r"(?:docker|image|container|docs?|mkdocs|doxygen|openapi|sphinx|typedoc|storybook)s?"
_BUILDS_IMAGES = regex(
    rf"(?:reusable-)?(?:{_OF_IMAGES}-)+build(?:-(?:and-)?push)?|(?:reusable-)?build(?:-(?:and-)?push)?(?:-{_OF_IMAGES})+",
    re.IGNORECASE,
)
"""What builds an image, and pushes it at most, or builds documentation puts nothing up."""


def decides(called: str, concern: Concern) -> bool:
    """Say whether something that is called may decide about `concern`, by its name; what tells nothing may do anything."""
    spoken = _spoken(called)
    if _PREPARES.search(spoken):
        return False
    if _CHORE.search(spoken):
        return False
    if concern == "release" and _BUILDS_IMAGES.fullmatch(spoken):
        return False
    if _WHOLE_NAME.search(spoken):
        return True
    ships, judges = _SHIPS.search(spoken) is not None, _JUDGES.search(spoken) is not None
    if ships == judges:
        return not ships or concern == "release"
    if concern == "release":
        return ships
    return judges and _SCANS.search(spoken) is not None and not _OTHERS[concern].fullmatch(spoken)


_OTHERS = {
    "security": regex(
        r"(?!.*(?:security|codeql|sast|secret|iac|image)).*(?:dependenc|owasp|audit|\bsca\b).*", re.IGNORECASE
    ),
    "dependencies": regex(
        r"(?!.*(?:dependenc|security|vulnerab)).*(?:codeql|sast|secret|iac|gitleaks|semgrep|sonar|lint|format|style).*",
        re.IGNORECASE,
    ),
}
"""Checks of the other kind only, as their names say."""

_SCANS = regex(r"scan|security|codeql|audit|quality|check|analy|verif|sonar|sast|dependency", re.IGNORECASE)


def _spoken(called: str) -> str:
    """Return the name of what is called with dashes between its words; of a file of a general name, that of its folder."""
    parts = called.partition("@")[0].rstrip("/").split("/")
    bare = [part.removesuffix(".yml").removesuffix(".yaml") for part in parts]
    named = bare[-2] if len(bare) > 1 and bare[-1].lower() in _GENERAL else bare[-1]
    return re.sub(r"[_./]", "-", named)


_CODE = regex(
    r"\b(?:push|pull_request|schedule|workflow_dispatch|workflow_call|workflow_run|merge_group|release|repository_dispatch|create|deployment\w*|synchronize)\b"
)
_CONVERSATION = regex(
    r"\b(?:issues|issue_comment|discussion\w*|pull_request_review\w*|label|milestone|pull_request_target\s*:\s*\n\s+types)\b"
)


_ON_ITS_OWN = regex(
    r"\b(?:push|pull_request\w*|schedule|workflow_call|workflow_run|merge_group|release|repository_dispatch|create|issues|issue_comment|discussion\w*|deployment\w*)\b"
)


def errand(repository: Repository, fact: Fact, concern: Concern) -> bool:
    """Say whether a workflow decides nothing about `concern` by its own name or by what starts it.

    One named for a chore is part of it. What starts by what people write or label only judges and releases no
    change; what starts by hand only judges none.
    """
    path = next(iter(fact.evidence), "").removeprefix("repo:").partition("#")[0]
    named = _spoken(path) if path.startswith(".github/workflows/") else ""
    if _CHORE.search(named) and not (_SHIPS.search(named) or _JUDGES.search(named)):
        return True
    text = text_of(repository, path) if path.startswith(".github/workflows/") else None
    if text is None:
        return False
    starts = text.partition("\njobs:")[0]
    by_hand = "workflow_dispatch" in starts and _ON_ITS_OWN.search(starts) is None
    return (by_hand and concern != "release") or (
        _CONVERSATION.search(starts) is not None and _CODE.search(starts) is None
    )
