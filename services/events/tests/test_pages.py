"""The pages of the calendar, as a browser without JavaScript gets them."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.web import create_pages
from events import calendar_rules, hosted_event_store, key_date_store, pages
from events.hosting import HostedEvent
from testkit.eventually import eventually

PAGE = {"Accept": "text/html"}
EVENT = UUID("00000000-0000-4000-8000-0000000000e1")


def hosted(starts_at: datetime, hosted_event_id: UUID = EVENT, *, published: bool = True) -> HostedEvent:
    return HostedEvent(
        hosted_event_id=hosted_event_id,
        title="Women & girls in science",
        summary="Talks and questions.",
        link="https://gse.example/science",
        place="Online",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=90),
        capacity=50,
        key_date_id=None,
        proposed_by=uuid4(),
        signed_off_at=starts_at,
        published_at=starts_at if published else None,
    )


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def keep(database: Database, its: HostedEvent, *speakers: str | None) -> None:
    async with database.transaction() as tx:
        await hosted_event_store.add(tx, its)
    for speaker in speakers:  # each a moment later than the one before
        async with database.transaction() as tx:
            await hosted_event_store.add_keynote(tx, uuid4(), its.hosted_event_id, speaker, tx.now)


def test_the_calendar_goes_month_by_month_and_what_has_begun_stands_at_today() -> None:
    year = sorted(calendar_rules.key_dates(2027), key=lambda its: its.starts_on)
    soon = [its for its in year if its.ends_on >= date(2027, 2, 9) and its.starts_on < date(2027, 3, 5)]

    entries = pages.ordered(soon, [hosted(datetime(2027, 2, 11, 14, 0, tzinfo=UTC))], date(2027, 2, 9))
    shown = pages.months(entries)

    assert [(first, [(entry.when, entry.title, entry.href) for entry in entries]) for first, entries in shown] == [
        (
            date(2027, 2, 1),
            [
                ("All of February", "LGBT+ History Month", ""),
                ("Thursday 11 February", "International Day of Women and Girls in Science", ""),
                (
                    "Thursday 11 February, 2pm to 3:30pm",
                    "Women & girls in science",
                    "/events/00000000-0000-4000-8000-0000000000e1",
                ),
            ],
        ),
        (date(2027, 3, 1), [("Thursday 4 March", "World Engineering Day", "")]),
    ]
    assert entries[0].on == date(2027, 2, 9)


def test_an_empty_calendar_says_what_will_be_there() -> None:
    templates = create_pages("events", Path(pages.__file__).parent / "templates")

    page = words(templates.get_template("calendar.html").render(months=[], on_today=[], here="/events/calendar"))

    assert "Nothing is in the calendar yet. The days that the profession celebrates each year will be here" in page


async def test_the_calendar_shows_key_dates_and_leads_to_published_events_alone(
    running: FastAPI, client: AsyncClient
) -> None:
    its, hidden = (hosted(datetime.now(UTC) + timedelta(days=9), uuid4(), published=shown) for shown in (True, False))
    await keep(running.state.running.database, its)
    await keep(running.state.running.database, hidden)

    async def is_worked_out() -> bool:
        async with running.state.running.database.transaction() as tx:
            return bool(await key_date_store.between(tx, tx.now.date(), tx.now.date() + timedelta(days=365)))

    await eventually(is_worked_out, timeout=30)
    answer = await client.get("/events/calendar", headers=PAGE)

    assert answer.status_code == 200
    assert "What is coming" in words(answer.text)
    assert "Ada Lovelace Day" in words(answer.text)
    assert f'href="/events/{its.hosted_event_id}"' in answer.text
    assert str(hidden.hosted_event_id) not in answer.text
    assert len(re.findall("<h1", answer.text)) == 1


async def test_a_full_calendar_goes_on_behind_a_link_with_the_day_at_which_it_ended(
    running: FastAPI, client: AsyncClient
) -> None:
    database, begins = running.state.running.database, datetime(2027, 5, 1, 12, 0, tzinfo=UTC)
    every = [hosted(begins + timedelta(hours=12 * number), uuid4()) for number in range(121)]
    before, database.clock = database.clock, lambda: datetime(2027, 4, 30, 12, 0, tzinfo=UTC)
    try:
        for its in every:
            await keep(database, its)
        first = (await client.get("/events/calendar", headers=PAGE)).text
        following = re.search(r'href="(/events/calendar\?from=([^"]+))"', first)
        assert following
        second = (await client.get(following[1], headers=PAGE)).text
    finally:
        database.clock = before

    there = [[f"/events/{its.hosted_event_id}" in page for its in every] for page in (first, second)]
    assert following[2] == "2027-06-20"
    assert [one or other for one, other in zip(*there, strict=True)] == [True] * 121
    assert (there[0].count(True), "See what is coming next" in second, "?from=" in second) == (99, True, False)
    assert "What is coming from 20 June 2027" in words(second)
    assert (await client.get("/events/calendar?from=soon", headers=PAGE)).status_code == 422


async def test_an_events_page_says_what_when_who_and_whether_there_is_a_place(
    running: FastAPI, client: AsyncClient
) -> None:
    its = hosted(datetime.now(UTC) + timedelta(days=9), uuid4())
    await keep(running.state.running.database, its, "Professor <Quill>", None)

    answer = await client.get(f"/events/{its.hosted_event_id}", headers=PAGE)

    page = words(answer.text)
    assert answer.status_code == 200
    assert '<h1 class="govuk-heading-xl">Women &amp; girls in science</h1>' in answer.text
    assert "Where Online Who speaks Professor &lt;Quill&gt; A keynote speaker, whose name follows Places" in page
    assert "50 of 50 places are free" in page
    assert 'href="https://gse.example/science"' in answer.text


async def test_what_is_on_today_stands_first(running: FastAPI, client: AsyncClient) -> None:
    its = hosted(datetime.now(UTC) - timedelta(minutes=5), uuid4())
    await keep(running.state.running.database, its)

    page = (await client.get("/events/calendar", headers=PAGE)).text

    today = re.search(r"<h2 class=\"govuk-heading-l\">Today, (.*?)</h2>(.*?)<h2", page, re.DOTALL)
    assert today is not None
    assert f"/events/{its.hosted_event_id}" in today[2]


async def test_an_event_that_is_over_says_so(running: FastAPI, client: AsyncClient) -> None:
    its = hosted(datetime(2026, 2, 11, 14, 0, tzinfo=UTC), uuid4())
    await keep(running.state.running.database, its)

    page = words((await client.get(f"/events/{its.hosted_event_id}", headers=PAGE)).text)

    assert "When Wednesday 11 February, 2pm to 3:30pm Where Online Who speaks Nobody is announced yet" in page
    assert "This event is over" in page


async def test_an_event_that_is_not_there_or_not_published_is_a_page_not_found(
    running: FastAPI, client: AsyncClient
) -> None:
    hidden = hosted(datetime.now(UTC) + timedelta(days=9), uuid4(), published=False)
    await keep(running.state.running.database, hidden)

    answers = [await client.get(f"/events/{its}", headers=PAGE) for its in (hidden.hosted_event_id, uuid4(), "soon")]

    assert [(answer.status_code, "text/html" in answer.headers["content-type"]) for answer in answers] == [
        (404, True)
    ] * 3
