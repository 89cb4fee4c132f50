"""Finding members: for the central team everywhere, for a head of profession in their own organisation alone, without
whoever is restricted there.

What is looked for is often a name or an address. It travels in the body of a POST and stands in no address, so that
neither a browser's history nor a log of requests holds it.
"""

from datetime import date
from typing import Annotated, Final, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, ValidationError

from chassis.database import Database
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import errors_from, read_form, render
from contracts.members import Grade
from contracts.refusal import FieldError, Invalid, NotFound
from members.membership import people_store
from members.membership.api import Text
from members.membership.joining_pages import GRADE_ITEMS, LONG_NAMES
from members.membership.people_store import Found, State, Wanted
from members.places import store as organisation_store
from members.places.organisations import Places
from members.roles.team import is_team

router = APIRouter(prefix="/api/members/v1", tags=["members"], route_class=RetryingRoute)
pages = APIRouter(prefix="/members/people", route_class=RetryingRoute, include_in_schema=False)

ON_A_PAGE: Final = 25
FIELDS: Final = ("text", "organisation", "grade", "state")
STATES: Final = {"present": "Members", "address-open": "Address not confirmed", "left": "Left the profession"}


class SearchForm(BaseModel):
    """Empty means whatever it is. `after` is the `next` of the answer before."""

    text: Annotated[Text, Field(description="Each word is part of the name or of the address")] = ""
    organisation: Annotated[Text, Field(description="A code, a full name or a short name")] = ""
    grade: Annotated[Text, Field(description="A common grade, such as HEO")] = ""
    state: Annotated[Text, Field(description="present, address-open or left")] = "present"
    after: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 100


class PersonView(BaseModel):
    """Of somebody who left name and address are null."""

    member_id: UUID
    name: str | None
    email: str | None
    organisation: str
    grade: Grade
    joined_on: date
    left_on: date | None
    address_verified: bool


class People(BaseModel):
    """In the order of their names; `total` is of all that were looked for."""

    people: list[PersonView]
    total: int
    next: UUID | None


@router.post("/member-searches")
async def search(form: SearchForm, database: Db, caller: SignedIn) -> People:
    """Whom the caller may see of those they look for. Changes nothing."""
    _permit(caller)
    found, total, following, _ = await _look(database, caller, form)
    views = [PersonView(address_verified=its.left_on is None and not its.address_is_open, **vars(its)) for its in found]
    return People(people=views, total=total, next=following)


@pages.get("")
async def everybody(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    _permit(caller)
    return await _page(request, database, caller, {})


@pages.post("")
async def found(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    """The same by the form; its answer is the page, since what was typed may stand in no address."""
    _permit(caller)
    typed = await read_form(request)
    return await _page(request, database, caller, {name: str(its) for name, its in typed.items()})


def _permit(caller: Caller) -> None:
    permit(caller, "team", "hosep", organisation=None if is_team(caller) else caller.organisation)


async def _look(database: Database, caller: Caller, form: SearchForm) -> tuple[list[Found], int, UUID | None, Places]:
    async with database.transaction() as tx:
        places = await organisation_store.places(tx)
        wanted = _wanted(form, places, None if is_team(caller) else caller.organisation)
        found = await people_store.some(tx, wanted, after=form.after, most=form.limit + 1)
        total = await people_store.count(tx, wanted)
    following = found[form.limit - 1].member_id if len(found) > form.limit else None
    return found[: form.limit], total, following, places


def _wanted(form: SearchForm, places: Places, only: str | None) -> Wanted:
    """What was asked for. With `only`, there and nowhere else, and nobody restricted.

    Raises `Invalid`, and `NotFound` for elsewhere.
    """
    wrong = []
    its = places.register.named(form.organisation) if form.organisation.strip() else None
    if its is None and form.organisation.strip():
        wrong.append(
            FieldError("organisation", f"This organisation is not known here. Enter one of these: {places.written_so}")
        )
    grade = form.grade.strip()
    if grade and grade not in set(Grade):
        wrong.append(FieldError("grade", f"Enter one of these: {', '.join(Grade)}"))
    if form.state not in get_args(State):
        wrong.append(FieldError("state", f"Enter one of these: {', '.join(STATES)}"))
    if wrong:
        raise Invalid(*wrong)
    if only is not None and its is not None and its.code != only:
        raise NotFound
    state: State = next(state for state in get_args(State) if state == form.state)
    organisation = only or (its.code if its else None)
    return Wanted(form.text, organisation, Grade(grade) if grade else None, state, restricted_too=only is None)


async def _page(request: Request, database: Database, caller: Caller, typed: dict[str, str]) -> HTMLResponse:
    values = {"state": "present"} | typed
    after = _id(typed.get("after", ""))
    try:
        asked = {name: values[name] for name in FIELDS if name in values}
        form = SearchForm(**asked, after=after, limit=ON_A_PAGE)
        people, total, following, places = await _look(database, caller, form)
        errors = None
    except (ValidationError, Invalid) as error:
        errors = errors_from(error, order=FIELDS)
        people, total, following = [], 0, None
        places = await organisation_store.places_now(database)
    return render(
        request,
        "membership/people.html",
        people=people,
        total=total,
        following=following,
        is_first=after is None,
        is_chosen=any(values.get(name) for name in ("text", "organisation", "grade")) or values["state"] != "present",
        values=values,
        errors=errors,
        organisation=None if is_team(caller) else places.register.label(caller.organisation or ""),
        organisations=[{"value": its.code, "text": its.label} for its in places.register.by_code.values()],
        grades=GRADE_ITEMS,
        states=[{"value": value, "text": text} for value, text in STATES.items()],
        label=places.register.label,
        grade_names=LONG_NAMES,
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
