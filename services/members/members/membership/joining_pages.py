"""The pages by which a person joins: the questions, the answers to check, what happens next.

What was typed travels in the forms' bodies from page to page: nothing is kept before the person confirms, and no
address holds any of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis import outbox
from chassis.browsing import renew_address
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import FormError, errors_from, read_form, render
from contracts.members import Grade
from contracts.refusal import Invalid
from members.membership import answers, domain, store
from members.membership.domain import Application
from members.places import store as organisation_store
from members.places.grades import COMMON, POLICY
from members.places.organisations import Places
from members.signing_in import api as signing_in

router = APIRouter(route_class=RetryingRoute, include_in_schema=False)

FIELDS: Final = ("name", "email", "organisation", "grade", "interests", "skills")
LONG_NAMES: Final = {grade: f"{spelling} ({grade.value})" for spelling, grade in COMMON.items()}
GRADE_ITEMS: Final = [{"value": grade.value, "text": LONG_NAMES[grade]} for grade in Grade]


@router.get("/join")
async def questions(request: Request, database: Db) -> HTMLResponse:
    return _questions(request, await organisation_store.places_now(database), {})


@router.post("/join")
async def change(request: Request, database: Db) -> HTMLResponse:
    """The questions again, with what was answered, for whoever wants to change something."""
    return _questions(request, await organisation_store.places_now(database), await _typed(request))


@router.get("/join/check")
@router.get("/join/confirm")
async def begin_again() -> RedirectResponse:
    """These pages show what was typed just before, and nothing is kept to show to who comes by their address."""
    return RedirectResponse("/join", 303)


@router.post("/join/check")
async def check(request: Request, database: Db) -> HTMLResponse:
    """The answers as they were understood. Nothing is done yet."""
    values, places = await _typed(request), await organisation_store.places_now(database)
    try:
        application = _application(values, places)
    except Invalid as error:
        return _questions(request, places, values, errors_from(error, order=FIELDS))
    return render(
        request,
        "membership/join_check.html",
        values=values,
        application=application,
        organisation=places.register.label(application.organisation),
        grade=LONG_NAMES[application.grade],
    )


@router.post("/join/confirm")
async def join(request: Request, database: Db) -> Response:
    """Says the same to a new member and to one who is there: a stranger learns nothing, a second click does nothing."""
    values = await _typed(request)
    async with database.transaction() as tx:
        places = await organisation_store.places(tx)
        try:
            application = _application(values, places)
        except Invalid as error:
            return _questions(request, places, values, errors_from(error, order=FIELDS))
        session = request.cookies.get(request.app.state.cookies.session)
        vouched = await signing_in.vouches(tx, session, application.email)
        member, joined, contact = domain.join(application, member_id=uuid4(), joined_on=places.day)
        if vouched:
            member = replace(member, address_verified_at=tx.now)
        else:
            member, contact = domain.ask_to_verify(member, uuid4(), tx.now)
        is_new = await store.add_one(tx, member)
        linked = await signing_in.link_vouched(tx, session, application.email)
        if is_new:
            await outbox.put(tx, joined, contact)
    return RedirectResponse(renew_address("/join/done") if linked else "/join/done", 303)


@router.get("/join/done")
async def done(request: Request) -> HTMLResponse:
    return render(request, "membership/joined.html")


async def _typed(request: Request) -> dict[str, str]:
    typed = await read_form(request)
    return {name: str(typed.get(name, "")) for name in FIELDS}


def _application(values: Mapping[str, str], places: Places) -> Application:
    return answers.application(
        places,
        name=values["name"],
        email=values["email"],
        organisation=values["organisation"],
        grade=values["grade"],
        interests=answers.listed(values["interests"], answers.TYPED),
        skills=answers.listed(values["skills"], answers.TYPED),
    )


def organisation_items(places: Places) -> list[dict[str, str]]:
    """The organisations that take part today, to choose one from."""
    return [{"value": its.code, "text": its.label} for its in places.open]


def own_ladders(places: Places) -> list[tuple[str, str, Mapping[str, Grade]]]:
    """Of each organisation that calls its grades its own way today: its name, which ones they are, the ladder."""
    return [
        (places.register.label(its.organisation), its.called, its.grades)
        for its in POLICY.ladders
        if its.holds(places.day)
    ]


def _questions(
    request: Request, places: Places, values: Mapping[str, str], errors: Sequence[FormError] = ()
) -> HTMLResponse:
    return render(
        request,
        "membership/join.html",
        organisations=organisation_items(places),
        grades=GRADE_ITEMS,
        ladders=own_ladders(places),
        values=values,
        errors=errors,
    )
