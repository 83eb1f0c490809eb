"""The reference pages as a tool answers them: all of them, one, one section of it, or those that hold some words."""

from typing import Any, TypeAlias

from platform_operations.errors import InputError
from platform_operations.resources import reference_page, reference_pages, reference_section, sections

Document: TypeAlias = dict[str, Any]

MOST_HITS = 20
LONGEST_PAGE = 16_000


def reference_document(page: str | None, section: str | None, search: str | None) -> Document:
    """Return pages, one page or section with its text, or the sections in which all words of `search` stand.

    Raises:
        InputError: there is no such page or section; the message names those that come closest.
    """
    if search is not None:
        return {"search": search, "hits": hits(search)}
    if page is None:
        return {"pages": [{"page": name, "title": title(name)} for name in reference_pages()]}
    name = page.removesuffix(".md").removeprefix("reference/").strip("/")
    text = reference_page(name)
    if text is None:
        raise InputError(f"there is no page {page[:80]!r}; {_closest(name, reference_pages())}")
    if section is not None:
        wanted = section.lstrip("#")
        found = reference_section(f"{name}#{wanted}")
        if found is None:
            raise InputError(
                f"page {name!r} has no section {section[:80]!r}; it has {', '.join(sections(text))}"
            )
        return {"page": name, "section": wanted, "text": found}
    return {"page": name, "sections": list(sections(text)), "text": text}


def title(name: str) -> str:
    """Return the first heading of a page."""
    lines = (reference_page(name) or "").splitlines()
    return next((line.lstrip("# ") for line in lines if line.startswith("# ")), name)


def hits(search: str) -> list[Document]:
    """Return the sections that hold all words, those with the words in their name first, then by page."""
    words = search.casefold().split()
    found: list[tuple[int, str, str, str]] = []
    for name in reference_pages() if words else ():
        text = reference_page(name) or ""
        if not all(word in f"{name} {text}".casefold() for word in words):
            continue
        for section in sections(text) or ("",):
            body = reference_section(f"{name}#{section}") if section else text
            whole = f"{name} {section} {body}".casefold()
            if all(word in whole for word in words):
                named = sum(word in f"{name} {section}".casefold() for word in words)
                found.append((-named, name, section, _line(body or "", words)))
    return [{"page": row[1], "section": row[2], "line": row[3]} for row in sorted(found)[:MOST_HITS]]


def _line(body: str, words: list[str]) -> str:
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    best = max(lines, key=lambda line: sum(word in line.casefold() for word in words), default="")
    return best[:200]


def _closest(name: str, pages: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    last = name.rpartition("/")[2]
    near = [page for page in pages if last and last in page] or get_close_matches(
        name, pages, n=5, cutoff=0.4
    )
    return f"close to it: {', '.join(near[:5])}" if near else "load_reference without arguments lists them"


def library_text(document: Document) -> str:
    """Return what a model reads of it."""
    if "hits" in document:
        rows = [f"- {row['page']}#{row['section']}: {row['line']}" for row in document["hits"]]
        said = "\n".join(rows) or f"Nothing holds all of {document['search']!r}: try fewer or other words."
        return f"{said}\nload_reference with page and section gives one of them."
    if "pages" in document:
        return "\n".join(f"- {row['page']}: {row['title']}" for row in document["pages"])
    text: str = document["text"]
    if len(text) <= LONGEST_PAGE:
        return text
    left = f"[cut at {LONGEST_PAGE} of {len(text)} characters; sections: {', '.join(document.get('sections', ()))}]"
    return f"{text[:LONGEST_PAGE]}\n{left}"
