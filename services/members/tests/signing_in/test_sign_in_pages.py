"""Signing in at a browser: to the provider and back, a session, its renewal, its end."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from joserfc import jwt

from chassis import testing
from members.erasure import erasing
from members.membership import store
from members.signing_in import pages as sign_in_pages
from testkit.eventually import eventually

PAGE = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def published_keys(provider: Any) -> None:
    provider.keys = [provider.key.as_dict(private=False)]
    provider.failing = False


@pytest.fixture
async def browser(running: FastAPI) -> AsyncIterator[AsyncClient]:
    """A browser with cookies of its own, which shows each redirect."""
    async with testing.client_of(running) as client:
        client.headers["accept"] = "text/html"
        yield client


async def to_provider(browser: AsyncClient, back_to: str = "/join?step=2") -> dict[str, str]:
    """What the provider is asked."""
    sent = await browser.get("/sign-in", params={"return": back_to})
    assert sent.status_code == 303
    return dict(parse_qsl(urlsplit(sent.headers["location"]).query))


async def come_back(browser: AsyncClient, asked: dict[str, str], code: str) -> Response:
    return await browser.get("/sign-in/callback", params={"state": asked["state"], "code": code})


async def sign_in(browser: AsyncClient, provider: Any, **claims: Any) -> dict[str, Any]:
    """Signs in; the claims of the platform token."""
    asked = await to_provider(browser)
    came = await come_back(browser, asked, provider.clicked(asked, **claims))
    assert (came.status_code, came.headers["location"]) == (303, "/join?step=2"), came.text
    return token_of(browser)


def token_of(browser: AsyncClient) -> dict[str, Any]:
    return dict(jwt.decode(browser.cookies["gse-access"], testing.KEY, algorithms=["Ed25519"]).claims)


async def age(running: FastAPI, account: str, column: str, interval: str) -> None:
    """Lets time pass for the sessions of an account."""
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            f"UPDATE session SET {column} = {column} - $2::text::interval WHERE account_id = $1",  # noqa: S608 - ours
            UUID(account),
            interval,
        )


async def test_a_person_signs_in_and_lands_where_they_wanted_to_go(
    browser: AsyncClient, running: FastAPI, provider: Any
) -> None:
    asked = await to_provider(browser, "/join?step=2")

    assert asked == {
        "client_id": "gse",
        "redirect_uri": "http://localhost:8000/sign-in/callback",
        "response_type": "code",
        "scope": "openid email",
        "code_challenge_method": "S256",
    } | {name: asked[name] for name in ("state", "nonce", "code_challenge")}
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43  # 256 bits

    came = await come_back(browser, asked, provider.clicked(asked, sub="helen"))

    assert (came.status_code, came.headers["location"]) == (303, "/join?step=2")
    session, access = came.headers.get_list("set-cookie")
    assert session.startswith("gse-session=")
    assert session.endswith("; HttpOnly; Max-Age=43200; Path=/; SameSite=lax")
    assert access.startswith("gse-access=")
    assert access.endswith("; HttpOnly; Max-Age=600; Path=/; SameSite=lax")
    claims = token_of(browser)
    assert (claims["member_id"], claims["roles"], claims["exp"] - claims["iat"]) == (None, ["team"], 600)
    proof, said = provider.exchanges[-1]
    assert proof == "Basic " + base64.b64encode(b"gse:s3cret").decode()
    assert (said["grant_type"], said["redirect_uri"]) == ("authorization_code", asked["redirect_uri"])
    async with running.state.running.database.transaction() as tx:
        rows = await tx.fetch("SELECT * FROM session WHERE account_id = $1", UUID(claims["sub"]))
    assert [row["csrf"] for row in rows] == [claims["csrf"]]
    assert browser.cookies["gse-session"].encode() not in rows[0]["session_hash"]
    assert (await browser.get("/sign-out")).text.count(claims["csrf"]) == 2


async def test_whoever_is_signed_in_goes_straight_on(browser: AsyncClient, provider: Any) -> None:
    await sign_in(browser, provider)

    answer = await browser.get("/sign-in", params={"return": "/cookies"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/cookies")


@pytest.mark.parametrize(
    "back_to", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-in", "/sign-out"]
)
async def test_nobody_is_led_to_another_site(browser: AsyncClient, provider: Any, back_to: str) -> None:
    asked = await to_provider(browser, back_to)
    came = await come_back(browser, asked, provider.clicked(asked))

    assert (came.status_code, came.headers["location"]) == (303, "/")


async def test_what_the_provider_gives_back_counts_once_and_in_the_browser_that_asked(
    browser: AsyncClient, running: FastAPI, provider: Any
) -> None:
    asked = await to_provider(browser)
    code = provider.clicked(asked)
    async with testing.client_of(running) as another:
        await to_provider(another)
        elsewhere = await come_back(another, asked, code)
    unasked = await come_back(browser, asked | {"state": "invented"}, code)
    first = await come_back(browser, asked, code)
    again = await come_back(browser, asked, code)

    assert [answer.status_code for answer in (elsewhere, unasked, first, again)] == [400, 400, 303, 400]
    for refused in (elsewhere, unasked, again):
        assert "You are not signed in" in refused.text
        assert "set-cookie" not in refused.headers


async def test_two_tabs_of_a_browser_sign_in_side_by_side(browser: AsyncClient, provider: Any) -> None:
    first, second = await to_provider(browser, "/privacy"), await to_provider(browser, "/cookies")

    came = [await come_back(browser, asked, provider.clicked(asked)) for asked in (first, second)]

    assert [answer.headers["location"] for answer in came] == ["/privacy", "/cookies"]


async def test_a_sign_in_that_took_longer_than_ten_minutes_begins_again(
    browser: AsyncClient, running: FastAPI, provider: Any
) -> None:
    asked = await to_provider(browser)
    async with running.state.running.database.transaction() as tx:
        await tx.execute("UPDATE sign_in_attempt SET begun_at = begun_at - interval '10 minutes'")

    assert (await come_back(browser, asked, provider.clicked(asked))).status_code == 400
    assert await sign_in_pages.forget_ended(running.state.running.database) >= 1


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another sign-in"},
        {"nonce": ...},
        {"nonce": 7},
        {"aud": "payroll"},
        {"iss": "https://login.example"},
        {"exp": 1},
        {"sub": ""},
    ],
)
async def test_an_id_token_that_was_not_asked_for_signs_nobody_in(
    browser: AsyncClient, provider: Any, claims: dict[str, Any]
) -> None:
    asked = await to_provider(browser)
    came = await come_back(browser, asked, provider.clicked(asked, **claims))

    assert came.status_code == 400
    assert "gse-session" not in browser.cookies
    assert 'href="/sign-in?return=%2Fjoin%3Fstep%3D2"' in came.text


async def test_a_code_for_another_verifier_or_none_signs_nobody_in(browser: AsyncClient, provider: Any) -> None:
    first, second = await to_provider(browser), await to_provider(browser)
    injected = await come_back(browser, second, provider.clicked(first))
    asked = await to_provider(browser)
    given_up = await browser.get("/sign-in/callback", params={"state": asked["state"], "error": "access_denied"})

    assert (injected.status_code, given_up.status_code) == (400, 400)
    assert "gse-session" not in browser.cookies


async def test_while_the_provider_is_away_a_person_is_told_what_to_do(browser: AsyncClient, provider: Any) -> None:
    asked = await to_provider(browser)
    provider.failing = True

    came = await come_back(browser, asked, provider.clicked(asked))

    assert (came.status_code, came.headers["retry-after"]) == (503, "5")
    assert "Wait a minute, then try again" in came.text
    assert 'href="/sign-in?return=%2Fjoin%3Fstep%3D2"' in came.text
    assert "gse-session" not in browser.cookies


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
