"""CloudFormation and SAM templates: services and functions, and how they are rolled out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from platform_operations.model.delivery import HealthCheck
from platform_operations.model.words import StrategyKind
from platform_operations.platforms.platform import Sighting, Workload
from platform_operations.platforms.reading import files, health, images

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

_MARKS = (
    "AWSTemplateFormatVersion",
    "AWS::Serverless",
    "Type: AWS::",
    "Type: 'AWS::",
    'Type: "AWS::',
    '"Type": "AWS::',
)
_PLATFORM_CHECK = HealthCheck(kind="platform", because="Lambda asks nothing before it serves a new version")


def is_template(content: str) -> bool:
    """Whether a YAML or JSON text speaks of CloudFormation resources."""
    return any(mark in content for mark in _MARKS)


def template(path: str, content: str, environment: str | None) -> Iterator[Sighting]:
    """Yield the template and each ECS service and Lambda function in it."""
    last = files.line_count(content)
    found = files.documents(content)
    root = found[0] if isinstance(found, tuple) and found and found[0].kind == "map" else None
    if root is None:
        reason = "the file is no mapping" if isinstance(found, tuple) else found.reason
        if "AWSTemplateFormatVersion" in content:
            yield Sighting(path, 1, last, "CloudFormation template", environment, unreadable=reason)
        return
    resources = root.entries("Resources")
    types = {value.string("Type") or "" for _, value in resources}
    if not any(one.startswith("AWS::") for one in types):
        return
    serverless = any(one.startswith("AWS::Serverless::") for one in types)
    yield Sighting(
        path, root.first, last, "SAM template" if serverless else "CloudFormation template", environment
    )
    rolls = any(one.startswith("AWS::CodeDeploy::") for one in types)
    probe = _target_group(path, resources)
    for key, value in resources:
        if value.string("Type") == "AWS::ECS::Service":
            yield _service(path, key, value, environment, probe, resources)
        elif value.string("Type") in {"AWS::Serverless::Function", "AWS::Lambda::Function"}:
            yield _function(path, key, value, environment, root, rolls)


Probe = tuple[HealthCheck, tuple[str, int, int]]


def _target_group(path: str, resources: "tuple[tuple[Node, Node], ...]") -> Probe | None:
    """Return the health check of the first target group that writes one."""
    for _, value in resources:
        properties = value.get("Properties")
        if value.string("Type") != "AWS::ElasticLoadBalancingV2::TargetGroup" or properties is None:
            continue
        key = properties.key("HealthCheckPath")
        if key is not None:
            period = health.span(properties.string("HealthCheckIntervalSeconds")) or 30
            failures = health.whole(properties.string("UnhealthyThresholdCount"), 2)
            target = properties.string("HealthCheckPath")
            return health.check("http", target, period, failures), (path, key.first, key.first)
    return None


def _service(
    path: str,
    key: "Node",
    value: "Node",
    environment: str | None,
    probe: Probe | None,
    resources: "tuple[tuple[Node, Node], ...]",
) -> Sighting:
    properties = value.get("Properties")
    name = (properties.string("ServiceName") if properties is not None else None) or key.text
    breaker = value.get("Properties", "DeploymentConfiguration", "DeploymentCircuitBreaker")
    alarms = value.get("Properties", "DeploymentConfiguration", "Alarms")
    controller = (value.string("Properties", "DeploymentController", "Type") or "ECS").upper()
    word = (value.string("Properties", "DeploymentConfiguration", "Strategy") or "ROLLING").upper()
    lines = _lines(path, properties, "DeploymentConfiguration")
    rollback = None
    if alarms is not None and (alarms.string("Rollback") or "").lower() == "true":
        rollback = "ecs-alarm-rollback"
    elif breaker is not None and (breaker.string("Rollback") or "").lower() == "true":
        rollback = "ecs-circuit-breaker"
    balanced = value.get("Properties", "LoadBalancers") is not None
    container = probe or _container(path, resources)
    desired = value.string("Properties", "DesiredCount")
    code_deploy = controller == "CODE_DEPLOY"
    mechanism = (
        "codedeploy-blue-green" if code_deploy else STRATEGIES.get(word, ("rolling", "ecs-rolling"))[1]
    )
    return Sighting(
        path,
        key.first,
        max(key.first, value.last),
        f"ECS service {name}",
        environment,
        Workload(
            name=name,
            component_type="http-service" if balanced else None,
            health=container[0] if container else None,
            probe_lines=container[1] if container else None,
            replicas=int(desired) if desired and desired.isdigit() and len(desired) < 6 else None,
            strategy="blue-green" if code_deploy else STRATEGIES.get(word, ("rolling", ""))[0],
            mechanism=mechanism,
            strategy_lines=lines,
            rollback=rollback,
        ),
    )


def _lines(path: str, node: "Node | None", name: str) -> tuple[str, int, int] | None:
    """Return where the entry `name` of a mapping stands, from its key to its last line."""
    key, value = (node.key(name), node.get(name)) if node is not None else (None, None)
    return (path, key.first, max(key.first, value.last)) if key is not None and value is not None else None


STRATEGIES: dict[str, tuple[StrategyKind, str]] = {
    "ROLLING": ("rolling", "ecs-rolling"),
    "BLUE_GREEN": ("blue-green", "ecs-blue-green"),
    "CANARY": ("canary", "ecs-canary"),
    "LINEAR": ("canary", "ecs-canary"),
}
"""ECS's own deployment strategies and the words we use for them."""


def _container(path: str, resources: "tuple[tuple[Node, Node], ...]") -> Probe | None:
    for _, value in resources:
        if value.string("Type") != "AWS::ECS::TaskDefinition":
            continue
        for container in value.children("Properties", "ContainerDefinitions"):
            check, key = container.get("HealthCheck"), container.key("HealthCheck")
            if check is not None and key is not None:
                command = health.command(check.get("Command"))
                period = health.span(check.string("Interval")) or 30
                failures = health.whole(check.string("Retries"), 3)
                return health.check("exec", command, period, failures), (path, key.first, check.last)
    return None


def _function(
    path: str, key: "Node", value: "Node", environment: str | None, root: "Node", rolls: bool
) -> Sighting:
    own = value.get("Properties", "DeploymentPreference")
    shared = root.get("Globals", "Function", "DeploymentPreference")
    preference = own if own is not None else shared
    lines = _lines(path, value.get("Properties"), "DeploymentPreference")
    kind = next((one.string("Type") or "" for one in (own, shared) if one and one.string("Type")), "")
    shifted = kind.startswith(("Canary", "Linear")) or (rolls and preference is None)
    alarmed = any(one is not None and bool(one.children("Alarms")) for one in (own, shared))
    by_parameter = bool(kind) and root.get("Parameters", kind) is not None
    image = value.string("Properties", "ImageUri")
    aliased = value.get("Properties", "AutoPublishAlias") or root.get(
        "Globals", "Function", "AutoPublishAlias"
    )
    mechanism = "lambda-alias-canary" if shifted else ("lambda-alias-switch" if aliased else "lambda-publish")
    return Sighting(
        path,
        key.first,
        max(key.first, value.last),
        f"Lambda function {key.text}",
        environment,
        Workload(
            name=value.string("Properties", "FunctionName") or key.text,
            component_type="serverless",
            image=image,
            reference=images.reference_kind(image) if image else None,
            health=_PLATFORM_CHECK,
            strategy="canary" if shifted else "atomic-promote",
            mechanism=mechanism,
            strategy_lines=lines or _lines(path, root.get("Globals", "Function"), "DeploymentPreference"),
            rollback="codedeploy-auto-rollback" if alarmed and (shifted or by_parameter) else None,
        ),
    )
