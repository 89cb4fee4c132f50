"""The pages of mentoring for everybody: which schemes there are, taking part in one, and how one's pair goes.

Each form is the API's own request in a browser: the handlers of `schemes.py` decide, and these pages put it into words.
"""

from operator import attrgetter
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis import paging
from chassis.database import Database
from chassis.identity import Caller, MaybeSignedIn, SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render
from contracts.refusal import Refused
from mentoring import domain, pair_store, scheme_store, schemes
from mentoring.domain import Enrolment, NoEnrolment, Scheme

router = APIRouter(prefix="/mentoring", route_class=RetryingRoute, include_in_schema=False)

LEADS: Final = frozenset({"scheme-lead", "team"})
SHOWN: Final = 20  # of each list, on a page
SHORT_WORD: Final = 2  # letters; such as UK
DONE: Final = {
    "enrolled": "You have enrolled. We write to you when you are paired with somebody.",
    "withdrawn": "You have withdrawn. What you wrote is deleted.",
    "opened": "The scheme is there. Members can enrol from the day that it opens.",
}
ENROLMENT_FIELDS: Final = ("attestation", "goals", "offers", "seeks")
SENTENCES: Final = {
    "goals.string_too_long": "Each goal must be 300 characters or fewer",
    "offers.string_too_long": "Each skill that you offer must be 80 characters or fewer",
    "seeks.string_too_long": "Each skill that you seek must be 80 characters or fewer",
    "goals.too_long": "Give 20 goals at most",
    "offers.too_long": "Give 20 skills that you offer at most",
    "seeks.too_long": "Give 20 skills that you seek at most",
}


@router.get("")
async def mentoring(  # noqa: PLR0917 (four lists)
    request: Request,
    database: Db,
    caller: MaybeSignedIn,
    done: str = "",
    after: UUID | None = None,
    led_after: UUID | None = None,
    paired_after: UUID | None = None,
    enrolled_after: UUID | None = None,
) -> HTMLResponse:
    """Is there a scheme for me, and how does my pair go? For who leads schemes, also who waits in them.

    Each list has pages of its own; while one is turned the others stay at their first.
    """
    member_id = caller.member_id if caller else None
    leads = caller is not None and not LEADS.isdisjoint(caller.roles)
    more = SHOWN + 1
    async with database.transaction() as tx:
        found = await scheme_store.opened(tx, without=member_id, after=after, most=more)
        every = await scheme_store.every(tx, after=led_after, most=more) if leads else []
        mine = await scheme_store.enrolments_of(tx, member_id, after=enrolled_after, most=more) if member_id else []
        present = await pair_store.present_pairs(tx, member_id, after=paired_after, most=more) if member_id else []
        waiting = await pair_store.how_many_wait(tx, [its.scheme_id for its in every])
    opened, schemes_next = paging.page(found, SHOWN, attrgetter("scheme_id"))
    led, led_next = paging.page(every, SHOWN, attrgetter("scheme_id"))
    enrolments, enrolments_next = paging.page(mine, SHOWN, lambda its: its[0].enrolment_id)
    pairs, pairs_next = paging.page(present, SHOWN, attrgetter("pair_id"))
    return render(
        request,
        "mentoring.html",
        done=DONE.get(done),
        is_member=member_id is not None,
        leads=leads,
        pairs=[(pair, called(pair.organisation)) for pair in pairs],
        enrolments=enrolments,
        schemes=opened,
        led=[(its, waiting.get(its.scheme_id, 0)) for its in led],
        pages={
            "after": (after, schemes_next),
            "led_after": (led_after, led_next),
            "paired_after": (paired_after, pairs_next),
            "enrolled_after": (enrolled_after, enrolments_next),
        },
    )


@router.get("/schemes/{scheme_id:uuid}/enrol")
async def enrolment_form(request: Request, scheme_id: UUID, database: Db, caller: SignedIn) -> Response:
    if caller.member_id is None:
        return _not_a_member(request)
    scheme = await _scheme(database, scheme_id)
    if await _enrolment(database, caller, scheme_id):
        return RedirectResponse("/mentoring", 303)
    return _enrolment_form(request, scheme, filled({}))


@router.post("/schemes/{scheme_id:uuid}/enrol")
async def enrol(request: Request, scheme_id: UUID, database: Db, caller: SignedIn) -> Response:
    """Enrols the member, or shows the form again with what to mend; what cannot be mended is said above it."""
    if caller.member_id is None:
        return _not_a_member(request)
    scheme = await _scheme(database, scheme_id)
    values = await read_form(request, lists=["attestation"])
    try:
        form = schemes.EnrolmentForm(
            attestation=values["attestation"] == ["yes"],
            goals=_lines(values.get("goals", "")),
            offers=_lines(values.get("offers", "")),
            seeks=_lines(values.get("seeks", "")),
        )
        await schemes.enrol(scheme_id, form, database, None, caller)
    except (ValidationError, Refused) as error:
        again = filled(values, error, order=ENROLMENT_FIELDS, sentences=SENTENCES)
        return _enrolment_form(request, scheme, again)
    return RedirectResponse("/mentoring?done=enrolled", 303)


@router.get("/schemes/{scheme_id:uuid}/withdraw")
async def withdrawal_form(request: Request, scheme_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """What withdrawing means, before it is done."""
    scheme = await _scheme(database, scheme_id)
    if await _enrolment(database, caller, scheme_id) is None:
        raise NoEnrolment
    return render(request, "withdraw.html", scheme=scheme)


@router.post("/schemes/{scheme_id:uuid}/withdraw")
async def withdraw(scheme_id: UUID, database: Db, caller: SignedIn) -> RedirectResponse:
    """A second click finds nothing to withdraw, and says the same."""
    if enrolment := await _enrolment(database, caller, scheme_id):
        await schemes.withdraw(scheme_id, enrolment.enrolment_id, database, caller)
    return RedirectResponse("/mentoring?done=withdrawn", 303)


def called(organisation: str | None) -> str:
    """A code as people read it: `MET-OFFICE` is Met Office, `UKHSA` stays; None is a member who left."""
    if organisation is None or "-" not in organisation:
        return organisation or "left"
    return " ".join(word if len(word) <= SHORT_WORD else word.capitalize() for word in organisation.split("-"))


async def _scheme(database: Database, scheme_id: UUID) -> Scheme:
    """An open scheme. Raises `NoScheme`, `SchemeNotOpen`."""
    async with database.transaction() as tx:
        return domain.taking_part(await scheme_store.by_id(tx, scheme_id))


async def _enrolment(database: Database, caller: Caller, scheme_id: UUID) -> Enrolment | None:
    if caller.member_id is None:
        return None
    async with database.transaction() as tx:
        return await scheme_store.enrolment(tx, caller.member_id, scheme_id)


def _lines(text: str | list[str]) -> list[str]:
    return [line.strip() for line in str(text).splitlines() if line.strip()]


def _enrolment_form(request: Request, scheme: Scheme, form: Filled) -> HTMLResponse:
    return render(request, "enrol.html", scheme=scheme, **form)


def _not_a_member(request: Request) -> HTMLResponse:
    return render(request, "not_a_member.html")
