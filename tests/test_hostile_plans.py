"""Plans that somebody wrote to keep the validator busy or to break it: judged, and promptly."""

import time

import pytest
from tests.plan_overlays import Document, case

from platform_operations.validate.rules.artifacts import MUTABLE_TAG

PATIENCE = 20
"""Seconds; each takes well under one, and minutes where something reads its text again from every character."""


def stage(name: str, *runs: str) -> Document:
    return {"pipelineStages": {name: {"runs": list(runs)}}}


def slo(**fields: object) -> Document:
    return {"slos": {"catalog-availability": fields}}


HOSTILE: dict[str, Document] = {
    "a wording of digits": slo(text="a" + "1" * 19_000),
    "a wording of numbers": slo(text="1 " * 9_000),
    "a wording of open braces": slo(text="{a" * 9_000),
    "a command of one word": stage("deploy-production", "a" * 300_000),
    "a command of slashes": stage("deploy-production", "a/" * 150_000),
    "a command of pipes": stage("verify-staging", "|" * 200_000),
    "a command of spaces": stage("verify-staging", "x" + " " * 200_000 + "||"),
    "a command of open quotes": stage("scan", 'pip-audit "' + '\\"' * 100_000),
    "fifty thousand commands": stage("scan", *["echo x"] * 50_000),
    "an expression of parentheses": {
        "alerts": {"catalog-availability-fast-burn": {"expression": "(" * 50_000, "backtest": None}}
    },
    "a query of sums": slo(sli={"good": "a+" * 50_000 + "a"}),
    "a tool of a hundred thousand letters": {"qualityGates": {"secrets": {"tool": "x" * 100_000}}},
    "a bound of a hundred thousand digits": {
        "qualityGates": {"secrets": {"failsOn": {"atLeast": "9" * 100_000}}}
    },
}


@pytest.mark.parametrize("overlay", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_plan_is_judged_promptly(overlay: Document) -> None:
    began = time.monotonic()
    first = case(overlay).findings()

    assert time.monotonic() - began < PATIENCE
    assert case(overlay).findings() == first


def test_a_bound_out_of_reach_stops_nothing_however_many_digits_it_has() -> None:
    rules = {found.rule for found in case(HOSTILE["a bound of a hundred thousand digits"]).findings()}

    assert "gate-not-blocking" in rules


@pytest.mark.parametrize(
    ("command", "image"),
    [
        (
            "kubectl set image deployment/shop shop=registry.example/acme/shop:prod",
            "registry.example/acme/shop",
        ),
        ("docker pull $REGISTRY/shop:main", "$REGISTRY/shop"),
        ("skopeo copy docker://ghcr.io/acme/shop:latest oci:shop", "ghcr.io/acme/shop"),
        ("docker run shop:latest", "shop"),
        ("npm run build:prod", None),
        ("docker pull registry.example/acme/shop:v1.4.2", None),
        ("docker pull registry.example/acme/shop@$IMAGE_DIGEST", None),
        ("curl http://localhost/health:latest/x", None),
    ],
)
def test_a_tag_that_moves_is_read_off_a_command(command: str, image: str | None) -> None:
    found = MUTABLE_TAG.search(command)

    assert (found["image"] if found else None) == image
