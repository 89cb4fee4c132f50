"""The day that everybody here goes by: London's, which begins an hour before UTC's in summer. Pure."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

LONDON: Final = ZoneInfo("Europe/London")


def day_in_london(now: datetime) -> date:
    """The day of an aware instant. Raises `ValueError` without a zone, since it could mean either of two days."""
    if now.tzinfo is None:
        raise ValueError("a time without a zone could mean either of two days")
    return now.astimezone(LONDON).date()
