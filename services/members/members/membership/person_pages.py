"""The page of one member, for the central team and their head of profession; the team's forms for every change.

Each form is the API's own request in a browser: the API's handler decides, and these pages put it into words.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis.browsing import renew_address
from chassis.database import Database, Transaction
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import FormError, errors_from, read_form, render
from contracts.refusal import Invalid, Refused
from members.erasure import erasing
from members.membership import api, duplicate_store, store
from members.membership.domain import AddressInUse, SameContact, SameGrade, SameOrganisation
from members.membership.joining_pages import GRADE_ITEMS, LONG_NAMES, organisation_items, own_ladders
from members.places import store as organisation_store
from members.rights import restricting, restriction_store
from members.roles import store as role_store
from members.roles.records import IN_WORDS
from members.roles.team import is_team
from members.signing_in import deeds
from members.signing_in.deeds import Deed, Told

router = APIRouter(prefix="/members/people/{member_id:uuid}", route_class=RetryingRoute, include_in_schema=False)

DONE: Final = {
    "contact": "Their name and email address are changed. We write to them at the new address from now on.",
    "grade": "Their grade is changed. Mentoring and events know it within a minute.",
    "organisation": "Their organisation and grade are changed. Mentoring and events know it within a minute.",
    "restricted": "The use of their details is restricted. All parts of this service know it within a minute.",
    "not-restricted": "The restriction has ended. All parts of this service know it within a minute.",
    "left": "The membership has ended. Their name and address are deleted.",
    "given": "The role is given. They have it when they next sign in, or within ten minutes.",
    "taken-back": "The role is taken back. Where they are signed in it ends within ten minutes.",
}
NOT_ANSWERED: Final = {
    "name": "Enter their full name",
    "email": "Enter their email address",
    "organisation": "Choose their organisation",
    "grade": "Choose their grade",
}
# The refusals that a form can mend: the field where, and the words for the team.
AT_A_FIELD: Final[Mapping[type[Refused], tuple[str, str]]] = {
    SameGrade: ("grade", "This is their grade already. Choose the new one, or go back"),
    SameOrganisation: ("organisation", "They work here already. Choose the new one, or change their grade alone"),
    SameContact: ("name", "These are their name and email address already. Change one of them, or go back"),
    AddressInUse: ("email", "Another member uses this email address. Enter a different one"),
}


@router.get("")
async def person(request: Request, member_id: UUID, database: Db, caller: SignedIn, done: str = "") -> HTMLResponse:
    """To whom the API shows the member; what can be done with them, to the team alone."""
    member, of_team = await api.show(member_id, database, caller), is_team(caller)
    async with database.transaction() as tx:
        held = await role_store.held_by(tx, member_id) if of_team else []
        since = await restriction_store.since(tx, member_id)
        done_by = await _deeds(tx, caller, member)
        places = await organisation_store.places(tx)
    return render(
        request,
        "membership/person.html",
        member=member,
        organisation=places.register.label(member.organisation),
        grade=LONG_NAMES[member.grade],
        is_team=of_team,
        held=held,
        in_words=IN_WORDS,
        label=places.register.label,
        since=since,
        deeds=done_by,
        done=DONE.get(done),
    )


@router.get("/contact")
async def contact_form(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    its = await of_the_team(database, caller, member_id)
    return await _form(request, database, its, "contact", {"name": its.name or "", "email": its.email or ""})


@router.post("/contact")
async def change_contact(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> Response:
    async def change(values: Mapping[str, str]) -> None:
        form = api.ContactForm(name=values["name"], email=values["email"])
        await api.change_contact(member_id, form, database, None, caller)

    return await _change(request, database, caller, member_id, "contact", fields=("name", "email"), change=change)


@router.get("/grade")
async def grade_form(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    its = await of_the_team(database, caller, member_id)
    return await _form(request, database, its, "grade", {"grade": its.grade.value})


@router.post("/grade")
async def change_grade(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> Response:
    async def change(values: Mapping[str, str]) -> None:
        await api.change_grade(member_id, api.GradeForm(grade=values["grade"]), database, None, caller)

    return await _change(request, database, caller, member_id, "grade", fields=("grade",), change=change)


@router.get("/organisation")
async def organisation_form(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    its = await of_the_team(database, caller, member_id)
    values = {"organisation": its.organisation, "grade": its.grade.value}
    return await _form(request, database, its, "organisation", values)


@router.post("/organisation")
async def change_organisation(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> Response:
    async def change(values: Mapping[str, str]) -> None:
        form = api.TransferForm(organisation=values["organisation"], grade=values["grade"])
        await api.transfer(member_id, form, database, None, caller)

    fields = ("organisation", "grade")
    return await _change(request, database, caller, member_id, "organisation", fields=fields, change=change)


@router.get("/restriction")
async def restriction(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """Whether they are restricted, what that means, and a button for the other."""
    its = await of_the_team(database, caller, member_id)
    async with database.transaction(one_statement=True) as tx:
        since = await restriction_store.since(tx, member_id)
    return render(request, "rights/person_restriction.html", member=its, since=since)


@router.post("/restriction")
async def restrict(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    lifts = (await read_form(request)).get("restricted") == "no"
    await (restricting.lift if lifts else restricting.restrict)(member_id, database, None, caller)
    return back(caller, member_id, "not-restricted" if lifts else "restricted")


@router.get("/departure")
async def departure(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """What the end of their membership means, before it is done."""
    return render(request, "membership/person_leave.html", member=await of_the_team(database, caller, member_id))


@router.post("/departure")
async def end(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    await api.leave(member_id, request, database, None, caller)
    return back(caller, member_id, "left")


@router.get("/erasure")
async def erasure(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> HTMLResponse:
    """What being erased means, before it is done."""
    return render(request, "erasure/person_erase.html", member=await of_the_team(database, caller, member_id))


@router.post("/erasure")
async def erase(request: Request, member_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    await erasing.erase(member_id, request, database, None, caller)
    return _to(caller, member_id, "/members/erasures")


async def _deeds(tx: Transaction, caller: Caller, its: api.MemberView) -> list[Told]:
    """Who ended the membership, or restricts the use of the details, as far as that is so now."""
    merger = await duplicate_store.merger_of(tx, its.member_id)
    restriction = await restriction_store.by_id(tx, its.member_id)
    since, by = restriction or (None, None)
    left = None if merger else its.departed_at
    return await deeds.for_team(
        tx,
        caller,
        Deed("Use of their details restricted", since, by),
        Deed("Left", left, its.departed_by, otherwise="by themselves"),
        *([Deed("Merged into another member", merger.at, merger.by)] if merger else []),
    )


async def of_the_team(database: Database, caller: Caller, member_id: UUID) -> api.MemberView:
    """The member, for a form of the team's. Raises `Forbidden` for anybody else, and `NotFound`."""
    permit(caller, "team")
    async with database.transaction(one_statement=True) as tx:
        return api.view(api.there(await store.by_id(tx, member_id)))


def back(caller: Caller, member_id: UUID, done: str) -> RedirectResponse:
    """To the member's page, which says what was done."""
    return _to(caller, member_id, f"/members/people/{member_id}?done={done}")


def _to(caller: Caller, member_id: UUID, address: str) -> RedirectResponse:
    """With a fresh token for whoever did it to themselves: the old one says what was before."""
    its_own = caller.csrf is not None and caller.member_id == member_id
    return RedirectResponse(renew_address(address) if its_own else address, 303)


async def _change(
    request: Request,
    database: Database,
    caller: Caller,
    member_id: UUID,
    page: str,
    *,
    fields: tuple[str, ...],
    change: Callable[[Mapping[str, str]], Awaitable[None]],
) -> Response:
    """The change that a form asks for, then the member's page; or the form again, with what to mend."""
    its = await of_the_team(database, caller, member_id)
    typed = await read_form(request)
    values = {name: str(typed.get(name, "")) for name in fields}
    try:
        await change(values)
    except (Invalid, ValidationError) as error:
        errors = [_of_somebody_else(each, values) for each in errors_from(error, order=fields)]
        return await _form(request, database, its, page, values, errors)
    except tuple(AT_A_FIELD) as error:
        field, text = AT_A_FIELD[type(error)]
        errors = [{"field": field, "text": text, "href": f"#{field}"}]
        return await _form(request, database, its, page, values, errors)
    return back(caller, member_id, page)


def _of_somebody_else(error: FormError, values: Mapping[str, str]) -> FormError:
    """What the API asks of the member themselves, asked of the team."""
    field = error["field"]
    return error if values.get(field) else {**error, "text": NOT_ANSWERED.get(field, error["text"])}


async def _form(  # noqa: PLR0917 (whose, and which form)
    request: Request,
    database: Database,
    its: api.MemberView,
    page: str,
    values: Mapping[str, str],
    errors: list[FormError] | None = None,
) -> HTMLResponse:
    places = await organisation_store.places_now(database)
    return render(
        request,
        "membership/person_change.html",
        member=its,
        page=page,
        organisations=organisation_items(places),
        grades=GRADE_ITEMS,
        ladders=own_ladders(places),
        values=values,
        errors=errors,
    )
