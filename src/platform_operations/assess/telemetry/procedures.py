"""Operating procedures inside pages that are no runbooks by name: a heading that says what is put right, and steps below it."""

import re
from collections.abc import Iterator, Sequence

from platform_operations.assess.places import file_name, lines_of, stem, text_of
from platform_operations.assess.published import borrowed, own_guides, shown_to_readers
from platform_operations.model.evidence import repo_uri
from platform_operations.repository import Repository

MAX_PAGES = 80
MAX_FOUND = 3
LEAST_STEPS = 2
MAX_SECTION = 40
"""How many lines below a heading are looked at for its steps."""

_PAGES = (".md", ".markdown", ".rst", ".adoc")
_TELLING = re.compile(
    r"readme|deploy|releas|operat|\bops\b|maint|infra|k8s|kube|cluster|backup|restor|recover|troubleshoot|secret|rotat|server|rebuild|support|production|monitor|admin|hosting|database|contributing|architecture|setup|incident|(?:^|/)ci/",
    re.IGNORECASE,
)
_INSTRUCTING = frozenset({"claude.md", "agents.md", "gemini.md", "changelog.md", "history.md"})
_PLANNING = frozenset(
    {"plans", "plan", "specs", "spec", "design", "designs", "agents", "instructions", "tasks", "research", "reports", "decisions", "adr", "adrs",
     "architecture-decisions"}
)  # fmt: skip
_HEADING = re.compile(r"^(?P<level>#{1,6}|={1,6})\s+(?P<text>.+)$")
_TITLE = re.compile(
    r"\b(?:run-?books?|play-?books?|operations? (?:guide|manual|handbook|support)|on-?call (?:guide|handbook)|disaster recovery|incident response)\b",
    re.IGNORECASE,
)
_PUTS_RIGHT = re.compile(
    r"\b(?:restor(?:e|ing|ation)|recover(?:y|ing)?|fail-?over|disaster|incident (?:response|management|procedure|handling)"
    r"|rotat(?:e|ing|ion)\b.*(?:key|secret|credential|password|cert|token)|(?:key|secret|credential|password|cert\w*|token)s? rotation"
    r"|back(?:ing)?[ -]?ups?|(?:re-?build|re-?plac|re-?start|scal)(?:e|ing) (?:the |a |of )*(?:servers?|nodes?|cluster|hosts?|vms?|database|workers?))\b",
    re.IGNORECASE,
)
_REVERTS = re.compile(
    r"^revert(?:ing)? (?:the |a |your )?(?:changes?|deployments?|releases?)\W*$", re.IGNORECASE
)
_WHERE_IT_RUNS = re.compile(
    r"\b(?:production|staging|environments?|workflow|pipeline|runner|deploy\w*|cluster|server|redeploy)\b",
    re.IGNORECASE,
)
_TROUBLE = re.compile(r"\btroubleshoot(?:ing)?\b", re.IGNORECASE)
_OPERATED = re.compile(r"deploy|operat|production|kubernetes|maintenance|monitor|hosting", re.IGNORECASE)
_SPOKEN_OF = re.compile(
    r"dependenc|packages?\b|nuget|\berrors?\b|option \d|(?:password|account) recover|strateg|\bplan\b|schema|migration|\bstate machine|session recovery"
    r"|crash recovery|panic|handling|scripts?\b|\blocal|\bdev(?:elopment)?\b|anonymi|integrat|set(?:ting)?[ -]?up|configur|unreleased|\?$|featur|limitations?|roadmap",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"^\s*(?:\d{1,2}[.)]\s+\S|```\s*(?:sh|bash|shell|console|zsh|powershell)?\s*$|~~~|\$ \S|\[source|(?:[-*+]\s+)?`[^`]*[ /][^`]*`)"
)


def procedures(repository: Repository, application: bool = False) -> Iterator[str]:
    """Yield the URI of each heading of an operating procedure with steps, at most one a page and MAX_FOUND in all.

    `application` says that the repository holds something that runs.
    """
    paths = repository.paths
    guides = own_guides(paths, application)
    pages = [path for path in paths if _may_tell(path, guides) and not shown_to_readers(paths, path)]
    found = 0
    for path in sorted(pages, key=lambda path: (path.count("/"), path))[:MAX_PAGES]:
        line = _procedure(path, lines_of(text_of(repository, path) or ""))
        if line is not None:
            yield repo_uri(path, line)
            found += 1
            if found == MAX_FOUND:
                return


def _may_tell(path: str, guides: bool) -> bool:
    if not path.lower().endswith(_PAGES) or file_name(path).lower() in _INSTRUCTING or borrowed(path, guides):
        return False
    if not _PLANNING.isdisjoint(path.lower().split("/")[:-1]):
        return False
    return _TELLING.search("/".join(path.split("/")[-2:])) is not None


def _procedure(path: str, rows: Sequence[str]) -> int | None:
    fenced = False
    operated = path.count("/") < 2 and _OPERATED.search(file_name(path)) is not None
    for number, row in enumerate(rows, 1):
        fenced ^= row.lstrip().startswith(("```", "~~~"))
        if fenced or row[:1] not in {"#", "="} or len(row) > 200:
            continue
        heading = _HEADING.match(row)
        if heading is None:
            continue
        depth = len(heading["level"])
        below = rows[number : number + MAX_SECTION]
        if _TITLE.search(heading["text"]) and (depth == 1 or (depth == 2 and _has_steps(below, depth))):
            return number
        if _SPOKEN_OF.search(heading["text"]):
            continue
        if reverts(rows, number):
            return number
        named = _PUTS_RIGHT.search(heading["text"]) or (operated and _TROUBLE.search(heading["text"]))
        if named and _has_steps(below, depth):
            return number
    return _trouble(rows) if _TROUBLE.search(stem(path)) else None


_WATCHED = re.compile(r"^#{2,6}\s+(?:monitoring|alerts|alerting|on-?call)\s*$", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*\d{1,2}[.)]\s+\S")


def _trouble(rows: Sequence[str]) -> int | None:
    """Return the heading of the first numbered steps on a page about trouble that says how the running system is watched."""
    if not any(_WATCHED.match(row[:200]) for row in rows):
        return None
    heading, steps = 0, 0
    for number, row in enumerate(rows, 1):
        if row.startswith("#"):
            heading, steps = number, 0
        elif _NUMBERED.match(row[:200]):
            steps += 1
            if heading and steps == LEAST_STEPS:
                return heading
    return None


def reverts(rows: Sequence[str], number: int) -> bool:
    """Whether line `number` heads numbered steps that take changes back where the system runs.

    Steps of Git alone take back what is written, not what runs.
    """
    heading = _HEADING.match(rows[number - 1][:200])
    if heading is None or not _REVERTS.match(heading["text"].strip()):
        return False
    below: list[str] = []
    for row in rows[number : number + MAX_SECTION]:
        other = _HEADING.match(row[:200])
        if other and len(other["level"]) <= len(heading["level"]):
            break
        below.append(row[:300])
    steps = sum(_NUMBERED.match(row) is not None for row in below)
    return steps >= LEAST_STEPS and any(_WHERE_IT_RUNS.search(row) for row in below)


def _has_steps(rows: Sequence[str], depth: int) -> bool:
    for row in rows:
        heading = _HEADING.match(row[:200])
        if heading and len(heading["level"]) <= depth:
            return False
        if _STEP.match(row[:200]):
            return True
    return False
