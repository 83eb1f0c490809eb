"""NAIS: its Application is a workload of Kubernetes with probes; Applications of others are none."""

from platform_operations.platforms import sightings
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import InMemoryRepository

APPLICATION = """\
apiVersion: nais.io/v1alpha1
kind: Application
metadata:
  name: orders
  labels:
    team: shop
spec:
  image: "{{image}}"
  port: 3000
  liveness:
    path: /alive
  readiness:
    path: /ready
    periodSeconds: 5
  replicas:
    min: 2
    max: 4
"""


def workloads(files: dict[str, str]) -> list[Sighting]:
    found = sightings(InMemoryRepository(files)).get("kubernetes", ())
    return [row for row in found if row.workload is not None]


def test_an_application_of_nais_is_a_service_with_the_probe_that_says_most_about_readiness() -> None:
    (row,) = workloads({".nais/prod.yaml": APPLICATION})
    load = row.workload
    assert load is not None
    assert load.health is not None
    assert (load.name, load.component_type, load.owner, load.replicas) == (
        "orders",
        "http-service",
        "shop",
        2,
    )
    assert (load.health.kind, load.health.target, load.health.because) == ("http", "/ready", None)
    assert load.health.timeout == "15s"
    assert load.probe_lines == (".nais/prod.yaml", 12, 14)
    assert (load.strategy, load.image) == ("rolling", None)
    assert row.unreadable == "the image on line 8 is a template"


def test_with_liveness_alone_a_new_pod_counts_as_ready_before_it_is_asked() -> None:
    text = APPLICATION.replace("  readiness:\n    path: /ready\n    periodSeconds: 5\n", "")
    (row,) = workloads({"nais.yaml": text})
    assert row.workload is not None
    assert row.workload.health is not None
    assert row.workload.health.target == "/alive"
    assert "before it is asked" in (row.workload.health.because or "")


def test_a_strategy_an_image_and_a_schedule_are_read_where_they_are_written() -> None:
    written = APPLICATION.replace('"{{image}}"', "registry.example/orders:1.2.3").replace(
        "  replicas:", "  strategy:\n    type: Recreate\n  replicas:"
    )
    (row,) = workloads({"nais.yaml": written})
    assert row.workload is not None
    assert (row.workload.strategy, row.workload.image) == ("recreate", "registry.example/orders:1.2.3")
    job = (
        "apiVersion: nais.io/v1\nkind: Naisjob\nmetadata:\n  name: nightly\nspec:\n  schedule: '0 1 * * *'\n"
    )
    (row,) = workloads({"job.yaml": job})
    assert row.workload is not None
    assert row.workload.component_type == "scheduled-job"


def test_applications_of_others_and_paths_that_are_not_told_are_no_workloads_or_probes() -> None:
    assert not workloads({"app.yaml": APPLICATION.replace("nais.io/v1alpha1", "argoproj.io/v1alpha1")})
    assert not workloads({"app.yaml": APPLICATION.replace("nais.io/v1alpha1", "app.k8s.io/v1beta1")})
    assert not workloads({"app.yaml": APPLICATION.replace("kind: Application", "kind: Topic")})
    bare = APPLICATION.replace("    path: /alive\n", "    initialDelay: 3\n").replace(
        "    path: /ready\n", "    initialDelay: 3\n"
    )
    (row,) = workloads({"app.yaml": bare})
    assert row.workload is not None
    assert row.workload.health is None
