"""The inclusion calendar rolls on by itself, and anyone may read it."""

from datetime import date, timedelta
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from chassis import outbox, paging
from chassis.database import Database
from chassis.days import day_in_london
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.refusal import FieldError, Invalid
from events import calendar_rules, key_date_store

router = APIRouter(prefix="/api/events/v1", tags=["key dates"], route_class=RetryingRoute)

A_YEAR: Final = timedelta(days=365)


class KeyDateView(BaseModel):
    """A single day starts and ends on the same."""

    model_config = ConfigDict(from_attributes=True)

    key_date_id: UUID
    title: str
    starts_on: date
    ends_on: date


class KeyDates(BaseModel):
    """`next`, given as `after` with the same days, leads to the following ones; None: these were the last."""

    key_dates: list[KeyDateView]
    next: UUID | None


@router.get("/key-dates")
async def key_dates(
    database: Db,
    first: Annotated[date | None, Query(alias="from", description="Without it, today")] = None,
    last: Annotated[date | None, Query(alias="to", description="Without it, a year later")] = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> KeyDates:
    """The dates of the inclusion calendar of which a day lies between the two, both included. For anyone."""
    async with database.transaction() as tx:
        first = first or day_in_london(tx.now)
        last = last or min(first, date.max - A_YEAR) + A_YEAR
        if last < first:
            raise Invalid(FieldError("to", "Choose a day that is not before the first"))
        found = await key_date_store.between(tx, first, last, after=after, most=limit + 1)
    shown, following = paging.page(found, limit, attrgetter("key_date_id"))
    return KeyDates(key_dates=[KeyDateView.model_validate(its) for its in shown], next=following)


async def roll(database: Database) -> int:
    """Work out this year and the next, and say which dates come near; gives how many events that made. A timer's work.

    What is past when it is worked out is scheduled, so that the year is whole, and never said to approach.
    """
    async with database.transaction() as tx:
        today = day_in_london(tx.now)
        wanted = [its for year in (today.year, today.year + 1) for its in calendar_rules.key_dates(year)]
        known = await key_date_store.known(tx, [its.key_date_id for its in wanted])
        missing = [its for its in wanted if its.key_date_id not in known]
        added = await key_date_store.add(tx, missing) if missing else set()
        near = await key_date_store.call(tx, today=today, until=today + calendar_rules.NOTICE, now=tx.now)
        events = [
            *(calendar_rules.scheduled(its) for its in missing if its.key_date_id in added),
            *map(calendar_rules.approaching, near),
        ]
        await outbox.put(tx, *events)
    return len(events)
