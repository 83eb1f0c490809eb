"""What an order is and which orders are accepted."""

import re
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime

MAX_QUANTITY = 100
MAX_AMOUNT_CENTS = 1_000_000

_SKU = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")
_CURRENCIES = frozenset({"EUR", "GBP", "USD"})


class InvalidOrder(ValueError):
    """The request does not describe an order that can be taken."""


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    sku: str
    quantity: int
    amount_cents: int
    currency: str
    payment_id: str
    created_at: datetime
    refund_id: str | None = None
    refunded_at: datetime | None = None

    @property
    def status(self) -> str:
        return "refunded" if self.refund_id else "paid"

    def refunded(self, refund_id: str) -> "Order":
        return replace(self, refund_id=refund_id, refunded_at=datetime.now(UTC))

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "sku": self.sku,
            "quantity": self.quantity,
            "amount_cents": self.amount_cents,
            "currency": self.currency,
            "status": self.status,
            "created_at": self.created_at.isoformat(),
            "refunded_at": self.refunded_at.isoformat() if self.refunded_at else None,
        }


@dataclass(frozen=True, slots=True)
class OrderRequest:
    sku: str
    quantity: int
    amount_cents: int
    currency: str
    card_token: str

    def paid(self, payment_id: str) -> Order:
        return Order(
            id=str(uuid.uuid4()),
            sku=self.sku,
            quantity=self.quantity,
            amount_cents=self.amount_cents,
            currency=self.currency,
            payment_id=payment_id,
            created_at=datetime.now(UTC),
        )


def parse_order(body: object) -> OrderRequest:
    """Read an order from a decoded JSON body; InvalidOrder says which field is wrong."""
    if not isinstance(body, dict):
        raise InvalidOrder("expected a JSON object")
    sku = body.get("sku")
    if not isinstance(sku, str) or not _SKU.fullmatch(sku):
        raise InvalidOrder("sku: expected 2 to 32 of A-Z, 0-9 and '-'")
    currency = body.get("currency")
    if not isinstance(currency, str) or currency not in _CURRENCIES:
        raise InvalidOrder("currency: expected EUR, GBP or USD")
    card_token = body.get("card_token")
    if not isinstance(card_token, str) or not card_token.startswith("tok_") or len(card_token) > 64:
        raise InvalidOrder("card_token: expected a token of the card form")
    return OrderRequest(
        sku=sku,
        quantity=_count(body.get("quantity", 1), "quantity", MAX_QUANTITY),
        amount_cents=_count(body.get("amount_cents"), "amount_cents", MAX_AMOUNT_CENTS),
        currency=currency,
        card_token=card_token,
    )


def _count(value: object, field: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidOrder(f"{field}: expected a whole number from 1 to {most}")
    return value
