"""What shows that a platform is used where none of its own files lies in the repository, and what does not."""

import pytest

from platform_operations.assess.ci import read_delivery
from platform_operations.model.delivery import Component
from platform_operations.platforms import PLATFORMS, by_id
from platform_operations.repository import InMemoryRepository

APP = Component(id="app", types=("http-service",), origin="existing")
HOOK = """
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    argocd.argoproj.io/hook: PreSync
"""
WORKFLOW = ".github/workflows/ship.yml"
STEP = "on: {push: {branches: [main]}}\njobs:\n  ship:\n    runs-on: ubuntu-latest\n    steps:\n    - run: "
OTHERS = 'resource "cloudfoundry_app" "web" {\n  name = "web"\n}\n'


@pytest.mark.parametrize(
    ("id", "path", "text"),
    [
        ("argocd", "deploy/migrate.yaml", HOOK),
        ("argocd", "k8s/argo-cd.yaml.gotmpl", "releases:\n  - name: base\n    chart: argo-cd/argo-cd\n"),
        ("helm", WORKFLOW, STEP + "helm -n shop upgrade web oci://registry.acme.example/web\n"),
        ("helm", WORKFLOW, STEP + "helm --kube-context live -n shop upgrade --install web ./chart\n"),
        ("aws", "infra/main.tf", 'provider "aws" {\n}\nmodule "web" {\n  source = "./web"\n}\n' + OTHERS),
        ("aws", "infra/providers.tf", 'provider "aws" {\n  region = "eu-west-1"\n}\n'),
        ("heroku", WORKFLOW, STEP + "curl --fail https://api.heroku.com/apps/shop/releases -d @slug.json\n"),
    ],
)
def test_a_platform_is_seen_by_what_is_said_to_it(id: str, path: str, text: str) -> None:
    assert [one.path for one in by_id(PLATFORMS)[id].detect(InMemoryRepository({path: text}))] == [path]


@pytest.mark.parametrize(
    ("id", "path", "text"),
    [
        ("argocd", "chart/templates/migrate.yaml", HOOK),
        (
            "argocd",
            "deploy/migrate.yaml",
            HOOK.replace("    argocd.argoproj.io/hook", "    # argocd.argoproj.io/hook"),
        ),
        ("helm", WORKFLOW, STEP + "helm lint ./chart && npm install\n"),
        ("aws", "infra/main.tf", 'provider "aws" {\n}\n' + OTHERS),
        ("heroku", WORKFLOW, STEP + "curl https://status.heroku.com/api/v4/current-status\n"),
    ],
)
def test_a_platform_is_not_seen_where_only_its_name_stands(id: str, path: str, text: str) -> None:
    assert by_id(PLATFORMS)[id].detect(InMemoryRepository({path: text})) == ()


def test_a_release_asked_of_an_api_is_a_deployment_and_a_question_to_it_is_none() -> None:
    kinds: list[list[str]] = []
    for address in ("apps/shop/releases -d @slug.json", "apps/shop/config-vars"):
        text = STEP + f"curl --fail https://api.heroku.com/{address}\n"
        delivery = read_delivery(InMemoryRepository({WORKFLOW: text}), (APP,))
        kinds.append([stage.kind for stage in delivery.stages])
    assert kinds == [["deploy"], []]
