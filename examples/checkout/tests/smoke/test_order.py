"""Runs against a deployed service: BASE_URL=https://staging.checkout.example pytest tests/smoke"""

import json
import os
import urllib.request
from typing import Any

BASE_URL = os.environ["BASE_URL"].rstrip("/")
ORDER = {"sku": "SMOKE-TEST", "quantity": 1, "amount_cents": 100, "currency": "EUR", "card_token": "tok_visa"}


def call(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        BASE_URL + path,
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status, json.load(response)


def test_healthz_answers() -> None:
    status, body = call("GET", "/healthz")
    assert (status, body["status"]) == (200, "ok")


def test_an_order_is_placed_and_refunded() -> None:
    status, order = call("POST", "/orders", ORDER)
    assert (status, order["status"]) == (201, "paid")
    status, refunded = call("POST", f"/orders/{order['id']}/refund")
    assert (status, refunded["status"]) == (200, "refunded")
    status, shown = call("GET", f"/orders/{order['id']}")
    assert (status, shown["status"]) == (200, "refunded")
