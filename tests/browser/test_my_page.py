"""A member signs in and finds what they belong to and what they were told, on a phone and on a desktop."""

import pytest
from house import House
from people import Person
from playwright.async_api import Browser, expect

from gse_platform.personas import PERSONAS
from testkit.eventually import eventually

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
WELCOME = "Welcome to the Government Science and Engineering profession"
PRIYA = next(its for its in PERSONAS if its.key == "scheme-lead")


@pytest.fixture
async def member(house: House) -> None:
    """Priya Raman is a member and was welcomed."""
    persona = Person(PRIYA.name, PRIYA.email)
    form = persona.form(organisation=PRIYA.organisation, grade=PRIYA.grade)
    answer = await house.post("/api/members/v1/members", form)
    assert answer.status_code in {201, 409}, answer.text  # 409: since an earlier test

    async def is_welcomed() -> bool:
        return any((its["to"], its["subject"]) == (PRIYA.email, WELCOME) for its in await house.mails())

    await eventually(is_welcomed, timeout=30)


@pytest.mark.usefixtures("member")
@pytest.mark.parametrize(("screen", "javascript"), [(PHONE, True), (DESKTOP, True), (PHONE, False)])
async def test_a_member_finds_their_page_and_opens_a_message(
    house: House, browser: Browser, screen: dict[str, int], *, javascript: bool
) -> None:
    context = await browser.new_context(viewport=screen, java_script_enabled=javascript)  # type: ignore[arg-type] # a dict
    page = await context.new_page()
    await page.goto(house.platform.front_door + "/my")
    await page.get_by_role("button", name=PRIYA.name).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("My page")
    assert page.url == house.platform.front_door + "/my"

    await page.get_by_role("link", name="See all your messages").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your messages")
    await page.get_by_role("link", name=WELCOME).click()
    await expect(page.get_by_text(f"Dear {PRIYA.name},")).to_be_visible()
    await expect(page.get_by_text("We sent you this by email on")).to_be_visible()
    await page.get_by_role("link", name="Your messages").click()
    await page.get_by_role("link", name="My page").first.click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("My page")
    overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") if javascript else 0
    assert overflow <= 0
    await context.close()
