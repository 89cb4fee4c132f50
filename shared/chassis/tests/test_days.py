"""The day in London."""

from datetime import UTC, date, datetime

import pytest

from chassis.days import day_in_london


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
