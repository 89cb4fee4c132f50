"""Reads the instants of the forms of meetings."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from chassis.days import NoSuchTime, instant_in_london
from chassis.web import typed_day
from contracts.refusal import FieldError, Invalid

NAMED: Final = {"midday": time(12), "noon": time(12), "midnight": time()}
CLOCK: Final = re.compile(r"([0-9]{1,2})(?:[:. ]?([0-9]{2}))?(?: ?([ap])m)?")
NOON: Final = 12


def moments(on: str, fields: Iterable[str], values: Mapping[str, Any]) -> dict[str, datetime]:
    """One day's times on the clock in London, such as 14:00 or 2pm, by their fields; what makes no sense is absent.

    Of the hour that comes twice in October the first is meant. Raises `Invalid` for one that no clock shows in March.
    """
    found, wrong = {}, []
    for field in fields:
        try:
            clock = _clock(str(values.get(field, "")))
            found[field] = instant_in_london(date.fromisoformat(typed_day(on, values).get(on, "")), clock)
        except NoSuchTime:
            wrong.append(
                FieldError(
                    field, "The clocks go forward at 1am on this day: enter a time before 1:00, or 2:00 or later"
                )
            )
        except ValueError:
            continue  # told with all else that is missing
    if wrong:
        raise Invalid(*wrong)
    return found


def _clock(text: str) -> time:
    """Raises `ValueError` for what no clock shows."""
    plain = text.strip().lower().replace("a.m.", "am").replace("p.m.", "pm")
    if plain in NAMED:
        return NAMED[plain]
    found = CLOCK.fullmatch(plain)
    if found is None:
        raise ValueError("no time")
    hours, half = int(found[1]), found[3]
    if half and not 1 <= hours <= NOON:
        raise ValueError("no hour of half a day")
    if half:
        hours = hours % NOON + (NOON if half == "p" else 0)
    return time(hours, int(found[2] or "0"))
