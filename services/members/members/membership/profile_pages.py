"""The pages of a member's profile: what we know of them, who sees it, how they change it, leave, or are erased.

Each form is the API's own request in a browser: the API's handler decides, and these pages put it into words.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.browsing import renew_address
from chassis.database import Database
from chassis.identity import Caller, SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import FormError, errors_from, read_form, render
from contracts.refusal import Invalid, Refused
from members.erasure import erasing
from members.membership import api, store
from members.membership.domain import AddressInUse, Member, SameContact, SameGrade, SameOrganisation
from members.membership.joining_pages import GRADE_ITEMS, LONG_NAMES, organisation_items, own_ladders
from members.places import store as organisation_store
from members.places.organisations import Places

router = APIRouter(prefix="/members/profile", route_class=RetryingRoute, include_in_schema=False)

CHANGED: Final = {
    "contact": "Your name and email address are changed. We write to you at the new address from now on.",
    "topics": "Your interests and skills are changed.",
    "asked": "We sent a new link to your email address. Earlier links work no more.",
    "asked-just-now": "We sent a link less than ten minutes ago. Look among unwanted mail, or try again later.",
    "grade": "Your grade is changed. Mentoring and events know it within a minute.",
    "organisation": "Your organisation and grade are changed. Mentoring and events know it within a minute.",
}
# The refusals that a form can mend: the field where, and the words for the member themselves.
AT_A_FIELD: Final[Mapping[type[Refused], tuple[str, str]]] = {
    SameGrade: ("grade", "This is your grade already. Choose the new one, or go back"),
    SameOrganisation: ("organisation", "You work here already. Choose the new one, or change your grade alone"),
    SameContact: ("name", "This is your name and email address already. Change one of them, or go back"),
    AddressInUse: ("email", "Another member uses this email address. Enter a different one"),
}


@router.get("")
async def profile(request: Request, database: Db, caller: SignedIn, changed: str = "") -> HTMLResponse:
    """What we know of the member, and who sees it."""
    member, places = await _member(database, caller), await organisation_store.places_now(database)
    if member is None:
        return _not_a_member(request)
    closed = places.register.by_code.get(member.organisation)
    return render(
        request,
        "membership/profile.html",
        member=member,
        organisation=places.register.label(member.organisation),
        closed=closed if closed and closed.has_closed(places.day) else None,
        heirs=places.heirs(member.organisation),
        grade=LONG_NAMES[member.grade],
        changed=CHANGED.get(changed),
    )


@router.get("/contact")
async def contact_form(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    member, places = await _member(database, caller), await organisation_store.places_now(database)
    values = {"name": member.name or "", "email": member.email or ""} if member else {}
    return _form(request, places, "contact", values) if member else _not_a_member(request)


@router.post("/contact")
async def change_contact(request: Request, database: Db, caller: SignedIn) -> Response:
    async def change(member_id: UUID, values: Mapping[str, str]) -> None:
        form = api.ContactForm(name=values["name"], email=values["email"])
        await api.change_contact(member_id, form, database, None, caller)

    return await _change(request, database, caller, "contact", fields=("name", "email"), change=change)


@router.get("/grade")
async def grade_form(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    member, places = await _member(database, caller), await organisation_store.places_now(database)
    return _form(request, places, "grade", {"grade": member.grade.value}) if member else _not_a_member(request)


@router.post("/grade")
async def change_grade(request: Request, database: Db, caller: SignedIn) -> Response:
    async def change(member_id: UUID, values: Mapping[str, str]) -> None:
        await api.change_grade(member_id, api.GradeForm(grade=values["grade"]), database, None, caller)

    return await _change(request, database, caller, "grade", fields=("grade",), change=change)


@router.get("/organisation")
async def organisation_form(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    member, places = await _member(database, caller), await organisation_store.places_now(database)
    values = {"organisation": member.organisation, "grade": member.grade.value} if member else {}
    return _form(request, places, "organisation", values) if member else _not_a_member(request)


@router.post("/organisation")
async def change_organisation(request: Request, database: Db, caller: SignedIn) -> Response:
    async def change(member_id: UUID, values: Mapping[str, str]) -> None:
        form = api.TransferForm(organisation=values["organisation"], grade=values["grade"])
        await api.transfer(member_id, form, database, None, caller)

    return await _change(request, database, caller, "organisation", fields=("organisation", "grade"), change=change)


@router.get("/leave")
async def leave_form(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    """What leaving means, before it is done."""
    member = await _member(database, caller)
    return render(request, "membership/leave.html") if member else _not_a_member(request)


@router.post("/leave")
async def leave(request: Request, database: Db, caller: SignedIn) -> Response:
    if caller.member_id is None:
        return _not_a_member(request)
    await api.leave(caller.member_id, request, database, None, caller)
    return _back(caller, "/members/profile/left")


@router.get("/left")
async def left(request: Request) -> HTMLResponse:
    return render(request, "membership/left.html")


@router.get("/erase")
async def erase_form(request: Request, database: Db, caller: SignedIn) -> HTMLResponse:
    """What being erased means, before it is done."""
    member = await _member(database, caller)
    return render(request, "erasure/erase.html") if member else _not_a_member(request)


@router.post("/erase")
async def erase(request: Request, database: Db, caller: SignedIn) -> Response:
    if caller.member_id is None:
        return _not_a_member(request)
    await erasing.erase(caller.member_id, request, database, None, caller)
    return _back(caller, "/members/profile/erased")


@router.get("/erased")
async def erased(request: Request) -> HTMLResponse:
    return render(request, "erasure/erased.html")


async def _change(
    request: Request,
    database: Database,
    caller: Caller,
    page: str,
    *,
    fields: tuple[str, ...],
    change: Callable[[UUID, Mapping[str, str]], Awaitable[None]],
) -> Response:
    """The change that a form asks for, then the profile; or the form again, with what to mend."""
    if caller.member_id is None:
        return _not_a_member(request)
    typed = await read_form(request)
    values = {name: str(typed.get(name, "")) for name in fields}
    try:
        await change(caller.member_id, values)
    except (Invalid, ValidationError) as error:
        return _form(
            request, await organisation_store.places_now(database), page, values, errors_from(error, order=fields)
        )
    except tuple(AT_A_FIELD) as error:
        field, text = AT_A_FIELD[type(error)]
        return _form(
            request,
            await organisation_store.places_now(database),
            page,
            values,
            [{"field": field, "text": text, "href": f"#{field}"}],
        )
    return _back(caller, f"/members/profile?changed={page}")


def _back(caller: Caller, address: str) -> RedirectResponse:
    """To the page that says what was done; in a browser with a fresh token, since the old one says what was before."""
    return RedirectResponse(renew_address(address) if caller.csrf else address, 303)


async def _member(database: Database, caller: Caller) -> Member | None:
    """The member behind the account; None for an account without one, and for somebody who left."""
    if caller.member_id is None:
        return None
    async with database.transaction() as tx:
        member = await store.by_id(tx, caller.member_id)
    return member if member is not None and member.left_on is None else None


def _form(
    request: Request, places: Places, page: str, values: Mapping[str, str], errors: list[FormError] | None = None
) -> HTMLResponse:
    return render(
        request,
        f"membership/change_{page}.html",
        organisations=organisation_items(places),
        grades=GRADE_ITEMS,
        ladders=own_ladders(places),
        values=values,
        errors=errors,
    )


def _not_a_member(request: Request) -> HTMLResponse:
    return render(request, "membership/not_a_member.html")
