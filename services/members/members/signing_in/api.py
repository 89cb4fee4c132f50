"""Signing in: an ID token of the department's provider for a platform token that every service understands."""

import hmac
import json
import time
from collections.abc import Iterable
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, HTTPException, Request
from joserfc.jwk import OKPKey
from pydantic import BaseModel, StringConstraints

from chassis.database import Transaction
from chassis.identity import AUDIENCE, ISSUER, LIFETIME, OF_ONE_ORGANISATION, sign
from chassis.retrying import RetryingRoute
from chassis.service import Db
from members.membership import answers, store
from members.membership.domain import Member
from members.places import store as organisation_store
from members.places.organisations import Register
from members.roles import store as role_store
from members.roles.domain import Grant
from members.settings import BootstrapRole, Settings
from members.signing_in import account_store, session_store
from members.signing_in.provider import Person, Provider, ProviderAway
from members.signing_in.session_store import Session

router = APIRouter(prefix="/api/members/v1", tags=["sign-in"], route_class=RetryingRoute)

LONGEST = 16_384  # characters of an ID token; some carry many groups


class SignInForm(BaseModel):
    id_token: Annotated[str, StringConstraints(max_length=LONGEST)]


class Token(BaseModel):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - a kind, no secret
    expires_in: int = LIFETIME


@router.post("/tokens")
async def sign_in(form: SignInForm, request: Request, database: Db) -> Token:
    """A platform token for ten minutes. Asking again gives another; nothing else happens."""
    provider: Provider = request.app.state.provider
    settings: Settings = request.app.state.settings
    try:
        person = await provider.person(form.id_token, time.time())
    except ProviderAway:
        raise HTTPException(503, "Nobody can sign in at the moment. Try again shortly.", {"Retry-After": "5"}) from None
    async with database.transaction() as tx:
        account_id, member = await account_of(tx, person, settings.bootstrap_roles)
        claims = platform_claims(account_id, member, await held_by(tx, account_id, member), now=int(time.time()))
    return Token(access_token=sign(claims, request.app.state.signing_key))


async def account_of(tx: Transaction, person: Person, bootstrap: Iterable[BootstrapRole]) -> tuple[UUID, Member | None]:
    """The account of this person, made when they are new, and the member behind it, found by their verified address."""
    account_id, member_id = uuid4(), None
    if await account_store.add(tx, account_id, person.issuer, person.subject):
        register = (await organisation_store.places(tx)).register
        await account_store.grant(tx, account_id, bootstrap_grants(bootstrap, person.subject, register))
    elif (known := await account_store.by_subject(tx, person.issuer, person.subject)) is not None:
        account_id, member_id = known
    # The member before the account's link to it, as in leaving: the two wait for each other, never in a circle.
    address = answers.address(person.email) if person.email else None
    member = await store.lock_present(tx, member_id, address)
    if member is not None and member.member_id != member_id:
        await account_store.link(tx, account_id, member.member_id)
    if member is not None and member.address_is_open and address is not None:
        await store.note_vouched_address(tx, member.member_id, address)
    return account_id, member


async def held_by(tx: Transaction, account_id: UUID, member: Member | None) -> list[Grant]:
    """What deployment gave to the account and the central team to its member."""
    given = await role_store.held_by(tx, member.member_id) if member else []
    return [*await account_store.grants(tx, account_id), *given]


async def vouches(tx: Transaction, word: str | None, email: str) -> bool:
    """Whether the provider vouched for this address when the session's holder signed in."""
    return await _vouched_session(tx, word, email) is not None


async def link_vouched(tx: Transaction, word: str | None, email: str) -> bool:
    """Links the account of this session to the present member with this address, if the provider vouched for it.

    So whoever joins while signed in is a member to their session at once. An account with a member keeps that one.
    """
    session = await _vouched_session(tx, word, email)
    if session is None:
        return False
    member = await store.lock_present(tx, None, email)
    if member is None or await account_store.member_of(tx, session.account_id) is not None:
        return False
    await account_store.link(tx, session.account_id, member.member_id)
    return True


async def _vouched_session(tx: Transaction, word: str | None, email: str) -> Session | None:
    """The live session behind a word, if the provider vouched for this address when it began."""
    session = await session_store.live(tx, word) if word else None
    if word is None or session is None or not hmac.compare_digest(session.vouched or b"", mark(word, email)):
        return None
    return session


def mark(word: str, email: str) -> bytes:
    """Of an address, under the word that only the session's browser holds: nobody finds the address by trying."""
    return hmac.digest(word.encode(), email.encode(), "sha256")


def bootstrap_grants(roles: Iterable[BootstrapRole], subject: str, register: Register) -> list[Grant]:
    """What the deployment grants this subject, with organisations as codes.

    Raises LookupError for an organisation that the register does not know: they sign in once that is put right.
    """
    grants = []
    for its in (its for its in roles if its.subject == subject):
        organisation = register.named(its.organisation) if its.organisation else None
        if its.organisation and organisation is None:
            raise LookupError("MEMBERS_BOOTSTRAP_ROLES names an organisation that is not in the register")
        grants.append(Grant(its.role, organisation.code if organisation else None))
    return grants


def platform_claims(
    account_id: UUID, member: Member | None, held: Iterable[Grant], *, now: int, csrf: str | None = None
) -> dict[str, object]:
    """What the token says. A role for one organisation is in it only where that is the token's organisation.

    So whoever moves to another organisation does not take along what they were at the old one.
    """
    grants = list(held)
    organisation = (
        member.organisation if member else next((its.organisation for its in grants if its.organisation), None)
    )
    roles = {its.role for its in grants if its.role not in OF_ONE_ORGANISATION or its.organisation == organisation}
    claims: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(account_id),
        "member_id": str(member.member_id) if member else None,
        "organisation": organisation,
        "roles": sorted(roles | {"member"} if member else roles),
        "iat": now,
        "exp": now + LIFETIME,
    }
    return claims | {"csrf": csrf} if csrf else claims


def signing_key(settings: Settings) -> OKPKey:
    """The key that deployment gave; a wrong one ends the start."""
    key = OKPKey.import_key(json.loads(settings.signing_key.read_text()))
    if not (key.is_private and key.kid):
        raise ValueError("MEMBERS_SIGNING_KEY must name a private Ed25519 JWK with a kid")
    return key
