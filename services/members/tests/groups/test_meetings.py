"""Meetings of groups over HTTP, on the real database and broker."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis.testing import signed_in, what_was_said
from members.groups import icalendar, meetings
from members.groups.meetings import Meeting, NotYetBegun

API = "/api/members/v1"
STARTS = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)


def form(**more: Any) -> dict[str, Any]:
    ends = STARTS + timedelta(hours=1)
    times = {"starts_at": STARTS.isoformat(), "ends_at": ends.isoformat()}
    return {"title": "Plan the autumn", "place": "Online", "agenda": "1. Who comes?\n2. What next?", **times, **more}


async def group(client: AsyncClient) -> str:
    body = {"title": f"Group {uuid4().hex}", "purpose": "Share what works.", "ask": "The DIAG mailbox"}
    answer = (await client.post(f"{API}/groups", json=body, headers=signed_in("team"))).raise_for_status()
    return f"{API}/groups/{answer.json()['group_id']}"


async def volunteer(client: AsyncClient, at: str) -> str:
    body = {"name": "Ada Planted", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    ada = str((await client.post(f"{API}/members", json=body)).raise_for_status().json()["member_id"])
    joined = await client.post(
        f"{at}/volunteers", json={"hours_per_month": 4}, headers=signed_in("member", member_id=ada)
    )
    joined.raise_for_status()
    return ada


async def scheduled(client: AsyncClient, at: str, **more: Any) -> Response:
    return await client.post(f"{at}/meetings", json=form(**more), headers=signed_in("team"))


async def begun(running: FastAPI, at: str, meeting_id: str) -> None:
    """The meeting took place yesterday."""
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            "UPDATE group_meeting SET starts_at = $2, ends_at = $3 WHERE meeting_id = $1",
            UUID(meeting_id),
            datetime.now(UTC) - timedelta(days=1),
            datetime.now(UTC) - timedelta(hours=23),
        )


async def test_a_meeting_is_scheduled_and_said_and_members_see_when_where_and_what_for(
    client: AsyncClient, running: FastAPI
) -> None:
    at = await group(client)

    made = await scheduled(client, at)
    seen = await client.get(
        f"{at}/meetings/{made.json()['meeting_id']}", headers=signed_in("member", member_id=uuid4())
    )

    assert made.status_code == 201
    assert (seen.json()["title"], seen.json()["place"], seen.json()["agenda"]) == (
        "Plan the autumn",
        "Online",
        "1. Who comes?\n2. What next?",
    )
    [(name, body)] = await what_was_said(running.state.running.database, made.json()["meeting_id"])
    assert (name, set(body)) == (
        "GroupMeetingScheduled",
        {"meeting_id", "group_id", "starts_at", "ends_at", "title", "changes", "cancelled"},
    )
    assert datetime.fromisoformat(body["starts_at"]) == STARTS


async def test_who_is_in_the_group_and_has_the_role_runs_it_and_others_do_not(client: AsyncClient) -> None:
    at = await group(client)
    ada = await volunteer(client, at)
    callers = {
        "runs it": signed_in("member", "volunteer", member_id=ada),
        "is in it": signed_in("member", member_id=ada),
        "has the role": signed_in("member", "volunteer", member_id=uuid4()),
    }

    answers = {who: await client.post(f"{at}/meetings", json=form(), headers=its) for who, its in callers.items()}

    codes = {who: its.status_code for who, its in answers.items()}
    assert codes == {
        "runs it": 201,
        "is in it": 403,
        "has the role": 403,
    }


async def test_an_agenda_is_written_until_it_begins_and_notes_after_for_those_in_the_group(
    client: AsyncClient, running: FastAPI
) -> None:
    at = await group(client)
    ada, made = await volunteer(client, at), (await scheduled(client, at, agenda=None)).json()
    meeting, team = f"{at}/meetings/{made['meeting_id']}", signed_in("team")

    agenda = await client.put(f"{meeting}/agenda", json={"text": "1. Budget"}, headers=team)
    early = await client.put(f"{meeting}/notes", json={"text": "We agreed."}, headers=team)
    await begun(running, at, made["meeting_id"])
    late = await client.put(f"{meeting}/agenda", json={"text": "2. More"}, headers=team)
    notes = await client.put(f"{meeting}/notes", json={"text": "We agreed."}, headers=team)
    inside = await client.get(meeting, headers=signed_in("member", member_id=ada))
    outside = await client.get(meeting, headers=signed_in("member", member_id=uuid4()))

    assert (made["agenda"], agenda.json()["agenda"], notes.status_code) == (None, "1. Budget", 200)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/not-yet-begun")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/has-begun")
    assert (inside.json()["notes"], outside.json()["notes"], outside.json()["agenda"]) == (
        "We agreed.",
        None,
        "1. Budget",
    )


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"starts_at": "2020-01-01T10:00:00Z"}, "starts_at"),
        ({"starts_at": "2027-01-01T10:00:00"}, "starts_at"),
        ({"ends_at": STARTS.isoformat()}, "ends_at"),
        ({"ends_at": (STARTS + timedelta(hours=25)).isoformat()}, "ends_at"),
        ({"title": "two\nlines"}, "title"),
        ({"agenda": "x" * 10_001}, "agenda"),
    ],
)
async def test_a_time_that_cannot_be_meant_is_named_there(
    client: AsyncClient, more: dict[str, Any], field: str
) -> None:
    refused = await scheduled(client, await group(client), **more)

    assert refused.status_code == 422
    assert [its["field"] for its in refused.json()["errors"]] == [field]


LATER = STARTS + timedelta(days=1)


def elsewhere(**more: Any) -> dict[str, Any]:
    ends = LATER + timedelta(minutes=90)
    return {"place": "Room 4", "starts_at": LATER.isoformat(), "ends_at": ends.isoformat(), **more}


async def test_a_meeting_is_moved_and_cancelled_until_it_begins_and_each_is_said(
    client: AsyncClient, running: FastAPI
) -> None:
    at = await group(client)
    its = (await scheduled(client, at)).json()
    here, team = f"{at}/meetings/{its['meeting_id']}", signed_in("team")

    moved = await client.post(f"{here}/moves", json=elsewhere(), headers=team)
    same = await client.post(f"{here}/moves", json=elsewhere(), headers=team)
    cancelled = await client.post(f"{here}/cancellation", headers=team)

    assert (moved.status_code, moved.json()["place"], moved.json()["changes"]) == (201, "Room 4", 1)
    assert datetime.fromisoformat(moved.json()["starts_at"]) == LATER
    assert (same.status_code, same.json()["changes"]) == (201, 1)
    assert (cancelled.status_code, cancelled.json()["changes"]) == (200, 2)
    assert cancelled.json()["cancelled_at"] is not None
    said = await what_was_said(running.state.running.database, its["meeting_id"])
    assert [(name, body["changes"], body["cancelled"]) for name, body in said] == [
        ("GroupMeetingScheduled", 0, False),
        ("GroupMeetingScheduled", 1, False),
        ("GroupMeetingScheduled", 2, True),
    ]
    assert [datetime.fromisoformat(body["starts_at"]) for _, body in said] == [STARTS, LATER, LATER]
    assert said[0][1]["title"] == (await client.get(at, headers=team)).json()["title"]


async def test_a_cancelled_meeting_stays_so_and_one_that_has_begun_is_not_moved(
    client: AsyncClient, running: FastAPI
) -> None:
    at, team = await group(client), signed_in("team")
    first, second = [(await scheduled(client, at)).json()["meeting_id"] for _ in range(2)]
    await client.post(f"{at}/meetings/{first}/cancellation", headers=team)
    await begun(running, at, second)

    refused = [
        await client.post(f"{at}/meetings/{first}/moves", json=elsewhere(), headers=team),
        await client.post(f"{at}/meetings/{first}/cancellation", headers=team),
        await client.put(f"{at}/meetings/{first}/agenda", json={"text": "1. Nothing"}, headers=team),
        await client.post(f"{at}/meetings/{second}/moves", json=elsewhere(), headers=team),
        await client.post(f"{at}/meetings/{second}/cancellation", headers=team),
    ]

    assert [its.json()["type"] for its in refused] == ["/problems/is-cancelled"] * 3 + ["/problems/has-begun"] * 2


async def test_a_move_that_cannot_be_meant_is_named_at_its_field_and_nobody_else_moves_anything(
    client: AsyncClient,
) -> None:
    at = await group(client)
    ada, its = await volunteer(client, at), (await scheduled(client, at)).json()["meeting_id"]
    here, past = f"{at}/meetings/{its}", (datetime.now(UTC) - timedelta(days=1)).isoformat()

    wrong = await client.post(f"{here}/moves", json=elsewhere(starts_at=past), headers=signed_in("team"))
    by_others = [
        await client.post(f"{here}/{what}", json=elsewhere(), headers=signed_in("member", member_id=ada))
        for what in ("moves", "cancellation")
    ]

    assert (wrong.status_code, [its["field"] for its in wrong.json()["errors"]]) == (422, ["starts_at"])
    assert [its.status_code for its in by_others] == [403, 403]
    assert (await client.get(here, headers=signed_in("team"))).json()["changes"] == 0


async def test_the_list_is_paged_and_one_groups_meeting_is_not_anothers(client: AsyncClient) -> None:
    at, other = await group(client), await group(client)
    made = [
        (
            await scheduled(
                client,
                at,
                starts_at=(STARTS - timedelta(days=days)).isoformat(),
                ends_at=(STARTS - timedelta(days=days, hours=-1)).isoformat(),
            )
        ).json()["meeting_id"]
        for days in (2, 0, 1)
    ]

    first = (await client.get(f"{at}/meetings?limit=2", headers=signed_in("team"))).json()
    rest = (await client.get(f"{at}/meetings?limit=2&after={first['next']}", headers=signed_in("team"))).json()

    assert [its["meeting_id"] for its in first["meetings"]] == [made[1], made[2]]
    assert ([its["meeting_id"] for its in rest["meetings"]], rest["next"]) == ([made[0]], None)
    assert (await client.get(f"{other}/meetings/{made[0]}", headers=signed_in("team"))).status_code == 404


async def test_a_group_that_has_disbanded_meets_no_more(client: AsyncClient) -> None:
    body = {"title": uuid4().hex, "purpose": "Know.", "ask": "The mailbox", "charter": "Ask.", "deliverables": ["One"]}
    ends_on = str((STARTS + timedelta(days=60)).date())
    its = (await client.post(f"{API}/task-groups", json=body | {"ends_on": ends_on}, headers=signed_in("team"))).json()
    at = f"{API}/groups/{its['group_id']}"
    (await client.post(f"{at}/disbandment", json={"reason": "Done."}, headers=signed_in("team"))).raise_for_status()

    refused = await scheduled(client, at)

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/group-is-over")


def test_notes_are_refused_up_to_the_very_start() -> None:
    its = Meeting(uuid4(), uuid4(), "T", "P", STARTS, STARTS + timedelta(hours=1), STARTS, uuid4())

    with pytest.raises(NotYetBegun):
        meetings.with_notes(its, "Early.", by=uuid4(), now=STARTS - timedelta(microseconds=1))
    assert meetings.with_notes(its, "In time.", by=uuid4(), now=STARTS).notes == "In time."


def test_a_meeting_is_an_icalendar_file_whose_lines_are_folded_between_characters() -> None:
    starts = datetime(2027, 3, 31, 13, 0, tzinfo=UTC)
    its = Meeting(
        UUID(int=1), UUID(int=2), "é" * 60, "Room 1, second floor", starts, starts + timedelta(hours=1), starts, uuid4()
    )

    lines = icalendar.of(its, "DIAG; all", "https://gse.example/m").split(b"\r\n")

    assert max(map(len, lines)) <= 75
    unfolded = b"\r\n".join(lines).replace(b"\r\n ", b"").decode()
    assert "DTSTART:20270331T130000Z\r\nDTEND:20270331T140000Z\r\n" in unfolded
    assert f"SUMMARY:DIAG\\; all: {'é' * 60}\r\nLOCATION:Room 1\\, second floor\r\n" in unfolded
    assert unfolded.endswith("END:VEVENT\r\nEND:VCALENDAR\r\n")


async def test_a_copy_says_what_its_owner_did_for_a_meeting_and_when(client: AsyncClient) -> None:
    at, team = await group(client), signed_in("team")
    made = await client.post(f"{at}/meetings", json=form(), headers=team)

    copy = (await client.get(f"{API}/my/copy", headers=team)).json()

    [did] = [its["rows"] for its in copy["holdings"] if its["title"] == "What you did for groups"]
    assert made.status_code == 201
    assert sorted(its["what"] for its in did) == [
        "the agenda of the meeting “Plan the autumn”",
        "the meeting “Plan the autumn”",
    ]
    assert all(abs(datetime.fromisoformat(its["when"]) - datetime.now(UTC)) < timedelta(days=1) for its in did)


def test_a_file_of_a_moved_or_cancelled_meeting_takes_the_place_of_the_one_before() -> None:
    its = Meeting(uuid4(), uuid4(), "T", "P", STARTS, STARTS + timedelta(hours=1), STARTS, uuid4())
    moved = replace(its, changes=1, changed_at=datetime(2027, 1, 4, 9, 0, tzinfo=UTC), changed_by=uuid4())
    cancelled = replace(moved, changes=2, cancelled_at=moved.changed_at, cancelled_by=moved.changed_by)

    files = [icalendar.of(each, "G", "https://gse.example/m").decode() for each in (its, moved, cancelled)]

    assert ["SEQUENCE:0\r\nSTATUS:CONFIRMED\r\n" in each for each in files] == [True, False, False]
    assert "DTSTAMP:20270104T090000Z\r\nSEQUENCE:1\r\nSTATUS:CONFIRMED\r\n" in files[1]
    assert "SEQUENCE:2\r\nSTATUS:CANCELLED\r\n" in files[2]
    assert len({each.partition("UID:")[2].partition("\r\n")[0] for each in files}) == 1
