"""AWS resources in Terraform: ECS services, Lambda aliases, CodeDeploy groups."""

from collections.abc import Iterator

from platform_operations.platforms.platform import Sighting, Workload
from platform_operations.platforms.reading import environments, files, hcl, health
from platform_operations.platforms.reading.cloudformation import STRATEGIES
from platform_operations.repository import Repository


def resources(repository: Repository) -> Iterator[Sighting]:
    """Yield the first line of each folder that names the AWS provider, and every ECS service in it."""
    folders: set[str] = set()
    for path, content in hcl.terraform(repository):
        line = hcl.provider_line(content, "aws")
        if line is None:
            continue
        environment = environments.of_folder(files.folder_of(path))
        if files.folder_of(path) not in folders:
            folders.add(files.folder_of(path))
            yield Sighting(path, line, line, "Terraform resources of AWS", environment)
        if "aws_ecs_service" not in content:
            continue
        blocks = tuple(hcl.blocks(content, path))
        for block in blocks:
            if (
                block.type == "resource"
                and block.labels[:1] == ("aws_ecs_service",)
                and len(block.labels) == 2
            ):
                yield _service(block, blocks, environment)


def _service(block: hcl.Block, blocks: tuple[hcl.Block, ...], environment: str | None) -> Sighting:
    breaker = block.inner("deployment_circuit_breaker")
    alarms = block.inner("alarms")
    configuration = block.inner("deployment_configuration")
    word = (configuration.attribute("strategy") or "ROLLING").upper() if configuration else "ROLLING"
    controller = block.inner("deployment_controller")
    code_deploy = controller is not None and controller.attribute("type") == "CODE_DEPLOY"
    kind, mechanism = STRATEGIES.get(word, ("rolling", "ecs-rolling"))
    if code_deploy:
        kind, mechanism = "blue-green", "codedeploy-blue-green"
    shown = configuration or controller or breaker
    group = next((one for one in blocks if one.labels[:1] == ("aws_lb_target_group",)), None)
    check = group.inner("health_check") if group is not None else None
    target = check.attribute("path") if check is not None else None
    desired = block.attribute("desired_count")
    return Sighting(
        block.path,
        block.first,
        block.last,
        f"ECS service {block.labels[1]}",
        environment,
        Workload(
            name=block.attribute("name") or block.labels[1],
            component_type="http-service" if block.inner("load_balancer") is not None else None,
            health=health.check("http", target, _period(check), _failures(check))
            if check and target
            else None,
            probe_lines=(check.path, check.first, check.last) if check and target else None,
            replicas=int(desired) if desired and desired.isdigit() and len(desired) < 6 else None,
            strategy=kind,
            mechanism=mechanism,
            strategy_lines=(block.path, shown.first, shown.last) if shown else None,
            rollback=_rollback(breaker, alarms),
        ),
    )


def _period(check: hcl.Block) -> int:
    return health.span(check.attribute("interval")) or 30


def _failures(check: hcl.Block) -> int:
    return health.whole(check.attribute("unhealthy_threshold"), 3)


def _rollback(breaker: hcl.Block | None, alarms: hcl.Block | None) -> str | None:
    if alarms is not None and alarms.attribute("rollback") == "true":
        return "ecs-alarm-rollback"
    return "ecs-circuit-breaker" if breaker is not None and breaker.attribute("rollback") == "true" else None
