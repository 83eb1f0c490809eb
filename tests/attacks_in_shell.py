"""Ways to write a check in shell so that it runs, and its failure is not heard."""

from collections.abc import Iterator

from tests.attacks_on_delivery import UNVERIFIED, lone_scans
from tests.mutating import Mutant, operator

from platform_operations.model.assessment import Assessment
from platform_operations.model.plan import Plan

FORMS = (
    "{line} | tee check.log",
    "{line} | cat",
    "if {line}; then echo good; fi",
    "if ! {line}; then echo bad; fi",
    "if false; then {line}; fi",
    "! {line}",
    "check() {{ {line}; }}",
    "trap 'exit 0' EXIT; {line}",
    '[ -z "$CHECK" ] || {line}',
    "until {line}; do break; done",
    "for try in 1 2 3; do {line} && break; sleep 5; done",
    "{line} || export FAILED=1",
    "{line} || FAILED=1",
    "{line} || test 1",
    "{line} || exit $((0))",
    "OUTCOME=$({line}) || OUTCOME=bad",
    "export OUTCOME=$({line})",
    'echo "$({line})"',
    "case x in y) {line};; esac",
    "false && {line}",
    "exit 0; {line}",
    "echo | xargs -r {line}",
    "set +e\n{line}\nexit 0",
    "cat <<END\n{line}\nEND",
)


@operator("gate-not-run", "gate-not-blocking")
def scan_not_heard(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate, stage, own in lone_scans(plan):
        if own[0].startswith("uses "):
            continue
        for form in FORMS:
            line = form.format(line=own[0])
            runs = tuple(
                line if run == own[0] else run for run in stage.runs if run == own[0] or run not in own
            )
            mute = stage.model_copy(update={"runs": runs, "text": None})
            yield Mutant(plan.with_entry("pipelineStages", mute), f"{gate.id} {form}")


@operator("deploy-without-validation", "rollback-trigger-unmeasurable", *UNVERIFIED)
def verification_not_heard(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for form in FORMS:
        stages = tuple(
            stage.model_copy(
                update={"runs": tuple(form.format(line=run) for run in stage.runs), "text": None}
            )
            if stage.kind == "verify"
            else stage
            for stage in plan.pipeline_stages
        )
        if stages != plan.pipeline_stages:
            yield Mutant(plan.with_section("pipelineStages", stages), form)


@operator("deploy-without-validation", "rollback-trigger-unmeasurable", *UNVERIFIED)
def error_pages_accepted(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    """Take --fail from every curl, so that a 500 is a success, where nothing else looks."""
    stages = tuple(
        stage.model_copy(
            update={
                "runs": tuple(run.replace("--fail ", "") for run in stage.runs if run.startswith("curl ")),
                "text": None,
            }
        )
        if stage.kind == "verify"
        else stage
        for stage in plan.pipeline_stages
    )
    asks = [stage for stage in stages if stage.kind == "verify" and stage.runs]
    if asks and all(run.startswith("curl ") for stage in asks for run in stage.runs):
        yield Mutant(plan.with_section("pipelineStages", stages), "curl")
