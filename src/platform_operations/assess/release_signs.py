"""What settings and pages say of releases beside the pipelines: remediation by Flux, procedures, platforms by name."""

import re
from collections.abc import Collection, Iterator, Mapping

from platform_operations.assess.places import aside, file_name, lines_of, text_of
from platform_operations.assess.published import borrowed, own_guides, shown_to_readers
from platform_operations.assess.telemetry.procedures import reverts
from platform_operations.model.evidence import repo_uri
from platform_operations.model.plan import Plan
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository

MAX_FILES = 600
MAX_PAGES = 60
MAX_FOUND = 8

_ROLLBACK_HEADING = regex(
    r"^(?:#{1,6}\s.*|=+\s.*|__[^_]*|\*\*[^*]*)(?<![A-Za-z])(?:roll(?:ing)?[ -]?back|revert(?:ing)?\b.*(?:deploy|release|version))(?!.*(?:migration|database|schema|transaction|note|attack|permission|flag|`))",
    re.IGNORECASE,
)
_ROLLBACK_COMMAND = regex(
    r"^\s*(?:\$ )?(?:helm|kubectl|oc|heroku|fly|flyctl|vercel|netlify|eb|cf|kamal|argocd)\b.*\b(?:rollback|rollout undo)\b"
)
_OPERATING = regex(
    r"runbook|playbook|deploy|release|releasing|operat|roll(?:ing)?[-_ ]?back|incident|readme|disaster|recover|maint(?:enance|ain)|contributing|production|infrastructure|trouble-?shoot|(?<![a-z])sre(?![a-z])|on-?call|emergenc|hosting|common-?(?:problem|issue)",
    re.IGNORECASE,
)


def documented_rollback(repository: Repository, application: bool = False) -> Iterator[str]:
    """Yield the URI of the heading of each page that tells how a release of this repository is taken back.

    `application` says that the repository holds something that runs.
    """
    paths = repository.paths
    guides = own_guides(paths, application)
    pages = [path for path in paths if path.lower().endswith((".md", ".rst", ".adoc"))]
    own = [path for path in pages if _about_operating(path) and not borrowed(path, guides)]
    own = [path for path in own if not shown_to_readers(paths, path)]
    for path in own[:MAX_PAGES]:
        fenced = False
        rows = lines_of(text_of(repository, path) or "")
        for number, row in enumerate(rows, 1):
            fenced ^= row.lstrip().startswith(("```", "~~~"))
            if len(row) < 300 and _takes_back(path, rows, number, fenced=fenced):
                yield repo_uri(path, number)
                break


_RELEASING_PAGE = regex(r"deploy|releas|operat|runbook|playbook|incident", re.IGNORECASE)
_TOLD_TO_REVERT = regex(
    r"(?:^\s*(?:\d+[.)]|[-*+])\s+|\b(?:then|must|should|immediately|minutes),? |\*\*)revert (?:the|that|this|your) (?:change|commit|merge|deploy\w*|release|pr\b|pull request)"
    r"|\broll ?back to the (?:previous|last|prior|earlier)\b",
    re.IGNORECASE,
)


def _takes_back(path: str, rows: list[str], number: int, *, fenced: bool) -> bool:
    """Whether a line begins a procedure that takes a release back, or is the step of one that says so."""
    row = rows[number - 1]
    if fenced:
        return _ROLLBACK_COMMAND.match(row) is not None
    if _ROLLBACK_HEADING.match(row):
        return _explained(rows, number)
    if reverts(rows, number):
        return True
    return (
        _TOLD_TO_REVERT.search(row) is not None
        and _RELEASING_PAGE.search("/".join(path.split("/")[-2:])) is not None
    )


def _explained(rows: list[str], number: int) -> bool:
    """Whether more than one word stands below a heading: a form's field (`Rollback process type: Manual`) tells no way."""
    below: list[str] = []
    for row in rows[number : number + 40]:
        if below and row.startswith("#"):
            break
        if row.strip():
            below.append(row.strip())
    return len(below) != 1 or not below[0].isalpha()


def _about_operating(path: str) -> bool:
    """Whether a page's name or its folder says that it is about running this."""
    return _OPERATING.search("/".join(path.split("/")[-2:])) is not None


_UPGRADE = regex(r"^(\s*)upgrade\s*:\s*$")
_REMEDY = regex(r"^\s*(?:remediation\s*:|strategy\s*:\s*rollback|name\s*:\s*RemediateOnFailure)")


def remediated(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> tuple[str, ...]:
    """Return where Flux is told to take a failed upgrade of a Helm release back: its default remedy is a rollback."""
    found: list[str] = []
    for path in list(dict.fromkeys(row.path for row in sightings.get("flux", ())))[:MAX_FILES]:
        rows = lines_of(text_of(repository, path) or "")
        line = next((line for number in range(len(rows)) if (line := _remedy(rows, number))), None)
        if line is not None:
            found.append(repo_uri(path, line))
    return tuple(found[:MAX_FOUND])


def _remedy(rows: list[str], number: int) -> int | None:
    opened = _UPGRADE.match(rows[number])
    if opened is None:
        return None
    for at in range(number + 1, min(number + 12, len(rows))):
        row = rows[at]
        if row.strip() and len(row) - len(row.lstrip()) <= len(opened[1]):
            return None
        if _REMEDY.match(row):
            return at + 1
    return None


_SCANNING_LINTER = regex(r"^\s*-\s*[\"']?gosec[\"']?\s*(?:#.*)?$")


def linters_that_scan(repository: Repository, plan: Plan) -> Iterator[str]:
    """Yield where golangci-lint, which a stage runs, is told to run gosec."""
    runs = any("golangci" in line for stage in plan.pipeline_stages for line in stage.runs)
    for path in repository.paths if runs else ():
        if not re.match(r"^\.golangci\.ya?ml$", path):
            continue
        enabled = False
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            key = re.match(r"^\s*([\w-]+)\s*:", row)
            enabled = key[1] == "enable" if key else enabled
            if enabled and _SCANNING_LINTER.match(row):
                yield repo_uri(path, number)


_PLATFORM = r"(Coolify|Render(?:\.com)?|Railway|Vercel|Netlify|Heroku|Fly(?:\.io)?|DigitalOcean|Dokku|CapRover|Cloudflare(?: Pages| Workers)?)"
_PROSE = regex(
    r"\b(?:deploy(?:ed|s|ment)?|hosted|hosting|runs|running|handled|managed)\b(?: \w+){0,4} (?:on|to|with|via|using|by|through) \W{0,3}"
    + _PLATFORM
    + r"\b|\b"
    + _PLATFORM
    + r"(?:\]\([^)]{0,200}\))?\W{0,6}(?:[Bb]uild, )?deploy and operate\b|\b"
    + _PLATFORM
    + r" (?:will |automatically |then ){0,2}(?:handles?|deploys?|builds?|detects?|runs?|auto-?deploys?)\b",
    re.IGNORECASE,
)
_OPTIONAL = regex(
    r"\b(?:can|could|may|might|you|your|example|one-click|button|want|option|alternativ|easily|easiest|if)\b",
    re.IGNORECASE,
)


def told_platform(repository: Repository, but: frozenset[str] = frozenset()) -> str | None:
    """Return where a page or Dockerfile says which platform runs this, and which; None where none does, or only `but`."""
    for path in repository.paths:
        name = file_name(path).lower()
        page = name in {"readme.md", "deployment.md", "deploy.md"} and path.count("/") <= 1
        if not (page or name == "dockerfile") or aside(path, but=frozenset({"docs"})):
            continue
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            told = _PROSE.search(row) if len(row) < 600 and (page or row.lstrip().startswith("#")) else None
            if told and re.split(r"[ .]", told[1] or told[2] or told[3])[0].lower() in but:
                continue
            if told and not _OPTIONAL.search(row) and not (page and row.startswith("#")):
                return f"{path}:{number} says that {told[1] or told[2] or told[3]} runs it, which no other file shows"
    return None


_LINK = regex(r"https?://([\w.-]+)/([^\s)\"'<>\]]*)")
_RUNNERS = regex(
    r"^(?:dev\.azure\.com/.*/_(?:release|build)\b|(?:jenkins|concourse|octopus|argocd|spinnaker|teamcity|gocd)[\w-]*\.(?!io/|org/|com/|readthedocs)[\w.-]+/)",
    re.IGNORECASE,
)
"""Addresses of what runs pipelines: a page that says that a deployment is done there says where it is kept."""

_OF_DEPLOYING = regex(r"\bdeploy|\breleas(?:e|ing)\b(?! notes)|\broll(?:ed|ing)? ?out\b", re.IGNORECASE)
_SENDS_THERE = regex(
    r"\b(?:see|refer|follow|steps|process|procedure|instructions|documented|described|done|performed|handled|managed|implemented|lives?|kept|via|from|by)\b",
    re.IGNORECASE,
)
_NO_PLACE = regex(r"/(?:releases|issues|pulls?|actions|discussions|compare|commits?|tags|packages)\b")


def told_where(repository: Repository) -> str | None:
    """Return where a page sends those who deploy this to another repository of its owner, or to what runs pipelines elsewhere."""
    paths = repository.paths
    own = frozenset({repository.name.rpartition("+")[2].lower(), (repository.remote or "").lower()}) - {""}
    owner = _owner(repository, own)
    pages = [path for path in paths if path.lower().endswith(".md") and not aside(path, but=_DOCS)]
    pages = [path for path in pages if _about_operating(path) or "/architecture/" in path]
    pages = [path for path in pages if not (path.startswith(".github/") or borrowed(path))]
    for path in [path for path in pages if not shown_to_readers(paths, path)][:MAX_PAGES]:
        heading = ""
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            heading = row if row.startswith("#") else heading
            if len(row) > MAX_ROW or "://" not in row:
                continue
            told = _OF_DEPLOYING.search(row) or _OF_DEPLOYING.search(heading)
            if told and _SENDS_THERE.search(row) and not _ANYBODY.search(row) and _elsewhere(row, owner, own):
                return f"{path}:{number} says that it is deployed by something outside the repository"
    return None


MAX_ROW = 600
_ANYBODY = regex(r"\byour\b|\bexample\b|\bsample\b|\btemplates?\b|\bupgrading\b", re.IGNORECASE)
_DOCS = frozenset({"docs", "doc"})
_HOSTED = regex(r"git(?:hub|lab)\.com[/:]([\w.-]+)/([\w.-]+)")


def _owner(repository: Repository, own: Collection[str]) -> str:
    """Return who owns this repository, as its README addresses it or its folder is called; nothing where neither tells."""
    readme = next((path for path in repository.paths if path.lower() == "readme.md"), None)
    for row in lines_of(text_of(repository, readme) or "")[:MAX_ROW] if readme else ():
        for owner, name in _HOSTED.findall(row[:MAX_ROW]):
            if name.lower().removesuffix(".git") in own:
                return owner.lower()
    return repository.name.partition("+")[0].lower() if "+" in repository.name else ""


def _elsewhere(row: str, owner: str, own: Collection[str]) -> bool:
    for host, rest in _LINK.findall(row):
        if _RUNNERS.search(f"{host}/{rest}"):
            return True
        parts = rest.partition("#")[0].split("/")
        if host not in {"github.com", "gitlab.com"} or len(parts) < 2 or parts[0].lower() != owner:
            continue
        if parts[1].lower() not in {*own, ".github", ""} and not _NO_PLACE.search(f"/{rest}"):
            return True
    return False
