"""The figures of what went out, for programs of the team."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import deliver, said, signed_in
from notifications import sent, sent_figures
from notifications.app import EVENTS, MEMBERS
from notifications.domain import NoticeState
from notifications.testing import MailServerDouble, hangs_up, joined, joins, published, rows, standing
from testkit.eventually import eventually

API = "/api/notifications/v1"
ADA, BEN = UUID(int=0xA), UUID(int=0xB)
Get = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def database_of_it(running: FastAPI) -> Database:
    its: Database = running.state.running.database
    return its


@pytest.fixture
def get(client: AsyncClient) -> Get:
    """As the team."""
    team = signed_in("team")

    async def get(path: str, **params: str | int) -> dict[str, Any]:
        answer = await client.get(API + path, params=params, headers=team)
        assert answer.status_code == 200, answer.text
        assert not any(secret in answer.text for secret in ("Ada King", "Ben Okri", "example.org"))
        found: dict[str, Any] = answer.json()
        return found

    return get


async def in_states(database: Database, *states: str) -> None:
    async def are_there() -> bool:
        return [state for state, _ in await standing(database)] == list(states)

    await eventually(are_there)


@pytest.mark.parametrize(
    "path", ["/occasions", f"/occasions/{ADA}", f"/occasions/{ADA}/notices", "/volumes", "/notices?state=sent"]
)
async def test_it_is_for_the_team_alone(client: AsyncClient, path: str) -> None:
    for role in ("member", "operator", "volunteer", "hosep"):
        assert (await client.get(API + path, headers=signed_in(role, member_id=ADA))).status_code == 403
    assert (await client.get(API + path)).status_code == 401


async def test_events_with_how_many_notices_stand_where(
    get: Get, database_of_it: Database, server: MailServerDouble
) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await in_states(database_of_it, "sent")
    server.at_data = hangs_up
    await deliver(database_of_it, "notifications", EVENTS, said(published(), 1))
    await in_states(database_of_it, "sent", "unknown")

    newest, first = (await get("/occasions"))["occasions"]

    assert (newest["type"], newest["who"], newest["notices"]) == ("EventPublished", ["every member"], {"unknown": 1})
    assert (first["type"], first["who"], first["notices"]) == ("MemberJoined", ["the member"], {"sent": 1})
    assert await get(f"/occasions/{newest['event_id']}") == newest
    [notice] = (await get(f"/occasions/{newest['event_id']}/notices"))["notices"]
    assert (notice["member_id"], notice["state"], notice["channel"]) == (str(ADA), "unknown", "email")
    assert notice["event_id"] == newest["event_id"]
    assert (await get(f"/occasions/{newest['event_id']}/notices", state="sent"))["notices"] == []


@pytest.mark.parametrize(
    ("chosen", "types"),
    [
        ({}, ["EventPublished", "MemberJoined"]),
        ({"type": "MemberJoined"}, ["MemberJoined"]),
        ({"category": "events"}, ["EventPublished"]),
        ({"category": "events", "type": "MemberJoined"}, []),
        ({"state": "sent"}, ["EventPublished", "MemberJoined"]),
        ({"state": "unknown"}, []),
        ({"type": "Nonsense"}, []),
    ],
)
async def test_events_are_chosen(get: Get, database_of_it: Database, chosen: dict[str, str], types: list[str]) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await deliver(database_of_it, "notifications", EVENTS, said(published(), 1))
    await in_states(database_of_it, "sent", "sent")

    assert [its["type"] for its in (await get("/occasions", **chosen))["occasions"]] == types


async def test_events_of_one_instant_come_page_by_page_each_once(get: Get, database_of_it: Database) -> None:
    everybody = [UUID(int=number) for number in range(1, 8)]
    await deliver(database_of_it, "notifications", MEMBERS, *(said(joined(its), 1) for its in everybody))
    assert len(await rows(database_of_it, "SELECT DISTINCT heard_at FROM occasion")) == 1

    pages = [await get("/occasions", limit=3)]
    while following := pages[-1]["next"]:
        pages.append(await get("/occasions", limit=3, after=following))

    assert [len(its["occasions"]) for its in pages] == [3, 3, 1]
    assert len({its["event_id"] for page in pages for its in page["occasions"]}) == 7


async def test_the_notices_of_an_event_come_page_by_page_and_a_full_last_page_leads_nowhere(
    get: Get, database_of_it: Database
) -> None:
    for member_id in (ADA, BEN):
        await joins(database_of_it, member_id, "Ada King", "ada@example.org")
    await deliver(database_of_it, "notifications", EVENTS, said(published(), 1))
    [invited] = (await get("/occasions", type="EventPublished"))["occasions"]
    path = f"/occasions/{invited['event_id']}/notices"

    first = await get(path, limit=1)
    rest = await get(path, limit=1, after=first["next"])
    whole = await get(path, limit=2)

    assert [its["member_id"] for page in (first, rest) for its in page["notices"]] == [
        its["member_id"] for its in whole["notices"]
    ]
    assert (rest["next"], len(whole["notices"]), whole["next"]) == (None, 2, None)


async def test_what_is_no_page_is_refused(client: AsyncClient) -> None:
    for after in ("nonsense", "1", f".{ADA}", f"1.{ADA}x", f"9999999999999999999.{ADA}"):
        answer = await client.get(f"{API}/occasions", params={"after": after}, headers=signed_in("team"))
        assert answer.status_code == 422, after


async def test_an_event_of_which_nobody_was_told_is_none(client: AsyncClient) -> None:
    for path in (f"/occasions/{uuid4()}", f"/occasions/{uuid4()}/notices"):
        answer = await client.get(API + path, headers=signed_in("team"))
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-occasion")


async def add(database: Database, state: str, wanted_at: datetime, **more: Any) -> None:
    member_id = uuid4()
    await rows(database, "INSERT INTO recipient (member_id, state) VALUES ($1, 'known') RETURNING 1", member_id)
    sent_at = wanted_at + more.get("after", timedelta()) if state == "sent" else None
    await rows(
        database,
        """
        INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state, created_at,
            due_at, wanted_at, channel, sent_at)
        VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'membership', $2, 1, $3, $4, $4, $4, $5, $6) RETURNING 1""",
        member_id,
        more.get("template", "welcome"),
        state,
        wanted_at,
        more.get("channel", "email"),
        sent_at,
    )


async def test_volumes_are_of_the_days_of_london_by_how_notices_ended(get: Get, database_of_it: Database) -> None:
    database_of_it.clock = partial(datetime, 2027, 6, 2, 12, 0, tzinfo=UTC)
    midnight = datetime(2027, 5, 31, 23, 0, tzinfo=UTC)
    await add(database_of_it, "sent", midnight - timedelta(seconds=1))
    for state in ("sent", "failed", "unknown", "suppressed", "suppressed", "cancelled"):
        await add(database_of_it, state, midnight)
    await add(database_of_it, "sent", midnight, channel="inbox")
    await add(database_of_it, "sent", midnight, template="digest")
    await add(database_of_it, "sent", midnight - timedelta(days=1, seconds=1))  # the day before those asked for

    its = await get("/volumes", days=3)

    none = {"sent": 0, "inbox": 0, "failed": 0, "unknown": 0, "suppressed": 0, "median": None, "p95": None}
    at_once = {"median": 0, "p95": 0}
    assert its["days"] == [
        none | at_once | {"day": "2027-05-31", "sent": 1},
        at_once | {"day": "2027-06-01", "sent": 1, "inbox": 1, "failed": 1, "unknown": 1, "suppressed": 2},
        none | {"day": "2027-06-02"},
    ]


async def test_delays_are_from_when_it_was_to_go_out_until_it_did_of_mail_alone(
    get: Get, database_of_it: Database
) -> None:
    wanted_at = datetime.now(UTC)
    database_of_it.clock = lambda: wanted_at
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    moment = timedelta(microseconds=1)
    for after in (timedelta(), minute - moment, minute, 10 * minute, hour - moment, hour, 24 * hour, 240 * hour):
        await add(database_of_it, "sent", wanted_at, after=after)
    await add(database_of_it, "sent", wanted_at, channel="inbox")
    await add(database_of_it, "failed", wanted_at)

    assert (await get("/volumes"))["delays"] == [
        {"below": 60, "notices": 2},
        {"below": 600, "notices": 1},
        {"below": 3600, "notices": 2},
        {"below": 86400, "notices": 1},
        {"below": None, "notices": 2},
    ]


async def test_half_and_95_of_100_of_the_mail_are_told_by_day_and_for_all_days_as_the_database_would(
    get: Get, database_of_it: Database
) -> None:
    noon = datetime(2027, 6, 2, 12, 0, tzinfo=UTC)
    database_of_it.clock = lambda: noon
    for day, seconds in ((0, [1.9, 2.0, 3.5, 90.0]), (1, [5.0, 7.25] + [0.5] * 18 + [86400.0])):
        for each in seconds:
            await add(database_of_it, "sent", noon - timedelta(days=day), after=timedelta(seconds=each))
    await add(database_of_it, "sent", noon, after=timedelta(days=9), channel="inbox")
    await add(database_of_it, "sent", noon, after=timedelta(days=9), template="digest")

    its = await get("/volumes", days=2)

    assert [(day["median"], day["p95"]) for day in its["days"]] == [(0, 7), (2, 90)]
    assert (its["median"], its["p95"]) == (0, 90)
    [(exact,)] = await rows(
        database_of_it,
        """
        SELECT percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY date_part('epoch', sent_at - wanted_at))
        FROM notice WHERE channel = 'email' AND template <> 'digest'""",
    )
    assert [int(each) for each in exact] == [its["median"], its["p95"]]


async def test_the_sums_of_the_days_are_what_stands(
    get: Get, database_of_it: Database, server: MailServerDouble
) -> None:
    await joins(database_of_it, ADA, "Ada King", "ada@example.org")
    await in_states(database_of_it, "sent")
    server.at_data = hangs_up
    await joins(database_of_it, BEN, "Ben Okri", "ben@example.org")
    await in_states(database_of_it, "sent", "unknown")

    days = (await get("/volumes", days=366))["days"]
    counts = await get("/counts")

    assert len(days) == 366
    assert all(sum(day[its] for day in days) == counts[its] for its in ("sent", "failed", "unknown", "suppressed"))


@pytest.mark.parametrize("days", ["0", "367", "many"])
async def test_days_have_an_end(client: AsyncClient, days: str) -> None:
    assert (await client.get(f"{API}/volumes", params={"days": days}, headers=signed_in("team"))).status_code == 422


async def test_a_list_of_any_state_holds_digests_too(get: Get, database_of_it: Database) -> None:
    await rows(database_of_it, "INSERT INTO recipient (member_id, state) VALUES ($1, 'known') RETURNING 1", ADA)
    for state in ("suppressed", "failed"):
        await rows(
            database_of_it,
            """
            INSERT INTO notice (notice_id, member_id, event_id, category, template, template_version, state,
                created_at, due_at, wanted_at)
            VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'everything', 'digest', 1, $2, now(), now(), now())
            RETURNING 1""",
            ADA,
            state,
        )
        [its] = (await get("/notices", state=state))["notices"]
        assert (its["category"], its["channel"], its["redeliveries"]) == ("everything", None, 0)


def test_days_end_today_in_london() -> None:
    assert sent.days_until(datetime(2027, 3, 28, 23, 30, tzinfo=UTC), 3) == [
        date(2027, 3, 27),
        date(2027, 3, 28),
        date(2027, 3, 29),
    ]


def test_every_state_and_outcome_has_its_words() -> None:
    assert set(sent_figures.OUTCOMES) == {*sent.Outcome, *NoticeState}
    assert len(sent_figures.DELAYS) == len(sent.DELAYS) + 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 second"),
        (1, "2 seconds"),
        (118, "119 seconds"),
        (119, "2 minutes"),
        (120, "3 minutes"),
        (7198, "120 minutes"),
        (7199, "2 hours"),
        (172800, "3 days"),
    ],
)
def test_a_delay_is_told_as_the_time_within_which_it_was(seconds: int, words: str) -> None:
    assert sent_figures.in_words(seconds) == words


def test_of_no_mail_nothing_is_said() -> None:
    nothing = sent.Volumes([date(2027, 3, 27)], {its: [0] for its in sent.Outcome}, [Counter()])

    assert sent.within({}, 50) is None
    assert sent_figures.half_and_most(nothing) == ""
    assert sent_figures.delays_by_day(nothing) == []
