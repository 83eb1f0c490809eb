"""Facts beside the entries: what was inferred, what is flaky, what only the hosting knows."""

from platform_operations.assess.ci.drafts import Draft, Graph
from platform_operations.assess.ci.gates import weakness_of
from platform_operations.assess.ci.names import kebab
from platform_operations.assess.ci.targets import Named
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Environment
from platform_operations.patterns import regex


def facts_of(graph: Graph, targets: dict[str, Named], environments: tuple[Environment, ...]) -> list[Fact]:
    """Return what else the stages show: inferred environments and kinds, flaky tests, approvals nobody can see."""
    found: list[Fact] = []
    for draft in graph.drafts:
        named = targets.get(draft.id)
        lines = (draft.atoms[0].places[0].uri,)
        if named is not None and named.reason is not None and draft.kind != "verify":
            found.append(
                Fact(subject=f"pipelineStages/{draft.id}", aspect="environment", outcome="present", strength="present", value=kebab(named.name), reason=named.reason, evidence=lines)
            )  # fmt: skip
        guessed = next((atom.named for atom in draft.atoms if atom.named), None)
        if guessed is not None and all(atom.named is not None for atom in draft.atoms):
            found.append(
                Fact(subject=f"pipelineStages/{draft.id}", aspect="kind", outcome="present", strength="documented", value=draft.kind, reason=f"taken from {guessed}", evidence=lines)
            )  # fmt: skip
        if any(atom.act.makes == "handover" for atom in draft.atoms):
            found.append(
                Fact(
                    subject=f"pipelineStages/{draft.id}",
                    aspect="downstream",
                    outcome="unknown",
                    reason="it starts a pipeline whose result it does not wait for, or that is kept elsewhere",
                    evidence=lines,
                )
            )
        flaky = _flaky(draft)
        if flaky is not None:
            found.append(
                Fact(
                    subject=f"pipelineStages/{draft.id}",
                    aspect="flaky",
                    outcome="present",
                    strength="present",
                    reason=flaky[0],
                    evidence=(flaky[1],),
                )
            )
    production = {one.id for one in environments if one.kind == "production"}
    asked = {draft.job.key for draft in graph.drafts if draft.kind == "approve"}
    for draft in graph.drafts:
        target = draft.job.target
        if target is None or draft.job.key in asked or kebab(target.name) not in production:
            continue
        found.append(
            Fact(
                subject=f"environments/{kebab(target.name)}",
                aspect="approval",
                outcome="unknown",
                reason="environment protection is set in the hosting, not in the repository",
                evidence=(target.place.uri,),
            )
        )
    unique: dict[tuple[str, str], Fact] = {}
    for fact in found:
        unique.setdefault((fact.subject, fact.aspect), fact)
    return list(unique.values())


_RETRIES = regex(
    r"--reruns|--flaky|retryTimes|--retries[ =][1-9]|--retry-failed|--rerun-fails|--flaky_test_attempts|-Dsurefire\.rerun|--force-flaky|pytest-rerunfailures"
)


def _flaky(draft: Draft) -> tuple[str, str] | None:
    if draft.kind not in {"test", "verify"}:
        return None
    for atom in draft.atoms:
        if atom.step.uses and atom.step.uses.startswith(("nick-fields/retry", "nick-invision/retry")):
            return "its tests are retried", atom.places[0].uri
        if _RETRIES.search(" ".join(atom.runs)):
            return "its tests are rerun", atom.places[-1].uri
        if atom.act.check is not None and weakness_of(draft, atom) in {
            "the step may fail",
            "the job may fail",
        }:
            return "its tests may fail", (atom.step.tolerant or draft.job.tolerant or atom.places[0]).uri
    return ("the job is retried", draft.job.retries.uri) if draft.job.retries is not None else None
