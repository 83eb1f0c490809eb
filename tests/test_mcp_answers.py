"""How much the server answers, how it goes on, and what becomes of long work."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import validate
from mcp import Client
from mcp.types import CallToolResult
from tests.mcp_sessions import CHECKOUT, call, continued, document, many_services, repository, said, session

import platform_operations.mcp_server.tools as tools
from platform_operations.mcp_server.watch import Watch
from platform_operations.toolbox import assessed, drafted, open_target

# How much it answers


def test_default_answers_stay_small_and_portions_join_to_the_whole(tmp_path: Path) -> None:
    root = many_services(tmp_path / "large", 24)

    async def use(client: Client) -> None:
        for name in ("assess_repo", "draft_plan"):
            first = await client.call_tool(name, {})
            portions = [first]
            while (cursor := continued(portions[-1])) is not None:
                portions.append(await client.call_tool(name, {"cursor": cursor, "detail": "concise"}))
                assert len(portions) < 200
            assert max(size(row) for row in portions) < 20_000
            assert (first.structured_content or {})["truncated"] is True
            joined = [entry for row in portions for entry in document(row).get("components", [])]
            assert len(joined) == 24
            assert len({entry["id"] for entry in joined}) == 24

    session(use, root)


def test_every_default_answer_about_a_large_plan_stays_small(tmp_path: Path) -> None:
    root = many_services(tmp_path / "large", 24)
    target = open_target(root)
    plan = drafted(target, assessed(target)).plan.document()
    broken: dict[str, Any] = {**plan, "alerts": [], "slos": [], "qualityGates": []}

    async def use(client: Client) -> dict[str, int]:
        calls: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("assessed", "assess_repo", {}),
            ("drafted", "draft_plan", {}),
            ("valid", "validate_plan", {"plan": plan}),
            ("invalid", "validate_plan", {"plan": broken}),
            ("rendered", "render_plan", {"plan": plan}),
            ("listed", "read_repo", {"action": "list"}),
            ("found", "read_repo", {"action": "search", "query": "e"}),
            ("page", "load_reference", {"page": "slo-and-alerting"}),
            ("pages", "load_reference", {}),
        )
        return {what: size(await client.call_tool(name, given)) for what, name, given in calls}

    sizes = session(use, root)

    assert {what: size for what, size in sizes.items() if size >= 20_000} == {}


def size(result: CallToolResult) -> int:
    """Text and document together: clients show a model one of them, or both."""
    return len(said(result)) + len(
        json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":"))
    )


def test_a_list_of_files_continues_at_its_cursor(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "one", {f"folder/file-{index:05}-{'x' * 40}.txt": "" for index in range(900)}
    )

    async def use(client: Client) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while True:
            given: dict[str, Any] = {"action": "list"} | ({"cursor": cursor} if cursor else {})
            result = await client.call_tool("read_repo", given)
            assert len(said(result)) < 20_000
            found += document(result)["files"]
            cursor = continued(result)
            if cursor is None:
                return found

    names = session(use, root)

    assert len(names) == 900 and names == sorted(set(names))


def test_every_answer_keeps_to_its_output_schema() -> None:
    async def use(client: Client) -> None:
        schemas = {row.name: row.output_schema for row in (await client.list_tools()).tools}
        calls: tuple[tuple[str, dict[str, Any]], ...] = (
            ("assess_repo", CHECKOUT),
            ("draft_plan", {**CHECKOUT, "detail": "detailed"}),
            ("read_repo", {"action": "list"}),
            ("fetch_metrics", CHECKOUT),
            ("load_reference", {}),
            ("validate_plan", {"plan": {}, **CHECKOUT}),
        )
        for name, arguments in calls:
            result = await client.call_tool(name, arguments)
            validate(result.structured_content, schemas[name] or {})
            assert len(said(result)) < 50_000

    session(use)


def test_the_same_call_gives_the_same_bytes() -> None:
    answers = {call("draft_plan", CHECKOUT).model_dump_json() for _ in range(2)}

    assert len(answers) == 1


# Long work


def test_long_work_tells_where_it_is_and_ends_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str | None] = []
    stopped: list[bool] = []

    def endless(desk: object, arguments: object, watch: Watch) -> Any:
        watch.at("assessing")
        try:
            while True:
                watch.check()
        finally:
            stopped.append(True)

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async def use(client: Client) -> CallToolResult:
        result = await client.call_tool("assess_repo", CHECKOUT, progress_callback=note)
        for _ in range(100):
            if stopped:
                break
            await asyncio.sleep(0.02)
        return result

    monkeypatch.setattr(tools, "assess_repo", endless)
    result = session(use, longest_call=0.8)

    assert result.is_error
    assert "took longer than 0.8 s (assessing)" in said(result)
    assert told == ["assessing"]
    assert stopped == [True]
