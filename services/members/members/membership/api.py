"""Members over HTTP: join, move, leave, and who is there."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from chassis import idempotency, outbox
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import LINES
from chassis.service import Db
from contracts.members import Grade
from contracts.refusal import NotFound
from members.feedback.answering import key_of
from members.membership import answers, domain, leaving, store
from members.membership.domain import AlreadyAMember, Member
from members.places import store as organisation_store
from members.rights import change_store, restriction_store
from members.roles import moving
from members.roles.team import is_team
from members.signing_in import account_store

router = APIRouter(prefix="/api/members/v1", tags=["members"], route_class=RetryingRoute)

Text = Annotated[str, StringConstraints(max_length=1000), LINES]


class JoinForm(BaseModel):
    name: Text
    email: Text
    organisation: Annotated[Text, Field(description="A code, a full name or a short name")]
    grade: Annotated[Text, Field(description="A common grade, or as the organisation calls it")]
    interests: list[Text] = []
    skills: list[Text] = []


class GradeForm(BaseModel):
    grade: Text


class TransferForm(BaseModel):
    organisation: Text
    grade: Text


class ContactForm(BaseModel):
    name: Text | None = None
    email: Text | None = None


class Joined(BaseModel):
    member_id: UUID


class MemberView(BaseModel):
    """A member as the member, the team and the organisation's head of profession may see them."""

    member_id: UUID
    name: str | None
    email: str | None
    organisation: str
    grade: Grade
    interests: tuple[str, ...]
    skills: tuple[str, ...]
    joined_on: date
    verified: bool  # by their organisation
    address_verified: bool
    left_on: date | None
    departed_at: Annotated[datetime | None, Field(description="When the membership ended, for the team")] = None
    departed_by: Annotated[UUID | None, Field(description="An account, for the team; None: the member")] = None


class Counts(BaseModel):
    members: int


@router.post("/members", status_code=201)
async def join(form: JoinForm, database: Db, key: Key, _: MaybeSignedIn) -> Joined:
    """Join the profession.

    A taken address is answered with 409, to strangers too: a programme must know that it made nobody. Whoever asks in
    order to learn who is a member makes a member, and a welcome message, of every address that was none. The page says
    the same to everybody.
    """
    async with database.transaction() as tx:
        member_id = uuid4()
        if (earlier := await idempotency.claim(tx, key, resource_id=member_id, status=201)) is not None:
            return Joined(member_id=earlier)
        places = await organisation_store.places(tx)
        application = answers.application(places, **dict(form))
        member, joined, contact = domain.join(application, member_id=member_id, joined_on=places.day)
        member, contact = domain.ask_to_verify(member, uuid4(), tx.now)
        if not await store.add_one(tx, member):
            raise AlreadyAMember
        await outbox.put(tx, joined, contact)
    return Joined(member_id=member_id)


@router.get("/members/{member_id}")
async def show(member_id: UUID, database: Db, caller: SignedIn) -> MemberView:
    """To the member, the team, and their head of profession unless they are restricted."""
    async with database.transaction() as tx:
        member = await store.by_id(tx, member_id)
        is_restricted = await restriction_store.since(tx, member_id) is not None
    headed = member.organisation if member and not is_restricted else None
    permit(caller, "team", "hosep", owner=member_id, organisation=headed)
    return view(there(member), caller)


@router.post("/members/{member_id}/grade-changes")
async def change_grade(member_id: UUID, form: GradeForm, database: Db, key: Key, caller: SignedIn) -> MemberView:
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=member_id, status=200) is not None:
            return view(there(await store.by_id(tx, member_id)))
        places = await organisation_store.places(tx)
        member = there(await store.lock(tx, member_id))
        member, changed = domain.change_grade(member, answers.grade_in(places, member.organisation, form.grade))
        await store.save(tx, member)
        await change_store.record(tx, member_id, [change_store.What.GRADE], caller)
        await outbox.put(tx, changed)
    return view(member)


@router.post("/members/{member_id}/transfers")
async def transfer(member_id: UUID, form: TransferForm, database: Db, key: Key, caller: SignedIn) -> MemberView:
    """Move to another organisation. Roles that held for the old one end with it."""
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=member_id, status=200) is not None:
            return view(there(await store.by_id(tx, member_id)))
        organisation, grade = answers.place(await organisation_store.places(tx), form.organisation, form.grade)
        before = there(await store.lock(tx, member_id))
        member, transferred = domain.transfer(before, organisation, grade)
        await store.save(tx, member)
        await change_store.record(tx, member_id, change_store.between(before, member), caller)
        lost = await moving.let_go(tx, [member_id], by=caller.account_id)
        await outbox.put(tx, *lost, transferred)
    return view(member)


@router.post("/members/{member_id}/contact-changes")
async def change_contact(member_id: UUID, form: ContactForm, database: Db, key: Key, caller: SignedIn) -> MemberView:
    permit(caller, "team", owner=member_id)
    name, email = answers.contact(form.name, form.email)
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=member_id, status=200) is not None:
            return view(there(await store.by_id(tx, member_id)))
        before = there(await store.lock(tx, member_id))
        member, changed = domain.change_contact(before, name=name, email=email, verification_id=uuid4(), now=tx.now)
        await store.save(tx, member)
        await change_store.record(tx, member_id, change_store.between(before, member), caller)
        await outbox.put(tx, changed)
    return view(member)


@router.post("/members/{member_id}/departures")
async def leave(member_id: UUID, request: Request, database: Db, key: Key, caller: SignedIn) -> MemberView:
    """Leave the profession. Name, address and roles are gone with the answer; every service hears of it."""
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=member_id, status=200) is not None:
            return view(there(await store.by_id(tx, member_id)))
        keys = request.app.state.vault, key_of(request)
        member = await leaving.leave(tx, there(await store.lock(tx, member_id)), *keys, by=caller.account_id)
        await account_store.unlink(tx, member_id)
    return view(member)


@router.get("/counts")
async def counts(database: Db) -> Counts:
    """Totals for everybody."""
    async with database.transaction() as tx:
        return Counts(members=await store.count_present(tx))


def there(member: Member | None) -> Member:
    if member is None:
        raise NotFound
    return member


def view(member: Member, caller: Caller | None = None) -> MemberView:
    """Who ended the membership is for the team's eyes alone."""
    departed = ("departed_at", "departed_by")
    of_team = is_team(caller)
    return MemberView(
        verified=member.verified_at is not None,
        address_verified=member.left_on is None and not member.address_is_open,
        **{name: value for name, value in vars(member).items() if of_team or name not in departed},
    )
