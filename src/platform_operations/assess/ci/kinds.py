"""What a command or a CI action is: a stage kind, a check, a platform's action. One longest-match over all tables."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from platform_operations.assess.ci.acts import NOTHING_DONE, Act
from platform_operations.assess.ci.names import environment_word
from platform_operations.assess.ci.requests import act_of_request
from platform_operations.assess.ci.tables import COMMANDS, USES, Row
from platform_operations.model.words import StageKind
from platform_operations.patterns import regex
from platform_operations.platforms import PLATFORMS
from platform_operations.platforms.checks import Check, action_of, check_strength
from platform_operations.platforms.reading.commands import begins, has, invocation, value_of

_JOURNEY = regex(
    r"(?:^|[^a-z0-9])(e2e|smoke(?!show)|acceptance|end-to-end|endtoend|synthetics?|post-?deploy|healthcheck|health-check)"
    r"(?:$|[^a-z0-9])",
    re.IGNORECASE,
)
_INTEGRATION = regex(r"(?:^|[^a-z])(integration|functional|contract|component)(?:$|[^a-z])", re.IGNORECASE)
_STYLE = regex(
    r"\b(?:-e|-s|--session|--env)[ =]?\S*(?:typing|mypy|lint|style|format|docs|pre-commit|type|ruff|check)"
)
_DRY = (
    "--dry-run", "--dryrun", "--dry-run=client", "--dry-run=server", "--check-only", "--noop", "--check", "--diff-only",
    "--validate-only", "--plan", "--snapshot", "-n --dry-run",
)  # fmt: skip
_LOCAL_CLUSTER = regex(
    r"kind-action|setup-kind|kind create|minikube|k3d|setup-k3s|k3s-action|microk8s|create-kind|localstack|ct install|kwok|get\.k3s\.io|k3s server|kind load|talosctl|microshift|setup-crc"
)


_PUSHED_TO = (
    "@git.heroku.com",
    "git.heroku.com/",
    "aptible.com:",
    "dokku@",
    "scalingo.com:",
    "clever-cloud.com/",
)
"""What stands in the address of a remote that releases what is pushed to it."""


def act_of_command(text: str) -> Act:
    """Return what a command does."""
    return _act_of_command(text)


@lru_cache(maxsize=8192)
def _act_of_command(text: str) -> Act:
    called = invocation(text)
    if (
        not called
        or called[-1] in {"--version", "--help", "-V"}
        or called[1:] in {("version",), ("-v",), ("help",)}
    ):
        return NOTHING_DONE
    if called[:2] == ("kustomize", "build") or re.search(
        r":(?:install|setup|report|open)$", called[min(2, len(called) - 1)]
    ):
        return NOTHING_DONE
    if called[0] in {"curl", "wget", "http", "https", "httpie", "xh", "grpcurl", "nc", "grpc_health_probe"}:
        return act_of_request(called, text)
    if called[:2] == ("git", "push") and any(host in word for word in called[2:] for host in _PUSHED_TO):
        called = ("git", "push", "heroku")
    strength, act = _own(called)
    by_platform = _by_platform(called)
    if by_platform[0] >= strength:
        strength, act = by_platform[0], _merged(by_platform[1], act)
    by_check = check_strength(text)
    if by_check[1] is not None and by_check[0] > strength:
        act = _act_of_check(by_check[1], text)
        strength = by_check[0]
    return _adjusted(act, called) if strength else _unmatched(called)


def _own(called: tuple[str, ...]) -> tuple[int, Act]:
    best: tuple[int, Act] = (0, NOTHING_DONE)
    for pattern, kind, makes in _rows_by_tool().get(called[0], ()):
        strength = begins(called, pattern)
        if strength > best[0]:
            best = (strength, Act(kind=kind, makes=makes))
    return best


def _by_platform(called: tuple[str, ...]) -> tuple[int, Act]:
    best: tuple[int, Act] = (0, NOTHING_DONE)
    for pattern, act in _seen_by_tool().get(called[0], ()):
        strength = begins(called, pattern)
        if strength > best[0]:
            best = (strength, act)
    return best


def _merged(platform_act: Act, own: Act) -> Act:
    if (own.kind is None and own.makes == "") or platform_act.kind == own.kind:
        return replace(platform_act, makes=own.makes)
    return replace(own, platform=platform_act.platform, action=platform_act.action, waits=platform_act.waits)


@lru_cache(maxsize=1)
def _rows_by_tool() -> Mapping[str, tuple[Row, ...]]:
    return _grouped(COMMANDS)


def _grouped(rows: Iterable[Row]) -> Mapping[str, tuple[Row, ...]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        first, _, rest = row[0].partition(" ")
        second = rest.split(" ", 1)[0]
        called = (second, *rest.split(" ")[1:]) if first == "python" and second == "-m" else None
        pattern = " ".join(called[1:]) if called else row[0]
        found.setdefault(pattern.split(" ", 1)[0], []).append((pattern, row[1], row[2]))
    return {tool: tuple(group) for tool, group in found.items()}


@lru_cache(maxsize=1)
def _seen_by_tool() -> Mapping[str, tuple[tuple[str, Act], ...]]:
    found: dict[str, list[tuple[str, Act]]] = {}
    for platform in PLATFORMS:
        for word, action in platform.actions.items():
            for seen in action.seen:
                act = Act(kind=action.kinds[0], platform=platform.id, action=word, waits=action.waits)
                found.setdefault(_called_pattern(seen).split(" ", 1)[0], []).append(
                    (_called_pattern(seen), act)
                )
        for word, rollback in platform.rollbacks.items():
            for seen in rollback.seen:
                act = Act(kind="rollback", platform=platform.id, action=word)
                found.setdefault(_called_pattern(seen).split(" ", 1)[0], []).append(
                    (_called_pattern(seen), act)
                )
    return {tool: tuple(rows) for tool, rows in found.items()}


def _called_pattern(seen: str) -> str:
    return " ".join(invocation(seen)) or seen


@lru_cache(maxsize=1)
def _used_by_platform() -> tuple[tuple[str, Act], ...]:
    found: list[tuple[str, Act]] = []
    for platform in PLATFORMS:
        for word, action in platform.actions.items():
            act = Act(kind=action.kinds[0], platform=platform.id, action=word, waits=action.waits)
            found.extend((name.lower(), act) for name in action.uses)
        for word, rollback in platform.rollbacks.items():
            act = Act(kind="rollback", platform=platform.id, action=word)
            found.extend((name.lower(), act) for name in rollback.uses)
    return tuple(found)


def act_of_name(uses: str, inputs: Mapping[str, str]) -> Act:
    """Return what a CI action (OWNER/NAME@REF) does by its name; `inputs` only tell journeys from other tests."""
    action = action_of(f"uses {uses}") or ""
    strength, act = 0, NOTHING_DONE
    for known, kind, makes in USES:
        if (action == known or action.startswith(known + "/")) and len(known) > strength:
            strength, act = len(known), Act(kind=kind, makes=makes)
    for known, found in _used_by_platform():
        if (action == known or action.startswith(known + "/")) and len(known) >= strength:
            strength, act = len(known), _merged(found, act)
    by_check = check_strength(f"uses {uses}")
    if by_check[1] is not None and by_check[0] > strength:
        act = _act_of_check(by_check[1], " ".join((uses, *inputs.values())))
    return act


def _act_of_check(check: Check, text: str) -> Act:
    if check.id in {"tox", "nox"} and _STYLE.search(text):
        return Act(kind="analyze")
    tests = check.gate == "unit-test" and _JOURNEY.search(text) is not None
    journey = check.gate in {"e2e-test", "performance"} or tests
    kind = "test" if check.stage == "verify" and check.id == "zap" else check.stage
    return Act(kind=kind, check=check, journey=journey or check.id == "zap")


def is_journey(text: str) -> bool:
    """Say whether a test speaks of whole user journeys: smoke, end to end, acceptance."""
    return _JOURNEY.search(text) is not None


def is_integration(text: str) -> bool:
    """Say whether a test speaks of parts working together."""
    return _INTEGRATION.search(text) is not None


def needs_local_cluster(texts: Iterable[str]) -> bool:
    """Say whether a job starts a throw-away cluster or cloud of its own: what it deploys there is a test."""
    return any(_LOCAL_CLUSTER.search(text) for text in texts)


def _adjusted(act: Act, called: tuple[str, ...]) -> Act:
    """Take back what options turn into a rehearsal, and what needs a name to be believed.

    A plan whose exit code tells whether anything differs compares what is declared with what runs.
    """
    if act.kind in {"deploy", "promote", "publish", "migrate", "provision", "rollback"} and _rehearses(
        called
    ):
        return replace(act, kind=None)
    if (
        called[:4] == ("docker", "buildx", "imagetools", "create")
        and environment_word(" ".join(called)) is None
    ):
        return Act(kind="package")
    if called[1:2] in {("plan",), ("preview",)} and {"-detailed-exitcode", "--expect-no-changes"} & set(
        called
    ):
        return Act(kind="analyze")
    return _ambiguous(act, called) or _waiting(act, called)


def _ambiguous(act: Act, called: tuple[str, ...]) -> Act | None:
    """Return the act as weak where a name must confirm it, or what it is instead; None where it stands as it is."""
    head = called[0]
    if head == "goreleaser" and (has(called, "--skip-publish") or value_of(called, "--skip") == "publish"):
        return replace(act, kind="build", makes="package")
    if head == "make" and len(called) > 1:
        return NOTHING_DONE
    if head in {"rsync", "scp"} and not any(":" in word for word in called[1:] if not word.startswith("-")):
        return NOTHING_DONE
    copies = head in {"make", "zip", "scp", "rsync", "gsutil"} or called[:2] == ("aws", "s3")
    if copies and act.makes in {"package", "archive", "bundle"}:
        return replace(act, weak=head in {"make", "zip", "scp"} or _copies_in(head, called))
    if act.kind == "deploy" and starts_here(called):
        return replace(act, weak=True)
    if head in {"aws", "gsutil"} and "cp" in called[1:3]:
        return replace(act, weak=True)
    if head in {"ssh", "sshpass"} and len(called) < 3:
        return NOTHING_DONE
    if head == "fastlane" and not _LANES & {part for word in called[1:] for part in word.split("_")}:
        return Act(kind="test", weak=True)
    return replace(act, weak=True) if head == "dbt" else None


_LANES = frozenset(
    {
        "release",
        "deploy",
        "beta",
        "publish",
        "production",
        "internal",
        "alpha",
        "testflight",
        "promote",
        "store",
        "playstore",
    }
)
"""Words in the names of lanes that hand an app to testers or to a store."""


def starts_here(called: tuple[str, ...]) -> bool:
    """Say whether a command starts containers on the machine that it runs on, which in CI is no place of its own."""
    if called[:1] in {("docker",), ("podman",)} and (
        called[1:2] == ("run",) or called[1:3] == ("container", "run")
    ):
        return True
    return _compose(called) and not any(has(called, flag) for flag in ("-H", "--host", "--context", "-c"))


def _compose(called: tuple[str, ...]) -> bool:
    return called[:1] in {("docker-compose",), ("podman-compose",)} or called[:2] in {
        ("docker", "compose"),
        ("podman", "compose"),
    }


def _copies_in(head: str, called: tuple[str, ...]) -> bool:
    """Say whether a copy could as well fetch as ship: the remote place comes before the local one."""
    remote = [
        index for index, word in enumerate(called) if word.startswith(("s3://", "gs://")) or ":" in word[1:]
    ]
    plain = [word for word in called[1:] if not word.startswith("-")]
    if head == "rsync" or not remote:
        return head != "rsync"
    return called[remote[0]] != plain[-1] or "cache" in called[remote[0]].lower()


def _rehearses(called: tuple[str, ...]) -> bool:
    tool = called[0]
    if tool in {"kubectl", "helm", "oc"} and any(
        word.startswith("--dry-run") and not word.endswith("none") for word in called
    ):
        return True
    flags = [
        flag for flag in _DRY if flag not in {"--check", "--plan"} or tool in {"ansible-playbook", "cargo"}
    ]
    return any(has(called, flag) for flag in flags)


def _waiting(act: Act, called: tuple[str, ...]) -> Act:
    if act.kind not in {"deploy", "promote", "rollback"}:
        return act
    if any(
        has(called, flag) for flag in ("--wait", "--atomic", "--wait-for-completion", "--rollback-on-failure")
    ):
        return replace(act, waits=True)
    if (
        any(has(called, flag) for flag in ("--no-wait", "--detach", "--async", "-d"))
        and called[0] != "netlify"
    ):
        return replace(act, waits=False)
    return act


_TARGETS: Mapping[str, StageKind] = {
    "build": "build", "test": "test", "lint": "analyze", "typecheck": "analyze", "type-check": "analyze", "e2e": "test",
    "unit": "test", "check-types": "analyze",
}  # fmt: skip


def _unmatched(called: tuple[str, ...]) -> Act:
    """Task runners over a workspace say what they run; everything else is unknown here."""
    if called[0] in {
        "turbo",
        "nx",
        "lerna",
        "moon",
        "rush",
        "wireit",
        "yarn",
        "pnpm",
        "npm",
        "bun",
        "bazel",
        "task",
        "just",
        "mage",
        "rake",
        "invoke",
        "inv",
        "composer",
        "deno",
        "ng",
        "swift",
        "hatch",
        "mise",
        "pixi",
        "cargo",
        "please",
        "pants",
    }:
        for word in called[1:]:
            name = word.removeprefix("--target=").removeprefix("--targets=").removeprefix("-t=").split(",")[0]
            head = re.split(r"[:@#/]", name)[0]
            if head in _TARGETS and not word.startswith("--filter"):
                kind = _TARGETS[head]
                return Act(
                    kind=kind,
                    makes="bundle" if kind == "build" else "",
                    journey=head == "e2e" or is_journey(name),
                )
    return NOTHING_DONE


_NAMES: tuple[tuple[StageKind, re.Pattern[str]], ...] = (
    ("analyze", regex(r"\b(?:check|lint|detect|missing|validate|verify)\w*.{0,5}migrat", re.IGNORECASE)),
    ("rollback", regex(r"roll-?back|revert", re.IGNORECASE)),
    ("verify", regex(r"smoke(?!show)|verif|health|live-?check|\bcheck.{0,24}\b(?:is|are) (?:up|alive|live|running|reachable)\b|post-?deploy|acceptance|e2e|end-to-end|validat\w*.{0,5}deploy|deploy(?:ment|ed)?.(?:tests?\b|checks?\b|validat)|tests?.(?:the.)?deploy(?:ment|ed)", re.IGNORECASE)),
    ("promote", regex(r"promot", re.IGNORECASE)),
    ("deploy", regex(r"deploy|rollout|ship\b|go-?live", re.IGNORECASE)),
    ("package", regex(r"(?:docker|image|container).?(?:build|push|publish)|(?:build|push|publish)\S*.{0,24}(?:docker|image|container)", re.IGNORECASE)),
    ("analyze", regex(r"(?:check|lint|validat|test)\w*.{0,9}migrat|migrat\w*.?(?:check|lint|validat|test)|make-?migrat", re.IGNORECASE)),
    ("migrate", regex(r"migrat", re.IGNORECASE)),
    ("publish", regex(r"publish", re.IGNORECASE)),
    ("analyze", regex(r"\blint|\bformat|type-?check|static.?(?:analysis|check)|\bscan|\baudit|security|\bsast\b|analy[sz]e|codeql", re.IGNORECASE)),
    ("test", regex(r"\btests?\b|\bspecs?\b|rspec|unit|integration|pytest|coverage", re.IGNORECASE)),
    ("build", regex(r"\bbuild|compile|bundle", re.IGNORECASE)),
)  # fmt: skip


_TELLING = ("notify", "notification", "announce", "alert ", "report ")


@lru_cache(maxsize=8192)
def kind_of_name(name: str) -> StageKind | None:
    """Return the kind that the name of a script, step or job speaks of, None when it says nothing.

    What begins with telling people of a release is none, nor is what reminds them of one.
    """
    spaced = re.sub(r"[_./]", " ", name)
    if "remind" in name.lower() or name.rpartition("/")[2].lower().startswith(_TELLING):
        return None
    return next((kind for kind, pattern in _NAMES if pattern.search(spaced)), None)
