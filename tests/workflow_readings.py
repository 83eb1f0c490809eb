"""Workflows as text for tests, read the way an assessment reads them."""

from platform_operations.assess.ci import Delivery, read_delivery
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component, Stage
from platform_operations.model.words import ComponentType
from platform_operations.repository import InMemoryRepository


def read(files: dict[str, str], *types: ComponentType, components: tuple[Component, ...] = ()) -> Delivery:
    one = Component(id="app", types=types or ("http-service",), origin="existing")
    return read_delivery(InMemoryRepository(files), components or (one,))


def workflow(text: str, **files: str) -> Delivery:
    named = {name.replace("__", "/"): content for name, content in files.items()}
    return read({".github/workflows/main.yml": text, **named})


def job(steps: str, on: str = "push: {branches: [main]}", more: str = "") -> Delivery:
    body = "\n".join(f"      {line}" for line in steps.strip().split("\n"))
    return workflow(
        f"on:\n  {on}\njobs:\n  work:\n    runs-on: x\n    {more or 'timeout-minutes: 5'}\n    steps:\n{body}\n"
    )


def only(delivery: Delivery) -> Stage:
    assert len(delivery.stages) == 1, [one.id for one in delivery.stages]
    return delivery.stages[0]


def fact(delivery: Delivery, subject: str, aspect: str) -> Fact:
    found = [one for one in delivery.facts if (one.subject, one.aspect) == (subject, aspect)]
    assert len(found) == 1, [(one.subject, one.aspect) for one in delivery.facts]
    return found[0]
