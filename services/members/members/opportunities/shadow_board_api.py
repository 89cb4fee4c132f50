"""The Shadow Board over HTTP: seats, appointments, advice and its answers."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from chassis import idempotency, outbox
from chassis.days import day_in_london
from chassis.idempotency import Key
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.problems import RESPONSES
from chassis.retrying import RetryingRoute
from chassis.sentences import LINES
from chassis.service import Db
from members.membership import store as members
from members.membership.domain import HasLeft
from members.opportunities import shadow_board, shadow_board_store, store
from members.opportunities.api import Day, Heading, Limit, is_team, there
from members.opportunities.shadow_board import Advice, NoSuchAdvice, NoSuchSeat, NotAmongTheChosen, Seat, Term

router = APIRouter(
    prefix="/api/members/v1/shadow-board", tags=["shadow board"], route_class=RetryingRoute, responses=RESPONSES
)

Words = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True), LINES]


class SeatForm(BaseModel):
    title: Annotated[Heading, Field(description="Published to everybody, for ever: it names no person")]


class AppointmentForm(BaseModel):
    number: Annotated[UUID, Field(description="Of the interest of somebody who was chosen for the Shadow Board")]
    ends_on: Annotated[Day, Field(description="The last day of their term, which begins today")]


class AdviceForm(BaseModel):
    """`title` is published to everybody, for ever; `advice` stands on its page. Neither names a person."""

    title: Heading
    advice: Words


class AnswerForm(BaseModel):
    answer: Words


class SeatView(BaseModel):
    """`ends_on` None: the seat is free, since `opened_on`."""

    seat_id: UUID
    title: str
    opened_on: date
    starts_on: date | None
    ends_on: date | None
    member_id: Annotated[UUID | None, Field(description="For the team alone")] = None


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
    hidden = {} if is_team(caller) else {"member_id": None}
    page = [SeatView.model_validate({**row, **hidden}) for row in found[:limit]]
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
        seat_id=earlier or its.seat_id, title=its.title, opened_on=its.opened_on, starts_on=None, ends_on=None
    )


@router.post("/seats/{seat_id}/appointments", status_code=201)
async def appoint(seat_id: UUID, form: AppointmentForm, database: Db, key: Key, caller: SignedIn) -> SeatView:
    """Give a free seat to somebody who applied and was chosen, from today on."""
    permit(caller, "team")
    async with database.transaction() as tx:
        term = Term(uuid4(), seat_id, None, day_in_london(tx.now), form.ends_on, tx.now, caller.account_id)
        if await idempotency.claim(tx, key, resource_id=term.term_id, status=201) is not None:
            return _seat(await shadow_board_store.seat(tx, seat_id), await shadow_board_store.term(tx, seat_id))
        interest = await store.interest(tx, form.number)
        if interest is None or interest.member_id is None:
            raise NotAmongTheChosen
        # The member is held: nobody gives them another seat meanwhile, and their grade stays.
        member = await members.lock(tx, interest.member_id)
        if member is None or member.left_on is not None:
            raise HasLeft
        applied_for = there(await store.by_id(tx, interest.opportunity_id))
        seat = await shadow_board_store.lock_seat(tx, seat_id)
        if seat is None:
            raise NoSuchSeat
        taken = await shadow_board_store.term(tx, seat_id) is not None
        sits = await shadow_board_store.sits(tx, interest.member_id)
        term, said = shadow_board.appoint(term, interest, applied_for, member.grade, is_taken=taken, sits=sits)
        await shadow_board_store.add_term(tx, term)
        await outbox.put(tx, said)
    return _seat(seat, term)


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
        sits = caller.member_id is not None and await shadow_board_store.sits(tx, caller.member_id)
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
        starts_on=term.starts_on if term else None,
        ends_on=term.ends_on if term else None,
        member_id=term.member_id if term else None,
    )


def _view(its: Advice, caller: Caller | None) -> AdviceView:
    by = {} if is_team(caller) else {"given_by": None, "answered_by": None}
    return AdviceView(**{**vars(its), **by})
