"""The rules of the inclusion calendar, on literal dates."""

from datetime import date
from uuid import UUID

import pytest

from contracts.events import KeyDateApproaching, KeyDateScheduled
from events import calendar_rules
from events.calendar_rules import RULES


def days(title: str, year: int) -> tuple[date, date] | None:
    return next(((its.starts_on, its.ends_on) for its in calendar_rules.key_dates(year) if its.title == title), None)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Ada Lovelace Day", [date(2026, 10, 13), date(2027, 10, 12), date(2028, 10, 10)]),
        ("National Day for Staff Networks", [date(2026, 5, 13), date(2027, 5, 12), date(2028, 5, 10)]),
        ("Global Accessibility Awareness Day", [date(2026, 5, 21), date(2027, 5, 20), date(2028, 5, 18)]),
        ("Time to Talk Day", [date(2026, 2, 5), date(2027, 2, 4), date(2028, 2, 3)]),
        (
            "International Day of Women and Girls in Science",
            [date(2026, 2, 11), date(2027, 2, 11), date(2028, 2, 11)],
        ),
        ("Easter Sunday", [date(2026, 4, 5), date(2027, 3, 28), date(2028, 4, 16)]),
    ],
)
def test_a_single_day_is_where_it_belongs_in_each_year(title: str, expected: list[date]) -> None:
    assert [days(title, year) for year in (2026, 2027, 2028)] == [(day, day) for day in expected]


@pytest.mark.parametrize(
    ("title", "year", "first", "last"),
    [
        ("Race Equality Week", 2026, date(2026, 2, 2), date(2026, 2, 8)),
        ("Race Equality Week", 2027, date(2027, 2, 1), date(2027, 2, 7)),
        ("Race Equality Week", 2028, date(2028, 2, 7), date(2028, 2, 13)),
        ("World Space Week", 2027, date(2027, 10, 4), date(2027, 10, 10)),
        ("Transgender Awareness Week", 2027, date(2027, 11, 13), date(2027, 11, 19)),
        ("LGBT+ History Month", 2027, date(2027, 2, 1), date(2027, 2, 28)),
        ("LGBT+ History Month", 2028, date(2028, 2, 1), date(2028, 2, 29)),
        ("Pride Month", 2026, date(2026, 6, 1), date(2026, 6, 30)),
        ("Black History Month", 2026, date(2026, 10, 1), date(2026, 10, 31)),
    ],
)
def test_a_week_or_a_month_has_its_first_and_last_day(title: str, year: int, first: date, last: date) -> None:
    assert days(title, year) == (first, last)


def test_december_is_a_whole_month_too() -> None:
    assert calendar_rules.WholeMonth(12).days(2026) == (date(2026, 12, 1), date(2026, 12, 31))


def test_what_moves_is_left_out_of_a_year_that_its_table_does_not_have() -> None:
    assert days("Easter Sunday", 2050) is None


def test_every_rule_gives_a_date_of_its_own_id_in_each_year() -> None:
    ids = [its.key_date_id for year in (2026, 2027, 2028) for its in calendar_rules.key_dates(year)]

    assert len(set(ids)) == len(ids) == 3 * len(RULES)


def test_the_id_of_a_key_date_never_changes() -> None:
    [its] = [its for its in calendar_rules.key_dates(2027) if its.title == "Ada Lovelace Day"]

    assert its.key_date_id == UUID("8bfe538a-024e-5298-8b82-263e85a598fa")


def test_a_key_date_is_scheduled_in_full_and_approaches_by_its_id_and_day() -> None:
    [its] = [its for its in calendar_rules.key_dates(2027) if its.title == "World Space Week"]

    assert calendar_rules.scheduled(its) == KeyDateScheduled(
        key_date_id=its.key_date_id,
        title="World Space Week",
        starts_on=date(2027, 10, 4),
        ends_on=date(2027, 10, 10),
    )
    assert calendar_rules.approaching(its) == KeyDateApproaching(
        key_date_id=its.key_date_id, starts_on=date(2027, 10, 4)
    )
