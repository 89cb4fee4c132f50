"""Reads the days and times of forms into texts that the API's own forms take; what makes no sense stays so."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from chassis.web.times import LONDON


def day(name: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The three boxes of a day as one text; whoever fills in none has not entered it."""
    parts = [str(values.get(f"{name}-{part}", "")) for part in ("year", "month", "day")]
    return {name: "-".join(part.zfill(2) for part in parts)} if any(parts) else {}


def moment(on: str, at: str, values: Mapping[str, Any]) -> datetime | None:
    """A day and a time on the clock in London, such as 14:00 or 9:05; None where one of them makes no sense."""
    hours, _, minutes = str(values.get(at, "")).replace(".", ":").partition(":")
    try:
        clock = time(int(hours), int(minutes or "0"))
        return datetime.combine(date.fromisoformat(day(on, values).get(on, "")), clock, LONDON)
    except ValueError:
        return None
