"""What a run tells the person who waits and pays: what is read, what was found, what it has cost so far."""

from collections.abc import Iterator
from typing import Any, cast

from platform_operations.agent.port import Reply, Usage
from platform_operations.agent.settings import Prices
from platform_operations.model.finding import Findings

LONGEST_SAYING = 160
LONGEST_NAME = 80
MOST_RULES = 3


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its word: `1 reply`, `2 replies`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def spent(usage: Usage, replayed: Usage, prices: Prices | None) -> str:
    """Return the tokens so far; what those not replayed cost only where the user has stated prices."""
    return f"{counted(usage.total, 'token')} so far{cost(usage, replayed, prices)}"


def cost(usage: Usage, replayed: Usage, prices: Prices | None) -> str:
    """Return what is to be said of the cost of tokens, with a comma before it; nothing where nothing is known."""
    free = f", {replayed.total:,} of them replayed for nothing" if replayed.total else ""
    return f"{free}, about {prices.of(usage - replayed):.4f} at your prices" if prices else free


def said(reply: Reply) -> Iterator[str]:
    """Yield what the model said beside its calls, as a quotation."""
    for block in reply.content:
        words = _short(block.get("text"), LONGEST_SAYING) if block.get("type") == "text" else ""
        if words:
            yield f'"{words}"'


def doing(name: str, arguments: Any) -> str:
    """Return what a call of a tool does, in a person's words."""
    given = cast("dict[str, Any]", arguments) if isinstance(arguments, dict) else {}
    about = {
        key: _short(given.get(key), LONGEST_NAME) for key in ("path", "query", "page", "search", "component")
    }
    match name, given.get("action"):
        case "read_repo", "list":
            return f"lists {about['path'] or 'the repository'}"
        case "read_repo", "search":
            return f"searches for {about['query']!r}"
        case "read_repo", _:
            return f"reads {about['path'] or 'nothing'}"
        case "fetch_metrics", _:
            return f"asks the metrics of {about['component'] or about['query'] or 'everything'}"
        case "load_reference", _:
            return f"looks up {about['page'] or about['search'] or 'the reference'}"
        case _:
            return f"calls {_short(name, LONGEST_NAME)!r}"


def found(text: str, *, error: bool) -> str:
    """Return what came of a call, in short: a tool's own first words on the repository, else how much there is."""
    lines = text.splitlines() or [""]
    if error:
        return _short(lines[0].partition(";")[0], LONGEST_SAYING) or "it failed"
    if lines[0].startswith("asked before"):
        return "known already"
    if lines[0].startswith("<quoted-") and len(lines) > 1:
        head = lines[1].partition(" (")[0]
        _, of_a_file, span = head.rpartition(", lines ")
        return _short(f"lines {span}" if of_a_file else head, LONGEST_SAYING)
    return counted(len(lines), "line")


def handed_in(findings: Findings, left: int) -> str:
    """Return the verdict on what was handed in."""
    errors = [row for row in findings.findings if row.severity == "error"]
    if findings.valid:
        return "hands in: accepted"
    rules = list(dict.fromkeys(row.rule for row in errors))
    more = f" and {len(rules) - MOST_RULES} more rules" if len(rules) > MOST_RULES else ""
    named = ", ".join(rules[:MOST_RULES])
    return f"hands in: {counted(len(errors), 'error')} ({named}{more}), {counted(left, 'repair')} left"


def _short(text: object, longest: int) -> str:
    line = " ".join(text.split()) if isinstance(text, str) else ""
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
