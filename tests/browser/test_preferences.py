"""A member chooses what they hear, and when, in a real browser: with the keyboard alone, and without a script."""

import pytest
from house import House
from people import Person, planted
from playwright.async_api import Browser, Page, expect

from gse_platform.site_pages import DESKTOP, HEIGHTS, PHONE, overflow
from testkit.eventually import eventually

NO_EARLIER = "Choose a later time than the second one, such as 8pm to 7am, so that email may come in the day"


async def _page_of_a_new_member(house: House, browser: Browser, width: int, *, javascript: bool) -> Page:
    [person] = planted(1)
    member_id = await house.join(person)
    await eventually(lambda: _is_welcomed(house, person), timeout=30)
    context = await browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]}, java_script_enabled=javascript
    )
    await context.add_cookies([house.cookie(member_id)])  # type: ignore[list-item] # a dict
    page = await context.new_page()
    await page.goto(house.platform.front_door + "/notifications/inbox")
    return page


async def _is_welcomed(house: House, person: Person) -> bool:
    return any(its["to"] == person.email for its in await house.mails())


@pytest.mark.parametrize(("width", "javascript"), [(PHONE, False), (DESKTOP, True)])
async def test_a_member_chooses_mends_a_mistake_and_finds_what_they_chose(
    house: House, browser: Browser, width: int, *, javascript: bool
) -> None:
    page = await _page_of_a_new_member(house, browser, width, javascript=javascript)
    await page.get_by_role("link", name="Choose what you hear from us, and when").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What you hear from us, and when")
    events = page.get_by_role("group", name="Events", exact=True)
    await events.get_by_label("Never by email").check()
    await page.get_by_role("group", name="Keep in your messages").get_by_label("Mentoring").uncheck()
    await page.get_by_label("At any time but not between two times").check()
    await page.get_by_label("From", exact=True).select_option("9am")
    await page.get_by_label("To, on the next morning").select_option("5pm")
    await page.get_by_label("Where you work").select_option("Tokyo")
    await page.get_by_role("button", name="Save").click()

    problem = page.get_by_role("alert")
    await expect(problem).to_contain_text("There is a problem")
    await problem.get_by_role("link", name=NO_EARLIER).click()
    wrong = page.get_by_label("From", exact=True)
    await expect(wrong).to_be_visible()
    await expect(wrong).to_have_accessible_description(f"Error: {NO_EARLIER}")
    await expect(wrong).to_have_value("09:00")
    await expect(page.get_by_label("To, on the next morning")).to_have_value("17:00")
    await expect(events.get_by_label("Never by email")).to_be_checked()
    await expect(page.get_by_label("Where you work")).to_have_value("Asia/Tokyo")
    assert await overflow(page) == 0

    await wrong.select_option("10pm")
    await page.get_by_label("To, on the next morning").select_option("6am")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Your choices are saved")
    await expect(events.get_by_label("Never by email")).to_be_checked()
    kept = page.get_by_role("group", name="Keep in your messages")
    await expect(kept.get_by_label("Mentoring")).not_to_be_checked()
    await expect(kept.get_by_label("Events")).to_be_checked()
    await expect(page.get_by_label("From", exact=True)).to_have_value("22:00")
    await page.context.close()


async def test_the_form_is_filled_in_with_the_keyboard_alone(house: House, browser: Browser) -> None:
    page = await _page_of_a_new_member(house, browser, DESKTOP, javascript=True)
    await page.goto(house.platform.front_door + "/notifications/preferences")
    mentoring = page.get_by_role("group", name="Mentoring", exact=True)
    when = page.get_by_role("group", name="Days and times")
    save = page.get_by_role("button", name="Save")

    await page.get_by_role("group", name="Your membership").get_by_label("As it happens").focus()
    await page.keyboard.press("Tab")
    await expect(mentoring.get_by_label("As it happens")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(mentoring.get_by_label("Together, each day at 8 in the morning")).to_be_checked()
    for _ in range(3):  # past the events and what one may apply for, to what is kept
        await page.keyboard.press("Tab")
    kept = page.get_by_role("group", name="Keep in your messages")
    await expect(kept.get_by_label("Your membership")).to_be_focused()
    await page.keyboard.press("Space")
    for _ in range(4):
        await page.keyboard.press("Tab")
    await expect(when.get_by_label("At any time", exact=True)).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(when.get_by_label("At any time but not between two times")).to_be_checked()
    for _ in range(4):
        await page.keyboard.press("Tab")
    await expect(save).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("alert")).to_be_focused()
    await expect(page.get_by_role("alert")).to_contain_text("Your choices are saved")
    await expect(mentoring.get_by_label("Together, each day at 8 in the morning")).to_be_checked()
    await expect(kept.get_by_label("Your membership")).not_to_be_checked()
    await expect(page.get_by_label("From", exact=True)).to_have_value("20:00")
    await page.context.close()
