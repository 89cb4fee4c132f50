"""Reads the instants of the forms of meetings."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from chassis.days import LONDON
from chassis.web import typed_day


def moment(on: str, at: str, values: Mapping[str, Any]) -> datetime | None:
    """A day and a time on the clock in London, such as 14:00 or 9:05; None where one of them makes no sense."""
    hours, _, minutes = str(values.get(at, "")).replace(".", ":").partition(":")
    try:
        clock = time(int(hours), int(minutes or "0"))
        return datetime.combine(date.fromisoformat(typed_day(on, values).get(on, "")), clock, LONDON)
    except ValueError:
        return None
