"""What a server holds ready to be read: reference pages, the plan schema, and the prompts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from platform_operations.errors import InputError
from platform_operations.resources import reference_page, reference_pages, resource

SCHEME = "platform-ops://"
PLAN_SCHEMA = f"{SCHEME}schema/plan"
PAGE_TEMPLATE = f"{SCHEME}reference/{{+page}}"
_PAGE = re.compile(rf"{SCHEME}reference/([a-z0-9/-]{{1,200}})")
_LONGEST_ARGUMENT = 300


@dataclass(frozen=True, slots=True)
class Held:
    """A resource: its address and what it is."""

    uri: str
    name: str
    title: str
    mime_type: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class PromptOffer:
    """A prompt with its one argument."""

    name: str
    title: str
    description: str
    argument: str
    argument_description: str


PROMPTS = (
    PromptOffer(
        "platform-operations",
        "Design platform operations",
        "Assess a repository, draft its PlatformOpsPlan, validate and repair it",
        "target",
        "Repository folder below the root, and what matters about it",
    ),
    PromptOffer(
        "review-plan",
        "Review a PlatformOpsPlan",
        "Judge an existing plan against its repository and say what to change first",
        "plan",
        "Path of the plan file below the root",
    ),
)


@cache
def resources() -> tuple[Held, ...]:
    """Return the listed resources: the plan schema and the pages, but not one for each rule (a template reads those)."""
    pages = (name for name in reference_pages() if not name.startswith("rules/"))
    schema = Held(PLAN_SCHEMA, "plan schema", "JSON Schema of platform-ops/plan@1", "application/schema+json")
    return (schema, *(_page(name) for name in pages))


def _page(name: str) -> Held:
    text = reference_page(name) or ""
    title = next((line.lstrip("# ") for line in text.splitlines() if line.startswith("# ")), name)
    return Held(f"{SCHEME}reference/{name}", name, title, "text/markdown", len(text.encode()))


def read_resource(uri: str) -> tuple[str, str] | None:
    """Return the text and the media type of a resource, None when there is none at that address."""
    if uri == PLAN_SCHEMA:
        from platform_operations.mcp_server.pages import compact
        from platform_operations.model.plan import plan_schema

        return compact(plan_schema()), "application/schema+json"
    found = _PAGE.fullmatch(uri)
    text = reference_page(found[1]) if found else None
    return None if text is None else (text, "text/markdown")


def completed(beginning: str) -> tuple[str, ...]:
    """Return the pages whose name begins so, else those that hold it."""
    begun = tuple(name for name in reference_pages() if name.startswith(beginning))
    return begun or tuple(name for name in reference_pages() if beginning in name)


def prompt_text(name: str, arguments: Mapping[str, str]) -> tuple[str, str]:
    """Return a prompt's description and text.

    Raises:
        InputError: there is no such prompt, or it has no such argument.
    """
    offer = next((row for row in PROMPTS if row.name == name), None)
    if offer is None:
        raise InputError(f"Unknown prompt: there is {', '.join(row.name for row in PROMPTS)}")
    unknown = arguments.keys() - {offer.argument}
    if unknown:
        raise InputError(f"Unknown argument {min(unknown)[:80]!r}: {name} takes {offer.argument}")
    from platform_operations.repository import redact

    value = " ".join(redact(arguments.get(offer.argument, "")[: 2 * _LONGEST_ARGUMENT]).split())[
        :_LONGEST_ARGUMENT
    ]
    return offer.description, _rendered(name, {offer.argument: value, "skill": _skill_body()})


def _rendered(name: str, values: Mapping[str, str]) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    source = resource("prompts", f"{name}.md.jinja").read_text(encoding="utf-8")
    return environment.from_string(source).render(values)


def _skill_body() -> str:
    """Return SKILL.md without its front matter and its own place for the target."""
    text = resource("SKILL.md").read_text(encoding="utf-8")
    return text.split("\n---\n", 1)[1].strip()
