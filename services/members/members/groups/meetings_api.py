"""Meetings of groups over HTTP: who runs a group schedules them and writes; members see when it meets and what for."""

from datetime import datetime
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from chassis import idempotency, outbox, paging
from chassis.database import Transaction
from chassis.idempotency import Key
from chassis.identity import Caller, Forbidden, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import LINES
from chassis.service import Db
from members.groups import api, group_store, meeting_store, meetings
from members.groups.api import Limit, Line
from members.groups.meetings import Meeting, NoSuchMeeting
from members.roles.team import is_team

router = APIRouter(prefix="/api/members/v1/groups/{group_id}/meetings", tags=["groups"], route_class=RetryingRoute)

Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000, strip_whitespace=True), LINES]


class MeetingForm(BaseModel):
    """Members read all of it: it names no person. The volunteers of the group hear when it is."""

    title: Line
    place: Line
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    agenda: Text | None = None


class MoveForm(BaseModel):
    """Members read it: it names no person. The volunteers of the group hear of it."""

    place: Line
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class TextForm(BaseModel):
    """It names no person."""

    text: Text


class MeetingView(BaseModel):
    meeting_id: UUID
    group_id: UUID
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    agenda: str | None
    notes: Annotated[str | None, Field(description="For the volunteers of the group and the team")] = None
    changes: Annotated[int, Field(description="How often it was moved or cancelled")]
    cancelled_at: datetime | None
    scheduled_at: Annotated[datetime | None, Field(description="For the team alone, as all that follow")] = None
    scheduled_by: Annotated[UUID | None, Field(description="An account, as the other four")] = None
    changed_at: Annotated[datetime | None, Field(description="When it was last moved or cancelled")] = None
    changed_by: UUID | None = None
    cancelled_by: UUID | None = None
    agenda_at: datetime | None = None
    agenda_by: UUID | None = None
    notes_at: datetime | None = None
    notes_by: UUID | None = None


DONE: Final = (
    "scheduled_at",
    "scheduled_by",
    "changed_at",
    "changed_by",
    "cancelled_by",
    "agenda_at",
    "agenda_by",
    "notes_at",
    "notes_by",
)


class Meetings(BaseModel):
    """The latest start first. `next`, given as `after`, leads to the following ones; None: these were the last."""

    meetings: list[MeetingView]
    next: UUID | None


@router.post("", status_code=201)
async def schedule(group_id: UUID, form: MeetingForm, database: Db, key: Key, caller: SignedIn) -> MeetingView:
    """Schedule a meeting: the team, and whoever is in the group and has the role of a volunteer."""
    async with database.transaction() as tx:
        await permit_to_run(tx, group_id, caller)
        meeting_id = uuid4()
        if (earlier := await idempotency.claim(tx, key, resource_id=meeting_id, status=201)) is not None:
            return view(there(await meeting_store.by_id(tx, group_id, earlier)), caller, may_read_notes=True)
        group = api.there(await group_store.hold(tx, group_id))
        its = Meeting(
            meeting_id,
            group_id,
            **form.model_dump(),
            scheduled_at=tx.now,
            scheduled_by=caller.account_id,
            agenda_at=tx.now if form.agenda else None,
            agenda_by=caller.account_id if form.agenda else None,
        )
        scheduled = meetings.schedule(group, its, now=tx.now)
        await meeting_store.save(tx, its)
        await outbox.put(tx, scheduled)
    return view(its, caller, may_read_notes=True)


@router.get("")
async def every(
    group_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None, limit: Limit = 100
) -> Meetings:
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        api.there(await group_store.by_id(tx, group_id))
        found = await meeting_store.some(tx, group_id, after=after, most=limit + 1)
        may_read = await may_read_notes(tx, group_id, caller)
    page, following = paging.page(found, limit, attrgetter("meeting_id"))
    return Meetings(
        meetings=[view(its, caller, may_read_notes=may_read) for its in page],
        next=following,
    )


@router.get("/{meeting_id}")
async def show(group_id: UUID, meeting_id: UUID, database: Db, caller: SignedIn) -> MeetingView:
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        its = there(await meeting_store.by_id(tx, group_id, meeting_id))
        return view(its, caller, may_read_notes=await may_read_notes(tx, group_id, caller))


@router.post("/{meeting_id}/moves", status_code=201)
async def move(  # noqa: PLR0917 - what the framework gives
    group_id: UUID, meeting_id: UUID, form: MoveForm, database: Db, key: Key, caller: SignedIn
) -> MeetingView:
    """To another time or place, until it begins; the same as before changes nothing."""
    async with database.transaction() as tx:
        await permit_to_run(tx, group_id, caller)
        earlier = await idempotency.claim(tx, key, resource_id=meeting_id, status=201)
        group = api.there(await group_store.hold(tx, group_id))
        its = there(await meeting_store.lock(tx, group_id, meeting_id))
        if earlier is None:
            its, moved = meetings.move(group, its, **form.model_dump(), by=caller.account_id, now=tx.now)
            await meeting_store.save(tx, its)
            await outbox.put(tx, *moved)
    return view(its, caller, may_read_notes=True)


@router.post("/{meeting_id}/cancellation")
async def cancel(group_id: UUID, meeting_id: UUID, database: Db, key: Key, caller: SignedIn) -> MeetingView:
    """For good, until it begins."""
    async with database.transaction() as tx:
        await permit_to_run(tx, group_id, caller)
        earlier = await idempotency.claim(tx, key, resource_id=meeting_id, status=200)
        group = api.there(await group_store.hold(tx, group_id))
        its = there(await meeting_store.lock(tx, group_id, meeting_id))
        if earlier is None:
            its, cancelled = meetings.cancel(group, its, by=caller.account_id, now=tx.now)
            await meeting_store.save(tx, its)
            await outbox.put(tx, cancelled)
    return view(its, caller, may_read_notes=True)


@router.put("/{meeting_id}/agenda")
async def write_agenda(group_id: UUID, meeting_id: UUID, form: TextForm, database: Db, caller: SignedIn) -> MeetingView:
    """Until the meeting begins."""
    async with database.transaction() as tx:
        await permit_to_run(tx, group_id, caller)
        its = there(await meeting_store.lock(tx, group_id, meeting_id))
        its = meetings.with_agenda(its, form.text, by=caller.account_id, now=tx.now)
        await meeting_store.save(tx, its)
    return view(its, caller, may_read_notes=True)


@router.put("/{meeting_id}/notes")
async def write_notes(group_id: UUID, meeting_id: UUID, form: TextForm, database: Db, caller: SignedIn) -> MeetingView:
    """Once the meeting has begun."""
    async with database.transaction() as tx:
        await permit_to_run(tx, group_id, caller)
        its = there(await meeting_store.lock(tx, group_id, meeting_id))
        its = meetings.with_notes(its, form.text, by=caller.account_id, now=tx.now)
        await meeting_store.save(tx, its)
    return view(its, caller, may_read_notes=True)


def there(its: Meeting | None) -> Meeting:
    if its is None:
        raise NoSuchMeeting
    return its


async def may_run(tx: Transaction, group_id: UUID, caller: Caller) -> bool:
    """The team, and who is in the group and has the role of a volunteer."""
    is_volunteer = "volunteer" in caller.roles and caller.member_id is not None
    return is_team(caller) or (is_volunteer and await may_read_notes(tx, group_id, caller))


async def permit_to_run(tx: Transaction, group_id: UUID, caller: Caller) -> None:
    if not await may_run(tx, group_id, caller):
        raise Forbidden


async def may_read_notes(tx: Transaction, group_id: UUID, caller: Caller) -> bool:
    if caller.member_id is None or is_team(caller):
        return is_team(caller)
    return await group_store.volunteer(tx, group_id, caller.member_id) is not None


def view(its: Meeting, caller: Caller, *, may_read_notes: bool) -> MeetingView:
    done = {name: getattr(its, name) for name in DONE} if is_team(caller) else {}
    return MeetingView(
        meeting_id=its.meeting_id,
        group_id=its.group_id,
        title=its.title,
        place=its.place,
        starts_at=its.starts_at,
        ends_at=its.ends_at,
        agenda=its.agenda,
        notes=its.notes if may_read_notes else None,
        changes=its.changes,
        cancelled_at=its.cancelled_at,
        **done,
    )
