"""An operator looks at the whole picture, on a phone and on a desktop, and follows it to a service's own part."""

import re

import pytest
from house import House
from people import planted
from playwright.async_api import Browser, expect

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.mark.parametrize("screen", [PHONE, DESKTOP])
async def test_the_picture_fills_itself_and_leads_to_each_part(
    house: House, browser: Browser, screen: dict[str, int]
) -> None:
    [person] = planted(1)
    await house.join(person)
    await house.level()
    operator = await house.signed_in("operator")
    context = await browser.new_context(viewport=screen, extra_http_headers=operator)  # type: ignore[arg-type] # a dict
    page = await context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await page.goto(f"{house.platform.front_door}/operations")

    await expect(page.get_by_role("status")).to_have_text(re.compile("^Yes. "))
    row = page.get_by_role("row").filter(has_text="notifications")
    await expect(row).to_have_text(re.compile(r"notifications\s+working\s+\d+\s+\d+\.\d s\s+0"))
    await expect(page.get_by_role("group").get_by_text("working")).to_have_count(4)
    await expect(page.get_by_role("group").get_by_text(re.compile(r"\d\.\d/s")).first).to_be_visible()
    assert await page.evaluate(TOO_WIDE) <= 0

    await row.get_by_role("link").click()
    await expect(page.get_by_text("Yes. Every part works, and nothing is parked.")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="contacts")).to_be_visible()
    assert await page.evaluate(TOO_WIDE) <= 0
    assert wrong == []
    await context.close()
