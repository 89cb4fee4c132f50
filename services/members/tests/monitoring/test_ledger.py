"""Rows of whom releases counted, on a ledger written by hand."""

import pytest

from members.monitoring.ledger import (
    Column,
    Ledger,
    book,
    columns,
    counted_as,
    row_of,
    rows_of,
    without_answers,
    written,
)

FIRST = {
    "age": [("MOD", "EO", {"old": 1, "no-answer": 1}), ("DSTL", "AO", {"young": 1})],
    "sex": [("MOD", "EO", {"female": 2}), ("DSTL", "AO", {"male": 1})],
}
SECOND = {"sex": [("MOD", "EO", {"female": 1})]}
MOD, DSTL = ("MOD", "EO"), ("DSTL", "AO")


def ledger() -> Ledger:
    """Ada and Ben were counted at first, and only Ada after them."""
    its = book(FIRST)
    first = {
        b"ada": row_of(its, MOD, {"age": "old", "sex": "female"}),
        b"ben": row_of(its, DSTL, {"age": "young", "sex": "male"}),
    }
    later = {b"ada": row_of(book(SECOND), MOD, {"sex": "female"})}
    return Ledger({}, {}).and_("2026-Q1", FIRST, first).and_("2026-Q2", SECOND, later)


def test_a_row_is_a_place_in_two_bytes_and_each_answer_in_one_and_none_where_nobody_was_counted() -> None:
    assert ledger().rows == {b"ada": b"\0\2\2\1" + b"\0\1\1", b"ben": b"\0\1\3\2" + b"\0\0\0"}


def test_each_release_is_read_as_it_was_written() -> None:
    its = ledger()

    assert dict(counted_as(its, b"ada")) == {
        "2026-Q1": {"place": MOD, "codes": {"age": "old", "sex": "female"}},
        "2026-Q2": {"place": MOD, "codes": {"sex": "female"}},
    }
    assert dict(counted_as(its, b"cat")) == {}
    assert columns(its, [b"ben", b"cat", b"ada"], "2026-Q1") == {
        "age": Column([1, 0, 2], b"\3\0\2"),
        "sex": Column([1, 0, 2], b"\2\0\1"),
    }


def test_who_gave_no_answer_is_counted_as_that_and_has_none_in_their_copy() -> None:
    its = Ledger({"2026-Q1": FIRST}, {b"ada": row_of(book(FIRST), MOD, {"sex": "female", "age": "of another time"})})

    assert its.rows[b"ada"] == b"\0\2\1\1"
    assert dict(counted_as(its, b"ada")) == {"2026-Q1": {"place": MOD, "codes": {"sex": "female"}}}


def test_many_are_written_as_each_would_be() -> None:
    its = book(FIRST)
    many = rows_of(its, written(its, [MOD, DSTL], {"age": ["old", "young"], "sex": ["female", "male"]}))

    assert many == [ledger().rows[name][:4] for name in (b"ada", b"ben")]


def test_a_release_of_an_earlier_quarter_goes_before_the_others() -> None:
    earlier = ledger().and_("2025-Q4", SECOND, {b"ben": row_of(book(SECOND), MOD, {"sex": "female"})})

    assert list(earlier.books) == ["2025-Q4", "2026-Q1", "2026-Q2"]
    assert earlier.rows[b"ben"] == b"\0\1\1" + b"\0\1\3\2" + b"\0\0\0"


def test_what_no_figure_looks_back_to_goes_and_whoever_only_that_counted() -> None:
    its = ledger().only({"2026-Q2"})

    assert (its.rows, list(its.exact)) == ({b"ada": b"\0\1\1"}, ["2026-Q2"])


@pytest.mark.parametrize(("name", "row"), [(b"ada", b"\0\2\0\0\0\1\0"), (b"ben", b"\0\1\0\0\0\0\0")])
def test_without_answers_it_still_says_where_somebody_was_counted(name: bytes, row: bytes) -> None:
    its = ledger()
    blank = without_answers(its, its.rows[name])

    assert blank == row
    assert dict(counted_as(Ledger(its.exact, {name: blank}), name))["2026-Q1"]["codes"] is None


def test_of_a_large_profession_places_have_numbers_beyond_a_byte() -> None:
    exact = {"sex": [(f"ORG-{number:04}", "EO", {"female": 1}) for number in range(300)]}
    its = Ledger({"2026-Q1": exact}, {b"ada": row_of(book(exact), ("ORG-0299", "EO"), {"sex": "female"})})

    assert columns(its, [b"ada"], "2026-Q1") == {"sex": Column([300], b"\1")}
