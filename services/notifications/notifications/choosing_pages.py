"""The page on which a member chooses what they hear, and when; and the one at which a link in a mail ends.

Whoever holds the token of that link may end mail with it, signed in or not: mail programs ask by themselves
(RFC 8058), with one POST that carries neither cookie nor a mark of ours. A GET changes nothing: what scans mail for
dangerous links follows them.
"""

import contextlib
from collections.abc import Mapping
from datetime import time
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis.browsing import sign_in_address
from chassis.identity import SignedIn
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import clock_time, errors_from, read_form, render
from contracts.notifications import NoticeCategory
from contracts.refusal import FieldError, Invalid
from notifications import choosing, choosing_store, preferences
from notifications.deciding import Frequency
from notifications.domain import EVERYTHING
from notifications.letters import CATEGORIES
from notifications.pages import the_member
from notifications.preferences import FIELDS, HOLDS, OFTEN

router = APIRouter(prefix="/notifications", route_class=RetryingRoute, include_in_schema=False)

PREFERENCES: Final = "/notifications/preferences"
SUGGESTED: Final = {"quiet_from": "20:00", "quiet_to": "07:00"}
ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")
# Nothing that the page loads or leads to learns its address, which holds the token. Not no-referrer: browsers would
# then send `Origin: null` with its form.
UNTOLD: Final = {"Referrer-Policy": "strict-origin"}


@router.get("/preferences")
async def show(request: Request, database: Db, caller: SignedIn, changed: str = "") -> HTMLResponse:
    """What the member chose, to be changed."""
    async with database.transaction() as tx:
        member = await the_member(tx, request, caller)
        if isinstance(member, HTMLResponse):
            return member
        asked = _asked(works=await choosing_store.holds_a_role(tx, member.member_id))
        its = await choosing.preferences_of(tx, member.member_id)
    return _form(request, asked, SUGGESTED | preferences.as_form(its), changed=bool(changed))


@router.post("/preferences")
async def change(request: Request, database: Db, caller: SignedIn) -> Response:
    """Changes it, or shows the form again with what to mend."""
    values = await read_form(request, lists=["inbox"])
    async with database.transaction() as tx:
        member = await the_member(tx, request, caller)
        if isinstance(member, HTMLResponse):
            return member
        asked = _asked(works=await choosing_store.holds_a_role(tx, member.member_id))
        try:
            wanted = preferences.checked(values, asked)
        except Invalid as error:
            return _form(request, asked, values, errors=errors_from(error, order=FIELDS))
        await choosing.choose(tx, member.member_id, wanted)
    return RedirectResponse(f"{PREFERENCES}?changed=yes", 303)


@router.get("/unsubscribe/{token}/{category}")
async def before_unsubscribing(request: Request, token: str, category: str, database: Db) -> HTMLResponse:
    """Says what would stop, and what not, and has the button."""
    whose = _token(token)
    async with database.transaction() as tx:
        member_id = await choosing_store.who_unsubscribes(tx, whose) if whose else None
        if member_id is None or category not in CATEGORIES:
            return _no_such_link(request)
        choices = await choosing_store.choices_of(tx, member_id)
    ending = preferences.without_mail(choices, category)
    return _unsubscribing(request, "unsubscribe.html", category, ending=[preferences.about(its) for its in ending])


@router.post("/unsubscribe/{token}/{category}")
async def unsubscribe(request: Request, token: str, category: str, database: Db) -> HTMLResponse:
    """Ends mail of the category. Says the same however often it is asked."""
    name, value = ONE_CLICK
    if (await read_form(request)).get(name) != value:
        raise Invalid(FieldError(name, f"Send {name}={value}"))
    whose = _token(token)
    if whose is None or category not in CATEGORIES:
        return _no_such_link(request)
    async with database.transaction() as tx:
        choices = await choosing.unsubscribe(tx, whose, category)
    if choices is None:
        return _no_such_link(request)
    ended = {its: each for its, each in choices.items() if each.email is Frequency.NEVER}
    return _unsubscribing(
        request,
        "unsubscribed.html",
        category,
        ended=[preferences.about(its) for its in ended],
        untold=[preferences.about(its) for its, each in ended.items() if not each.inbox],
        still=[preferences.about(its) for its in choices if its not in ended],
    )


def _asked(*, works: bool) -> list[NoticeCategory]:
    return [its for its in NoticeCategory if works or its is not NoticeCategory.WORK]


def _form(
    request: Request, asked: list[NoticeCategory], values: Mapping[str, str | list[str]], **more: Any
) -> HTMLResponse:
    zones = [{"value": its, "text": name} for its, name in preferences.time_zones().items()]
    return render(
        request,
        "preferences.html",
        values=values,
        categories=[(its, CATEGORIES[its], HOLDS[its]) for its in asked],
        frequencies=[{"value": its, "text": words} for its, words in OFTEN.items()],
        times=_times(values),
        zones=zones,
        exempt=preferences.exempt(asked),
        **more,
    )


def _times(values: Mapping[str, str | list[str]]) -> list[dict[str, str]]:
    """Every whole hour, and what was chosen by a program."""
    chosen = {str(values.get(its, "")) for its in ("quiet_from", "quiet_to")}
    found = {f"{hour:02}:00" for hour in range(24)}
    for its in chosen:
        with contextlib.suppress(ValueError):  # no time at all: what is wrong with it is said at the field
            found.add(f"{time.fromisoformat(its):%H:%M}")
    return [{"value": its, "text": clock_time(time.fromisoformat(its))} for its in sorted(found)]


def _token(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _unsubscribing(request: Request, template: str, category: str, **more: Any) -> HTMLResponse:
    return render(
        request,
        template,
        headers=UNTOLD,
        what="" if category == EVERYTHING else preferences.about(NoticeCategory(category)),
        exempt=preferences.exempt(_asked(works=False)),
        preferences=PREFERENCES,
        sign_in=sign_in_address(PREFERENCES),
        **more,
    )


def _no_such_link(request: Request) -> HTMLResponse:
    return render(
        request,
        "no_such_link.html",
        status=404,
        headers=UNTOLD,
        preferences=PREFERENCES,
        sign_in=sign_in_address(PREFERENCES),
    )
