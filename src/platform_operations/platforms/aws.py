"""AWS: ECS, Lambda, CodeDeploy and static sites, through CloudFormation, SAM, CDK, Terraform or the CLI."""

from collections.abc import Iterator

from platform_operations.platforms.platform import Action, Mechanism, Parameter, Platform, Rollback, Sighting
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
    r"|\beb\s+deploy\b|^\s*(?:elastic_?-?beanstalk|eb)[_-](?:application|environment|app|env)\w*\s*:|uses:\s*[\"']?aws-actions/|\bcircleci/aws-|\.dkr\.ecr\."
)
_CLI_WORDS = ("aws", "sam", "cdk", "copilot", "eb ", "eb\t", "beanstalk", ".dkr.ecr.")
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
    found.extend(pipelines.runs(repository, _CLI, *_CLI_WORDS))
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


_ONE_SHARE = (("5", "100"), ("10", "100"), ("1", "100"))
"""One share of traffic, then all (Amazon ECS, "Canary deployments"). Lambda's ready-made canaries are all of 10%, for at most 30
minutes (AWS SAM, "Deploying serverless applications gradually")."""

_PARAMETERS = {
    "cluster": Parameter("the ECS cluster of {component} in {environment}", ("aws ecs",), ("--cluster",)),
    "service": Parameter(
        "the ECS service of {component} in {environment}", ("aws ecs",), ("--service", "--services")
    ),
    "family": Parameter(
        "the family of {component}'s task definition in {environment}",
        ("aws ecs",),
        ("--family", "--family-prefix"),
    ),
    "container": Parameter("the name of {component}'s container in its task definition"),
    "stack": Parameter(
        "the CloudFormation stack of {component} in {environment}",
        ("aws cloudformation", "sam deploy"),
        ("--stack-name",),
    ),
    "template": Parameter(
        "the template of that stack", ("aws cloudformation",), ("--template-file", "--template-body")
    ),
    "sam": Parameter(
        "the settings of sam deploy",
        otherwise="--stack-name {stack} --resolve-s3 --capabilities CAPABILITY_IAM",
    ),
    "function": Parameter(
        "the Lambda function of {component} in {environment}", ("aws lambda",), ("--function-name",)
    ),
    "code": Parameter("where the function's code stands", otherwise="--zip-file fileb://function.zip"),
    "alias": Parameter(
        "the alias of the function that {environment} calls", ("aws lambda update-alias",), ("--name",)
    ),
    "application": Parameter(
        "the CodeDeploy application of {component}", ("aws deploy",), ("--application-name",)
    ),
    "group": Parameter(
        "its deployment group in {environment}", ("aws deploy",), ("--deployment-group-name",)
    ),
    "revision": Parameter(
        "the revision that CodeDeploy takes: its appspec with what was built",
        ("aws deploy",),
        ("--revision",),
    ),
    "bucket": Parameter(
        "the bucket that serves {component} in {environment}", ("aws s3",), pattern=r"s3://([\w.-]+)"
    ),
    "bundle": Parameter("the folder that the build writes", ("aws s3 sync", "aws s3 cp"), operand=0),
    "distribution": Parameter(
        "the CloudFront distribution in front of {component} in {environment}",
        ("aws cloudfront",),
        ("--distribution-id",),
    ),
    "beanstalk": Parameter(
        "the Elastic Beanstalk environment of {component} in {environment}", ("eb deploy",), operand=0
    ),
}

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
                "aws ecs describe-task-definition --task-definition {family} --query taskDefinition --output json > task.json",
                "jq --arg image {artifact} --arg name {container} '(.containerDefinitions[] | select(.name == $name)).image = $image"
                " | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt,"
                " .registeredBy)' task.json > next.json",
                "TASK_DEFINITION=$(aws ecs register-task-definition --cli-input-json file://next.json"
                " --query taskDefinition.taskDefinitionArn --output text)",
                'aws ecs update-service --cluster {cluster} --service {service} --task-definition "$TASK_DEFINITION"',
                "aws ecs wait services-stable --cluster {cluster} --services {service}",
            ),
            waits=True,
            seen=("aws ecs wait services-stable", "ecs-deploy", "ecs deploy"),
        ),
        "ecs-request-update": Action(
            kinds=("deploy", "promote"),
            commands=(
                'aws ecs update-service --cluster {cluster} --service {service} --task-definition "$TASK_DEFINITION"',
            ),
            waits=False,
            seen=("aws ecs update-service",),
            uses=("aws-actions/amazon-ecs-deploy-task-definition", "atlassian/aws-ecs-deploy"),
        ),
        "cloudformation-deploy": Action(
            kinds=("deploy", "provision", "promote"),
            commands=(
                "aws cloudformation deploy --stack-name {stack} --template-file {template}"
                " --no-fail-on-empty-changeset",
            ),
            waits=True,
            seen=("aws cloudformation deploy",),
            uses=("aws-actions/aws-cloudformation-github-deploy", "atlassian/aws-cloudformation-deploy"),
        ),
        "cloudformation-update-stack": Action(
            kinds=("deploy", "provision", "promote"),
            commands=(
                "aws cloudformation update-stack --stack-name {stack} --template-body file://{template}",
                "aws cloudformation wait stack-update-complete --stack-name {stack}",
            ),
            waits=False,
            seen=("aws cloudformation update-stack", "aws cloudformation create-stack"),
        ),
        "sam-deploy": Action(
            kinds=("deploy", "promote"),
            commands=("sam deploy {sam} --no-confirm-changeset --no-fail-on-empty-changeset",),
            waits=True,
            seen=("sam deploy", "sam sync"),
        ),
        "cdk-deploy": Action(
            kinds=("deploy", "provision", "promote"),
            commands=("npx cdk deploy {stack} --require-approval never",),
            waits=True,
            seen=("cdk deploy", "yarn cdk deploy", "pnpm cdk deploy"),
        ),
        "codedeploy-deployment": Action(
            kinds=("deploy", "promote"),
            commands=(
                "DEPLOYMENT_ID=$(aws deploy create-deployment --application-name {application}"
                " --deployment-group-name {group} --revision {revision} --query deploymentId --output text)",
                'aws deploy wait deployment-successful --deployment-id "$DEPLOYMENT_ID"',
            ),
            waits=False,
            seen=("aws deploy create-deployment", "aws deploy push"),
        ),
        "lambda-publish": Action(
            kinds=("deploy", "promote"),
            commands=(
                "FUNCTION_VERSION=$(aws lambda update-function-code --function-name {function} {code} --publish"
                " --query Version --output text)",
                "aws lambda wait function-updated-v2 --function-name {function}",
                'aws lambda update-alias --function-name {function} --name {alias} --function-version "$FUNCTION_VERSION"',
            ),
            waits=False,
            seen=("aws lambda update-function-code", "aws lambda update-alias", "aws lambda publish-version"),
            uses=("aws-actions/aws-lambda-deploy", "appleboy/lambda-action", "atlassian/aws-lambda-deploy"),
        ),
        "s3-sync": Action(
            kinds=("deploy", "publish"),
            commands=(
                "aws s3 sync {bundle} s3://{bucket} --delete",
                "aws cloudfront create-invalidation --distribution-id {distribution} --paths '/*'",
            ),
            waits=True,
            seen=("aws s3 sync", "aws s3 cp", "aws cloudfront create-invalidation"),
            uses=("jakejarvis/s3-sync-action", "atlassian/aws-s3-deploy"),
        ),
        "elastic-beanstalk-deploy": Action(
            kinds=("deploy",),
            commands=("eb deploy {beanstalk} --label {reference} --timeout 20",),
            waits=True,
            seen=("eb deploy",),
            uses=("einaregilsson/beanstalk-deploy", "atlassian/aws-elasticbeanstalk-deploy"),
        ),
    },
    mechanisms={
        "ecs-rolling": Mechanism("rolling", ("health-gated-rollout",)),
        "ecs-blue-green": Mechanism("blue-green", ("test-listener",)),
        "ecs-canary": Mechanism("canary", ("traffic-split", "alarm-rollback"), _ONE_SHARE),
        "codedeploy-blue-green": Mechanism("blue-green", ("test-listener",)),
        "codedeploy-canary": Mechanism("canary", ("traffic-split", "alarm-rollback"), _ONE_SHARE),
        "lambda-alias-canary": Mechanism(
            "canary", ("traffic-split", "alarm-rollback"), (("10", "100"),), 30 * 60
        ),
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
                "aws ecs list-task-definitions --family-prefix {family} --sort DESC --max-items 5",
                'aws ecs update-service --cluster {cluster} --service {service} --task-definition "$PREVIOUS_TASK_DEFINITION"',
                "aws ecs wait services-stable --cluster {cluster} --services {service}",
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
            commands=(
                "DEPLOYMENT_ID=$(aws deploy list-deployments --application-name {application}"
                " --deployment-group-name {group} --include-only-statuses InProgress"
                " --query 'deployments[0]' --output text)",
                'aws deploy stop-deployment --deployment-id "$DEPLOYMENT_ID" --auto-rollback-enabled',
            ),
            signals=("deployment-alarm", "deployment-failed", "hook-failed"),
            seen=("aws deploy stop-deployment",),
        ),
        "lambda-previous-version": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                "aws lambda list-versions-by-function --function-name {function} --query 'Versions[-5:].Version'",
                'aws lambda update-alias --function-name {function} --name {alias} --function-version "$PREVIOUS_VERSION"',
            ),
            signals=("deployment-alarm",),
        ),
        "sam-previous-commit": Rollback(
            "previous-config",
            automatic=False,
            commands=(
                'git checkout "$PREVIOUS_COMMIT"',
                "sam build",
                "sam deploy {sam} --no-confirm-changeset --no-fail-on-empty-changeset",
            ),
            signals=("deployment-alarm", "deployment-failed", "stack-update-failed"),
        ),
        "cloudformation-rollback": Rollback(
            "previous-config", automatic=True, signals=("deployment-alarm", "stack-update-failed")
        ),
        "s3-previous-bundle": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                'aws s3 sync "$PREVIOUS_BUNDLE" s3://{bucket} --delete',
                "aws cloudfront create-invalidation --distribution-id {distribution} --paths '/*'",
            ),
        ),
    },
    parameters=_PARAMETERS,
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
