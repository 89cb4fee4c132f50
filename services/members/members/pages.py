"""The pages that anyone may open: what the profession is for, how to join, and how the site behaves."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis import outbox
from chassis.browsing import Cookies, renew_address
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import FormError, errors_from, read_form, render
from contracts.members import Grade
from contracts.refusal import Invalid
from members import answers, domain, sign_in_pages, signing_in, store
from members.grades import COMMON, LADDERS
from members.organisations import ORGANISATIONS

router = APIRouter(route_class=RetryingRoute, include_in_schema=False)

FIELDS: Final = ("name", "email", "organisation", "grade", "interests", "skills")
ORGANISATION_ITEMS: Final = [
    {"value": its.code, "text": its.label} for its in sorted(ORGANISATIONS, key=lambda its: its.name.casefold())
]
LONG_NAMES: Final = {grade: spelling for spelling, grade in COMMON.items()}
GRADE_ITEMS: Final = [{"value": grade.value, "text": f"{LONG_NAMES[grade]} ({grade.value})"} for grade in Grade]
OWN_LADDERS: Final = [(its.label, LADDERS[its.code].items()) for its in ORGANISATIONS if its.code in LADDERS]
LIST_SEPARATORS: Final = "\n,;"


@router.get("/")
async def home(request: Request, database: Db) -> HTMLResponse:
    async with database.transaction() as tx:
        members = await store.count_present(tx)
    return render(request, "home.html", members=members)


@router.get("/join")
async def form(request: Request) -> HTMLResponse:
    return _form(request, {})


@router.post("/join")
async def join(request: Request, database: Db) -> Response:
    """Says the same to a new member and to one who is there: a stranger learns nothing, a second click does nothing."""
    values = {"interests": "", "skills": ""} | {name: str(text) for name, text in (await read_form(request)).items()}
    try:
        application = answers.application(
            name=values.get("name", ""),
            email=values.get("email", ""),
            organisation=values.get("organisation", ""),
            grade=values.get("grade", ""),
            interests=answers.listed(values["interests"], LIST_SEPARATORS),
            skills=answers.listed(values["skills"], LIST_SEPARATORS),
        )
    except Invalid as error:
        return _form(request, values, errors_from(error, order=FIELDS))
    async with database.transaction() as tx:
        member, joined, contact = domain.join(application, member_id=uuid4(), joined_on=tx.now.date())
        is_new = bool(await store.add(tx, [member]))
        session = request.cookies.get(request.app.state.cookies.session)
        linked = await signing_in.link_vouched(tx, session, application.email)
        if is_new:
            await outbox.put(tx, joined, contact)
    return RedirectResponse(renew_address("/join/done") if linked else "/join/done", 303)


@router.get("/join/done")
async def joined(request: Request) -> HTMLResponse:
    return render(request, "joined.html")


@router.get("/privacy")
async def privacy(request: Request) -> HTMLResponse:
    return render(request, "privacy.html")


@router.get("/cookies")
async def cookies(request: Request) -> HTMLResponse:
    names: Cookies = request.app.state.cookies
    return render(request, "cookies.html", names=names, signing_in=sign_in_pages.attempt_cookie(names))


@router.get("/accessibility")
async def accessibility(request: Request) -> HTMLResponse:
    return render(request, "accessibility.html")


def _form(request: Request, values: Mapping[str, str], errors: Sequence[FormError] = ()) -> HTMLResponse:
    return render(
        request,
        "join.html",
        organisations=ORGANISATION_ITEMS,
        grades=GRADE_ITEMS,
        ladders=OWN_LADDERS,
        values=values,
        errors=errors,
    )
