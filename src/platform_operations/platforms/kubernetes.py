"""Kubernetes: manifests and Kustomize overlays, with Argo Rollouts and Flagger where they are used."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from platform_operations.platforms.platform import (
    FILLED_IN_FIRST,
    Action,
    Mechanism,
    Parameter,
    Platform,
    Rollback,
    Sighting,
    Workload,
)
from platform_operations.platforms.reading import (
    dependencies,
    environments,
    files,
    kustomize,
    manifests,
    pipelines,
    probes,
    routes,
)
from platform_operations.platforms.reading.manifests import Manifest
from platform_operations.repository import Repository

_TEMPLATES = (".tmpl", ".j2", ".tpl", ".template", ".yaml.erb", ".yml.erb", ".yaml.in")
_APPLIED = r"(?m)^(?:apiVersion|kind):"


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every workload once for each environment, every overlay, and other manifests by file."""
    parsed: dict[str, tuple[Manifest, ...]] = {}
    found: list[Sighting] = []
    for path in _candidates(repository):
        content = files.text(repository, path)
        if content is None or not _looks_like(content):
            continue
        read = files.documents(content)
        if isinstance(read, tuple):
            parsed[path] = tuple(manifests.manifests(path, read))
        else:
            found.extend(_broken(path, content, read.reason))
    tree = kustomize.Tree({}, parsed)
    for path in files.named(repository, kustomize.NAMES):
        one = kustomize.read(repository, path)
        if isinstance(one, str):
            found.append(Sighting(path, 1, 1, "Kustomize", environments.of_path(path), unreadable=one))
        else:
            tree.by_folder[one.folder] = one
    for root in tree.roots():
        found.extend(_overlay(tree, root))
    found.extend(_plain(parsed, tree.covered()))
    found.extend(_filled_in(repository))
    if not found:
        found.extend(_driven(repository))
    found.extend(dependencies.declared(repository, "@pulumi/kubernetes", "pulumi-kubernetes", "cdk8s"))
    return _once(found)


def _filled_in(repository: Repository) -> Iterator[Sighting]:
    """Yield what manifests declare that something fills in first: of which kind, but not what runs by which image."""
    for path in files.ending(repository, *_TEMPLATES):
        content = files.text(repository, path)
        if content is None or not _looks_like(content) or "/templates/" in path:
            continue
        for line, kind, _ in manifests.by_lines(content):
            yield Sighting(path, line, line, kind, environments.of_path(path), unreadable=FILLED_IN_FIRST)


_KUBECTL = r"\bkubectl\s+(?:-\S+\s+|\S+=\S+\s+)*(?:apply|set\s+image|rollout|patch|replace)\b|uses:\s*[\"']?azure/k8s-deploy@"


def _driven(repository: Repository) -> Iterator[Sighting]:
    """Yield the first line of each pipeline that changes what a cluster runs, but not a cluster of its own."""
    for row in pipelines.runs(repository, _KUBECTL, "kubectl", "k8s-deploy"):
        content = files.text(repository, row.path) or ""
        if not re.search(pipelines.OWN_CLUSTER, content):
            yield row


def _once(found: list[Sighting]) -> tuple[Sighting, ...]:
    """Keep each workload once for each environment: where most is declared, else where it stands first."""
    best: dict[tuple[str, str | None], int] = {}
    for index, one in enumerate(found):
        if one.workload is not None:
            key = (one.workload.name, one.environment)
            if key not in best or _told(one.workload) > _told(found[best[key]].workload):
                best[key] = index
    kept = set(best.values())
    return tuple(one if index in kept else replace(one, workload=None) for index, one in enumerate(found))


def _told(workload: Workload | None) -> int:
    return sum(getattr(workload, name) is not None for name in Workload.__slots__) if workload else 0


def _candidates(repository: Repository) -> Iterator[str]:
    charts = {files.folder_of(path) for path in repository.paths if files.name_of(path) == "Chart.yaml"}
    templates = tuple(f"{chart}/templates/" if chart else "templates/" for chart in charts)
    for path in files.ending(repository, ".yaml", ".yml"):
        if files.name_of(path) in kustomize.NAMES or path.startswith((".github/", ".gitlab/", ".circleci/")):
            continue
        if templates and path.startswith(templates):
            continue
        yield path


def _looks_like(content: str) -> bool:
    return "apiVersion:" in content and "kind:" in content and re.search(_APPLIED, content) is not None


def _broken(path: str, content: str, reason: str) -> Iterator[Sighting]:
    """Read by lines what a template or a broken file says."""
    environment = environments.of_path(path)
    for line, kind, name in manifests.by_lines(content):
        probe = probes.by_lines(content, path)
        workload = Workload(
            name=name or files.name_of(path).partition(".")[0],
            health=probe.health if probe else None,
            probe_lines=probe.lines if probe else None,
        )
        yield Sighting(path, line, line, kind, environment, workload, f"read by lines: {reason}")


def _overlay(tree: kustomize.Tree, root: kustomize.Kustomization) -> Iterator[Sighting]:
    items = kustomize.built(tree, root.folder)
    environment = _environment(tree, root)
    remote = f"builds on {root.remote[0]!r}, which is outside the repository" if root.remote else None
    yield Sighting(root.path, 1, root.lines, "Kustomize", environment, unreadable=remote)
    beside = routes.neighbours(item.manifest for item in items)
    for item in items:
        if item.workload is not None:
            workload = routes.situated(item.workload, item.manifest, beside)
            yield _sighting(item.manifest, manifests.completed(workload, item.manifest.kind), environment)


def _environment(tree: kustomize.Tree, root: kustomize.Kustomization) -> str | None:
    """Name the environment of an overlay: by folder, else by namespace, else as one of several on a base."""
    named = environments.of_folder(root.folder)
    if named is not None:
        return named
    namespace = root.node.string("namespace")
    if namespace and environments.word_in(namespace):
        return environments.word_in(namespace)
    siblings = [one for one in tree.roots() if set(one.folders) & set(root.folders)]
    return files.name_of(root.folder) if len(siblings) > 1 else None


def _plain(parsed: dict[str, tuple[Manifest, ...]], covered: frozenset[str]) -> Iterator[Sighting]:
    """Yield what stands outside every kustomization, grouped by the environment its path names."""
    groups: dict[str | None, list[Manifest]] = defaultdict(list)
    for path, found in parsed.items():
        if path not in covered:
            groups[environments.of_path(path)].extend(found)
    for environment, found in groups.items():
        beside = routes.neighbours(found)
        borrowed = {_reference(one) for one in found if _reference(one) is not None}
        described: set[str] = set()
        for manifest in found:
            if manifests.is_workload(manifest) and manifest.name not in borrowed:
                described.add(manifest.path)
                workload = manifests.declared(_with_pod(manifest, found))
                workload = routes.situated(workload, manifest, beside)
                yield _sighting(manifest, manifests.completed(workload, manifest.kind), environment)
        for manifest in found:
            if manifest.path not in described and _is_applied(manifest):
                described.add(manifest.path)
                last = max(manifest.node.last, manifest.node.first)
                yield Sighting(manifest.path, manifest.node.first, last, manifest.kind, environment)


_ELSEWHERE = frozenset(
    {"Application", "ApplicationSet", "AppProject", "Workflow", "WorkflowTemplate", "CronWorkflow"}
)


def _is_applied(manifest: Manifest) -> bool:
    group = manifest.group
    return manifest.kind not in _ELSEWHERE and not group.endswith(
        ("kustomize.config.k8s.io", "toolkit.fluxcd.io")
    )


def _reference(manifest: Manifest) -> str | None:
    """Return the Deployment that a Rollout takes its pods from."""
    if manifest.kind != "Rollout" or manifest.group != "argoproj.io":
        return None
    return manifest.node.string("spec", "workloadRef", "name")


def _with_pod(manifest: Manifest, found: list[Manifest]) -> Manifest:
    return manifest if _reference(manifest) is None else _borrowing(manifest, found)


def _borrowing(manifest: Manifest, found: list[Manifest]) -> Manifest:
    """Give a Rollout the pod template of the Deployment it refers to; its own lines stay."""
    from platform_operations.repository.yaml_lines import Node

    wanted = _reference(manifest)
    lender = next((one for one in found if one.kind == "Deployment" and one.name == wanted), None)
    spec = manifest.node.get("spec")
    lent = lender.node.get("spec") if lender is not None else None
    template = lent.get("template") if lent is not None else None
    key = lent.key("template") if lent is not None else None
    if spec is None or template is None or key is None:
        return manifest
    merged = Node("map", spec.first, spec.last, pairs=[*spec.pairs, (key, template)])
    pairs = [(name, merged if name.text == "spec" else value) for name, value in manifest.node.pairs]
    node = Node("map", manifest.node.first, manifest.node.last, pairs=pairs)
    return Manifest(manifest.path, node, manifest.group, manifest.kind, manifest.name, manifest.namespace)


def _sighting(manifest: Manifest, workload: Workload, environment: str | None) -> Sighting:
    last = max(manifest.node.first, manifest.node.last)
    unreadable = manifests.templated(manifest)
    return Sighting(
        manifest.path, manifest.node.first, last, manifest.kind, environment, workload, unreadable
    )


PLATFORM = Platform(
    id="kubernetes",
    title="Kubernetes",
    detect=detect,
    capabilities=frozenset({"health-gated-rollout", "image-digest", "revision-history", "zero-downtime"}),
    health=("http", "tcp", "exec"),
    actions={
        "kubernetes-rollout": Action(
            kinds=("deploy", "promote"),
            commands=(
                "kubectl apply {manifests}",
                "kubectl{namespace} rollout status {workload} --timeout=10m",
            ),
            waits=True,
            seen=("kubectl rollout status",),
            uses=("Azure/k8s-deploy", "azure/k8s-deploy"),
        ),
        "kubernetes-apply": Action(
            kinds=("deploy", "provision", "promote"),
            commands=("kubectl apply {manifests}",),
            waits=False,
            seen=(
                "kubectl apply",
                "kubectl create -f",
                "kubectl replace",
                "kubectl patch",
                "kustomize build",
                "oc apply",
                "oc process",
                "oc rollout latest",
                "kubectl rollout restart",
                "kapp deploy",
                "skaffold deploy",
                "skaffold run",
            ),
            uses=("stefanprodan/kube-tools",),
        ),
        "kubernetes-set-image": Action(
            kinds=("deploy", "promote"),
            commands=("kubectl{namespace} set image {workload} {container}={artifact}",),
            waits=False,
            seen=("kubectl set image", "oc set image"),
        ),
        "argo-rollouts-set-image": Action(
            kinds=("deploy", "promote"),
            commands=(
                "kubectl argo rollouts set image {rollout} {container}={artifact}{namespace}",
                "kubectl argo rollouts status {rollout} --timeout 30m{namespace}",
            ),
            waits=True,
            seen=("kubectl argo rollouts status", "kubectl-argo-rollouts status"),
        ),
        "argo-rollouts-request": Action(
            kinds=("deploy", "promote"),
            commands=("kubectl argo rollouts set image {rollout} {container}={artifact}{namespace}",),
            waits=False,
            seen=("kubectl argo rollouts set image", "kubectl-argo-rollouts set image"),
        ),
        "argo-rollouts-promote": Action(
            kinds=("promote",),
            commands=("kubectl argo rollouts promote {rollout}{namespace}",),
            waits=False,
            seen=("kubectl argo rollouts promote", "kubectl-argo-rollouts promote"),
        ),
        "kubernetes-job": Action(
            kinds=("migrate",),
            commands=(
                "kubectl{namespace} apply -f {job}",
                "kubectl{namespace} wait --for=condition=complete --timeout=10m -f {job}",
            ),
            waits=True,
            seen=("kubectl wait --for=condition=complete",),
        ),
    },
    mechanisms={
        "kubernetes-rolling-update": Mechanism("rolling", ("health-gated-rollout",)),
        "kubernetes-recreate": Mechanism("recreate"),
        "argo-rollouts": Mechanism("canary", ("traffic-split", "metric-analysis")),
        "argo-rollouts-blue-green": Mechanism("blue-green", ("preview-service",)),
        "flagger": Mechanism("canary", ("traffic-split", "metric-analysis")),
        "flagger-blue-green": Mechanism("blue-green", ("metric-analysis",)),
        "kubernetes-service-switch": Mechanism("blue-green", ("preview-service",)),
    },
    rollbacks={
        "kubernetes-rollout-undo": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                "kubectl{namespace} rollout undo {workload}",
                "kubectl{namespace} rollout status {workload} --timeout=10m",
            ),
            signals=("progress-deadline",),
            seen=("kubectl rollout undo", "oc rollout undo", "oc rollback"),
        ),
        "kubernetes-apply-previous": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                "kubectl apply {manifests}",
                "kubectl{namespace} rollout status {workload} --timeout=10m",
            ),
            signals=("progress-deadline",),
        ),
        "argo-rollouts-abort": Rollback(
            "previous-artifact",
            automatic=True,
            commands=(
                "kubectl argo rollouts abort {rollout}{namespace}",
                "kubectl argo rollouts undo {rollout}{namespace}",
            ),
            signals=("analysis-failed", "progress-deadline"),
        ),
        "argo-rollouts-manual-abort": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                "kubectl argo rollouts abort {rollout}{namespace}",
                "kubectl argo rollouts undo {rollout}{namespace}",
            ),
            signals=("progress-deadline",),
            seen=("kubectl argo rollouts abort", "kubectl argo rollouts undo"),
        ),
        "flagger-rollback": Rollback(
            "previous-artifact",
            automatic=True,
            commands=("kubectl{namespace} set image {workload} {container}=$PREVIOUS_IMAGE",),
            signals=("analysis-failed", "progress-deadline"),
        ),
    },
    parameters={
        "workload": Parameter("the workload of {component} in {environment}, as KIND/NAME"),
        "rollout": Parameter(
            "the Rollout of {component} in {environment}", ("kubectl argo rollouts set image",), operand=0
        ),
        "container": Parameter(
            "the container of {component} in that workload",
            ("kubectl set image", "kubectl argo rollouts set image"),
            pattern=r"\s([a-z0-9][a-z0-9-]*)=\S*[/:$@]",
        ),
        "manifests": Parameter("the manifests of {environment}, as -k FOLDER or -f FILE"),
        "namespace": Parameter(
            "the namespace of {component} in {environment}",
            ("kubectl",),
            ("--namespace", "-n"),
            form=" -n {}",
            otherwise="",
        ),
        "job": Parameter("the manifest of the migration's Job"),
    },
    signals=frozenset({"analysis-failed", "progress-deadline", "readiness-failed"}),
    environments="One Kustomize overlay per environment, each with its own namespace or cluster.",
)
