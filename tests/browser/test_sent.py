"""The team finds what went out, from their own page to one event, in a real browser without a script."""

import pytest
from house import House
from people import Person, planted
from playwright.async_api import Browser, ViewportSize, expect

from gse_platform.site_pages import overflow
from testkit.eventually import eventually

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}


async def _is_welcomed(house: House, person: Person) -> bool:
    return any(its["to"] == person.email for its in await house.mails())


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_the_team_finds_an_event_and_the_figures_of_a_picture(
    house: House, browser: Browser, screen: ViewportSize
) -> None:
    [person] = planted(1)
    member_id = await house.join(person)
    await eventually(lambda: _is_welcomed(house, person), timeout=30)
    context = await browser.new_context(viewport=screen, java_script_enabled=False)
    await context.add_cookies([house.cookie(member_id, "team")])  # type: ignore[list-item] # a dict
    page = await context.new_page()
    await page.goto(house.platform.front_door + "/my")
    await page.get_by_role("link", name="Who was told of what").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What went out")

    title = "Messages by the day on which they were to go out"
    await expect(page.get_by_role("img", name=title)).to_be_visible()
    table = page.get_by_role("table", name=title)
    await expect(table).to_be_hidden()
    await page.get_by_text(f"{title}, as a table").click()
    await expect(table).to_be_visible()
    assert await overflow(page) == 0

    await page.get_by_role("link", name="Member joined").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Member joined")
    await expect(page.get_by_text("Who hears of it: the member.")).to_be_visible()
    assert await overflow(page) == 0
    await context.close()
