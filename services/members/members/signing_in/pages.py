"""Signing in at a browser: to the department's provider and back, a session, its renewal, its end.

The session is a row here and a random word in a cookie; beside it the browser gets the platform token that every
service checks by itself. When that is over, the other services send the browser to `/sign-in/renew` and it comes back
with a fresh one: no service calls another. Each sign-in begins at a link and not at a form, since the policy of our
pages lets no form end at another site.
"""

import secrets
import time
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis.browsing import RENEW, SIGN_IN, SIGN_OUT, Cookies, local_path, sign_in_address
from chassis.database import Database, Transaction
from chassis.identity import LIFETIME, SignedIn, Unauthenticated, sign, whoever
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import render
from members.membership import answers, store
from members.settings import Settings
from members.signing_in import account_store, session_store
from members.signing_in import api as signing_in
from members.signing_in.provider import Person, Provider, ProviderAway
from members.signing_in.session_store import ATTEMPT, LONGEST, Attempt, Session

router = APIRouter(route_class=RetryingRoute, include_in_schema=False)
passing = APIRouter(include_in_schema=False)
"""Not retrying, which would read the body: a form that comes by here is another page's, and passes unread."""

CALLBACK: Final = f"{SIGN_IN}/callback"
Return = Annotated[str | None, Query(alias="return")]


@dataclass(frozen=True)
class Door:
    """What signing in goes by: the provider, the address that it sends people back to, and our cookies."""

    provider: Provider
    back_to: str
    cookies: Cookies
    browser: str
    """The name of a third cookie, for ten minutes from the beginning: who comes back is who went."""


@router.get(SIGN_IN)
async def begin(request: Request, database: Db, return_: Return = None) -> Response:
    """To the provider; whoever is signed in goes on to where they wanted to be."""
    back_to = local_path(return_)
    if back_to.startswith(SIGN_OUT):
        back_to = "/"
    if whoever(request) is not None:
        return RedirectResponse(back_to, 303)
    door = _door(request)
    # Two tabs of one browser may sign in at once, so they share their word.
    browser = request.cookies.get(door.browser) or secrets.token_urlsafe(32)
    state = secrets.token_urlsafe(32)
    attempt = Attempt(nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48), back_to=back_to)
    try:
        address = await door.provider.address(
            state=state, nonce=attempt.nonce, verifier=attempt.verifier, back_to=door.back_to
        )
    except ProviderAway:
        return _away(request, back_to)
    async with database.transaction() as tx:
        await session_store.begin(tx, state=state, browser=browser, attempt=attempt)
    answer = RedirectResponse(address, 303)
    door.cookies.put(answer, door.browser, browser, seconds=int(ATTEMPT.total_seconds()))
    return answer


@router.get(CALLBACK)
async def finish(request: Request, database: Db, state: str = "", code: str = "") -> Response:
    """Back from the provider, with a code for who they are, or without one when they gave up there."""
    door = _door(request)
    async with database.transaction() as tx:
        attempt = await session_store.take(tx, state=state, browser=request.cookies.get(door.browser, ""))
    if attempt is None or not code:
        return _again(request, attempt.back_to if attempt else "/")
    try:
        person = await door.provider.person_by_code(
            code, nonce=attempt.nonce, verifier=attempt.verifier, back_to=door.back_to, now=time.time()
        )
    except Unauthenticated:
        return _again(request, attempt.back_to)
    except ProviderAway:
        return _away(request, attempt.back_to)
    earlier, word = request.cookies.get(door.cookies.session), secrets.token_urlsafe(32)
    try:
        async with database.transaction() as tx:
            # The member is held before any session, as in erasing: the two never wait for each other in a circle.
            session = await _begin_session(tx, word, person, request.app.state.settings)
            if earlier:
                await session_store.end(tx, earlier)
            token = await _token(tx, session, request)
    except Unauthenticated:  # erased at this instant
        return _again(request, attempt.back_to)
    answer = RedirectResponse(attempt.back_to, 303)
    door.cookies.put(answer, door.cookies.session, word, seconds=int(LONGEST.total_seconds()))
    door.cookies.put(answer, door.cookies.access, token, seconds=LIFETIME)
    return answer


@passing.api_route(RENEW, methods=["GET", "POST"])
async def renew(request: Request, database: Db, return_: Return = None) -> Response:
    """A fresh token for a live session, and back; otherwise nobody is signed in here any more.

    A form goes back as it came (307). When a session is over, the reader goes back too: the page may be open to anyone,
    and if not it sends them here again, now without a session, and on to sign in. Each answer sets the token anew or
    takes the session's cookie away, so that nobody goes in a circle.
    """
    cookies: Cookies = request.app.state.cookies
    back_to, is_form = local_path(return_), request.method == "POST"
    word = request.cookies.get(cookies.session)
    async with database.transaction() as tx:
        session = await session_store.see(tx, word) if word else None
        token = await _token(tx, session, request) if session else None
    if token is not None:
        answer: Response = RedirectResponse(back_to, 307 if is_form else 303)
        cookies.put(answer, cookies.access, token, seconds=LIFETIME)
        return answer
    if is_form:
        again = sign_in_address(_page_before(request))
        answer = render(request, "signing_in/signed_out_meanwhile.html", status=403, again=again)
    else:
        answer = RedirectResponse(back_to if word else sign_in_address(back_to), 303)
    cookies.take_away(answer, cookies.session, cookies.access)
    return answer


@router.get(SIGN_OUT)
async def signed_out(request: Request) -> HTMLResponse:
    """Says that they have signed out, or asks whether they want to."""
    return render(request, "signing_in/sign_out.html")


@router.post(SIGN_OUT)
async def sign_out(request: Request, database: Db, _: SignedIn) -> Response:
    cookies: Cookies = request.app.state.cookies
    async with database.transaction() as tx:
        await session_store.end(tx, request.cookies.get(cookies.session, ""))
    answer = RedirectResponse(SIGN_OUT, 303)
    cookies.take_away(answer, cookies.session, cookies.access)
    return answer


def attempt_cookie(cookies: Cookies) -> str:
    """The name of the cookie that a browser holds while it signs in."""
    return cookies.session.replace("session", "signing-in")


async def forget_ended(database: Database) -> int:
    """For a timer: sessions that are over, and sign-ins that nobody finished."""
    async with database.transaction() as tx:
        return await session_store.forget_ended(tx) + await session_store.forget_given_up(tx)


async def _begin_session(tx: Transaction, word: str, person: Person, settings: Settings) -> Session:
    account_id, _ = await signing_in.account_of(tx, person, settings.bootstrap_roles)
    email = answers.address(person.email) if person.email else None
    session = Session(account_id, secrets.token_urlsafe(32), signing_in.mark(word, email) if email else None)
    await session_store.add(tx, word, session)
    return session


async def _token(tx: Transaction, session: Session, request: Request) -> str:
    """What the session's account may do at this moment."""
    member_id = await account_store.member_of(tx, session.account_id)
    member = await store.present(tx, member_id) if member_id else None
    held = await signing_in.held_by(tx, session.account_id, member)
    claims = signing_in.platform_claims(session.account_id, member, held, now=int(time.time()), csrf=session.csrf)
    return sign(claims, request.app.state.signing_key)


def _page_before(request: Request) -> str:
    """The page of ours that the form stood on, as the browser says."""
    said, front_door = request.headers.get("referer", ""), request.app.state.settings.front_door.rstrip("/")
    return local_path(said.removeprefix(front_door)) if said.startswith(f"{front_door}/") else "/"


def _door(request: Request) -> Door:
    settings: Settings = request.app.state.settings
    cookies: Cookies = request.app.state.cookies
    return Door(
        provider=request.app.state.provider,
        back_to=settings.front_door.rstrip("/") + CALLBACK,
        cookies=cookies,
        browser=attempt_cookie(cookies),
    )


def _again(request: Request, back_to: str) -> HTMLResponse:
    return render(request, "signing_in/sign_in_again.html", status=400, again=sign_in_address(back_to))


def _away(request: Request, back_to: str) -> HTMLResponse:
    headers = {"Retry-After": "5"}
    return render(request, "signing_in/sign_in_away.html", status=503, headers=headers, again=sign_in_address(back_to))
