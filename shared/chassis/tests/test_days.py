"""The day in London."""

from datetime import UTC, date, datetime, time

import pytest

from chassis.days import NoSuchTime, day_in_london, instant_in_london


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2027, 7, 10, 22, 59, tzinfo=UTC), date(2027, 7, 10)),
        (datetime(2027, 7, 10, 23, 0, tzinfo=UTC), date(2027, 7, 11)),
        (datetime(2027, 1, 10, 23, 59, tzinfo=UTC), date(2027, 1, 10)),
    ],
)
def test_a_day_begins_at_midnight_in_london_an_hour_before_that_of_utc_in_summer(now: datetime, day: date) -> None:
    assert day_in_london(now) == day


def test_a_time_without_a_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        day_in_london(datetime(2027, 7, 10))  # noqa: DTZ001 - what this is about


@pytest.mark.parametrize(
    ("day", "at", "instant"),
    [
        (date(2027, 3, 28), time(0, 59), datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        (date(2027, 3, 28), time(2, 0), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        (date(2027, 7, 10), time(14, 0), datetime(2027, 7, 10, 13, 0, tzinfo=UTC)),
        (date(2027, 10, 31), time(0, 59), datetime(2027, 10, 30, 23, 59, tzinfo=UTC)),
        (date(2027, 10, 31), time(1, 30), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        (date(2027, 10, 31), time(2, 0), datetime(2027, 10, 31, 2, 0, tzinfo=UTC)),
    ],
)
def test_what_a_clock_in_london_shows_is_an_instant_and_of_an_hour_that_comes_twice_the_first(
    day: date, at: time, instant: datetime
) -> None:
    found = instant_in_london(day, at)

    assert (found, found.tzinfo) == (instant, UTC)


@pytest.mark.parametrize("at", [time(1, 0), time(1, 30), time(1, 59)])
def test_an_hour_that_the_clocks_leap_over_is_no_instant(at: time) -> None:
    with pytest.raises(NoSuchTime):
        instant_in_london(date(2027, 3, 28), at)
