"""What tests of the architect share: a small target, replies, and runs against scripted models."""

import asyncio
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from platform_operations.agent import Outcome, Reply, Request, Settings, Usage, architect
from platform_operations.agent.port import Message
from platform_operations.agent.scripted import Answer, ScriptedModel
from platform_operations.model.assessment import Assessment
from platform_operations.toolbox import Drafted, Target, assessed, drafted, open_target

ROOT = Path(__file__).parent.parent
CHECKOUT = ROOT / "examples" / "checkout"
SPENT = Usage(input=100, cache_write=0, cache_read=1000, output=50)


@cache
def example() -> tuple[Target, Assessment, Drafted]:
    target = open_target(CHECKOUT)
    assessment = assessed(target)
    return target, assessment, drafted(target, assessment)


def call(name: str, arguments: Any, number: int = 1) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": arguments}


def calls(*blocks: dict[str, Any], stop: str = "tool_use") -> Reply:
    return Reply(blocks, stop, SPENT)


def revise(sections: dict[str, Any] | None = None, remove: Sequence[str] = ()) -> Reply:
    return calls(call("revise_plan", {"sections": sections or {}, "remove": list(remove)}))


def submit(plan: Any) -> Reply:
    return calls(call("submit_plan", {"plan": plan}))


def said(text: str, stop: str = "end_turn") -> Reply:
    return Reply(({"type": "text", "text": text},), stop, SPENT)


def run(
    *answers: Answer, settings: Settings | None = None, owner: str | None = None
) -> tuple[Outcome, ScriptedModel]:
    target, assessment, _ = example()
    model = ScriptedModel(answers)
    outcome = asyncio.run(architect(target, assessment, model, settings or Settings(), owner=owner))
    return outcome, model


def draft_document() -> dict[str, Any]:
    return example()[2].plan.document()


def last_results(request: Request) -> list[dict[str, Any]]:
    return blocks(request.messages[-1], "tool_result")


def blocks(message: Message, kind: str) -> list[dict[str, Any]]:
    """Return the blocks of a kind in a message; a message of plain text has none."""
    content = message["content"]
    found = [] if isinstance(content, str) else cast("list[dict[str, Any]]", content)
    return [block for block in found if block["type"] == kind]
