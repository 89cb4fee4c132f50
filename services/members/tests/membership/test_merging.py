"""One person who is a member twice: found, merged into one, or said to be two."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

MEMBERS = "/api/members/v1/members"
DUPLICATES = "/api/members/v1/duplicates"
HERE = "/members/people/duplicates"
PAGE = {"Accept": "text/html"}
SignIn = Callable[..., dict[str, str]]
Said = Callable[[str], Awaitable[list[tuple[str, dict[str, Any]]]]]


async def joined(client: AsyncClient, name: str, **more: str) -> str:
    form = {"name": name, "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    answer = await client.post(MEMBERS, json=form | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["member_id"])


async def pairs_of(client: AsyncClient, signed_in: SignIn, *members: str) -> list[tuple[set[str], bool, bool]]:
    """The pairs in which one of these is, from all pages: who, and why."""
    found: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while True:
        answer = await client.get(DUPLICATES, params={"limit": 2} | after, headers=signed_in("team"))
        assert answer.status_code == 200, answer.text
        found += answer.json()["pairs"]
        if answer.json()["next"] is None:
            break
        first, second = answer.json()["next"]
        after = {"after_first": first, "after_second": second}
    pairs = [({its["first"]["member_id"], its["second"]["member_id"]}, its) for its in found]
    assert len({frozenset(who) for who, _ in pairs}) == len(pairs)
    return [(who, its["same_name"], its["same_address"]) for who, its in pairs if who & set(members)]


async def test_one_name_in_one_organisation_or_one_address_before_the_at_makes_a_pair(
    client: AsyncClient, signed_in: SignIn
) -> None:
    mark = uuid4().hex
    zoe = await joined(client, f"Zoë O’Neill {mark}", email=f"zoe.{mark}@ukhsa.example")
    again = await joined(client, f"zoe oneill {mark}")
    moved = await joined(client, f"Zoë Hart {mark}", email=f"zoe.{mark}@defra.example", organisation="Defra")
    same_name_elsewhere = await joined(client, f"Zoë O’Neill {mark}", organisation="Defra")
    gone = await joined(client, f"Zoë O’Neill {mark}")
    await client.post(f"{MEMBERS}/{gone}/departures", headers=signed_in("team"))

    pairs = await pairs_of(client, signed_in, zoe, again, moved, same_name_elsewhere, gone)

    assert sorted(pairs, key=lambda its: its[1]) == [({zoe, moved}, False, True), ({zoe, again}, True, False)]
    assert (await client.get(DUPLICATES, headers=signed_in("hosep", organisation="UKHSA"))).status_code == 403


async def test_a_merger_ends_one_with_their_roles_and_the_sign_in_follows(
    client: AsyncClient, signed_in: SignIn, said: Said, running: FastAPI
) -> None:
    mark, team = uuid4().hex, signed_in("team")
    stays, ends = await joined(client, f"Ada {mark}"), await joined(client, f"Ada {mark}")
    await client.post(f"{MEMBERS}/{ends}/role-grants", json={"role": "volunteer"}, headers=team)
    group = {"title": f"Group {mark}", "purpose": "To merge", "ask": "the team"}
    group_id = (await client.post("/api/members/v1/groups", json=group, headers=team)).json()["group_id"]
    themself = signed_in("member", member_id=ends)
    hours = {"hours_per_month": 2}
    joining = await client.post(f"/api/members/v1/groups/{group_id}/volunteers", json=hours, headers=themself)
    account = uuid4()
    async with running.state.running.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO account (account_id, issuer, subject, member_id, created_at) VALUES ($1, $2, 'x', $3, now())",
            account,
            mark,
            UUID(ends),
        )

    merged = await client.post(f"{MEMBERS}/{stays}/mergers", json={"ended": ends}, headers=team)
    again = await client.post(f"{MEMBERS}/{stays}/mergers", json={"ended": ends}, headers=team)

    assert (merged.status_code, merged.json()["member_id"], merged.json()["name"]) == (200, stays, f"Ada {mark}")
    assert (again.status_code, again.json()) == (200, merged.json())
    assert [name for name, _ in await said(ends)] == ["MemberJoined", "RoleGranted", "RoleRevoked", "MemberLeft"]
    assert [name for name, _ in await said(stays)] == ["MemberJoined"]
    ended = (await client.get(f"{MEMBERS}/{ends}", headers=team)).json()
    assert (ended["name"], ended["email"], ended["left_on"] is None) == (None, None, False)
    assert await pairs_of(client, signed_in, stays, ends) == []
    in_it = await client.get(f"/api/members/v1/groups/{group_id}/volunteers", headers=team)
    assert (joining.status_code, in_it.json()["volunteers"]) == (201, [])
    async with running.state.running.database.transaction() as tx:
        leads_to = await tx.fetchval("SELECT member_id FROM account WHERE account_id = $1", account)
        row = await tx.fetchrow("SELECT * FROM member_merger WHERE ended_id = $1", UUID(ends))
        back = await tx.fetchval("SELECT count(*) FROM withdrawn_contact WHERE member_id = $1", UUID(ends))
    assert row is not None
    assert (str(leads_to), str(row["surviving_id"]), back) == (stays, stays, 1)


async def test_mergers_that_cannot_be_are_refused_and_change_nothing(
    client: AsyncClient, signed_in: SignIn, said: Said
) -> None:
    mark, team = uuid4().hex, signed_in("team")
    ada, bea, gone = [await joined(client, f"{name} {mark}") for name in ("Ada", "Bea", "Gone")]
    await client.post(f"{MEMBERS}/{gone}/departures", headers=team)

    for member_id, ended, status, kind in (
        (ada, ada, 409, "/problems/same-member"),
        (ada, gone, 409, "/problems/has-left"),
        (gone, ada, 409, "/problems/has-left"),
        (ada, str(uuid4()), 404, "/problems/not-found"),
        (str(uuid4()), ada, 404, "/problems/not-found"),
    ):
        answer = await client.post(f"{MEMBERS}/{member_id}/mergers", json={"ended": ended}, headers=team)
        assert (answer.status_code, answer.json()["type"]) == (status, kind)
    own = await client.post(f"{MEMBERS}/{ada}/mergers", json={"ended": bea}, headers=signed_in("member", member_id=ada))
    assert own.status_code == 403
    assert [name for name, _ in await said(ada)] == ["MemberJoined"]


async def test_the_same_key_says_once_that_they_are_two_people(client: AsyncClient, signed_in: SignIn) -> None:
    mark, team = uuid4().hex, signed_in("team")
    form = {"first": await joined(client, f"Ada {mark}"), "second": await joined(client, f"Ada {mark}")}
    keyed = team | {"Idempotency-Key": mark}

    first = await client.post("/api/members/v1/two-people", json=form, headers=keyed)
    repeat = await client.post("/api/members/v1/two-people", json=form, headers=keyed)
    other = await client.post("/api/members/v1/two-people", json=form | {"first": str(uuid4())}, headers=keyed)

    assert [its.status_code for its in (first, repeat, other)] == [204, 204, 422]
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_two_people_are_not_shown_again_and_are_forgotten_with_one_of_them(
    client: AsyncClient, signed_in: SignIn, running: FastAPI
) -> None:
    mark, team = uuid4().hex, signed_in("team")
    ada, other = await joined(client, f"Ada {mark}"), await joined(client, f"Ada {mark}")

    answers = [
        await client.post("/api/members/v1/two-people", json={"first": one, "second": two}, headers=team)
        for one, two in ((ada, other), (other, ada))
    ]
    shown = await pairs_of(client, signed_in, ada, other)
    await client.post(f"{MEMBERS}/{ada}/erasure", headers=team)

    assert ([its.status_code for its in answers], shown) == ([204, 204], [])
    async with running.state.running.database.transaction() as tx:
        left = await tx.fetchval("SELECT count(*) FROM two_people WHERE $1 IN (first_id, second_id)", UUID(other))
    assert left == 0


@pytest.mark.parametrize("erased", ["stays", "ends"])
async def test_erasing_either_takes_the_record_of_the_merger_along(
    client: AsyncClient, signed_in: SignIn, running: FastAPI, erased: str
) -> None:
    mark, team = uuid4().hex, signed_in("team")
    both = {"stays": await joined(client, f"Ada {mark}"), "ends": await joined(client, f"Ada {mark}")}
    await client.post(f"{MEMBERS}/{both['stays']}/mergers", json={"ended": both["ends"]}, headers=team)

    answer = await client.post(f"{MEMBERS}/{both[erased]}/erasure", headers=team)

    assert answer.status_code == 202
    async with running.state.running.database.transaction() as tx:
        left = await tx.fetchval("SELECT count(*) FROM member_merger WHERE ended_id = $1", UUID(both["ends"]))
    assert left == 0


@pytest.mark.parametrize(
    ("stays", "ended", "done"), [("first", [1], "merged"), ("second", [0], "merged"), ("both", [], "two")]
)
async def test_the_team_compares_and_decides_on_the_page(
    client: AsyncClient, signed_in: SignIn, stays: str, ended: list[int], done: str
) -> None:
    mark, team = uuid4().hex, PAGE | signed_in("team")
    both = sorted([await joined(client, f"Ada {mark}"), await joined(client, f"Ada {mark}", grade="G7")])
    address = f"{HERE}/{both[0]}/{both[1]}"

    compared = await client.get(address, headers=team)
    nothing = await client.post(address, data={}, headers=team)
    decided = await client.post(address, data={"stays": stays}, headers=team)
    told = await client.get(decided.headers["location"], headers=team)

    assert ("Are they one person?" in compared.text, "Grade 7 (G7)" in compared.text) == (True, True)
    assert (nothing.status_code, 'href="#stays"' in nothing.text) == (422, True)
    assert (decided.status_code, decided.headers["location"]) == (303, f"{HERE}?done={done}")
    assert "govuk-notification-banner--success" in told.text
    left = [
        (await client.get(f"{MEMBERS}/{each}", headers=signed_in("team"))).json()["left_on"] is not None
        for each in both
    ]
    assert [number for number, gone in enumerate(left) if gone] == ended
    assert (await client.get(address, headers=PAGE | signed_in("member"))).status_code == 403


async def test_the_page_of_a_pair_that_is_no_more_is_not_there(client: AsyncClient, signed_in: SignIn) -> None:
    ada = await joined(client, "Ada")

    for other in (ada, str(uuid4())):
        answer = await client.get(f"{HERE}/{ada}/{other}", headers=PAGE | signed_in("team"))
        assert answer.status_code == 404


async def test_who_stays_is_restricted_where_the_other_one_was(
    client: AsyncClient, signed_in: SignIn, said: Said
) -> None:
    mark, team = uuid4().hex, signed_in("team")
    stays, ends = await joined(client, f"Ada {mark}"), await joined(client, f"Ada {mark}")
    await client.post(f"{MEMBERS}/{ends}/restrictions", headers=signed_in("member", member_id=ends))

    merged = await client.post(f"{MEMBERS}/{stays}/mergers", json={"ended": ends}, headers=team)
    restriction = await client.get(f"{MEMBERS}/{stays}/restriction", headers=team)
    changes = await client.get(f"{MEMBERS}/{stays}/changes", headers=team)

    assert merged.status_code == 200
    assert restriction.json()["restricted_since"] is not None
    assert [(its["what"], its["who"]) for its in changes.json()["changes"]] == [("restricted", "team")]
    assert ("MemberProcessingRestricted", {"member_id": stays, "restricted": True}) in await said(stays)
