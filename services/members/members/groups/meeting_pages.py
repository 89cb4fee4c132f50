"""The pages of meetings: when a group meets and what for, its notes, a file for one's calendar; forms for who runs it.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

from enum import StrEnum
from operator import attrgetter
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis import paging
from chassis.database import Database
from chassis.idempotency import FormKey
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import filled, read_form, render
from contracts.refusal import Refused
from members.groups import answers, api, group_store, icalendar, meeting_store, meetings_api
from members.groups.meetings import Meeting
from members.groups.pages import ON_A_PAGE
from members.groups.volunteering import Group
from members.signing_in import deeds
from members.signing_in.deeds import Deed

router = APIRouter(
    prefix="/members/groups/{group_id:uuid}/meetings", route_class=RetryingRoute, include_in_schema=False
)

FIELDS: Final = ("title", "place", "on", "starts_at", "ends_at", "agenda")
SENTENCES: Final = {
    "title.missing": "Enter what the meeting is about",
    "title.string_too_long": "What the meeting is about must be 120 characters or fewer",
    "place.missing": "Enter where you meet",
    "place.string_too_long": "Where you meet must be 120 characters or fewer",
    "starts_at.missing": "Enter a real date, and a start such as 14:00 or 2pm",
    "ends_at.missing": "Enter an end such as 15:30 or 3:30pm",
    "agenda.string_too_long": "The agenda must be 10,000 characters or fewer",
}
DONE: Final = {
    "scheduled": "The meeting is scheduled. Everybody in the group hears of it.",
    "moved": "The meeting is moved. Everybody in the group hears of it.",
    "cancelled": "The meeting is cancelled. Everybody in the group hears of it.",
    "agenda": "The agenda is here for every member to see.",
    "notes": "The notes are here for everybody in the group to see.",
}


class Part(StrEnum):
    AGENDA = "agenda"
    NOTES = "notes"


@router.get("")
async def every(
    request: Request, group_id: UUID, database: Db, caller: SignedIn, after: UUID | None = None
) -> HTMLResponse:
    """All meetings of a group, the latest first."""
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        group = api.there(await group_store.by_id(tx, group_id))
        found = await meeting_store.some(tx, group_id, after=after, most=ON_A_PAGE + 1)
    page, following = paging.page(found, ON_A_PAGE, attrgetter("meeting_id"))
    return render(
        request,
        "groups/meetings.html",
        group=group,
        meetings=page,
        is_first=after is None,
        following=following,
    )


@router.get("/new")
async def form(request: Request, group_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    group = await _run_by(database, group_id, caller)
    return render(request, "groups/meeting_new.html", group=group, **filled({}))


@router.post("/new")
async def schedule(request: Request, group_id: UUID, database: Db, caller: SignedIn, key: FormKey) -> Response:
    group, values = await _run_by(database, group_id, caller), await read_form(request)
    typed = {name: values[name] for name in ("title", "place", "agenda") if name in values}
    try:
        times = answers.moments("on", ("starts_at", "ends_at"), values)
        form = meetings_api.MeetingForm.model_validate(typed | times)
        its = await meetings_api.schedule(group_id, form, database, key, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=FIELDS, sentences=SENTENCES)
        return render(request, "groups/meeting_new.html", group=group, **again)
    return RedirectResponse(f"{_at(group_id, its.meeting_id)}?done=scheduled", 303)


@router.get("/{meeting_id:uuid}")
async def meeting(  # noqa: PLR0917 (where it stands, and what of it)
    request: Request, group_id: UUID, meeting_id: UUID, database: Db, caller: SignedIn, done: str = ""
) -> HTMLResponse:
    """When and where, the agenda, and for who is in the group the notes."""
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        group = api.there(await group_store.by_id(tx, group_id))
        its = meetings_api.there(await meeting_store.by_id(tx, group_id, meeting_id))
        may_read = await meetings_api.may_read_notes(tx, group_id, caller)
        may_run = await meetings_api.may_run(tx, group_id, caller)
        has_begun = tx.now >= its.starts_at
        told = await deeds.for_team(tx, caller, *_deeds(its))
    return render(
        request,
        "groups/meeting.html",
        group=group,
        its=its,
        may_read=may_read,
        may_run=may_run,
        has_begun=has_begun,
        deeds=told,
        done=DONE.get(done),
    )


@router.get("/{meeting_id:uuid}.ics")
async def icalendar_file(
    request: Request, group_id: UUID, meeting_id: UUID, database: Db, caller: SignedIn
) -> Response:
    """For one's calendar."""
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        group = api.there(await group_store.by_id(tx, group_id))
        its = meetings_api.there(await meeting_store.by_id(tx, group_id, meeting_id))
    link = f"{request.app.state.settings.front_door}{_at(group_id, meeting_id)}"
    headers = {"Content-Disposition": 'attachment; filename="meeting.ics"'}
    return Response(icalendar.of(its, group.title, link), media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/{meeting_id:uuid}/{part}")
async def text_form(  # noqa: PLR0917 (where it stands, and what of it)
    request: Request, group_id: UUID, meeting_id: UUID, part: Part, database: Db, caller: SignedIn
) -> HTMLResponse:
    group = await _run_by(database, group_id, caller)
    its = await _its(database, group_id, meeting_id)
    form = filled({"text": (its.agenda if part is Part.AGENDA else its.notes) or ""})
    return render(request, "groups/meeting_text.html", group=group, its=its, part=part, **form)


@router.post("/{meeting_id:uuid}/{part}")
async def write(  # noqa: PLR0917 (where it stands, and what of it)
    request: Request, group_id: UUID, meeting_id: UUID, part: Part, database: Db, caller: SignedIn
) -> Response:
    group, values = await _run_by(database, group_id, caller), await read_form(request)
    said = {
        "text.missing": f"Enter the {part}",
        "text.string_too_long": f"The {part} must be 10,000 characters or fewer",
    }
    handler = meetings_api.write_agenda if part is Part.AGENDA else meetings_api.write_notes
    try:
        form = meetings_api.TextForm.model_validate({name: values[name] for name in ("text",) if name in values})
        await handler(group_id, meeting_id, form, database, caller)
    except (ValidationError, Refused) as error:
        again, its = filled(values, error, order=("text",), sentences=said), await _its(database, group_id, meeting_id)
        return render(request, "groups/meeting_text.html", group=group, its=its, part=part, **again)
    return RedirectResponse(f"{_at(group_id, meeting_id)}?done={part}", 303)


def _deeds(its: Meeting) -> list[Deed]:
    """What was last done with a meeting; of one that was moved and then cancelled, that it was cancelled."""
    changed = "Cancelled" if its.cancelled_at else "Moved"
    return [
        Deed("Scheduled", its.scheduled_at, its.scheduled_by),
        Deed("Agenda written", its.agenda_at, its.agenda_by),
        Deed(changed, its.changed_at, its.changed_by, otherwise="as its group ended"),
        Deed("Notes written", its.notes_at, its.notes_by),
    ]


async def _run_by(database: Database, group_id: UUID, caller: Caller) -> Group:
    """The group, for who runs it."""
    async with database.transaction() as tx:
        group = api.there(await group_store.by_id(tx, group_id))
        await meetings_api.permit_to_run(tx, group_id, caller)
    return group


async def _its(database: Database, group_id: UUID, meeting_id: UUID) -> Meeting:
    async with database.transaction() as tx:
        return meetings_api.there(await meeting_store.by_id(tx, group_id, meeting_id))


def _at(group_id: UUID, meeting_id: UUID) -> str:
    return f"/members/groups/{group_id}/meetings/{meeting_id}"
