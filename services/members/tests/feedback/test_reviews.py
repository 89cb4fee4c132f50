"""Periods, and whether members were heard on a commitment in its own."""

from datetime import date

import pytest

from members.feedback.policy import POLICY, Period
from members.feedback.reviews import Held, Review, Reviewing, review

SUMMER = (date(2026, 4, 1), date(2026, 9, 30))
WINTER = (date(2026, 10, 1), date(2027, 3, 31))
MADE = date(2025, 1, 1)


def heard(day: date) -> Held:
    return Held(day, is_open=False, heard_all=True)


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 4, 1), *SUMMER),
        (date(2026, 9, 30), *SUMMER),
        (date(2026, 10, 1), *WINTER),
        (date(2026, 12, 31), *WINTER),
        (date(2027, 1, 1), *WINTER),
        (date(2027, 3, 31), *WINTER),
        (date(2028, 2, 29), date(2027, 10, 1), date(2028, 3, 31)),
    ],
)
def test_a_period_is_half_a_year_from_april_or_october(day: date, first: date, last: date) -> None:
    assert POLICY.period_of(day) == Period(first, last)


@pytest.mark.parametrize(
    ("rounds", "today", "expected"),
    [
        ([], date(2026, 11, 1), Review(Reviewing.UNREVIEWED, *SUMMER, is_asked=False)),
        ([heard(date(2026, 9, 30))], date(2026, 10, 1), Review(Reviewing.TO_BE_REVIEWED, *WINTER, is_asked=False)),
        ([heard(date(2026, 3, 31))], date(2026, 10, 1), Review(Reviewing.UNREVIEWED, *SUMMER, is_asked=False)),
        ([heard(date(2026, 10, 1))], date(2027, 3, 31), Review(Reviewing.REVIEWED, *WINTER, is_asked=False)),
        (
            [Held(date(2026, 10, 2), is_open=False, heard_all=False)],
            date(2026, 11, 1),
            Review(Reviewing.UNREVIEWED, *SUMMER, is_asked=False),
        ),
        (
            [heard(date(2026, 9, 30)), Held(date(2026, 11, 2), is_open=True, heard_all=False)],
            date(2026, 11, 1),
            Review(Reviewing.BEING_REVIEWED, *WINTER, is_asked=True),
        ),
        (
            [Held(date(2026, 11, 2), is_open=True, heard_all=False)],
            date(2026, 11, 1),
            Review(Reviewing.UNREVIEWED, *SUMMER, is_asked=True),
        ),
        (
            [Held(date(2026, 9, 30), is_open=True, heard_all=False)],
            date(2026, 10, 1),
            Review(Reviewing.BEING_REVIEWED, *WINTER, is_asked=True),
        ),
    ],
    ids=["never", "in-time", "too-early", "anew", "not-all-heard", "open", "asked-too-late", "closes-now"],
)
def test_what_was_not_heard_on_in_its_period_is_unreviewed(rounds: list[Held], today: date, expected: Review) -> None:
    assert review(MADE, rounds, today, POLICY) == expected


@pytest.mark.parametrize(
    ("made_on", "state"),
    [(date(2026, 4, 1), Reviewing.UNREVIEWED), (date(2026, 4, 2), Reviewing.TO_BE_REVIEWED)],
)
def test_a_period_counts_once_the_commitment_stood_when_it_began(made_on: date, state: Reviewing) -> None:
    assert review(made_on, [], date(2026, 10, 1), POLICY).state is state
