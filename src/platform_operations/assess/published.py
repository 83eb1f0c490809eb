"""Which pages speak of the system itself, and which are shown to the readers of a site or come from elsewhere."""

from collections.abc import Iterable
from functools import lru_cache

from platform_operations.assess.places import VENDORED
from platform_operations.model.delivery import Component

LEAST_PAGES = 40
"""From how many pages on a repository may be a site of them."""

_PAGES = (".md", ".mdx", ".markdown", ".rst", ".adoc", ".markerb", ".html.erb")
_GENERATORS = frozenset(
    {
        "mkdocs.yml", "mkdocs.yaml", "book.toml", "antora.yml", "antora-playbook.yml", "mint.json", "docs.json", "_config.yml",
        "hugo.toml", "hugo.yaml", "conf.py", ".vitepress", "mdbook.toml", "sidebars.js", "sidebars.ts",
    }
)  # fmt: skip
_GENERATED = ("docusaurus.config.", "astro.config.", "next.config.", "gatsby-config.", "nuxt.config.")
_RENDERED = (".html.md", ".html.markerb", ".html.erb", ".html.md.erb")

_ABOUT_OTHERS = frozenset(
    {
        "templates", "template", "skills", "prompts", "fixtures", "examples", "testdata", "content", "pages", "gitbook", "tutorials", "tutorial",
        "features", "knowledge-base", "website", "proposals", "backlog", "business", "migrations", "site", "guides", "blog", "posts", "adr", "adrs", "rfcs", "architecture-decisions", "decisions",
    }
)  # fmt: skip
"""Folders of pages about a product, a plan or somebody else's work."""

_OWN_GUIDES = frozenset({"docs/guides", "doc/guides", "documentation/guides", "dev-docs/guides"})
_FOR_USERS = frozenset({"mint.json", "docs.json", "package.json"})
"""Files of a documentation folder that make a product's site of it."""


def borrowed(path: str, guides: bool = False) -> bool:
    """Whether a page comes with other people's code or a tool, is about a product, or is one to be filled in.

    `guides` says that the documentation's folder of guides is written for those who run this repository's application.
    """
    folders = path.lower().split("/")[:-1]
    if guides and "/".join(folders[:2]) in _OWN_GUIDES:
        del folders[1]
    hidden = any(part.startswith(".") and part not in {".github", ".gitlab"} for part in folders)
    return hidden or not (VENDORED | _ABOUT_OTHERS).isdisjoint(folders)


def serves(components: Iterable[Component]) -> bool:
    """Whether something among the components runs as an application that somebody operates."""
    return any({"http-service", "worker", "serverless"} & set(one.types) for one in components)


def own_guides(paths: tuple[str, ...], application: bool) -> bool:
    """Whether the guides below docs/ are for those who run the application: no site of a product is made of them."""
    if not application:
        return False
    return not any(
        path.count("/") == 1
        and path.lower().startswith(("docs/", "doc/", "documentation/", "dev-docs/"))
        and path.lower().partition("/")[2].startswith((*_FOR_USERS, *_GENERATED))
        for path in paths
    )


@lru_cache(maxsize=4)
def documentation_site(paths: tuple[str, ...]) -> bool:
    """Whether a repository is a site of pages: at least half of its files are pages, and something makes a site of them."""
    pages = sum(path.endswith(_PAGES) for path in paths)
    if pages < LEAST_PAGES or pages * 2 < len(paths):
        return False
    return any(path.endswith(_RENDERED) or _makes_a_site(path) for path in paths)


def _makes_a_site(path: str) -> bool:
    name = path.rpartition("/")[2]
    return path.count("/") <= 1 and (name in _GENERATORS or name.startswith(_GENERATED))


def shown_to_readers(paths: tuple[str, ...], path: str) -> bool:
    """Whether a page is one that a documentation site shows its readers: all but those of the root and of the hosting."""
    return "/" in path and not path.startswith((".github/", ".gitlab/")) and documentation_site(paths)
