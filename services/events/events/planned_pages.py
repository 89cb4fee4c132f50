"""An event's page before its publication, for whoever proposed it and the team: where it stands, and what comes next.

Each form is the API's own request in a browser: its handler decides, and the page puts it into words.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis.database import Database
from chassis.identity import Caller, SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import render, span
from contracts.refusal import NotFound, Refused
from events import hosted_event_store, hosted_events
from events.hosting import AlreadyPublished, AlreadySignedOff, HostedEvent, State

router = APIRouter(route_class=RetryingRoute, include_in_schema=False)

IN_WORDS: Final = {State.PROPOSED: "Proposed", State.SIGNED_OFF: "Signed off"}


class Next(StrEnum):
    """What has to happen before members see the event."""

    NOTHING = "nothing"  # its end has passed
    SIGN_OFF = "sign-off"  # by who looks at it
    SIGN_OFF_BY_OTHERS = "sign-off-by-others"
    PUBLISH = "publish"


@router.post("/events/{hosted_event_id:uuid}/sign-off")
async def sign_off(request: Request, hosted_event_id: UUID, database: Db, caller: SignedIn) -> Response:
    try:
        await hosted_events.sign_off(hosted_event_id, database, None, caller)
    except AlreadySignedOff:  # a second click
        pass
    except NotFound:
        raise
    except Refused as refused:
        return await _refused(request, database, caller, hosted_event_id, refused)
    return RedirectResponse(f"/events/{hosted_event_id}?done=signed-off", 303)


@router.post("/events/{hosted_event_id:uuid}/publish")
async def publish(request: Request, hosted_event_id: UUID, database: Db, caller: SignedIn) -> Response:
    try:
        await hosted_events.publish(hosted_event_id, database, None, caller)
    except AlreadyPublished:  # a second click
        pass
    except NotFound:
        raise
    except Refused as refused:
        return await _refused(request, database, caller, hosted_event_id, refused)
    return RedirectResponse(f"/events/{hosted_event_id}?done=published", 303)


def page(
    request: Request,
    its: HostedEvent,
    speakers: Sequence[str | None],
    caller: Caller,
    now: datetime,
    *,
    refused: Refused | None = None,
    done: str = "",
) -> HTMLResponse:
    """For a caller who may see it; with `refused` it says why not, and answers 409."""
    return render(
        request,
        "planned_event.html",
        status=409 if refused else 200,
        its=its,
        state=IN_WORDS[its.state],
        when=span(its.starts_at, its.ends_at),
        speakers=speakers,
        next=what_next(its, caller, now),
        is_organiser=caller.account_id == its.proposed_by,
        just_signed_off=done == "signed-off" and its.state is State.SIGNED_OFF,
        refusal=refused.sentence if refused else "",
    )


def what_next(its: HostedEvent, caller: Caller, now: datetime) -> Next:
    """Of an event that is not published, as its proposer or the team sees it."""
    if now >= its.ends_at:
        return Next.NOTHING
    if its.state is State.SIGNED_OFF:
        return Next.PUBLISH
    may_sign_off = "team" in caller.roles and caller.account_id != its.proposed_by
    return Next.SIGN_OFF if may_sign_off else Next.SIGN_OFF_BY_OTHERS


async def _refused(
    request: Request, database: Database, caller: Caller, hosted_event_id: UUID, refused: Refused
) -> Response:
    """The page as it stands now; the event's own one where somebody published it meanwhile."""
    async with database.transaction() as tx:
        its = hosted_events.planned(await hosted_event_store.by_id(tx, hosted_event_id), caller)
        speakers = await hosted_event_store.speakers(tx, hosted_event_id)
    if its.published_at is not None:
        return RedirectResponse(f"/events/{hosted_event_id}", 303)
    return page(request, its, speakers, caller, tx.now, refused=refused)
