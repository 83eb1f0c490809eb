"""What the hosting's API says becomes answers on the user's word, and never more than it says."""

import json
from pathlib import Path
from typing import Any

import pytest

from platform_operations.assess.hosting import Hosting, hosting_answers, read_hosting
from platform_operations.errors import InputError
from platform_operations.model.plan import Plan
from platform_operations.toolbox import assessed, open_target

CHECKOUT = Path(__file__).parent.parent / "examples" / "checkout"


@pytest.fixture(scope="module")
def today() -> Plan:
    return assessed(open_target(CHECKOUT)).as_is


def environments(*rows: tuple[str, list[dict[str, Any]]]) -> str:
    return json.dumps(
        {
            "total_count": len(rows),
            "environments": [{"name": name, "protection_rules": rules} for name, rules in rows],
        }
    )


def protection(*contexts: str) -> str:
    return json.dumps(
        {
            "url": "https://api.example/protection",
            "required_status_checks": {
                "strict": True,
                "contexts": list(contexts),
                "checks": [{"context": name, "app_id": 1} for name in contexts],
            },
            "enforce_admins": {"enabled": True},
        }
    )


REVIEWED: dict[str, Any] = {
    "type": "required_reviewers",
    "reviewers": [{"type": "User", "reviewer": {"login": "ada"}}, {"type": "Team", "reviewer": {}}],
}


def test_required_reviewers_are_an_approval_and_a_timer_is_none(today: Plan) -> None:
    hosting = read_hosting(
        environments(("production", [REVIEWED]), ("staging", [{"type": "wait_timer", "wait_timer": 5}])), "f"
    )

    assert hosting.reviewers == (("production", ("ada", "team")), ("staging", ()))
    assert hosting_answers(hosting, today) == (
        ("environments/production#approval", "yes"),
        ("environments/staging#approval", "no"),
    )


def test_an_environment_that_the_repository_does_not_have_is_left_out(today: Plan) -> None:
    hosting = read_hosting(environments(("Production", [REVIEWED]), ("elsewhere", [REVIEWED])), "f")

    assert hosting_answers(hosting, today) == (("environments/production#approval", "yes"),)


def test_required_checks_are_answered_by_the_stages_that_they_stand_for_and_that_can_fail(
    today: Plan,
) -> None:
    without_audit = today.model_copy(
        update={
            "quality_gates": tuple(gate for gate in today.quality_gates if gate.stage != "scan"),
            "pipeline_stages": tuple(
                stage.model_copy(update={"needs": ()}) if stage.id == "image" else stage
                for stage in today.pipeline_stages
            ),
        }
    )
    guarded = (("pipelines/deploy#required-checks", "ci-test, deploy-test"),)

    assert hosting_answers(read_hosting(protection("test"), "f"), without_audit) == guarded
    assert hosting_answers(read_hosting(protection("ci / test"), "f"), without_audit) == guarded
    assert hosting_answers(read_hosting(protection("lint"), "f"), without_audit) == ()
    # The audit of the example cannot fail, so requiring its check guards nothing.
    assert hosting_answers(read_hosting(protection("test", "scan"), "f"), today) == guarded
    assert hosting_answers(read_hosting(protection("scan"), "f"), today) == ()


def test_several_answers_in_one_file_are_one(today: Plan) -> None:
    text = environments(("production", [])) + "\n" + protection() + environments(("production", [REVIEWED]))

    assert read_hosting(text, "f") == Hosting((("production", ("ada", "team")),), ())


def test_a_branch_without_required_checks_guards_nothing(today: Plan) -> None:
    text = json.dumps({"required_status_checks": None, "enforce_admins": {"enabled": False}})

    assert read_hosting(text, "f").checks == ()
    assert hosting_answers(read_hosting(text, "f"), today) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "no answer on environments"),
        ('{"message": "Not Found", "status": "404"}', "no answer on environments"),
        ('{"environments": [{"name": 1}]}', "environments.0.name"),
        (json.dumps({"environments": [{"name": "x" * 300}]}), "environments.0.name"),
        (json.dumps({"environments": [{"name": "x"}] * 600}), "environments"),
        ("{}" * 30, "no answer on environments"),
        ('{"environments": []}' * 30, "more than 20 answers"),
    ],
    ids=["empty", "half", "deep", "list", "refusal", "type", "long", "many", "objects", "answers"],
)
def test_what_is_no_such_answer_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        read_hosting(text, "hosting.json")

    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400
