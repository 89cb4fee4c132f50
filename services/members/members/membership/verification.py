"""Confirming an address over HTTP: the member asks for a link, and the page behind the link.

Whoever holds the link may use it, signed in or not: it came to the address that it confirms. A GET changes nothing,
since what scans mail for dangerous links follows them.
"""

import hmac
from typing import Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chassis import idempotency, outbox
from chassis.idempotency import Key
from chassis.identity import SignedIn, permit
from chassis.retrying import RetryingRoute
from chassis.service import Db
from chassis.web import render
from contracts.address_proof import address_proof
from contracts.refusal import Refused
from members.membership import store, verifying
from members.membership.api import MemberView, there, view
from members.membership.domain import Member
from members.membership.verifying import AlreadyVerified, AskedJustNow, LinkExpired, NoSuchLink
from members.rights import change_store

router = APIRouter(prefix="/api/members/v1", tags=["members"], route_class=RetryingRoute)
pages = APIRouter(route_class=RetryingRoute, include_in_schema=False)

# Nothing that the page leads to learns its address, which holds the proof. Not no-referrer: browsers would then send
# `Origin: null` with its form.
UNTOLD: Final = {"Referrer-Policy": "strict-origin"}


@router.post("/members/{member_id}/address-verifications")
async def ask_again(member_id: UUID, database: Db, key: Key, caller: SignedIn) -> MemberView:
    """Send the member a new link to confirm their address by; earlier ones work no more."""
    permit(caller, "team", owner=member_id)
    async with database.transaction() as tx:
        if await idempotency.claim(tx, key, resource_id=member_id, status=200) is not None:
            return view(there(await store.by_id(tx, member_id)))
        member = there(await store.lock(tx, member_id))
        member, asked = verifying.ask_again(member, uuid4(), tx.now)
        await store.save(tx, member)
        await change_store.record(tx, member_id, [change_store.What.ADDRESS_ASKED], caller)
        await outbox.put(tx, asked)
    return view(member)


@pages.post("/members/profile/verification")
async def ask_again_by_form(request: Request, database: Db, caller: SignedIn) -> Response:
    """The same from the profile."""
    if caller.member_id is None:
        return render(request, "membership/not_a_member.html")
    try:
        await ask_again(caller.member_id, database, None, caller)
    except AskedJustNow:
        return RedirectResponse("/members/profile?changed=asked-just-now", 303)
    except AlreadyVerified:
        return RedirectResponse("/members/profile", 303)
    return RedirectResponse("/members/profile?changed=asked", 303)


@pages.get("/join/verify/{verification_id}/{proof}")
async def look(request: Request, verification_id: str, proof: str, database: Db) -> HTMLResponse:
    """Has the button, or says why the link does not work."""
    async with database.transaction() as tx:
        member = await store.by_verification(tx, asked) if (asked := _id(verification_id)) else None
        now = tx.now
    try:
        verifying.confirm(member, is_right=_is_right(request, member, proof), now=now)
    except Refused as refused:
        return _refused(request, refused)
    return render(request, "membership/verify.html", headers=UNTOLD)


@pages.post("/join/verify/{verification_id}/{proof}")
async def confirm(request: Request, verification_id: str, proof: str, database: Db) -> Response:
    """Confirms the address; once, whoever asks again is told that it is confirmed."""
    try:
        async with database.transaction() as tx:
            member = await store.lock_by_verification(tx, asked) if (asked := _id(verification_id)) else None
            confirmed = verifying.confirm(member, is_right=_is_right(request, member, proof), now=tx.now)
            await store.save(tx, confirmed)
    except Refused as refused:
        return _refused(request, refused)
    return RedirectResponse("/join/verified", 303)


@pages.post("/join/verify/{verification_id}/{proof}/again")
async def send_another(request: Request, verification_id: str, proof: str, database: Db) -> Response:
    """Another link for one that has expired, to the same address, which the holder of this one reads."""
    try:
        async with database.transaction() as tx:
            member = await store.lock_by_verification(tx, asked) if (asked := _id(verification_id)) else None
            if member is None or not _is_right(request, member, proof):
                raise NoSuchLink
            member, said = verifying.ask_again(member, uuid4(), tx.now)
            await store.save(tx, member)
            await outbox.put(tx, said)
    except Refused as refused:
        return _refused(request, refused)
    return RedirectResponse("/join/verify-again", 303)


@pages.get("/join/verified")
async def verified(request: Request) -> HTMLResponse:
    return render(request, "membership/verified.html")


@pages.get("/join/verify-again")
async def sent_another(request: Request) -> HTMLResponse:
    return render(request, "membership/verify_again.html")


def _is_right(request: Request, member: Member | None, proof: str) -> bool:
    """Whether this is the proof for the address that the member has now."""
    if member is None or member.verification_id is None or member.email is None:
        return False
    key = request.app.state.settings.address_key.get_secret_value()
    wanted = address_proof(key, member.verification_id, member.email)
    return hmac.compare_digest(wanted.encode(), proof.encode())


def _refused(request: Request, refused: Refused) -> HTMLResponse:
    match refused:
        case AlreadyVerified():
            return render(request, "membership/verified.html", headers=UNTOLD)
        case LinkExpired():
            return render(request, "membership/verify_expired.html", status=410, headers=UNTOLD)
        case AskedJustNow():
            return render(request, "membership/verify_again.html", headers=UNTOLD)
        case _:
            return render(request, "membership/verify_no_such_link.html", status=404, headers=UNTOLD)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
