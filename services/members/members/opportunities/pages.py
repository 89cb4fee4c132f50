"""The pages of opportunities: what one may apply for, what one has applied for, and the draw that anybody can do again.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

import csv
import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.identity import Caller, MaybeSignedIn, SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render
from contracts.members import GradeBand
from contracts.refusal import NotFound, Refused
from members.membership import store as members
from members.opportunities import api, calls, choosing, choosing_api, drawing, store
from members.opportunities.calls import BY_LOT, AlreadyInterested, Kind, NotInterested, NotSelectedYet, Opportunity
from members.roles.team import is_team
from members.signing_in import deeds
from members.signing_in.deeds import Deed

router = APIRouter(prefix="/members/opportunities", route_class=RetryingRoute, include_in_schema=False)

SHOWN: Final = 20
IN_THE_DRAW: Final = 100
PROGRAM: Final = Path(drawing.__file__).read_bytes()
KINDS: Final[Mapping[Kind, str]] = {
    Kind.FOCUS_GROUP: "Focus group",
    Kind.SHADOW_BOARD: "Shadow Board",
    Kind.CHAMPION: "Champion",
    Kind.PROGRAMME: "Programme",
}
SENTENCES: Final = {"statement.string_too_long": "What you write must be 1,000 characters or fewer"}
DONE: Final = {
    "applied": "You have applied. We write to you when it is decided.",
    "withdrawn": "You have withdrawn. Nothing of it is kept before the choice, and nobody is told.",
    "opened": "It is open. Members can apply from now on.",
    "chosen": "They have a place. We are writing to those who are chosen and, the first time, to everybody else.",
    "held": "Everybody can see that it was held.",
    "findings": "The findings are here for everybody to read.",
}


@router.get("")
async def every(request: Request, database: Db, caller: MaybeSignedIn, after: UUID | None = None) -> HTMLResponse:
    """What is open now, then what has closed, a page at a time."""
    async with database.transaction() as tx:
        found = await store.newest(tx, after=after, limit=SHOWN + 1)
        page = found[:SHOWN]
        own = caller.member_id if caller else None
        mine = await store.of_member_among(tx, own, (its.opportunity_id for its in page))
    return render(
        request,
        "opportunities/opportunities.html",
        open=sorted((its for its in page if calls.takes_interest(its, tx.now)), key=lambda its: its.closes_at),
        closed=[its for its in page if not calls.takes_interest(its, tx.now)],
        state={its.opportunity_id: calls.state(its, tx.now).value for its in page},
        mine=mine,
        kinds=KINDS,
        first=after is None,
        next=page[-1].opportunity_id if len(found) > SHOWN else None,
        is_team=is_team(caller),
    )


@router.get("/drawing.py")
async def program() -> Response:
    """What does a draw again; it needs Python and nothing else."""
    return Response(PROGRAM, media_type="text/x-python; charset=utf-8")


@router.get("/{opportunity_id:uuid}")
async def one(
    request: Request, opportunity_id: UUID, database: Db, caller: MaybeSignedIn, done: str = ""
) -> HTMLResponse:
    """What it is, until when one may apply, where it stands for whoever looks, and what happens next."""
    return await _one(request, opportunity_id, database, caller, done=DONE.get(done) if caller else None)


@router.post("/{opportunity_id:uuid}")
async def apply(request: Request, opportunity_id: UUID, database: Db, caller: SignedIn) -> Response:
    values = await read_form(request)
    try:
        form = api.InterestForm.model_validate({name: values[name] for name in ("statement",) if name in values})
        await api.register(opportunity_id, form, database, None, caller)
    except AlreadyInterested:  # a second click
        pass
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=["statement"], sentences=SENTENCES)
        return await _one(request, opportunity_id, database, caller, again)
    return RedirectResponse(f"/members/opportunities/{opportunity_id}?done=applied", 303)


@router.get("/{opportunity_id:uuid}/withdrawal")
async def before_withdrawing(request: Request, opportunity_id: UUID, database: Db, caller: SignedIn) -> Response:
    """What it means to withdraw, or to give up a place, before it is done."""
    return await _withdrawing(request, opportunity_id, database, caller)


@router.post("/{opportunity_id:uuid}/withdrawal")
async def withdraw(request: Request, opportunity_id: UUID, database: Db, caller: SignedIn) -> Response:
    try:
        await api.withdraw(opportunity_id, request, database, None, caller)
    except NotInterested:  # a second click
        pass
    except NotFound:
        raise
    except Refused as refused:
        return await _withdrawing(request, opportunity_id, database, caller, refusal=refused.sentence)
    return RedirectResponse(f"/members/opportunities/{opportunity_id}?done=withdrawn", 303)


@router.get("/{opportunity_id:uuid}/draw")
async def draw(request: Request, opportunity_id: UUID, database: Db, after: UUID | None = None) -> HTMLResponse:
    """How the places were given, and how anybody can do it again."""
    async with database.transaction() as tx:
        its = _drawn(await store.by_id(tx, opportunity_id))
        everybody = await store.in_the_draw(tx, opportunity_id)
    found, chosen = choosing_api.of_draw(everybody, after, IN_THE_DRAW + 1), choosing.as_drawn(its, everybody)
    page = found[:IN_THE_DRAW]
    applied = Counter(each.band for each in everybody)
    placed = Counter(each.band for each in everybody if each.interest_id in chosen)
    return render(
        request,
        "opportunities/draw.html",
        its=its,
        shares=[(band.value, applied[band.value], placed[band.value]) for band in GradeBand if applied[band.value]],
        chosen=chosen,
        page=page,
        next=page[-1].interest_id if len(found) > IN_THE_DRAW else None,
    )


@router.get("/{opportunity_id:uuid}/draw.csv")
async def draw_as_file(opportunity_id: UUID, database: Db) -> Response:
    """All that the program needs, beside the seed; `chosen` is what it gives."""
    async with database.transaction() as tx:
        its = _drawn(await store.by_id(tx, opportunity_id))
        everybody = await store.in_the_draw(tx, opportunity_id)
    chosen = choosing.as_drawn(its, everybody)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["number", "band", "organisation", "chosen"])
    writer.writerows(
        [each.interest_id, each.band, each.organisation, "yes" if each.interest_id in chosen else "no"]
        for each in everybody
    )
    headers = {"Content-Disposition": 'attachment; filename="draw.csv"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _drawn(its: Opportunity | None) -> Opportunity:
    its = api.there(its)
    if its.selected_at is None or its.kind not in BY_LOT:
        raise NotSelectedYet
    return its


async def _one(
    request: Request,
    opportunity_id: UUID,
    database: Database,
    caller: Caller | None,
    form: Filled | None = None,
    *,
    done: str | None = None,
) -> HTMLResponse:
    async with database.transaction() as tx:
        its = api.there(await store.by_id(tx, opportunity_id))
        nobody_drawn = (
            its.selected_at is not None and its.kind in BY_LOT and await store.nobody_drawn(tx, opportunity_id)
        )
        mine = member = None
        if caller is not None and caller.member_id is not None:
            mine = await store.of_member(tx, opportunity_id, caller.member_id)
            member = await members.present(tx, caller.member_id)
        told = await deeds.for_team(
            tx,
            caller,
            Deed("Opened", its.opened_at, its.opened_by),
            Deed("Places given", its.selected_at, its.selected_by, otherwise="by the lot"),
            Deed("Said that it was held", its.held_at, its.held_by),
            Deed("Findings published", its.findings_at, its.findings_by),
        )
    return render(
        request,
        "opportunities/opportunity.html",
        its=its,
        state=calls.state(its, tx.now).value,
        kind=KINDS[its.kind],
        by_lot=its.kind in BY_LOT,
        nobody_drawn=nobody_drawn,
        mine=mine,
        member=member,
        eligible=member is not None and member.grade in its.eligible.grades,
        done=done,
        is_team=is_team(caller),
        deeds=told,
        **(form or filled({})),
    )


async def _withdrawing(
    request: Request, opportunity_id: UUID, database: Database, caller: Caller, *, refusal: str = ""
) -> HTMLResponse:
    async with database.transaction() as tx:
        its = api.there(await store.by_id(tx, opportunity_id))
        mine = await store.of_member(tx, opportunity_id, caller.member_id)
    return render(
        request,
        "opportunities/withdrawal.html",
        its=its,
        mine=mine,
        by_lot=its.kind in BY_LOT,
        refusal=refusal,
    )
