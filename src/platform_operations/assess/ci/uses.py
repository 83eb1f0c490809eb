"""CI actions by name and inputs."""

from collections.abc import Mapping
from dataclasses import replace

from platform_operations.assess.ci.acts import NOTHING_DONE, Act
from platform_operations.assess.ci.kinds import act_of_command, act_of_name
from platform_operations.platforms.checks import Check, action_of, check_strength


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
