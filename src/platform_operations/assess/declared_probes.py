"""Health checks that Terraform, infrastructure programs and settings files declare beside what platform readers know."""

import re
from collections.abc import Iterator, Mapping, Sequence

from platform_operations.assess.modules import terraform_files
from platform_operations.assess.places import aside, folder, lines_of, nearest, test_file, text_of
from platform_operations.assess.wording import Wording
from platform_operations.model.evidence import repo_uri
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository

MAX_FILES = 300
MAX_PROBES = 20
MAX_SETTINGS = 400

PROGRAMS = frozenset({"Pulumi.yaml", "Pulumi.yml", "cdk.json", "cdktf.json", "sst.config.ts"})
"""Project files beside which a program declares what runs."""

_TERRAFORM = regex(
    r"^\s*(?:(?:dynamic\s+\")?(?:health_?check|liveness_probe|readiness_probe|startup_probe)\"?\s*\{"
    r"|(?:health_?check_path|probe_path|liveness_path|readiness_path)\s*=\s*(?!\"\"|null)\S"
    r"|(?:\w+_)?health_(?:probe|check)_(?:path|protocol|port|endpoint|type)\s*=\s*(?!\"\"|null)\S"
    r"|enable_(?:\w+_)?health_(?:probe|check)s?\s*=\s*(?:true\b|local\.|var\.)"
    r"|resource\s+\"(?:aws_route53_health_check|azurerm_lb_probe|google_compute_(?:region_)?health_check|digitalocean_\w+_health_check)\""
    r"|\"?health_?Check\"?\s*[=:]\s*\{)",
    re.IGNORECASE,
)
_PROGRAM = regex(
    r"^\s*(?:liveness|readiness|startup)_?Probe\s*[:=]|^\s*health_?Check(?:_?Path)?\s*[:=]\s*(?!undefined|null|None)",
    re.IGNORECASE,
)
_CONTAINER = regex(r"^\s*(?:liveness|readiness|startup)_?Probe\s*[:=]", re.IGNORECASE)
"""What only a container's description says: application code beside a program has health checks of its own."""

_KUBERNETES = regex(
    r"^\s*(?:-\s+)?[\"']?(?:(?:liveness|readiness|startup)_?Probe|probes)[\"']?\s*:\s*(?P<value>[^#]*?)\s*(?:#.*)?$"
)
_SETTING = regex(
    r"^\s*(?:-\s+)?[\"']?(?:health_?checks?(?:_?path|_?url|_?uri|_?endpoint)?|health_?check_?(?:type|protocol|interval_?seconds)|creation_?policy|(?:liveness|readiness)_check|(?:readiness-)?health-check-(?:http-endpoint|type)|application healthcheck url|liveness_?path|readiness_?path)[\"']?"
    r"\s*[:=]\s*(?P<value>[^#]*?)\s*(?:#.*)?$|^\s*(?:liveness|readiness)\s*:\s*$|^\s*\[\[?(?:http_service\.|services\.)?(?:\w+_)?checks(?:\.\w+)?\]",
    re.IGNORECASE,
)
_SETTINGS = (
    ".yaml",
    ".yml",
    ".json",
    ".toml",
    ".bicep",
    ".hcl",
    ".nomad",
    ".tpl",
    ".tmpl",
    ".j2",
    ".template",
    ".yml.erb",
    ".yaml.erb",
    ".gotmpl",
    ".config",
)
_SHIPPING = Wording(
    r"deploy|pulumi|nais|values|task[-_]?def|ecs|/infra|^infra|helm|chart|k8s|kube|manifest|hokusai|service|app\.ya?ml|(?:^|/)app\.json$|fly[\w.-]*\.toml|railway|render"
    r"|cloudformation|stack|template|\.bicep$|\.nomad$|argo|flux|release|docker|kamal|copilot|apps?/|clusters?/|production|staging|openshift|consul|nomad|^\.ebextensions/|/\.ebextensions/",
)
_OFF = regex(r"^\s*(?:-\s+)?[\"']?(?:enabled|enable)[\"']?\s*:\s*[\"']?false", re.IGNORECASE)
_NOTHING = frozenset({"{}", "[]", "null", "~", "false", '""', "''", "none", "{},", "false,", "null,"})
_OTHERS = Wording(
    r"(?:^|/)(?:docker-)?compose[^/]*\.ya?ml$|(?:^|/)compose/|^\.github/|(?:^|/)package(?:-lock)?\.json$|\.schema\.json$|openapi|swagger|/crds?/|(?:^|/)crd"
    r"|dashboards?/|(?:^|/)\.circleci/|\.gitlab-ci|(?:^|/)(?:scripts|hack|tools|minikube|kind|k3d)/|^dev/(?:k8s|kube\w*|manifests|helm|compose)/",
)
_SOURCES = (".ts", ".js", ".py", ".go", ".cs", ".java", ".kt")


def probes_in_code(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> tuple[str, ...]:
    """Return the URIs of lines that declare a health check in Terraform files or infrastructure programs."""
    if not {"terraform", "pulumi", "aws", "sst"} & set(sightings):
        return ()
    found: list[str] = []
    for path, pattern in _candidates(repository):
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            if pattern.match(row[:300]):
                found.append(repo_uri(path, number))
                if len(found) == MAX_PROBES:
                    return tuple(found)
                break
    return tuple(found)


def probes_in_settings(repository: Repository) -> tuple[str, ...]:
    """Return the URIs of lines of settings files (YAML, JSON, TOML, Bicep) that declare a health check."""
    found: list[str] = []
    wanted = [path for path in repository.paths if path.endswith(_SETTINGS) and _SHIPPING.stands_in(path)]
    for path in [path for path in wanted if not _OTHERS.stands_in(path) and not aside(path, but=_CHARTS)][
        :MAX_SETTINGS
    ]:
        text = text_of(repository, path)
        if text is None or "CustomResourceDefinition" in text or not _ANY.stands_in(text):
            continue
        line = _declared(lines_of(text)) or (_asked_by_a_registry(path, text) if "check" in text else None)
        if line:
            found.append(repo_uri(path, line))
            if len(found) == MAX_PROBES:
                break
    return tuple(found)


_ANY = Wording(r"probe|health|checks\]|liveness|readiness|\bcheck\b")
_CHARTS = frozenset({"templates", "template"})


def _declared(rows: Sequence[str]) -> int | None:
    for number, row in enumerate(rows, 1):
        if len(row) > 500 or row.lstrip().startswith(("#", "//")):
            continue
        match = _KUBERNETES.match(row) or _SETTING.match(row)
        if match is None:
            continue
        value = (match["value"] if "value" in match.groupdict() else None) or ""
        after = next((one for one in rows[number : number + 6] if one.strip()), "")
        block = value in {"", "{", "|", "[", "("} or value.startswith(("&", "*"))
        if value.lower() in _NOTHING or (block and (_OFF.match(after) or _empty(row, after, value))):
            continue
        if value == "{" and _opens_a_level(after):
            continue
        return number
    return None


def _opens_a_level(after: str) -> bool:
    """Whether a JSON object below a key holds objects of its own names, as a list of commands or of pages does."""
    return _LEVEL.match(after) is not None and _PROBE_KEY.search(after) is None


_LEVEL = regex(r"^\s*\"[\w.-]+\"\s*:\s*\{\s*$")
_PROBE_KEY = regex(
    r"http|tcp|exec|grpc|path|command|test|liveness|readiness|startup|default|probe|check", re.IGNORECASE
)

_REGISTERED = regex(r"^\s*\"?checks?\"?\s*(?:[:=]\s*)?[\[{]\s*$")
_ASKS = regex(r"^\s*[\[{]?\s*\"?(?:http|tcp|grpc|script|args|path|type)\"?\s*[:=]\s*\S")
_EVERY = regex(r"^\s*\"?interval\"?\s*[:=]\s*\"?\d")


def _asked_by_a_registry(path: str, text: str) -> int | None:
    """Return the line of the check with which a service is registered in Consul or Nomad, None where there is none."""
    if not path.endswith((".json", ".hcl", ".nomad")) or "interval" not in text or "service" not in text:
        return None
    rows = lines_of(text)
    for number, row in enumerate(rows, 1):
        if len(row) > 500 or not _REGISTERED.match(row):
            continue
        deep = len(row) - len(row.lstrip())
        after = rows[number : number + 12]
        last = next((at for at, one in enumerate(after) if len(one) - len(one.lstrip()) <= deep), len(after))
        below = [one[:500] for one in after[:last]]
        if any(_ASKS.match(one) for one in below) and any(_EVERY.match(one) for one in below):
            return number
    return None


def _empty(row: str, after: str, value: str) -> bool:
    """Whether nothing stands under a key, or only what a template takes from elsewhere."""
    if value.startswith("*"):
        return False
    deeper = len(after) - len(after.lstrip()) > len(row) - len(row.lstrip())
    templated = re.match(r"\s*\{\{-?\s*(?:toYaml|include|tpl|with|end)", after) is not None
    return templated or (
        not deeper and not row.lstrip().startswith("[") and not after.lstrip().startswith("- ")
    )


def _candidates(repository: Repository) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the files that count with what a probe looks like in them, at most MAX_FILES."""
    projects = {
        folder(path) for path in repository.paths if path.rpartition("/")[2] in PROGRAMS and not aside(path)
    }
    wanted: list[tuple[str, re.Pattern[str]]] = []
    terraform = frozenset(terraform_files(repository))
    for path in repository.paths:
        if path in terraform:
            wanted.append((path, _TERRAFORM))
        elif projects and path.endswith(_SOURCES) and _of_program(path, projects):
            wanted.append((path, _PROGRAM if _infrastructure(path, projects) else _CONTAINER))
    yield from wanted[:MAX_FILES]


def programs(repository: Repository) -> Iterator[str]:
    """Yield the sources of infrastructure programs, at most MAX_FILES."""
    return (path for path, pattern in _candidates(repository) if pattern is _PROGRAM)


def beside_programs(repository: Repository) -> Iterator[str]:
    """Yield those sources and the ones beside them that may be an application's, at most MAX_FILES."""
    return (path for path, pattern in _candidates(repository) if pattern in {_PROGRAM, _CONTAINER})


def _of_program(path: str, projects: set[str]) -> bool:
    if nearest(path, projects) is None or aside(path) or test_file(path):
        return False
    return _infrastructure(path, projects) or path.startswith("src/")


def _infrastructure(path: str, projects: set[str]) -> bool:
    """Whether a source belongs to the program: at the root of the repository only what says so by its folder."""
    if nearest(path, projects) not in {None, "."}:
        return True
    return "/" not in path or re.match(r"(?:infra\w*|stacks?|lib|bin|iac|deploy\w*)/", path) is not None
