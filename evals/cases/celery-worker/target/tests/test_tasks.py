from invoices.tasks import render


def test_an_invoice_is_rendered() -> None:
    assert render("inv-1") == "inv-1"
