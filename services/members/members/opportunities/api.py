"""Opportunities over HTTP: which there are, opening one, applying and withdrawing."""

import secrets
from datetime import date, datetime
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from chassis import idempotency, outbox, paging
from chassis.days import day_in_london
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import LINES, ONE_LINE
from chassis.service import Db
from contracts.base import Summary, Title
from members.membership import store as members
from members.membership.domain import HasLeft
from members.opportunities import calls, choosing, eligibility, store
from members.opportunities.calls import (
    BY_LOT,
    Findings,
    Interest,
    Kind,
    MembersOnly,
    NoSuchOpportunity,
    Opportunity,
    Outcome,
    State,
)
from members.roles.team import is_team

router = APIRouter(prefix="/api/members/v1", tags=["opportunities"], route_class=RetryingRoute)

Heading = Annotated[Title, ONE_LINE]
Sentence = Annotated[Summary, ONE_LINE]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]
Limit = Annotated[int, Query(ge=1, le=100)]


class OpportunityForm(BaseModel):
    """Title and summary are published to everybody, for ever: they name no person."""

    kind: Kind
    title: Heading
    summary: Sentence
    closes_at: Annotated[AwareDatetime, Field(description="Who applies at this instant is too late")]
    meets_on: Annotated[Day | None, Field(description="When it is to take place, in London")] = None
    capacity: Annotated[int, Field(ge=1, le=200)]
    eligibility: Annotated[str, StringConstraints(max_length=32), LINES] = "below-scs"


class InterestForm(BaseModel):
    """`statement` is for the team alone, until it has chosen; where a lot decides it is not kept."""

    statement: Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True), LINES] | None = None


class OwnInterest(BaseModel):
    """The caller's; `number` is theirs in the draw."""

    number: UUID
    state: Outcome
    registered_at: datetime


class OpportunityView(BaseModel):
    """`seed_digest` is the SHA-256 of the seed, which is shown once the lot has decided."""

    opportunity_id: UUID
    kind: Kind
    state: State
    title: str
    summary: str
    closes_at: datetime
    meets_on: date | None
    capacity: int
    eligibility: str
    policy_version: int
    by_lot: bool
    seed_digest: str | None
    seed: str | None
    selected_at: datetime | None
    held_on: date | None
    findings: Findings | None
    mine: OwnInterest | None = None
    opened_at: Annotated[datetime | None, Field(description="For the team alone, as all that follow")] = None
    held_at: datetime | None = None
    findings_at: datetime | None = None
    opened_by: Annotated[UUID | None, Field(description="An account, as the next three")] = None
    selected_by: UUID | None = None
    held_by: UUID | None = None
    findings_by: UUID | None = None


class Opportunities(BaseModel):
    """`next`, given as `after`, leads to the following ones; None: these were the last."""

    opportunities: list[OpportunityView]
    next: UUID | None


@router.get("/opportunities")
async def every(database: Db, caller: MaybeSignedIn, after: UUID | None = None, limit: Limit = 100) -> Opportunities:
    """The one that closes last first; for anyone."""
    async with database.transaction() as tx:
        found = await store.newest(tx, after=after, limit=limit + 1)
        page, following = paging.page(found, limit, attrgetter("opportunity_id"))
        own = caller.member_id if caller else None
        mine = await store.of_member_among(tx, own, (its.opportunity_id for its in page))
    return Opportunities(
        opportunities=[view(its, tx.now, caller, mine.get(its.opportunity_id)) for its in page],
        next=following,
    )


@router.post("/opportunities", status_code=201)
async def open_call(form: OpportunityForm, database: Db, key: Key, caller: SignedIn) -> OpportunityView:
    """Open one. Where a lot decides its seed is drawn now, and its digest said, before anybody has applied."""
    permit(caller, "team")
    async with database.transaction() as tx:
        rule = eligibility.named(form.eligibility, day_in_london(tx.now))
        its = Opportunity(
            opportunity_id=uuid4(),
            kind=form.kind,
            title=form.title,
            summary=form.summary,
            closes_at=form.closes_at,
            meets_on=form.meets_on,
            capacity=form.capacity,
            rule=rule.name,
            policy_version=rule.version,
            seed=secrets.token_hex(32) if form.kind in BY_LOT else None,
            opened_at=tx.now,
            opened_by=caller.account_id,
        )
        earlier = await idempotency.claim(tx, key, resource_id=its.opportunity_id, status=201)
        if earlier is not None:
            return view(there(await store.by_id(tx, earlier)), tx.now, caller)
        said = calls.open_call(its)
        await store.add(tx, its)
        await outbox.put(tx, said)
    return view(its, tx.now, caller)


@router.get("/opportunities/{opportunity_id}")
async def show(opportunity_id: UUID, database: Db, caller: MaybeSignedIn) -> OpportunityView:
    async with database.transaction() as tx:
        its = there(await store.by_id(tx, opportunity_id))
        mine = await store.of_member(tx, opportunity_id, caller.member_id) if caller else None
    return view(its, tx.now, caller, mine)


@router.post("/opportunities/{opportunity_id}/interests", status_code=201)
async def register(
    opportunity_id: UUID, form: InterestForm, database: Db, key: Key, caller: SignedIn
) -> OpportunityView:
    """Apply. What counts is the business instant at which this begins; nobody closes it until it has ended."""
    member_id = _member(caller)
    async with database.transaction() as tx:
        interest = Interest(uuid4(), opportunity_id, member_id, tx.now, form.statement or None)
        if await idempotency.claim(tx, key, resource_id=interest.interest_id, status=201) is not None:
            its = there(await store.by_id(tx, opportunity_id))
            return view(its, tx.now, caller, await store.of_member(tx, opportunity_id, member_id))
        member = await members.lock_present(tx, member_id, None)
        if member is None:
            raise HasLeft
        its = there(await store.hold_open(tx, opportunity_id))
        has_one = await store.of_member(tx, opportunity_id, member_id) is not None
        mine = calls.register(its, interest, member.grade, has_one=has_one)
        if not await store.add_interest(tx, mine):  # their other window was quicker
            raise calls.AlreadyInterested
    return view(its, tx.now, caller, mine)


@router.post("/opportunities/{opportunity_id}/withdrawals")
async def withdraw(opportunity_id: UUID, request: Request, database: Db, key: Key, caller: SignedIn) -> OpportunityView:
    """Take interest back, or give up a place: the next of the draw has it then."""
    member_id = _member(caller)
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=opportunity_id, status=200)
        its = there(await store.lock(tx, opportunity_id))
        mine = await store.of_member(tx, opportunity_id, member_id)
        if earlier is None:
            given_up, said = choosing.give_up(its, mine, by=caller.account_id, now=tx.now)
            if given_up is not None:
                await store.save_interests(tx, [given_up])
            elif mine is not None:
                await store.forget(tx, mine.interest_id)
            mine = given_up
            await outbox.put(tx, *said)
    request.app.state.places.wake()
    return view(its, tx.now, caller, mine)


DONE: Final = ("opened_at", "held_at", "findings_at", "opened_by", "selected_by", "held_by", "findings_by")


def there(its: Opportunity | None) -> Opportunity:
    if its is None:
        raise NoSuchOpportunity
    return its


def _member(caller: Caller) -> UUID:
    if caller.member_id is None:
        raise MembersOnly
    return caller.member_id


def view(its: Opportunity, now: datetime, caller: Caller | None, mine: Interest | None = None) -> OpportunityView:
    by = {name: getattr(its, name) for name in DONE}
    return OpportunityView(
        opportunity_id=its.opportunity_id,
        kind=its.kind,
        state=calls.state(its, now),
        title=its.title,
        summary=its.summary,
        closes_at=its.closes_at,
        meets_on=its.meets_on,
        capacity=its.capacity,
        eligibility=its.rule,
        policy_version=its.policy_version,
        by_lot=its.kind in BY_LOT,
        seed_digest=its.seed_digest,
        seed=its.seed if its.selected_at else None,
        selected_at=its.selected_at,
        held_on=its.held_on,
        findings=its.findings,
        mine=OwnInterest(number=mine.interest_id, state=mine.state, registered_at=mine.registered_at) if mine else None,
        **(by if is_team(caller) else {}),
    )
