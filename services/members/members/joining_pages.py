"""The pages by which a person joins: the questions, the answers to check, what happens next.

What was typed travels in the forms' bodies from page to page: nothing is kept before the person confirms, and no
address holds any of it.
"""

from collections.abc import Mapping, Sequence
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
from members import answers, domain, signing_in, store
from members.domain import Application
from members.grades import COMMON, LADDERS
from members.organisations import ORGANISATIONS

router = APIRouter(route_class=RetryingRoute, include_in_schema=False)

FIELDS: Final = ("name", "email", "organisation", "grade", "interests", "skills")
ORGANISATION_ITEMS: Final = [
    {"value": its.code, "text": its.label} for its in sorted(ORGANISATIONS, key=lambda its: its.name.casefold())
]
ORGANISATION_LABELS: Final = {its.code: its.label for its in ORGANISATIONS}
LONG_NAMES: Final = {grade: f"{spelling} ({grade.value})" for spelling, grade in COMMON.items()}
GRADE_ITEMS: Final = [{"value": grade.value, "text": LONG_NAMES[grade]} for grade in Grade]
OWN_LADDERS: Final = [(its.label, LADDERS[its.code].items()) for its in ORGANISATIONS if its.code in LADDERS]
LIST_SEPARATORS: Final = "\n,;"


@router.get("/join")
async def questions(request: Request) -> HTMLResponse:
    return _questions(request, {})


@router.post("/join")
async def change(request: Request) -> HTMLResponse:
    """The questions again, with what was answered, for whoever wants to change something."""
    return _questions(request, await _typed(request))


@router.get("/join/check")
@router.get("/join/confirm")
async def begin_again() -> RedirectResponse:
    """These pages show what was typed just before, and nothing is kept to show to who comes by their address."""
    return RedirectResponse("/join", 303)


@router.post("/join/check")
async def check(request: Request) -> HTMLResponse:
    """The answers as they were understood. Nothing is done yet."""
    values = await _typed(request)
    try:
        application = _application(values)
    except Invalid as error:
        return _questions(request, values, errors_from(error, order=FIELDS))
    return render(
        request,
        "join_check.html",
        values=values,
        application=application,
        organisation=ORGANISATION_LABELS[application.organisation],
        grade=LONG_NAMES[application.grade],
    )


@router.post("/join/confirm")
async def join(request: Request, database: Db) -> Response:
    """Says the same to a new member and to one who is there: a stranger learns nothing, a second click does nothing."""
    values = await _typed(request)
    try:
        application = _application(values)
    except Invalid as error:
        return _questions(request, values, errors_from(error, order=FIELDS))
    async with database.transaction() as tx:
        member, joined, contact = domain.join(application, member_id=uuid4(), joined_on=tx.now.date())
        is_new = await store.add_one(tx, member)
        session = request.cookies.get(request.app.state.cookies.session)
        linked = await signing_in.link_vouched(tx, session, application.email)
        if is_new:
            await outbox.put(tx, joined, contact)
    return RedirectResponse(renew_address("/join/done") if linked else "/join/done", 303)


@router.get("/join/done")
async def done(request: Request) -> HTMLResponse:
    return render(request, "joined.html")


async def _typed(request: Request) -> dict[str, str]:
    typed = await read_form(request)
    return {name: str(typed.get(name, "")) for name in FIELDS}


def _application(values: Mapping[str, str]) -> Application:
    return answers.application(
        name=values["name"],
        email=values["email"],
        organisation=values["organisation"],
        grade=values["grade"],
        interests=answers.listed(values["interests"], LIST_SEPARATORS),
        skills=answers.listed(values["skills"], LIST_SEPARATORS),
    )


def _questions(request: Request, values: Mapping[str, str], errors: Sequence[FormError] = ()) -> HTMLResponse:
    return render(
        request,
        "join.html",
        organisations=ORGANISATION_ITEMS,
        grades=GRADE_ITEMS,
        ladders=OWN_LADDERS,
        values=values,
        errors=errors,
    )
