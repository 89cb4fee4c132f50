"""Groups over HTTP: the central team establishes them, members see them, join and leave."""

from datetime import date, datetime
from operator import attrgetter
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from chassis import idempotency, outbox, paging
from chassis.database import Transaction
from chassis.days import day_in_london
from chassis.idempotency import Key
from chassis.identity import Caller, Forbidden, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import LINES, ONE_LINE
from chassis.service import Db
from contracts.base import Summary, Title
from members.groups import ending, group_store, task_groups, task_store, volunteering
from members.groups.task_groups import Deliverable, State
from members.groups.volunteering import MOST_HOURS, Group, Kind, NoSuchGroup, Skill, Volunteer
from members.membership import store
from members.roles.team import is_team

router = APIRouter(prefix="/api/members/v1", tags=["groups"], route_class=RetryingRoute)

Line = Annotated[Title, ONE_LINE]
Words = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True), LINES]
Limit = Annotated[int, Query(ge=1, le=100)]


class GroupForm(BaseModel):
    """Members read all of it: it names no person. `ask` says where to ask: a role or a shared mailbox."""

    title: Line
    purpose: Words
    ask: Line


class VolunteerForm(BaseModel):
    hours_per_month: Annotated[int, Field(ge=1, le=MOST_HOURS)]
    skills: Annotated[list[Skill], Field(max_length=len(Skill))] = []


class ClosureForm(BaseModel):
    """Members read the reason: it names no person."""

    reason: Annotated[Summary, ONE_LINE]


class DepartureForm(BaseModel):
    member_id: Annotated[UUID | None, Field(description="Whoever is to leave; left out: yourself")] = None


class Own(BaseModel):
    """How the caller is in a group."""

    hours_per_month: int
    skills: tuple[Skill, ...]
    joined_at: datetime


class DeliverableView(BaseModel):
    deliverable_id: UUID
    title: str
    met_at: datetime | None
    met_by: Annotated[UUID | None, Field(description="An account; for the team alone")] = None


class GroupView(BaseModel):
    group_id: UUID
    kind: Kind
    title: str
    purpose: str
    ask: str
    state: State
    charter: str | None
    ends_on: Annotated[date | None, Field(description="Of a task group: its last day")]
    disbanded_at: datetime | None
    disbanded_for: str | None
    established_at: datetime
    established_by: Annotated[UUID | None, Field(description="An account, as the next; for the team alone")] = None
    disbanded_by: Annotated[UUID | None, Field(description="None also where its day ended")] = None
    deliverables: Annotated[list[DeliverableView] | None, Field(description="In a list of groups: left out")] = None
    volunteers: Annotated[int | None, Field(description="How many there are; for the team alone")] = None
    own: Annotated[Own | None, Field(description="How you are in it; None: you are not")] = None


class Groups(BaseModel):
    """By their names. `next`, given as `after`, leads to the following ones; None: these were the last."""

    groups: list[GroupView]
    next: UUID | None


class VolunteerView(BaseModel):
    volunteering_id: UUID
    member_id: UUID
    organisation: str
    hours_per_month: int
    skills: tuple[Skill, ...]
    joined_at: datetime
    joined_by: Annotated[UUID | None, Field(description="An account, as `changed_by`")]
    changed_at: Annotated[datetime | None, Field(description="When hours or skills were last changed")]
    changed_by: UUID | None


class Volunteers(BaseModel):
    """Who joined first comes first. `next`, given as `after`, leads to the following ones; None: the last."""

    volunteers: list[VolunteerView]
    next: UUID | None


@router.post("/groups", status_code=201)
async def establish(form: GroupForm, database: Db, key: Key, caller: SignedIn) -> GroupView:
    """Establish a standing group."""
    permit(caller, "team")
    async with database.transaction() as tx:
        group_id = uuid4()
        if (earlier := await idempotency.claim(tx, key, resource_id=group_id, status=201)) is not None:
            return await whole(tx, there(await group_store.by_id(tx, earlier)), caller)
        its = Group(
            group_id, Kind.STANDING, **form.model_dump(), established_at=tx.now, established_by=caller.account_id
        )
        await group_store.add(tx, its)
        return await whole(tx, its, caller)


@router.get("/groups")
async def every(
    database: Db,
    caller: SignedIn,
    *,
    over: bool = False,
    own: Annotated[bool, Query(description="In which you are")] = False,
    late: Annotated[bool, Query(description="Past their last day with something to deliver")] = False,
    after: UUID | None = None,
    limit: Limit = 100,
) -> Groups:
    """The groups that go on, or those that have disbanded; for members and the team."""
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        whose = member_of(caller) if own else None
        found = await group_store.some(tx, over=over, late=late, of_member=whose, after=after, most=limit + 1)
        page, following = paging.page(found, limit, attrgetter("group_id"))
        numbers = await group_store.counted(tx, [its.group_id for its in page]) if is_team(caller) else None
        volunteering = await group_store.volunteering_of(tx, caller.member_id) if caller.member_id else []
        today = day_in_london(tx.now)
    in_them = {its.group_id: its for its in volunteering}
    return Groups(
        groups=[
            view(
                its,
                today,
                number=numbers.get(its.group_id, 0) if numbers is not None else None,
                own=in_them.get(its.group_id),
                by_whom=is_team(caller),
            )
            for its in page
        ],
        next=following,
    )


@router.get("/groups/{group_id}")
async def show(group_id: UUID, database: Db, caller: SignedIn) -> GroupView:
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        return await whole(tx, there(await group_store.by_id(tx, group_id)), caller)


@router.get("/groups/{group_id}/volunteers")
async def volunteers(
    group_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None, limit: Limit = 100
) -> Volunteers:
    """Who is in a group, for the team."""
    permit(caller, "team")
    async with database.transaction() as tx:
        there(await group_store.by_id(tx, group_id))
        found = await group_store.volunteers(tx, group_id, after=after, most=limit + 1)
    page, following = paging.page(found, limit, attrgetter("its.volunteering_id"))
    return Volunteers(
        volunteers=[VolunteerView(organisation=each.organisation, **vars(each.its)) for each in page],
        next=following,
    )


@router.post("/groups/{group_id}/volunteers", status_code=201)
async def join(  # noqa: PLR0917 - what the framework gives
    group_id: UUID, form: VolunteerForm, database: Db, key: Key, caller: SignedIn, answer: Response
) -> GroupView:
    """Join a group, as a member, for oneself. Who is in it already changes hours and skills: 200."""
    if caller.member_id is None:
        raise Forbidden
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=group_id, status=201)
        member = await store.lock(tx, caller.member_id)
        group = there(await group_store.hold(tx, group_id))
        its = await group_store.volunteer(tx, group_id, caller.member_id)
        if earlier is None:
            answer.status_code = 200 if its else 201
            its, said = volunteering.join(
                group,
                member,
                its,
                volunteering_id=uuid4(),
                hours_per_month=form.hours_per_month,
                skills=tuple(sorted(set(form.skills))),
                by=caller.account_id,
                now=tx.now,
            )
            await group_store.save(tx, its)
            await outbox.put(tx, *said)
        return await whole(tx, group, caller)


@router.post("/groups/{group_id}/departures")
async def leave(group_id: UUID, form: DepartureForm, database: Db, key: Key, caller: SignedIn) -> GroupView:
    """Leave a group; the team may take somebody out of it."""
    who = form.member_id or caller.member_id
    if who is None:
        raise Forbidden
    permit(caller, "team", owner=who)
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=group_id, status=200)
        await store.lock(tx, who)
        group = there(await group_store.hold(tx, group_id))
        if earlier is None:
            its, left = volunteering.leave(
                await group_store.volunteer(tx, group_id, who), by=caller.account_id, now=tx.now
            )
            await group_store.save(tx, its)
            await outbox.put(tx, left)
        return await whole(tx, group, caller)


@router.post("/groups/{group_id}/closure")
async def close(group_id: UUID, form: ClosureForm, database: Db, key: Key, caller: SignedIn) -> GroupView:
    """Close a standing group. Everybody in it leaves it, and hears of that; its meetings to come are cancelled."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=group_id, status=200)
        group = there(await task_store.lock(tx, group_id))
        if earlier is None:
            inside = await group_store.everybody(tx, group_id)
            group, left = volunteering.close(group, inside, form.reason, by=caller.account_id, now=tx.now)
            await outbox.put(tx, *await ending.end(tx, group), *left)
        return await whole(tx, group, caller)


def there(its: Group | None) -> Group:
    if its is None:
        raise NoSuchGroup
    return its


def member_of(caller: Caller) -> UUID:
    if caller.member_id is None:
        raise Forbidden
    return caller.member_id


async def whole(tx: Transaction, its: Group, caller: Caller) -> GroupView:
    """A group with all that the caller may see of it."""
    number = (await group_store.counted(tx, [its.group_id])).get(its.group_id, 0) if is_team(caller) else None
    own = await group_store.volunteer(tx, its.group_id, caller.member_id) if caller.member_id else None
    parts = await task_store.deliverables(tx, its.group_id)
    shown = view(its, day_in_london(tx.now), number=number, own=own, by_whom=is_team(caller))
    return shown.model_copy(update={"deliverables": [_deliverable(each, caller) for each in parts]})


def _deliverable(its: Deliverable, caller: Caller) -> DeliverableView:
    by = its.met_by if is_team(caller) else None
    return DeliverableView(deliverable_id=its.deliverable_id, title=its.title, met_at=its.met_at, met_by=by)


def view(
    its: Group, today: date, *, number: int | None = None, own: Volunteer | None = None, by_whom: bool = False
) -> GroupView:
    left_out = set() if by_whom else {"established_by", "disbanded_by"}
    return GroupView(
        state=task_groups.state(its, today),
        **{name: value for name, value in vars(its).items() if name in GroupView.model_fields.keys() - left_out},
        volunteers=number,
        own=Own(**{name: value for name, value in vars(own).items() if name in Own.model_fields}) if own else None,
    )
