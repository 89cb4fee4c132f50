"""The pages, as a browser without JavaScript gets them."""

import re
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import deliver, in_browser, said
from contracts.events import EventPublished, KeyDateScheduled
from members.app import COMING_UP

LONDON = ZoneInfo("Europe/London")
PAGE = {"Accept": "text/html"}


def application() -> dict[str, str]:
    return {"name": "Cleo", "email": f"{uuid4().hex}@defra.example", "organisation": "DEFRA", "grade": "G7"}


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("/", "Home"),
        ("/join", "Join the profession"),
        ("/join/done", "We have your details"),
        ("/members/profile/left", "You have left the profession"),
        ("/privacy", "Privacy"),
        ("/cookies", "Cookies"),
        ("/accessibility", "Accessibility"),
    ],
)
async def test_every_page_has_its_title_and_one_heading_and_no_event_names(
    client: AsyncClient, address: str, title: str
) -> None:
    answer = await client.get(address, headers=PAGE)

    assert answer.status_code == 200
    assert f"<title>{title} - Government Science and Engineering profession</title>" in " ".join(answer.text.split())
    assert len(re.findall("<h1", answer.text)) == 1
    assert not re.search("Member[A-Z]|MemberJoined|Kafka|UUID", answer.text)


async def test_the_home_page_counts_the_members(client: AsyncClient) -> None:
    for _ in range(2):
        await client.post("/api/members/v1/members", json=application())
    counted = (await client.get("/api/members/v1/counts")).json()["members"]

    page = " ".join((await client.get("/", headers=PAGE)).text.split())

    assert f"<strong>{counted}</strong> people are members" in page


async def test_the_home_page_says_what_is_coming_and_leads_to_it(client: AsyncClient, running: FastAPI) -> None:
    day = datetime.now(LONDON).date() + timedelta(days=3)
    [date_id, event_id] = sorted([uuid4(), uuid4()])
    key_date = KeyDateScheduled(key_date_id=date_id, title="Ada <Lovelace> Day", starts_on=day, ends_on=day)
    starts_at = datetime.combine(day, time(14), LONDON)
    published = EventPublished(
        hosted_event_id=event_id,
        title="Women in science",
        summary="Talks.",
        link="https://gse.example/science",
        place="Online",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
    )
    await deliver(running.state.running.database, "members", COMING_UP, said(key_date, 1), said(published, 1))

    page = (await client.get("/", headers=PAGE)).text

    words = " ".join(re.sub("<[^>]+>", " ", page).split())
    assert f"{day:%A} {day.day} {day:%B} Ada &lt;Lovelace&gt; Day" in words
    assert f"{day:%A} {day.day} {day:%B}, 2pm Women in science Online" in words
    assert f'<a class="govuk-link" href="/events/{event_id}">Women in science</a>' in page
    assert 'href="/mentoring"' in page


async def test_the_home_page_asks_a_stranger_to_join_and_a_member_to_their_profile(client: AsyncClient) -> None:
    stranger = (await client.get("/", headers=PAGE)).text
    member = (await client.get("/", headers=in_browser("member", member_id=uuid4()))).text

    assert ("It takes about 2 minutes" in stranger, 'href="/members/profile"' in stranger) == (True, False)
    assert ("It takes about 2 minutes" in member, 'href="/members/profile"' in member) == (False, True)
