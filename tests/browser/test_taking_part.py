"""A member takes part: enrols in a scheme, is paired, takes a place at an event. With and without JavaScript."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from house import House
from people import Person, planted
from playwright.async_api import Browser, Page, ViewportSize, expect

from gse_platform.personas import PERSONAS
from gse_platform.pictures import authorise

PHONE: ViewportSize = {"width": 390, "height": 844}
EVENTS = "/api/events/v1/events"


async def _published_event(house: House, title: str, volunteer: dict[str, str], team: dict[str, str]) -> str:
    """The address of its page."""
    starts_at = datetime.now(UTC) + timedelta(days=9)
    form = {
        "title": title,
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": str(starts_at),
        "ends_at": str(starts_at + timedelta(hours=1)),
        "capacity": 1,
    }
    made = (await house.http.post(EVENTS, json=form, headers=volunteer)).raise_for_status()
    for step in ("sign-off", "publish"):
        (await house.http.post(f"{EVENTS}/{made.json()['hosted_event_id']}/{step}", headers=team)).raise_for_status()
    return f"/events/{made.json()['hosted_event_id']}"


async def _signed_in(browser: Browser, cookie: Any, *, javascript: bool) -> Page:
    """On a phone."""
    context = await browser.new_context(viewport=PHONE, java_script_enabled=javascript)
    await context.add_cookies([cookie])
    return await context.new_page()


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_member_enrols_is_paired_and_takes_a_place(house: House, browser: Browser, *, javascript: bool) -> None:
    one, other, lead = [await house.join(person) for person in planted(3)]
    await house.level()
    title = f"Connect {one}"
    leading = await _signed_in(browser, house.cookie(lead, "scheme-lead"), javascript=javascript)
    page = leading
    await page.goto(f"{house.platform.front_door}/mentoring")
    await page.get_by_role("button", name="Open a scheme").click()
    await page.get_by_label("Title").fill(title)
    await page.get_by_label("Summary").fill("Members help each other.")
    await page.get_by_label("Address of a page about the scheme").fill("https://gse.example/connect")
    await page.get_by_label("Also people of one organisation").check()
    await page.get_by_role("button", name="Open the scheme").click()
    await expect(page.get_by_role("alert")).to_contain_text("The scheme is there.")

    people = [await _signed_in(browser, house.cookie(its), javascript=javascript) for its in (one, other)]
    for page in people:
        await page.goto(f"{house.platform.front_door}/mentoring")
        await page.get_by_role("button", name=f"Enrol in {title}").click()
        await page.get_by_label("Your goals").fill("Lead a team")
        await page.get_by_role("button", name="Enrol").click()
        await expect(page.get_by_role("alert")).to_contain_text("Confirm that you meet the scheme's condition")
        await page.get_by_label("I confirm that I meet the condition of this scheme").check()
        await page.get_by_role("button", name="Enrol").click()
        await expect(page.get_by_role("alert")).to_contain_text("You have enrolled.")

    page = leading
    await page.goto(f"{house.platform.front_door}/mentoring")
    await page.get_by_role("link", name=f"Match {title}").click()
    await page.get_by_role("button", name="Propose pairs").click()
    await expect(page.get_by_role("table")).to_contain_text("Their grades are the same.")
    await page.get_by_role("button", name="Publish ").click()
    await expect(page.get_by_role("alert")).to_contain_text("The pairs are published.")

    page, late = people
    await page.goto(f"{house.platform.front_door}/mentoring")
    await expect(page.get_by_role("main")).to_contain_text("a member at UKHSA, HEO")
    await expect(page.get_by_role("main")).to_contain_text(
        "Their name and address are in the message that we sent you."
    )

    event = await _published_event(house, title, house.member(lead, "volunteer"), house.member(other, "team"))
    await page.goto(house.platform.front_door + event)
    await page.get_by_role("button", name="Take a place").click()
    await expect(page.get_by_role("alert")).to_contain_text("You have a place at this event.")
    await late.goto(house.platform.front_door + event)
    await expect(late.get_by_role("main")).to_contain_text(re.compile("Every place is taken"))
    for page in (leading, *people):
        await page.context.close()


async def test_a_stranger_signs_in_on_the_way_to_a_place_and_is_back_where_they_were(
    house: House, browser: Browser
) -> None:
    persona = next(its for its in PERSONAS if its.key == "recruiting-manager")
    them = Person(persona.name, persona.email)
    await house.join(them, organisation=persona.organisation, grade=persona.grade)
    [someone] = [await house.join(person) for person in planted(1)]
    await house.level()
    event = await _published_event(house, "Careers", house.member(someone, "volunteer"), house.member(someone, "team"))
    context = await browser.new_context(viewport=PHONE)
    page = await context.new_page()

    await page.goto(house.platform.front_door + event)
    await page.get_by_role("button", name="Sign in to take a place").click()
    await authorise(page, persona.key)
    await page.wait_for_url(house.platform.front_door + event)
    await page.get_by_role("button", name="Take a place").click()

    await expect(page.get_by_role("alert")).to_contain_text("You have a place at this event.")
    await page.goto(f"{house.platform.front_door}/members/profile")
    await expect(page.get_by_role("main")).to_contain_text(persona.email)
    await context.close()
