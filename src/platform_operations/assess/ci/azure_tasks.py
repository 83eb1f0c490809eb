"""Azure Pipelines tasks as the commands that they stand for."""

from collections.abc import Mapping


def command_of(task: str, inputs: Mapping[str, str]) -> str | None:
    """Return the command line that a task amounts to, None for set-up and for tasks that are not known."""
    name = task.partition("@")[0].lower().rpartition(".")[2]
    low = {key.lower(): value for key, value in inputs.items()}
    command = low.get("command", "").strip()
    arguments = low.get("arguments", "").strip()
    if name == "docker":
        return _docker(command or "buildAndPush", low)
    if name == "dotnetcorecli":
        return _dotnet(command or "build", low, arguments)
    if name in {"maven", "gradle"}:
        tool = "mvn" if name == "maven" else "gradle"
        return f"{tool} {low.get('goals') or low.get('tasks') or 'build'}"
    if name in {"npm", "yarn"}:
        custom = low.get("customcommand", "")
        return (
            f"npm {custom or command}".strip() if custom or command in {"publish", "ci", "install"} else None
        )
    if name == "nugetcommand":
        return "dotnet nuget push" if command == "push" else None
    if name in {"kubernetes", "kubernetesmanifest"}:
        return _kubernetes(command or low.get("action", ""), low)
    if name == "helmdeploy":
        release = low.get("releasename", "release")
        extra = f"{_flag('-f', low.get('valuefile'))}{_flag('-n', low.get('namespace'))} {arguments}".rstrip()
        return f"helm {command or 'ls'} {release} {low.get('chartpath') or low.get('chartname') or ''}{extra}".rstrip()
    if name.startswith(("terraform", "opentofu")):
        return f"terraform {command}" if command else None
    if name in {"azurecli", "bash", "powershell", "cmdline", "shellscript", "azurepowershell"}:
        return low.get("filepath") or low.get("scriptpath")
    return _WHOLE.get(name)


def _flag(flag: str, value: str | None) -> str:
    return f" {flag} {value}" if value else ""


def _docker(command: str, inputs: Mapping[str, str]) -> str | None:
    repository = inputs.get("repository") or inputs.get("imagename") or "image"
    registry = inputs.get("containerregistry", "")
    prefix = f"{registry}/" if registry and "." in registry and "$" not in registry else ""
    tags = [
        tag.strip()
        for tag in inputs.get("tags", "$(Build.BuildId)").replace(",", "\n").split("\n")
        if tag.strip()
    ]
    names = " ".join(f"-t {prefix}{repository}:{tag}" for tag in tags)
    if command == "push":
        return " ".join(["docker push", *(f"{prefix}{repository}:{tag}" for tag in tags)])
    if command in {"build", "buildAndPush"}:
        return f"docker build {names}{' --push' if command == 'buildAndPush' else ''}"
    return None


def _dotnet(command: str, inputs: Mapping[str, str], arguments: str) -> str | None:
    projects = inputs.get("projects", "").split("\n")[0]
    if command == "push":
        return "dotnet nuget push"
    if command == "custom":
        return f"dotnet {inputs.get('custom', '')} {arguments}".strip()
    return (
        f"dotnet {command} {projects} {arguments}".strip()
        if command in {"build", "test", "publish", "pack"}
        else None
    )


def _kubernetes(command: str, inputs: Mapping[str, str]) -> str | None:
    namespace = _flag("-n", inputs.get("namespace"))
    if command in {"deploy", "apply", "replace"}:
        manifests = inputs.get("manifests") or inputs.get("configuration") or inputs.get("arguments", "")
        containers = " ".join(
            f"image={one.strip()}" for one in inputs.get("containers", "").split("\n") if one.strip()
        )
        strategy = " --canary" if inputs.get("strategy") == "canary" else ""
        return f"kubectl{namespace} apply -f {manifests.split(chr(10))[0]} {containers}{strategy}".rstrip()
    if command == "promote":
        return f"kubectl{namespace} apply -f promoted"
    if command == "reject":
        return f"kubectl{namespace} rollout undo deployment"
    if command == "set":
        return f"kubectl{namespace} set {inputs.get('arguments', '')}"
    return (
        f"kubectl{namespace} {command} {inputs.get('arguments', '')}".strip()
        if command in {"rollout", "delete"}
        else None
    )


_WHOLE: Mapping[str, str] = {
    "azurewebapp": "az webapp deploy", "azurermwebappdeployment": "az webapp deploy", "azurewebappcontainer": "az containerapp update",
    "azurefunctionapp": "az functionapp deployment", "azurefunctionappcontainer": "az containerapp update", "azurecontainerapps": "az containerapp update",
    "azurestaticwebapp": "swa deploy", "azureresourcemanagertemplatedeployment": "az deployment group create",
    "azureresourcegroupdeployment": "az deployment group create", "azurecloudpowershelldeployment": "az webapp deploy",
    "azureappservicemanage": "az webapp deployment slot swap", "azurefilecopy": "az storage blob upload-batch",
    "iiswebappdeploymentonmachinegroup": "az webapp deploy", "servicefabricdeploy": "az webapp deploy", "sqlazuredacpacdeployment": "flyway migrate",
    "vstest": "dotnet test", "visualstudiotestplatform": "dotnet test", "msbuild": "dotnet build", "vsbuild": "dotnet build", "go": "go build",
    "sonarqubeanalyze": "sonar-scanner", "sonarcloudanalyze": "sonar-scanner", "sonarqubepublish": "sonar-scanner", "snyksecurityscan": "snyk test",
    "whitesource": "mend dep", "trivy": "trivy image", "dependency-check-build-task": "dependency-check", "credscan": "detect-secrets scan",
    "gitleaks": "gitleaks detect", "checkov": "checkov", "advancedsecurity-codeql-analyze": "codeql database analyze",
    "advancedsecurity-dependency-scanning": "osv-scanner", "componentgovernancecomponentdetection": "osv-scanner", "microsoftsecuritydevops": "checkov", "twineupload": "twine upload",
    "universalpackages": "dotnet nuget push", "githubrelease": "gh release create", "awsshellscript": "aws", "s3upload": "aws s3 sync",
    "ecspushimage": "docker push", "elasticbeanstalkdeployapplication": "eb deploy", "lambdadeployfunction": "aws lambda update-function-code",
    "cloudformationcreateorupdatestack": "aws cloudformation deploy", "azureloadtest": "k6 run", "pulumi": "pulumi up",
}  # fmt: skip
