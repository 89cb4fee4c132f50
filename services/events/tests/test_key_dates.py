"""The calendar rolls on by itself, on a real database, and anyone may read it."""

import asyncio
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from httpx2 import AsyncClient

from chassis.database import Database
from events import key_dates
from events.calendar_rules import RULES
from testkit.eventually import eventually

HERE = "/api/events/v1/key-dates"
SCIENCE = "International Day of Women and Girls in Science"


async def roll_at(events: Database, now: datetime) -> int:
    events.clock = lambda: now
    return await key_dates.roll(events)


async def was_said(events: Database) -> list[tuple[str, dict[str, Any]]]:
    async with events.transaction() as tx:
        rows = await tx.fetch("SELECT type, body FROM outbox ORDER BY id")
    return [(row["type"].split(".")[-2], json.loads(row["body"])) for row in rows]


def when(said: list[tuple[str, dict[str, Any]]], name: str) -> set[str]:
    return {body["starts_on"] for event, body in said if event == name}


async def test_this_year_and_the_next_are_scheduled_once_however_often_it_is_looked(events: Database) -> None:
    first = await roll_at(events, datetime(2027, 7, 5, 9, 0, tzinfo=UTC))
    second = await roll_at(events, datetime(2027, 7, 5, 9, 0, 2, tzinfo=UTC))

    said = await was_said(events)
    assert (first, second) == (len(said), 0)
    assert Counter(body["key_date_id"] for name, body in said if name == "KeyDateScheduled").most_common(1)[0][1] == 1
    scheduled = [body["starts_on"][:4] for name, body in said if name == "KeyDateScheduled"]
    assert Counter(scheduled) == {"2027": len(RULES), "2028": len(RULES)}


async def test_a_new_year_brings_the_one_after_it(events: Database) -> None:
    await roll_at(events, datetime(2027, 12, 31, 23, 0, tzinfo=UTC))
    before = len(await was_said(events))
    await roll_at(events, datetime(2028, 1, 1, 0, 0, tzinfo=UTC))

    new = (await was_said(events))[before:]
    assert Counter(body["starts_on"][:4] for name, body in new if name == "KeyDateScheduled") == {"2029": len(RULES)}


async def test_a_key_date_approaches_sixty_days_before_and_once(events: Database) -> None:
    day_61 = datetime(2027, 2, 11, 12, 0, tzinfo=UTC) - timedelta(days=61)
    await roll_at(events, day_61)
    assert "2027-02-11" not in when(await was_said(events), "KeyDateApproaching")

    await roll_at(events, day_61 + timedelta(days=1))
    await roll_at(events, day_61 + timedelta(days=2))

    said = [body for name, body in await was_said(events) if name == "KeyDateApproaching"]
    assert [body["starts_on"] for body in said].count("2027-02-11") == 1
    assert {name for name, body in await was_said(events) if body["key_date_id"] == said[-1]["key_date_id"]} == {
        "KeyDateScheduled",
        "KeyDateApproaching",
    }


async def test_a_day_begins_when_it_does_in_london(events: Database) -> None:
    """11pm of UTC is midnight in a London summer: 11 August, 60 days before 10 October, begins."""
    await roll_at(events, datetime(2027, 8, 10, 22, 30, tzinfo=UTC))
    assert "2027-10-10" not in when(await was_said(events), "KeyDateApproaching")

    await roll_at(events, datetime(2027, 8, 10, 23, 30, tzinfo=UTC))

    assert "2027-10-10" in when(await was_said(events), "KeyDateApproaching")


async def test_today_is_londons_where_no_days_are_asked_for(events: Database) -> None:
    await roll_at(events, datetime(2027, 6, 23, 22, 30, tzinfo=UTC))
    before = (await key_dates.key_dates(events)).key_dates
    events.clock = lambda: datetime(2027, 6, 23, 23, 30, tzinfo=UTC)
    after = (await key_dates.key_dates(events)).key_dates

    assert [its.title for its in before if its not in after] == ["International Women in Engineering Day"]


async def test_what_is_past_when_it_is_worked_out_never_approaches_and_what_is_near_does_at_once(
    events: Database,
) -> None:
    await roll_at(events, datetime(2027, 11, 20, 9, 0, tzinfo=UTC))

    assert when(await was_said(events), "KeyDateApproaching") == {
        "2027-11-25",
        "2027-12-01",
        "2027-12-03",
        "2027-12-10",
        "2028-01-04",
    }


async def test_two_replicas_at_once_schedule_nothing_twice(events: Database) -> None:
    events.clock = lambda: datetime(2027, 7, 5, 9, 0, tzinfo=UTC)

    made = await asyncio.gather(key_dates.roll(events), key_dates.roll(events), key_dates.roll(events))

    said = await was_said(events)
    assert sum(made) == len(said)
    assert max(Counter((name, body["key_date_id"]) for name, body in said).values()) == 1


async def test_anyone_reads_the_calendar_of_the_days_they_ask_for(client: AsyncClient) -> None:
    """The service is on wall time here, so that the year is whichever it is."""
    year = datetime.now(UTC).year + 1

    async def of(first: date, last: date) -> list[dict[str, Any]]:
        answer = await client.get(HERE, params={"from": str(first), "to": str(last)})
        assert answer.status_code == 200
        found: list[dict[str, Any]] = answer.json()["key_dates"]
        return found

    async def is_there() -> bool:
        return bool(await of(date(year, 2, 11), date(year, 2, 11)))

    await eventually(is_there, timeout=30)

    [month, day] = await of(date(year, 2, 11), date(year, 2, 11))
    assert (month["title"], day["title"]) == ("LGBT+ History Month", SCIENCE)
    assert (month["starts_on"], day["starts_on"], day["ends_on"]) == (f"{year}-02-01", *[f"{year}-02-11"] * 2)
    assert await of(date(2000, 1, 1), date(2000, 12, 31)) == []


async def test_without_days_the_calendar_is_that_of_the_year_to_come(client: AsyncClient) -> None:
    async def has_them_all() -> bool:
        found = (await client.get(HERE)).json()["key_dates"]
        return {title for title, _ in RULES.values()} >= {its["title"] for its in found} and len(found) >= len(RULES)

    await eventually(has_them_all, timeout=30)


async def test_days_that_are_none_or_the_wrong_way_round_are_named(client: AsyncClient) -> None:
    wrong = [{"from": "soon"}, {"from": "2027-02-12", "to": "2027-02-11"}]

    answers = [await client.get(HERE, params=params) for params in wrong]

    assert [(answer.status_code, answer.json()["errors"][0]["field"]) for answer in answers] == [
        (422, "from"),
        (422, "to"),
    ]


async def test_the_last_day_there_is_may_be_asked_for(client: AsyncClient) -> None:
    answer = await client.get(HERE, params={"from": "9999-12-31"})

    assert (answer.status_code, answer.json()) == (200, {"key_dates": [], "next": None})


async def test_the_calendar_comes_page_by_page_and_a_full_last_page_leads_nowhere(client: AsyncClient) -> None:
    year = datetime.now(UTC).year + 1

    async def page(**params: str | int) -> dict[str, Any]:
        days: dict[str, str | int] = {"from": f"{year}-01-01", "to": f"{year}-12-31"}
        answer = await client.get(HERE, params=days | params)
        assert answer.status_code == 200, answer.text
        its: dict[str, Any] = answer.json()
        return its

    async def all_are_there() -> bool:
        return len((await page())["key_dates"]) >= len(RULES)

    await eventually(all_are_there, timeout=30)
    whole = (await page())["key_dates"]
    first = await page(limit=3)
    rest = await page(limit=100, after=first["next"])
    full = await page(limit=len(whole))
    strange = await client.get(HERE, params={"after": "00000000-0000-4000-8000-0000000000ff"})

    assert first["key_dates"] + rest["key_dates"] == whole
    assert (first["next"], rest["next"], full["next"]) == (whole[2]["key_date_id"], None, None)
    assert (strange.status_code, strange.json()["errors"][0]["field"]) == (422, "after")
