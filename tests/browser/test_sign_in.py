"""A persona signs in at a browser, stays signed in beyond ten minutes, and signs out, with and without JavaScript."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from house import House
from playwright.async_api import Browser, BrowserContext, Page, expect

FOLDED, WIDE = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest_asyncio.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"], loop_scope="session")
async def context(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport=WIDE, java_script_enabled=request.param)  # type: ignore[arg-type] # a dict
    yield context
    await context.close()


async def sign_in(page: Page, house: House, name: str, path: str = "/cookies?from=home") -> None:
    await page.goto(house.platform.front_door + path)
    await page.get_by_role("link", name="Sign in", exact=True).click()
    await page.get_by_role("button", name=name).click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


async def cookies(context: BrowserContext) -> dict[str, str]:
    return {its["name"]: its["value"] for its in await context.cookies() if its["name"].startswith("gse-")}


async def let_the_token_be_over(context: BrowserContext, house: House) -> None:
    """Ten minutes later, as far as a service can tell: the token is not valid any more."""
    await context.add_cookies([{"name": "gse-access", "value": "over", "url": house.platform.front_door}])


async def end_every_session(house: House) -> None:
    connection = await asyncpg.connect(house.databases["members"])
    await connection.execute("DELETE FROM session")
    await connection.close()


async def test_a_persona_signs_in_with_one_click_and_lands_where_they_were(
    house: House, context: BrowserContext
) -> None:
    page = await context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)

    await sign_in(page, house, "Helen Marsh")

    address = urlsplit(page.url)
    assert f"{address.path}?{address.query}" == "/cookies?from=home"
    await expect(page.get_by_role("link", name="My page")).to_be_visible()
    await expect(page.get_by_role("link", name="Sign in", exact=True)).to_have_count(0)
    kept = [its for its in await context.cookies() if its["name"] in ("gse-session", "gse-access")]
    assert [(its["httpOnly"], its["sameSite"], its["path"]) for its in kept] == [(True, "Lax", "/")] * 2
    assert wrong == []


async def test_a_session_goes_on_when_the_token_is_over(house: House, context: BrowserContext) -> None:
    page = await context.new_page()
    await sign_in(page, house, "Helen Marsh")
    await let_the_token_be_over(context, house)

    for path in ("/privacy?step=2", "/events/calendar"):  # members' page, and that of a service which has no session
        await page.goto(house.platform.front_door + path)
        assert page.url == house.platform.front_door + path
        await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        assert (await cookies(context))["gse-access"] != "over"
        await let_the_token_be_over(context, house)


async def test_a_form_is_sent_again_with_what_it_holds_when_the_token_is_over(
    house: House, context: BrowserContext
) -> None:
    page = await context.new_page()
    await sign_in(page, house, "Helen Marsh")
    await let_the_token_be_over(context, house)

    # The form's value against other sites is in its body, so only a form that arrives whole signs anybody out.
    await page.get_by_role("button", name="Sign out").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("You have signed out")
    assert set(await cookies(context)) == {"gse-signing-in"}
    await page.go_back()
    await page.reload()
    await expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()


async def test_a_session_that_was_ended_elsewhere_is_over_when_the_token_is(
    house: House, context: BrowserContext
) -> None:
    page = await context.new_page()
    await sign_in(page, house, "Helen Marsh")
    await end_every_session(house)
    await let_the_token_be_over(context, house)

    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You were signed out")
    assert set(await cookies(context)) == {"gse-signing-in"}
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Tomasz Nowak").click()

    assert page.url == house.platform.front_door + "/cookies?from=home"
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()


async def test_a_page_for_anyone_opens_as_for_a_stranger_once_a_session_is_over(
    house: House, context: BrowserContext
) -> None:
    page = await context.new_page()
    await sign_in(page, house, "Helen Marsh")
    await end_every_session(house)
    await let_the_token_be_over(context, house)

    await page.goto(house.platform.front_door + "/privacy")

    await expect(page.get_by_role("heading", level=1)).to_have_text("Privacy")
    await expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    assert set(await cookies(context)) == {"gse-signing-in"}


async def test_who_gives_up_at_the_provider_is_told_so(house: House, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(house.platform.front_door + "/sign-in?return=/privacy")

    await page.get_by_role("button", name="Do not sign in").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("You are not signed in")


async def test_the_menu_of_a_phone_holds_the_way_in_and_out(house: House, browser: Browser) -> None:
    context = await browser.new_context(viewport=FOLDED)  # type: ignore[arg-type] # a dict
    page = await context.new_page()
    await page.goto(house.platform.front_door + "/cookies")
    await page.get_by_role("button", name="Menu").click()
    await page.get_by_role("link", name="Sign in", exact=True).click()
    await page.get_by_role("button", name="Helen Marsh").click()
    await page.get_by_role("button", name="Menu").click()

    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    await context.close()
