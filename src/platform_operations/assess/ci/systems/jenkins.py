"""Jenkins: stages of a Jenkinsfile, declarative or scripted; shared libraries are unknown and said so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from platform_operations.assess.ci.jenkins_library import delivers, library_call, releases
from platform_operations.assess.ci.jenkinsfile import Block, Statement, parse
from platform_operations.assess.ci.jobs import (
    CiJob,
    CiPipeline,
    CiStep,
    CiSystem,
    Place,
    Reading,
    When,
    unreadable,
)
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.settings import one_word
from platform_operations.assess.ci.shell import Command, commands
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.words import Trigger
from platform_operations.patterns import regex
from platform_operations.repository import Repository, Unreadable

MAX_STAGES = 200
_STAGE = regex(r"^stage\s*\(?\s*(?:name\s*:\s*)?[\"'](.+?)[\"']")
_SHELL = regex(r"(?:^|[=\s(])(sh|bat|powershell|pwsh)\b\s*\(?\s*(.*)$", re.DOTALL)
_TEXT = regex(r"'''(.*?)'''|\"\"\"(.*?)\"\"\"|'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_PLAIN = frozenset(
    {
        "echo", "checkout", "git", "sh", "bat", "script", "steps", "node", "withCredentials", "withEnv", "timeout", "retry", "dir", "junit", "archiveArtifacts",
        "stash", "unstash", "cleanWs", "deleteDir", "input", "build", "parallel", "environment", "agent", "when", "post", "tools", "options", "parameters",
        "triggers", "stage", "stages", "pipeline", "def", "if", "else", "try", "catch", "finally", "return", "error", "emailext", "mail", "slackSend", "publishHTML",
        "catchError", "warnError", "docker", "load", "properties", "currentBuild", "env", "params", "for", "while", "import", "println", "readJSON", "readYaml", "writeFile", "readFile", "container", "podTemplate", "wrap", "ansiColor", "timestamps", "milestone", "lock", "withDockerRegistry", "recordIssues", "cobertura", "jacoco", "sshagent", "withSonarQubeEnv", "waitForQualityGate", "step", "throw", "unstable", "sleep", "library", "powershell", "pwsh", "nodejs", "withMaven", "configFileProvider", "always", "success", "failure", "public", "private", "static", "new", "image", "app",
    }
)  # fmt: skip


@dataclass(slots=True)
class _Walk:
    path: str
    jobs: list[CiJob] = field(default_factory=list[CiJob])
    facts: list[Fact] = field(default_factory=list[Fact])
    library: Place | None = None
    pipeline: str = "jenkins"
    variables: dict[str, str] = field(default_factory=dict[str, str])


def read(repository: Repository) -> Reading | None:
    """Return one job graph per Jenkinsfile, None where there is none."""
    paths = [
        path
        for path in repository.paths
        if "Jenkinsfile" in path
        and re.match(r"^(?:.+/)?Jenkinsfile(?:[._-][\w.-]+)?$", path)
        and path.count("/") <= 2
        and not re.search(r"(?:^|/)(?:examples?|docs?|test|tests|vendor|node_modules)/", path)
    ][:20]
    if not paths:
        return None
    facts: list[Fact] = []
    pipelines: list[CiPipeline] = []
    evidence: list[str] = []
    for path in paths:
        content = repository.read(path)
        if isinstance(content, Unreadable):
            facts.append(unreadable(path, 1, content.reason))
            continue
        name = path.rpartition("/")[2].removeprefix("Jenkinsfile").strip("._-")
        id = kebab(f"jenkins-{name}") if name else "jenkins"
        walk = _Walk(path, pipeline=id)
        root = parse(content)
        first = next((part.first for part in root.parts if isinstance(part, Block)), 1)
        evidence.append(repo_uri(path, first, first))
        library = re.search(r"^[ \t]*(?:@Library\b.*|library\s*[('\"].*)$", content, re.MULTILINE)
        if library is not None:
            line = content.count("\n", 0, library.start()) + 1
            line += len(library[0]) - len(library[0].lstrip("\n"))
            walk.library = Place(path, line, line)
        walk.variables = dict(reversed(tuple(_declared(root, 0))))
        _walk(root, walk, (), (), "success")
        _unknown_calls(root, walk, content)
        facts.extend(walk.facts)
        pipelines.append(
            CiPipeline(
                id,
                Place(path, first, first),
                _triggers(content),
                tuple(walk.jobs),
                names=(path, id),
                variables=walk.variables,
            )
        )
    return Reading(tuple(evidence), tuple(pipelines), tuple(facts))


_GIVEN = regex(
    r"(?:(?:def|String|final)\s+){0,2}(?:env\.)?(\w+)\s*=\s*(?:[\"']([^\"'\n]*)[\"']|(?=sh\b).{0,2000}?\bscript\s*:\s*(?:\"\"\"|\'\'\'|[\"'])(.{1,1000}?)(?:\"\"\"|\'\'\'|[\"']\s*[,)])"
    r"|sh\s*\(?\s*[\"'](.{1,1000}?)[\"']\s*\)?)",
    re.DOTALL,
)
"""A variable that is given a string, or what a command of the shell prints."""


def _declared(block: Block, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the variables of `environment` blocks and the assignments of scripts; what a command prints as `$(command)`."""
    for part in block.parts if depth < 30 else ():
        if isinstance(part, Block):
            yield from _declared(part, depth + 1)
            continue
        match = _GIVEN.match(part.text) if "=" in part.text else None
        if match is None:
            continue
        printed = match[3] or match[4]
        value = one_word(f"$({printed})") if printed else match[2]
        if value:
            yield match[1], value


def _triggers(content: str) -> tuple[Trigger, ...]:
    """A multibranch pipeline builds pushes and pull requests; `cron` alone makes a scheduled one."""
    code = re.sub(r"//.*", "", content)
    if re.search(r"\bcron\s*\(", code) and "branch" not in code:
        return ("schedule",)
    found: tuple[Trigger, ...] = ("push-default-branch", "push-branch")
    if re.search(r"changeRequest\s*\(|CHANGE_ID", code):
        found = ("pull-request", *found)
    return (*found, "tag") if re.search(r"buildingTag\s*\(|TAG_NAME", code) else found


def _walk(
    block: Block, walk: _Walk, before: tuple[str, ...], outer: tuple[str, ...], when: When
) -> tuple[str, ...]:
    """Add the stages inside `block`, each after those before it; return the last ones."""
    last = before
    for part in block.parts:
        if not isinstance(part, Block) or len(walk.jobs) >= MAX_STAGES:
            continue
        named = _STAGE.match(part.head)
        if named is not None:
            last = _stage(named[1], part, walk, last, outer)
        elif part.head == "parallel" or part.head.startswith("parallel"):
            last = _parallel(part, walk, last, outer)
        elif part.head.startswith("post") or part.head in {
            "when",
            "environment",
            "options",
            "agent",
            "tools",
            "parameters",
            "triggers",
            "input",
        }:
            continue
        else:
            last = _walk(part, walk, last, outer, when)
    return last


def _parallel(block: Block, walk: _Walk, before: tuple[str, ...], outer: tuple[str, ...]) -> tuple[str, ...]:
    ends: list[str] = []
    for part in block.parts:
        if isinstance(part, Block):
            named = _STAGE.match(part.head)
            label = named[1] if named else re.sub(r"[\"':,]", " ", part.head).strip() or "branch"
            ends.extend(_stage(label, part, walk, before, outer))
    return tuple(dict.fromkeys(ends)) or before


def _stage(
    name: str, block: Block, walk: _Walk, before: tuple[str, ...], outer: tuple[str, ...]
) -> tuple[str, ...]:
    condition = _condition(block)
    inner = [part for part in block.parts if isinstance(part, Block)]
    nested = [
        part
        for part in inner
        if part.head in {"stages", "parallel"} or _STAGE.match(part.head) or part.head.startswith("parallel")
    ]
    approval = _approval(block, walk.path)
    if nested and not any(part.head == "steps" for part in inner):
        start = _plain_job(name, block, walk, before, (approval,)) if approval else before
        return _walk(block, walk, start, (*outer, condition), "success")
    steps = [approval] if approval else []
    steps.extend(_steps(block, walk.path, None, "success", 0))
    key = _key(name, walk)
    place = Place(walk.path, block.first, max(block.first, block.last))
    text = " ".join(part for part in (*outer, condition) if part)
    walk.jobs.append(CiJob(key=key, place=place, steps=tuple(steps), name=name, needs=before, condition=text))
    return (key,)


def _plain_job(
    name: str, block: Block, walk: _Walk, before: tuple[str, ...], steps: tuple[CiStep, ...]
) -> tuple[str, ...]:
    key = _key(name, walk)
    walk.jobs.append(
        CiJob(key=key, place=Place(walk.path, block.first, block.first), steps=steps, name=name, needs=before)
    )
    return (key,)


def _key(name: str, walk: _Walk) -> str:
    base = kebab(name)
    taken = {job.key for job in walk.jobs}
    key, turn = base, 2
    while key in taken:
        key, turn = f"{base}-{turn}", turn + 1
    return key


def _condition(block: Block) -> str:
    found: list[str] = []
    for part in block.parts:
        if isinstance(part, Block) and part.head == "when":
            text = " ".join(_texts(part))
            found.extend(
                f"refs/heads/{one}"
                for one in re.findall(r"branch\s*+\(?\s*+(?:pattern:\s*+)?[\"']([^\"']+)", text)
            )
            found.extend(
                f"refs/heads/{one}" for one in re.findall(r"BRANCH_NAME\s*==\s*[\"']([^\"']+)", text)
            )
            if re.search(r"buildingTag|\btag\b", text):
                found.append("refs/tags")
            if "changeRequest" in text:
                found.append("event_name == 'pull_request'")
    return " ".join(found)


def _texts(block: Block) -> Iterator[str]:
    for part in block.parts:
        if isinstance(part, Statement):
            yield part.text
        else:
            yield part.head
            yield from _texts(part)


def _approval(block: Block, path: str) -> CiStep | None:
    for part in block.parts:
        if isinstance(part, Block) and part.head == "input":
            return CiStep(place=Place(path, part.first, part.last), name="input", approval=True)
    return None


def _steps(
    block: Block, path: str, tolerant: Place | None, when: When, depth: int, folder: str = ""
) -> Iterator[CiStep]:
    if depth > 40:
        return
    for part in block.parts:
        if isinstance(part, Statement):
            yield from _statement(part, path, tolerant, when, folder)
            continue
        head = part.head
        if head == "when" or head in {"environment", "options", "agent", "tools", "input"}:
            continue
        inner_when: When = (
            "failure"
            if head in {"failure", "unsuccessful", "unstable"}
            else "always"
            if head in {"always", "cleanup"}
            else when
        )
        inner_tolerant = (
            Place(path, part.first, part.first) if head.startswith(("catchError", "warnError")) else tolerant
        )
        moved = re.match(r"dir\s*\(?\s*[\"']([^\"'$]+)", head)
        inner_folder = f"{folder}/{moved[1]}".strip("/") if moved else folder
        if _SHELL.search(head) and not head.startswith(("stage", "parallel")):
            yield from _statement(Statement(head, part.first, part.first), path, tolerant, when, folder)
        yield from _steps(part, path, inner_tolerant, inner_when, depth + 1, inner_folder)


def _statement(
    part: Statement, path: str, tolerant: Place | None, when: When, folder: str
) -> Iterator[CiStep]:
    place = Place(path, part.first, max(part.first, part.last))
    if re.match(r"(?:(?:def\s+)?\w+\s*=\s*)?input\b", part.text):
        yield CiStep(place=place, name="input", approval=True, when=when)
        return
    step = CiStep(place=place, tolerant=tolerant, when=when, folder=folder)
    pushed = re.search(r"\.push\s*\(|docker\.build\s*\(", part.text)
    if pushed is not None:
        verb = "docker push" if ".push" in pushed[0] else "docker build -t"
        image = _TEXT.search(part.text)
        name = next((text for text in image.groups() if text), "") if image else ""
        yield replace(step, commands=(Command(f"{verb} {name}".strip(), part.first, part.last),))
        return
    if re.match(r"build\s*\(?\s*(?:job\s*:|[\"'])", part.text):
        job = _TEXT.search(part.text)
        target = next((text for text in job.groups() if text), "another job") if job else "another job"
        yield replace(step, uses=f"jenkins/build/{target}", name=target, remote=True)
        return
    call = library_call(part.text)
    if call is not None and call.name not in _PLAIN | _PLUGIN_STEPS:
        yield replace(
            step, uses=f"jenkins/library/{call.name}", name=call.name, inputs=call.inputs, remote=True
        )
        return
    found = _SHELL.search(part.text)
    if found is None:
        return
    text = _TEXT.search(found[2])
    if text is None:
        return
    script = next((one for one in text.groups() if one is not None), "")
    silent = "returnStatus" in part.text
    offset = part.first + part.text.count("\n", 0, found.start(2) + text.start())
    made = commands(script, offset, pipefail=False)
    if silent:
        made = tuple(replace(one, silenced=one.silenced or "returnStatus: true") for one in made)
    yield replace(step, commands=made)


_PLUGIN_STEPS = frozenset(
    {"publishHTML", "publishChecks", "publishCoverage", "publishIssues", "deployArtifacts"}
)


_OWN_WORD = regex(r"^[a-z]+[A-Z]\w*\s*(?:\(|$)")


def _wraps(part: Block | Statement) -> bool:
    """Whether a block stands for a whole pipeline under a word of nobody's but a library's, and shows no stage itself."""
    if not isinstance(part, Block) or not _OWN_WORD.match(part.head):
        return False
    return not any(_STAGE.match(text) for text, _ in _calls(part, 0))


def _unknown_calls(root: Block, walk: _Walk, content: str) -> None:
    """Name what only a shared library can define.

    That is every unknown step where the file names a library, else steps that deliver by their name and blocks
    around everything: a server may load a library by itself.
    """
    own = set(re.findall(r"^[ \t]*(?:static\s+)?(?:def|void|[A-Z]\w*)\s+(\w+)\s*\(", content, re.MULTILINE))
    names: dict[str, int] = {}
    for text, line in _calls(root, 0):
        match = re.match(r"^([a-z]\w+)\s*(?:\(|$|[\"'{])", text)
        if match and match[1] not in _PLAIN:
            names.setdefault(match[1], line)
    if walk.library is None:
        heads = {part.first for part in root.parts if _wraps(part)}
        names = {
            name: line
            for name, line in names.items()
            if (delivers(name) or line in heads) and name not in own | _PLUGIN_STEPS
        }
        if not names:
            return
    place = walk.library or Place(walk.path, 1, 1)
    value = ", ".join(list(names)[:12]) or None
    whole = walk.library is not None or not all(releases(name) for name in names)
    walk.facts.append(
        Fact(
            subject=f"pipelines/{walk.pipeline}", aspect="shared-library" if whole else "downstream", outcome="unknown", value=value,
            reason="a shared library defines steps that are not in this repository",
            evidence=(place.uri, *(repo_uri(walk.path, line, line) for line in list(names.values())[:6])),
        )
    )  # fmt: skip


def _calls(block: Block, depth: int) -> Iterator[tuple[str, int]]:
    if depth > 40:
        return
    for part in block.parts:
        if isinstance(part, Statement):
            yield part.text, part.first
        elif part.head not in {
            "when",
            "input",
            "environment",
            "options",
            "agent",
            "tools",
            "parameters",
            "triggers",
        }:
            yield part.head, part.first
            yield from _calls(part, depth + 1)


CI = CiSystem(id="jenkins", read=read, title="Jenkins")
