"""The register of organisations over HTTP; and of those that close the word, and where their members go."""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from chassis import idempotency, outbox
from chassis.database import Database
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import LINES
from chassis.service import Db
from contracts.base import Code, DomainEvent, Title
from contracts.refusal import FieldError, Invalid
from members.membership import domain, store
from members.places import organisations
from members.places import store as organisation_store
from members.places.organisations import NoSuchOrganisation, Organisation, Places
from members.rights import change_store
from members.roles import moving
from members.roles.team import is_team

router = APIRouter(prefix="/api/members/v1", tags=["organisations"], route_class=RetryingRoute)

BATCH: Final = 100  # members a transaction: short, so that whoever changes something meanwhile hardly waits


def _line(text: str) -> str:
    if not text.strip():
        raise ValueError("Enter a value")
    if not text.isprintable():
        raise ValueError("Write this on one line, without control characters")
    return text.strip()


Text = Annotated[str, StringConstraints(max_length=1000), LINES]
Name = Annotated[Title, AfterValidator(_line)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(2100, 1, 1))]


class OrganisationForm(BaseModel):
    code: Annotated[Code, Field(description="For events and programs; it stays for ever")]
    name: Name
    short: Annotated[Name | None, Field(description="What people call it, where that is not the name")] = None
    opened_on: Annotated[Day, Field(description="From this day in London people join there")]


class MergerForm(BaseModel):
    into: Annotated[list[Text], Field(min_length=1, max_length=20, description="Its successors, by code or name")]
    on: Annotated[Day, Field(description="From this day in London it is closed; may be past or to come")]


class OrganisationView(BaseModel):
    """Without `opened_on` it was there before the register."""

    code: str
    name: str
    short: str | None
    opened_on: date | None
    closed_on: date | None
    successors: tuple[str, ...]
    open: Annotated[bool, Field(description="Whether people join there today")]
    registered_at: Annotated[datetime | None, Field(description="For the team alone, as the next three")] = None
    registered_by: Annotated[UUID | None, Field(description="An account")] = None
    merged_at: Annotated[datetime | None, Field(description="When it was last said what becomes of it")] = None
    merged_by: Annotated[UUID | None, Field(description="An account")] = None


class OrganisationsView(BaseModel):
    """By their names. `next`, given as `after`, leads to the following ones; None: these were the last."""

    organisations: list[OrganisationView]
    next: Annotated[str | None, Field(description="A code")] = None


@router.get("/organisations")
async def every(
    database: Db,
    caller: MaybeSignedIn,
    after: Annotated[Code | None, Query(description="A code, the `next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
) -> OrganisationsView:
    """All that take part, did, or will, by name; for anyone."""
    places = await organisation_store.places_now(database)
    found, following = places.register.some(after=after, most=limit)
    return OrganisationsView(organisations=[_view(its, places, caller) for its in found], next=following)


@router.post("/organisations", status_code=201)
async def register(form: OrganisationForm, database: Db, key: Key, caller: SignedIn) -> OrganisationView:
    permit(caller, "team")
    its = Organisation(uuid4(), form.code, form.name, form.short or "", form.opened_on)
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=its.organisation_id, status=201) is None:
            await organisation_store.hold(tx)
            said = organisations.register((await organisation_store.places(tx)).register, its)
            await organisation_store.add(tx, its, by=caller.account_id)
            await outbox.put(tx, said)
        places = await organisation_store.places(tx)
    return _view(there(places, form.code), places, caller)


@router.post("/organisations/{code}/mergers")
async def merge(
    *, code: str, form: MergerForm, request: Request, database: Db, key: Key, caller: SignedIn
) -> OrganisationView:
    """Say what becomes of an organisation, and when; until that day it can be said anew.

    With one successor its members move there from that day on, keeping their grades. With several they are asked, and
    stay until they choose or an import says where they work.
    """
    permit(caller, "team")
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=uuid4(), status=200) is None:
            await organisation_store.hold(tx)
            places = await organisation_store.places(tx)
            into = [_successor(places, text) for text in form.into]
            its = organisations.merge(places.register, code, into, form.on, today=places.day)
            if its != there(places, code):
                await organisation_store.merge(tx, its, by=caller.account_id)
        places = await organisation_store.places(tx)
    request.app.state.mergers.wake()
    return _view(there(places, code), places, caller)


@router.post("/organisations/{code}/mergers/calling-off")
async def call_off(code: str, database: Db, key: Key, caller: SignedIn) -> OrganisationView:
    """A merger that was said does not come, and the organisation stays open; until its day."""
    permit(caller, "team")
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=uuid4(), status=200) is None:
            await organisation_store.hold(tx)
            places = await organisation_store.places(tx)
            its = organisations.call_off(places.register, code, today=places.day)
            await organisation_store.merge(tx, its, by=caller.account_id)
        places = await organisation_store.places(tx)
    return _view(there(places, code), places, caller)


async def carry_out(database: Database) -> int:
    """Say of an organisation whose closing day has come that it is merged, and move some of its members.

    A timer's work; gives how much was done, 0 when nothing is left. A member moves in the transaction that says so:
    whoever is killed in between has moved nobody, and no two move the same.
    """
    async with database.transaction() as tx:
        places = await organisation_store.places(tx)
        taken = await organisation_store.take_merged(tx, places.day)
        if taken is None:
            return 0
        code, to_say, by = taken
        said = list[DomainEvent]()
        if to_say:
            said.append(organisations.tell_merged(places.register.by_code[code]))
            await organisation_store.note_said(tx, code)
        if (destination := places.destination(code)) != code:
            members = await store.lock_some_of(tx, code, BATCH)
            moved_ids = [member.member_id for member in members]
            said += await moving.let_go(tx, moved_ids, by=by)
            said += [domain.transfer(member, destination, member.grade)[1] for member in members]
            await organisation_store.move(tx, moved_ids, destination)
            await change_store.record_merger(tx, moved_ids)
        await outbox.put(tx, *said)
    return len(said)


def there(places: Places, code: str) -> Organisation:
    its = places.register.by_code.get(code)
    if its is None:
        raise NoSuchOrganisation
    return its


def _successor(places: Places, text: str) -> str:
    its = places.register.named(text)
    if its is None:
        raise Invalid(FieldError("into", "Name successors that are in the register; register new ones first"))
    return its.code


def _view(its: Organisation, places: Places, caller: Caller | None) -> OrganisationView:
    done = ("registered_at", "registered_by", "merged_at", "merged_by")
    return OrganisationView(
        code=its.code,
        name=its.name,
        short=its.short or None,
        opened_on=its.opened_on,
        closed_on=its.closed_on,
        successors=its.successors,
        open=its.is_open(places.day),
        **({name: getattr(its, name) for name in done} if is_team(caller) else {}),
    )
