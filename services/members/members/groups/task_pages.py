"""The pages of task groups, for the central team: establish, say what is delivered, extend, disband.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.idempotency import FormKey
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import filled, read_form, render, typed_day
from contracts.refusal import FieldError, Invalid, Refused
from members.groups import api, group_store, task_api
from members.groups.task_groups import AlreadyMet
from members.groups.volunteering import Group, GroupExists, Kind

router = APIRouter(prefix="/members/groups", route_class=RetryingRoute, include_in_schema=False)

FIELDS: Final = ("title", "purpose", "charter", "deliverables", "ends_on", "ask")
EXTENSION: Final = ("ends_on", "reason")
A_REAL_DAY: Final = "Enter a real date, such as 31 3 2027"
SENTENCES: Final = {
    "title.missing": "Enter a name for the group",
    "title.string_too_long": "The name must be 120 characters or fewer",
    "purpose.missing": "Enter what the group is for",
    "purpose.string_too_long": "What the group is for must be 1,000 characters or fewer",
    "charter.missing": "Enter the charter",
    "charter.string_too_long": "The charter must be 1,000 characters or fewer",
    "deliverables.missing": "Enter at least one thing to deliver",
    "deliverables.string_too_long": "Each thing to deliver must be 120 characters or fewer",
    "deliverables.too_long": "Enter 20 things to deliver at most, each on a line of its own",
    "ends_on": A_REAL_DAY,
    "ask.missing": "Enter where members can ask",
    "ask.string_too_long": "Where to ask must be 120 characters or fewer",
    "reason.missing": "Enter the reason",
    "reason.string_too_long": "The reason must be 300 characters or fewer",
}


@router.get("/task/new")
async def form(request: Request, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return render(request, "groups/task_new.html", **filled({}))


@router.post("/task/new")
async def establish(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    typed: dict[str, Any] = {name: values[name] for name in ("title", "purpose", "charter", "ask") if name in values}
    lines = [line.strip() for line in str(values.get("deliverables", "")).splitlines() if line.strip()]
    try:
        form = task_api.TaskGroupForm.model_validate(typed | {"deliverables": lines} | typed_day("ends_on", values))
        its = await task_api.establish(form, database, key, caller)
    except (ValidationError, Invalid, GroupExists) as error:
        wrong = Invalid(FieldError("title", error.sentence)) if isinstance(error, GroupExists) else error
        again = filled(values, wrong, order=FIELDS, sentences=SENTENCES)
        return render(request, "groups/task_new.html", **again)
    return _to(its.group_id, "established")


@router.post("/{group_id:uuid}/deliverables/{deliverable_id:uuid}")
async def meet(group_id: UUID, deliverable_id: UUID, database: Db, caller: SignedIn) -> Response:
    with suppress(AlreadyMet):  # a second click
        await task_api.meet(group_id, deliverable_id, database, None, caller)
    return _to(group_id, "delivered")


@router.get("/{group_id:uuid}/extend")
async def extension_form(request: Request, group_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return render(request, "groups/extend.html", its=await _its(database, group_id), **filled({}))


@router.post("/{group_id:uuid}/extend")
async def extend(request: Request, group_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    typed = {name: values[name] for name in ("reason",) if name in values} | typed_day("ends_on", values)
    try:
        await task_api.extend(group_id, task_api.ExtensionForm.model_validate(typed), database, None, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=EXTENSION, sentences=SENTENCES)
        return render(request, "groups/extend.html", its=await _its(database, group_id), **again)
    return _to(group_id, "extended")


@router.get("/{group_id:uuid}/disband")
async def disbandment_form(request: Request, group_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """What it means, before it is done; of a standing group too."""
    permit(caller, "team")
    return render(request, "groups/disband.html", its=await _its(database, group_id), **filled({}))


@router.post("/{group_id:uuid}/disband")
async def disband(request: Request, group_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    typed = {name: values[name] for name in ("reason",) if name in values}
    try:
        if (await _its(database, group_id)).kind is Kind.STANDING:
            await api.close(group_id, api.ClosureForm.model_validate(typed), database, None, caller)
        else:
            await task_api.disband(group_id, task_api.DisbandmentForm.model_validate(typed), database, None, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=("reason",), sentences=SENTENCES)
        return render(request, "groups/disband.html", its=await _its(database, group_id), **again)
    return _to(group_id, "disbanded")


def _to(group_id: UUID, done: str) -> RedirectResponse:
    return RedirectResponse(f"/members/groups/{group_id}?done={done}", 303)


async def _its(database: Database, group_id: UUID) -> Group:
    async with database.transaction() as tx:
        return api.there(await group_store.by_id(tx, group_id))
