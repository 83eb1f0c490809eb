"""The server through the SDK's own client, in memory, in both eras of the protocol."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult
from tests.mcp_sessions import CHECKOUT, ERAS, ROOT, Mode, call, document, repository, said, session

from platform_operations.mcp_server.catalogue import INSTRUCTIONS, OFFERS

WHOLE = {**CHECKOUT, "detail": "detailed"}
SNAPSHOT = ROOT / "tests" / "snapshots" / "tools.json"


# What a client is offered


def test_the_list_of_tools_is_the_one_in_the_snapshot() -> None:
    """Delete the snapshot and run the tests to write it anew; the change then shows in review."""
    listed = session(lambda client: client.list_tools()).tools
    text = json.dumps([row.model_dump(by_alias=True, exclude_none=True) for row in listed], indent=2) + "\n"
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(text, encoding="utf-8")
        pytest.fail(f"wrote {SNAPSHOT.relative_to(ROOT)}: look at it and run again")

    assert text == SNAPSHOT.read_text(encoding="utf-8")


def test_both_eras_offer_the_same_tools_in_the_order_of_the_work() -> None:
    listed = {mode: session(lambda client: client.list_tools(), mode=mode).tools for mode in ERAS}

    assert listed["legacy"] == listed["2026-07-28"]
    assert [row.name for row in listed["legacy"]] == [
        "assess_repo",
        "read_repo",
        "fetch_metrics",
        "load_reference",
        "draft_plan",
        "validate_plan",
        "render_plan",
    ]


def test_what_a_client_reads_before_the_first_call_is_small() -> None:
    listed = session(lambda client: client.list_tools())

    assert len(listed.model_dump_json(by_alias=True, exclude_none=True)) < 12_000
    assert len(INSTRUCTIONS) < 2_000
    assert max(len(offer.description) for offer in OFFERS) < 2_000


def test_every_tool_says_that_it_only_reads() -> None:
    for row in session(lambda client: client.list_tools()).tools:
        hints = row.annotations
        assert hints is not None and hints.title == row.title
        assert (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint) == (True, False, True)
        assert hints.open_world_hint is not None


def test_lists_may_be_cached_by_everybody() -> None:
    listed = session(lambda client: client.list_tools())

    assert (listed.ttl_ms, listed.cache_scope) == (3_600_000, "public")


# What the tools answer


@pytest.mark.parametrize("mode", ERAS)
def test_assessing_draws_today_with_its_gaps_and_where_they_are(mode: Mode) -> None:
    result = call("assess_repo", CHECKOUT, mode=mode)
    found = document(result)

    assert found["schema"] == "platform-ops/assessment@1"
    assert [row["id"] for row in found["ci"]] == ["github-actions"]
    assert found["practices"]["rollback"]["outcome"] == "absent"
    assert {row["rule"] for row in found["gaps"]} >= {"production-unverified", "artifact-mutable-reference"}
    assert ".github/workflows/deploy.yml#L" in said(result)


def test_a_drafted_plan_validates_and_a_broken_one_does_not() -> None:
    async def use(client: Client) -> tuple[CallToolResult, CallToolResult, CallToolResult]:
        drafted = await client.call_tool("draft_plan", CHECKOUT)
        plan = document(await client.call_tool("draft_plan", WHOLE))
        good = await client.call_tool("validate_plan", {"plan": plan, **CHECKOUT})
        broken = json.loads(json.dumps(plan))
        for stage in broken["pipelineStages"]:
            stage.pop("healthCheck", None)
        return drafted, good, await client.call_tool("validate_plan", {"plan": broken, **CHECKOUT})

    drafted, good, bad = session(use)

    assert "valid;" in said(drafted)
    assert document(good) | {"findings": []} == document(good)
    assert document(good)["valid"] is True
    assert bad.is_error is False
    assert document(bad)["valid"] is False
    assert "deploy-without-health-check" in {row["rule"] for row in document(bad)["findings"]}
    assert "Repair every finding" in said(bad)


def test_a_plan_file_below_the_root_is_validated(tmp_path: Path) -> None:
    plan = document(call("draft_plan", {}, repository(tmp_path / "one", {"README.md": "hello\n"})))
    (tmp_path / "one" / "out").mkdir()
    (tmp_path / "one" / "out" / "plan.json").write_text(json.dumps(plan), encoding="utf-8")

    found = document(call("validate_plan", {"planPath": "out/plan.json"}, tmp_path / "one"))

    assert found["schema"] == "platform-ops/findings@1"
    assert [row for row in found["findings"] if row["rule"] == "plan-malformed"] == []


def test_what_is_no_plan_is_a_finding_and_no_error() -> None:
    found = document(call("validate_plan", {"plan": {"slos": ["99.9%"]}, **CHECKOUT}))

    assert found["valid"] is False
    assert {row["rule"] for row in found["findings"]} == {"entry-untyped"}


def test_a_plan_written_as_text_is_taken_too() -> None:
    found = document(
        call("validate_plan", {"plan": json.dumps({"schema": "platform-ops/plan@1"}), **CHECKOUT})
    )

    assert {row["rule"] for row in found["findings"]} == {"plan-malformed"}


def test_a_change_in_the_repository_shows_in_the_next_answer(tmp_path: Path) -> None:
    root = repository(tmp_path / "one", {"README.md": "hello\n"})

    async def use(client: Client) -> list[str]:
        before = document(await client.call_tool("assess_repo", {}))["practices"]["codeowners"]["outcome"]
        repository(root, {"CODEOWNERS": "* @acme/payments\n"})
        after = document(await client.call_tool("assess_repo", {}))["practices"]["codeowners"]["outcome"]
        return [before, after]

    assert session(use, root) == ["absent", "present"]


def test_files_are_listed_searched_and_read_with_line_numbers() -> None:
    listed = document(call("read_repo", {"action": "list", "path": "checkout/deploy"}))
    found = document(call("read_repo", {"action": "search", "path": "checkout", "query": "KUBECTL apply"}))
    read = call("read_repo", {"action": "read", "path": "checkout/Dockerfile", "query": "11"})

    assert "checkout/deploy/base/deployment.yaml" in listed["files"]
    assert {row["path"] for row in found["matches"]} == {"checkout/.github/workflows/deploy.yml"}
    assert document(read)["first"] == 11
    assert "\n11\tFROM python" in said(read)


def test_metrics_are_those_the_repository_names_in_its_own_file() -> None:
    everything = document(call("fetch_metrics", CHECKOUT))
    one = document(call("fetch_metrics", {**CHECKOUT, "query": "checkout-availability", "window": "14d"}))

    assert [row["id"] for row in everything["baseline"]] == ["checkout-availability", "checkout-latency"]
    assert everything["source"] == "metrics.csv"
    assert one["series"][0]["slots"] == 14 * 24


def test_without_metrics_the_answer_says_how_to_give_some(tmp_path: Path) -> None:
    result = call("fetch_metrics", {}, repository(tmp_path / "one", {"README.md": "hello\n"}))

    assert result.is_error
    assert "--metrics" in said(result)


def test_a_metrics_file_of_the_repository_that_cannot_be_used_fails_no_tool(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "one",
        {"platform-ops.toml": 'metrics = "metrics.csv"\n', "metrics.csv": "no,header,of,ours\n"},
    )

    assessed = call("assess_repo", {}, root)
    drafted = call("draft_plan", {}, root)
    fetched = call("fetch_metrics", {}, root)

    assert [row["rule"] for row in document(assessed)["gaps"] if "metrics.csv" in row["message"]] == [
        "file-unreadable"
    ]
    assert document(drafted)["schema"] == "platform-ops/plan@1"
    assert document(fetched)["baseline"] == [] and "unknown: the metrics" in said(fetched)


def test_the_same_plan_is_judged_anew_once_what_it_cites_has_changed(tmp_path: Path) -> None:
    root = repository(tmp_path / "one", {"Dockerfile": 'FROM python:3.12\nCMD ["python"]\n'})

    async def use(client: Client) -> list[list[str]]:
        plan = document(await client.call_tool("draft_plan", {"detail": "detailed"}))
        verdicts: list[list[str]] = []
        for text in (None, None, 'FROM python:3.13\nCMD ["python"]\n'):
            if text is not None:
                before = (root / "Dockerfile").stat()
                repository(root, {"Dockerfile": text})
                # Whoever sets the times back is noticed too.
                os.utime(root / "Dockerfile", ns=(before.st_atime_ns, before.st_mtime_ns))
            found = document(await client.call_tool("validate_plan", {"plan": plan}))
            verdicts.append(sorted({row["rule"] for row in found["findings"]}))
        return verdicts

    first, second, changed = session(use, root)

    assert first == second
    assert "evidence-stale" in changed and "evidence-stale" not in first


def test_reference_pages_are_found_by_name_section_and_words() -> None:
    pages = document(call("load_reference", {}))["pages"]
    section = document(call("load_reference", {"page": "slo-and-alerting", "section": "burn-rates"}))
    hits = document(call("load_reference", {"search": "burn rate"}))["hits"]
    missing = call("load_reference", {"page": "slo-and-alertin"})

    assert "deployment-strategies" in {row["page"] for row in pages}
    assert section["text"].startswith("## Burn rates")
    assert ("slo-and-alerting", "burn-rates") in {(row["page"], row["section"]) for row in hits}
    assert missing.is_error and "slo-and-alerting" in said(missing)


def test_several_roots_are_the_first_part_of_a_path(tmp_path: Path) -> None:
    one = repository(tmp_path / "one", {"a.txt": "first\n"})
    two = repository(tmp_path / "two", {"b.txt": "second\n"})

    assert document(call("read_repo", {"action": "list"}, one, two))["files"] == ["one/", "two/"]
    assert document(call("read_repo", {"action": "read", "path": "two/b.txt"}, one, two))["text"] == "second"
    assert "one, two" in said(call("assess_repo", {"path": "a.txt"}, one, two))


# What a client gets wrong


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("assess_repo", {"pth": "checkout"}, "unknown argument 'pth'; known: path, detail, cursor"),
        ("assess_repo", {"detail": "all"}, "'concise' or 'detailed'"),
        ("assess_repo", {"path": 7}, "argument 'path'"),
        ("assess_repo", {"path": "checkuot"}, "read_repo with action list"),
        ("assess_repo", {"path": "checkout/Dockerfile"}, "is no folder"),
        ("read_repo", {}, "argument 'action' is missing"),
        ("read_repo", {"action": "search"}, "needs query"),
        ("read_repo", {"action": "read", "path": "checkout"}, "use action list"),
        ("read_repo", {"action": "read", "path": "checkout/none.txt"}, "does not exist"),
        ("fetch_metrics", {"component": "a", "query": "b"}, "component or query"),
        ("fetch_metrics", {**CHECKOUT, "component": "nothing"}, "there is checkout"),
        ("fetch_metrics", {**CHECKOUT, "window": "4 weeks"}, "argument 'window'"),
        ("load_reference", {"section": "burn-rates"}, "section needs page"),
        ("validate_plan", {}, "give plan or planPath"),
        ("validate_plan", {"plan": [1]}, "argument 'plan'"),
        ("validate_plan", {"planPath": "checkout/nothing.yaml"}, "does not exist"),
        ("assess_repo", {**CHECKOUT, "cursor": "1.abcdefabcdef"}, "call again without it"),
    ],
)
def test_a_mistake_is_answered_in_one_line_that_says_what_would_do(
    name: str, arguments: dict[str, Any], expected: str
) -> None:
    result = call(name, arguments)

    assert result.is_error
    assert expected in said(result)
    assert "\n" not in said(result) and len(said(result)) < 400
    assert "pydantic" not in said(result)


def test_an_unknown_tool_prompt_or_resource_is_an_error_of_the_protocol() -> None:
    async def use(client: Client) -> list[int]:
        codes: list[int] = []
        for attempt in (
            client.call_tool("deploy_everything", {}),
            client.get_prompt("nothing"),
            client.get_prompt("review-plan", {"plans": "x"}),
            client.read_resource("platform-ops://reference/nothing"),
            client.read_resource("file:///etc/passwd"),
        ):
            with pytest.raises(MCPError) as failure:
                await attempt
            codes.append(failure.value.error.code)
        return codes

    assert session(use) == [-32602] * 5


# What else it holds ready


def test_reference_pages_and_the_plan_schema_can_be_read_as_resources() -> None:
    async def use(client: Client) -> tuple[list[str], Any, Any]:
        listed = [row.uri for row in (await client.list_resources()).resources]
        schema = await client.read_resource("platform-ops://schema/plan")
        page = await client.read_resource("platform-ops://reference/slo-and-alerting")
        return [str(uri) for uri in listed], schema.contents[0], page.contents[0]

    listed, schema, page = session(use)

    assert listed[0] == "platform-ops://schema/plan"
    assert "platform-ops://reference/deployment-strategies" in listed
    assert json.loads(schema.text)["title"] == "platform-ops/plan@1"
    assert page.text.startswith("# SLO and alerting")


@pytest.mark.parametrize("mode", ERAS)
def test_the_prompts_carry_their_argument(mode: Mode) -> None:
    async def use(client: Client) -> list[str]:
        design = await client.get_prompt("platform-operations", {"target": "services/api"})
        review = await client.get_prompt("review-plan", {"plan": "out/plan.yaml"})
        empty = await client.get_prompt("review-plan")
        return [row.messages[0].content.text for row in (design, review, empty)]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]

    design, review, empty = session(use, mode=mode)

    assert "Platform Ops Target: services/api" in design and "$ARGUMENTS" not in design
    assert 'planPath "out/plan.yaml"' in review
    assert "ask the user which plan file" in empty


def test_page_names_are_completed() -> None:
    from mcp.types import ResourceTemplateReference

    async def use(client: Client) -> list[str]:
        templates = (await client.list_resource_templates()).resource_templates
        reference = ResourceTemplateReference(type="ref/resource", uri=templates[0].uri_template)
        found = await client.complete(reference, {"name": "page", "value": "platforms/ver"})
        return found.completion.values

    assert session(use) == ["platforms/vercel"]


def test_a_valid_plan_is_rendered_and_an_invalid_one_answers_with_its_findings() -> None:
    plan = document(call("draft_plan", WHOLE))
    files = document(call("render_plan", {"plan": plan, "kinds": ["prometheus-rules"], **CHECKOUT}))

    assert files["schema"] == "platform-ops/artifacts@1"
    assert "prometheus/slo-checkout-availability.rules.yml" in {row["path"] for row in files["artifacts"]}
    assert {row["entry"] for row in files["leftOut"]} >= {"alerts/checkout-latency-fast-burn"}
    refused = call("render_plan", {"plan": {**plan, "alerts": []}, **CHECKOUT})
    assert document(refused)["valid"] is False
    assert said(refused).startswith("Not rendered.")
