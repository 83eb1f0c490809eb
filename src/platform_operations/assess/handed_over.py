"""Pipelines that leave a release to another repository: its version is written there, or a program of it is run."""

import re

from platform_operations.assess.pipeline_words import pipeline_paths
from platform_operations.assess.places import lines_of, text_of
from platform_operations.model.evidence import repo_place
from platform_operations.model.plan import Plan
from platform_operations.patterns import regex
from platform_operations.repository import Repository

MAX_LINE = 500
MAX_CLONED = 20
HAND_OVER = "gitops-commit"
"""The action of stages that write a version into manifests, for whoever applies them."""

_CHECKOUT = regex(r"^\s*(?:-\s+)?repository\s*:\s*[\"']?([\w.-]+)/([\w.-]+)[\"']?\s*(?:#.*)?$")
_OTHER_PURPOSE = regex(
    r"homebrew|\btap\b|docs?\b|website|wiki|^\.github$|bucket|packages?$|actions?$|sdk|schema|tests?$|e2e",
    re.IGNORECASE,
)
_JOB = regex(r"^  [\w-]+:\s*$")
_WRITES = regex(r"\bgit push\b(?!.*--(?:delete|tags))|uses:\s*\S*(?:git-auto-commit-action|add-and-commit)@")
_VERSION = regex(r"version|image|\btags?\b|newTag|kustomize edit|\bsha\b|values", re.IGNORECASE)


def written_elsewhere(repository: Repository) -> str | None:
    """Return where a workflow writes what was built into another repository, and which; None where none does."""
    owner, _, own = (repository.remote or "").rpartition("/")
    for path in pipeline_paths(repository):
        text = text_of(repository, path) if path.startswith(".github/workflows/") else None
        if text is None or "repository:" not in text:
            continue
        rows = lines_of(text)
        for number, row in enumerate(rows, 1):
            named = _CHECKOUT.match(row) if len(row) <= MAX_LINE else None
            if (
                named is None
                or named[2] == own
                or (owner and named[1] != owner)
                or _OTHER_PURPOSE.search(named[2])
            ):
                continue
            if _written(rows[number:]):
                return f"{path}:{number} writes a version into {named[1]}/{named[2]}, which releases it"
    return None


_OWN = regex(
    r"CI_REPOSITORY_URL|CI_PROJECT_(?:PATH|URL)|CIRCLE_REPOSITORY_URL|github\.repository\b|GITHUB_REPOSITORY|BUILD_REPOSITORY_URI"
)
MAX_ABOVE = 60


def committed_elsewhere(repository: Repository, plan: Plan) -> str | None:
    """Return where a hand-over by commit clones another repository to write into; None where each writes into this one."""
    own = (repository.remote or repository.name.replace("+", "/")).rpartition("/")[2].removesuffix(".git")
    for stage in plan.pipeline_stages:
        for uri in stage.evidence if stage.action == HAND_OVER else ():
            place = repo_place(uri)
            if place is None:
                continue
            path = place.path
            rows = lines_of(text_of(repository, path) or "")
            for number in range(place.first, max(0, place.first - MAX_ABOVE), -1):
                clone = _CLONE.search(rows[number - 1][:MAX_LINE]) if number <= len(rows) else None
                if clone is None or _OWN.search(clone[2]):
                    continue
                if re.split(r"[/:@]", clone[2])[-1].removesuffix(".git") != own:
                    return f"{path}:{number} writes a version into another repository, which releases it"
    return None


def _written(rows: list[str]) -> bool:
    """Whether the rest of a job changes a version and writes it."""
    told = False
    for row in rows[:80]:
        if _JOB.match(row):
            return False
        told = told or (_VERSION.search(row[:MAX_LINE]) is not None and "uses:" not in row)
        if told and _WRITES.search(row[:MAX_LINE]):
            return True
    return False


_CLONE = regex(
    r"\bgit clone\b((?:\s+(?:--?[\w-]+(?:=\S+)?|\d+))*)\s+[\"']?([^\s\"';&|]+)[\"']?(?:[ \t]+[\"']?([\w./${}~-]+))?"
)
_COMMENT = regex(r"(?:^|\s)#.*$")
_PATH = regex(r"^\s*path\s*:\s*[\"']?([\w.-][\w./-]*)[\"']?\s*$")
_TITLE = regex(r"^\s*(?:-\s+)?(?:name|displayName|label)\s*:|^\s*stage\s*\(|^ {0,4}[\w.-]+\s*:\s*$")
_RELEASES = regex(r"deploy|releas|promot|roll-?out|\bship|go-?live", re.IGNORECASE)
_UNDOES = regex(
    r"undeploy|teardown|tear[- _]down|destroy|remove|clean|notif|notes|comment|(?<!to )\btest", re.IGNORECASE
)
_PROGRAM = r"(?:^|[\s\"'&;|(])(?:bash |sh |source |\. |sudo )?(?:\./)?"
_WITHIN = regex(_PROGRAM.replace(r"(?:\./)?", "") + r"(\./[\w./-]+|make [\w-]+|[\w/-]+\.(?:sh|py|rb)\b)")


def run_from_elsewhere(repository: Repository) -> str | None:
    """Return where a pipeline releases by a program of another repository that it clones; None where none does.

    The program's name or the title of its step must speak of a release: most of what is cloned tests or builds.
    """
    own = (repository.remote or repository.name.replace("+", "/")).rpartition("/")[2].removesuffix(".git")
    for path in pipeline_paths(repository):
        text = text_of(repository, path)
        if text is None or ("git clone" not in text and "repository:" not in text):
            continue
        rows = lines_of(text)
        found: dict[tuple[str, str], int] = {}
        for number, row in enumerate(rows, 1):
            cloned = _cloned(rows, number) if "git clone" in row or "repository" in row else None
            if cloned is not None and cloned[0] != own and len(found) < MAX_CLONED:
                found.setdefault(cloned, number)
        for cloned, number in found.items():
            at = _released_by(rows, number, cloned[1])
            if at is not None:
                return f"{path}:{at} releases by a program of {cloned[0]}, which is another repository"
    return None


def _cloned(rows: list[str], number: int) -> tuple[str, str] | None:
    """Return the name of the repository that a line takes, and the folder that it goes to."""
    row = rows[number - 1]
    if len(row) > MAX_LINE or row.lstrip().startswith("#"):
        return None
    clone = _CLONE.search(row)
    if clone is not None:
        name = re.split(r"[/:@]", clone[2])[-1].removesuffix(".git")
        folder = (clone[3] or ("" if "$" in name else name)).removeprefix("./").rstrip("/")
        return (name, folder) if re.fullmatch(r"[\w.-]*\w[\w./-]*", folder) else None
    taken = _CHECKOUT.match(row)
    if taken is None or _OTHER_PURPOSE.search(taken[2]):
        return None
    path = next((one for row in rows[number : number + 6] if (one := _PATH.match(row))), None)
    return (taken[2], path[1].rstrip("/")) if path else None


def _released_by(rows: list[str], number: int, folder: str) -> int | None:
    """Return the line on which a program of a folder releases, by its name or its step's title."""
    called = re.compile(_PROGRAM + re.escape(folder) + r"/([\w./-]+)")
    entered = re.compile(
        r"\bcd\s+[\"']?(?:\./)?"
        + re.escape(folder)
        + r"\b|working[-_]?[dD]irectory\s*:\s*[\"']?(?:\./)?"
        + re.escape(folder)
    )
    inside = 0
    for at in range(number, len(rows) + 1):
        row = _COMMENT.sub("", rows[at - 1][:MAX_LINE])
        found = called.search(row) if at > number or "&&" in row else None
        inside = 16 if entered.search(row) else inside - 1
        if found is None and inside >= 0:
            found = _WITHIN.search(row)
        if found is not None and _speaks_of_release(rows, at, found[1]):
            return at
    return None


def _speaks_of_release(rows: list[str], at: int, program: str) -> bool:
    above = (row for row in reversed(rows[max(0, at - 25) : at]) if _TITLE.match(row))
    said = (program, next(above, ""))
    return any(_RELEASES.search(one) for one in said) and not any(_UNDOES.search(one) for one in said)
