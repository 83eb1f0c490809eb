import pytest

from checkout.orders import InvalidOrder, parse_order

ORDER = {"sku": "MUG-01", "quantity": 2, "amount_cents": 2400, "currency": "EUR", "card_token": "tok_visa"}


def test_quantity_defaults_to_one() -> None:
    body = {key: value for key, value in ORDER.items() if key != "quantity"}
    assert parse_order(body).quantity == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", "mug"),
        ("sku", None),
        ("quantity", 0),
        ("quantity", 101),
        ("quantity", True),
        ("quantity", "2"),
        ("amount_cents", None),
        ("amount_cents", 1_000_001),
        ("amount_cents", 9.99),
        ("currency", "XBT"),
        ("currency", ["EUR"]),
        ("card_token", "4111111111111111"),
    ],
)
def test_a_bad_field_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidOrder, match=field):
        parse_order({**ORDER, field: value})
