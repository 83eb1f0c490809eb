"""What pipelines say by name where nothing that they run can be followed: remote workflows, library steps, tasks.

A name that tells a practice ("security scan", "smoke tests", `enableFortifyScan()`) shows that it is configured, not
that it blocks; so what is found here is *present*, never *enforced*.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from platform_operations.assess.after_shipping import checks_what_shipped, waits_for_a_deploy
from platform_operations.assess.places import file_name, lines_of, text_of
from platform_operations.assess.wording import Wording
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.platforms.reading.files import counts
from platform_operations.repository import Repository

MAX_FILES = 400
MAX_FOUND = 6
MAX_LINE = 500

_FOLDERS = (
    ".github/workflows/",
    ".github/actions/",
    ".gitlab/",
    ".circleci/",
    ".buildkite/",
    ".azuredevops/",
    ".devops/",
    ".azure-pipelines/",
    "azure-pipelines/",
    "azure-pipeline/",
    "azure/",
    "ci/",
    ".ci/",
    ".tekton/",
    ".semaphore/",
    "gocd/",
)
_NAMED = regex(
    r"^(?:\.gitlab-ci.*\.ya?ml|\.?azure-?pipelines?.*\.ya?ml|Jenkinsfile.*|\.travis\.yml|\.drone\.yml|bitbucket-pipelines\.yml"
    r"|buildspec.*\.ya?ml|cloudbuild.*\.ya?ml|appveyor\.yml|codemagic\.yaml|action\.ya?ml)$"
)
_BUILD_FILES = regex(
    r"^(?:GNUmakefile|[Mm]akefile|.*\.mk|[Jj]ustfile|Taskfile\.ya?ml|magefile\.go|noxfile\.py|tox\.ini|ci\.rb)$"
)

_WORDS: Mapping[str, Wording] = MappingProxyType(
    {
        "securityScan": Wording(
            r"codeql|semgrep|trivy|grype|gitleaks|trufflehog|detect-secrets|ggshield|checkov|tfsec|terrascan"
            r"|\bkics\b|\bbandit\b|gosec|brakeman|zizmor|sonar(?:qube|cloud|-scanner)|fortify|veracode|checkmarx"
            r"|coverity|twistlock|prisma-?cloud|\bzap\b|cfn[-_]nag|devskim|\bsast\b|\bdast\b|snyk[-_/ ](?:code|container|iac|docker)"
            r"|(?:security|secrets?|container|image|docker|iac|infrastructure|whitesource|vulnerabilit(?:y|ies)|sarif)[-_ ]?(?:scan|scans|scanning|scanner|detection)\b"
            r"|(?:scan|detect)[-_ ](?:for[-_ ])?(?:secrets|images?|containers?|vulnerabilities)"
            r"|enable(?:Security|Fortify|Checkmarx|Veracode)Scan|securityScan\b|container-scan|docker-scan",
        ),
        "dependencyScan": Wording(
            r"dependency-?review|trivy (?:fs|filesystem|repo)|dependency[-_ ]?check|owasp[-_ ]?(?:dependency|dep)|security_owasp|osv-scanner|govulncheck"
            r"|pip-audit|(?:npm|yarn|pnpm|bun|cargo|bundle|bundler|composer)[-_ ](?:npm[-_ ])?audit|cargo[-_ ]deny|\bnancy\b|safety (?:check|scan)"
            r"|(?<!sast-)(?<!:)\bsnyk\b(?![-_/ ]?(?:code|container|iac|docker|image|token|org|api|client)|/actions/(?:docker|iac))|whitesource|\bmend\b|blackduck|black-duck|nexus[-_ ]?iq|dependency[-_ ]scann?(?:ing)?"
            r"|docker[-_](?:vulnerability[-_])?scan@|ossf/scorecard-action|/sca@|(?<![a-z])sca[-_ ](?:scan|check|analysis)\b|(?:vuln|pkg)-types?\s*:.*\blibrary\b"
            r"|dependenc(?:y|ies)[-_ ](?:vulnerabilit|security|audit|scan)|(?:audit|scan)[-_ ](?:the[-_ ])?dependencies|vulnerable dependencies|\bcve[-_ ](?:check|scan)",
        ),
        "rollback": Wording(
            r"roll-?_?back|rollout undo|roll back|revert[-_ ](?:deploy|release|to previous)|redeploy[-_ ]previous",
        ),
        "postDeployValidation": Wording(
            r"smoke[-_ ]?(?:tests?|checks?|suite)\b|name:.*\bsmoke\b|^\s*(?:-\s+)?[\w-]*smoke(?!show)[\w-]*\s*:|bin/smoke\b|post[-_ ]?deploy(?:ment)?\b(?![^a-z]{1,3}(?:\w*migrat|setup|clean|notif))"
            r"|(?:verify|validate|validating)[-_ ](?:the[-_ ])?(?:deployment|deploy|deployed|release[-_ ]health|live site|production)\b(?![-_ ](?:depend|permi|conf|script|key|input|branch|var|env))"
            r"|test[-_ ](?:the[-_ ])?(?:deployment|deployed|live site|production)\b|deployment[-_ ](?:tests?|verification|validation|health)\b|url-health-check|health-?check-(?:action|url)"
            r"|healthcheck(?:s)?[-_ ](?:after|url|endpoint)|synthetics?[-_ ](?:tests?|ci)\b|smoketest:",
        ),
    }
)

_SPEAKING = regex(
    r"^\s*(?:-\s+)?(?:"
    r"(?:uses|name|displayName|task|template|vuln-type|pkg-types|label|stage|extends|include|component|key|id|job|orb|call|command|run|script|bash|sh|entrypoint)\s*:"
    r"|['\"]?[\w./-]+['\"]?\s*:\s*(?:$|[|>]|&)"
    r")"
)
_SILENT = regex(
    r"^\s*(?:-\s+)?(?:if|paths?|paths-ignore|branches|cron|key|description|default|echo|cache|restore-keys|needs|depends_on|dependsOn|artifact_paths|sarif_file|slack\w*|channel\w*|message|title|body|condition|output|format)\b\s*[:=]?"
    r"|^\s*(?:echo|printf|export|#|//|\*|/\*|@?echo)\b|^\s*(?:#|//|\*|/\*)|upload-sarif|run\s*:\s*[\"']?echo\b|\bcache\b.*(?:path|key)"
    r"|^\s*(?:group\s*:.*\$\{\{|(?:disable|skip|ignore)[-_][\w-]+\s*:)"
)
_INSTALLS = regex(
    r"\b(?:gem|npm|pnpm|yarn|bun|pipx?|uv|go|brew|cargo|apt(?:-get)?|apk|dotnet tool|composer)\b(?: \w+)? (?:install|add|i|require)\b"
)
"""What brings a tool runs it nowhere: another line of the file does."""
_ITEM = regex(r"^\s*-\s*(?:[\"'](?:[A-Z][\w .&-]*|[\w./*-]+\.ya?ml)[\"']|[\w./*-]+)\s*$")
"""An entry of a list of paths, branches, options or names: it runs nothing."""

_SCRIPT = regex(r"^\s*(?:-\s+)?(?:[@\w./$({\"'-]|stage\s*\()")
_UNDOES_OTHERS = Wording(
    r"(?:disable|no|skip)[-_]?rollback|rollback\W{0,4}false|migrat|ROLLBACK_|db:|schema|liquibase|flyway|alembic|git rev|transaction",
)
_SNYK_BY_NAME = regex(r"^\s*(?:-\s+)?(?:name|displayName)\s*:.*snyk", re.IGNORECASE)
"""A step that only its name calls Snyk may look at an image or at code."""

_NAMES_ONLY = regex(r"^\s*(?:-\s+)?(?:name|displayName|label|id|[\w-]*title)\s*:")
_DEPLOYER = Wording(
    r"\b(riff-?raff|octopus(?:-?deploy)?|spinnaker|codefresh|harness-cd|app\.harness\.io|deploybot|shipit|aws-?codepipeline)\b",
)
_UPLOADS = Wording(
    r"uses:\s*[\"']?(?!actions/|github/|codecov|softprops/|docker/|peaceiris/|\S*(?:(?:on|after|before|post|pre)-deploy|marker|status|release|coverage|sarif|newrelic|sentry|datadog))[\w.-]+/[\w./-]*(?:deploy|upload|promot|riff-raff|octopus|rollout)[\w./-]*@"
    r"|task:\s*Publish(?:Build|Pipeline)Artifacts?@",
)


def said(repository: Repository, practice: str) -> tuple[str, ...]:
    """Return the URIs of the lines of pipelines that name a practice, at most MAX_FOUND.

    `practice` is securityScan, dependencyScan, rollback or postDeployValidation.
    """
    return tuple(uri for _, uri in zip(range(MAX_FOUND), _said(repository, practice), strict=False))


def _said(repository: Repository, practice: str) -> Iterator[str]:
    pattern = _WORDS[practice]
    for path in _pipelines(repository.paths):
        if practice in _OF_RELEASES and _BUILD_FILES.match(file_name(path)):
            continue
        text = text_of(repository, path)
        if text is None or not (practice == "postDeployValidation" or pattern.stands_in(text)):
            continue
        rows = lines_of(text)
        found = [number for number, row in enumerate(rows, 1) if _names(row, pattern)]
        if practice == "dependencyScan":
            found = [number for number in found if not _SNYK_BY_NAME.match(rows[number - 1])]
        elif practice == "rollback":
            found = [number for number in found if not _UNDOES_OTHERS.stands_in(rows[number - 1])]
        elif practice == "postDeployValidation":
            found = [number for number in found if checks_what_shipped(path, rows, number)]
            found += [number for number in range(1, len(rows) + 1) if waits_for_a_deploy(rows, number)]
        if found:
            done = [number for number in found if not _INSTALLS.search(rows[number - 1])] or found
            shown = next((number for number in done if not _NAMES_ONLY.match(rows[number - 1])), done[0])
            yield repo_uri(path, shown)


_OF_RELEASES = frozenset({"rollback", "postDeployValidation"})


def _names(row: str, pattern: Wording) -> bool:
    if len(row) > MAX_LINE:
        return False
    bare = _bare(row)
    return pattern.stands_in(bare) and _tells(row) and _SWITCHED_OFF.search(bare) is None


_SWITCHED_OFF = regex(r":\s*[\"']?(?:false|off|no)[\"']?\s*$")
_LOWER = Wording(
    r"(?<![a-z])(?:staging|stage|stg|uat|pre-?prod|qa|int|integration|internal-dev|acceptance|aat)(?![a-z])",
)
_HIGHEST = regex(r"(?<![a-z])prod(?:uction)?(?![a-z])", re.IGNORECASE)


def checked_between(repository: Repository, *, released: bool) -> tuple[str, ...]:
    """Return the URIs of checks after a deploy in pipelines of a lower environment that has production after it.

    Such a pipeline speaks of both, or is named after the lower one where something else releases to production.
    """
    found: list[str] = []
    for uri in said(repository, "postDeployValidation"):
        path = uri.removeprefix("repo:").partition("#")[0]
        text = text_of(repository, path) or ""
        spoken = "\n".join(row for row in lines_of(text) if not row.lstrip().startswith("#"))
        named = released and _LOWER.stands_in(file_name(path))
        if named or (_LOWER.stands_in(spoken) and _HIGHEST.search(spoken)):
            found.append(uri)
    return tuple(found)


def deployer(repository: Repository) -> str | None:
    """Return which pipeline gives what it made to a deployer outside the repository, and where; None where none does."""
    for path in _pipelines(repository.paths):
        text = text_of(repository, path)
        if text is None or _BUILD_FILES.match(file_name(path)):
            continue
        for number, row in enumerate(lines_of(text), 1):
            if (
                len(row) <= MAX_LINE
                and _tells(row)
                and (_UPLOADS.stands_in(row) or _DEPLOYER.stands_in(_bare(row)))
            ):
                return f"{path}:{number} hands over to a deployment that is kept outside the repository"
    return None


_UNIQUE = Wording(
    r"github\.sha\b|GITHUB_SHA|git rev-parse|git describe|CI_COMMIT_(?:SHORT_)?SHA|CI_COMMIT_TAG|CIRCLE_SHA1|CIRCLE_TAG|BUILDKITE_(?:COMMIT|BUILD_NUMBER)"
    r"|Build\.(?:BuildId|BuildNumber|SourceVersion)|BUILD_(?:NUMBER|ID|TAG)\b|GIT_(?:COMMIT|SHA|HASH|TAG)|COMMIT_(?:SHA|HASH|ID|REF(?!_))|SHORT_SHA|github\.run_(?:number|id)"
    r"|release\.tag_name|app_?version|image_?(?:tag|version|digest)|IMAGE_?TAG|\$\{?(?:RELEASE_?)?VERSION\b|\$\{?TAG\b|@sha256:\$|type=sha|type=semver"
    r"|inputs\.\w*(?:sha|version|tag|digest)\b|outputs\.\w*(?:sha|version|tag|digest)\b|\.sha\b|docker[_-]?sha"
    r"|(?:version|tag)=\$\{?(?:date_?time|time_?stamp)\b",
)
_HANDED_IN = regex(r"\$\{\{\s*inputs\.[\w.-]+\s*\}\}")
_LITERAL = regex(
    r"^\s*(?:-\s+|export\s+)?[\w.-]+\s*(?:[:?]?=|:)\s*[\"']?(?:[a-z._/-]+|\d+(?:\.\d+)+)[\"']?\s*$"
)
"""A setting that holds a word, a path or a number: it is the same in every build."""

_BESIDE_NAMES = regex(
    r"^(\s*)(?:-\s+)?(?:labels|annotations|build-?args)\s*:\s*[|>]?[-+]?\s*$", re.IGNORECASE
)
"""Blocks of what an image is told beside its name."""

_OF_ARTIFACTS = Wording(
    r"image|docker|helm|kubectl|\bpush\b|regist|artifact|s3://|s3_|\.zip|\.jar|\.deb|lambda|\becs\b|gcloud|\baz\b|\bdeploy|\btag\b|app_version|release|\b(?:jq|yq|sed)\b.*(?:version|tag)",
)
_NO_NAME = Wording(
    r"cache|^\s*(?:-\s+)?key\s*:|subject-|tags/\$\{|archive_?bucket|back-?up|-plan\.|concurrency|group:|\bname:|title|message|sentry|checkout|\bref:|description|slack|\bgit (?:rebase|push|checkout|tag|commit|fetch)|change-?log|previous|\bif:|labels?:|url:|echo |export |annotat|gh release create|(?<!la)test",
)
_BRANCH_AS_TAG = regex(
    r"[\w.-]*[\"']?\s*[=:]\s*[\"']?\$\{?(?:CI_COMMIT_REF_(?:NAME|SLUG)|\w+_BRANCH|BRANCH_NAME)\}?[\w.-]*"
)
_PULLS = regex(r"^\s*(?:&&\s*|sudo\s+)?git\s+(?:pull\b|reset\s+--hard\s+origin/)")


_SETS_UP = regex(
    r"\.github/actions/(?:\S*/)?(?:set-?up|install|prepare|start|tests?|cache)[\w-]*/", re.IGNORECASE
)
"""Actions that put up what tests or builds need."""


def unique_names(repository: Repository) -> tuple[str, ...]:
    """Return the URIs of lines of pipelines that hand an artifact on by a name that no other build has."""
    found: list[str] = []
    for path in _pipelines(repository.paths):
        text = text_of(repository, path)
        if text is None or _SETS_UP.match(path) or not _UNIQUE.stands_in(text):
            continue
        rows = _without_beside(lines_of(text))
        handed_in = file_name(path).startswith("action.")  # nobody sees here what a caller hands in
        number = next((one for one, row in rows if _names_one(row, handed_in=handed_in)), None)
        found += [repo_uri(path, number)] if number is not None else []
    return tuple(found[:MAX_FOUND])


def _without_beside(rows: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers, without the blocks of labels and arguments."""
    deeper: int | None = None
    for number, row in enumerate(rows, 1):
        indent = len(row) - len(row.lstrip())
        if deeper is not None and (indent > deeper or not row.strip()):
            continue
        block = _BESIDE_NAMES.match(row) if ":" in row else None
        deeper = len(block[1]) if block else None
        yield number, row


def _names_one(row: str, *, handed_in: bool) -> bool:
    """Whether a line hands an artifact on by a name that no other build has."""
    if len(row) > MAX_LINE or row.lstrip().startswith(("#", "//")):
        return False
    if _LITERAL.match(row):
        return False
    row = _HANDED_IN.sub("", row) if handed_in else row
    if not (_UNIQUE.stands_in(row) and _OF_ARTIFACTS.stands_in(row)) or _NO_NAME.stands_in(row):
        return False
    return ("BRANCH" not in row and "_REF_" not in row) or _UNIQUE.stands_in(_BRANCH_AS_TAG.sub("", row))


def narrowed(repository: Repository, uris: Iterable[str], practice: str | None = None) -> tuple[str, ...]:
    """Return citations of a few lines each cut to the line that shows it: a name of `practice`, else a unique name.

    A citation without such a line stays as it is for a practice; for names only where no other citation shows one.
    """
    pattern = _WORDS[practice] if practice else _UNIQUE
    found: list[str] = []
    beside: list[str] = []
    for uri in uris:
        path, _, lines = uri.removeprefix("repo:").partition("#")
        span = re.fullmatch(r"L(\d+)-L(\d+)", lines)
        text = text_of(repository, path) if span else None
        if span is None or text is None:
            beside.append(uri)
            continue
        first = int(span[1])
        rows = lines_of(text)[first - 1 : int(span[2])]
        shown = [
            number
            for number, row in enumerate(rows, first)
            if pattern.stands_in(row) and not row.lstrip().startswith("#")
        ]
        best = [number for number in shown if not _NAMES_ONLY.match(rows[number - first])]
        best = best or [number for number, row in enumerate(rows, first) if shown and "uses:" in row] or shown
        if best:
            found.append(repo_uri(path, best[0]))
        else:
            beside.append(uri)
    return tuple(dict.fromkeys((*found, *beside) if practice or not found else found))


def moved_by(repository: Repository) -> tuple[str, ...]:
    """Return the URIs of lines by which a pipeline makes a server take whatever a branch holds."""
    found: list[str] = []
    for path in _pipelines(repository.paths):
        text = text_of(repository, path)
        if text is None or "ssh" not in text.lower() or "git" not in text:
            continue
        found += [
            repo_uri(path, number) for number, row in enumerate(lines_of(text), 1) if _PULLS.match(row)
        ][:1]
    return tuple(found[:MAX_FOUND])


def _bare(row: str) -> str:
    return _COMMENT.sub("", row) if "#" in row else row


_COMMENT = regex(r"\s#.*$")


def _tells(row: str) -> bool:
    return (
        not _SILENT.search(row)
        and not _ITEM.match(row)
        and (_SPEAKING.match(row) or _SCRIPT.match(row)) is not None
    )


def pipeline_paths(repository: Repository) -> tuple[str, ...]:
    """Return the files of CI systems and the build files, at most MAX_FILES."""
    return _pipelines(repository.paths)


@lru_cache(maxsize=4)
def _pipelines(paths: tuple[str, ...]) -> tuple[str, ...]:
    found = [path for path in paths if _speaks(path)]
    return tuple(found[:MAX_FILES])


def _speaks(path: str) -> bool:
    name = file_name(path)
    if path.startswith(_FOLDERS):
        return path.endswith((".yml", ".yaml", ".groovy", ".sh"))
    if _NAMED.match(name):
        return counts(path)
    return _BUILD_FILES.match(name) is not None and path.count("/") <= 1 and counts(path)
