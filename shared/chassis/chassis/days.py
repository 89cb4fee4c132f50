"""The day that everybody here goes by: London's, which begins an hour before UTC's in summer. Pure."""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

LONDON: Final = ZoneInfo("Europe/London")


class NoSuchTime(ValueError):  # noqa: N818 - named for what it means
    """The clocks go forward over it on that day: no clock in London shows it."""


def day_in_london(now: datetime) -> date:
    """The day of an aware instant. Raises `ValueError` without a zone, since it could mean either of two days."""
    if now.tzinfo is None:
        raise ValueError("a time without a zone could mean either of two days")
    return now.astimezone(LONDON).date()


def instant_in_london(day: date, at: time) -> datetime:
    """When a clock in London shows a time on a day, in UTC; of the hour that comes twice in October, the first.

    Raises `NoSuchTime`. In UTC, since two times of one zone are compared as clocks show them, whatever they mean.
    """
    shown = datetime.combine(day, at)
    instant = shown.replace(tzinfo=LONDON).astimezone(UTC)
    if instant.astimezone(LONDON).replace(tzinfo=None) != shown:
        raise NoSuchTime
    return instant
