"""Times as people in the UK say them, from aware datetimes of any zone."""

from datetime import date as calendar_date
from datetime import datetime, time

from chassis.days import LONDON

NOON = 12


def moment(when: datetime) -> str:
    """`Thursday 11 February, 2pm`."""
    return f"{day(when)}, {time_of_day(when)}"


def day(when: datetime | calendar_date) -> str:
    """`Thursday 11 February`, for days about which the year is plain."""
    there = _there(when)
    return f"{there:%A} {there.day} {there:%B}"


def days(first: calendar_date, last: calendar_date) -> str:
    """`Thursday 11 February`, `13 to 19 November`, `Tuesday 30 March to Friday 2 April`."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {last.day} {last:%B}"
    return f"{day(first)} to {day(last)}"


def date(when: datetime | calendar_date) -> str:
    """`11 February 2027`."""
    there = _there(when)
    return f"{there.day} {there:%B %Y}"


def time_of_day(when: datetime) -> str:
    """`2pm`, `9:05am`, `midday`, `midnight`."""
    return clock_time(_london(when).time())


def clock_time(its: time) -> str:
    """The same of a time on somebody's clock."""
    if its.minute == 0 and its.hour % NOON == 0:
        return "midday" if its.hour else "midnight"
    minutes = f":{its.minute:02}" if its.minute else ""
    return f"{its.hour % NOON or NOON}{minutes}{'am' if its.hour < NOON else 'pm'}"


def span(first: datetime, last: datetime) -> str:
    """`Thursday 11 February, 2pm to 3:30pm`, `Thursday 11 February, 2pm to Friday 12 February, 3:30pm`."""
    same_day = _london(first).date() == _london(last).date()
    return f"{moment(first)} to {time_of_day(last) if same_day else moment(last)}"


def _there(when: datetime | calendar_date) -> calendar_date:
    return _london(when) if isinstance(when, datetime) else when


def _london(when: datetime) -> datetime:
    if when.tzinfo is None:
        raise ValueError("a time without a zone could mean any hour")
    return when.astimezone(LONDON)
