"""Signing in at a browser: to the provider and back."""

import base64
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis import testing
from members.signing_in import pages as sign_in_pages
from members.signing_in.testing import come_back, sign_in, to_provider, token_of

pytestmark = pytest.mark.usefixtures("published_keys")


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
