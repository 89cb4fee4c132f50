"""Task groups over HTTP and the timer of their last day, on the real database and broker."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from chassis.database import Database
from chassis.testing import signed_in, two_replicas, what_was_said
from members.groups import group_store, reaching_the_end, task_groups, task_store
from members.groups.task_groups import Deliverable
from members.groups.volunteering import Group, Kind, Volunteer
from testkit.eventually import eventually

API = "/api/members/v1"
TODAY = datetime.now(ZoneInfo("Europe/London")).date()
LATER, LATEST = TODAY + timedelta(days=100), TODAY + timedelta(days=200)


def charter(ends_on: date = LATER, *deliverables: str) -> dict[str, Any]:
    return {
        "title": f"Survey {uuid4().hex}",
        "purpose": "Know what we can do.",
        "charter": "Ask every department once.",
        "deliverables": deliverables or ("A survey", "A report"),
        "ends_on": str(ends_on),
        "ask": "The DIAG mailbox",
    }


async def established(client: AsyncClient, *deliverables: str) -> dict[str, Any]:
    answer = await client.post(f"{API}/task-groups", json=charter(LATER, *deliverables), headers=signed_in("team"))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask(client: AsyncClient, its: dict[str, Any], path: str, form: dict[str, Any] | None = None) -> Response:
    return await client.post(f"{API}/groups/{its['group_id']}/{path}", json=form, headers=signed_in("team"))


async def joined(client: AsyncClient, its: dict[str, Any]) -> str:
    form = {"name": "Ada Planted", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    ada = str((await client.post(f"{API}/members", json=form)).raise_for_status().json()["member_id"])
    at, member = f"{API}/groups/{its['group_id']}/volunteers", signed_in("member", member_id=ada)
    (await client.post(at, json={"hours_per_month": 4}, headers=member)).raise_for_status()
    return ada


async def test_the_team_establishes_delivers_extends_and_disbands_and_that_is_said(
    client: AsyncClient, running: FastAPI
) -> None:
    its = await established(client)
    ada = await joined(client, its)
    first, _ = its["deliverables"]

    met = await ask(client, its, f"deliverables/{first['deliverable_id']}/completion")
    extended = await ask(client, its, "extensions", {"ends_on": str(LATEST), "reason": "Two departments are late."})
    disbanded = await ask(client, its, "disbandment", {"reason": "The survey is part of another one."})
    member = (await client.get(f"{API}/groups/{its['group_id']}", headers=signed_in("member", member_id=ada))).json()

    assert (its["kind"], its["state"], its["ends_on"]) == ("task", "goes-on", str(LATER))
    assert [each["title"] for each in its["deliverables"]] == ["A survey", "A report"]
    assert [each["met_at"] is not None for each in met.json()["deliverables"]] == [True, False]
    assert (extended.status_code, extended.json()["ends_on"]) == (201, str(LATEST))
    assert (disbanded.status_code, disbanded.json()["volunteers"]) == (200, 0)
    assert (member["state"], member["own"], member["disbanded_for"]) == (
        "disbanded",
        None,
        "The survey is part of another one.",
    )
    group = {"group_id": its["group_id"]}
    assert await what_was_said(running.state.running.database, its["group_id"]) == [
        ("TaskGroupEstablished", group | {"title": its["title"], "ends_on": str(LATER)}),
        ("TaskGroupDeliverableMet", group | {"deliverable_id": first["deliverable_id"], "met_on": str(TODAY)}),
        ("TaskGroupExtended", group | {"ends_on": str(LATEST)}),
        ("TaskGroupDisbanded", group | {"disbanded_on": str(TODAY), "all_met": False}),
    ]


async def test_nothing_more_happens_in_a_group_that_has_disbanded(client: AsyncClient) -> None:
    its = await established(client)
    ada = await joined(client, its)
    await ask(client, its, "disbandment", {"reason": "Done."})

    refused = [
        await ask(client, its, f"deliverables/{its['deliverables'][0]['deliverable_id']}/completion"),
        await ask(client, its, "extensions", {"ends_on": str(LATEST), "reason": "More time."}),
        await ask(client, its, "disbandment", {"reason": "Done."}),
        await client.post(
            f"{API}/groups/{its['group_id']}/volunteers",
            json={"hours_per_month": 4},
            headers=signed_in("member", member_id=ada),
        ),
    ]

    assert [(each.status_code, each.json()["type"]) for each in refused] == [(409, "/problems/group-is-over")] * 4
    assert {each.json()["detail"] for each in refused} == {"This group has disbanded. Look at the groups that go on."}
    over = (await client.get(f"{API}/groups?over=true", headers=signed_in("team"))).json()["groups"]
    on = (await client.get(f"{API}/groups", headers=signed_in("team"))).json()["groups"]
    assert its["group_id"] in [each["group_id"] for each in over]
    assert its["group_id"] not in [each["group_id"] for each in on]


async def test_what_is_delivered_stays_so_and_a_standing_group_delivers_nothing(client: AsyncClient) -> None:
    its, form = await established(client), {"title": uuid4().hex, "purpose": "Share.", "ask": "The mailbox"}
    standing = (await client.post(f"{API}/groups", json=form, headers=signed_in("team"))).json()
    at = f"deliverables/{its['deliverables'][0]['deliverable_id']}/completion"

    first, again = [await ask(client, its, at) for _ in range(2)]
    unknown = await ask(client, its, f"deliverables/{uuid4()}/completion")
    no_end = await ask(client, standing, "extensions", {"ends_on": str(LATEST), "reason": "More time."})

    assert (first.status_code, again.json()["type"]) == (200, "/problems/already-met")
    assert (unknown.status_code, no_end.json()["type"]) == (404, "/problems/not-a-task-group")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"ends_on": str(TODAY)}, "ends_on"),
        ({"ends_on": str(TODAY + timedelta(days=3 * 366 + 1))}, "ends_on"),
        ({"deliverables": []}, "deliverables"),
        ({"deliverables": ["A survey", " "]}, "deliverables.1"),
        ({"deliverables": ["A survey"] * 21}, "deliverables"),
        ({"charter": " "}, "charter"),
    ],
)
async def test_a_group_that_cannot_be_meant_is_named_at_its_field(
    client: AsyncClient, form: dict[str, Any], field: str
) -> None:
    refused = await client.post(f"{API}/task-groups", json=charter() | form, headers=signed_in("team"))

    assert refused.status_code == 422
    assert [its["field"] for its in refused.json()["errors"]] == [field]


async def test_a_later_day_is_later_than_the_last_one(client: AsyncClient) -> None:
    its = await established(client)

    refused = await ask(client, its, "extensions", {"ends_on": str(LATER), "reason": "More time."})

    assert refused.status_code == 422
    assert [(each["field"], each["detail"]) for each in refused.json()["errors"]] == [
        ("ends_on", f"Enter a day after {LATER.day} {LATER:%B %Y}")
    ]


async def test_only_the_team_does_any_of_it(client: AsyncClient) -> None:
    its, member = await established(client), signed_in("member", member_id=uuid4())
    at = f"{API}/groups/{its['group_id']}"

    answers = [
        await client.post(f"{API}/task-groups", json=charter(), headers=member),
        await client.post(f"{at}/deliverables/{its['deliverables'][0]['deliverable_id']}/completion", headers=member),
        await client.post(f"{at}/extensions", json={"ends_on": str(LATEST), "reason": "Time."}, headers=member),
        await client.post(f"{at}/disbandment", json={"reason": "Done."}, headers=member),
    ]

    assert [each.status_code for each in answers] == [403] * 4


async def keep(database: Database, ends_on: date, met: list[bool]) -> Group:
    """A group with a volunteer, and with deliverables that are met or not."""
    async with database.transaction() as tx:
        its = Group(
            uuid4(), Kind.TASK, uuid4().hex, "Know.", "The mailbox", tx.now, uuid4(), charter="Ask.", ends_on=ends_on
        )
        await group_store.add(tx, its)
        await group_store.save(tx, Volunteer(uuid4(), its.group_id, uuid4(), 4, (), tx.now, uuid4()))
        parts = [
            Deliverable(uuid4(), its.group_id, place, "A part", tx.now if is_met else None, uuid4() if is_met else None)
            for place, is_met in enumerate(met, 1)
        ]
        await task_store.save_deliverables(tx, *parts)
    return its


async def stands(database: Database, its: Group) -> tuple[bool, bool, int]:
    """Whether it is flagged, whether it has disbanded, and how many are in it."""
    async with database.transaction() as tx:
        now = await group_store.by_id(tx, its.group_id)
        number = (await group_store.counted(tx, [its.group_id])).get(its.group_id, 0)
    assert now is not None
    return now.flagged_at is not None, now.disbanded_at is not None, number


@pytest.mark.parametrize(
    ("day", "ends_at"),
    [
        (date(2027, 1, 31), datetime(2027, 2, 1, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 28, 23, tzinfo=UTC)),  # clocks go forward
        (date(2027, 10, 31), datetime(2027, 11, 1, tzinfo=UTC)),  # clocks go back
    ],
)
async def test_when_its_day_ends_in_london_a_group_that_has_delivered_disbands_once_and_another_is_flagged(
    alone: str, day: date, ends_at: datetime
) -> None:
    now = ends_at - timedelta(microseconds=1)
    async with two_replicas(alone, lambda: now) as both:
        done, late = await keep(both[0], day, [True, True]), await keep(both[0], day, [True, False])
        before = [await reaching_the_end.of_one(replica) for replica in both]
        now = ends_at
        at_once = await asyncio.gather(*map(reaching_the_end.of_one, both * 4))
        stand = [await stands(both[0], its) for its in (done, late)]
        said = await what_was_said(both[0], done.group_id, late.group_id)

    assert (before, sum(at_once)) == ([0, 0], 2)
    assert stand == [(False, True, 0), (True, False, 1)]
    # The day on which it disbands is the one after its last.
    body = {"group_id": str(done.group_id), "disbanded_on": str(day + timedelta(days=1)), "all_met": True}
    assert said == [("TaskGroupDisbanded", body)]


async def test_a_flagged_group_disbands_by_itself_once_the_rest_is_delivered_or_goes_on_with_a_later_day(
    alone: str,
) -> None:
    now = datetime(2027, 2, 1, tzinfo=UTC)
    async with two_replicas(alone, lambda: now) as both:
        delivers, waits = [await keep(both[0], date(2027, 1, 31), [False]) for _ in range(2)]
        flagged = [await reaching_the_end.of_one(both[0]) for _ in range(3)]
        async with both[0].transaction() as tx:
            [part] = await task_store.deliverables(tx, delivers.group_id)
            its = Deliverable(part.deliverable_id, part.group_id, part.place, part.title, tx.now, UUID(int=1))
            await task_store.save_deliverables(tx, its)
        ended = [await reaching_the_end.of_one(both[1]) for _ in range(2)]
        stand = [await stands(both[0], each) for each in (delivers, waits)]

    assert (flagged, ended) == ([1, 1, 0], [1, 0])
    assert stand == [(True, True, 0), (True, False, 1)]


async def test_whoever_joins_while_the_group_disbands_is_in_no_group(client: AsyncClient) -> None:
    its = await established(client)
    form = {"name": "Ada Planted", "organisation": "UKHSA", "grade": "HEO"}
    everybody = [
        (await client.post(f"{API}/members", json=form | {"email": f"{uuid4().hex}@ukhsa.example"})).json()["member_id"]
        for _ in range(8)
    ]
    at = f"{API}/groups/{its['group_id']}"

    answers = await asyncio.gather(
        *(
            client.post(
                f"{at}/volunteers", json={"hours_per_month": 4}, headers=signed_in("member", member_id=member_id)
            )
            for member_id in everybody
        ),
        ask(client, its, "disbandment", {"reason": "Done."}),
    )

    assert answers[-1].status_code == 200
    assert {each.status_code for each in answers[:-1]} <= {201, 409}
    assert (await client.get(at, headers=signed_in("team"))).json()["volunteers"] == 0


@pytest.mark.parametrize(("way", "status"), [("leave", 409), ("depart", 200), ("erase", 202)])
async def test_nobody_leaves_a_group_that_has_disbanded_since_they_began(
    client: AsyncClient, running: FastAPI, waits_for_a_lock: Callable[[], Awaitable[bool]], way: str, status: int
) -> None:
    """The disbandment is under way when they begin, and ends before them."""
    database, team, its = running.state.running.database, UUID(int=7), await established(client)
    ada, group_id = await joined(client, its), UUID(its["group_id"])
    at = {"leave": f"groups/{group_id}/departures", "depart": f"members/{ada}/departures"}.get(
        way, f"members/{ada}/erasure"
    )

    async with database.transaction() as tx:
        group = await task_store.lock(tx, group_id)
        assert group is not None
        parts = await task_store.deliverables(tx, group_id)
        group, _ = task_groups.disband(group, parts, "It is done.", by=team, now=tx.now)
        await task_store.save(tx, group)
        await task_store.let_all_go(tx, group)
        volunteering_id = await tx.fetchval(
            "SELECT volunteering_id FROM volunteering WHERE group_id = $1 AND left_by = $2", group_id, team
        )
        going = asyncio.ensure_future(client.post(f"{API}/{at}", json={}, headers=signed_in("member", member_id=ada)))
        await eventually(waits_for_a_lock)
    answer = await going
    async with database.transaction() as tx:
        left_by = await tx.fetchval("SELECT left_by FROM volunteering WHERE volunteering_id = $1", volunteering_id)

    assert (answer.status_code, left_by) == (status, team)
    said = await what_was_said(database, str(volunteering_id))
    assert [name for name, _ in said] == ["VolunteerJoinedGroup"]
