"""What went out and to whom, for the team, over HTTP; and sending again. Nothing shows a name or an address."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from chassis import idempotency
from chassis.idempotency import Key
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.notifications import NoticeCategory
from notifications import redelivering, sent, sent_store
from notifications.api import LARGEST, Limit, NoticeList, Standing, notice_list
from notifications.domain import NoSuchNotice, NoticeState
from notifications.sent import DELAYS, Told, Wanted

router = APIRouter(prefix="/api/notifications/v1", tags=["notifications"], route_class=RetryingRoute)


class Occasion(BaseModel):
    """An event of which notices tell; `type` is null where it is no longer kept. `inbox` is what stands there alone."""

    event_id: UUID
    type: str | None
    heard_at: datetime | None
    who: list[str]
    notices: dict[str, int]


class Occasions(BaseModel):
    """`next`, given as `after`, leads to earlier ones; null: these were the last."""

    occasions: list[Occasion]
    next: str | None


class Day(BaseModel):
    """`median` and `p95` are whole seconds, in which half and 95 of 100 of its mail went out; null: none did."""

    day: date
    sent: int
    inbox: int
    failed: int
    unknown: int
    suppressed: int
    median: int | None
    p95: int | None


class Delay(BaseModel):
    """What went out `below` so many seconds after it was to; null: all that took longer."""

    below: float | None
    notices: int


class Volumes(BaseModel):
    """By the London day on which a notice was to go out. What a digest held counts, the digest does not.

    `median` and `p95` are of all these days. Time for which a member wanted no mail is no delay.
    """

    days: list[Day]
    delays: list[Delay]
    median: int | None
    p95: int | None


@router.get("/occasions")
async def occasions(  # noqa: PLR0917 (three filters)
    database: Db,
    caller: SignedIn,
    type: Annotated[str | None, Query(pattern="^[A-Za-z]{1,100}$", description="Such as MemberJoined")] = None,  # noqa: A002
    category: NoticeCategory | None = None,
    state: NoticeState | None = None,
    after: Annotated[str | None, Query(max_length=60, description="`next` of the page before")] = None,
    limit: Limit = 50,
) -> Occasions:
    """The events that notices tell of, newest first; with `state` those of which one stands there."""
    permit(caller, "team")
    async with database.transaction() as tx:
        found, following = await sent.occasions(tx, Wanted(type, category, state), after=after, limit=limit)
    return Occasions(occasions=[_view(its) for its in found], next=following)


@router.get("/occasions/{event_id}")
async def occasion(event_id: UUID, database: Db, caller: SignedIn) -> Occasion:
    """One event, and how many of its notices stand where."""
    permit(caller, "team")
    async with database.transaction() as tx:
        return _view(await sent.occasion(tx, event_id))


@router.get("/occasions/{event_id}/notices")
async def notices_of(  # noqa: PLR0917 (a filter and a page)
    event_id: UUID,
    database: Db,
    caller: SignedIn,
    state: NoticeState | None = None,
    after: Annotated[int, Query(ge=0, le=LARGEST, description="`next` of the page before")] = 0,
    limit: Limit = 100,
) -> NoticeList:
    """Its notices, oldest first: to whom, where they stand and why."""
    permit(caller, "team")
    async with database.transaction() as tx:
        await sent.occasion(tx, event_id)
        found = await sent_store.notices_of(tx, event_id, state=state, after=after, limit=limit + 1)
    return notice_list(found, limit)


@router.get("/volumes")
async def volumes(database: Db, caller: SignedIn, days: Annotated[int, Query(ge=1, le=366)] = 30) -> Volumes:
    """How many notices ended how, on each of so many days up to today; and how long they took."""
    permit(caller, "team")
    async with database.transaction() as tx:
        its = await sent.volumes(tx, days)
    figures = [
        Day(
            day=day,
            **{outcome: its.outcomes[outcome][place] for outcome in its.outcomes},
            median=sent.within(its.delays[place], 50),
            p95=sent.within(its.delays[place], 95),
        )
        for place, day in enumerate(its.days)
    ]
    below, delays = [*(each.total_seconds() for each in DELAYS), None], its.all_delays
    return Volumes(
        days=figures,
        delays=[Delay(below=each, notices=figure) for each, figure in zip(below, sent.in_groups(delays), strict=True)],
        median=sent.within(delays, 50),
        p95=sent.within(delays, 95),
    )


@router.post("/notices/{notice_id}/redelivery")
async def redeliver(notice_id: UUID, database: Db, key: Key, caller: SignedIn) -> Standing:
    """Send what failed, or may not have gone out, again: it is due at once, and tells where it stands.

    Of an `unknown` one the member may get a second copy.
    """
    permit(caller, "team")
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=notice_id, status=200) is None:
            refused = (await redelivering.send_again(tx, [notice_id], by=caller.account_id))[notice_id]
            if refused is not None:
                raise refused
        row = await sent_store.one(tx, notice_id)
    if row is None:
        raise NoSuchNotice
    return Standing(**row)


def _view(its: Told) -> Occasion:
    return Occasion(
        event_id=its.event_id, type=its.type, heard_at=its.heard_at, who=sent.who(its.type), notices=dict(its.notices)
    )
