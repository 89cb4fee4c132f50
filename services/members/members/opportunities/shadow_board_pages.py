"""The pages of the Shadow Board: its seats, its advice and the answers; forms for the team and for who has a seat."""

from contextlib import suppress
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.idempotency import FormKey
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render, typed_day
from contracts.refusal import Refused
from members.opportunities import shadow_board_api, shadow_board_store, store
from members.opportunities.shadow_board import NoSuchSeat, TermIsOver
from members.places import store as organisation_store
from members.roles.team import is_team
from members.signing_in import deeds
from members.signing_in.deeds import Deed

router = APIRouter(prefix="/members/opportunities/shadow-board", route_class=RetryingRoute, include_in_schema=False)

WAITING: Final = 50  # for a seat, in one list to choose from
SHOWN: Final = 20
SENTENCES: Final = {
    "title.missing": "Enter a title",
    "title.string_too_long": "The title must be 120 characters or fewer",
    "number": "Choose who is appointed",
    "ends_on.missing": "Enter the last day of the term",
    "ends_on": "Enter a real date, such as 30 6 2028",
    "advice.missing": "Enter the advice",
    "advice.string_too_long": "The advice must be 4,000 characters or fewer",
    "answer.missing": "Enter the answer",
    "answer.string_too_long": "The answer must be 4,000 characters or fewer",
}
DONE: Final = {
    "opened": "The seat is open.",
    "appointed": "They have the seat, and we are writing to them.",
    "ended": "The term has ended. Everybody else sees the seat as taken until its day.",
    "advised": "The advice is here for everybody to read. The central team has been told.",
    "answered": "The answer is here for everybody to read.",
}


@router.get("")
async def board(
    *,
    request: Request,
    database: Db,
    caller: MaybeSignedIn,
    after: UUID | None = None,
    seats_after: UUID | None = None,
    done: str = "",
) -> HTMLResponse:
    """Which seats there are and until when each is taken; what was advised, and what was answered."""
    async with database.transaction() as tx:
        seats = await shadow_board_store.seats(tx, after=seats_after, limit=SHOWN + 1)
        advice = await shadow_board_store.newest_advice(tx, after=after, limit=SHOWN + 1)
        own = await shadow_board_store.term_of(tx, caller.member_id) if caller and caller.member_id else None
        opened = [Deed(f"“{row['title']}” opened", row["opened_at"], row["opened_by"]) for row in seats[:SHOWN]]
        given = [
            Deed(f"{row['name']} appointed to “{row['title']}”", row["appointed_at"], row["appointed_by"])
            for row in seats[:SHOWN]
        ]
        told = await deeds.for_team(tx, caller, *opened, *given)
    return render(
        request,
        "opportunities/shadow_board.html",
        seats=seats[:SHOWN],
        seats_next=seats[SHOWN - 1]["seat_id"] if len(seats) > SHOWN else None,
        advice=advice[:SHOWN],
        next=advice[SHOWN - 1].advice_id if len(advice) > SHOWN else None,
        own=own,
        deeds=told,
        is_team=is_team(caller),
        done=DONE.get(done) if caller else None,
    )


@router.get("/seats/new")
async def seat_form(request: Request, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return render(request, "opportunities/seat_new.html", **filled({}))


@router.post("/seats/new")
async def open_seat(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        form = shadow_board_api.SeatForm.model_validate({name: values[name] for name in ("title",) if name in values})
        await shadow_board_api.open_seat(form, database, key, caller)
    except ValidationError as error:
        again = filled(values, error, order=["title"], sentences=SENTENCES)
        return render(request, "opportunities/seat_new.html", **again)
    return RedirectResponse("/members/opportunities/shadow-board?done=opened", 303)


@router.get("/seats/{seat_id:uuid}/appointment")
async def appointment_form(
    request: Request, seat_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None
) -> HTMLResponse:
    permit(caller, "team")
    return await _appointment(request, seat_id, database, filled({}), after=after)


@router.post("/seats/{seat_id:uuid}/appointment")
async def appoint(
    request: Request, seat_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None
) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        number = {"number": values["number"]} if "number" in values else {}
        form = shadow_board_api.AppointmentForm.model_validate(number | typed_day("ends_on", values))
        await shadow_board_api.appoint(seat_id, form, database, None, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=["number", "ends_on"], sentences=SENTENCES)
        return await _appointment(request, seat_id, database, again, after=after)
    return RedirectResponse("/members/opportunities/shadow-board?done=appointed", 303)


@router.get("/terms/{term_id:uuid}/ending")
async def ending_form(request: Request, term_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """What it means to give up a seat, or to end somebody's term, before it is done."""
    async with database.transaction() as tx:
        its = shadow_board_api.own(await shadow_board_store.lock_term(tx, term_id), caller)
        seat = await shadow_board_store.seat(tx, its.seat_id)
    return render(
        request, "opportunities/term_ending.html", its=its, seat=seat, is_own=caller.member_id == its.member_id
    )


@router.post("/terms/{term_id:uuid}/ending")
async def end_term(term_id: UUID, database: Db, caller: SignedIn) -> Response:
    with suppress(TermIsOver):  # a second click
        await shadow_board_api.end_term(term_id, database, None, caller)
    return RedirectResponse("/members/opportunities/shadow-board?done=ended", 303)


@router.get("/advice/new")
async def advice_form(request: Request, _: SignedIn) -> HTMLResponse:
    return render(request, "opportunities/advice_new.html", **filled({}))


@router.post("/advice/new")
async def advise(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    values = await read_form(request)
    fields = ("title", "advice")
    try:
        form = shadow_board_api.AdviceForm.model_validate({name: values[name] for name in fields if name in values})
        its = await shadow_board_api.advise(form, request, database, key, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=fields, sentences=SENTENCES)
        return render(request, "opportunities/advice_new.html", **again)
    return RedirectResponse(f"/members/opportunities/shadow-board/advice/{its.advice_id}?done=advised", 303)


@router.get("/advice/{advice_id:uuid}")
async def one_advice(
    request: Request, advice_id: UUID, database: Db, caller: MaybeSignedIn, done: str = ""
) -> HTMLResponse:
    """What was advised, and what the board of the profession said to it."""
    return await _advice(request, advice_id, database, caller, filled({}), done=DONE.get(done, ""))


@router.post("/advice/{advice_id:uuid}")
async def answer(request: Request, advice_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        form = shadow_board_api.AnswerForm.model_validate(
            {name: values[name] for name in ("answer",) if name in values}
        )
        await shadow_board_api.answer(
            advice_id=advice_id, form=form, request=request, database=database, key=None, caller=caller
        )
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=["answer"], sentences=SENTENCES)
        return await _advice(request, advice_id, database, caller, again)
    return RedirectResponse(f"/members/opportunities/shadow-board/advice/{advice_id}?done=answered", 303)


async def _appointment(
    request: Request,
    seat_id: UUID,
    database: Database,
    form: Filled,
    *,
    after: UUID | None = None,
) -> HTMLResponse:
    async with database.transaction() as tx:
        seat = await shadow_board_store.seat(tx, seat_id)
        if seat is None:
            raise NoSuchSeat
        waiting = await store.chosen_for_the_board(tx, after=after, limit=WAITING + 1)
        label = (await organisation_store.places(tx)).register.label
    return render(
        request,
        "opportunities/appointment.html",
        seat=seat,
        waiting=[
            {"value": str(row["interest_id"]), "text": f"{row['name']}, {row['grade']}, {label(row['organisation'])}"}
            for row in waiting[:WAITING]
        ],
        after=after,
        next=waiting[WAITING - 1]["interest_id"] if len(waiting) > WAITING else None,
        **form,
    )


async def _advice(
    request: Request,
    advice_id: UUID,
    database: Database,
    caller: Caller | None,
    form: Filled,
    *,
    done: str = "",
) -> HTMLResponse:
    async with database.transaction() as tx:
        its = shadow_board_api.known(await shadow_board_store.advice(tx, advice_id))
        told = await deeds.for_team(
            tx, caller, Deed("Given", its.given_at, its.given_by), Deed("Answered", its.answered_at, its.answered_by)
        )
    return render(
        request,
        "opportunities/advice.html",
        its=its,
        done=done,
        may_answer=is_team(caller) and its.answered_at is None,
        deeds=told,
        **form,
    )
