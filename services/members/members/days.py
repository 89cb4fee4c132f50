"""The day that members goes by: London's, which begins an hour before UTC's in summer. Pure, as decisions use it."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

LONDON: Final = ZoneInfo("Europe/London")


def day_in_london(now: datetime) -> date:
    """The day of an aware instant."""
    return now.astimezone(LONDON).date()
