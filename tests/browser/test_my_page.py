"""A member signs in and finds what they belong to and what they were told, on a phone and on a desktop."""

import pytest
from house import House
from people import Person, planted
from playwright.async_api import Browser, ViewportSize, expect

from testkit.eventually import eventually

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
WELCOME = "Welcome to the Government Science and Engineering profession"


async def _is_welcomed(house: House, person: Person) -> bool:
    return any((its["to"], its["subject"]) == (person.email, WELCOME) for its in await house.mails())


@pytest.mark.parametrize(("screen", "javascript"), [(PHONE, True), (DESKTOP, True), (PHONE, False)])
async def test_a_member_finds_their_page_and_opens_a_message(
    house: House, browser: Browser, screen: ViewportSize, *, javascript: bool
) -> None:
    [person] = planted(1)
    member_id = await house.join(person)
    await eventually(lambda: _is_welcomed(house, person), timeout=30)
    context = await browser.new_context(viewport=screen, java_script_enabled=javascript)
    await context.add_cookies([house.cookie(member_id)])  # type: ignore[list-item] # a dict
    page = await context.new_page()
    await page.goto(house.platform.front_door + "/my")
    await expect(page.get_by_role("heading", level=1)).to_have_text("My page")

    await page.get_by_role("link", name="See all your messages").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Your messages")
    await page.get_by_role("link", name=WELCOME).click()
    await expect(page.get_by_text(f"Dear {person.name},")).to_be_visible()
    await expect(page.get_by_text("We sent you this by email on")).to_be_visible()
    await page.get_by_role("link", name="Your messages").click()
    await page.get_by_role("link", name="My page").first.click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("My page")
    overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") if javascript else 0
    assert overflow <= 0
    await context.close()
