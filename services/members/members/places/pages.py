"""The pages of the register: which organisations take part, what became of those that closed; forms for the team.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

from contextlib import suppress
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.database import Database
from chassis.idempotency import FormKey
from chassis.identity import Caller, MaybeSignedIn, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, as_typed, filled, read_form, render, typed_day
from contracts.refusal import FieldError, Invalid, NotFound, Refused
from members.places import register
from members.places import store as organisation_store
from members.places.organisations import AlreadyMerged, AlreadyRegistered, NoMerger, Organisation, Places
from members.roles.team import is_team
from members.signing_in import deeds
from members.signing_in.deeds import Deed

router = APIRouter(prefix="/members/organisations", route_class=RetryingRoute, include_in_schema=False)

ON_A_PAGE: Final = 100
FIELDS: Final = ("name", "short", "code", "opened_on")
MERGER_FIELDS: Final = ("into", "on")
A_REAL_DAY: Final = "Enter a real date, such as 1 4 2027"
SENTENCES: Final = {
    "name.missing": "Enter the full name",
    "name.string_too_long": "The name must be 120 characters or fewer",
    "short.string_too_long": "The short name must be 120 characters or fewer",
    "code.missing": "Enter a code",
    "code": "Enter a code of up to 32 capital letters, digits and hyphens, such as MET-OFFICE",
    "opened_on": A_REAL_DAY,
    "into": "Choose what it becomes",
    "on": A_REAL_DAY,
}
DONE: Final = {
    "registered": "The organisation is in the register. People join there from its first day.",
    "called-off": "The merger is called off. The organisation stays open, and nobody moves.",
    "merged": "It is in the register. From its closing day nobody joins there, and its members move or are asked.",
}


@router.get("")
async def organisations(
    request: Request, database: Db, caller: MaybeSignedIn, done: str = "", after: str | None = None
) -> HTMLResponse:
    """Which take part and since when, which will, and what became of the closed ones."""
    places = await organisation_store.places_now(database)
    some, following = places.register.some(after=after, most=ON_A_PAGE)
    return render(
        request,
        "places/organisations.html",
        number=len(places.open),
        taking_part=[its for its in some if its.is_open(places.day)],
        to_come=[its for its in some if its.opened_on is not None and its.opened_on > places.day],
        closed=[its for its in some if its.has_closed(places.day)],
        is_first=after is None,
        following=following,
        label=places.register.label,
        is_team=is_team(caller),
        done=DONE.get(done) if is_team(caller) else None,
    )


@router.get("/new")
async def form(request: Request, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return render(request, "places/organisation_new.html", **filled({}))


@router.post("/new")
async def enter(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        answers = {name: values[name] for name in ("name", "short", "code") if name in values}
        its = register.OrganisationForm.model_validate(answers | typed_day("opened_on", values))
        await register.register(its, database, key, caller)
    except (ValidationError, Invalid, AlreadyRegistered) as error:
        wrong = Invalid(FieldError("name", error.sentence)) if isinstance(error, AlreadyRegistered) else error
        again = filled(values, wrong, order=FIELDS, sentences=SENTENCES)
        return render(request, "places/organisation_new.html", **again)
    return RedirectResponse("/members/organisations?done=registered", 303)


@router.get("/{code}/merger")
async def merger_form(request: Request, code: str, database: Db, caller: SignedIn) -> HTMLResponse:
    """What becomes of an organisation, and what that means for its members, before it is said."""
    permit(caller, "team")
    places, its = await _its(database, code)
    on = as_typed("on", its.closed_on) if its.closed_on else {}
    return await _merger_form(request, database, caller, places, its, filled({"into": list(its.successors)} | on))


@router.post("/{code}/merger")
async def merge(request: Request, code: str, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    values = await read_form(request, lists=["into"])
    try:
        its = register.MergerForm.model_validate({"into": values["into"]} | typed_day("on", values))
        await register.merge(code=code, form=its, request=request, database=database, key=None, caller=caller)
    except (ValidationError, Invalid, NotFound) as error:
        again = filled(values, error, order=MERGER_FIELDS, sentences=SENTENCES)
        return await _merger_form(request, database, caller, *await _its(database, code), again)
    except Refused as refused:
        wrong = Invalid(FieldError("on" if isinstance(refused, AlreadyMerged) else "into", refused.sentence))
        again = filled(values, wrong, order=MERGER_FIELDS)
        return await _merger_form(request, database, caller, *await _its(database, code), again)
    return RedirectResponse("/members/organisations?done=merged", 303)


@router.post("/{code}/merger/calling-off")
async def call_off(code: str, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    with suppress(NoMerger):  # a second click
        await register.call_off(code, database, None, caller)
    return RedirectResponse("/members/organisations?done=called-off", 303)


async def _merger_form(  # noqa: PLR0917 (which, and for whom)
    request: Request, database: Database, caller: Caller, places: Places, its: Organisation, form: Filled
) -> HTMLResponse:
    async with database.transaction(one_statement=True) as tx:
        done = await deeds.for_team(
            tx,
            caller,
            Deed("Registered", its.registered_at, its.registered_by),
            Deed("Said what becomes of it", its.merged_at, its.merged_by),
        )
    others = [
        each for each in places.register.organisations if each.code != its.code and not each.has_closed(places.day)
    ]
    return render(
        request,
        "places/organisation_merger.html",
        its=its,
        has_closed=its.has_closed(places.day),
        label=places.register.label,
        items=[{"value": each.code, "text": each.label} for each in others],
        deeds=done,
        **form,
    )


async def _its(database: Database, code: str) -> tuple[Places, Organisation]:
    places = await organisation_store.places_now(database)
    return places, register.there(places, code)
