"""Schemes open, on their day; members enrol in them and withdraw."""

from datetime import date
from operator import attrgetter
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from chassis import idempotency, outbox, paging
from chassis.database import Database
from chassis.days import day_in_london
from chassis.idempotency import Key
from chassis.identity import Forbidden, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import ONE_LINE
from chassis.service import Db
from contracts.base import Link, Summary, Title
from mentoring import domain, pair_store, scheme_store, store
from mentoring.domain import NoEnrolment, Scheme, Wishes

router = APIRouter(prefix="/api/mentoring/v1", tags=["schemes"], route_class=RetryingRoute)

Goal = Annotated[str, StringConstraints(max_length=300), ONE_LINE]
Skill = Annotated[str, StringConstraints(to_lower=True, max_length=80), ONE_LINE]
Few = Field(max_length=20)
Limit = Annotated[int, Query(ge=1, le=100)]


class SchemeForm(BaseModel):
    """`title`, `summary` and `link` are published to everybody, for ever: they name no person."""

    title: Annotated[Title, ONE_LINE]
    summary: Annotated[Summary, ONE_LINE]
    link: Annotated[Link, ONE_LINE]
    opens_on: Annotated[date | None, Field(description="Without it, at once")] = None
    across_organisations: Annotated[bool, Field(description="Pair nobody with somebody of their organisation")] = True


class SchemeMade(BaseModel):
    scheme_id: UUID


class SchemeView(BaseModel):
    scheme_id: UUID
    title: str
    summary: str
    link: str
    opened_on: date


class Schemes(BaseModel):
    """`next`, given as `after`, leads to the following ones; None: these were the last."""

    schemes: list[SchemeView]
    next: UUID | None


class EnrolmentForm(BaseModel):
    """`attestation` says that the member meets the scheme's condition. Which one it is, nobody asks or keeps."""

    attestation: bool
    goals: Annotated[list[Goal], Few] = []
    offers: Annotated[list[Skill], Few] = []
    seeks: Annotated[list[Skill], Few] = []


class Enrolled(BaseModel):
    enrolment_id: UUID


@router.post("/schemes", status_code=201)
async def announce(form: SchemeForm, database: Db, key: Key, caller: SignedIn) -> SchemeMade:
    """Open a scheme, or have it open by itself on a day to come."""
    permit(caller, "scheme-lead", "team")
    async with database.transaction() as tx:
        scheme_id, today = uuid4(), day_in_london(tx.now)
        if (earlier := await idempotency.claim(tx, key, resource_id=scheme_id, status=201)) is not None:
            return SchemeMade(scheme_id=earlier)
        scheme = Scheme(
            scheme_id=scheme_id,
            title=form.title,
            summary=form.summary,
            link=form.link,
            across_organisations=form.across_organisations,
            opens_on=form.opens_on or today,
        )
        if not domain.is_due(scheme, today):
            await scheme_store.add(tx, scheme)
            return SchemeMade(scheme_id=scheme_id)
        scheme, opened = domain.open_scheme(scheme, today, tx.now)
        await scheme_store.add(tx, scheme)
        await outbox.put(tx, opened)
    return SchemeMade(scheme_id=scheme_id)


async def open_due(database: Database) -> int:
    """Open the schemes whose day has come; says how many. A timer's work."""
    async with database.transaction() as tx:
        today = day_in_london(tx.now)
        due = [domain.open_scheme(scheme, today, tx.now) for scheme in await scheme_store.take_due(tx, today)]
        for scheme, _ in due:
            await scheme_store.mark_opened(tx, scheme)
        await outbox.put(tx, *(opened for _, opened in due))
    return len(due)


@router.get("/schemes")
async def schemes(database: Db, after: UUID | None = None, limit: Limit = 100) -> Schemes:
    """The schemes that are open, the newest first, for anyone."""
    async with database.transaction() as tx:
        found = await scheme_store.opened(tx, after=after, most=limit + 1)
    shown, following = paging.page(found, limit, attrgetter("scheme_id"))
    return Schemes(
        schemes=[
            SchemeView(
                scheme_id=scheme.scheme_id,
                title=scheme.title,
                summary=scheme.summary,
                link=scheme.link,
                opened_on=day_in_london(scheme.opened_at),
            )
            for scheme in shown
            if scheme.opened_at
        ],
        next=following,
    )


@router.post("/schemes/{scheme_id}/enrolments", status_code=201)
async def enrol(scheme_id: UUID, form: EnrolmentForm, database: Db, key: Key, caller: SignedIn) -> Enrolled:
    """Take part. Only members themselves can: nobody else attests for them."""
    if caller.member_id is None:
        raise Forbidden
    wishes = Wishes(tuple(form.goals), tuple(form.offers), tuple(form.seeks))
    async with database.transaction() as tx:
        enrolment_id = uuid4()
        if (earlier := await idempotency.claim(tx, key, resource_id=enrolment_id, status=201)) is not None:
            return Enrolled(enrolment_id=earlier)
        scheme = domain.taking_part(await scheme_store.by_id(tx, scheme_id))
        profile = await store.lock(tx, caller.member_id)
        enrolment = domain.enrol(
            scheme, profile, wishes, attested=form.attestation, enrolment_id=enrolment_id, now=tx.now
        )
        await scheme_store.enrol(tx, enrolment)
    return Enrolled(enrolment_id=enrolment_id)


@router.delete("/schemes/{scheme_id}/enrolments/{enrolment_id}", status_code=204)
async def withdraw(scheme_id: UUID, enrolment_id: UUID, database: Db, caller: SignedIn) -> None:
    """Take part no more: what was written is deleted, and a pair of this scheme ends."""
    if caller.member_id is None:
        raise Forbidden
    async with database.transaction() as tx:
        await store.lock(tx, caller.member_id)
        if not await scheme_store.withdraw(tx, caller.member_id, scheme_id, enrolment_id):
            raise NoEnrolment
        await pair_store.leave_pools(tx, caller.member_id, scheme_id)
        await pair_store.drop_proposals_of(tx, caller.member_id, scheme_id)
        over = await pair_store.end_pairs_of(tx, caller.member_id, scheme_id, tx.now)
        await outbox.put(tx, *map(domain.ended, over))
