"""For tests of signing in: a browser's way to the provider and back, and time that passes for its session."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from fastapi import FastAPI
from joserfc import jwt

from chassis import testing

Client = Any  # what a test asks with: a service imports no HTTP client


async def to_provider(browser: Client, back_to: str = "/join?step=2") -> dict[str, str]:
    """Off to the provider; what it is asked."""
    sent = await browser.get("/sign-in", params={"return": back_to})
    return dict(parse_qsl(urlsplit(sent.headers["location"]).query))


async def come_back(browser: Client, asked: dict[str, str], code: str) -> Any:
    """Back from there with its code; the answer."""
    return await browser.get("/sign-in/callback", params={"state": asked["state"], "code": code})


async def sign_in(browser: Client, provider: Any, **claims: Any) -> dict[str, Any]:
    """Signs in; the claims of the platform token."""
    asked = await to_provider(browser)
    came = await come_back(browser, asked, provider.clicked(asked, **claims))
    if came.headers.get("location") != "/join?step=2":
        raise AssertionError(came.text)
    return token_of(browser)


def token_of(browser: Client) -> dict[str, Any]:
    return dict(jwt.decode(browser.cookies["gse-access"], testing.KEY, algorithms=["Ed25519"]).claims)


async def age(running: FastAPI, account: str, column: str, interval: str) -> None:
    """Lets time pass for the sessions of an account."""
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            f"UPDATE session SET {column} = {column} - $2::text::interval WHERE account_id = $1",  # noqa: S608 - ours
            UUID(account),
            interval,
        )
