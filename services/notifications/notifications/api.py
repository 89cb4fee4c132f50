"""What may be read here: a member's inbox, where notices stand, and totals. Nothing shows an address."""

from datetime import datetime
from operator import itemgetter
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from chassis import paging
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.notifications import NoticeCategory
from notifications import hosted_event_store, inbox_store, recipient_store, sent_store, store
from notifications.domain import InboxNotReady, NoSuchInbox, NoSuchNotice, NoticeState, RecipientState
from notifications.inbox import words_of
from notifications.told import TEMPLATES

router = APIRouter(prefix="/api/notifications/v1", tags=["notifications"], route_class=RetryingRoute)

LARGEST = 2**63 - 1  # of a notice's number, which the cursors are
Limit = Annotated[int, Query(ge=1, le=200)]


class InboxNotice(BaseModel):
    notice_id: UUID
    category: NoticeCategory
    title: str
    body: str | None  # None once the words are deleted, some days after they went out
    state: NoticeState
    channel: str | None  # None until it goes out
    created_at: datetime
    sent_at: datetime | None
    read_at: datetime | None


class Inbox(BaseModel):
    notices: list[InboxNotice]
    next: int | None


class Standing(BaseModel):
    """Where one notice stands."""

    notice_id: UUID
    event_id: UUID
    member_id: UUID
    state: NoticeState
    reason: str | None
    category: str  # a NoticeCategory, or `everything` of a digest
    template: str
    template_version: int
    channel: str | None  # None until it is sent for the first time
    attempts: int
    redeliveries: int  # how often somebody sent it again by hand
    message_id: str | None
    created_at: datetime
    due_at: datetime
    begun_at: datetime | None
    sent_at: datetime | None


class NoticeList(BaseModel):
    notices: list[Standing]
    next: int | None


class Counts(BaseModel):
    members: int
    waiting: int = 0
    due: int = 0
    scheduled: int = 0
    gathered: int = 0
    sending: int = 0
    sent: int = 0
    unknown: int = 0
    failed: int = 0
    suppressed: int = 0
    cancelled: int = 0


@router.get("/members/{member_id}/inbox")
async def inbox(
    *,
    request: Request,
    database: Db,
    caller: SignedIn,
    member_id: UUID,
    after: Annotated[int | None, Query(ge=1, le=LARGEST, description="`next` of the page before")] = None,
    limit: Limit = 50,
) -> Inbox:
    """What a member was told, newest first; for themselves and the team. What was cancelled is not there."""
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        recipient = await recipient_store.recipient_of(tx, member_id)
        erased = await recipient_store.is_erased(tx, member_id)
        found = await inbox_store.newest(tx, member_id, before=after, limit=limit + 1)
        rows, following = paging.page(found, limit, itemgetter("number"))
        events = await hosted_event_store.announcements(tx, [row["hosted_event_id"] for row in rows])
    if recipient is None or recipient.state is RecipientState.EXPECTED:
        raise InboxNotReady if caller.member_id == member_id and not erased else NoSuchInbox
    its = request.app.state.settings
    notices = [
        InboxNotice(
            title=TEMPLATES[row["template"], row["template_version"]].subject,
            body=words_of(row, events, recipient.name, front_door=its.front_door, days=its.body_days, now=tx.now),
            **row,
        )
        for row in rows
    ]
    return Inbox(notices=notices, next=following)


@router.put("/members/{member_id}/inbox/{notice_id}/read", status_code=204)
async def read(member_id: UUID, notice_id: UUID, database: Db, caller: SignedIn) -> None:
    """The member has read it; the first time counts. Raises `NoSuchNotice`."""
    permit(caller, owner=member_id)
    async with database.transaction() as tx:
        if not await inbox_store.mark_read(tx, member_id, notice_id):
            raise NoSuchNotice


@router.get("/notices")
async def notices_in(
    database: Db,
    caller: SignedIn,
    state: NoticeState,
    after: Annotated[int, Query(ge=0, le=LARGEST, description="`next` of the page before")] = 0,
    limit: Limit = 100,
) -> NoticeList:
    """The notices in one state, oldest first, for the team: `unknown` may or may not have gone out."""
    permit(caller, "team")
    async with database.transaction() as tx:
        return notice_list(await sent_store.in_state(tx, state, after=after, limit=limit + 1), limit)


def notice_list(found: list[asyncpg.Record], limit: int) -> NoticeList:
    """Of one notice more than a page holds."""
    rows, following = paging.page(found, limit, itemgetter("number"))
    return NoticeList(notices=[Standing(**row) for row in rows], next=following)


@router.get("/counts")
async def counts(database: Db) -> Counts:
    """Totals: who can be written to, and how many notices stand in each state."""
    async with database.transaction() as tx:
        members = await recipient_store.count_members(tx)
        notices = await store.count_notices(tx)
    return Counts(members=members, **notices)
