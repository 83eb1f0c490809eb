"""Operating procedures inside pages that are no runbooks by name: a heading that says what is put right, and steps below it."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from platform_operations.assess.places import file_name, lines_of, stem, text_of
from platform_operations.assess.published import borrowed, own_guides, shown_to_readers
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_PAGES = 80
MAX_FOUND = 3
MAX_HEADINGS = 1_000
LEAST_STEPS = 2
LEAST_REMEDIES = 2
LEAST_LISTED = 3
MAX_SECTION = 80
"""How many lines below a heading are looked at for its steps."""

_PAGES = (".md", ".markdown", ".rst", ".adoc", ".qmd")
_TELLING = regex(
    r"readme|deploy|releas|operat|\bops\b|maint|infra|k8s|kube|cluster|backup|restor|recover|troubleshoot|secret|rotat|server|rebuild|support|production|monitor|admin|hosting|database|contributing|architecture|setup|incident|(?:^|/)ci/"
    r"|install|develop|redis|postgres|mysql|mongo|kafka|rabbit|elastic|solr|sidekiq|queue|certificat|upgrad|migrat|downtime",
    re.IGNORECASE,
)
_INSTRUCTING = frozenset({"claude.md", "agents.md", "gemini.md", "changelog.md", "history.md"})
_PLANNING = frozenset(
    {"plans", "plan", "specs", "spec", "design", "designs", "agents", "instructions", "tasks", "research", "reports", "decisions", "adr", "adrs",
     "architecture-decisions"}
)  # fmt: skip
_HEADING = regex(r"^(?P<level>#{1,6}|={1,6})\s+(?P<text>.+)$")
_UNDERLINE = regex(r"([=\-~^\"'*+#])\1{2,}\s*$")
_MARKS = frozenset("=-~^\"'*+#")
_TEXT = regex(r"[^\W_]|`")
_TITLE = regex(
    r"\b(?:run-?books?|(?<!ansible )play-?books?|operations? (?:guide|manual|handbook|support)|on-?call (?:guide|handbook)|disaster recovery|incident response)\b",
    re.IGNORECASE,
)
_PUTS_RIGHT = regex(
    r"\b(?:restor(?:e|ing|ation)|recover(?:y|ing)?|fail-?over|disaster|incident (?:response|management|procedure|handling)"
    r"|rotat(?:e|ing|ion)\b.*(?:key|secret|credential|password|cert|token)|(?:key|secret|credential|password|cert\w*|token)s? rotation"
    r"|roll(?:ing)?[ -]?back|maintenance (?:mode|page|window)|downtime procedure"
    r"|back(?:ing)?[ -]?ups?|(?:re-?build|re-?plac|re-?start|scal)(?:e|ing) (?:the |a |of )*(?:servers?|nodes?|cluster|hosts?|vms?|database|workers?))\b",
    re.IGNORECASE,
)
_REVERTS = regex(r"^revert(?:ing)? (?:the |a |your )?(?:changes?|deployments?|releases?)\W*$", re.IGNORECASE)
_WHERE_IT_RUNS = regex(
    r"\b(?:production|staging|environments?|workflow|pipeline|runner|deploy\w*|cluster|server|redeploy)\b",
    re.IGNORECASE,
)
_TROUBLE = regex(r"\btroubleshoot(?:ing)?\b", re.IGNORECASE)
_OPERATED = regex(r"deploy|operat|production|kubernetes|maintenance|monitor|hosting", re.IGNORECASE)
_SPOKEN_OF = regex(
    r"dependenc|packages?\b|nuget|\berrors?\b|option [\da-z]\b|(?:password|account) recover|strateg|\bplan\b|schema|migration|\bstate machine|session recovery"
    r"|crash recovery|panic|handling|scripts?\b|\blocal|\bdev(?:elopment)?\b|anonymi|integrat|set(?:ting)?[ -]?up|configur|approval|unreleased|\?$|featur|limitations?|roadmap",
    re.IGNORECASE,
)
_HANDLES = regex(
    r"\b(?:re-?start|re-?run|re-?tr(?:y|ie)|stopp?|drain|purg|upgrad|reset|unblock|re-?play|resiz|flush|renew|resum|paus)(?:e|ing|s|d|ting)?\b(?:\W+\w+){0,3}?\W+"
    r"(?:pipelines?|jobs?|workers?|queues?|messages?|add-?on|deployments?|instances?|clusters?|brokers?|nodes?|certificates?|servers?|replicas?)\b",
    re.IGNORECASE,
)
"""What is done to what runs: told from a developer's own commands by the name of the page alone."""
_KEPT_RUNNING = regex(
    r"operat|\bops\b|maint|infra|run-?book|redis|postgres|mysql|mongo|kafka|rabbit|elastic|solr|sidekiq|queue|production|cluster|certificat|downtime",
    re.IGNORECASE,
)
_TO_PRODUCTION = regex(
    r"\b(?:deploy|releas|promot|ship|push)\w*\b.*\b(?:to|in|on) (?:\w+ )?(?:production|prod|live)\b"
    r"|\b(?:deploy\w*|release|go-?live|cut-?over|incident)\b.*\bchecklist\b",
    re.IGNORECASE,
)
_STEPS = regex(r"^(?:steps|procedure|checklist)\W*$", re.IGNORECASE)
_ENVIRONMENT = regex(
    r"\b(?:in|to|on|of|the) (?:\w+ )?(?:production|prod|staging|stage)\b|\bre-?deploy\b|\benvironment (?:being|to be)\b",
    re.IGNORECASE,
)
_STEP = regex(
    r"^\s*(?:(?:\d{1,2}|#)[.)]\s+\S|[-*+] \[[ xX]\] \S|```\s*(?:sh|bash|shell|console|zsh|powershell)?\s*$|~~~|\$ \S|\[source|\.\. code|(?:[-*+]\s+)?`[^`]*[ /][^`]*`"
    r"|(?i:(?:[-*+]\s+)?(?:run|execute|log ?in)\b[^`]{0,60}`[^`]*[ /][^`]*`))"
)
_OWN_COPY = regex(
    r"\b(?:in)?to (?:your|a|the) local\b|\blocal (?:database|db|mongo\w*|postgres\w*|environment)\b",
    re.IGNORECASE,
)
"""What is put back onto a developer's machine takes care of nothing that runs."""
_OF_DATA = regex(r"\b(?:restor|back(?:ing)?[ -]?up|export|dump)", re.IGNORECASE)
_STATEMENT = regex(r"^\s*```\s*sql\s*$")
_LISTED = regex(r"^\s*(?:\d{1,2}[.)]\s+\S|[-*+] \[[ xX]\] \S)")
_REMEDY = regex(
    r"^\s*(?:[-*+]|\d{1,2}[.)])\s+\W{0,2}(?:check|ensure|verify|confirm|make sure|restart|redeploy|run|increase|clear|look at)\b",
    re.IGNORECASE,
)


def procedures(repository: Repository, application: bool = False) -> Iterator[str]:
    """Yield the URI of each heading of an operating procedure with steps, at most one a page and MAX_FOUND in all.

    `application` says that the repository holds something that runs.
    """
    paths = repository.paths
    guides = own_guides(paths, application)
    pages = [
        path
        for path in paths
        if _may_tell(path, guides, application=application) and not shown_to_readers(paths, path)
    ]
    found = 0
    for path in sorted(pages, key=lambda path: (path.count("/"), path))[:MAX_PAGES]:
        line = _procedure(path, lines_of(text_of(repository, path) or ""))
        if line is not None:
            yield repo_uri(path, line)
            found += 1
            if found == MAX_FOUND:
                return


_DOCUMENTATION = frozenset({"docs", "doc", "documentation", "wiki", "dev-docs"})


def _may_tell(path: str, guides: bool, *, application: bool) -> bool:
    """Whether a page may hold a procedure, by its name; of an application's documentation every page at the top."""
    low = path.lower()
    if not low.endswith(_PAGES) or file_name(low) in _INSTRUCTING or borrowed(path, guides):
        return False
    folders = low.split("/")[:-1]
    if not _PLANNING.isdisjoint(folders) or "src" in folders[:-1]:
        return False
    if application and len(folders) == 1 and folders[0] in _DOCUMENTATION:
        return True
    return _TELLING.search("/".join(path.split("/")[-2:])) is not None


def _procedure(path: str, rows: Sequence[str]) -> int | None:
    titles = _headings(rows)
    name = file_name(path)
    operated = path.count("/") < 2 and _OPERATED.search(name) is not None
    running = _KEPT_RUNNING.search(name) is not None
    # The first line of such a page is the project's name.
    named_only = path.count("/") < 1 + (stem(path) == "index") and stem(path).lower() in {"readme", "index"}
    for at, (number, depth, text) in enumerate(titles):
        if named_only and depth == 1 and at == 0:
            continue
        asked = _asked(text, depth, operated=operated, running=running)
        below = _below(rows, titles, at) if asked else ()
        if below and _OF_DATA.search(text) and any(_OWN_COPY.search(row[:300]) for row in below):
            continue
        if any(_holds(below, pattern, at_least=least) for pattern, least in asked):
            return number
        if not _SPOKEN_OF.search(text) and reverts(rows, number):
            return number
        if _STEPS.match(text) and _done_to_an_environment(_below(rows, titles, at)):
            above = next((line for line, deep, _ in reversed(titles[:at]) if deep < depth), None)
            if above is not None:
                return above
    return _trouble(rows) if _TROUBLE.search(stem(path)) else None


def _asked(text: str, depth: int, *, operated: bool, running: bool) -> list[tuple[re.Pattern[str], int]]:
    """Return what must stand below a heading, and how often, for it to head a procedure; nothing for most headings."""
    if _TITLE.search(text) and depth <= 2:
        return [(_STEP, 1)] if depth == 2 else [(_STEP, 0)]
    if _SPOKEN_OF.search(text):
        return []
    asked: list[tuple[re.Pattern[str], int]] = []
    if operated and _TROUBLE.search(text):
        asked += ((_STEP, 1), (_REMEDY, LEAST_REMEDIES))
    if _PUTS_RIGHT.search(text):
        asked.append((_STEP, 1))
    if running and _HANDLES.search(text):
        asked += ((_STEP, 1), (_STATEMENT, 1))
    if _TO_PRODUCTION.search(text):
        asked.append((_LISTED, LEAST_LISTED))
    return asked


def _headings(rows: Sequence[str]) -> tuple[tuple[int, int, str], ...]:
    """Return line, depth and text of each heading outside fences, at most MAX_HEADINGS.

    Those that are underlined go deeper in the order in which their marks appear.
    """
    found: list[tuple[int, int, str]] = []
    fenced = False
    depths: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        if len(found) == MAX_HEADINGS:
            break
        fenced ^= row.lstrip().startswith(("```", "~~~"))
        if fenced or not row or len(row) > 200:
            continue
        heading = _HEADING.match(row) if row[0] in "#=" else None
        if heading:
            found.append((number, len(heading["level"]), heading["text"]))
            continue
        under = rows[number] if number < len(rows) else ""
        underlined = under[:1] in _MARKS and row[0] not in " \t|>-*+" and len(under) >= len(row)
        if underlined and _TEXT.search(row) and _UNDERLINE.match(under):
            found.append((number, depths.setdefault(under[0], len(depths) + 1), row.strip()))
    return tuple(found)


def _below(rows: Sequence[str], titles: Sequence[tuple[int, int, str]], at: int) -> Sequence[str]:
    """Return the lines below a heading up to the next one that does not stand under it, at most MAX_SECTION."""
    first, depth, _ = titles[at]
    last = first + MAX_SECTION
    for number, deep, _ in titles[at + 1 : at + 1 + MAX_SECTION]:
        if number > last:
            break
        if deep <= depth:
            last = number - 1
            break
    return rows[first:last]


def _holds(rows: Sequence[str], pattern: re.Pattern[str], *, at_least: int) -> bool:
    """Whether at least so many lines match."""
    matching = (row for row in rows if pattern.match(row[:200]))
    return sum(1 for _ in islice(matching, at_least)) == at_least


def _done_to_an_environment(rows: Sequence[str]) -> bool:
    """Whether a list of steps names the environment, or the deployment, that it is about."""
    if not _holds(rows, _LISTED, at_least=LEAST_LISTED):
        return False
    return any(_LISTED.match(row[:200]) and _ENVIRONMENT.search(row[:500]) for row in rows)


_WATCHED = regex(r"^#{2,6}\s+(?:monitoring|alerts|alerting|on-?call)\s*$", re.IGNORECASE)
_NUMBERED = regex(r"\s*\d{1,2}[.)]\s+\S")


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
