"""What makes an attestation: a signature and a bill of materials are claimed only where a command makes them."""

import re

from platform_operations.model.delivery import Artifact, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import Attestation
from platform_operations.patterns import regex
from platform_operations.validate.compose.handover import beside, image_of, known
from platform_operations.validate.edits import amend, assume
from platform_operations.validate.rule import Review

_LISTED = "syft scan {subject} --output spdx-json={artifact}.spdx.json"
_ATTACHED = "cosign attest --yes --type spdxjson --predicate {artifact}.spdx.json {subject}"
_SIGNED = "cosign sign --yes {subject}"
_WHEELS = "python -m pypi_attestations sign dist/*"
TOOLS = (_LISTED, _ATTACHED, _SIGNED, _WHEELS)
"""The commands that attest, for whoever asks which programs a plan may use."""

_SCRIPT = regex(r"(?:\./)?[\w.-]+(?:/[\w.-]+)+|make [\w-]+|\S+\.sh")

_TRUSTED = ("uses pypa/gh-action-pypi-publish",)
"""Publishing steps that attest by themselves (PyPI docs, "Producing attestations")."""


def attested(review: Review, plan: Plan, artifact: Artifact) -> Plan | None:
    """Return the plan in which commands attest an artifact, and the artifact says so; None where nothing makes it."""
    maker = next((stage for stage in plan.pipeline_stages if artifact.id in stage.produces), None)
    if artifact.kind == "container-image":
        return _image(review, plan, artifact, maker) if maker is not None else None
    for stage in plan.pipeline_stages:
        if stage.kind == "publish" and any(item.artifact == artifact.id for item in stage.consumes):
            made, runs = _publishing(stage)
            if made:
                plan = amend(plan, "pipelineStages", stage.id, runs=runs)
                return _said(plan, artifact, made, stage.id)
    if maker is None:
        return None
    line = _LISTED.format(subject="dir:.", artifact=artifact.id)
    plan = amend(plan, "pipelineStages", maker.id, runs=(*maker.runs, line))
    return amend(plan, "artifacts", artifact.id, attestations=("sbom",))


def _image(review: Review, plan: Plan, artifact: Artifact, maker: Stage) -> Plan:
    plan, place = beside(plan, maker.id, artifact.id)
    plan = known(review, plan, place, artifact.id)
    entry = plan.by_name[f"pipelineStages/{place}"]
    runs = entry.runs if isinstance(entry, Stage) else ()
    subject = f"{image_of(review, plan, artifact.id)}@$IMAGE_DIGEST"
    lines = [line.format(subject=subject, artifact=artifact.id) for line in (_LISTED, _ATTACHED, _SIGNED)]
    plan = amend(plan, "pipelineStages", place, runs=(*runs, *lines))
    return _said(plan, artifact, ("sbom", "signature"), place)


def _publishing(stage: Stage) -> tuple[tuple[Attestation, ...], tuple[str, ...]]:
    """Return what publishing attests with the commands that make it so."""
    if any(line.startswith(_TRUSTED) for line in stage.runs):
        return ("provenance",), stage.runs
    if any(_SCRIPT.fullmatch(line) for line in stage.runs):
        return (), stage.runs  # what follows a script is what the script runs, and not ours to change here
    if any(re.search(r"\bnpm publish\b", line) for line in stage.runs):
        runs = tuple(
            line
            if "--provenance" in line
            else re.sub(r"\bnpm publish\b", "npm publish --provenance", line, count=1)
            for line in stage.runs
        )
        return ("provenance",), runs
    if any(re.search(r"\btwine upload\b", line) for line in stage.runs):
        runs = tuple(
            re.sub(r"\btwine upload(?! --attest)", "twine upload --attestations", line) for line in stage.runs
        )
        at = next(index for index, line in enumerate(runs) if "twine upload" in line)
        return ("provenance",), (*runs[:at], _WHEELS, *runs[at:]) if _WHEELS not in runs else runs
    return (), stage.runs


def _said(plan: Plan, artifact: Artifact, made: tuple[Attestation, ...], stage: str) -> Plan:
    plan = amend(plan, "artifacts", artifact.id, attestations=made)
    return assume(
        plan,
        "signing-identity",
        "The jobs that sign or attest may ask the CI system for an identity token (in GitHub Actions `permissions: id-token: write`).",
        fills=(f"pipelineStages/{stage}/runs",),
        confirm_with=plan.owners[0].id if plan.owners else None,
    )
