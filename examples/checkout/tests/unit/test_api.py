from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from checkout.app import create_app
from checkout.payments import GatewayUnavailable, SandboxGateway
from checkout.stores import MemoryStore

ORDER = {"sku": "MUG-01", "quantity": 2, "amount_cents": 2400, "currency": "EUR", "card_token": "tok_visa"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(create_app(store=MemoryStore())) as test_client:
        yield test_client


def test_an_order_is_paid_and_can_be_read_back(client: TestClient) -> None:
    created = client.post("/orders", json=ORDER)
    assert created.status_code == 201
    assert created.json()["status"] == "paid"
    shown = client.get(created.headers["Location"])
    assert shown.json() == created.json()


def test_an_order_is_refunded_once(client: TestClient) -> None:
    order_id = client.post("/orders", json=ORDER).json()["id"]
    first = client.post(f"/orders/{order_id}/refund")
    assert (first.status_code, first.json()["status"]) == (200, "refunded")
    assert first.json()["refunded_at"] is not None
    assert client.post(f"/orders/{order_id}/refund").status_code == 409


@pytest.mark.parametrize("order_id", ["nope", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_order_is_not_found(client: TestClient, order_id: str) -> None:
    assert client.get(f"/orders/{order_id}").status_code == 404
    assert client.post(f"/orders/{order_id}/refund").status_code == 404


def test_a_declined_card_gives_402(client: TestClient) -> None:
    assert client.post("/orders", json={**ORDER, "card_token": "tok_declined"}).status_code == 402


def test_a_provider_outage_gives_502(client: TestClient) -> None:
    assert client.post("/orders", json={**ORDER, "card_token": "tok_gateway_down"}).status_code == 502


def test_a_refund_that_the_provider_drops_leaves_the_order_paid() -> None:
    class NoRefunds(SandboxGateway):
        def refund(self, payment_id: str) -> str:
            raise GatewayUnavailable(payment_id)

    with TestClient(create_app(store=MemoryStore(), gateway=NoRefunds())) as client:
        order_id = client.post("/orders", json=ORDER).json()["id"]
        assert client.post(f"/orders/{order_id}/refund").status_code == 502
        assert client.get(f"/orders/{order_id}").json()["status"] == "paid"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"\xff", b"[" * 16_000, b" " * 20_000],
    ids=["empty", "list", "cut", "not-utf8", "deep", "large"],
)
def test_a_broken_body_gives_400(client: TestClient, body: bytes) -> None:
    assert client.post("/orders", content=body).status_code == 400


def test_healthz_names_the_revision(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVISION", "3f2a9c1")
    assert client.get("/healthz").json() == {"status": "ok", "revision": "3f2a9c1"}


def test_requests_are_counted_by_route_and_not_by_path(client: TestClient) -> None:
    order_id = client.post("/orders", json=ORDER).json()["id"]
    client.get(f"/orders/{order_id}")
    client.get("/wp-login.php")
    client.get("/healthz")
    text = client.get("/metrics").text
    assert 'http_requests_total{code="200",method="GET",route="/orders/{id}"}' in text
    assert 'http_requests_total{code="404",method="GET",route="unmatched"}' in text
    assert 'http_request_duration_seconds_bucket{le="0.5",method="POST",route="/orders"}' in text
    assert order_id not in text
    assert "healthz" not in text
