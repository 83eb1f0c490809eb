"""Text of others as Markdown: a name from a repository is shown, and never becomes a table, a link or HTML."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

_PUNCTUATION = re.compile(r"([\\`*_\[\]<>#|~&$])")
_LINE_START = re.compile(r"^(\d{1,9})([.)])(?=\s|$)|^([-+=])(?=\s|[-+=]|$)")
_AUTOLINK = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp):|\b(www)\.")
_ADDRESS = re.compile(r"(?<=\w)@(?=\w)")
_BACKTICKS = re.compile("`+")
_CODE = re.compile("`([^`]+)`")


def prose(text: str) -> str:
    """Return `text` so that a reader of the rendered page sees exactly it, on one line, `commands` as code.

    Escaped are marks of CommonMark and of GitHub's tables, mathematics and automatic links.
    """
    flat = " ".join(text.split())
    parts: list[str] = []
    at = 0
    for found in _CODE.finditer(flat):
        parts += [_escaped(flat[at : found.start()]), code(found[1])]
        at = found.end()
    whole = "".join((*parts, _escaped(flat[at:])))
    return _LINE_START.sub(lambda found: f"{found[1] or ''}\\{found[2] or found[3]}", whole)


def _escaped(text: str) -> str:
    text = _PUNCTUATION.sub(r"\\\1", text)
    text = _AUTOLINK.sub(lambda found: f"{found[1]}\\:" if found[1] else f"{found[2]}\\.", text)
    # No escape keeps an address from being linked; a comment, which shows nothing, parts it.
    return _ADDRESS.sub("<!-- -->@", text)


def code(text: str) -> str:
    """Return `text` as a code span that may stand in a table; empty text gives nothing."""
    flat = " ".join(text.split()).replace("|", "\\|")
    if not flat:
        return ""
    longest = max((len(run) for run in _BACKTICKS.findall(flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def link(label: str, path: str, anchor: str = "") -> str:
    """Return a link to a file, relative to the page; nothing in `path` can make it another kind of address."""
    inside = f".{path}" if path.startswith("/") else path
    return f"[{code(label)}]({quote(inside)}{'#' + quote(anchor) if anchor else ''})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose cells are Markdown already; without rows nothing."""
    body = [f"| {' | '.join(cells)} |" for cells in rows]
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *body, ""] if body else []
