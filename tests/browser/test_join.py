"""A new person joins at the site, on a phone and on a desktop, with and without JavaScript."""

import pytest
from house import House
from people import Person, planted
from playwright.async_api import Browser, expect

from testkit.eventually import eventually

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


async def _welcomed(house: House, person: Person) -> bool:
    return any(mail["to"] == person.email for mail in await house.mails())


@pytest.mark.parametrize(("screen", "javascript"), [(PHONE, True), (DESKTOP, True), (PHONE, False)])
async def test_a_new_person_joins_and_is_welcomed(
    house: House, browser: Browser, screen: dict[str, int], *, javascript: bool
) -> None:
    [person] = planted(1)
    context = await browser.new_context(viewport=screen, java_script_enabled=javascript)  # type: ignore[arg-type] # a dict
    page = await context.new_page()
    await page.goto(house.platform.front_door)
    await page.get_by_role("button", name="Join the profession").click()
    await page.get_by_label("Full name").fill(person.name)
    await page.get_by_label("Work email address").fill("not an address")
    await page.get_by_label("Organisation", exact=True).select_option("UKHSA")
    await page.get_by_label("Grade", exact=True).select_option("HEO")
    await page.get_by_role("button", name="Continue").click()

    summary = page.get_by_role("alert")
    await expect(summary).to_contain_text("There is a problem")
    await expect(page).to_have_title("Error: Join the profession - Government Science and Engineering profession")
    await expect(page.get_by_label("Full name")).to_have_value(person.name)
    await summary.get_by_role("link").click()
    await page.get_by_label("Work email address").fill(person.email)
    await page.get_by_role("button", name="Continue").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers before you join")
    await expect(page.get_by_text(person.email)).to_be_visible()
    assert person.email not in page.url
    await page.get_by_role("button", name="Change grade").click()
    await expect(page.get_by_label("Full name")).to_have_value(person.name)
    await page.get_by_label("Grade", exact=True).select_option("SEO")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("Senior Executive Officer (SEO)")).to_be_visible()
    await page.get_by_role("button", name="Join the profession").click()

    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.endswith("/join/done")
    overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") if javascript else 0
    assert overflow <= 0
    await context.close()
    await eventually(lambda: _welcomed(house, person), timeout=30)


async def test_nothing_on_the_page_is_asked_of_anybody_else(house: House, browser: Browser) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    for path in ("/", "/join", "/mentoring", "/events/calendar", "/privacy", "/cookies", "/accessibility"):
        await page.goto(house.platform.front_door + path)
    await context.close()

    assert wrong == []
    assert [url for url in asked if not url.startswith(house.platform.front_door)] == []
