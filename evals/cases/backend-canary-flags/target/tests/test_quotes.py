from pricing.app import quote


def test_a_quote_names_its_engine() -> None:
    assert quote("sku-1")["engine"] == "list"
