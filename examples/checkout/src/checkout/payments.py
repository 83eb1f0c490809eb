"""Charging and refunding cards."""

import hashlib
from typing import Protocol


class PaymentDeclined(Exception):
    """The card was refused; the customer has to use another one."""


class GatewayUnavailable(Exception):
    """The payment provider did not answer."""


class PaymentGateway(Protocol):
    def charge(self, card_token: str, amount_cents: int, currency: str) -> str: ...

    def refund(self, payment_id: str) -> str: ...


class SandboxGateway:
    """Behaves like the provider's sandbox: the card token chooses the outcome."""

    def __init__(self) -> None:
        self._charges = 0

    def charge(self, card_token: str, amount_cents: int, currency: str) -> str:
        if card_token == "tok_declined":
            raise PaymentDeclined("card declined")
        if card_token == "tok_gateway_down":
            raise GatewayUnavailable("provider timed out")
        self._charges += 1
        return "pay_" + _short(f"{self._charges}:{card_token}:{amount_cents}:{currency}")

    def refund(self, payment_id: str) -> str:
        """The same payment always gives the same refund, so a retry is safe."""
        return "ref_" + _short(payment_id)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
