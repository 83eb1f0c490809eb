"""AWS: ECS, Lambda, CodeDeploy and static sites, through CloudFormation, SAM, CDK, Terraform or the CLI."""

from collections.abc import Iterator

from platform_operations.platforms.platform import Action, Mechanism, Platform, Rollback, Sighting
from platform_operations.platforms.reading import (
    aws_terraform,
    cloudformation,
    dependencies,
    environments,
    files,
    pipelines,
    tables,
)
from platform_operations.repository import Repository

_CLI = (
    r"\baws\s+(?:ecs|ecr|lambda|s3|s3api|cloudformation|deploy|cloudfront|elasticbeanstalk|apprunner|eks|amplify|ssm)\s"
    r"|\bsam\s+(?:build|deploy|package)\b|\b(?:npx\s+)?cdk\s+(?:deploy|synth|diff)\b|\bcopilot\s+(?:svc|deploy|pipeline)\b"
    r"|\beb\s+deploy\b|uses:\s*[\"']?aws-actions/|\bcircleci/aws-|\.dkr\.ecr\."
)
_NAMED = {
    "cdk.json": "CDK application",
    "samconfig.toml": "SAM configuration",
    "samconfig.yaml": "SAM configuration",
    "appspec.yml": "CodeDeploy specification",
    "appspec.yaml": "CodeDeploy specification",
    "appspec.json": "CodeDeploy specification",
    "buildspec.yml": "CodeBuild specification",
    "buildspec.yaml": "CodeBuild specification",
    "Dockerrun.aws.json": "Elastic Beanstalk bundle",
    "apprunner.yaml": "App Runner configuration",
    "amplify.yml": "Amplify build",
}
_LIBRARIES = ("aws-cdk-lib", "@aws-cdk/core", "@pulumi/aws", "@pulumi/awsx", "pulumi-aws", "pulumi_aws")
_CONTAINERS = r'^\s*"?containerDefinitions"?\s*:'


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return templates with their services and functions, configurations, Terraform and pipelines."""
    found: list[Sighting] = []
    for path in files.ending(repository, ".yaml", ".yml", ".json", ".template"):
        found.extend(_file(repository, path))
    for path in files.named(repository, frozenset({"samconfig.toml"})):
        found.extend(_samconfig(repository, path))
    found.extend(dependencies.declared(repository, *_LIBRARIES))
    found.extend(aws_terraform.resources(repository))
    found.extend(pipelines.runs(repository, "", _CLI))
    return tuple(found)


def _file(repository: Repository, path: str) -> Iterator[Sighting]:
    if path.startswith((".github/", ".gitlab/", ".circleci/")) or files.name_of(path) in {
        "package.json",
        "package-lock.json",
    }:
        return
    content = files.text(repository, path)
    if content is None:
        return
    environment = environments.of_path(path)
    name = files.name_of(path)
    if name in _NAMED:
        yield Sighting(path, 1, files.line_count(content), _NAMED[name], environment)
    elif cloudformation.is_template(content):
        yield from cloudformation.template(path, content, environment)
    elif path.endswith(".json") and "containerDefinitions" in content:
        line = files.line_with(content, _CONTAINERS)
        if line is not None:
            yield Sighting(path, line, line, "ECS task definition", environment)
    elif "copilot/" in path and name == "manifest.yml":
        yield Sighting(path, 1, files.line_count(content), "Copilot manifest", environment)


def _samconfig(repository: Repository, path: str) -> Iterator[Sighting]:
    content = files.text(repository, path)
    document = tables.toml(content) if content is not None else None
    if content is None or document is None:
        return
    yield Sighting(path, 1, files.line_count(content), "SAM configuration")
    for name, value in document.items():
        line = tables.heading_line(content, name)
        if name not in {"version", "default"} and isinstance(value, dict) and line is not None:
            yield Sighting(path, line, line, f"SAM environment {name}", name)


PLATFORM = Platform(
    id="aws",
    title="AWS",
    detect=detect,
    capabilities=frozenset(
        {
            "alarm-rollback",
            "health-gated-rollout",
            "image-digest",
            "test-listener",
            "traffic-split",
            "zero-downtime",
        }
    ),
    health=("http", "exec", "tcp", "platform"),
    actions={
        "ecs-update-service": Action(
            kinds=("deploy", "promote"),
            commands=(
                "aws ecs update-service --cluster {environment} --service {name}"
                " --task-definition {artifact}",
                "aws ecs wait services-stable --cluster {environment} --services {name}",
            ),
            waits=True,
            seen=("aws ecs wait services-stable", "ecs-deploy", "ecs deploy"),
        ),
        "ecs-request-update": Action(
            kinds=("deploy", "promote"),
            commands=(
                "aws ecs update-service --cluster {environment} --service {name}"
                " --task-definition {artifact}",
            ),
            waits=False,
            seen=("aws ecs update-service",),
            uses=("aws-actions/amazon-ecs-deploy-task-definition",),
        ),
        "cloudformation-deploy": Action(
            kinds=("deploy", "provision", "promote"),
            commands=(
                "aws cloudformation deploy --stack-name {name}-{environment} --template-file {path}"
                " --parameter-overrides Image={artifact} --no-fail-on-empty-changeset",
            ),
            waits=True,
            seen=("aws cloudformation deploy",),
            uses=("aws-actions/aws-cloudformation-github-deploy",),
        ),
        "cloudformation-update-stack": Action(
            kinds=("deploy", "provision", "promote"),
            commands=(
                "aws cloudformation update-stack --stack-name {name}-{environment} --template-body file://{path}",
            ),
            waits=False,
            seen=("aws cloudformation update-stack", "aws cloudformation create-stack"),
        ),
        "sam-deploy": Action(
            kinds=("deploy", "promote"),
            commands=(
                "sam deploy --config-env {environment} --no-confirm-changeset --no-fail-on-empty-changeset",
            ),
            waits=True,
            seen=("sam deploy", "sam sync"),
        ),
        "cdk-deploy": Action(
            kinds=("deploy", "provision", "promote"),
            commands=("npx cdk deploy --app {path} --require-approval never {name}-{environment}",),
            waits=True,
            seen=("cdk deploy", "yarn cdk deploy", "pnpm cdk deploy"),
        ),
        "codedeploy-deployment": Action(
            kinds=("deploy", "promote"),
            commands=(
                "aws deploy create-deployment --application-name {name} --deployment-group-name {environment}"
                " --revision {artifact}",
                "aws deploy wait deployment-successful --deployment-id {reference}",
            ),
            waits=False,
            seen=("aws deploy create-deployment", "aws deploy push"),
        ),
        "lambda-publish": Action(
            kinds=("deploy", "promote"),
            commands=(
                "aws lambda update-function-code --function-name {name} --image-uri {artifact} --publish",
                "aws lambda wait function-updated-v2 --function-name {name}",
                "aws lambda update-alias --function-name {name} --name {environment}"
                " --function-version {reference}",
            ),
            waits=False,
            seen=("aws lambda update-function-code", "aws lambda update-alias", "aws lambda publish-version"),
            uses=("aws-actions/aws-lambda-deploy", "appleboy/lambda-action"),
        ),
        "s3-sync": Action(
            kinds=("deploy", "publish"),
            commands=(
                "aws s3 sync {path} s3://{name} --delete",
                "aws cloudfront create-invalidation --distribution-id {reference} --paths '/*'",
            ),
            waits=True,
            seen=("aws s3 sync", "aws s3 cp", "aws cloudfront create-invalidation"),
            uses=("jakejarvis/s3-sync-action",),
        ),
        "elastic-beanstalk-deploy": Action(
            kinds=("deploy",),
            commands=("eb deploy {environment} --label {reference} --timeout 20",),
            waits=True,
            seen=("eb deploy",),
            uses=("einaregilsson/beanstalk-deploy",),
        ),
    },
    mechanisms={
        "ecs-rolling": Mechanism("rolling", ("health-gated-rollout",)),
        "ecs-blue-green": Mechanism("blue-green", ("test-listener",)),
        "ecs-canary": Mechanism("canary", ("traffic-split", "alarm-rollback")),
        "codedeploy-blue-green": Mechanism("blue-green", ("test-listener",)),
        "codedeploy-canary": Mechanism("canary", ("traffic-split", "alarm-rollback")),
        "lambda-alias-canary": Mechanism("canary", ("traffic-split", "alarm-rollback")),
        "lambda-alias-switch": Mechanism("atomic-promote", ("published-versions",)),
        "lambda-publish": Mechanism("atomic-promote"),
        "beanstalk-immutable": Mechanism("blue-green", ("elastic-beanstalk",)),
        "s3-sync": Mechanism("recreate"),
    },
    rollbacks={
        "ecs-previous-task-definition": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                "aws ecs update-service --cluster {environment} --service {name}"
                " --task-definition {reference}",
                "aws ecs wait services-stable --cluster {environment} --services {name}",
            ),
            signals=("deployment-alarm", "deployment-failed", "task-failed"),
        ),
        "ecs-circuit-breaker": Rollback(
            "previous-artifact", automatic=True, signals=("health-check-failed", "task-failed")
        ),
        "ecs-alarm-rollback": Rollback("previous-artifact", automatic=True, signals=("deployment-alarm",)),
        "codedeploy-auto-rollback": Rollback(
            "previous-artifact",
            automatic=True,
            signals=("deployment-alarm", "deployment-failed", "hook-failed"),
        ),
        "codedeploy-stop-deployment": Rollback(
            "previous-artifact",
            automatic=False,
            commands=("aws deploy stop-deployment --deployment-id {reference} --auto-rollback-enabled",),
            signals=("deployment-alarm", "deployment-failed", "hook-failed"),
            seen=("aws deploy stop-deployment",),
        ),
        "lambda-previous-version": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                "aws lambda update-alias --function-name {name} --name {environment}"
                " --function-version {reference}",
            ),
            signals=("deployment-alarm",),
        ),
        "cloudformation-rollback": Rollback(
            "previous-config", automatic=True, signals=("deployment-alarm", "stack-update-failed")
        ),
        "s3-previous-bundle": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                "aws s3 sync {artifact} s3://{name} --delete",
                "aws cloudfront create-invalidation --distribution-id {reference} --paths '/*'",
            ),
        ),
    },
    signals=frozenset(
        {
            "deployment-alarm",
            "deployment-failed",
            "health-check-failed",
            "hook-failed",
            "stack-update-failed",
            "task-failed",
        }
    ),
    environments="One account or one stack per environment, told apart by parameters or samconfig tables.",
)
