"""Finds reference/, prompts/ and SKILL.md: in the installed package, else at the root of the checkout."""

import re
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """Return the path of a file or folder that ships with the product; it may not exist."""
    inside = _PACKAGE.joinpath(*parts)
    return inside if inside.exists() else _PACKAGE.parent.parent.joinpath(*parts)


def reference_pages() -> tuple[str, ...]:
    """Return the names of all reference pages, such as `rules/slo-missing`, sorted."""
    root = resource("reference")
    return tuple(sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.md")))


def reference_page(name: str) -> str | None:
    """Return the text of a reference page, None when there is none of that name."""
    if name not in reference_pages():
        return None
    return resource("reference", f"{name}.md").read_text(encoding="utf-8")


def reference_section(name: str) -> str | None:
    """Return the text of PAGE#SECTION: from its heading to the next of its level; None when there is none.

    A section's name is its heading in kebab-case.
    """
    page, _, section = name.partition("#")
    text = reference_page(page)
    if text is None or not section:
        return text
    found: list[str] = []
    level = 0
    fenced = False
    for line in text.splitlines():
        fenced = fenced != line.startswith("```")
        heading = None if fenced else re.match(r"^(#{1,6})\s+(.*)$", line)
        if heading and level and len(heading[1]) <= level:
            break
        if heading and not level and _anchor(heading[2]) == section:
            level = len(heading[1])
        if level:
            found.append(line)
    return "\n".join(found).strip() + "\n" if found else None


def sections(text: str) -> tuple[str, ...]:
    """Return the names of a page's sections in order."""
    fenced, names = False, list[str]()
    for line in text.splitlines():
        fenced = fenced != line.startswith("```")
        heading = None if fenced else re.match(r"^#{2,6}\s+(.*)$", line)
        if heading:
            names.append(_anchor(heading[1]))
    return tuple(names)


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")
