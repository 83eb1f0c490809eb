"""What a repository delivers: components, their types, languages, stores, and what is known about them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.assess.components import component_of, read_components
from platform_operations.assess.languages import languages
from platform_operations.assess.places import nearest
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import repo_place
from platform_operations.platforms.platform import Sighting, Workload
from platform_operations.repository import InMemoryRepository, LocalRepository, Unreadable

NOWHERE: Mapping[str, tuple[Sighting, ...]] = {}
PYPROJECT = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "Shop API"\ndependencies = [\n  "fastapi",\n  "psycopg[binary]>=3",\n]\n'
DOCKERFILE = 'FROM python:3.12\nCOPY . .\nEXPOSE 8080\nCMD ["uvicorn", "shop:app"]\n'


def read(
    files: dict[str, str], sightings: Mapping[str, tuple[Sighting, ...]] = NOWHERE
) -> tuple[tuple[Component, ...], dict[tuple[str, str], Fact]]:
    components, facts = read_components(InMemoryRepository(files, name="folder"), sightings)
    for uri in [uri for one in (*components, *facts) for uri in one.evidence]:
        place = repo_place(uri)
        assert place is not None, uri
        assert place.last <= len(files[place.path].splitlines()), uri
    return components, {(fact.subject, fact.aspect): fact for fact in facts}


def types(
    files: dict[str, str], sightings: Mapping[str, tuple[Sighting, ...]] = NOWHERE
) -> dict[str, tuple[str, ...]]:
    return {component.id: component.types for component in read(files, sightings)[0]}


def package(**fields: object) -> str:
    return json.dumps({"name": "shop", **fields}, indent=2)


def test_the_example_is_one_http_service_with_a_store_and_migrations() -> None:
    root = Path(__file__).parent.parent / "examples" / "checkout"
    (component,), facts = read_components(LocalRepository(root), NOWHERE)
    assert (component.id, component.types, component.path) == ("checkout", ("http-service",), ".")
    assert component.languages == ("python",)
    assert [(store.kind, store.migrations) for store in component.data_stores] == [
        ("postgresql", "migrations")
    ]
    known = {(fact.subject, fact.aspect): fact for fact in facts}
    assert known[("languages", "python")].outcome == "present"
    assert known[("practices", "migrations")].value == "migrations"
    assert known[("components/checkout", "health-endpoint")].value == "/healthz"
    assert known[("components/checkout", "feature-flags")].outcome == "absent"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": PYPROJECT, "Dockerfile": DOCKERFILE, "shop.py": ""}, ("http-service",)),
        ({"pyproject.toml": PYPROJECT, "src/shop.py": ""}, ("library",)),
        (
            {"pyproject.toml": PYPROJECT + '[project.scripts]\nshop = "shop:main"\n', "shop.py": ""},
            ("library", "cli"),
        ),
        ({"requirements.txt": "celery\n", "Procfile": "worker: celery -A shop worker\n"}, ("worker",)),
        (
            {
                "requirements.txt": "django\n",
                "manage.py": "#\n",
                "Procfile": "web: gunicorn x\nclock: beat\n",
            },
            ("http-service", "scheduled-job"),
        ),
        (
            {"package.json": package(private=True, dependencies={"express": "4"}), "index.js": "x"},
            ("http-service",),
        ),
        (
            {"package.json": package(private=True, dependencies={"astro": "5"}), "app/page.tsx": "x"},
            ("static-site",),
        ),
        ({"package.json": package(main="index.js"), "index.js": "x"}, ("library",)),
        ({"package.json": package(bin={"shop": "cli.js"}), "cli.js": "x"}, ("cli",)),
        (
            {"package.json": package(private=True, dependencies={"expo": "52"}), "App.tsx": "x"},
            ("mobile-app",),
        ),
        (
            {
                "go.mod": "module example.com/shop\n",
                "main.go": "package main\nfunc main() { http.ListenAndServe() }\n",
            },
            ("http-service",),
        ),
        ({"go.mod": "module example.com/shop\n", "cmd/shop/main.go": "package main\n"}, ("cli",)),
        ({"go.mod": "module example.com/shop/v2\n", "shop.go": "package shop\n"}, ("library",)),
        ({"Cargo.toml": '[package]\nname = "shop"\n', "src/main.rs": "fn main() {}\n"}, ("cli",)),
        ({"Cargo.toml": '[package]\nname = "shop"\n', "src/lib.rs": "\n"}, ("library",)),
        ({"Gemfile": "gem 'rails'\ngem 'sidekiq'\n", "app/x.rb": ""}, ("http-service", "worker")),
        (
            {"pom.xml": "<artifactId>shop</artifactId>\n<artifactId>spring-boot-starter-web</artifactId>\n"},
            ("http-service",),
        ),
        ({"dbt_project.yml": "name: x\n", "requirements.txt": "dbt-core\n"}, ("data-pipeline",)),
        ({"serverless.yml": "service: x\n", "package.json": package(private=True)}, ("serverless",)),
        ({"migrations/0001_init.sql": "create table x();\n"}, ("database",)),
    ],
)
def test_the_type_is_told_by_what_is_there(files: dict[str, str], expected: tuple[str, ...]) -> None:
    ((_, found),) = types(files).items()
    assert found == expected


def test_a_workspace_has_one_component_per_deliverable_member() -> None:
    files = {
        "package.json": json.dumps({"name": "root", "private": True, "workspaces": ["apps/*", "packages/*"]}),
        "apps/api/package.json": package(name="@acme/api", private=True, dependencies={"fastify": "5"}),
        "apps/api/src/index.ts": "x",
        "apps/web/package.json": package(name="@acme/web", private=True, dependencies={"vite": "6"}),
        "packages/ui/package.json": package(name="@acme/ui", main="index.js", publishConfig={}),
        "packages/config/package.json": package(name="@acme/config", private=True),
    }
    components, _ = read(files)
    assert {one.id: (one.types, one.path) for one in components} == {
        "api": (("http-service",), "apps/api"),
        "web": (("static-site",), "apps/web"),
        "ui": (("library",), "packages/ui"),
    }


def test_services_with_their_own_dockerfile_are_components_and_what_a_root_bundles_is_not() -> None:
    files = {
        "services/cart/Dockerfile": DOCKERFILE,
        "services/cart/cart.py": "",
        "services/mail/Dockerfile": DOCKERFILE,
        "services/mail/mail.py": "",
    }
    assert set(types(files)) == {"cart", "mail"}
    bundled = {
        "pyproject.toml": PYPROJECT,
        "Dockerfile": DOCKERFILE,
        "frontend/package.json": package(private=True, dependencies={"vite": "6"}),
    }
    assert set(types(bundled)) == {"shop-api"}


def test_workloads_of_several_kinds_are_types_of_the_one_image() -> None:
    place = ("deploy/all.yaml", 1, 3)
    found = {
        "kubernetes": (
            Sighting(*place, workload=Workload("shop", "http-service", url="https://shop.example")),
            Sighting(*place, workload=Workload("shop-worker", "worker")),
            Sighting(*place, workload=Workload("db", "worker", image="postgres:16")),
        )
    }
    files = {
        "requirements.txt": "flask\n",
        "Dockerfile": DOCKERFILE,
        "deploy/all.yaml": "a\nhost: shop.example\nb\n",
    }
    (component,), facts = read(files, found)
    assert component.types == ("http-service", "worker")
    assert component.platforms == ("kubernetes",)
    exposure = facts[(f"components/{component.id}", "exposure")]
    assert (exposure.value, exposure.evidence) == ("public", ("repo:deploy/all.yaml#L2-L2",))


def test_a_site_builder_with_a_server_is_a_service_unless_a_static_host_serves_it() -> None:
    files = {"package.json": package(private=True, dependencies={"next": "15"}), "vercel.json": "{}\n"}
    assert types(files) == {"shop": ("http-service",)}
    assert types(files, {"vercel": (Sighting("vercel.json", 1, 1),)}) == {"shop": ("static-site",)}


def test_what_a_service_bundles_is_no_component_but_what_it_publishes_is() -> None:
    files = {
        "Gemfile": "gem 'rails'\n",
        "Procfile": "web: puma\n",
        "app/x.rb": "",
        "package.json": json.dumps({"private": True, "workspaces": ["app/packages/*"]}),
        "app/packages/forms/package.json": package(name="forms", main="index.js"),
        "app/packages/icons/package.json": package(name="icons", main="index.js", publishConfig={}),
    }
    assert types(files) == {"folder": ("http-service",), "icons": ("library",)}


def test_a_service_keeps_its_data_through_the_packages_it_bundles() -> None:
    files = {
        "package.json": json.dumps({"private": True, "workspaces": ["apps/*", "packages/*"]}),
        "apps/api/package.json": package(
            name="api", private=True, dependencies={"hono": "4", "@acme/lib": "*"}
        ),
        "packages/lib/package.json": package(name="@acme/lib", dependencies={"pg": "8", "@acme/prisma": "*"}),
        "packages/prisma/package.json": package(name="@acme/prisma", private=True),
        "packages/prisma/migrations/20240101_init/migration.sql": "create table x();\n",
    }
    (component,), _ = read(files)
    kept = [(store.kind, store.migrations) for store in component.data_stores]
    assert kept == [("postgresql", "packages/prisma/migrations")]


def test_manifests_of_what_others_built_are_infrastructure() -> None:
    workload = Workload("shop", "http-service", image="ghcr.io/acme/shop:1")
    found = {"kubernetes": (Sighting("apps/shop.yaml", 1, 1, workload=workload),)}
    assert types({"apps/shop.yaml": "kind: Deployment\n"}, found) == {"folder": ("infrastructure",)}


def test_infrastructure_alone_is_a_component() -> None:
    found = {"terraform": (Sighting("main.tf", 1, 1),)}
    assert types({"main.tf": "resource x\n"}, found) == {"folder": ("infrastructure",)}


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"README.md": "# Words\n"},
        {"examples/shop/package.json": package(dependencies={"express": "4"})},
        {
            "docs/Dockerfile": DOCKERFILE,
            "vendor/x/go.mod": "module x.y/z\n",
            ".devcontainer/Dockerfile": DOCKERFILE,
        },
        {"tests/fixtures/app/pyproject.toml": PYPROJECT, "node_modules/a/package.json": package()},
    ],
)
def test_what_delivers_nothing_has_no_component(files: dict[str, str]) -> None:
    assert types(files) == {}


def test_a_component_without_any_sign_of_its_type_says_so() -> None:
    (component,), facts = read({"requirements.txt": "numpy\n", "notebook.py": "x = 1\n"})
    assert facts[(f"components/{component.id}", "type")].outcome == "unknown"


def test_a_broken_manifest_costs_only_itself() -> None:
    components, facts = read(
        {"pyproject.toml": "[project\n", "api/package.json": package(dependencies={"koa": "2"})}
    )
    assert facts[("file:pyproject.toml", "readable")].outcome == "unknown"
    assert [component.path for component in components] == ["api"]


def test_feature_flags_and_stores_are_told_by_dependencies() -> None:
    files = {"requirements.txt": "flask\nredis==5\nUnleashClient\n", "Dockerfile": DOCKERFILE}
    (component,), facts = read(files)
    assert [store.kind for store in component.data_stores] == ["redis"]
    flags = facts[(f"components/{component.id}", "feature-flags")]
    assert (flags.value, flags.evidence) == ("unleash", ("repo:requirements.txt#L3-L3",))


@pytest.mark.parametrize(
    "path",
    [
        "alembic/versions/3f2a9c1d0b7e_orders.py",
        "shop/migrations/0001_initial.py",
        "db/migrate/20240101000000_orders.rb",
        "src/main/resources/db/migration/V1__orders.sql",
        "prisma/migrations/20240101_init/migration.sql",
        "migrations/000001_init.up.sql",
        "supabase/migrations/20240101000000_init.sql",
    ],
)
def test_migrations_of_every_usual_tool_are_seen(path: str) -> None:
    _, facts = read({path: "x\n", "requirements.txt": "flask\n"})
    assert facts[("practices", "migrations")].outcome == "present"


def test_folders_that_are_called_so_but_hold_none_are_no_migrations() -> None:
    _, facts = read(
        {"docs/migrations/0001_guide.py": "x", "lib/versions/0001_x.py": "x", "migrations/README.md": "x"}
    )
    assert facts[("practices", "migrations")].outcome == "absent"


def test_paths_belong_to_the_innermost_component() -> None:
    files = {"services/a/Dockerfile": DOCKERFILE, "services/b/Dockerfile": DOCKERFILE}
    components, _ = read(files)
    of = component_of(components)
    assert of("services/b/alerts.yml") == "b"
    assert of("monitoring/b/alerts.yml") == "b"
    with pytest.raises(LookupError):
        component_of(())("x")


def test_what_a_lock_adds_is_not_what_the_project_uses() -> None:
    lock = "starlette==1.0 --hash=sha256:00\n    # via mcp\nmcp==2.0 --hash=sha256:00\n    # via -r requirements.in\n"
    files = {"pyproject.toml": PYPROJECT.replace("fastapi", "mcp"), "requirements.txt": lock, "shop.py": ""}
    assert types(files) == {"shop-api": ("library",)}
    assert types({"requirements.txt": lock, "shop.py": ""}) == {"folder": ("library",)}


def test_a_package_on_a_registry_is_not_run() -> None:
    published = Workload("shop-api", "library")
    found = {"registries": (Sighting("pyproject.toml", 4, 4, workload=published),)}
    assert types({"pyproject.toml": PYPROJECT, "shop.py": ""}, found) == {"shop-api": ("library",)}


TEXTS = [
    PYPROJECT,
    DOCKERFILE,
    package(bin="x", workspaces=["a/*"]),
    "gem 'rails'\n",
    "module a.b/c\nrequire (\n",
]
NAMES = [
    "pyproject.toml",
    "Dockerfile",
    "package.json",
    "Gemfile",
    "go.mod",
    "Cargo.toml",
    "setup.py",
    "pom.xml",
    "Procfile",
]


@given(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS), min_size=1),
    st.lists(
        st.tuples(st.integers(0, 400), st.text("{}[]\"'\n\t=:<>()\\x0", min_size=1, max_size=2)), max_size=8
    ),
)
def test_mutated_manifests_never_raise(files: dict[str, str], edits: list[tuple[int, str]]) -> None:
    mutated = dict(files)
    for place, letters in edits:
        mutated = {path: text[:place] + letters + text[place:] for path, text in mutated.items()}
    read(mutated)


def test_a_manifest_nested_beyond_reason_is_refused() -> None:
    deep = "x = " + "[" * 50_000 + "]" * 50_000
    _, facts = read({"pyproject.toml": deep, "package.json": "[" * 50_000})
    assert facts[("file:pyproject.toml", "readable")].outcome == "unknown"


def test_which_language_comes_first_does_not_depend_on_the_order_of_the_files() -> None:
    paths = ("one.js", "two.js", "one.cs", "two.cs")

    assert list(languages(paths, ()).items()) == list(languages(reversed(paths), ()).items())


class Counted(InMemoryRepository):
    """A repository that notes what is read of it."""

    def __init__(self, files: dict[str, str]) -> None:
        super().__init__(files, name="folder")
        self.seen: set[str] = set()

    def read(self, path: str) -> str | Unreadable:
        self.seen.add(path)
        return super().read(path)


def test_health_paths_of_many_services_are_searched_within_the_budget_of_one_question() -> None:
    files: dict[str, str] = {}
    for service in range(50):
        files[f"services/s{service}/Dockerfile"] = DOCKERFILE
        files |= {f"services/s{service}/part{number}.py": "x = 1\n" for number in range(100)}
        files[f"services/s{service}/routes.py"] = '@app.get("/healthz")\n'
    repository = Counted(files)
    components, facts = read_components(repository, NOWHERE)
    found = [fact for fact in facts if fact.aspect == "health-endpoint" and fact.value == "/healthz"]
    assert len(components) == len(found) == 50
    assert len([path for path in repository.seen if path.endswith(".py")]) <= 2_500


@pytest.mark.parametrize(
    ("path", "places", "expected"),
    [
        ("a/b/c.py", {"a", "a/b", "."}, "a/b"),
        ("a/bc.py", {"a/b", "a"}, "a"),
        ("c.py", {"a", "."}, "."),
        ("c.py", {"a"}, None),
        ("a", {"a"}, "a"),
    ],
)
def test_the_innermost_folder_that_holds_a_path_is_found(
    path: str, places: set[str], expected: str | None
) -> None:
    assert nearest(path, places) == expected
