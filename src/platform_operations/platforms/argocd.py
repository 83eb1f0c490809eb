"""Argo CD: Applications that a controller keeps equal to a Git revision."""

from collections.abc import Iterator

from platform_operations.platforms.platform import Action, Mechanism, Parameter, Platform, Rollback, Sighting
from platform_operations.platforms.reading import environments, files, manifests
from platform_operations.repository import Repository

_KIND = r"^kind:\s*App"
_INSTALLED = r"^\s*(?:-\s+)?(?:(?:chart|name):\s*[\"']?(?:argo/)?|chart:\s*[\"']?[\w.-]+/)(?:argo-?cd|argocd-apps)[\"']?\s*$"
_OBEYED = r"^\s*[\"']?argocd\.argoproj\.io/(?:hook|sync-wave|sync-options|compare-options)\b"
_KINDS = frozenset({"Application", "ApplicationSet", "AppProject"})


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every Application, ApplicationSet and project by place, and charts that install Argo CD."""
    found: list[Sighting] = []
    for path in files.ending(repository, ".yaml", ".yml"):
        content = files.text(repository, path)
        if content is None or "argoproj.io/" not in content:
            continue
        if "kind: App" not in content:
            found.extend(_obeyed(path, content))
            continue
        read = files.documents(content)
        if isinstance(read, tuple):
            found.extend(_applications(path, tuple(manifests.manifests(path, read))))
        else:
            line = files.line_with(content, _KIND) or 1
            found.append(
                Sighting(
                    path,
                    line,
                    line,
                    "Application",
                    environments.of_path(path),
                    unreadable=f"read by lines: {read.reason}",
                )
            )
    for path in files.matching(repository, _installs):
        content = files.text(repository, path)
        line = files.line_with(content, _INSTALLED) if content is not None else None
        if line is not None:
            found.append(Sighting(path, line, line, "installs Argo CD", environments.of_path(path)))
    return tuple(found)


def _installs(name: str) -> bool:
    return (
        name in {"Chart.yaml", "helmfile.yaml"}
        or (name.endswith(".gotmpl") and "argo" in name)
        or name.startswith("helmfile.")
    )


def _obeyed(path: str, content: str) -> Iterator[Sighting]:
    """Yield the annotation by which a manifest tells Argo CD how to apply it; a chart carries it for whoever installs it."""
    line = files.line_with(content, _OBEYED) if "/templates/" not in f"/{path}" else None
    if line is not None:
        yield Sighting(path, line, line, "annotated for Argo CD", environments.of_path(path))


def _applications(path: str, found: tuple[manifests.Manifest, ...]) -> Iterator[Sighting]:
    for manifest in found:
        if manifest.group != "argoproj.io" or manifest.kind not in _KINDS:
            continue
        spec = manifest.node.get("spec", "template", "spec") or manifest.node.get("spec")
        namespace = spec.string("destination", "namespace") if spec is not None else None
        automated = spec is not None and spec.get("syncPolicy", "automated") is not None
        revision = spec.string("source", "targetRevision") if spec is not None else None
        environment = environments.of_path(path) or environments.word_in(manifest.name)
        environment = environment or (environments.word_in(namespace) if namespace else None)
        detail = f"{manifest.kind} {manifest.name}, {'automated' if automated else 'manual'} sync"
        detail += f" of {revision}" if revision else ""
        last = max(manifest.node.first, manifest.node.last)
        yield Sighting(path, manifest.node.first, last, detail, environment)


PLATFORM = Platform(
    id="argocd",
    title="Argo CD",
    detect=detect,
    implies=("kubernetes",),
    capabilities=frozenset({"drift-detection", "git-revision", "health-assessment", "sync-waves"}),
    health=("platform",),
    actions={
        "argocd-sync": Action(
            kinds=("deploy", "promote"),
            commands=(
                "argocd app sync {application} --timeout 600",
                "argocd app wait {application} --sync --health --timeout 600",
            ),
            waits=True,
            seen=("argocd app wait",),
        ),
        "argocd-request-sync": Action(
            kinds=("deploy", "promote"),
            commands=("argocd app sync {application} --timeout 600",),
            waits=False,
            seen=("argocd app sync",),
        ),
        "gitops-commit": Action(
            kinds=("deploy", "promote"),
            commands=(
                "git commit --all --message 'Deploy {name} to {environment}'",
                "git push origin HEAD",
            ),
            waits=False,
            seen=("kustomize edit set image", "argocd app set", "yq -i .image.tag", "yq e -i .image.tag"),
        ),
    },
    mechanisms={"argocd-sync": Mechanism("rolling", ("health-assessment",))},
    rollbacks={
        "gitops-revert": Rollback(
            "previous-config",
            automatic=False,
            commands=('git revert --no-edit "$RELEASE_COMMIT"', "git push origin HEAD"),
            signals=("degraded", "sync-failed"),
            seen=("git revert",),
        ),
        "argocd-rollback": Rollback(
            "previous-config",
            automatic=False,
            commands=(
                "argocd app rollback {application}",
                "argocd app wait {application} --health --timeout 600",
            ),
            signals=("degraded", "sync-failed"),
            seen=("argocd app rollback",),
        ),
    },
    parameters={
        "application": Parameter(
            "the Argo CD Application of {component} in {environment}",
            ("argocd app sync", "argocd app wait", "argocd app set"),
            operand=0,
        ),
    },
    signals=frozenset({"degraded", "out-of-sync", "sync-failed"}),
    environments="One Application per environment, or an ApplicationSet over folders or clusters.",
)
