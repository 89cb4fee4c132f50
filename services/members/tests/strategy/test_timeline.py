"""The picture of the promises: where marks and names stand, without a browser."""

import itertools
from datetime import date, timedelta

import pytest

from members.strategy import timeline
from members.strategy.commitments import Standing
from members.strategy.timeline import MARK, WIDTH

OCTOBER = date(2021, 10, 31)
LATE = Standing.OVERDUE


def test_marks_stand_along_their_days_with_the_numbers_of_the_table() -> None:
    days = [date(2021, 10, 31), date(2021, 11, 30), date(2022, 4, 30)]

    its = timeline.drawn([(day, LATE) for day in days], date(2022, 1, 1))

    assert [mark.number for mark in its.marks] == [1, 2, 3]
    assert [mark.x for mark in its.marks] == sorted(mark.x for mark in its.marks)
    assert [tick.text for tick in its.ticks] == ["Oct 2021", "Dec", "Feb 2022", "Apr"]
    assert its.today is not None
    assert its.marks[1].x < its.today < its.marks[2].x


def test_marks_that_would_touch_stand_above_each_other_and_the_picture_grows() -> None:
    its = timeline.drawn([(OCTOBER, LATE)] * 4, OCTOBER)

    assert len({mark.x for mark in its.marks}) == 1
    heights = sorted(mark.y for mark in its.marks)
    assert all(above + MARK <= below for above, below in itertools.pairwise(heights))
    assert heights[0] - MARK / 2 > 0
    assert its.height > timeline.drawn([(OCTOBER, LATE)], OCTOBER).height


@pytest.mark.parametrize(
    ("today", "shown", "beyond"),
    [
        (date(2026, 11, 26), False, "after"),
        (date(2011, 1, 1), False, "before"),
        (date(2022, 5, 1), True, ""),
    ],
)
def test_a_today_far_away_is_said_and_presses_nothing_together(today: date, shown: bool, beyond: str) -> None:  # noqa: FBT001
    its = timeline.drawn([(OCTOBER, LATE), (date(2022, 4, 30), LATE)], today)

    assert (its.today is not None, its.beyond) == (shown, beyond)
    assert its.marks[1].x - its.marks[0].x > WIDTH / 4


@pytest.mark.parametrize("days", [0, 1, 20, 100, 200, 400, 800, 1500, 4000, 20000])
def test_names_on_the_axis_are_few_and_never_touch(days: int) -> None:
    its = timeline.drawn([(OCTOBER, LATE), (OCTOBER + timedelta(days=days), LATE)], OCTOBER)

    places = [tick.x for tick in its.ticks]
    assert 1 <= len(places) <= 6
    assert all(29 <= place <= WIDTH - 29 for place in places)
    widths = [len(tick.text) * 7.3 for tick in its.ticks]
    for number in range(len(places) - 1):
        assert places[number] + widths[number] / 2 < places[number + 1] - widths[number + 1] / 2


def test_without_promises_there_is_an_axis_alone() -> None:
    its = timeline.drawn([], OCTOBER)

    assert (its.marks, its.today is not None) == ((), True)
