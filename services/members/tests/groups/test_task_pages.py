"""The pages of task groups and of meetings, as a browser without JavaScript gets them."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in
from members.opportunities import testing as business

API = "/api/members/v1"
HERE = "/members/groups"
LAST = datetime.now(ZoneInfo("Europe/London")).date() + timedelta(days=100)
LATER = LAST + timedelta(days=100)


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).replace("&#39;", "'").split())


def on(name: str, day: Any) -> dict[str, str]:
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


async def see(client: AsyncClient, address: str, *roles: str, member_id: str | None = None) -> str:
    answer = await client.get(HERE + address, headers=in_browser(*roles, member_id=member_id))
    assert answer.status_code == 200
    return words(answer.text)


async def send(
    client: AsyncClient, address: str, answers: dict[str, Any], *roles: str, member_id: str | None = None
) -> Response:
    headers = in_browser(*roles, member_id=member_id)
    return await client.post(HERE + address, data={**answers, **CSRF_OF_FORMS}, headers=headers)


def task() -> dict[str, str]:
    return {
        "title": f"Survey {uuid4().hex}",
        "purpose": "Know what we can do.",
        "charter": "Ask every department once.",
        "deliverables": "A survey\n\n A report \n",
        "ask": "The DIAG mailbox",
        **on("ends_on", LAST),
    }


async def established(client: AsyncClient) -> str:
    answer = await send(client, "/task/new", task(), "team")
    assert answer.status_code == 303
    return answer.headers["location"].removeprefix(HERE).removesuffix("?done=established")


async def test_the_team_establishes_delivers_extends_and_disbands_with_forms(client: AsyncClient) -> None:
    at = await established(client)
    page = (await client.get(HERE + at, headers=in_browser("team"))).text
    deliver = re.findall(rf'action="{HERE}(/[^"]+/deliverables/[^"]+)"', page)

    delivered = await send(client, deliver[0], {}, "team")
    twice = await send(client, deliver[0], {}, "team")
    extended = await send(client, f"{at}/extend", {**on("ends_on", LATER), "reason": "Two are late."}, "team")
    shown = await see(client, f"{at}?done=extended", "team")
    as_member = await see(client, at, "member", member_id=str(uuid4()))
    before = await see(client, f"{at}/disband", "team")
    disbanded = await send(client, f"{at}/disband", {"reason": "Part of another one."}, "team")
    after = await see(client, f"{at}?done=disbanded", "team")
    over = await see(client, "?show=over", "team")

    assert len(deliver) == 2
    assert [its.status_code for its in (delivered, twice, extended, disbanded)] == [303] * 4
    assert f"From {LAST.day} {LAST:%B %Y} to {LATER.day} {LATER:%B %Y}: Two are late." in shown
    assert "Charter Ask every department once. What it delivers A survey Delivered on" in as_member
    assert "A report Not yet" in as_member
    assert "Say that it is delivered" not in as_member
    assert "You cannot undo this." in before
    assert "Part of another one." in after
    assert "Join this group" not in after
    assert f"Disbanded on {datetime.now(ZoneInfo('Europe/London')).day}" in over


async def test_what_cannot_be_meant_is_told_at_its_field_and_nothing_typed_is_lost(client: AsyncClient) -> None:
    at = await established(client)

    empty = await send(client, "/task/new", {"ends_on-day": "42", "charter": "Ask <them>"}, "team")
    past = await send(client, "/task/new", task() | {"ends_on-year": "2020"}, "team")
    earlier = await send(client, f"{at}/extend", {**on("ends_on", LAST), "reason": "Late."}, "team")
    no_reason = await send(client, f"{at}/disband", {"reason": "x" * 301}, "team")

    for sentence in ("Enter a name for the group", "Enter at least one thing to deliver", "Enter a real date"):
        assert sentence in words(empty.text)
    assert "Ask &lt;them&gt;" in empty.text
    assert 'value="42"' in empty.text
    assert "Enter a day after today" in words(past.text)
    assert "A report" in past.text
    assert f"Enter a day after {LAST.day} {LAST:%B %Y}" in words(earlier.text)
    assert "The reason must be 300 characters or fewer" in words(no_reason.text)
    assert [its.status_code for its in (empty, past, earlier, no_reason)] == [422] * 4


async def test_a_group_past_its_day_and_a_vacant_theme_wait_for_the_team_and_for_nobody_else(
    client: AsyncClient, running: FastAPI
) -> None:
    at, title = await established(client), f"Theme {uuid4().hex}"
    form = {"title": title, "purpose": "Careers.", "ask": "The mailbox"}
    await client.post(f"{API}/champion-themes", json=form, headers=signed_in("team"))
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            "UPDATE profession_group SET ends_on = '2026-01-31', flagged_at = $2 WHERE group_id = $1",
            UUID(at.removeprefix("/")),
            tx.now,
        )

    team = await see(client, "", "team")
    member = await see(client, "", "member", member_id=str(uuid4()))

    assert "its last day, 31 January 2026, has passed with something still to deliver" in team
    assert f"{title} has had no champion since" in team
    assert "Waiting for the central team" not in member
    assert (
        await client.get("/members/groups?show=late", headers=signed_in("member", member_id=uuid4()))
    ).status_code == 403
    assert "Past its last day" in await see(client, at, "member", member_id=str(uuid4()))


async def test_a_few_of_what_waits_are_shown_first_and_all_of_it_behind_a_link(
    client: AsyncClient, running: FastAPI
) -> None:
    groups = [await established(client) for _ in range(6)]
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            "UPDATE profession_group SET flagged_at = now() WHERE group_id = ANY($1)",
            [UUID(at.removeprefix("/")) for at in groups],
        )
    for number in range(6):
        form = {"title": f"{number} {uuid4().hex}", "purpose": "Careers.", "ask": "The mailbox"}
        await client.post(f"{API}/champion-themes", json=form, headers=signed_in("team"))

    every = (await client.get(HERE, headers=in_browser("team"))).text
    late = (await client.get(f"{HERE}?show=late", headers=in_browser("team"))).text
    vacant = await see(client, "/champions?vacant=true", "team")

    waiting = every.partition("Waiting for the central team")[2].partition("All groups")[0]
    assert (waiting.count("Extend it or disband it"), waiting.count("Appoint one")) == (5, 5)
    assert ("?show=late" in waiting, "?vacant=true" in waiting) == (True, True)
    assert [its for its in groups if its not in late] == []
    assert "Themes without a champion" in vacant
    assert "Has a champion" not in vacant


async def test_who_runs_a_group_schedules_a_meeting_and_members_put_it_into_their_calendar(client: AsyncClient) -> None:
    at = await established(client)
    typed = {"title": "Plan the autumn", "place": "Online", **on("on", LAST), "starts_at": "14:00", "ends_at": "15.30"}

    mistakes = await send(client, f"{at}/meetings/new", typed | {"starts_at": "25:00", "ends_at": ""}, "team")
    made = await send(client, f"{at}/meetings/new", typed, "team")
    address = made.headers["location"].removeprefix(HERE).removesuffix("?done=scheduled")
    wrote = await send(client, f"{address}/agenda", {"text": "1. Who?\n2. When?"}, "team")
    early = await send(client, f"{address}/notes", {"text": "We agreed."}, "team")
    ada = str(uuid4())
    shown = await see(client, address, "member", member_id=ada)
    file = await client.get(f"{HERE}{address}.ics", headers=in_browser("member", member_id=ada))
    group = await see(client, at, "member", member_id=ada)

    assert mistakes.status_code == 422
    assert "Enter a real date, and a start such as 14:00" in words(mistakes.text)
    assert "Enter an end such as 15:30" in words(mistakes.text)
    assert 'value="25:00"' in mistakes.text
    assert (made.status_code, wrote.status_code, early.status_code) == (303, 303, 409)
    assert "This meeting has not begun." in words(early.text)
    assert "We agreed." in early.text
    assert f"Day {LAST.day} {LAST:%B %Y} Time 2pm to 3:30pm Where Online" in shown
    assert "Agenda 1. Who? 2. When?" in shown
    assert "Change the agenda" not in shown
    assert file.headers["content-type"] == "text/calendar; charset=utf-8"
    local = datetime(LAST.year, LAST.month, LAST.day, 14, tzinfo=ZoneInfo("Europe/London"))
    assert f"DTSTART:{local.astimezone(UTC):%Y%m%dT%H%M%SZ}\r\n" in file.text
    assert "Plan the autumn" in group
    assert "Schedule a meeting" not in group


async def test_a_meeting_on_a_day_when_the_clocks_change_is_when_clocks_in_london_show_it(
    client: AsyncClient, running: FastAPI
) -> None:
    here = await established(client)
    typed = {"title": "At night", "place": "Online"}
    spring = typed | on("on", date(2027, 3, 28))
    autumn = typed | on("on", date(2027, 10, 31))

    with business.at(running.state.running.database, datetime(2027, 2, 1, 12, 0, tzinfo=UTC)):
        none = await send(client, f"{here}/meetings/new", spring | {"starts_at": "1:30", "ends_at": "2:15"}, "team")
        over = await send(client, f"{here}/meetings/new", spring | {"starts_at": "0:30", "ends_at": "2:15"}, "team")
        twice = await send(client, f"{here}/meetings/new", autumn | {"starts_at": "1:30", "ends_at": "2:15"}, "team")
    async with running.state.running.database.transaction() as tx:
        times = await tx.fetch(
            "SELECT starts_at, ends_at FROM group_meeting WHERE group_id = $1 ORDER BY starts_at", UUID(here[1:])
        )

    told = "The clocks go forward at 1am on this day: enter a time before 1:00, or 2:00 or later"
    assert (none.status_code, over.status_code, twice.status_code) == (422, 303, 303)
    assert f'<a href="#starts_at">{told}</a>' in none.text
    assert 'value="1:30"' in none.text
    assert [tuple(its) for its in times] == [
        (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2027, 3, 28, 1, 15, tzinfo=UTC)),
        (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 2, 15, tzinfo=UTC)),
    ]


async def test_notes_are_seen_in_the_group_and_by_nobody_else(client: AsyncClient, running: FastAPI) -> None:
    at = await established(client)
    typed = {"title": "Plan", "place": "Online", **on("on", LAST), "starts_at": "14", "ends_at": "15"}
    made = await send(client, f"{at}/meetings/new", typed, "team")
    address = made.headers["location"].removeprefix(HERE).removesuffix("?done=scheduled")
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            "UPDATE group_meeting SET starts_at = $2, ends_at = $3 WHERE meeting_id = $1",
            UUID(address.rpartition("/")[2]),
            tx.now - timedelta(hours=2),
            tx.now - timedelta(hours=1),
        )

    wrote = await send(client, f"{address}/notes", {"text": "We agreed."}, "team")
    late = await send(client, f"{address}/agenda", {"text": "More."}, "team")
    team = await see(client, f"{address}?done=notes", "team")
    other = await see(client, address, "member", member_id=str(uuid4()))

    assert (wrote.status_code, late.status_code) == (303, 409)
    assert "Notes We agreed. Change the notes" in team
    assert "We agreed." not in other
    assert "Notes" not in other


async def test_meetings_are_paged_and_nobody_else_writes_anything(client: AsyncClient) -> None:
    at, ada = await established(client), str(uuid4())
    form = {"title": "Plan", "place": "Online"}
    for number in range(26):
        starts = datetime.now(UTC) + timedelta(days=1 + number)
        times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=1)).isoformat()}
        body = form | times | {"title": f"Number {number:02}"}
        await client.post(f"{API}/groups{at}/meetings", json=body, headers=signed_in("team"))

    first = await client.get(f"{HERE}{at}/meetings", headers=in_browser("member", member_id=ada))
    following = re.search(r'href="([^"]+\?after=[^"]+)"', first.text)
    assert following
    second = await client.get(following[1], headers=in_browser("member", member_id=ada))

    assert "Number 25" in first.text
    assert "Number 00" not in first.text
    assert "Number 00" in second.text
    assert "See all meetings" in await see(client, at, "member", member_id=ada)
    for step in ("/extend", "/disband", "/meetings/new"):
        assert (await client.get(f"{HERE}{at}{step}", headers=in_browser("member", member_id=ada))).status_code == 403
        assert (await send(client, at + step, {"reason": "Mine."}, "member", member_id=ada)).status_code == 403
    assert (await send(client, "/task/new", task(), "member", member_id=ada)).status_code == 403
    assert (await client.get(f"{HERE}{at}/meetings/{uuid4()}", headers=in_browser("team"))).status_code == 404
