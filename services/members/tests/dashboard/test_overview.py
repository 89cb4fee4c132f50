"""What is shown of an organisation, and what would tell of few."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

from members.dashboard.overview import Counted, due, month_began, months, shown
from members.strategy.commitments import Commitment, Course

TODAY = date(2026, 3, 15)
BANDS = ("AA-AO", "EO", "HEO-SEO", "G7-G6", "SCS")
NOBODY = Counted({}, {}, {}, {})


def promise(due_on: date) -> Commitment:
    return Commitment(uuid4(), "A promise", None, "Team", "A measure", due_on, 1)


def test_the_last_twelve_months_end_with_the_one_of_today() -> None:
    found = months(TODAY)

    assert (len(found), found[0], found[-1]) == (12, date(2025, 4, 1), date(2026, 3, 1))


def test_a_month_begins_in_london() -> None:
    assert month_began(date(2026, 7, 20)).astimezone(UTC) == datetime(2026, 6, 30, 23, tzinfo=UTC)


def test_grades_are_rounded_and_small_ones_are_only_shown_together() -> None:
    its = shown(replace(NOBODY, members={"EO": 12, "HEO-SEO": 43, "SCS": 3}), BANDS, TODAY, 5).members

    assert its.all == 60
    assert its.shown == {"HEO-SEO": 45}
    assert (its.hidden, its.together) == (("AA-AO", "EO", "G7-G6", "SCS"), 15)


def test_nothing_is_shown_where_all_together_are_few() -> None:
    its = shown(replace(NOBODY, members={"EO": 2, "SCS": 1}, joined={date(2026, 1, 1): 3}), BANDS, TODAY, 5)

    assert (its.members.shown, its.members.together) == ({}, 0)
    assert (its.joined.shown, its.joined.together) == ({}, 0)


def test_months_with_few_are_hidden_and_two_at_least() -> None:
    joined = {date(2025, month, 1): 10 for month in range(4, 13)} | {
        date(2026, 1, 1): 17,
        date(2026, 2, 1): 8,
        date(2026, 3, 1): 4,
    }

    its = shown(replace(NOBODY, joined=joined), BANDS, TODAY, 5).joined

    assert its.hidden == ("2026-02", "2026-03")
    assert (its.together, its.all, its.shown["2026-01"]) == (10, 120, 15)


def test_who_takes_part_is_hidden_where_that_would_tell_of_few_who_do_or_do_not() -> None:
    parts = {"four": 4, "five": 5, "most": 15, "all-but-four": 16, "all": 20}

    its = shown(replace(NOBODY, members={"EO": 20}, taking_part=parts), BANDS, TODAY, 5)

    assert its.taking_part == {"four": None, "five": 5, "most": 15, "all-but-four": None, "all": None}


def test_promises_are_overdue_or_due_in_ninety_days_unless_they_are_kept_or_dropped() -> None:
    late, today, last, later = (promise(date(2026, 3, 14)), promise(TODAY), promise(date(2026, 6, 13)),
                                promise(date(2026, 6, 14)))  # fmt: skip
    kept = replace(promise(TODAY), completed_on=TODAY)
    dropped = replace(promise(TODAY), dropped_at=datetime(2026, 1, 1, tzinfo=UTC))
    reported = replace(today, course=Course.AT_RISK)

    found = due([late, reported, kept, dropped, last, later], TODAY)

    assert (found.overdue, found.soon) == ((late,), (reported, last))
