"""The pages of the strategy: what was promised and where each promise stands; forms for the team.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.days import day_in_london
from chassis.idempotency import FormKey
from chassis.identity import MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render
from contracts.refusal import NotFound, Refused
from members.feedback import reviewing
from members.feedback import store as feedback_store
from members.roles.team import is_team
from members.signing_in import deeds
from members.signing_in.deeds import Deed
from members.strategy import commitments, commitments_api, timeline
from members.strategy import store as strategy_store
from members.strategy.commitments import Commitment, Course, Standing

router = APIRouter(prefix="/members/strategy", route_class=RetryingRoute, include_in_schema=False)

IN_WORDS: Final[Mapping[Standing, str]] = {
    Standing.COMPLETED: "Kept",
    Standing.OVERDUE: "Overdue",
    Standing.UNDER_WAY: "Under way",
    Standing.NOT_STARTED: "Not started",
    Standing.DROPPED: "No longer promised",
}
COURSES: Final[Mapping[Course, str]] = {
    Course.ON_TRACK: "On track",
    Course.AT_RISK: "At risk",
    Course.DELAYED: "Delayed",
}
SHOWN: Final = 3  # rounds of feedback
REPORTS: Final = 20  # on a promise, on one page
FIELDS: Final = ("status", "percent", "summary")
SENTENCES: Final = {
    "status": "Choose how it goes",
    "percent": "Enter how much is done as a whole number from 0 to 100",
    "summary.string_too_long": "What has happened must be 300 characters or fewer",
}
DONE: Final = {
    "published": "The version is published. Everybody can see it.",
    "progress": "The report is here for everybody to see.",
    "completion": "This promise is kept. Everybody can see it.",
}


@router.get("")
async def promises(request: Request, database: Db, caller: MaybeSignedIn, done: str = "") -> HTMLResponse:
    """The mission, a picture of the promises along their days, and each of them with where it stands."""
    async with database.transaction() as tx:
        its = await strategy_store.in_force(tx)
        found = await strategy_store.every(tx)
        today = day_in_london(tx.now)
    shown = [(each, commitments.standing(each, today)) for each in found if each.dropped_at is None]
    numbers = {each.commitment_id: number for number, (each, _) in enumerate(shown, 1)}
    return render(
        request,
        "strategy/strategy.html",
        its=its,
        promises=shown,
        numbers=numbers,
        by_id={each.commitment_id: (each, stands) for each, stands in shown},
        counted=counted([stands for _, stands in shown]),
        picture=timeline.drawn([(each.due_on, stands) for each, stands in shown], today),
        in_words=IN_WORDS,
        today=today,
        dropped=[each for each in found if commitments.standing(each, today) is Standing.DROPPED],
        is_team=is_team(caller),
        done=DONE.get(done) if is_team(caller) else None,
    )


@router.get("/commitments/{commitment_id:uuid}")
async def promise(  # noqa: PLR0917 (what was done, and a place)
    request: Request,
    commitment_id: UUID,
    database: Db,
    caller: MaybeSignedIn,
    done: str = "",
    after: UUID | None = None,
) -> HTMLResponse:
    """One promise: whose it is, how it is measured, when it is due, what was reported, and what happens next."""
    async with database.transaction() as tx:
        its = commitments_api.there(await strategy_store.by_id(tx, commitment_id))
        progress = await strategy_store.progress_of(tx, commitment_id, after=after, most=REPORTS + 1)
        today = day_in_london(tx.now)
        reviews = await reviewing.reviews(tx, [its], today)
        asked = await feedback_store.some(tx, commitment_id=commitment_id, after=None, most=SHOWN)
        reports = [Deed("", each.reported_at, each.reported_by) for each in progress[:REPORTS]]
        reported = await deeds.for_team(tx, caller, *reports)
        told = await deeds.for_team(tx, caller, Deed("Said that it is kept", its.completed_at, its.completed_by))
    stands = commitments.standing(its, today)
    return render(
        request,
        "strategy/commitment.html",
        its=its,
        stands=stands,
        in_words=IN_WORDS,
        courses=COURSES,
        progress=progress[:REPORTS],
        reported=reported,
        deeds=told,
        is_first=after is None,
        following=progress[REPORTS - 1].progress_id if len(progress) > REPORTS else None,
        review=reviews.get(commitment_id),
        asked=[(each, each.is_open(today)) for each in asked],
        is_team=is_team(caller),
        days_late=(its.completed_on - its.due_on).days if its.completed_on else 0,
        may_report=is_team(caller) and is_open(its),
        done=DONE.get(done) if is_team(caller) else None,
    )


@router.get("/commitments/{commitment_id:uuid}/progress")
async def progress_form(request: Request, commitment_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    its = await _its(database, commitment_id)
    values = {"status": its.course.value if its.course else "", "percent": str(its.percent) if its.course else ""}
    return _progress(request, its, filled(values))


@router.post("/commitments/{commitment_id:uuid}/progress")
async def report(request: Request, commitment_id: UUID, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        form = commitments_api.ProgressForm.model_validate({name: values[name] for name in FIELDS if name in values})
        await commitments_api.report(commitment_id, form, database, key, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=FIELDS, sentences=SENTENCES)
        return _progress(request, await _its(database, commitment_id), again)
    return RedirectResponse(f"/members/strategy/commitments/{commitment_id}?done=progress", 303)


@router.get("/commitments/{commitment_id:uuid}/completion")
async def completion_form(request: Request, commitment_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """What it means that a promise is kept, before it is said."""
    permit(caller, "team")
    return render(request, "strategy/commitment_completion.html", its=await _its(database, commitment_id))


@router.post("/commitments/{commitment_id:uuid}/completion")
async def complete(request: Request, commitment_id: UUID, database: Db, caller: SignedIn) -> Response:
    try:
        await commitments_api.complete(commitment_id, database, None, caller)
    except commitments.AlreadyCompleted:  # a second click
        pass
    except NotFound:
        raise
    except Refused as refused:
        its = await _its(database, commitment_id)
        return render(request, "strategy/commitment_completion.html", its=its, refusal=refused.sentence)
    return RedirectResponse(f"/members/strategy/commitments/{commitment_id}?done=completion", 303)


def counted(standings: Sequence[Standing]) -> str:
    """`7 promises: 2 kept, 4 under way, 1 overdue`."""
    parts = [
        f"{number} {words.lower()}" for standing, words in IN_WORDS.items() if (number := standings.count(standing))
    ]
    return f"{len(standings)} promise{'' if len(standings) == 1 else 's'}: {', '.join(parts)}" if parts else ""


def is_open(its: Commitment) -> bool:
    return its.completed_on is None and its.dropped_at is None


def _progress(request: Request, its: Commitment, form: Filled) -> HTMLResponse:
    return render(
        request,
        "strategy/commitment_progress.html",
        its=its,
        courses=[{"value": course.value, "text": text} for course, text in COURSES.items()],
        **form,
    )


async def _its(database: Database, commitment_id: UUID) -> Commitment:
    async with database.transaction() as tx:
        return commitments_api.there(await strategy_store.by_id(tx, commitment_id))
