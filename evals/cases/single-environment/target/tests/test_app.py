from app import up


def test_it_is_up() -> None:
    assert up() == "up"
