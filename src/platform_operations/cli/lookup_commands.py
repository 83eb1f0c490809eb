"""`platform-ops rules`, `reference` and `schema`: what the product knows, for reading."""

import sys
from argparse import Namespace
from difflib import get_close_matches

from platform_operations.cli.output import print_document, print_text
from platform_operations.documents import rules_document
from platform_operations.errors import InputError
from platform_operations.resources import reference_page, reference_pages, reference_section, sections


def run_rules(arguments: Namespace) -> int:
    """Print the rules, or the page of one."""
    rows = rules_document()
    if arguments.rule is None:
        if arguments.format == "json":
            print_document(rows)
        else:
            from platform_operations.cli.show_rules import show_rules

            show_rules(rows).print()
        return 0
    row = next((row for row in rows if row["id"] == arguments.rule), None)
    if row is None:
        raise InputError(
            f"there is no rule {arguments.rule!r}{_nearest(arguments.rule, [row['id'] for row in rows])}"
        )
    if arguments.format == "json":
        print_document(row)
    else:
        from platform_operations.cli.show_rules import rule_page

        print_text(rule_page(row))
    return 0


def run_reference(arguments: Namespace) -> int:
    """Print the pages there are, one page or section, or the sections that hold some words."""
    if arguments.search is not None:
        return _search(arguments.search, arguments.page)
    if arguments.page is None:
        sys.stdout.write("".join(f"{name}\n" for name in reference_pages()))
        return 0
    text = reference_section(arguments.page)
    if text is None:
        page, _, section = arguments.page.partition("#")
        whole = reference_page(page)
        if whole is not None:
            raise InputError(
                f"page {page!r} has no section {section!r}{_nearest(section, list(sections(whole)))}"
            )
        raise InputError(f"there is no reference page {page!r}{_nearest(page, list(reference_pages()))}")
    print_text(text)
    return 0


def run_schema(arguments: Namespace) -> int:
    """Print the JSON Schema of a document."""
    from platform_operations.cli.schemas import schema_of

    print_document(schema_of(arguments.document))
    return 0


def _search(text: str, page: str | None) -> int:
    words = text.lower().split()
    if not words:
        raise InputError("--search needs a word to look for")
    for name in reference_pages() if page is None else (page,):
        whole = reference_page(name)
        if whole is None:
            raise InputError(f"there is no reference page {name!r}{_nearest(name, list(reference_pages()))}")
        for section in sections(whole):
            body = reference_section(f"{name}#{section}") or ""
            line = next(
                (line for line in body.lower().splitlines() if all(word in line for word in words)), None
            )
            if line is not None or all(word in body.lower() for word in words):
                print_text(f"{name}#{section}\n")
    return 0


def _nearest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
