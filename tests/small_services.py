"""A small service and what is put beside it, as several tests of today's practices read them."""

from collections.abc import Mapping

from platform_operations.assess import assess
from platform_operations.model.assessment import Assessment, Fact
from platform_operations.repository import InMemoryRepository

APP = {
    "Dockerfile": "FROM python:3.12\nEXPOSE 8000\nCMD gunicorn app\n",
    "requirements.txt": "flask==3.0.0\n",
    "app.py": "x = 1\n",
}
CI = ".github/workflows/ci.yml"
HEAD = "on:\n  push:\n    branches: [main]\njobs:\n"


def assessed(files: Mapping[str, str]) -> Assessment:
    """Return the assessment of the service with some files beside it."""
    return assess(InMemoryRepository({**APP, **files}))


def practice(name: str, files: Mapping[str, str]) -> Fact:
    """Return what is found of a practice of the service with some files beside it."""
    fact = assessed(files).fact("practices", name)
    assert fact is not None
    return fact


def steps(*rows: str, job: str = "deploy") -> str:
    """Return a workflow of one job with some steps, for pushes to the default branch."""
    return f"{HEAD}  {job}:\n    runs-on: ubuntu-latest\n    steps:\n" + "".join(
        f"      - {row}\n" for row in rows
    )
