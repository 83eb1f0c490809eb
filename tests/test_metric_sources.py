"""Metric sources: what each file form means, and what is said about one that cannot be used."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.errors import InputError
from platform_operations.metrics import observe, open_source
from platform_operations.metrics.instants import rfc3339, unix
from platform_operations.metrics.source import Span

Write = Callable[..., str]
START = unix("2025-11-01T00:00:00Z")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to(text: str, name: str = "metrics.csv") -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return to


def csv_lines(*rows: str) -> str:
    return "\n".join(("sli,time,good,total", *rows)) + "\n"


def grid(step: int, slots: int, sli: str = "checkout", good: int = 99, total: int = 100) -> list[str]:
    return [f"{sli},{rfc3339(START + index * step)},{good},{total}" for index in range(slots)]


def test_hourly_slots_give_a_baseline_over_their_whole_length(write: Write) -> None:
    source = open_source(write(csv_lines(*grid(3600, 672))))
    (row,) = observe(source, source.listed())
    assert (row.id, row.good_events, row.total_events, row.samples) == ("checkout", "66528", "67200", 672)
    assert (row.start, row.end, row.step, row.coverage) == (
        "2025-11-01T00:00:00Z", "2025-11-29T00:00:00Z", "1h", "100.0",
    )  # fmt: skip
    assert (row.status, row.target, row.limited_by) == ("below-floor", "98", "sampling")


@pytest.mark.parametrize("step", [60, 300, 900])
def test_finer_slots_are_summed_to_hours_and_half_seen_hours_are_dropped(write: Write, step: int) -> None:
    rows = grid(step, 48 * 3600 // step)
    del rows[: 3600 // step * 3 // 4]
    source = open_source(write(csv_lines(*rows)))
    (row,) = observe(source, source.listed())
    assert (row.step, row.samples, row.start) == ("1h", 47, "2025-11-01T01:00:00Z")


def test_daily_slots_keep_their_length(write: Write) -> None:
    source = open_source(write(csv_lines(*grid(86_400, 28))))
    (row,) = observe(source, source.listed())
    assert (row.step, row.samples, row.coverage, row.total_events) == ("1d", 28, "100.0", "2800")


def test_lines_may_come_in_any_order_and_slis_interleaved(write: Write) -> None:
    rows = grid(3600, 672) + grid(3600, 672, "orders", 10, 10)
    ordered = open_source(write(csv_lines(*rows), "a.csv"))
    shuffled = open_source(write(csv_lines(*sorted(rows, key=lambda row: row[::-1])), "b.csv"))
    assert observe(ordered, ordered.listed()) == observe(shuffled, shuffled.listed())
    assert [row.id for row in observe(ordered, ordered.listed())] == ["checkout", "orders"]


def test_other_offsets_quotes_spaces_and_a_byte_order_mark_are_read(write: Write) -> None:
    source = open_source(write('\ufeffsli,time,good,total\r\n"a, b",2025-11-01T01:00:00+01:00, 1 ,2.5\r\n'))
    (history,) = source.histories(source.listed(), Span(START, START + 3600, 3600))
    assert [(slot.start, slot.good, slot.total) for slot in history.slots] == [(START, 1, Fraction(5, 2))]


def test_the_header_says_which_column_is_which(write: Write) -> None:
    source = open_source(write("Total, Good ,time,sli\n10,9,2025-11-01T00:00:00Z,a\n\n\n"))
    (history,) = source.histories(source.listed(), Span(START, START + 3600, 3600))
    assert [(slot.good, slot.total) for slot in history.slots] == [(9, 10)]


def test_an_sli_that_the_file_does_not_have_has_no_data(write: Write) -> None:
    source = open_source(write(csv_lines(*grid(3600, 30))))
    other = open_source(write(csv_lines(*grid(3600, 30, "other")), "other.csv"))
    (row,) = observe(source, other.listed(), as_of="2025-11-02T00:00:00Z")
    assert row.status == "no-data"


@pytest.mark.parametrize(
    ("rows", "line", "named"),
    [
        (["a,2025-11-01T00:00:00Z,1,2", "a,yesterday,1,2"], 3, "yesterday"),
        (["a,2025-11-01,1,2"], 2, "2025-11-01"),
        (["a,2025-11-01T00:00:00,1,2"], 2, "RFC 3339"),
        (["a,2025-11-01T00:00:00Z,nan,2"], 2, "nan"),
        (["a,2025-11-01T00:00:00Z,1,1e9"], 2, "1e9"),
        (["a,2025-11-01T00:00:00Z,1"], 2, "3 cells"),
        ([",2025-11-01T00:00:00Z,1,1"], 2, "empty"),
        (["a,2025-11-01T00:00:00Z,1,1", "a,2025-11-01T00:00:07Z,1,1"], 3, "off the grid"),
        (["a,2025-11-01T00:00:00Z,1,1", "a,2025-11-01T01:30:00Z,1,1"], 3, "off the grid"),
        (["a,2025-11-01T00:00:00Z,1,1", "x" * 2000], 3, "1000 characters"),
        (['a,"2025-11-01T00:00:00Z,1,1'], 2, "not CSV"),
    ],
)
def test_a_bad_line_is_named_by_its_number_and_what_to_write_instead(
    write: Write, rows: list[str], line: int, named: str
) -> None:
    with pytest.raises(InputError, match=named) as caught:
        open_source(write(csv_lines(*rows)))
    assert f"line {line}:" in str(caught.value)


def test_a_slot_given_twice_is_named_with_both_lines(write: Write) -> None:
    source = open_source(write(csv_lines(*grid(3600, 30), *grid(3600, 1))))
    with pytest.raises(InputError, match=r"line 32: .*line 2;"):
        observe(source, source.listed())


@pytest.mark.parametrize(
    ("text", "named"),
    [("", "empty"), ("hello there world and more", "not recognised"), ("a,b,c\n1,2,3\n", "header")],
)
def test_a_file_that_is_none_of_the_forms_is_told_which_forms_there_are(
    write: Write, text: str, named: str
) -> None:
    with pytest.raises(InputError, match=named) as caught:
        open_source(write(text))
    assert "sli,time,good,total" in str(caught.value)


def test_a_missing_file_a_folder_and_a_foreign_scheme_are_refused(tmp_path: Path) -> None:
    for name, why in (
        (tmp_path / "no.csv", "does not exist"),
        (tmp_path, "is a folder"),
        ("ftp://x/y", "only http"),
    ):
        with pytest.raises(InputError, match=why):
            open_source(str(name))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b"\xff\xfe\x00sli")
    with pytest.raises(InputError, match="not UTF-8"):
        open_source(str(tmp_path / "m.csv"))


def test_a_repository_may_name_files_inside_it_and_neither_urls_nor_files_outside(
    tmp_path: Path, write: Write
) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    outside = write(csv_lines(*grid(3600, 3)), "outside.csv")
    (root / "inside.csv").write_text(csv_lines(*grid(3600, 3)), encoding="utf-8")
    (root / "link.csv").symlink_to(outside)
    assert [sli.id for sli in open_source("inside.csv", root=root).listed()] == ["checkout"]
    for name in ("../outside.csv", outside, "link.csv"):
        with pytest.raises(InputError, match="outside the repository"):
            open_source(name, root=root)
    with pytest.raises(InputError, match="cannot name a metrics URL"):
        open_source("http://prometheus.example", root=root)


GARBAGE = st.text('sli,timegoodtotal0123456789-:TZ{}="# \n\r\t/[]EOF\x00é', max_size=200)


@given(
    head=st.sampled_from(["", "sli,time,good,total\n", "# TYPE t counter\n", 't{a="b"} 1 1790812800\n', "{"]),
    rest=GARBAGE,
)
def test_whatever_a_file_holds_it_is_a_source_or_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, head: str, rest: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "garbage"
    path.write_text(head + rest, encoding="utf-8")
    try:
        source = open_source(str(path))
        observe(source, source.listed(), as_of="2026-11-02T00:00:00Z")
    except InputError as error:
        assert "\n" not in str(error)


def test_a_snapshot_of_another_form_is_refused_with_the_field_that_is_wrong(write: Write) -> None:
    for text, field in (
        ("{}", "schema"),
        ('{"schema": "platform-ops/metrics@2", "source": "x"}', "schema"),
        ('{"schema": "platform-ops/metrics@1", "source": "x", "extra": 1}', "extra"),
        ('{"schema": "platform-ops/metrics@1"', "the document"),
        ("[" * 5000, "the document"),
    ):
        with pytest.raises(InputError, match=field):
            open_source(write(text, "metrics.json"))
