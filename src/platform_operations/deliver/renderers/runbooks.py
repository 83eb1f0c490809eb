"""Runbook files in Markdown, for the runbooks that a plan proposes and that no file holds yet."""

from collections.abc import Iterator, Sequence

from platform_operations.deliver.markdown import code, prose
from platform_operations.deliver.renderer import Renderer
from platform_operations.model.artifact import Artifact, LeftOut, Rendering
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Runbook
from platform_operations.repository import redact

KIND = "runbooks"


def _render(plan: Plan) -> Rendering:
    artifacts: dict[str, Artifact] = {}
    left_out: list[LeftOut] = []
    for book in plan.runbooks:
        why = _elsewhere(book, artifacts)
        if why is None and book.path is not None:
            artifacts[book.path] = Artifact(book.path, KIND, "\n".join(_lines(book, plan)) + "\n")
        elif why is not None:
            left_out.append(LeftOut(KIND, f"runbooks/{book.id}", why))
    return Rendering(tuple(artifacts.values()), tuple(left_out))


def _elsewhere(book: Runbook, taken: dict[str, Artifact]) -> str | None:
    if book.path is None:
        return f"it is kept at {book.url}" if book.url else "it names no file"
    if book.origin == "existing":
        return f"{book.path!r} exists and stays as it is"
    if book.origin == "changed":
        lacking = ", ".join(book.changes) or "what the plan changes"
        return f"{book.path!r} exists: add {lacking} to it by hand, from the plan"
    if not book.path.endswith(".md"):
        return f"{book.path!r} is no Markdown file"
    return f"another runbook is written to {book.path!r}" if book.path in taken else None


def _lines(book: Runbook, plan: Plan) -> Iterator[str]:
    yield f"# {_prose(book.id)}"
    yield from ("", "## Impact", "", _prose(book.impact or book.summary))
    told = [alert for alert in plan.alerts if alert.runbook == book.id]
    yield from _list(
        "Alerts that lead here", [f"{code(alert.id)}: {_prose(alert.summary)}" for alert in told]
    )
    yield from _list("Confirm", [_prose(step) for step in book.confirm])
    yield from _list("Mitigate", [_prose(step) for step in book.mitigate])
    back = next((row for row in plan.rollback_plan if row.id == book.rollback), None)
    if back is not None:
        yield from ("", "## Roll back", "", _prose(back.summary))
    yield from ("", "## Escalate", "", f"To {_prose(book.escalate or book.owner or 'nobody yet')}.")
    if book.owner:
        yield from ("", f"Owner: {_prose(book.owner)}.")


def _list(title: str, rows: Sequence[str]) -> Iterator[str]:
    if rows:
        yield from ("", f"## {title}", "", *(f"- {row}" for row in rows))


def _prose(text: str) -> str:
    return prose(redact(text))


def _applies(plan: Plan) -> bool:
    return any(book.path or book.url for book in plan.runbooks)


RENDERER = Renderer(KIND, _applies, _render)
