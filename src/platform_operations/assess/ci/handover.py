"""The GitOps hand-over: a commit that writes the new image into manifests, which a controller then applies."""

from dataclasses import replace

from platform_operations.assess.ci.acts import NOTHING_DONE, Act
from platform_operations.assess.ci.atoms import Atom
from platform_operations.assess.ci.jobs import CiJob
from platform_operations.assess.ci.kinds import kind_of_name
from platform_operations.assess.ci.manifest_edits import SENDS, WRITES_IMAGE
from platform_operations.assess.ci.names import environment_word
from platform_operations.platforms.reading.commands import invocation

GITOPS = "gitops-commit"


def handed_over(found: tuple[Atom, ...], job: CiJob) -> tuple[Atom, ...]:
    """Return a job's atoms with its edits of manifests as what they are.

    An edit that the job commits and sends is the hand-over, and sending it is part of it. An edit that the job applies
    itself prepares that deployment; one that goes nowhere is nothing.
    """
    edits = [index for index, atom in enumerate(found) if _edits(atom, job)]
    if not edits:
        return found
    later = found[edits[0] + 1 :]
    applied = any(atom.kind in {"deploy", "promote"} and not _edits(atom, job) for atom in later)
    sent = any(SENDS.search(_called(atom)) for atom in later)
    if applied or not sent:
        return tuple(
            replace(atom, kind=None, act=NOTHING_DONE) if index in edits else atom
            for index, atom in enumerate(found)
        )
    act = Act(kind="deploy", platform="argocd", action=GITOPS, waits=False)
    return tuple(
        replace(atom, kind="deploy", act=act)
        if index in edits or (index > edits[0] and SENDS.search(_called(atom)))
        else atom
        for index, atom in enumerate(found)
    )


def _edits(atom: Atom, job: CiJob) -> bool:
    """Say whether a command writes an image into a manifest; of tools for any file only where the job is a deployment."""
    called = _called(atom)
    if atom.act.action == GITOPS:
        return called.startswith(("kustomize edit", "yq"))
    spoken = " ".join((job.key, job.name, atom.step.name))
    meant = (
        job.target is not None
        or kind_of_name(spoken) in {"deploy", "promote"}
        or "gitops" in spoken.lower()
        or environment_word(job.key, bare=True) is not None
    )
    return meant and atom.kind is None and WRITES_IMAGE.search(called) is not None


def _called(atom: Atom) -> str:
    return atom.text.removeprefix("uses ") if atom.step.uses else " ".join(invocation(atom.text))
