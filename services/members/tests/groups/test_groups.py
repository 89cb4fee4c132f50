"""Groups and their volunteers over HTTP, on the real database and broker."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import account_of, signed_in, what_was_said
from members.signing_in import account_store

API = "/api/members/v1"
HOURS = {"hours_per_month": 4, "skills": ["writing", "research", "writing"]}


async def member(client: AsyncClient) -> str:
    form = {"name": "Ada Planted", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    return str((await client.post(f"{API}/members", json=form)).raise_for_status().json()["member_id"])


async def group(client: AsyncClient, title: str = "") -> str:
    form = {"title": title or f"Group {uuid4().hex}", "purpose": "Share what works.", "ask": "The DIAG mailbox"}
    answer = (await client.post(f"{API}/groups", json=form, headers=signed_in("team"))).raise_for_status()
    return str(answer.json()["group_id"])


def as_member(member_id: str) -> dict[str, str]:
    return signed_in("member", member_id=member_id)


async def an_account_of(running: FastAPI, member_id: str, headers: dict[str, str]) -> None:
    """Whoever sends these headers signs in as this member."""
    account_id = account_of(headers)
    async with running.state.running.database.transaction() as tx:
        await account_store.add(tx, account_id, "https://groups.example", str(account_id))
        await account_store.link(tx, account_id, UUID(member_id))


async def joined(client: AsyncClient, group_id: str, member_id: str) -> str:
    """The id of the volunteering."""
    at = f"{API}/groups/{group_id}/volunteers"
    (await client.post(at, json=HOURS, headers=as_member(member_id))).raise_for_status()
    found = (await client.get(at, headers=signed_in("team"))).json()["volunteers"]
    return next(str(its["volunteering_id"]) for its in found if its["member_id"] == member_id)


async def rows(running: FastAPI, volunteering_id: str) -> dict[str, Any]:
    async with running.state.running.database.transaction() as tx:
        return dict(await tx.fetchrow("SELECT * FROM volunteering WHERE volunteering_id = $1", UUID(volunteering_id)))


async def test_the_team_establishes_a_group_and_members_see_what_it_is_for_and_where_to_ask(
    client: AsyncClient,
) -> None:
    title = f"DIAG {uuid4().hex}"
    group_id = await group(client, title)

    shown = await client.get(f"{API}/groups/{group_id}", headers=as_member(str(uuid4())))

    assert shown.json() == {
        "group_id": group_id,
        "kind": "standing",
        "title": title,
        "purpose": "Share what works.",
        "ask": "The DIAG mailbox",
        "state": "goes-on",
        "charter": None,
        "ends_on": None,
        "disbanded_at": None,
        "disbanded_for": None,
        "established_at": shown.json()["established_at"],
        "established_by": None,
        "disbanded_by": None,
        "deliverables": [],
        "volunteers": None,
        "own": None,
    }


async def test_two_groups_never_have_one_name(client: AsyncClient) -> None:
    form = {"title": f"DIAG {uuid4().hex}", "purpose": "Share.", "ask": "The mailbox"}
    shouted = form | {"title": form["title"].upper()}

    answers = await asyncio.gather(
        *(client.post(f"{API}/groups", json=each, headers=signed_in("team")) for each in (form, shouted))
    )

    assert sorted(its.status_code for its in answers) == [201, 409]
    assert [its.json()["type"] for its in answers if its.status_code == 409] == ["/problems/group-exists"]


async def test_a_member_joins_with_hours_and_skills_changes_them_and_leaves(
    client: AsyncClient, running: FastAPI
) -> None:
    group_id, ada = await group(client), await member(client)
    at = f"{API}/groups/{group_id}"

    first = await client.post(f"{at}/volunteers", json=HOURS, headers=as_member(ada))
    changed = await client.post(f"{at}/volunteers", json={"hours_per_month": 8}, headers=as_member(ada))
    [volunteer] = (await client.get(f"{at}/volunteers", headers=signed_in("team"))).json()["volunteers"]
    left = await client.post(f"{at}/departures", json={}, headers=as_member(ada))
    again = await client.post(f"{at}/departures", json={}, headers=as_member(ada))

    assert (first.status_code, first.json()["own"]["skills"]) == (201, ["research", "writing"])
    assert (changed.status_code, changed.json()["own"]["hours_per_month"]) == (200, 8)
    assert (volunteer["member_id"], volunteer["organisation"], volunteer["hours_per_month"]) == (ada, "UKHSA", 8)
    assert (left.status_code, left.json()["own"]) == (200, None)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-in-the-group")
    kept = await rows(running, volunteer["volunteering_id"])
    assert (kept["hours_per_month"], kept["skills"], kept["member_id"]) == (8, [], UUID(ada))
    assert None not in (kept["joined_by"], kept["changed_at"], kept["left_at"], kept["left_by"])
    ids = {"volunteering_id": volunteer["volunteering_id"], "group_id": group_id, "member_id": ada}
    assert await what_was_said(running.state.running.database, volunteer["volunteering_id"]) == [
        ("VolunteerJoinedGroup", ids),
        ("VolunteerLeftGroup", ids | {"closed": False}),
    ]


async def test_whoever_joins_twice_at_once_is_in_the_group_once(client: AsyncClient) -> None:
    group_id, ada = await group(client), await member(client)
    at = f"{API}/groups/{group_id}/volunteers"

    answers = await asyncio.gather(*(client.post(at, json=HOURS, headers=as_member(ada)) for _ in range(4)))

    assert sorted(its.status_code for its in answers) == [200, 200, 200, 201]
    assert len((await client.get(at, headers=signed_in("team"))).json()["volunteers"]) == 1


async def test_who_leaves_the_profession_leaves_every_group_in_the_same_transaction(
    client: AsyncClient, running: FastAPI
) -> None:
    ada, groups = await member(client), [await group(client) for _ in range(2)]
    volunteering = [await joined(client, its, ada) for its in groups]

    me = as_member(ada)  # another account than they joined with
    await an_account_of(running, ada, me)

    (await client.post(f"{API}/members/{ada}/departures", headers=me)).raise_for_status()

    for group_id, its in zip(groups, volunteering, strict=True):
        kept, said = await rows(running, its), await what_was_said(running.state.running.database, its)
        assert [name for name, _ in said] == ["VolunteerJoinedGroup", "VolunteerLeftGroup"]
        assert (kept["member_id"], kept["joined_by"], kept["left_by"], kept["skills"]) == (
            None,
            None,
            None,
            [],
        )
        assert kept["left_at"] is not None
        found = (await client.get(f"{API}/groups/{group_id}/volunteers", headers=signed_in("team"))).json()
        assert found == {"volunteers": [], "next": None}
    back = await client.post(f"{API}/groups/{groups[0]}/volunteers", json=HOURS, headers=as_member(ada))
    assert (back.status_code, back.json()["type"]) == (409, "/problems/not-a-member")


async def test_who_is_erased_is_in_no_group_and_nothing_there_leads_to_them(
    client: AsyncClient, running: FastAPI
) -> None:
    ada, group_id, earlier = await member(client), await group(client), await group(client)
    past = await joined(client, earlier, ada)
    await client.post(f"{API}/groups/{earlier}/departures", json={}, headers=as_member(ada))
    present = await joined(client, group_id, ada)

    (await client.post(f"{API}/members/{ada}/erasure", headers=as_member(ada))).raise_for_status()

    for its in (past, present):
        kept, said = await rows(running, its), await what_was_said(running.state.running.database, its)
        assert [name for name, _ in said] == ["VolunteerJoinedGroup", "VolunteerLeftGroup"]
        assert (kept["member_id"], kept["joined_by"]) == (None, None)


async def test_somebody_who_joins_while_they_leave_the_profession_is_in_no_group(client: AsyncClient) -> None:
    group_id = await group(client)
    everybody = [await member(client) for _ in range(8)]

    await asyncio.gather(
        *(client.post(f"{API}/groups/{group_id}/volunteers", json=HOURS, headers=as_member(its)) for its in everybody),
        *(client.post(f"{API}/members/{its}/departures", headers=as_member(its)) for its in everybody),
    )

    assert (await client.get(f"{API}/groups/{group_id}", headers=signed_in("team"))).json()["volunteers"] == 0


async def test_the_team_takes_somebody_out_and_another_member_cannot(client: AsyncClient) -> None:
    group_id, ada = await group(client), await member(client)
    await joined(client, group_id, ada)
    at, form = f"{API}/groups/{group_id}/departures", {"member_id": ada}

    other = await client.post(at, json=form, headers=as_member(str(uuid4())))
    team = await client.post(at, json=form, headers=signed_in("team"))

    assert (other.status_code, team.status_code) == (404, 200)


async def test_what_cannot_be_meant_is_named_at_its_field(client: AsyncClient) -> None:
    group_id, ada = await group(client), await member(client)
    at = f"{API}/groups/{group_id}/volunteers"

    hours = await client.post(at, json={"hours_per_month": 41, "skills": ["magic"]}, headers=as_member(ada))
    words = await client.post(f"{API}/groups", json={"title": "two\nlines", "purpose": " "}, headers=signed_in("team"))

    assert [its["field"] for its in hours.json()["errors"]] == ["hours_per_month", "skills.0"]
    assert [its["field"] for its in words.json()["errors"]] == ["title", "purpose", "ask"]
    assert (hours.status_code, words.status_code) == (422, 422)
    assert (await client.get(f"{API}/groups/{group_id}", headers=signed_in("team"))).json()["volunteers"] == 0


async def test_strangers_see_nothing_and_members_establish_nothing_and_see_no_volunteers(client: AsyncClient) -> None:
    group_id = await group(client)
    anybody = as_member(str(uuid4()))

    assert (await client.get(f"{API}/groups")).status_code == 401
    assert (await client.get(f"{API}/groups", headers=signed_in("operator"))).status_code == 403
    assert (await client.get(f"{API}/groups/{group_id}/volunteers", headers=anybody)).status_code == 403
    form = {"title": "Ours", "purpose": "None.", "ask": "Nobody"}
    assert (await client.post(f"{API}/groups", json=form, headers=anybody)).status_code == 403
    assert (await client.get(f"{API}/groups/{uuid4()}", headers=anybody)).status_code == 404
    # The team has no member to be in a group with.
    assert (
        await client.post(f"{API}/groups/{group_id}/volunteers", json=HOURS, headers=signed_in("team"))
    ).status_code == 403


async def test_both_lists_are_paged(client: AsyncClient) -> None:
    word = uuid4().hex
    made = [await group(client, f"{letter} {word}") for letter in "cab"]
    people = [await member(client) for _ in range(3)]
    for its in people:
        await joined(client, made[0], its)

    async def pages(path: str, name: str) -> list[dict[str, Any]]:
        found, after = list[dict[str, Any]](), ""
        while True:
            page = (await client.get(f"{API}/{path}?limit=2{after}", headers=signed_in("team"))).json()
            assert len(page[name]) <= 2
            found += page[name]
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    assert [its["group_id"] for its in await pages("groups", "groups") if word in its["title"]] == [
        made[1],
        made[2],
        made[0],
    ]
    assert [its["member_id"] for its in await pages(f"groups/{made[0]}/volunteers", "volunteers")] == people


async def test_a_list_is_of_those_alone_in_which_one_is_or_that_are_past_their_last_day(
    client: AsyncClient, running: FastAPI
) -> None:
    ada = await member(client)
    in_it, late = await group(client), await group(client)
    await group(client)
    await joined(client, in_it, ada)
    async with running.state.running.database.transaction() as tx:
        await tx.execute("UPDATE profession_group SET flagged_at = now() WHERE group_id = $1", UUID(late))

    async def listed(choice: str, *roles: str, member_id: str | None = None) -> list[str]:
        headers = signed_in(*roles, member_id=member_id)
        answer = await client.get(f"{API}/groups?{choice}=true", headers=headers)
        return [its["group_id"] for its in answer.raise_for_status().json()["groups"]]

    assert await listed("own", "member", member_id=ada) == [in_it]
    assert await listed("late", "team") == [late]
    assert (await client.get(f"{API}/groups?own=true", headers=signed_in("team"))).status_code == 403


async def test_the_same_request_twice_is_one(client: AsyncClient) -> None:
    form = {"title": f"DIAG {uuid4().hex}", "purpose": "Share.", "ask": "The mailbox"}
    headers = {**signed_in("team"), "Idempotency-Key": uuid4().hex}

    first, again = [await client.post(f"{API}/groups", json=form, headers=headers) for _ in range(2)]

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
