"""Hosted events over HTTP: volunteers propose, the team signs off, members take their places."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from chassis import idempotency, outbox, paging
from chassis.database import Transaction
from chassis.idempotency import Key
from chassis.identity import Caller, Forbidden, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import ONE_LINE
from chassis.service import Db
from contracts.base import Link, Place, Summary, Title
from contracts.events import KeynoteConfirmed
from events import hosted_event_store, hosting, key_date_store, store
from events.hosting import HostedEvent, NoSuchEvent, State

router = APIRouter(prefix="/api/events/v1", tags=["hosted events"], route_class=RetryingRoute)


class EventForm(BaseModel):
    """`title`, `summary`, `link` and `place` are published to everybody, for ever: they name no person."""

    title: Annotated[Title, ONE_LINE]
    summary: Annotated[Summary, ONE_LINE]
    link: Annotated[Link, ONE_LINE]
    place: Annotated[Place, ONE_LINE]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    capacity: Annotated[int, Field(ge=1, le=100_000)]
    key_date_id: UUID | None = None


class Proposed(BaseModel):
    hosted_event_id: UUID


class EventView(BaseModel):
    hosted_event_id: UUID
    state: State
    title: str
    summary: str
    link: str
    place: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    places_left: int
    key_date_id: UUID | None


class Events(BaseModel):
    """`next`, given as `after`, leads to the following ones; None: these were the last."""

    events: list[EventView]
    next: UUID | None


class KeynoteForm(BaseModel):
    """The name is shown on the event's page and said nowhere else; it may be left out until it is known."""

    speaker: Annotated[str, StringConstraints(max_length=200), ONE_LINE] | None = None


class Keynote(BaseModel):
    keynote_id: UUID


class Registered(BaseModel):
    registration_id: UUID


@router.post("/events", status_code=201)
async def propose(form: EventForm, database: Db, key: Key, caller: SignedIn) -> Proposed:
    """Propose an event. Nobody but the team sees it until it is published."""
    permit(caller, "volunteer", "team")
    async with database.transaction() as tx:
        its = HostedEvent(hosted_event_id=uuid4(), proposed_by=caller.account_id, **form.model_dump())
        if (earlier := await idempotency.claim(tx, key, resource_id=its.hosted_event_id, status=201)) is not None:
            return Proposed(hosted_event_id=earlier)
        known = await key_date_store.known(tx, [its.key_date_id] if its.key_date_id else [])
        proposed = hosting.propose(its, known_key_dates=known, now=tx.now)
        await hosted_event_store.add(tx, its)
        await outbox.put(tx, proposed)
    return Proposed(hosted_event_id=its.hosted_event_id)


@router.post("/events/{hosted_event_id}/sign-off")
async def sign_off(hosted_event_id: UUID, database: Db, key: Key, caller: SignedIn) -> EventView:
    """Approve an event and its words, for the team; not one's own."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=hosted_event_id, status=200)
        its = planned(await hosted_event_store.lock(tx, hosted_event_id), caller)
        if earlier is None:
            its, signed_off = hosting.sign_off(its, by=caller.account_id, now=tx.now)
            await hosted_event_store.move_on(tx, its)
            await outbox.put(tx, signed_off)
        return await _view(tx, its)


@router.post("/events/{hosted_event_id}/publish")
async def publish(hosted_event_id: UUID, database: Db, key: Key, caller: SignedIn) -> EventView:
    """Announce an event that is signed off, and take registrations."""
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=hosted_event_id, status=200)
        its = planned(await hosted_event_store.lock(tx, hosted_event_id), caller)
        if earlier is None:
            its, published = hosting.publish(its, now=tx.now)
            await hosted_event_store.move_on(tx, its)
            await outbox.put(tx, published)
        return await _view(tx, its)


@router.post("/events/{hosted_event_id}/keynotes", status_code=201)
async def confirm_keynote(
    hosted_event_id: UUID, form: KeynoteForm, database: Db, key: Key, caller: SignedIn
) -> Keynote:
    """Say that a keynote speaker agreed to speak."""
    async with database.transaction() as tx:
        keynote_id = uuid4()
        if (earlier := await idempotency.claim(tx, key, resource_id=keynote_id, status=201)) is not None:
            return Keynote(keynote_id=earlier)
        its = planned(await hosted_event_store.lock(tx, hosted_event_id), caller)
        hosting.takes_keynotes(its)
        await hosted_event_store.add_keynote(tx, keynote_id, hosted_event_id, form.speaker, tx.now)
        await outbox.put(tx, KeynoteConfirmed(hosted_event_id=hosted_event_id))
    return Keynote(keynote_id=keynote_id)


@router.post("/events/{hosted_event_id}/registrations", status_code=201)
async def register(hosted_event_id: UUID, database: Db, key: Key, caller: SignedIn) -> Registered:
    """Take a place. Members register themselves; whoever leaves in the same instant has no place afterwards."""
    if caller.member_id is None:
        raise Forbidden
    async with database.transaction() as tx:
        registration_id = uuid4()
        if (earlier := await idempotency.claim(tx, key, resource_id=registration_id, status=201)) is not None:
            return Registered(registration_id=earlier)
        its = await hosted_event_store.lock(tx, hosted_event_id)
        if its is None:
            raise NoSuchEvent
        # The event first, then the member: leaving locks the member alone, so nobody waits in a circle.
        invitee = await store.lock(tx, caller.member_id)
        taken = await hosted_event_store.places_taken(tx, [hosted_event_id])
        has_place = await hosted_event_store.has_place(tx, hosted_event_id, caller.member_id)
        registration, registered = hosting.register(
            its,
            invitee,
            registration_id=registration_id,
            taken=taken.get(hosted_event_id, 0),
            has_place=has_place,
            now=tx.now,
        )
        await hosted_event_store.register(tx, registration)
        await outbox.put(tx, registered)
    return Registered(registration_id=registration_id)


@router.post("/events/{hosted_event_id}/host")
async def host(hosted_event_id: UUID, database: Db, key: Key, caller: SignedIn) -> EventView:
    """Say that an event took place, once it has started."""
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=hosted_event_id, status=200)
        its = planned(await hosted_event_store.lock(tx, hosted_event_id), caller)
        if earlier is None:
            its, hosted = hosting.host(its, now=tx.now)
            await hosted_event_store.move_on(tx, its)
            await outbox.put(tx, hosted)
        return await _view(tx, its)


@router.get("/events")
async def events(database: Db, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 100) -> Events:
    """The published events, hosted ones too, the latest start first. For anyone."""
    async with database.transaction() as tx:
        found = await hosted_event_store.published(tx, after=after, limit=limit + 1)
        shown, following = paging.page(found, limit, attrgetter("hosted_event_id"))
        return Events(events=await _views(tx, shown), next=following)


@router.get("/events/{hosted_event_id}")
async def show(hosted_event_id: UUID, database: Db, caller: MaybeSignedIn) -> EventView:
    """A published event for anyone; any other for its proposer and the team."""
    async with database.transaction() as tx:
        its = await hosted_event_store.by_id(tx, hosted_event_id)
        if its is None or its.published_at is None:
            its = planned(its, caller)
        return await _view(tx, its)


def planned(its: HostedEvent | None, caller: Caller | None) -> HostedEvent:
    """The event, for its proposer and the team. Raises `NoSuchEvent` for everybody else."""
    if its is None or caller is None or not may_plan(its, caller):
        raise NoSuchEvent
    return its


def may_plan(its: HostedEvent, caller: Caller) -> bool:
    return "team" in caller.roles or caller.account_id == its.proposed_by


async def _view(tx: Transaction, its: HostedEvent) -> EventView:
    return (await _views(tx, [its]))[0]


async def _views(tx: Transaction, found: Sequence[HostedEvent]) -> list[EventView]:
    taken = await hosted_event_store.places_taken(tx, [its.hosted_event_id for its in found])
    return [
        EventView(
            hosted_event_id=its.hosted_event_id,
            state=its.state,
            title=its.title,
            summary=its.summary,
            link=its.link,
            place=its.place,
            starts_at=its.starts_at,
            ends_at=its.ends_at,
            capacity=its.capacity,
            places_left=its.capacity - taken.get(its.hosted_event_id, 0),
            key_date_id=its.key_date_id,
        )
        for its in found
    ]
