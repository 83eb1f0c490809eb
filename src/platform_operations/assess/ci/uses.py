"""CI actions by name and inputs."""

from collections.abc import Mapping
from dataclasses import replace

from platform_operations.assess.ci.acts import NOTHING_DONE, Act
from platform_operations.assess.ci.kinds import act_of_command, act_of_name, kind_of_name
from platform_operations.model.words import ACTING
from platform_operations.patterns import regex
from platform_operations.platforms.checks import Check, action_of, check_strength
from platform_operations.platforms.reading.commands import has, invocation
from platform_operations.repository import Repository

_WRAPPERS: Mapping[str, tuple[str, str]] = {
    "actions-hub/kubectl": ("kubectl", "args"), "actions-rs/cargo": ("cargo", "command args"), "addnab/docker-run-action": ("", "run"),
    "azure/cli": ("", "inlinescript"), "azure/powershell": ("", "inlinescript"), "borales/actions-yarn": ("yarn", "cmd"),
    "burrunan/gradle-cache-action": ("gradle", "arguments"), "cloud-gov/cg-cli-tools": ("cf", "command"),
    "clowdhaus/argo-cd-action": ("argocd", "command options"), "coactions/setup-xvfb": ("", "run"), "devcontainers/ci": ("", "runcmd"),
    "digitalocean/action-doctl": ("doctl", "args"), "eskatos/gradle-command-action": ("gradle", "arguments"),
    "gabrielbb/xvfb-action": ("", "run"), "gradle/actions/setup-gradle": ("gradle", "arguments"),
    "gradle/gradle-build-action": ("gradle", "arguments"), "helmfile/helmfile-action": ("helmfile", "helmfile-args"),
    "kodermax/kubectl-aws-eks": ("kubectl", "args"), "koslib/helm-eks-action": ("", "command"), "maierj/fastlane-action": ("fastlane", "lane"),
    "nick-fields/retry": ("", "command"), "nick-invision/retry": ("", "command"), "reactivecircus/android-emulator-runner": ("", "script"),
    "serverless/github-action": ("serverless", "args"), "steebchen/kubectl": ("kubectl", "args"), "stefanprodan/kube-tools": ("", "command"),
    "superfly/flyctl-actions": ("flyctl", "args"), "uraimo/run-on-arch-action": ("", "run"), "wandalen/wretry.action": ("", "command"),
    "wyrihaximus/github-action-helm3": ("", "exec"),
}  # fmt: skip
"""Actions that run what an input holds, by their names in lower case: the program they put before it, and the inputs."""


def wrapped_script(uses: str, inputs: Mapping[str, str]) -> str | None:
    """Return the script that an action of a wrapper's kind runs, empty when it is given none; None for other actions."""
    wrapper = _WRAPPERS.get(uses.partition("@")[0].lower())
    if wrapper is None:
        return None
    program, names = wrapper
    low = {name.lower(): value for name, value in inputs.items()}
    told = " ".join(value for name in names.split() if (value := low.get(name, "").strip()))
    if not told or not program or told.split()[0] == program:
        return told
    return f"{program} {told}"


def act_of_uses(uses: str, inputs: Mapping[str, str]) -> Act:
    """Return what a CI action (OWNER/NAME@REF) does; its inputs decide where one action does several things."""
    action = action_of(f"uses {uses}") or ""
    low = {name.lower(): value for name, value in inputs.items()}
    act = act_of_name(uses, inputs)
    special = _by_command(action, act, low)
    if special is not None:
        return special
    if any(low.get(key, "").lower() == "true" for key in ("dry-run", "dry_run", "dryrun")):
        return replace(act, kind=None)
    if act.kind == "deploy" and low.get("wait-for-service-stability", "").lower() == "true":
        return replace(act, waits=True)
    return act


def starts_a_chore(repository: Repository, text: str) -> bool:
    """Say whether a command starts a workflow of this repository whose name tells of no release.

    It is read for itself; nothing is handed to anyone.
    """
    called = invocation(text)
    if called[:3] != ("gh", "workflow", "run") or has(called, "-R") or has(called, "--repo"):
        return False
    name = next((word for word in called[3:] if word.endswith((".yml", ".yaml"))), "").rpartition("/")[2]
    here = bool(name) and repository.exists(f".github/workflows/{name}")
    return here and kind_of_name(name.rpartition(".")[0]) not in {*ACTING, "publish"}


def _by_command(action: str, act: Act, low: Mapping[str, str]) -> Act | None:
    if action == "pulumi/actions":
        return replace(act, kind="provision") if low.get("command") in {"up", "update"} else NOTHING_DONE
    if action == "goreleaser/goreleaser-action":
        arguments = low.get("args", "")
        rehearsal = (
            "--snapshot" in arguments or "build" in arguments.split()[:1] or "check" in arguments.split()[:1]
        )
        return Act(kind="build", makes="package") if rehearsal else act
    if action == "cloudflare/wrangler-action" and low.get("command"):
        return act_of_command(f"wrangler {low['command']}")
    if action == "w9jds/firebase-action":
        return act_of_command(f"firebase {low.get('args', 'deploy')}")
    if action == "akhileshns/heroku-deploy" and low.get("justlogin", "").lower() == "true":
        return replace(act, kind=None, makes="")
    if action in {"pyo3/maturin-action", "python-semantic-release/python-semantic-release"}:
        publishes = low.get("command") in {"publish", "upload"}
        return Act(kind="publish", makes="pypi") if publishes else act
    if action == "changesets/action":
        return Act(kind="publish", makes="npm") if low.get("publish") else NOTHING_DONE
    return _by_scan(action, act, low)


def _by_scan(action: str, act: Act, low: Mapping[str, str]) -> Act | None:
    if action in {"aquasecurity/trivy-action"}:
        return _trivy(act, low)
    if action in {"anchore/scan-action"} and "path" in low:
        return replace(act, check=_named("grype dir:."))
    if action == "snyk/actions/docker" or (
        action.startswith("snyk/actions") and low.get("command") == "container test"
    ):
        return replace(act, check=_named("snyk container test"))
    if action.startswith("release-plz/") or action == "marcoieni/release-plz-action":
        return NOTHING_DONE if low.get("command") == "release-pr" else act
    return None


def _trivy(act: Act, inputs: Mapping[str, str]) -> Act:
    scan = inputs.get("scan-type", "image")
    if "sbom" in inputs.get("format", "") or inputs.get("format", "") in {
        "cyclonedx",
        "spdx-json",
        "spdx",
        "github",
    }:
        return Act(kind="package", makes="sbom")
    known = {
        "fs": "trivy fs",
        "repo": "trivy fs",
        "rootfs": "trivy fs",
        "config": "trivy config",
        "image": "trivy image",
    }
    return replace(act, check=_named(known.get(scan, "trivy image")))


def _named(command: str) -> Check | None:
    return check_strength(command)[1]


def deploys_by_name(uses: str) -> bool:
    """Whether a CI action that no table knows says by its name that it deploys; what prepares or tells of it does not."""
    action = action_of(f"uses {uses}") or ""
    return _DEPLOYS.search(action) is not None and _BESIDE_DEPLOYS.search(action) is None


_DEPLOYS = regex(r"^[\w.-]+/(?:\S*[/-])?deploy(?:-(?!ment)[\w-]+)?(?:-action)?$")
_BESIDE_DEPLOYS = regex(
    r"(?:^|[/-])(?:on|after|before|pre|post)-?deploy|delete|clean|undeploy|destroy|status|comment|notif|set-?up|url|keys?\b|token|wait|label|check|lint|valid|test|slack|review-?app-re|summary|record|gate|plan|diff|size"
)
