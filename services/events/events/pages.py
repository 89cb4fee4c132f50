"""The pages of the calendar: what is coming, and one event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chassis.service import Db
from chassis.web import days, moment, render, time_of_day
from events import hosted_event_store, key_date_store
from events.calendar_rules import KeyDate
from events.hosting import HostedEvent, NoSuchEvent

router = APIRouter(include_in_schema=False)

LONDON: Final = ZoneInfo("Europe/London")
AHEAD: Final = timedelta(days=365)
A_MONTH_OR_SO: Final = timedelta(days=27)


@dataclass(frozen=True)
class Entry:
    """One line of the calendar; `href` leads to a hosted event's page, a key date has none."""

    on: date  # where it stands: its first day, or today when it has begun
    when: str
    title: str
    place: str = ""
    href: str = ""


@router.get("/events/calendar")
async def calendar(request: Request, database: Db) -> HTMLResponse:
    """What is coming within a year, month by month."""
    async with database.transaction() as tx:
        today = tx.now.astimezone(LONDON).date()
        key_dates = await key_date_store.between(tx, today, today + AHEAD)
        hosted = await hosted_event_store.upcoming(tx, tx.now, tx.now + AHEAD)
    return render(request, "calendar.html", months=months(key_dates, hosted, today))


@router.get("/events/{hosted_event_id:uuid}")
async def event(request: Request, hosted_event_id: UUID, database: Db) -> HTMLResponse:
    """What a published event is, who speaks, and whether there is a place."""
    async with database.transaction() as tx:
        its = await hosted_event_store.by_id(tx, hosted_event_id)
        if its is None or its.published_at is None:
            raise NoSuchEvent
        taken = await hosted_event_store.places_taken(tx, [hosted_event_id])
        speakers = await hosted_event_store.speakers(tx, hosted_event_id)
    return render(
        request,
        "event.html",
        its=its,
        when=_when(its.starts_at, its.ends_at),
        over=its.hosted_at is not None or tx.now >= its.ends_at,
        left=its.capacity - taken.get(hosted_event_id, 0),
        speakers=speakers,
    )


def months(key_dates: Sequence[KeyDate], hosted: Sequence[HostedEvent], today: date) -> list[tuple[date, list[Entry]]]:
    """The entries of each month that has any, by its first day; what has begun already stands at today."""
    entries = [Entry(max(its.starts_on, today), _days(its.starts_on, its.ends_on), its.title) for its in key_dates] + [
        Entry(
            max(its.starts_at.astimezone(LONDON).date(), today),
            _when(its.starts_at, its.ends_at),
            its.title,
            its.place,
            f"/events/{its.hosted_event_id}",
        )
        for its in hosted
    ]
    entries.sort(key=lambda entry: entry.on)
    return [(first, list(found)) for first, found in groupby(entries, key=lambda entry: entry.on.replace(day=1))]


def _days(first: date, last: date) -> str:
    if first.day == 1 and last - first >= A_MONTH_OR_SO:
        return "All month"
    return days(first, last)


def _when(starts_at: datetime, ends_at: datetime) -> str:
    same_day = starts_at.astimezone(LONDON).date() == ends_at.astimezone(LONDON).date()
    return f"{moment(starts_at)} to {time_of_day(ends_at) if same_day else moment(ends_at)}"
