"""The figures of what went out, in pictures and words, for the team's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Final

from chassis.web import day
from chassis.web.charts import Chart, bars, columns
from notifications import sent
from notifications.domain import NoticeState
from notifications.sent import Outcome, Volumes

OUTCOMES: Final[Mapping[str, str]] = {
    Outcome.SENT: "Sent",
    Outcome.INBOX: "In the inbox alone",
    Outcome.FAILED: "Failed",
    Outcome.UNKNOWN: "Unknown",
    Outcome.SUPPRESSED: "Suppressed",
    NoticeState.WAITING: "Waiting for an address",
    NoticeState.DUE: "Due",
    NoticeState.GATHERED: "Waiting for a digest",
    NoticeState.SENDING: "Being sent",
    NoticeState.CANCELLED: "Cancelled",
}
DELAYS: Final = ("Under a minute", "1 to 10 minutes", "10 minutes to an hour", "1 hour to a day", "A day or longer")
UNITS: Final = ((48 * 3600, 24 * 3600, "days"), (2 * 3600, 3600, "hours"), (120, 60, "minutes"), (2, 1, "seconds"))
"""From how many seconds on they are told in which unit, and how many seconds that is."""


@dataclass(frozen=True)
class DayOfMail:
    """How long the mail of one day took."""

    day: str
    messages: int
    half: str
    most: str


def volumes_chart(its: Volumes) -> Chart:
    return columns([_short(each) for each in its.days], {OUTCOMES[each]: its.outcomes[each] for each in Outcome})


def volumes_in_words(its: Volumes) -> str:
    totals = {each: sum(figures) for each, figures in its.outcomes.items()}
    each_day = [sum(figures) for figures in zip(*its.outcomes.values(), strict=True)]
    if not sum(each_day):
        return f"Nothing was to go out in the last {len(its.days)} days."
    parts = ", ".join(f"{OUTCOMES[each].lower()} {total:,}" for each, total in totals.items())
    most = its.days[each_day.index(max(each_day))]
    return (
        f"{sum(each_day):,} messages were to go out in the last {len(its.days)} days: {parts}. "
        f"The most on one day were {max(each_day):,}, on {day(most)}."
    )


def delays_in_words(its: Volumes) -> str:
    total = its.all_delays.total()
    if not total:
        return f"No mail went out in the last {len(its.days)} days."
    parts = ", ".join(
        f"{words.lower()} {figure:,}" for words, figure in zip(DELAYS, sent.in_groups(its.all_delays), strict=True)
    )
    return f"From when it was to go out until it did, of {total:,} messages by mail: {parts}."


def delays_chart(its: Volumes) -> Chart:
    return bars(DELAYS, "Messages", sent.in_groups(its.all_delays))


def half_and_most(its: Volumes) -> str:
    """In how long half of the mail went out, and 95 of 100; nothing where none did."""
    half, most = (sent.within(its.all_delays, per_cent) for per_cent in (50, 95))
    if half is None or most is None:
        return ""
    return f"Half of them went out within {in_words(half)}, and 95 of 100 within {in_words(most)}."


def delays_by_day(its: Volumes) -> list[DayOfMail]:
    """The days on which mail was to go out and did, the newest first."""
    found = []
    for each, delays in zip(its.days, its.delays, strict=True):
        half, most = sent.within(delays, 50), sent.within(delays, 95)
        if half is not None and most is not None:
            found.append(DayOfMail(day(each), delays.total(), in_words(half), in_words(most)))
    return found[::-1]


def in_words(seconds: int) -> str:
    """Within what time that is which took so many whole seconds: `1 second`, `90 seconds`, `3 minutes`."""
    over = seconds + 1
    return next((f"{ceil(over / unit)} {name}" for least, unit, name in UNITS if over >= least), "1 second")


def _short(its: date) -> str:
    return f"{its.day} {its:%b}"
