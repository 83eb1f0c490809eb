import report


def test_it_has_a_way_in() -> None:
    assert callable(report.main)
