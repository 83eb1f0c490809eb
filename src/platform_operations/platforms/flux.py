"""Flux: Kustomizations and HelmReleases that controllers keep equal to Git."""

from collections.abc import Iterator

from platform_operations.platforms.platform import Action, Mechanism, Parameter, Platform, Rollback, Sighting
from platform_operations.platforms.reading import environments, files, manifests
from platform_operations.repository import Repository


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every object of Flux's toolkit, with the environment its path names."""
    found: list[Sighting] = []
    for path in files.ending(repository, ".yaml", ".yml"):
        content = files.text(repository, path)
        if content is None or "toolkit.fluxcd.io/" not in content:
            continue
        read = files.documents(content)
        if isinstance(read, tuple):
            found.extend(_objects(path, tuple(manifests.manifests(path, read))))
    return tuple(found)


def _objects(path: str, found: tuple[manifests.Manifest, ...]) -> Iterator[Sighting]:
    for manifest in found:
        if not manifest.group.endswith(".toolkit.fluxcd.io"):
            continue
        failing = manifest.node.string("spec", "upgrade", "remediation", "strategy")
        detail = f"{manifest.kind} {manifest.name}" + (f", on failure {failing}" if failing else "")
        last = max(manifest.node.first, manifest.node.last)
        yield Sighting(path, manifest.node.first, last, detail, environments.of_path(path))


PLATFORM = Platform(
    id="flux",
    title="Flux",
    detect=detect,
    implies=("kubernetes",),
    capabilities=frozenset({"drift-detection", "git-revision", "health-assessment"}),
    health=("platform",),
    actions={
        "flux-reconcile": Action(
            kinds=("deploy", "promote"),
            commands=("flux reconcile kustomization {kustomization} --with-source --timeout=10m",),
            waits=True,
            seen=("flux reconcile",),
        ),
        "flux-push-artifact": Action(
            kinds=("deploy", "promote"),
            commands=(
                "flux push artifact oci://{repository} --path={path} --source={url} --revision={reference}",
            ),
            waits=False,
            seen=("flux push artifact", "flux tag artifact"),
        ),
    },
    mechanisms={"flux-reconcile": Mechanism("rolling", ("health-assessment",))},
    rollbacks={
        "flux-git-revert": Rollback(
            "previous-config",
            automatic=False,
            commands=('git revert --no-edit "$RELEASE_COMMIT"', "git push origin HEAD"),
            signals=("health-check-failed", "reconciliation-failed"),
        ),
        "flux-helm-remediation": Rollback(
            "previous-artifact", automatic=True, signals=("health-check-failed", "reconciliation-failed")
        ),
    },
    parameters={
        "kustomization": Parameter(
            "the Flux Kustomization that applies {component} in {environment}",
            ("flux reconcile kustomization",),
            operand=0,
        ),
        "repository": Parameter("the OCI repository that Flux reads"),
    },
    signals=frozenset({"health-check-failed", "reconciliation-failed"}),
    environments="One folder per cluster or environment, each with its own Kustomization and its own path.",
)
