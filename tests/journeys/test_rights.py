"""A member of whom all four services hold something downloads all of it at once; what does not answer is named."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
import pytest_asyncio
from house import House
from people import Person, planted
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from gse_platform.pictures import browser_of, chromium
from testkit.eventually import eventually

RESTRICTED: Final = "The use of your details in the profession"
HERE: Final = "/members/profile/copy"
SCHEME: Final = {"title": "GSE Connect", "summary": "Members help each other.", "link": "https://gse.example/connect"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    executable = chromium()
    if executable is None:
        pytest.skip("no Chromium on this machine: install the package chromium to run the browser tests")
    async with browser_of(executable) as its:
        yield its


async def enrol(house: House, member_id: UUID) -> None:
    scheme = (await house.post("/api/mentoring/v1/schemes", SCHEME, persona="scheme-lead")).json()["scheme_id"]
    wishes = {"attestation": True, "goals": ["Lead a team"], "offers": ["maps"]}
    answer = await house.post(f"/api/mentoring/v1/schemes/{scheme}/enrolments", wishes, **house.member(member_id))
    assert answer.status_code == 201, answer.text


async def take_a_place(house: House, member_id: UUID) -> None:
    starts_at = datetime.now(UTC) + timedelta(days=30)
    form = {
        "title": "Women and girls in science",
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": str(starts_at),
        "ends_at": str(starts_at + timedelta(hours=1)),
        "capacity": 10,
    }
    its = (await house.post("/api/events/v1/events", form, persona="volunteer")).json()["hosted_event_id"]
    for step in ("sign-off", "publish"):
        assert (await house.post(f"/api/events/v1/events/{its}/{step}", persona="team")).status_code == 200
    answer = await house.post(f"/api/events/v1/events/{its}/registrations", **house.member(member_id))
    assert answer.status_code == 201, answer.text


async def welcomed(house: House, person: Person) -> bool:
    return any(its["to"] == person.email for its in await house.mails())


async def downloaded(page: Page, button: str, folder: Path) -> str:
    async with page.expect_download() as coming:
        await page.get_by_role("button", name=button).click()
    its = await coming.value
    await its.save_as(folder / its.suggested_filename)
    return (folder / its.suggested_filename).read_text()


def of(part: dict[str, Any], title: str) -> list[dict[str, Any]]:
    [held] = [its for its in part["holdings"] if its["title"] == title]
    rows: list[dict[str, Any]] = held["rows"]
    return rows


async def at_a_browser(house: House, browser: Browser, member_id: UUID, **more: Any) -> BrowserContext:
    context = await browser.new_context(base_url=house.platform.front_door, **more)
    await context.add_cookies([house.cookie(member_id)])  # type: ignore[list-item] # a dict
    return context


async def test_a_member_downloads_what_all_four_services_hold_of_them(
    house: House, browser: Browser, tmp_path: Path
) -> None:
    ada, other = planted(2)
    member_id, _ = [await house.join(person) for person in (ada, other)]
    await house.level()
    await enrol(house, member_id)
    await take_a_place(house, member_id)
    await house.level()
    await eventually(lambda: welcomed(house, ada), timeout=30)
    context = await at_a_browser(house, browser, member_id)
    page = await context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await page.goto(HERE)

    data = json.loads(await downloaded(page, "Download everything as data", tmp_path))
    text = await downloaded(page, "Download everything to read", tmp_path)

    await expect(page.get_by_role("status")).to_have_text("Your copy is downloaded. It holds all four parts.")
    assert (data["complete"], data["not_answered"]) == (True, [])
    parts = {part["service"]: part for part in data["parts"]}
    assert list(parts) == ["members", "mentoring", "events", "notifications"]
    [me] = of(parts["members"], "You as a member")
    assert (me["name"], me["email_address"], me["organisation"]) == (ada.name, ada.email, "UKHSA")
    assert (me["grade"], me["interests"], me["skills"]) == ("HEO", ["botany"], [])
    [enrolment] = of(parts["mentoring"], "Your enrolments")
    assert (enrolment["scheme"], enrolment["goals"], enrolment["offers"]) == ("GSE Connect", ["Lead a team"], ["maps"])
    assert [its["event"] for its in of(parts["events"], "Your places at events")] == ["Women and girls in science"]
    [address] = of(parts["notifications"], "Where we write to you")
    assert (address["name"], address["email_address"]) == (ada.name, ada.email)
    assert [its["event"] for its in of(parts["notifications"], "Your places at events")] == [
        "Women and girls in science"
    ]
    assert {"welcome", "confirmation"} <= {its["message"] for its in of(parts["notifications"], "Messages to you")}
    read = " ".join(re.sub("<[^>]*>", " ", text).split())
    for words in ("What members holds about you", "What mentoring holds about you", ada.email, "Lead a team"):
        assert words in read
    assert not [word for word in (other.name, other.email) if word in text or word in json.dumps(data)]
    assert wrong == []
    await context.close()


async def test_a_service_that_does_not_answer_is_named_in_the_copy(
    house: House, browser: Browser, tmp_path: Path
) -> None:
    [ada] = planted(1)
    member_id = await house.join(ada)
    await house.level()
    context = await at_a_browser(house, browser, member_id)
    page = await context.new_page()

    async def away(route: Route) -> None:
        await route.fulfill(status=503, body="")

    await page.route("**/events/my/copy", away)
    await page.goto(HERE)

    data = json.loads(await downloaded(page, "Download everything as data", tmp_path))
    text = await downloaded(page, "Download everything to read", tmp_path)

    told = "events did not answer and is not in it. Download it again in a few minutes."
    await expect(page.get_by_role("status")).to_have_text(f"Your copy is downloaded, but {told}")
    assert (data["complete"], data["not_answered"]) == (False, ["events"])
    assert [part["service"] for part in data["parts"]] == ["members", "mentoring", "notifications"]
    assert f"This copy is not complete: {told}" in text
    await context.close()


async def test_a_restricted_member_is_matched_with_nobody_and_hears_only_what_they_must(house: House) -> None:
    ada, ben, colleague = planted(3)
    restricted, third = [await house.join(person) for person in (ada, colleague)]
    other = await house.join(ben, organisation="DEFRA")  # either of the two could be paired with him
    await house.level()
    scheme = (await house.post("/api/mentoring/v1/schemes", SCHEME, persona="scheme-lead")).json()["scheme_id"]
    here = f"/api/mentoring/v1/schemes/{scheme}"
    for member_id in (restricted, other, third):
        wishes = {"attestation": True, "goals": ["Lead a team"], "offers": ["maps"]}
        assert (await house.post(f"{here}/enrolments", wishes, **house.member(member_id))).status_code == 201
    there = f"/api/members/v1/members/{restricted}"

    answer = await house.post(f"{there}/restrictions", **house.member(restricted))
    assert answer.status_code == 200, answer.text
    await house.level()
    run = (await house.post(f"{here}/match-runs", persona="scheme-lead")).json()
    await house.post(f"{there}/grade-changes", {"grade": "SEO"}, **house.member(restricted))
    await house.level()

    async def subjects() -> list[str]:
        return sorted(its["subject"] for its in await house.mails() if its["to"] == ada.email)

    [pair] = run["pairs"]
    assert {pair["first"], pair["second"]} == {str(other), str(third)}
    assert run["unmatched"] == []

    async def is_told() -> bool:
        return RESTRICTED in await subjects()

    await eventually(is_told, timeout=30)
    part = (await house.http.get("/api/notifications/v1/my/copy", headers=house.member(restricted))).json()
    told = [(its["state"], its["reason"]) for its in of(part, "Messages to you") if its["message"] == "grade-changed"]
    assert told == [("suppressed", "restricted")]
    assert "Your grade in the profession has changed" not in await subjects()


async def test_without_a_script_each_part_is_a_file(house: House, browser: Browser) -> None:
    [ada] = planted(1)
    member_id = await house.join(ada)
    await house.level()
    context = await at_a_browser(house, browser, member_id, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(HERE)

    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Download Your places at events").click()

    its = json.loads((await (await coming.value).path()).read_text())
    assert (its["service"], of(its, "Your places at events")) == ("events", [])
    await expect(page.get_by_role("button", name="Download everything")).to_have_count(0)
    await context.close()
