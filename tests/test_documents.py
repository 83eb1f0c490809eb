"""From a document to a plan, or to findings that say where it is none."""

import json
from typing import Any

import pytest
import yaml
from tests.plan_overlays import PLANS, Document, overlaid

from platform_operations.model.finding import Finding
from platform_operations.model.plan import SEED_SECTIONS, Plan
from platform_operations.validate import read_document
from platform_operations.validate.documents import MOST_FINDINGS


def minimal() -> Document:
    return yaml.safe_load((PLANS / "minimal.yaml").read_text(encoding="utf-8"))


def refused(document: object) -> tuple[Finding, ...]:
    read = read_document(document)
    assert not isinstance(read, Plan)
    return read


def test_a_plan_comes_back_as_it_was_written() -> None:
    document = minimal()
    read = read_document(document)

    assert isinstance(read, Plan)
    again = read_document(json.loads(json.dumps(read.document())))
    assert again == read


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ([], "a list"),
        ("plan", "text"),
        (None, "nothing"),
        (True, "true or false"),
        (3, "a number"),
        (1.5, "a number"),
    ],
)
def test_what_is_no_mapping_is_no_plan(document: object, what: str) -> None:
    (finding,) = refused(document)

    assert (finding.rule, finding.at) == ("plan-malformed", "")
    assert finding.message.endswith(what)


@pytest.mark.parametrize("schema", [None, "platform-ops/plan@2", 1, ["platform-ops/plan@1"]])
def test_another_schema_is_refused_by_the_name_of_the_one_that_is_read(schema: object) -> None:
    (finding,) = refused({**minimal(), "schema": schema})

    assert finding.at == "/schema"
    assert finding.allowed == ("platform-ops/plan@1",)


WRONG: dict[str, tuple[Document, str, str, str | None]] = {
    "an unknown field at the top": ({"colour": "red"}, "/colour", "unknown field 'colour'", None),
    "an unknown field of an entry": (
        {"artifacts": {"catalog-image": {"colour": "red"}}},
        "/artifacts/0/colour",
        "unknown field 'colour'",
        "artifacts/catalog-image",
    ),
    "a field that is missing": (
        {"pipelineStages": {"scan": {"kind": None}}},
        "/pipelineStages/1/kind",
        "field 'kind' is missing",
        "pipelineStages/scan",
    ),
    "a number where text belongs": (
        {"slos": {"catalog-availability": {"objective": 99.5}}},
        "/slos/0/objective",
        "put numbers and dates in quotes",
        "slos/catalog-availability",
    ),
    "a word outside its vocabulary": (
        {"environments": {"staging": {"kind": "prod"}}},
        "/environments/0/kind",
        "'prod' is none of development, ephemeral, staging, production, registry",
        "environments/staging",
    ),
    "a duration in words": (
        {"rollbackPlan": {"rollback-production": {"timeLimit": "10 minutes"}}},
        "/rollbackPlan/0/timeLimit",
        "is not written as the format asks",
        "rollbackPlan/rollback-production",
    ),
    "an id that is no id": (
        {"pipelineStages": {"Deploy Now": {"kind": "deploy", "pipeline": "release"}}},
        "/pipelineStages/7/id",
        "is not written as the format asks",
        "pipelineStages/Deploy Now",
    ),
    "an objective without a baseline to come": (
        {"slos": {"catalog-availability": {"status": "needs-baseline"}}},
        "/slos/0",
        "exactly when `status` is not",
        "slos/catalog-availability",
    ),
    "an objective that leaves no budget": (
        {"slos": {"catalog-availability": {"objective": "100"}}},
        "/slos/0",
        "leaves no error budget",
        "slos/catalog-availability",
    ),
    "a health check of kind none without a reason": (
        {"pipelineStages": {"deploy-staging": {"healthCheck": {"kind": "none"}}}},
        "/pipelineStages/3/healthCheck",
        "needs `because`",
        "pipelineStages/deploy-staging",
    ),
    "a gate with two bounds": (
        {"qualityGates": {"secrets": {"failsOn": {"below": "1"}}}},
        "/qualityGates/2/failsOn",
        "exactly one of",
        "qualityGates/secrets",
    ),
    "a day that is in no calendar": (
        {"target": {"asOf": "2026-02-30T00:00:00Z"}},
        "/target/asOf",
        "no time that a calendar knows",
        None,
    ),
    "a strategy of no kind": (
        {"deployStrategy": {"catalog-production": {"kind": "hope"}}},
        "/deployStrategy/components/0/kind",
        "'hope' is none of",
        "deployStrategy/catalog-production",
    ),
    "a key with a slash": ({"a/b~c": 1}, "/a~1b~0c", "unknown field", None),
}


@pytest.mark.parametrize(("overlay", "at", "says", "entry"), WRONG.values(), ids=WRONG)
def test_what_the_format_refuses_is_told_by_place_and_reason(
    overlay: Document, at: str, says: str, entry: str | None
) -> None:
    (finding,) = refused(overlaid(minimal(), overlay))

    assert (finding.rule, finding.at, finding.entry) == ("plan-malformed", at, entry)
    assert says in finding.message


def test_a_pointer_leads_to_what_it_speaks_of() -> None:
    document = overlaid(minimal(), {"deployStrategy": {"catalog-production": {"kind": "hope"}}})
    (finding,) = refused(document)

    found: Any = document
    for step in finding.at.removeprefix("/").split("/"):
        found = found[int(step) if step.isdigit() else step]
    assert found == "hope"


def test_everything_that_is_wrong_is_told_at_once_and_sorted() -> None:
    document = overlaid(
        minimal(), {"colour": "red", "target": {"name": 3}, "slos": {"catalog-availability": {"window": 28}}}
    )
    places = [finding.at for finding in refused(document)]

    assert places == sorted(places)
    assert {"/colour", "/target/name", "/slos/0/window"} <= set(places)


def test_a_document_of_nonsense_is_told_within_bounds() -> None:
    assert len(refused({**minimal(), "alerts": [{"bad": "x" * 10_000}] * 1000})) == MOST_FINDINGS
    assert all(
        len(finding.message) < 500 for finding in refused({**minimal(), "alerts": [{"id": "x" * 10_000}]})
    )


def test_the_plain_form_comes_back_with_what_each_sentence_must_become() -> None:
    plain: Document = {section: ["Some words."] for section in SEED_SECTIONS}
    plain["deployStrategy"] = "Canary, then everyone."
    findings = refused(plain)

    assert {finding.rule for finding in findings} == {"entry-untyped"}
    assert [finding.at for finding in findings] == [
        "/pipelineStages/0",
        "/deployStrategy",
        "/qualityGates/0",
        "/rollbackPlan/0",
        "/observabilityPillars/0",
        "/slos/0",
        "/alerts/0",
    ]
    assert all("it must become {" in finding.message for finding in findings)


def test_a_single_sentence_in_a_typed_plan_is_found() -> None:
    document = minimal()
    document["alerts"] = [*document["alerts"], "Page when it is down"]

    assert [(found.rule, found.at) for found in refused(document)] == [("entry-untyped", "/alerts/2")]


def test_the_interface_of_a_plan_is_the_plain_form() -> None:
    read = read_document(minimal())
    assert isinstance(read, Plan)
    findings = refused(dict(read.interface()))

    assert (
        len(findings)
        == sum(len(read.section(name)) for name in SEED_SECTIONS if name != "deployStrategy") + 1
    )
