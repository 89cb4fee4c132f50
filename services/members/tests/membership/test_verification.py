"""Confirming an address by the link in a mail, as a browser without JavaScript does."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from contracts.address_proof import address_proof

KEY = "a key that members and notifications share"
PAGE = {"Accept": "text/html"}
MEMBERS = "/api/members/v1/members"
SignIn = Callable[..., dict[str, str]]


class Joiner:
    """Somebody who joined, with the link that notifications would mail them."""

    def __init__(self, running: FastAPI, client: AsyncClient, member_id: UUID, email: str) -> None:
        self.running, self.client, self.member_id, self.email = running, client, member_id, email

    async def row(self) -> Any:
        async with self.running.state.running.database.transaction() as tx:
            return await tx.fetchrow("SELECT * FROM member WHERE member_id = $1", self.member_id)

    async def link(self, *, to: str | None = None) -> str:
        verification_id = (await self.row())["verification_id"]
        return f"/join/verify/{verification_id}/{address_proof(KEY, verification_id, to or self.email)}"


@pytest.fixture
async def ada(running: FastAPI, client: AsyncClient) -> Joiner:
    email = f"{uuid4().hex}@defra.example"
    form = {"name": "Ada Byron", "email": email, "organisation": "DEFRA", "grade": "G7"}
    joined = (await client.post(MEMBERS, json=form)).json()
    return Joiner(running, client, UUID(joined["member_id"]), email)


@pytest.fixture
async def clock(running: FastAPI) -> AsyncIterator[Callable[[timedelta], None]]:
    """Moves the business clock on."""
    database = running.state.running.database
    real: Callable[[], datetime] = database.clock

    def move(by: timedelta) -> None:
        def moved() -> datetime:
            return real() + by

        database.clock = moved

    yield move
    database.clock = real


async def is_verified(client: AsyncClient, signed_in: SignIn, member_id: UUID) -> bool:
    answer = await client.get(f"{MEMBERS}/{member_id}", headers=signed_in("team"))
    return bool(answer.json()["address_verified"])


async def test_the_link_shows_a_button_and_the_button_confirms_once(
    ada: Joiner, client: AsyncClient, signed_in: SignIn
) -> None:
    link = await ada.link()

    looked = await client.get(link, headers=PAGE)
    before = await is_verified(client, signed_in, ada.member_id)
    pressed = await client.post(link, headers=PAGE)
    at = (await ada.row())["address_verified_at"]
    again = await client.post(link, headers=PAGE)
    looked_again = await client.get(link, headers=PAGE)

    assert (looked.status_code, before) == (200, False)
    assert "Confirm my email address" in looked.text
    assert (looked.headers["referrer-policy"], ada.email in looked.text) == ("strict-origin", False)
    assert (pressed.status_code, pressed.headers["location"]) == (303, "/join/verified")
    assert await is_verified(client, signed_in, ada.member_id)
    for answer in (again, looked_again):
        assert (answer.status_code, "Your email address is confirmed" in answer.text) == (200, True)
    assert (await ada.row())["address_verified_at"] == at


@pytest.mark.parametrize("ask", ["get", "post"])
async def test_links_that_were_never_sent_confirm_nothing(
    ada: Joiner, client: AsyncClient, signed_in: SignIn, ask: str
) -> None:
    good = await ada.link()
    for link in (
        good[:-1],
        good.replace("/join/verify/", "/join/verify/x"),
        f"/join/verify/{uuid4()}/{good.rpartition('/')[2]}",
        f"{good.rpartition('/')[0]}/ü",
        await ada.link(to="eve@elsewhere.example"),
    ):
        answer = await getattr(client, ask)(link, headers=PAGE)
        assert (answer.status_code, "This link does not work" in answer.text) == (404, True)
    assert not await is_verified(client, signed_in, ada.member_id)


async def test_a_link_to_an_address_that_was_changed_confirms_nothing(
    ada: Joiner, client: AsyncClient, signed_in: SignIn
) -> None:
    old = await ada.link()
    member, new = signed_in("member", member_id=ada.member_id), f"{uuid4().hex}@defra.example"
    await client.post(f"{MEMBERS}/{ada.member_id}/contact-changes", json={"email": new}, headers=member)

    by_the_old = await client.post(old, headers=PAGE)
    to_the_old = await client.post(await ada.link(), headers=PAGE)
    by_the_new = await client.post(await ada.link(to=new), headers=PAGE)

    assert [its.status_code for its in (by_the_old, to_the_old, by_the_new)] == [404, 404, 303]


async def test_an_expired_link_sends_another_which_alone_works(
    ada: Joiner, client: AsyncClient, signed_in: SignIn, clock: Callable[[timedelta], None]
) -> None:
    old = await ada.link()
    clock(timedelta(hours=48, seconds=1))

    expired = await client.post(old, headers=PAGE)
    asked = await client.post(f"{old}/again", headers=PAGE)
    twice = await client.post(f"{old}/again", headers=PAGE)
    new = await ada.link()

    assert (expired.status_code, f'action="{old}/again"' in expired.text) == (410, True)
    assert (asked.status_code, asked.headers["location"]) == (303, "/join/verify-again")
    assert twice.status_code == 404
    assert [(await client.post(link, headers=PAGE)).status_code for link in (old, new)] == [404, 303]
    assert await is_verified(client, signed_in, ada.member_id)


async def test_a_member_has_another_link_sent_but_not_every_minute(
    ada: Joiner, client: AsyncClient, signed_in: SignIn, clock: Callable[[timedelta], None]
) -> None:
    address, member = f"{MEMBERS}/{ada.member_id}/address-verifications", signed_in("member", member_id=ada.member_id)
    first = await ada.link()

    early = await client.post(address, headers=member)
    clock(timedelta(minutes=10, seconds=1))
    sent = await client.post(address, headers=member)
    second = await ada.link()
    await client.post(second, headers=PAGE)
    done = await client.post(address, headers=member)

    assert (early.status_code, early.json()["type"]) == (409, "/problems/asked-just-now")
    recorded = (await client.get(f"{MEMBERS}/{ada.member_id}/changes", headers=member)).json()["changes"]
    assert [(its["what"], its["who"]) for its in recorded] == [("address-asked", "member")]
    assert (sent.status_code, first == second) == (200, False)
    assert (done.status_code, done.json()["type"]) == (409, "/problems/already-verified")
    assert (await client.post(address, headers=signed_in("member", member_id=uuid4()))).status_code == 404
    assert (await client.post(address)).status_code == 401


async def test_a_link_that_the_team_has_sent_is_in_the_members_record_of_changes(
    ada: Joiner, client: AsyncClient, signed_in: SignIn, clock: Callable[[timedelta], None]
) -> None:
    clock(timedelta(minutes=11))
    sent = await client.post(f"{MEMBERS}/{ada.member_id}/address-verifications", headers=signed_in("team"))
    member = PAGE | signed_in("member", member_id=ada.member_id)
    page = " ".join(re.sub("<[^>]+>", " ", (await client.get("/members/profile/changes", headers=member)).text).split())

    assert sent.status_code == 200
    assert "Another link sent to confirm your email address The central team" in page


async def test_the_profile_asks_to_confirm_and_sends_another_link(
    ada: Joiner, client: AsyncClient, signed_in: SignIn, clock: Callable[[timedelta], None]
) -> None:
    member = PAGE | signed_in("member", member_id=ada.member_id)

    open_ = (await client.get("/members/profile", headers=member)).text
    early = await client.post("/members/profile/verification", headers=member)
    clock(timedelta(minutes=11))
    sent = await client.post("/members/profile/verification", headers=member)
    await client.post(await ada.link(), headers=PAGE)
    confirmed = (await client.get("/members/profile", headers=member)).text

    assert "Confirm your email address." in open_
    assert f"{ada.email}, not confirmed yet" in open_
    assert early.headers["location"] == "/members/profile?changed=asked-just-now"
    assert sent.headers["location"] == "/members/profile?changed=asked"
    assert "not confirmed yet" not in confirmed
    assert "Confirm your email address." not in confirmed


async def test_leaving_takes_the_verification_along(ada: Joiner, client: AsyncClient, signed_in: SignIn) -> None:
    link = await ada.link()
    await client.post(link, headers=PAGE)
    member = signed_in("member", member_id=ada.member_id)
    await client.post(f"{MEMBERS}/{ada.member_id}/departures", headers=member)

    row = await ada.row()

    assert (row["verification_id"], row["verification_asked_at"], row["address_verified_at"]) == (None, None, None)
    assert (await client.get(link, headers=PAGE)).status_code == 404
