"""A standing group is closed by the team, over HTTP and with forms; meetings are moved and cancelled with forms."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in, what_was_said

API = "/api/members/v1"
HERE = "/members/groups"
WHY = {"reason": "Its work goes on in the action group."}
LAST = datetime.now(ZoneInfo("Europe/London")).date() + timedelta(days=100)


async def group(client: AsyncClient) -> str:
    form = {"title": f"Group {uuid4().hex}", "purpose": "Share what works.", "ask": "The DIAG mailbox"}
    answer = (await client.post(f"{API}/groups", json=form, headers=signed_in("team"))).raise_for_status()
    return str(answer.json()["group_id"])


async def member(client: AsyncClient) -> str:
    form = {"name": "Ada Planted", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    return str((await client.post(f"{API}/members", json=form)).raise_for_status().json()["member_id"])


async def joins(client: AsyncClient, group_id: str) -> str:
    """A member who is in the group."""
    ada = await member(client)
    headers = signed_in("member", member_id=ada)
    at = f"{API}/groups/{group_id}/volunteers"
    (await client.post(at, json={"hours_per_month": 4}, headers=headers)).raise_for_status()
    return ada


async def volunteering_ids(client: AsyncClient, group_id: str) -> list[str]:
    answer = await client.get(f"{API}/groups/{group_id}/volunteers", headers=signed_in("team"))
    return [its["volunteering_id"] for its in answer.json()["volunteers"]]


async def close(client: AsyncClient, group_id: str, **more: Any) -> Response:
    return await client.post(f"{API}/groups/{group_id}/closure", json=WHY | more, headers=signed_in("team"))


async def test_everybody_leaves_a_group_that_closes_and_that_is_said_of_each(
    client: AsyncClient, running: FastAPI
) -> None:
    group_id = await group(client)
    both = [await joins(client, group_id) for _ in range(2)]
    inside = await volunteering_ids(client, group_id)

    closed, again = await close(client, group_id), await close(client, group_id)

    its = closed.json()
    assert (closed.status_code, its["state"], its["volunteers"], its["disbanded_for"]) == (
        200,
        "disbanded",
        0,
        WHY["reason"],
    )
    assert (again.status_code, again.json()["type"]) == (409, "/problems/group-is-over")
    said = [await what_was_said(running.state.running.database, each) for each in inside]
    assert [[(name, body.get("closed")) for name, body in each] for each in said] == [
        [("VolunteerJoinedGroup", None), ("VolunteerLeftGroup", True)]
    ] * 2
    assert {body["member_id"] for each in said for _, body in each} == set(both)
    late = await client.post(
        f"{API}/groups/{group_id}/volunteers",
        json={"hours_per_month": 4},
        headers=signed_in("member", member_id=both[0]),
    )
    assert (late.json()["type"], late.json()["detail"]) == (
        "/problems/group-is-over",
        "This group has closed. Look at the groups that go on.",
    )


async def test_whoever_leaves_or_joins_while_it_closes_is_said_to_leave_once(
    client: AsyncClient, running: FastAPI
) -> None:
    group_id = await group(client)
    inside = [await joins(client, group_id) for _ in range(6)]
    late = [await member(client) for _ in range(3)]
    known = await volunteering_ids(client, group_id)

    await asyncio.gather(
        *(
            client.post(f"{API}/groups/{group_id}/departures", json={}, headers=signed_in("member", member_id=its))
            for its in inside[:3]
        ),
        close(client, group_id),
        *(
            client.post(f"{API}/members/{its}/departures", headers=signed_in("member", member_id=its))
            for its in inside[3:]
        ),
        *(
            client.post(
                f"{API}/groups/{group_id}/volunteers",
                json={"hours_per_month": 4},
                headers=signed_in("member", member_id=its),
            )
            for its in late
        ),
    )

    assert await volunteering_ids(client, group_id) == []
    for its in known:
        names = [name for name, _ in await what_was_said(running.state.running.database, its)]
        assert names == ["VolunteerJoinedGroup", "VolunteerLeftGroup"]


async def test_only_the_team_closes_with_a_reason_and_a_task_group_disbands(client: AsyncClient) -> None:
    group_id = await group(client)
    task = {
        "title": f"Survey {uuid4().hex}",
        "purpose": "Know what we can do.",
        "charter": "Ask once.",
        "deliverables": ["A survey"],
        "ends_on": str(LAST),
        "ask": "The DIAG mailbox",
    }
    other = (await client.post(f"{API}/task-groups", json=task, headers=signed_in("team"))).json()["group_id"]

    no_reason = await close(client, group_id, reason=" ")
    by_a_member = await client.post(
        f"{API}/groups/{group_id}/closure", json=WHY, headers=signed_in("member", member_id=uuid4())
    )
    of_a_task = await close(client, other)

    assert (no_reason.status_code, [its["field"] for its in no_reason.json()["errors"]]) == (422, ["reason"])
    assert by_a_member.status_code == 403
    assert (of_a_task.status_code, of_a_task.json()["type"]) == (409, "/problems/not-a-standing-group")


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).replace("&#39;", "'").split())


async def see(client: AsyncClient, address: str, *roles: str, member_id: str | None = None) -> str:
    answer = await client.get(HERE + address, headers=in_browser(*roles, member_id=member_id))
    assert answer.status_code == 200
    return words(answer.text)


async def send(client: AsyncClient, address: str, answers: dict[str, Any], *roles: str) -> Response:
    return await client.post(HERE + address, data={**answers, **CSRF_OF_FORMS}, headers=in_browser(*roles))


async def test_the_team_closes_a_group_with_a_form(client: AsyncClient) -> None:
    at = f"/{await group(client)}"

    form = await see(client, f"{at}/disband", "team")
    mistake = await send(client, f"{at}/disband", {"reason": ""}, "team")
    done = await send(client, f"{at}/disband", WHY, "team")
    again = await send(client, f"{at}/disband", WHY, "team")
    shown = await see(client, at, "member", member_id=str(uuid4()))
    over = await see(client, "?show=over", "team")

    assert (
        "Close the group Everybody in it leaves it, and hears of that. Meetings to come are cancelled. What it was for"
        in form
    )
    assert (mistake.status_code, "Enter the reason" in words(mistake.text)) == (422, True)
    assert (done.status_code, done.headers["location"]) == (303, f"{HERE}{at}?done=disbanded")
    assert (again.status_code, "This group has closed." in words(again.text)) == (409, True)
    assert WHY["reason"] in again.text
    assert f". {WHY['reason']}" in shown
    assert ("Closed On " in shown, "Disbanded" in shown, "Closed on " in over) == (True, False, True)


async def test_who_runs_a_group_moves_and_cancels_a_meeting_with_forms(client: AsyncClient) -> None:
    at, day = f"/{await group(client)}", LAST
    on = {"on-day": str(day.day), "on-month": str(day.month), "on-year": str(day.year)}
    typed = {"title": "Plan", "place": "Online", **on, "starts_at": "14:00", "ends_at": "15:30"}
    made = await send(client, f"{at}/meetings/new", typed, "team")
    here = made.headers["location"].removeprefix(HERE).removesuffix("?done=scheduled")

    form = (await client.get(f"{HERE}{here}/move", headers=in_browser("team"))).text
    mistake = await send(client, f"{here}/move", typed | {"place": "", "starts_at": "25:00"}, "team")
    moved = await send(client, f"{here}/move", typed | {"place": "Room 4", "starts_at": "15:00"}, "team")
    shown = await see(client, here, "member", member_id=str(uuid4()))
    cancelled = await send(client, f"{here}/cancel", {}, "team")
    again = await send(client, f"{here}/cancel", {}, "team")
    after = await see(client, here, "team")
    file = await client.get(f"{HERE}{here}.ics", headers=in_browser("member", member_id=str(uuid4())))
    by_a_member = await client.get(f"{HERE}{here}/move", headers=in_browser("member", member_id=str(uuid4())))

    assert ('value="Online"' in form, 'value="14:00"' in form, f'value="{day.year}"' in form) == (True, True, True)
    assert mistake.status_code == 422
    assert "Enter where you meet" in words(mistake.text)
    assert 'value="25:00"' in mistake.text
    assert (moved.status_code, moved.headers["location"]) == (303, f"{HERE}{here}?done=moved")
    assert "Time 3pm to 3:30pm Where Room 4" in shown
    assert "Change it in your calendar, or add it" in shown
    assert "Move it" not in shown
    assert (cancelled.status_code, again.status_code) == (303, 409)
    assert "This meeting is cancelled. Schedule another one." in words(again.text)
    assert "Cancelled on" in after
    assert "Take it out of your calendar" in after
    assert "Move it" not in after
    assert "SEQUENCE:2\r\nSTATUS:CANCELLED\r\n" in file.text
    assert by_a_member.status_code == 403
    assert "Plan" in await see(client, f"{at}/meetings", "member", member_id=str(uuid4()))
    assert ", cancelled" in await see(client, at, "team")
