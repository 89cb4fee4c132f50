"""Every page of the site, on a phone and on a desktop: nothing against WCAG 2.2 AA, nothing scrolls sideways."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from house import House
from people import Person, planted
from playwright.async_api import Browser, Page

from gse_platform.site_pages import DESKTOP, HEIGHTS, PHONE, SITE_PAGES, SitePage, overflow, visit
from testkit.eventually import eventually

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCHEME = {
    "title": "GSE Connect",
    "summary": "Members help each other to reach their potential.",
    "link": "https://gse.example/connect",
    "across_organisations": False,
}


@dataclass(frozen=True)
class Site:
    """A house in which there is something to see: an event, a strategy, and a scheme with a published and a new run."""

    house: House
    known: Mapping[str, str]
    personas: Mapping[str, UUID]
    """The member behind each persona that opens pages."""


async def _ask(house: House, path: str, form: Any, headers: dict[str, str]) -> Any:
    answer = await house.http.post(path, json=form, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


async def _proposal(house: House, volunteer: dict[str, str]) -> str:
    starts_at = datetime.now(UTC) + timedelta(days=9)
    form = {
        "title": "Meet the scientists",
        "summary": "Talks and questions.",
        "link": "https://gse.example/science",
        "place": "Online",
        "starts_at": str(starts_at),
        "ends_at": str(starts_at + timedelta(hours=1)),
        "capacity": 50,
    }
    its: str = (await _ask(house, "/api/events/v1/events", form, volunteer))["hosted_event_id"]
    return its


async def _published_event(house: House, volunteer: dict[str, str], team: dict[str, str]) -> str:
    its = await _proposal(house, volunteer)
    for step in ("sign-off", "publish"):
        await _ask(house, f"/api/events/v1/events/{its}/{step}", None, team)
    return its


async def _published_commitment(house: House, team: dict[str, str]) -> str:
    """One that is reported on, of a strategy that shows every kind."""
    today = datetime.now(UTC).date()
    commitments = [
        {"title": f"Promise {days}", "owner": "Central team", "measure": "It is published.", "due_on": str(due_on)}
        for days, due_on in ((days, today + timedelta(days=days)) for days in (-60, -40, 20, 21, 90))
    ]
    before = await house.get("/api/members/v1/strategy")
    form = {
        "follows": before.json()["version"] if before.is_success else 0,
        "title": "Diversity and inclusion strategy",
        "summary": "What the profession does.",
        "link": "https://gse.example/strategy",
        "mission": "The profession values everybody’s talent.",
        "themes": [{"title": "Know who we are", "goals": [{"title": "Count", "commitments": commitments}]}],
    }
    published = await _ask(house, "/api/members/v1/strategies", form, team)
    made = [its["commitment_id"] for its in published["themes"][0]["goals"][0]["commitments"]]
    report = {"status": "at-risk", "percent": 40, "summary": "Half of the departments have answered."}
    await _ask(house, f"/api/members/v1/commitments/{made[0]}/completion", None, team)
    await _ask(house, f"/api/members/v1/commitments/{made[2]}/progress", report, team)
    its: str = made[2]
    return its


async def _groups(house: House, team: dict[str, str], member_id: UUID) -> dict[str, str]:
    """A standing group, and a task group with a volunteer and a meeting; a theme with a champion, and one without."""
    at, last = "/api/members/v1", datetime.now(UTC) + timedelta(days=60)
    words = {
        "purpose": "It brings members together and takes on what is to come.",
        "ask": "The chair",
    }
    await _ask(house, f"{at}/groups", {"title": "Diversity and Inclusion Action Group", **words}, team)
    task = {"charter": "It may ask every department once.", "deliverables": ["A survey", "A report to the board"]}
    form = {"title": "Survey of skills", **words, **task, "ends_on": str(last.date())}
    group = await _ask(house, f"{at}/task-groups", form, team)
    its = f"{at}/groups/{group['group_id']}"
    await _ask(house, f"{its}/deliverables/{group['deliverables'][0]['deliverable_id']}/completion", None, team)
    later = {"ends_on": str(last.date() + timedelta(days=30)), "reason": "Two departments need more time."}
    await _ask(house, f"{its}/extensions", later, team)
    hours = {"hours_per_month": 4, "skills": ["research", "writing"]}
    await _ask(house, f"{its}/volunteers", hours, house.member(member_id))
    times = {"starts_at": last.isoformat(), "ends_at": (last + timedelta(hours=1)).isoformat()}
    meeting = {"title": "Plan the report", "place": "Online", "agenda": "1. What we know\n2. What we say", **times}
    meeting_id = (await _ask(house, f"{its}/meetings", meeting, team))["meeting_id"]
    themes = [
        (await _ask(house, f"{at}/champion-themes", {"title": title, **words}, team))["theme_id"]
        for title in ("Social mobility", "Flexible working")
    ]
    champion = {"member_id": str(member_id), "ends_on": str(last.date())}
    await _ask(house, f"{at}/champion-themes/{themes[0]}/champions", champion, team)
    return {"group": group["group_id"], "meeting": meeting_id, "theme": themes[0]}


async def _asked(house: House, commitment_id: str, team: dict[str, str]) -> str:
    """A round of feedback that takes answers."""
    form = {
        "commitment_id": commitment_id,
        "title": "Did the survey reach you?",
        "about": "Think of how you heard of it, and of whether you could answer it at work.",
        "closes_on": str(datetime.now(UTC).date() + timedelta(days=20)),
        "must_hear": ["EO", "G7-G6", "CS-DISABILITY-NETWORK"],
    }
    its: str = (await _ask(house, "/api/members/v1/feedback-rounds", form, team))["round_id"]
    return its


async def _opportunities(house: House, applicants: list[UUID], team: dict[str, str]) -> tuple[str, str]:
    """One that is open, and one whose places a lot has given."""
    form = {"kind": "focus-group", "title": "How we recruit", "summary": "Two hours.", "capacity": 1}
    opened = [
        (
            await _ask(
                house,
                "/api/members/v1/opportunities",
                form | {"closes_at": (datetime.now(UTC) + lasts).isoformat()},
                team,
            )
        )["opportunity_id"]
        for lasts in (timedelta(days=9), timedelta(seconds=5))
    ]
    for member_id in applicants:
        await _ask(house, f"/api/members/v1/opportunities/{opened[1]}/interests", {}, house.member(member_id))

    async def is_drawn() -> bool:
        return bool((await house.get(f"/api/members/v1/opportunities/{opened[1]}")).json()["seed"])

    await eventually(is_drawn, timeout=30)
    return opened[0], opened[1]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(house: House) -> Site:
    them = planted(5)
    people = [await house.join(person) for person in them]
    await house.level()
    lead = house.member(people[0], "scheme-lead")
    volunteer = house.member(people[1], "volunteer")
    event = await _published_event(house, volunteer, house.member(people[2], "team"))
    proposal = await _proposal(house, volunteer)
    for role in ({"role": "volunteer"}, {"role": "hosep", "organisation": "UKHSA"}):
        team = house.member(people[2], "team")
        await _ask(house, f"/api/members/v1/members/{people[3]}/role-grants", role, team)
    commitment = await _published_commitment(house, house.member(people[2], "team"))
    question = await _asked(house, commitment, house.member(people[2], "team"))
    opportunities = await _opportunities(house, people[1:4], house.member(people[2], "team"))
    scheme = (await _ask(house, "/api/mentoring/v1/schemes", SCHEME, lead))["scheme_id"]
    for pair in (people[1:3], people[3:5]):
        for member_id in pair:
            wishes = {"attestation": True, "goals": ["Lead a team"], "offers": ["maps"], "seeks": ["statistics"]}
            enrolments = f"/api/mentoring/v1/schemes/{scheme}/enrolments"
            await _ask(house, enrolments, wishes, house.member(member_id))
        run = await _ask(house, f"/api/mentoring/v1/schemes/{scheme}/match-runs", None, lead)
        if pair == people[1:3]:
            await _ask(house, f"/api/mentoring/v1/match-runs/{run['run_id']}/publish", None, lead)
    personas = dict.fromkeys(("hosep", "scheme-lead", "operator", "team"), people[0]) | {"member": people[1]}
    known = {"event": event, "proposal": proposal, "scheme": scheme, "commitment": commitment, "question": question}
    calls = dict(zip(("opportunity", "draw"), opportunities, strict=True))
    told = {"notice": await _notice(house, people[1]), "token": await _token_in_mail(house, them[1])}
    groups = await _groups(house, house.member(people[2], "team"), people[1])
    return Site(house, known | told | groups | calls, personas)


async def _notice(house: House, member_id: UUID) -> str:
    inbox = await house.http.get(f"/api/notifications/v1/members/{member_id}/inbox", headers=house.member(member_id))
    its: str = inbox.raise_for_status().json()["notices"][0]["notice_id"]
    return its


async def _token_in_mail(house: House, person: Person) -> str:
    """Of their welcome, which like most mail has a link to unsubscribe with."""

    async def welcome() -> int | None:
        return next((its["number"] for its in await house.mails() if its["to"] == person.email), None)

    mail = await house.http.get(f"{house.platform.mail}/messages/{await eventually(welcome, timeout=30)}")
    found: str = re.findall("/notifications/unsubscribe/([^/]+)/", mail.raise_for_status().text)[0]
    return found


@pytest.mark.parametrize("its", SITE_PAGES, ids=lambda its: its.name)
async def test_a_page_is_accessible_and_fits_the_screen(site: Site, browser: Browser, its: SitePage) -> None:
    context = await browser.new_context(
        viewport={"width": PHONE, "height": HEIGHTS[PHONE]},
        bypass_csp=True,  # axe is put into the page from outside
    )
    if its.persona:
        cookie = site.house.cookie(site.personas[its.persona], its.persona)
        await context.add_cookies([cookie])  # type: ignore[list-item] # a dict
    page = await context.new_page()
    status = await visit(page, site.house.platform.front_door, its, site.known)
    on_a_phone = (await against_the_rules(page), await overflow(page))
    await page.set_viewport_size({"width": DESKTOP, "height": HEIGHTS[DESKTOP]})
    on_a_desktop = (await against_the_rules(page), await overflow(page))
    headings = await page.locator("h1").count()
    await context.close()

    assert status == its.status
    assert on_a_phone == ([], 0)
    assert on_a_desktop == ([], 0)
    assert headings == 1


async def test_a_field_without_a_label_and_pale_words_would_be_found(browser: Browser) -> None:
    page = await browser.new_page()
    await page.set_content('<html lang="en"><title>T</title><input><p style="color: #ccc">Pale</p></html>')
    found = await against_the_rules(page)
    await page.close()

    assert [rule for rule, _ in found] == ["color-contrast", "label"]


async def against_the_rules(page: Page) -> list[tuple[str, list[str]]]:
    """The rules that the page breaks, each with the beginnings of what breaks it."""
    await page.evaluate(AXE)
    found = await page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [(its["id"], [node["html"][:120] for node in its["nodes"]]) for its in found["violations"]]
