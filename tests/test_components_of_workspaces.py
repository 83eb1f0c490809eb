"""Components of workspaces, of Android and of what is not delivered beside them."""

import pytest
from tests.test_components import DOCKERFILE, PYPROJECT, read, types

from platform_operations.platforms import sightings
from platform_operations.repository import InMemoryRepository

WORKSPACE = {
    "package.json": '{"name": "game", "private": true, "workspaces": ["client", "server"]}\n',
    "client/package.json": '{"name": "@g/client", "private": true, "dependencies": {"react": "18", "vite": "5"}}\n',
    "server/package.json": (
        '{"name": "@g/server", "main": "dist/index.js", "scripts": {"start": "node dist/index.js"},'
        ' "dependencies": {"express": "4"}}\n'
    ),
    "server/src/index.ts": "import express from 'express';\nconst app = express();\napp.listen(3000);\n",
}
BLUEPRINT = "services:\n  - type: web\n    name: game-backend\n    env: node\n    startCommand: cd server && npm start\n"


def test_a_package_that_its_own_script_starts_and_that_listens_is_a_service() -> None:
    assert types(WORKSPACE) == {"client": ("static-site",), "server": ("http-service",)}


def test_a_package_that_is_filled_in_for_a_registry_stays_one_although_it_listens_when_started() -> None:
    package = WORKSPACE["server/package.json"].replace(
        '"main"', '"publishConfig": {"access": "public"}, "main"'
    )
    found = types({**WORKSPACE, "server/package.json": package})
    assert not any("http-service" in kinds for kinds in found.values())


@pytest.mark.parametrize(
    ("more", "platforms"),
    [
        ({"render.yaml": BLUEPRINT}, {"client": (), "server": ("render",)}),
        ({"render.yaml": BLUEPRINT.replace("startCommand: cd server && npm start", "rootDir: server")}, {"client": (), "server": ("render",)}),
        ({"render.yaml": BLUEPRINT.replace("cd server && npm start", "npm start")}, {"client": ("render",), "server": ("render",)}),
        ({"netlify.toml": '[build]\nbase = "client"\npublish = "dist"\n'}, {"client": ("netlify",), "server": ()}),
    ],
)  # fmt: skip
def test_a_platform_runs_the_folder_that_its_file_names(
    more: dict[str, str], platforms: dict[str, tuple[str, ...]]
) -> None:
    files = {**WORKSPACE, **more}
    found = read(files, sightings(InMemoryRepository(files)))[0]
    assert {one.id: one.platforms for one in found} == platforms


LAUNCHED = '<manifest>\n<category android:name="android.intent.category.LAUNCHER" />\n</manifest>\n'


@pytest.mark.parametrize(
    ("manifest", "kinds"), [(LAUNCHED, ("mobile-app",)), ("<manifest/>\n", ("library",))]
)
def test_a_module_of_android_that_people_launch_is_an_app(manifest: str, kinds: tuple[str, ...]) -> None:
    files = {
        "build.gradle.kts": "plugins { kotlin }\n",
        "app/build.gradle.kts": "plugins { android }\n",
        "app/src/main/AndroidManifest.xml": manifest,
        "app/src/main/java/Main.kt": "fun main() {}\n",
    }
    assert list(types(files).values()) == [kinds]


def test_what_a_generator_fills_in_is_no_component() -> None:
    inside = "tool/init/cookiecutter-web/{{cookiecutter.name}}"
    files = {
        "pyproject.toml": PYPROJECT,
        f"{inside}/package.json": '{"dependencies": {"express": "4"}, "private": true}\n',
    }
    assert len(types({**files, f"{inside}/server.js": "app.listen(1)\n"})) == 1


def test_an_image_for_developers_is_not_what_the_component_beside_it_is_packed_by() -> None:
    files = {
        "package.json": '{"dependencies": {"express": "4"}, "private": true}\n',
        ".dev/mock/Dockerfile": DOCKERFILE,
    }
    found = read(files, sightings(InMemoryRepository(files)))[0]
    assert [one.evidence for one in found] == [("repo:package.json#L1-L1",)]
