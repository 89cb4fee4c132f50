"""The pages that move a meeting and cancel it, for who runs the group.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.days import LONDON
from chassis.idempotency import FormKey
from chassis.identity import SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render
from contracts.refusal import Refused
from members.groups import answers, api, group_store, meeting_store, meetings_api
from members.groups.meeting_pages import SENTENCES
from members.groups.meetings import Meeting

router = APIRouter(
    prefix="/members/groups/{group_id:uuid}/meetings/{meeting_id:uuid}",
    route_class=RetryingRoute,
    include_in_schema=False,
)

FIELDS: Final = ("place", "on", "starts_at", "ends_at")


@router.get("/move")
async def move_form(request: Request, group_id: UUID, meeting_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """Where and when it is now, to be changed."""
    async with database.transaction() as tx:
        await meetings_api.permit_to_run(tx, group_id, caller)
        its = meetings_api.there(await meeting_store.by_id(tx, group_id, meeting_id))
    return await _form(request, "move", its, database, filled(_as_typed(its)))


@router.post("/move")
async def move(  # noqa: PLR0917 - what the framework gives
    request: Request, group_id: UUID, meeting_id: UUID, database: Db, caller: SignedIn, key: FormKey
) -> Response:
    async with database.transaction() as tx:
        await meetings_api.permit_to_run(tx, group_id, caller)
        its = meetings_api.there(await meeting_store.by_id(tx, group_id, meeting_id))
    values = await read_form(request)
    typed = {name: values[name] for name in ("place",) if name in values}
    try:
        times = answers.moments("on", ("starts_at", "ends_at"), values)
        form = meetings_api.MoveForm.model_validate(typed | times)
        await meetings_api.move(group_id, meeting_id, form, database, key, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=FIELDS, sentences=SENTENCES)
        return await _form(request, "move", its, database, again)
    return _to(its, "moved")


@router.get("/cancel")
async def cancel_form(
    request: Request, group_id: UUID, meeting_id: UUID, database: Db, caller: SignedIn
) -> HTMLResponse:
    """What it means, before it is done."""
    async with database.transaction() as tx:
        await meetings_api.permit_to_run(tx, group_id, caller)
        its = meetings_api.there(await meeting_store.by_id(tx, group_id, meeting_id))
    return await _form(request, "cancel", its, database, filled({}))


@router.post("/cancel")
async def cancel(request: Request, group_id: UUID, meeting_id: UUID, database: Db, caller: SignedIn) -> Response:
    async with database.transaction() as tx:
        await meetings_api.permit_to_run(tx, group_id, caller)
        its = meetings_api.there(await meeting_store.by_id(tx, group_id, meeting_id))
    try:
        await meetings_api.cancel(group_id, meeting_id, database, None, caller)
    except Refused as refused:
        return await _form(request, "cancel", its, database, filled({}, refused))
    return _to(its, "cancelled")


async def _form(request: Request, what: str, its: Meeting, database: Database, form: Filled) -> HTMLResponse:
    async with database.transaction() as tx:
        group = api.there(await group_store.by_id(tx, its.group_id))
    return render(request, f"groups/meeting_{what}.html", group=group, its=its, **form)


def _as_typed(its: Meeting) -> dict[str, str]:
    """Where and when it is, as it would be typed."""
    starts, ends = its.starts_at.astimezone(LONDON), its.ends_at.astimezone(LONDON)
    day = {"on-day": str(starts.day), "on-month": str(starts.month), "on-year": str(starts.year)}
    return {"place": its.place, **day, "starts_at": f"{starts:%H:%M}", "ends_at": f"{ends:%H:%M}"}


def _to(its: Meeting, done: str) -> RedirectResponse:
    return RedirectResponse(f"/members/groups/{its.group_id}/meetings/{its.meeting_id}?done={done}", 303)
