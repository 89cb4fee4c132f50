"""With a group that ends its meetings to come are cancelled, whoever ends it; what has begun stays as it was."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Database
from chassis.testing import account_of, in_browser, signed_in, two_replicas, what_was_said
from members.groups import group_store, meeting_store, reaching_the_end
from members.groups.meetings import Meeting
from members.groups.volunteering import Group, Kind

API: Final = "/api/members/v1"
STARTS: Final = (datetime.now(UTC) + timedelta(days=30)).replace(minute=0, second=0, microsecond=0)
GROUP: Final = {"purpose": "Know.", "ask": "The mailbox"}
TASK: Final = {"charter": "Ask.", "deliverables": ["One"], "ends_on": str((STARTS + timedelta(days=60)).date())}


async def scheduled(client: AsyncClient, group_id: str) -> tuple[str, str]:
    """Two meetings to come."""
    made = []
    for days in range(2):
        starts = STARTS + timedelta(days=days)
        form = {"starts_at": str(starts), "ends_at": str(starts + timedelta(hours=1))}
        its = await client.post(
            f"{API}/groups/{group_id}/meetings",
            json={"title": "Plans", "place": "Room 1"} | form,
            headers=signed_in("team"),
        )
        made.append(str(its.raise_for_status().json()["meeting_id"]))
    return made[0], made[1]


async def cancellations(database: Database, meetings: Sequence[str | UUID]) -> list[list[tuple[int, bool]]]:
    """Of each meeting: the numbers of its changes, and whether it was said to be cancelled."""
    said = [await what_was_said(database, each) for each in meetings]
    return [[(body["changes"], body["cancelled"]) for _, body in each] for each in said]


@pytest.mark.parametrize(
    ("groups", "form", "ending"), [("groups", {}, "closure"), ("task-groups", TASK, "disbandment")]
)
async def test_who_ends_a_group_cancels_its_meetings_with_it(
    client: AsyncClient, running: FastAPI, groups: str, form: dict[str, Any], ending: str
) -> None:
    team, database = signed_in("team"), running.state.running.database
    its = await client.post(f"{API}/{groups}", json=GROUP | form | {"title": uuid4().hex}, headers=team)
    group_id = its.raise_for_status().json()["group_id"]
    by_hand, to_come = await scheduled(client, group_id)
    at = f"{API}/groups/{group_id}"
    await client.post(f"{at}/meetings/{by_hand}/cancellation", headers=signed_in("team"))

    for _ in range(2):
        await client.post(f"{at}/{ending}", json={"reason": "Done."}, headers=team)
    meeting = (await client.get(f"{at}/meetings/{to_come}", headers=signed_in("team"))).json()

    assert await cancellations(database, [by_hand, to_come]) == [[(0, False), (1, True)]] * 2
    assert (meeting["cancelled_by"], meeting["changed_by"]) == (str(account_of(team)),) * 2
    assert meeting["cancelled_at"] is not None
    page = await client.get(f"/members/groups/{group_id}/meetings/{to_come}", headers=in_browser("team"))
    assert ("Cancelled" in page.text, "Move it" in page.text) == (True, False)
    asked = await client.get(f"/members/groups/{group_id}/disband", headers=in_browser("team"))
    assert "Meetings to come are cancelled." in asked.text


async def test_of_a_group_that_ends_by_itself_only_meetings_to_come_are_cancelled_once_by_nobody(alone: str) -> None:
    now = datetime(2027, 2, 1, 9, tzinfo=UTC) - timedelta(days=2)
    async with two_replicas(alone, lambda: now) as both:
        async with both[0].transaction() as tx:
            its = Group(
                uuid4(), Kind.TASK, "A", "Know.", "Us", tx.now, uuid4(), charter="Ask.", ends_on=date(2027, 1, 31)
            )
            await group_store.add(tx, its)
            for hours in (-1, 0, 1, 2):
                starts = datetime(2027, 2, 1, 9, tzinfo=UTC) + timedelta(hours=hours)
                ends = starts + timedelta(hours=3)
                await meeting_store.save(
                    tx, Meeting(UUID(int=hours + 2), its.group_id, "Plans", "Room 1", starts, ends, tx.now, uuid4())
                )
        now += timedelta(days=2)
        ended = await asyncio.gather(*map(reaching_the_end.of_one, both * 4))
        async with both[0].transaction() as tx:
            found = await meeting_store.some(tx, its.group_id, after=None, most=10)
        said = await cancellations(both[0], [each.meeting_id for each in found])

    assert sum(ended) == 1
    assert [(each.meeting_id.int, each.cancelled_at, each.cancelled_by, each.changes) for each in found] == [
        (4, now, None, 1),
        (3, now, None, 1),
        (2, None, None, 0),
        (1, None, None, 0),
    ]
    assert said == [[(1, True)], [(1, True)], [], []]
