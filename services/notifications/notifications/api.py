"""What may be read here: a member's inbox, where notices stand, and totals. Nothing shows an address."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from contracts.notifications import NoticeCategory
from notifications import hosted_event_store, store
from notifications.domain import InboxNotReady, NoSuchInbox, NoticeState, RecipientState
from notifications.letters import text_of
from notifications.sending import about_of
from notifications.told import TEMPLATES

router = APIRouter(prefix="/api/notifications/v1", tags=["notifications"], route_class=RetryingRoute)

LARGEST = 2**63 - 1  # of a notice's number, which the cursors are
Limit = Annotated[int, Query(ge=1, le=200)]


class InboxNotice(BaseModel):
    notice_id: UUID
    category: NoticeCategory
    title: str
    body: str
    state: NoticeState
    created_at: datetime
    sent_at: datetime | None


class Inbox(BaseModel):
    notices: list[InboxNotice]
    next: int | None


class Standing(BaseModel):
    """Where one notice stands."""

    notice_id: UUID
    member_id: UUID
    state: NoticeState
    reason: str | None
    category: NoticeCategory
    template: str
    template_version: int
    attempts: int
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
        recipient = await store.recipient_of(tx, member_id)
        erased = await store.is_erased(tx, member_id)
        rows = await store.inbox(tx, member_id, before=after, limit=limit)
        events = await hosted_event_store.announcements(tx, [row["hosted_event_id"] for row in rows])
    if recipient is None or recipient.state is RecipientState.EXPECTED:
        raise InboxNotReady if caller.member_id == member_id and not erased else NoSuchInbox
    front_door = request.app.state.settings.front_door
    notices = []
    for row in rows:
        template = TEMPLATES[row["template"], row["template_version"]]
        body = row["text"] or text_of(template, name=recipient.name, about=about_of(row, events), front_door=front_door)
        notices.append(InboxNotice(title=template.subject, body=body, **row))
    return Inbox(notices=notices, next=rows[-1]["number"] if len(rows) == limit else None)


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
        rows = await store.in_state(tx, state, after=after, limit=limit)
    return NoticeList(
        notices=[Standing(**row) for row in rows], next=rows[-1]["number"] if len(rows) == limit else None
    )


@router.get("/counts")
async def counts(database: Db) -> Counts:
    """Totals: who can be written to, and how many notices stand in each state."""
    async with database.transaction() as tx:
        members = await store.count_members(tx)
        notices = await store.count_notices(tx)
    return Counts(members=members, **notices)
