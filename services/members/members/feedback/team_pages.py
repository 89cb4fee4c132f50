"""The central team's pages of feedback: to ask, to read what people wrote, to sum up, and to say what was done.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.days import day_in_london
from chassis.idempotency import FormKey
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render, typed_day
from contracts.refusal import Refused
from members.feedback import api
from members.feedback.pages import ON_A_PAGE, its_and_its_promise
from members.feedback.policy import POLICY
from members.strategy import store as strategy_store

router = APIRouter(prefix="/members/feedback", route_class=RetryingRoute, include_in_schema=False)

ASKING: Final = ("commitment_id", "title", "about", "closes_on", "must_hear")
ASKING_SENTENCES: Final = {
    "commitment_id": "Choose a promise",
    "title.missing": "Enter the question",
    "title.string_too_long": "The question must be 120 characters or fewer",
    "about.string_too_long": "What to think of must be 1,000 characters or fewer",
    "closes_on.missing": "Enter the last day",
    "closes_on": "Enter a real date, such as 1 4 2027",
    "must_hear.missing": "Choose at least one group",
    "must_hear": f"Choose up to {api.MOST_GROUPS} groups",
}
SUMMING_UP: Final = {
    "summary.missing": "Enter the summary",
    "summary.string_too_long": "The summary must be 300 characters or fewer",
}
RESPONDING: Final = {
    "you_said.missing": "Enter what members said",
    "you_said.string_too_long": "What members said must be 300 characters or fewer",
    "we_did.missing": "Enter what was done",
    "we_did.string_too_long": "What was done must be 300 characters or fewer",
}


@router.get("/new")
async def form(request: Request, database: Db, caller: SignedIn, commitment: str = "") -> HTMLResponse:
    permit(caller, "team")
    return await _asking(request, database, filled({"commitment_id": commitment}))


@router.post("/new")
async def ask(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, "team")
    values = await read_form(request, lists=["must_hear"])
    try:
        its = api.RoundForm.model_validate(
            {name: values[name] for name in ASKING if name in values} | typed_day("closes_on", values)
        )
        opened = await api.open_round(its, request, database, key, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=ASKING, sentences=ASKING_SENTENCES)
        return await _asking(request, database, again)
    return RedirectResponse(f"/members/feedback/{opened.round_id}?done=opened", 303)


@router.get("/{round_id:uuid}/comments")
async def comments(
    request: Request, round_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None
) -> HTMLResponse:
    """What people wrote."""
    found = await api.comments(round_id, database, caller, after, ON_A_PAGE)
    async with database.transaction() as tx:
        its, promise = await its_and_its_promise(tx, round_id)
        today = day_in_london(tx.now)
    kept_until = POLICY.kept_until(its.asked.closes_on)
    return render(
        request,
        "feedback/comments.html",
        its=its,
        promise=promise,
        comments=found.comments,
        following=found.next,
        is_first=after is None,
        fewest=POLICY.fewest,
        kept_until=kept_until,
        is_forgotten=kept_until < today,
    )


@router.get("/{round_id:uuid}/summary")
async def summary_form(request: Request, round_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return await _publishing(request, round_id, database, "summary", filled({}))


@router.post("/{round_id:uuid}/summary")
async def sum_up(request: Request, round_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        its = api.SummaryForm.model_validate({name: values[name] for name in ("summary",) if name in values})
        await api.sum_up(round_id=round_id, form=its, request=request, database=database, key=None, caller=caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=("summary",), sentences=SUMMING_UP)
        return await _publishing(request, round_id, database, "summary", again)
    return RedirectResponse(f"/members/feedback/{round_id}?done=summary", 303)


@router.get("/{round_id:uuid}/response")
async def response_form(request: Request, round_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return await _publishing(request, round_id, database, "response", filled({}))


@router.post("/{round_id:uuid}/response")
async def respond(request: Request, round_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    values, fields = await read_form(request), ("you_said", "we_did")
    try:
        its = api.ResponseForm.model_validate({name: values[name] for name in fields if name in values})
        await api.respond(round_id=round_id, form=its, request=request, database=database, key=None, caller=caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=fields, sentences=RESPONDING)
        return await _publishing(request, round_id, database, "response", again)
    return RedirectResponse(f"/members/feedback/{round_id}?done=response", 303)


async def _asking(request: Request, database: Database, form: Filled) -> HTMLResponse:
    async with database.transaction() as tx:
        every = await strategy_store.every(tx)
    return render(
        request,
        "feedback/new.html",
        promises=[{"value": str(its.commitment_id), "text": its.title} for its in every if its.dropped_at is None],
        groups=[{"value": code, "text": label} for code, label in POLICY.groups.items()],
        most=POLICY.longest_round.days,
        fewest_of_group=POLICY.fewest_of_group,
        **form,
    )


async def _publishing(request: Request, round_id: UUID, database: Database, what: str, form: Filled) -> HTMLResponse:
    async with database.transaction() as tx:
        its, promise = await its_and_its_promise(tx, round_id)
    return render(
        request,
        f"feedback/{what}.html",
        its=its,
        promise=promise,
        **form,
    )
