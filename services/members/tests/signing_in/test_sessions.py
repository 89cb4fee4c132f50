"""A session at a browser: its renewal, its end, and what becomes of it when its holder joins, leaves or is erased."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis import testing
from members.erasure import erasing
from members.membership import store
from members.signing_in import pages as sign_in_pages
from members.signing_in.testing import age, come_back, sign_in, to_provider, token_of
from testkit.eventually import eventually

pytestmark = pytest.mark.usefixtures("published_keys")


async def test_a_session_gives_a_fresh_token_and_leads_back(browser: AsyncClient, provider: Any) -> None:
    first = await sign_in(browser, provider, sub="helen")
    browser.cookies.delete("gse-access")

    led = await browser.get("/cookies?from=footer")
    renewed = await browser.get(led.headers["location"])

    assert (led.status_code, led.headers["location"]) == (303, "/sign-in/renew?return=%2Fcookies%3Ffrom%3Dfooter")
    assert (renewed.status_code, renewed.headers["location"]) == (303, "/cookies?from=footer")
    second = token_of(browser)
    assert {name: second[name] for name in ("sub", "csrf", "roles")} == {
        name: first[name] for name in ("sub", "csrf", "roles")
    }
    assert (await browser.get("/cookies?from=footer")).status_code == 200


async def test_a_form_passes_by_the_renewal_and_goes_back_as_it_came(browser: AsyncClient, provider: Any) -> None:
    await sign_in(browser, provider)
    browser.cookies.delete("gse-access")
    large = {"story": "x" * 2_000_000}  # more than a page takes, less than a file

    passed = await browser.post("/sign-in/renew", params={"return": "/sign-out"}, data=large)

    assert (passed.status_code, passed.headers["location"]) == (307, "/sign-out")
    assert "gse-access" in browser.cookies
    elsewhere = await browser.post("/sign-in/renew", params={"return": "//evil.example"})
    assert elsewhere.headers["location"] == "/"


@pytest.mark.parametrize("over", ["idle", "old", "ended", "unknown", "none"])
async def test_once_a_session_is_over_both_cookies_go_and_the_page_says_whether_to_sign_in(
    browser: AsyncClient, running: FastAPI, provider: Any, over: str
) -> None:
    account = (await sign_in(browser, provider))["sub"]
    if over == "idle":
        await age(running, account, "seen_at", "1 hour")
    if over == "old":
        await age(running, account, "begun_at", "12 hours")
    if over == "ended":
        async with running.state.running.database.transaction() as tx:
            await tx.execute("DELETE FROM session WHERE account_id = $1", UUID(account))
    cookie = {"unknown": "gse-session=word; gse-access=token", "none": ""}.get(
        over, f"gse-session={browser.cookies['gse-session']}; gse-access=token"
    )
    browser.cookies.clear()

    read = await browser.get("/sign-in/renew", params={"return": "/cookies"}, headers={"cookie": cookie})
    sent = await browser.post(
        "/sign-in/renew",
        params={"return": "/sign-out"},
        headers={"cookie": cookie, "referer": "http://localhost:8000/join?step=3"},
    )

    back_to = "/sign-in?return=%2Fcookies" if over == "none" else "/cookies"
    assert (read.status_code, read.headers["location"]) == (303, back_to)
    assert sent.status_code == 403
    assert "You were signed out" in sent.text
    assert 'href="/sign-in?return=%2Fjoin%3Fstep%3D3"' in sent.text
    for answer in (read, sent):
        gone = answer.headers.get_list("set-cookie")
        assert [its.partition("=")[0] for its in gone] == ["gse-session", "gse-access"]
        assert all("Max-Age=0" in its for its in gone)


async def test_using_the_site_keeps_a_session_for_twelve_hours_at_most(
    browser: AsyncClient, running: FastAPI, provider: Any
) -> None:
    account = (await sign_in(browser, provider))["sub"]
    for _ in range(13):
        await age(running, account, "seen_at", "55 minutes")
        await age(running, account, "begun_at", "55 minutes")
        renewed = await browser.get("/sign-in/renew", params={"return": "/"})
        assert (renewed.headers["location"], "gse-session" in browser.cookies) == ("/", True)
    await age(running, account, "begun_at", "5 minutes")

    assert (await browser.get("/sign-in/renew")).headers["location"] == "/"
    assert await sign_in_pages.forget_ended(running.state.running.database) >= 1
    assert "gse-session" not in browser.cookies


async def test_a_person_signs_out_also_after_their_ten_minutes(browser: AsyncClient, provider: Any) -> None:
    csrf = {"csrf_token": (await sign_in(browser, provider))["csrf"]}
    word = browser.cookies["gse-session"]
    refused = await browser.post("/sign-out")
    browser.cookies.delete("gse-access")

    led = await browser.post("/sign-out", data=csrf)
    passed = await browser.post(led.headers["location"], data=csrf)
    out = await browser.post(passed.headers["location"], data=csrf)
    page = await browser.get(out.headers["location"])

    assert (refused.status_code, led.status_code, passed.status_code, out.status_code) == (403, 307, 307, 303)
    assert "You have signed out" in page.text
    assert set(browser.cookies) == {"gse-signing-in"}
    late = await browser.get("/sign-in/renew", headers={"cookie": f"gse-session={word}"})
    assert (late.headers["location"], "gse-access" in browser.cookies) == ("/", False)


async def test_signing_in_again_ends_the_session_before(browser: AsyncClient, provider: Any) -> None:
    await sign_in(browser, provider)
    word = browser.cookies["gse-session"]
    browser.cookies.delete("gse-access")
    await sign_in(browser, provider)
    new = browser.cookies["gse-session"]
    browser.cookies.clear()

    late = await browser.get("/sign-in/renew", headers={"cookie": f"gse-session={word}"})

    assert new != word
    assert (late.headers["location"], "gse-access" in browser.cookies) == ("/", False)


def joining(email: str, csrf: str) -> dict[str, str]:
    answers = {"name": "Cleo O’Neill", "email": email, "organisation": "DEFRA", "grade": "G7"}
    return answers | {"csrf_token": csrf}


async def test_whoever_joins_while_signed_in_is_a_member_to_their_session_at_once(
    browser: AsyncClient, running: FastAPI, provider: Any
) -> None:
    email = f"{uuid4().hex}@defra.example"
    before = await sign_in(browser, provider, email=email.upper(), email_verified=True)
    sent = await browser.post("/join/confirm", data=joining(email, before["csrf"]))
    renewed = await browser.get(sent.headers["location"])

    assert sent.headers["location"] == "/sign-in/renew?return=%2Fjoin%2Fdone"
    assert renewed.headers["location"] == "/join/done"
    after = token_of(browser)
    assert (before["member_id"], before["roles"]) == (None, [])
    assert (after["organisation"], after["roles"], after["sub"]) == ("DEFRA", ["member"], before["sub"])
    sql = "SELECT verification_id IS NULL AND address_verified_at IS NOT NULL FROM member WHERE email = $1"
    async with running.state.running.database.transaction() as tx:
        assert await tx.fetchval(sql, email) is True


@pytest.mark.parametrize("verified", [True, False])
async def test_joining_with_an_address_that_nobody_vouched_for_makes_a_member_and_no_link(
    browser: AsyncClient, provider: Any, *, verified: bool
) -> None:
    mine, entered = f"{uuid4().hex}@defra.example", f"{uuid4().hex}@defra.example"
    before = await sign_in(browser, provider, email=entered if not verified else mine, email_verified=verified)

    sent = await browser.post("/join/confirm", data=joining(entered, before["csrf"]))
    await browser.get("/sign-in/renew")

    assert sent.headers["location"] == "/join/done"
    assert token_of(browser)["member_id"] is None


async def test_no_address_is_kept_with_a_session(browser: AsyncClient, running: FastAPI, provider: Any) -> None:
    email = f"{uuid4().hex}@defra.example"
    account = (await sign_in(browser, provider, email=email, email_verified=True))["sub"]

    async with running.state.running.database.transaction() as tx:
        row = await tx.fetchrow("SELECT * FROM session WHERE account_id = $1", UUID(account))

    assert row is not None
    assert email not in str(dict(row))
    assert len(row["vouched"]) == 32


async def test_who_leaves_is_no_member_at_the_next_renewal(browser: AsyncClient, provider: Any) -> None:
    email = f"{uuid4().hex}@defra.example"
    form = {"name": "Ada Byron", "email": email, "organisation": "Defra", "grade": "G7"}
    member_id = (await browser.post("/api/members/v1/members", json=form)).json()["member_id"]
    before = await sign_in(browser, provider, email=email, email_verified=True)

    await browser.post(f"/api/members/v1/members/{member_id}/departures", headers=testing.signed_in("team"))
    await browser.get("/sign-in/renew")

    after = token_of(browser)
    assert (before["member_id"], before["roles"]) == (member_id, ["member"])
    assert (after["member_id"], after["roles"], after["sub"]) == (None, [], before["sub"])


async def test_who_is_erased_in_the_instant_of_signing_in_is_asked_to_sign_in_again(
    browser: AsyncClient, running: FastAPI, provider: Any, waits_for_a_lock: Callable[[], Awaitable[bool]]
) -> None:
    subject, email = uuid4().hex, f"{uuid4().hex}@ukhsa.example"
    form = {"name": "Ada King", "email": email, "organisation": "UKHSA", "grade": "HEO"}
    member_id = UUID((await browser.post("/api/members/v1/members", json=form)).json()["member_id"])
    who = {"sub": subject, "email": email, "email_verified": True}
    assert (await sign_in(browser, provider, **who))["member_id"] == str(member_id)
    browser.cookies.clear()
    asked = await to_provider(browser)
    code = provider.clicked(asked, **who)

    async with running.state.running.database.transaction() as tx:
        await store.lock(tx, member_id)
        coming = asyncio.ensure_future(come_back(browser, asked, code))
        await eventually(waits_for_a_lock)
        await erasing.purge(tx, member_id, running.state.vault)
    came = await coming

    assert (came.status_code, "gse-session" in browser.cookies) == (400, False)
    assert (await sign_in(browser, provider, **who))["member_id"] is None
