"""render_plan: the files of a plan that its repository's evidence holds up."""

from platform_operations.mcp_server.arguments import Arguments, RenderPlan
from platform_operations.mcp_server.tools import Answer, Desk, Document, answer, judged_plan
from platform_operations.mcp_server.watch import Watch


def render_plan(desk: Desk, arguments: Arguments, watch: Watch) -> Answer:
    """Return the document platform-ops/artifacts@1 of a valid plan, the findings of one that is not."""
    from platform_operations.mcp_server.texts import findings_text
    from platform_operations.model.plan import Plan
    from platform_operations.toolbox import render, render_document

    assert isinstance(arguments, RenderPlan)
    plan, verdict = judged_plan(desk, arguments, watch)
    if not isinstance(plan, Plan) or not verdict["valid"]:
        return answer(f"Not rendered. {findings_text(verdict)}", verdict, arguments)
    watch.at("rendering")
    document = render_document(render(plan, arguments.kinds))
    return answer(_text(document), document, arguments, ("schema", "leftOut", "artifacts"))


def _text(document: Document) -> str:
    from platform_operations.mcp_server.texts import fitted

    files = [
        f"- {row['path']} ({row['kind']}, {len(row['text'])} characters)" for row in document["artifacts"]
    ]
    left = [f"- {row['entry']} ({row['kind']}): {row['reason']}" for row in document["leftOut"]]
    return fitted(
        [f"{len(files)} files:", *files, *(["Left out:", *left] if left else [])],
        "Their texts are in the structured result, detail=detailed writes them here too; kinds narrows, and "
        "platform-ops render writes them all.",
    )
