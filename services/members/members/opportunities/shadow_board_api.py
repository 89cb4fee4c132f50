"""The Shadow Board over HTTP: seats, appointments, advice and its answers."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

import asyncpg
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from chassis import idempotency, outbox
from chassis.days import day_in_london
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.sentences import LINES
from chassis.service import Db
from members.membership import store as members
from members.membership.domain import HasLeft
from members.opportunities import shadow_board, shadow_board_store, store
from members.opportunities.api import Day, Heading, Limit, there
from members.opportunities.shadow_board import (
    Advice,
    NoSuchAdvice,
    NoSuchSeat,
    NoSuchTerm,
    NotAmongTheChosen,
    Seat,
    Term,
)
from members.roles.team import is_team

router = APIRouter(prefix="/api/members/v1/shadow-board", tags=["shadow board"], route_class=RetryingRoute)

Words = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True), LINES]


class SeatForm(BaseModel):
    title: Annotated[Heading, Field(description="Published to everybody, for ever: it names no person")]


class AppointmentForm(BaseModel):
    number: Annotated[UUID, Field(description="Of the interest of somebody who was chosen for the Shadow Board")]
    ends_on: Annotated[
        Day | None,
        Field(description="The last day of their term, which begins today; left out: the rest of the seat's term"),
    ] = None


class AdviceForm(BaseModel):
    """`title` is published to everybody, for ever; `advice` stands on its page. Neither names a person."""

    title: Heading
    advice: Words


class AnswerForm(BaseModel):
    answer: Words


class SeatView(BaseModel):
    """`ends_on` None: the seat is free, since `opened_on`; else it is taken to the end of that day, whoever has it."""

    seat_id: UUID
    title: str
    opened_on: date
    starts_on: date | None
    ends_on: date | None
    member_id: Annotated[UUID | None, Field(description="For the team alone; none: somebody may serve the rest")] = None
    term_id: Annotated[UUID | None, Field(description="For the team and who has the seat")] = None
    opened_by: Annotated[UUID | None, Field(description="An account, for the team alone, as the next two")] = None
    appointed_at: Annotated[datetime | None, Field(description="When somebody was last given the seat")] = None
    appointed_by: UUID | None = None


class TermView(BaseModel):
    """For the team and whoever had the seat. `ended_by` is an account."""

    term_id: UUID
    seat_id: UUID
    starts_on: date
    ends_on: date
    ended_on: date | None
    ended_by: UUID | None


class Seats(BaseModel):
    seats: list[SeatView]
    next: UUID | None


class AdviceView(BaseModel):
    advice_id: UUID
    title: str
    advice: str
    given_at: datetime
    answer: str | None
    answered_at: datetime | None
    given_by: Annotated[UUID | None, Field(description="An account, as the next; for the team alone")] = None
    answered_by: UUID | None = None


class AdviceList(BaseModel):
    advice: list[AdviceView]
    next: UUID | None


@router.get("/seats")
async def seats(database: Db, caller: MaybeSignedIn, after: UUID | None = None, limit: Limit = 100) -> Seats:
    """Each seat and until when it is taken; for anyone."""
    async with database.transaction() as tx:
        found = await shadow_board_store.seats(tx, after=after, limit=limit + 1)
    page = [seat_view(row, caller) for row in found[:limit]]
    return Seats(seats=page, next=page[-1].seat_id if len(found) > limit else None)


@router.post("/seats", status_code=201)
async def open_seat(form: SeatForm, database: Db, key: Key, caller: SignedIn) -> SeatView:
    permit(caller, "team")
    async with database.transaction() as tx:
        its = Seat(uuid4(), form.title, day_in_london(tx.now), tx.now, caller.account_id)
        earlier = await idempotency.claim(tx, key, resource_id=its.seat_id, status=201)
        if earlier is None:
            await shadow_board_store.add_seat(tx, its)
            await outbox.put(tx, shadow_board.open_seat(its))
    return SeatView(
        seat_id=earlier or its.seat_id,
        title=its.title,
        opened_on=its.opened_on,
        starts_on=None,
        ends_on=None,
        opened_by=its.opened_by,
    )


@router.post("/seats/{seat_id}/appointments", status_code=201)
async def appoint(seat_id: UUID, form: AppointmentForm, database: Db, key: Key, caller: SignedIn) -> SeatView:
    """Give a free seat to somebody who applied and was chosen, from today on."""
    permit(caller, "team")
    async with database.transaction() as tx:
        term_id, today = uuid4(), day_in_london(tx.now)
        if await idempotency.claim(tx, key, resource_id=term_id, status=201) is not None:
            return _seat(await shadow_board_store.seat(tx, seat_id), await shadow_board_store.term(tx, seat_id))
        interest = await store.interest(tx, form.number)
        if interest is None or interest.member_id is None:
            raise NotAmongTheChosen
        # The member is held: nobody gives them another seat meanwhile, and their grade stays.
        member = await members.lock(tx, interest.member_id)
        if member is None or member.left_on is not None:
            raise HasLeft
        interest = await store.interest(tx, form.number) or interest  # as it is now that nobody else changes it
        applied_for = there(await store.by_id(tx, interest.opportunity_id))
        seat = await shadow_board_store.lock_seat(tx, seat_id)
        if seat is None:
            raise NoSuchSeat
        ends_on = form.ends_on or seat.taken_until or today
        seat, term, said = shadow_board.appoint(
            seat,
            Term(term_id, seat_id, None, today, ends_on, tx.now, caller.account_id),
            interest,
            applied_for,
            member.grade,
            is_held=await shadow_board_store.term(tx, seat_id) is not None,
            sits=await shadow_board_store.term_of(tx, interest.member_id) is not None,
        )
        await shadow_board_store.add_term(tx, term)
        await shadow_board_store.save_seat(tx, seat)
        await store.use(tx, interest.interest_id)
        await outbox.put(tx, said)
    return _seat(seat, term)


@router.post("/terms/{term_id}/ending")
async def end_term(term_id: UUID, database: Db, key: Key, caller: SignedIn) -> TermView:
    """End a term before its day: who has the seat gives it up, or the team ends it. The public sees it taken still."""
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=term_id, status=200)
        its = own(await shadow_board_store.lock_term(tx, term_id), caller)
        if earlier is None:
            its, said = shadow_board.stand_down(its, today=day_in_london(tx.now), by=caller.account_id, now=tx.now)
            await shadow_board_store.end_term(tx, its)
            await outbox.put(tx, said)
    return TermView(**{name: getattr(its, name) for name in TermView.model_fields})


@router.get("/advice")
async def every_advice(
    database: Db, caller: MaybeSignedIn, after: UUID | None = None, limit: Limit = 100
) -> AdviceList:
    """The newest first; for anyone."""
    async with database.transaction() as tx:
        found = await shadow_board_store.newest_advice(tx, after=after, limit=limit + 1)
    page = [_view(its, caller) for its in found[:limit]]
    return AdviceList(advice=page, next=page[-1].advice_id if len(found) > limit else None)


@router.post("/advice", status_code=201)
async def advise(form: AdviceForm, request: Request, database: Db, key: Key, caller: SignedIn) -> AdviceView:
    """Advise the board of the profession; for whoever has a seat."""
    async with database.transaction() as tx:
        its = Advice(uuid4(), form.title, form.advice, tx.now, caller.account_id)
        earlier = await idempotency.claim(tx, key, resource_id=its.advice_id, status=201)
        if earlier is not None:
            return _view(known(await shadow_board_store.advice(tx, earlier)), caller)
        term = await shadow_board_store.term_of(tx, caller.member_id)
        sits = term is not None and term.ends_on >= day_in_london(tx.now)  # the timer may not have ended it yet
        said = shadow_board.advise(its, page_of(request, its.advice_id), sits=sits)
        await shadow_board_store.add_advice(tx, its)
        await outbox.put(tx, said)
    return _view(its, caller)


@router.get("/advice/{advice_id}")
async def one_advice(advice_id: UUID, database: Db, caller: MaybeSignedIn) -> AdviceView:
    async with database.transaction() as tx:
        return _view(known(await shadow_board_store.advice(tx, advice_id)), caller)


@router.post("/advice/{advice_id}/answers", status_code=201)
async def answer(
    *, advice_id: UUID, form: AnswerForm, request: Request, database: Db, key: Key, caller: SignedIn
) -> AdviceView:
    """What the board of the profession says to it; once."""
    permit(caller, "team")
    async with database.transaction() as tx:
        earlier = await idempotency.claim(tx, key, resource_id=advice_id, status=201)
        its = known(await shadow_board_store.lock_advice(tx, advice_id))
        if earlier is None:
            link = page_of(request, advice_id)
            its, said = shadow_board.answer(its, form.answer, link, by=caller.account_id, now=tx.now)
            await shadow_board_store.keep_answer(tx, its)
            await outbox.put(tx, said)
    return _view(its, caller)


def own(its: Term | None, caller: Caller) -> Term:
    """A term for the team, and for whoever has the seat."""
    if its is None or not (is_team(caller) or caller.member_id == its.member_id is not None):
        raise NoSuchTerm
    return its


def seat_view(row: asyncpg.Record, caller: Caller | None) -> SeatView:
    theirs = caller is not None and caller.member_id is not None and caller.member_id == row["member_id"]
    return SeatView(
        seat_id=row["seat_id"],
        title=row["title"],
        opened_on=row["opened_on"],
        starts_on=row["taken_from"],
        ends_on=row["taken_until"],
        member_id=row["member_id"] if is_team(caller) else None,
        term_id=row["term_id"] if is_team(caller) or theirs else None,
        **({name: row[name] for name in ("opened_by", "appointed_at", "appointed_by")} if is_team(caller) else {}),
    )


def known(its: Advice | None) -> Advice:
    if its is None:
        raise NoSuchAdvice
    return its


def page_of(request: Request, advice_id: UUID) -> str:
    front_door: str = request.app.state.settings.front_door
    return f"{front_door.rstrip('/')}/members/opportunities/shadow-board/advice/{advice_id}"


def _seat(its: Seat | None, term: Term | None) -> SeatView:
    """As the team sees it, with its present term where there is one."""
    if its is None:
        raise NoSuchSeat
    return SeatView(
        seat_id=its.seat_id,
        title=its.title,
        opened_on=its.opened_on,
        starts_on=its.taken_from,
        ends_on=its.taken_until,
        term_id=term.term_id if term else None,
        member_id=term.member_id if term else None,
        opened_by=its.opened_by,
        appointed_at=term.appointed_at if term else None,
        appointed_by=term.appointed_by if term else None,
    )


def _view(its: Advice, caller: Caller | None) -> AdviceView:
    by = {} if is_team(caller) else {"given_by": None, "answered_by": None}
    return AdviceView(**{**vars(its), **by})
