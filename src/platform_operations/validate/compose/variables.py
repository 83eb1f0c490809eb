"""The variables of proposed commands: which they are, and what each holds."""

from collections.abc import Iterator

from platform_operations.model.delivery import Component, Stage
from platform_operations.model.plan import Plan
from platform_operations.patterns import regex
from platform_operations.validate.compose.parameters import meaning_of, variable
from platform_operations.validate.compose.parties import carriers

_VARIABLE = regex(r"\$\{?([A-Z][A-Z0-9_]{1,60})\b")
_ASSIGNED = regex(r"^(?:export )?([A-Z][A-Z0-9_]*)=")
_OF_CI = ("CI_", "GITHUB_", "CIRCLE_", "BUILDKITE_", "BITBUCKET_", "GIT_", "BUILD_")
_KNOWN = {
    "REGISTRY": "the registry of the images, with its path",
    "VERSION": "the version that is released",
    "COMMIT": "the commit that the pipeline runs for",
    "DEPLOYMENT_URL": "what `vercel deploy` printed",
    "DEPLOY_ID": "the id that `netlify deploy --json` printed",
    "CHART": "the chart's address in its registry",
    "GROUP": "the Maven group of the package",
}
_SECRET = regex(r"TOKEN|KEY|SECRET|PASSWORD")


def named_variables(plan: Plan, stage: Stage) -> Iterator[tuple[str, str]]:
    """Yield (name, what it holds) of every variable that a stage's commands take and do not set themselves."""
    component = next((row for row in plan.components if row.id == stage.component), None)
    own = dict(_parameters(plan, component, stage.environment or "production")) if component else {}
    entry = plan.by_name.get(f"pipelineStages/{stage.id}")
    runs = entry.runs if isinstance(entry, Stage) else stage.runs
    assigned = {found[1] for line in runs if (found := _ASSIGNED.match(line))}
    for name in sorted({found for line in runs for found in _VARIABLE.findall(line)} - assigned):
        if name.startswith(_OF_CI) or name == "IMAGE_DIGEST":
            continue
        yield name, own.get(name) or _KNOWN.get(name) or _by_ending(name)


def _parameters(plan: Plan, component: Component, environment: str) -> Iterator[tuple[str, str]]:
    for place in carriers(component):
        for name in place.parameters:
            called = variable(plan, component, place, name, environment)
            yield called, meaning_of(component, environment, place, name)


def _by_ending(name: str) -> str:
    if name.endswith("_IMAGE"):
        return "the name under which that image is pushed, without its tag"
    if name.endswith("_URL"):
        return f"where {name.removesuffix('_URL').replace('_', ' ').lower()} is reached"
    if _SECRET.search(name):
        return "a secret of the same name"
    return f"the {name.replace('_', ' ').lower()}"
