"""Runbooks: the files that say what to do when something breaks, and the links that alerts carry."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from platform_operations.assess.places import (
    aside,
    file_name,
    folder,
    kebab,
    lines_of,
    stem,
    text_of,
    unique,
    vendored,
)
from platform_operations.assess.published import shown_to_readers
from platform_operations.assess.telemetry.alarms import Alarm
from platform_operations.assess.telemetry.procedures import procedures
from platform_operations.assess.telemetry.rule_files import RawAlert, Rules, read_rules
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.reliability import Runbook
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_RUNBOOKS = 300
MAX_ITEMS = 12
MAX_ITEM = 300
LINK_KEYS = (
    "runbook_url",
    "runbook",
    "runbookUrl",
    "runbook_link",
    "playbook",
    "playbook_url",
    "sop_url",
    "sop",
)

_SUFFIXES = (".md", ".markdown", ".rst", ".adoc", ".txt", ".mdx", ".qmd")
_FOLDER = regex(r"(^|/)(run-?_?books?|play-?_?books?|sops?|on-?call|incident-response)/", re.I)
_NAMED = regex(
    r"(run-?_?book|play-?_?book|(^|[-_.])sop[-_.]|incident[-_. ]response|disaster[-_. ]recovery|(^|[^a-z])on-?call([^a-z]|$)|"
    r"back-?ups?[-_](and[-_])?restor|^(restore|failover)[-_.])",
    re.I,
)
_INDEX = regex(r"^(readme|index|_index|template|contributing|changelog|license)\b|template", re.I)
_SECTIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("impact", regex(r"\b(impact|severity|user impact|effect|meaning|overview|what it means)\b", re.I)),
    ("confirm", regex(r"\b(confirm|diagnos\w*|symptoms?|verify|triage|investigat\w*|detect\w*|"
                           r"troubleshoot\w*|checks?|identify|debug\w*|assess\w*)\b", re.I)),
    ("rollback", regex(r"\b(roll-?\s?back|revert)\b", re.I)),
    ("mitigate", regex(r"\b(mitigat\w*|remed\w*|resol\w*|fix\w*|recover\w*|action|actions|restore|"
                            r"solution|what to do|procedure|steps|repair|response|workaround)\b", re.I)),
    ("escalate", regex(r"\b(escalat\w*|contacts?|who to call|owners?|support)\b", re.I)),
)  # fmt: skip
_HEADING = regex(r"^(?:(?P<level>#{1,6})\s+(?P<text>.+?)\s*#*|(?P<adoc>={1,6})\s+(?P<title>.+))$")
_ITEM = regex(r"^\s{0,6}(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(?P<text>\S.*)$")
_COMMAND = regex(r"^\s*(?:\$\s+)?(?P<text>[a-z./][\w./-]*\s+\S.*|[a-z][\w.-]+)$")


class Sections(NamedTuple):
    """What a runbook's headings hold: prose of impact and escalation, items and commands of the rest."""

    impact: str | None = None
    confirm: tuple[str, ...] = ()
    mitigate: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()
    escalate: str | None = None


def read_runbooks(
    repository: Repository,
    owner_of: Callable[[str], str | None] | None = None,
    rules: Rules | None = None,
    alarms: Sequence[Alarm] = (),
    application: bool = False,
) -> tuple[tuple[Runbook, ...], tuple[Fact, ...]]:
    """Return the repository's runbooks, the linked URLs among them, and whether there are any.

    `owner_of` gives the owner of a path; `rules` are the repository's rules where they were read already, `alarms`
    those whose links count too. `application` says that the repository holds something that runs.
    """
    known = rules if rules is not None else read_rules(repository)
    links = link_targets(repository, known.alerts)
    paths = [target for target in links.values() if not _is_url(target)]
    paths += [path for path in repository.paths if _is_runbook(repository.paths, path)]
    found: list[Runbook] = []
    for path in list(dict.fromkeys(paths))[:MAX_RUNBOOKS]:
        runbook = _runbook(repository, path, [other.id for other in found], owner_of)
        found += [runbook] if runbook else []
    seen: dict[str, str] = {}
    read: dict[str, list[str]] = {}
    for (path, line), target in links.items():
        if _is_url(target) and target not in seen:
            if path not in read:
                read[path] = lines_of(text_of(repository, path) or "")
            seen[target] = repo_uri(path, _linked_at(read[path], line))
    for alarm in alarms:
        if alarm.runbook:
            seen.setdefault(alarm.runbook, repo_uri(alarm.path, alarm.runbook_line))
    for url, uri in list(seen.items())[:MAX_RUNBOOKS]:
        name = unique(_url_id(url), [other.id for other in found])
        found.append(Runbook(id=name, url=url, origin="existing", evidence=(uri,)))
    return tuple(found), (_practice(repository, found, application),)


_LINKED = regex(rf"^\s*['\"]?(?:{'|'.join(map(re.escape, LINK_KEYS))})['\"]?\s*:")
_NEXT_ALERT = regex(r"^\s*-\s*['\"]?(?:alert|record)['\"]?\s*:")


def _linked_at(rows: Sequence[str], first: int) -> int:
    """Return the line on which the alert that begins at `first` links its runbook, `first` where none is told from."""
    for number in range(first + 1, min(first + 60, len(rows)) + 1):
        if _NEXT_ALERT.match(rows[number - 1]):
            break
        if _LINKED.match(rows[number - 1]):
            return number
    return first


def link_targets(repository: Repository, alerts: Sequence[RawAlert]) -> dict[tuple[str, int], str]:
    """Return for each alert, by (path, line), the path or URL that its runbook link leads to.

    A link to the repository's own files on its hosting service counts as the path. A link that leads
    nowhere in the repository and is no URL is left out.
    """
    found: dict[tuple[str, int], str] = {}
    for alert in alerts:
        link = runbook_link(alert)
        target = resolve(repository, alert.path, link) if link else None
        if target:
            found[(alert.path, alert.first)] = target
    return found


def runbook_link(alert: RawAlert) -> str | None:
    """Return the runbook link of an alert as written, None when it has none."""
    for source in (alert.annotations, alert.labels):
        for key in LINK_KEYS:
            if source.get(key, "").strip():
                return source[key].strip()[:1_000]
    return None


def resolve(repository: Repository, path: str, link: str) -> str | None:
    """Return the path in the repository that `link` in file `path` means, else the URL, else None."""
    bare = link.partition("#")[0].partition("?")[0]
    if not _is_url(link):
        tries = (bare.removeprefix("./").lstrip("/"), f"{folder(path)}/{bare}".removeprefix("./"))
        return next((place for place in tries if repository.exists(place)), None)
    if repository.remote and f"/{repository.remote}/" in bare:
        tail = bare.partition(f"/{repository.remote}/")[2].split("/")
        for start in range(min(len(tail), 5)):
            place = "/".join(tail[start:])
            if place.endswith(_SUFFIXES) and repository.exists(place):
                return place
    return link


def runbook_ids(runbooks: Sequence[Runbook]) -> dict[str, str]:
    """Return the id of each runbook by its path or URL."""
    return {target: runbook.id for runbook in runbooks if (target := runbook.path or runbook.url)}


def _is_url(link: str) -> bool:
    return link.startswith(("http://", "https://"))


def _is_runbook(paths: tuple[str, ...], path: str) -> bool:
    if not path.lower().endswith(_SUFFIXES) or vendored(path) or _INDEX.match(file_name(path)):
        return False
    if aside(path, but=frozenset({"docs", "doc", "documentation"})):
        return False
    folders = path.lower().split("/")[:-1]
    if not _PUT_AWAY.isdisjoint(folders) or any(
        part.startswith(".") and part not in _HOSTED for part in folders
    ):
        return False
    if _FOLDER.search(path):
        return True
    if _NAMED.search(file_name(path)) is None or not _PUBLISHED.isdisjoint(folders):
        return False
    return not shown_to_readers(paths, path)


_PUT_AWAY = frozenset({"tasks", "tickets", "tracker", "backlog", "archive", "archived"})
_HOSTED = frozenset({".github", ".gitlab"})
_PUBLISHED = frozenset(
    {"content", "blog", "posts", "articles", "news", "changelog", "changelogs", "marketing"}
)
"""Folders of pages that a site shows its readers: what they tell of incidents is no procedure of this system."""


def _runbook(
    repository: Repository, path: str, taken: Sequence[str], owner_of: Callable[[str], str | None] | None
) -> Runbook | None:
    text = text_of(repository, path)
    if not text or not text.strip():
        return None
    sections = read_sections(text)
    rows = lines_of(text)
    last = max((number for number, row in enumerate(rows, 1) if row.strip()), default=1)
    first = next((number for number, row in enumerate(rows, 1) if row.strip()), 1)
    return Runbook(
        id=unique(kebab(stem(path)) or "runbook", taken),
        path=path,
        impact=sections.impact,
        confirm=sections.confirm,
        mitigate=(*sections.mitigate, *sections.rollback)[:MAX_ITEMS],
        escalate=sections.escalate,
        owner=_named_owner(text) or (owner_of(path) if owner_of else None),
        origin="existing",
        evidence=(repo_uri(path, first, min(last, first + 39)),),
    )


def read_sections(text: str) -> Sections:
    """Return what the headings of a runbook hold; text below a heading that is none of ours is left out."""
    current, level = "", 0
    lines: dict[str, list[str]] = {}
    fenced = False
    commands: dict[str, list[str]] = {}
    for row in lines_of(text)[:2_000]:
        if row.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
            continue
        heading = None if fenced or len(row) > 300 else _HEADING.match(row)
        if heading:
            depth = len(heading["level"] or heading["adoc"])
            named = _section_of(heading["text"] or heading["title"]) if depth > 1 else ""
            if named or depth <= level or not current:
                current, level = named, depth
            continue
        if not current or not row.strip():
            continue
        command = _COMMAND.match(row) if fenced and len(row) < 1_000 else None
        if command and not row.lstrip().startswith("#"):
            commands.setdefault(current, []).append(command["text"])
        item = None if fenced else _ITEM.match(row[:2_000])
        if command or item:
            lines.setdefault(current, []).append(_short((command or item)["text"]))  # type: ignore[index]
        elif (not fenced and current in {"impact", "escalate"}) or (not fenced and current not in lines):
            lines.setdefault(current, []).append(_short(row.strip()))
    return Sections(
        impact=_prose(lines.get("impact")),
        confirm=tuple(lines.get("confirm", ())[:MAX_ITEMS]),
        mitigate=tuple(lines.get("mitigate", ())[:MAX_ITEMS]),
        rollback=tuple(lines.get("rollback", ())[:MAX_ITEMS]),
        escalate=_prose(lines.get("escalate")),
    )


def _section_of(title: str) -> str:
    return next((name for name, pattern in _SECTIONS if pattern.search(title[:200])), "")


def _short(text: str) -> str:
    return text if len(text) <= MAX_ITEM else text[: MAX_ITEM - 1] + "…"


def _prose(lines: list[str] | None) -> str | None:
    return _short(" ".join(lines[:4])) if lines else None


def _named_owner(text: str) -> str | None:
    for row in lines_of(text)[:40]:
        found = re.match(
            r"^\W{0,6}(?:owner|team|owned by)[\s:*_-]{1,6}(@?[\w][\w./@ -]{1,80}?)\W*$", row[:200], re.I
        )
        if found:
            return found[1]
    return None


def _url_id(url: str) -> str:
    path, _, fragment = url.partition("#")
    tail = path.rstrip("/").rpartition("/")[2].partition("?")[0]
    bare = kebab(re.sub(r"\.(md|html?)$", "", tail))
    return (f"{bare}-{kebab(fragment)}" if fragment and kebab(fragment) else bare).strip("-")[:100].strip(
        "-"
    ) or "runbook"


def _practice(repository: Repository, found: Sequence[Runbook], application: bool) -> Fact:
    if found:
        inside = [runbook for runbook in found if runbook.path] or found
        return Fact(
            subject="practices",
            aspect="runbooks",
            outcome="present",
            strength="documented",
            reason=f"{len(found)} runbooks",
            evidence=tuple(uri for runbook in inside[:3] for uri in runbook.evidence[:1]),
        )
    told = tuple(procedures(repository, application))
    if told:
        return Fact(
            subject="practices",
            aspect="runbooks",
            outcome="present",
            strength="documented",
            reason="a page holds an operating procedure",
            evidence=told,
        )
    return Fact(
        subject="practices",
        aspect="runbooks",
        outcome="unknown" if repository.cut else "absent",
        reason=repository.cut or "no runbook file, no page with a procedure, and no alert that links one",
    )
