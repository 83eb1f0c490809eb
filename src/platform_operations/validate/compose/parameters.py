"""The platforms' command templates, filled with what the repository shows; what nobody knows becomes a named variable."""

import re
from collections.abc import Iterator

from platform_operations.model.delivery import Component, Stage
from platform_operations.model.plan import Plan
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Parameter, Platform
from platform_operations.platforms.reading.commands import begins, invocation, value_of
from platform_operations.validate.compose.systems import system_of
from platform_operations.validate.rule import Review

PLACEHOLDER = regex(r"\{([a-z]+)\}")
_DEPTH = 4
"""How often what stands in for a placeholder may hold another one."""


def commands_of(
    review: Review,
    plan: Plan,
    component: Component,
    environment: str | None,
    place: Platform,
    lines: tuple[str, ...],
    **given: str,
) -> tuple[str, ...]:
    """Return command templates of a platform with everything filled in, for a component in an environment.

    What is known comes from `given`, the assessment's facts, and today's commands of the component; else the
    parameter's own stand-in, else a variable.
    """
    known = {
        "name": _installed_as(review, component) if place.id == "registries" else component.id,
        "environment": environment or "production",
        "path": component.path,
        "folder": "./" if component.path in {".", ""} else f"./{component.path}/",
        "dist": "dist" if component.path in {".", ""} else f"{component.path}/dist",
        **given,
    }
    known.setdefault("commit", system_of(plan, None).commit)
    return tuple(_filled(review, plan, component, environment, place, line, known) for line in lines)


def _installed_as(review: Review, component: Component) -> str:
    return review.value(f"components/{component.id}", "package-name") or component.id


def _filled(
    review: Review,
    plan: Plan,
    component: Component,
    environment: str | None,
    place: Platform,
    line: str,
    known: dict[str, str],
) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in known:
            return known[name]
        parameter = place.parameters.get(name)
        seen = value_for(review, plan, component, environment, place, name) if parameter else None
        if seen is not None:
            return seen
        if parameter is not None and parameter.otherwise is not None:
            return parameter.otherwise
        return f"${variable(plan, component, place, name, environment)}"

    for _ in range(_DEPTH):
        line, before = PLACEHOLDER.sub(value, line), line
        if line == before:
            break
    return line


def value_for(
    review: Review, plan: Plan, component: Component, environment: str | None, place: Platform, name: str
) -> str | None:
    """Return what a parameter is for a component in an environment, as today's commands or files have it; else None."""
    parameter = place.parameters[name]
    today = review.as_is or plan
    here = next(_in_commands(today, component.id, environment, parameter), None)
    if here is not None:
        return here
    subject = f"components/{component.id}"
    said = review.value(subject, f"{place.id}.{name}@{environment}")
    if said is None and name == "manifests":
        folder = review.value(f"environments/{environment}", "manifests")
        said = f"-k {folder}" if folder else None
    if said is None and name == "namespace":
        space = review.value(f"environments/{environment}", "namespace")
        said = (f" --namespace {space}" if place.id == "helm" else f" -n {space}") if space else None
    if said is None:
        said = review.value(subject, f"{place.id}.{name}")
    return said if said is not None else _elsewhere(today, component.id, environment, parameter)


def _in_commands(plan: Plan, component: str, environment: str | None, parameter: Parameter) -> Iterator[str]:
    """Yield what carries a parameter in the commands of a component in an environment."""
    for stage in plan.pipeline_stages:
        if stage.component == component and stage.environment == environment:
            yield from _carried(stage, parameter)


def _carried(stage: Stage, parameter: Parameter) -> Iterator[str]:
    for line in stage.runs:
        called = invocation(line)
        after = next((known for known in parameter.after if begins(called, known)), None)
        if after is None:
            continue
        found = value_of(called, *parameter.flags) if parameter.flags else None
        if found is None and parameter.operand is not None:
            found = _operand(called[len(after.split()) :], parameter.operand)
        if found is None and parameter.pattern is not None:
            matched = re.search(parameter.pattern, line)
            found = matched[1] if matched else None
        if found and not found.startswith("-"):
            yield parameter.form.format(found.removeprefix("file://"))


def _operand(rest: tuple[str, ...], number: int) -> str | None:
    """Return the operand of that number, reading each option without `=` as one that takes the next word."""
    found: list[str] = []
    skip = False
    for word in rest:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = "=" not in word and word not in _ALONE
        else:
            found.append(word)
    return found[number] if number < len(found) else None


_ALONE = frozenset(
    {"--install", "-i", "--wait", "--atomic", "--debug", "--create-namespace", "--force", "--json"}
)


def _elsewhere(plan: Plan, component: str, environment: str | None, parameter: Parameter) -> str | None:
    """Return what carries a parameter in another environment, with this one's name in the place of that one's."""
    for stage in plan.pipeline_stages:
        if stage.component != component or stage.environment in {environment, None}:
            continue
        for value in _carried(stage, parameter):
            if stage.environment and stage.environment in value and environment:
                return value.replace(stage.environment, environment)
            if "$" in value:
                return value
    return None


def variable(
    plan: Plan, component: Component, place: Platform, name: str, environment: str | None = None
) -> str:
    """Return the variable that stands for what nobody knows; each of several components, and each environment, has its own."""
    whose = f"{component.id}-" if len(plan.components) > 1 else ""
    if name in place.parameters and "{environment}" in place.parameters[name].says:
        whose += f"{environment or 'production'}-"
    words = name if place.id in {"aws", "kubernetes", "docker", "registries"} else f"{place.id}-{name}"
    return re.sub(r"[^A-Z0-9]+", "_", f"{whose}{words}".upper())


def meaning_of(component: Component, environment: str, place: Platform, name: str) -> str:
    """Return what a parameter is, in words."""
    says = place.parameters[name].says
    return says.replace("{component}", component.id).replace("{environment}", environment)
