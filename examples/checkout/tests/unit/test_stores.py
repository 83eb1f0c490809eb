import os
from collections.abc import Iterator

import pytest

from checkout.orders import Order, parse_order
from checkout.stores import MemoryStore, OrderStore, PostgresStore

REQUEST = parse_order({"sku": "MUG-01", "amount_cents": 1200, "currency": "EUR", "card_token": "tok_visa"})


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[OrderStore]:
    url = os.environ.get("TEST_DATABASE_URL")
    if request.param == "postgres" and not url:
        pytest.skip("TEST_DATABASE_URL is not set")
    opened: OrderStore = PostgresStore(url) if request.param == "postgres" and url else MemoryStore()
    yield opened
    opened.close()


@pytest.fixture
def order(store: OrderStore) -> Order:
    stored = REQUEST.paid("pay_1")
    store.add(stored)
    return stored


def test_a_stored_order_is_found(store: OrderStore, order: Order) -> None:
    assert store.get(order.id) == order


def test_an_order_that_was_never_stored_is_not_found(store: OrderStore) -> None:
    assert store.get("00000000-0000-4000-8000-000000000000") is None


def test_only_the_first_refund_is_recorded(store: OrderStore, order: Order) -> None:
    refunded = order.refunded("ref_1")
    assert store.record_refund(refunded)
    assert not store.record_refund(order.refunded("ref_2"))
    assert store.get(order.id) == refunded
