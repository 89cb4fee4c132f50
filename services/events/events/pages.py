"""The pages of the calendar: what is coming, and one event, where a member takes a place.

The form on an event's page is the API's own request in a browser: its handler decides, and the page puts it into words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis.database import Database
from chassis.days import LONDON, day_in_london
from chassis.identity import Caller, MaybeSignedIn, SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import days, render, span
from contracts.refusal import Refused
from events import hosted_event_store, hosted_events, key_date_store, planned_pages
from events.calendar_rules import KeyDate
from events.hosting import AlreadyRegistered, HostedEvent, NoSuchEvent

router = APIRouter(route_class=RetryingRoute, include_in_schema=False)

AHEAD: Final = timedelta(days=365)
SHOWN: Final = 100  # hosted events on a page
LAST: Final = date(2999, 12, 31)  # that may be asked for
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
async def calendar(
    request: Request, database: Db, first: Annotated[date | None, Query(alias="from", le=LAST)] = None
) -> HTMLResponse:
    """What is on today, and what is coming within a year, month by month; or within a year from a later day on."""
    async with database.transaction() as tx:
        today = day_in_london(tx.now)
        first = max(first or today, today)
        begins = tx.now if first == today else datetime.combine(first, time(), LONDON)
        key_dates = await key_date_store.between(tx, first, first + AHEAD)
        hosted = await hosted_event_store.upcoming(tx, begins, begins + AHEAD, most=SHOWN + 1)
    # A page ends with a whole day, so that the next one begins with one.
    later = max(day_in_london(hosted[SHOWN].starts_at), first + timedelta(days=1)) if len(hosted) > SHOWN else None
    entries = [its for its in ordered(key_dates, hosted[:SHOWN], first) if later is None or its.on < later]
    return render(
        request,
        "calendar.html",
        today=today,
        on_today=[entry for entry in entries if entry.on == today],
        months=months(entry for entry in entries if entry.on > today),
        first=first if first > today else None,
        later=later,
    )


@router.get("/events/{hosted_event_id:uuid}")
async def event(  # noqa: PLR0917 (what was done just now)
    request: Request, hosted_event_id: UUID, database: Db, caller: MaybeSignedIn, taken: str = "", done: str = ""
) -> HTMLResponse:
    """What an event is, who speaks, whether there is a place, and whether the member has one.

    Before it is published its organiser and the team see where it stands.
    """
    return await _event(request, database, caller, hosted_event_id, just_taken=taken == "yes", done=done)


@router.post("/events/{hosted_event_id:uuid}/registrations")
async def register(request: Request, hosted_event_id: UUID, database: Db, caller: SignedIn) -> Response:
    try:
        await hosted_events.register(hosted_event_id, database, None, caller)
    except NoSuchEvent:
        raise
    except AlreadyRegistered:  # a second click
        return RedirectResponse(f"/events/{hosted_event_id}?taken=yes", 303)
    except Refused as refused:
        return await _event(request, database, caller, hosted_event_id, refused=refused)
    return RedirectResponse(f"/events/{hosted_event_id}?taken=yes", 303)


async def _event(
    request: Request,
    database: Database,
    caller: Caller | None,
    hosted_event_id: UUID,
    *,
    just_taken: bool = False,
    done: str = "",
    refused: Refused | None = None,
) -> HTMLResponse:
    """The page; with `refused` it says why there is no place for the member, and answers 409."""
    member_id = caller.member_id if caller else None
    async with database.transaction() as tx:
        its = await hosted_event_store.by_id(tx, hosted_event_id)
        if its is None:
            raise NoSuchEvent
        speakers = await hosted_event_store.speakers(tx, hosted_event_id)
        if its.published_at is None:
            if caller is None or not hosted_events.may_plan(its, caller):
                raise NoSuchEvent
            return planned_pages.page(request, its, speakers, caller, tx.now, refused=refused, done=done)
        taken = await hosted_event_store.places_taken(tx, [hosted_event_id])
        has_place = member_id is not None and await hosted_event_store.has_place(tx, hosted_event_id, member_id)
    return render(
        request,
        "event.html",
        status=409 if refused else 200,
        its=its,
        when=span(its.starts_at, its.ends_at),
        over=its.hosted_at is not None or tx.now >= its.ends_at,
        left=its.capacity - taken.get(hosted_event_id, 0),
        speakers=speakers,
        is_member=member_id is not None,
        has_place=has_place,
        just_taken=just_taken and has_place,
        just_published=done == "published" and caller is not None and hosted_events.may_plan(its, caller),
        refusal=refused.sentence if refused else "",
    )


def ordered(key_dates: Sequence[KeyDate], hosted: Sequence[HostedEvent], today: date) -> list[Entry]:
    """The entries by day; what has begun already stands at `today`, or whichever day is the first."""
    entries = [Entry(max(its.starts_on, today), _days(its.starts_on, its.ends_on), its.title) for its in key_dates] + [
        Entry(
            max(day_in_london(its.starts_at), today),
            span(its.starts_at, its.ends_at),
            its.title,
            its.place,
            f"/events/{its.hosted_event_id}",
        )
        for its in hosted
    ]
    return sorted(entries, key=lambda entry: entry.on)


def months(entries: Iterable[Entry]) -> list[tuple[date, list[Entry]]]:
    """The entries of each month that has any, by its first day."""
    return [(first, list(found)) for first, found in groupby(entries, key=lambda entry: entry.on.replace(day=1))]


def _days(first: date, last: date) -> str:
    if first.day == 1 and last - first >= A_MONTH_OR_SO:
        return f"All of {first:%B}"
    return days(first, last)
