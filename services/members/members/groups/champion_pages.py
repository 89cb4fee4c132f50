"""The pages of champions: who speaks for what, and which themes look for somebody; forms for the team and the champion.

Each form is the API's own request in a browser: its handler decides, and these pages put it into words.
"""

from contextlib import suppress
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from chassis import paging
from chassis.database import Database
from chassis.idempotency import FormKey
from chassis.identity import Caller, SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import Filled, filled, read_form, render, typed_day
from contracts.refusal import FieldError, Invalid, NotFound, Refused
from members.groups import champion_store, champions_api
from members.groups.champions import TermIsOver, ThemeExists
from members.groups.pages import ON_A_PAGE
from members.membership import answers, store
from members.places import store as organisation_store
from members.roles.team import is_team
from members.signing_in import deeds
from members.signing_in.deeds import Deed

router = APIRouter(prefix="/members/groups/champions", route_class=RetryingRoute, include_in_schema=False)

HERE: Final = "/members/groups/champions"
FIELDS: Final = ("title", "purpose", "ask")
APPOINTMENT: Final = ("member_id", "ends_on")
WHO: Final = "Enter the work email address or the whole id of a member"
SENTENCES: Final = {
    "title.missing": "Enter a name for the theme",
    "title.string_too_long": "The name must be 120 characters or fewer",
    "purpose.missing": "Enter what its champions speak for",
    "purpose.string_too_long": "What its champions speak for must be 1,000 characters or fewer",
    "ask.missing": "Enter where members can ask",
    "ask.string_too_long": "Where to ask must be 120 characters or fewer",
    "member_id": WHO,
    "ends_on": "Enter a real date, such as 31 3 2027",
}
DONE: Final = {
    "established": "The theme is here for every member to see. It has no champion yet.",
    "appointed": "They are a champion from today. We write to them.",
    "ended": "The term has ended.",
}


@router.get("")
async def themes(
    request: Request,
    database: Db,
    caller: SignedIn,
    *,
    vacant: Annotated[bool, Query()] = False,
    after: UUID | None = None,
) -> HTMLResponse:
    """Each theme with its champions, or that it looks for one; or the vacant ones alone."""
    permit(caller, "member", "team")
    async with database.transaction() as tx:
        found = await champion_store.some(tx, vacant=vacant or None, after=after, most=ON_A_PAGE + 1)
        page, following = paging.page(found, ON_A_PAGE, attrgetter("theme_id"))
        serving = await champion_store.champions(tx, [its.theme_id for its in page])
    return render(
        request,
        "groups/themes.html",
        themes=page,
        serving={theme_id: champions_api.seen_by(caller, its) for theme_id, its in serving.items()},
        vacant=vacant,
        is_first=after is None,
        following=following,
        is_team=is_team(caller),
    )


@router.get("/new")
async def form(request: Request, caller: SignedIn) -> HTMLResponse:
    permit(caller, "team")
    return render(request, "groups/theme_new.html", **filled({}))


@router.post("/new")
async def establish(request: Request, database: Db, caller: SignedIn, key: FormKey) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    try:
        form = champions_api.ThemeForm.model_validate({name: values[name] for name in FIELDS if name in values})
        its = await champions_api.establish(form, database, key, caller)
    except (ValidationError, ThemeExists) as error:
        wrong = Invalid(FieldError("title", error.sentence)) if isinstance(error, ThemeExists) else error
        again = filled(values, wrong, order=FIELDS, sentences=SENTENCES)
        return render(request, "groups/theme_new.html", **again)
    return RedirectResponse(f"{HERE}/{its.theme_id}?done=established", 303)


@router.get("/{theme_id:uuid}")
async def theme(request: Request, theme_id: UUID, database: Db, caller: SignedIn, done: str = "") -> HTMLResponse:
    """What a theme's champions speak for, who they are, and where to ask; a form for the team to appoint."""
    permit(caller, "member", "team")
    return await _theme(request, theme_id, database, caller, done=DONE.get(done))


@router.post("/{theme_id:uuid}")
async def appoint(request: Request, theme_id: UUID, database: Db, caller: SignedIn) -> Response:
    permit(caller, "team")
    values = await read_form(request)
    typed = {"member_id": await _who(database, str(values.get("member_id", "")))} | typed_day("ends_on", values)
    try:
        form = champions_api.AppointmentForm.model_validate({name: text for name, text in typed.items() if text})
        await champions_api.appoint(theme_id, form, database, None, caller)
    except (ValidationError, Invalid, NotFound) as error:
        again = filled(values, error, order=APPOINTMENT, sentences=SENTENCES)
        return await _theme(request, theme_id, database, caller, again)
    except Refused as refused:
        wrong = Invalid(FieldError("member_id", refused.sentence))
        return await _theme(request, theme_id, database, caller, filled(values, wrong, order=APPOINTMENT))
    return RedirectResponse(f"{HERE}/{theme_id}?done=appointed", 303)


@router.post("/{theme_id:uuid}/terms/{term_id:uuid}/end")
async def end(theme_id: UUID, term_id: UUID, database: Db, caller: SignedIn) -> Response:
    """The champion gives the task back, or the team ends the term."""
    with suppress(TermIsOver):  # a second click
        await champions_api.end(term_id, database, None, caller)
    return RedirectResponse(f"{HERE}/{theme_id}?done=ended", 303)


async def _who(database: Database, text: str) -> str:
    """The id of the present member with this address; what was typed, where there is none."""
    address = answers.address(text) if "@" in text else None
    if address is None:
        return text
    async with database.transaction() as tx:
        found = await store.lock_present(tx, None, address)
    return str(found.member_id) if found else text


async def _theme(
    request: Request,
    theme_id: UUID,
    database: Database,
    caller: Caller,
    form: Filled | None = None,
    *,
    done: str | None = None,
) -> HTMLResponse:
    async with database.transaction() as tx:
        its = champions_api.there(await champion_store.by_id(tx, theme_id))
        serving = (await champion_store.champions(tx, [theme_id]))[theme_id]
        told = await deeds.for_team(
            tx,
            caller,
            Deed("Theme named", its.established_at, its.established_by),
            *(Deed(f"{each.name} appointed", each.term.appointed_at, each.term.appointed_by) for each in serving),
        )
        places = await organisation_store.places(tx)
    return render(
        request,
        "groups/theme.html",
        its=its,
        serving=champions_api.seen_by(caller, serving),
        label=places.register.label,
        is_team=is_team(caller),
        me=caller.member_id,
        deeds=told,
        done=done,
        **(form or filled({})),
    )
