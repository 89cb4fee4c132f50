"""Reads the instants of the forms of meetings."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from chassis.days import NoSuchTime, instant_in_london
from chassis.web import typed_day
from contracts.refusal import FieldError, Invalid


def moments(on: str, fields: Iterable[str], values: Mapping[str, Any]) -> dict[str, datetime]:
    """One day's times on the clock in London, such as 14:00 or 9:05, by their fields; what makes no sense is absent.

    Of the hour that comes twice in October the first is meant. Raises `Invalid` for one that no clock shows in March.
    """
    found, wrong = {}, []
    for field in fields:
        hours, _, minutes = str(values.get(field, "")).replace(".", ":").partition(":")
        try:
            clock = time(int(hours), int(minutes or "0"))
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
