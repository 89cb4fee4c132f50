"""The record of roles: everything that was given and taken back stays, and names nobody who was erased."""

import re
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import in_browser, signed_in

API = "/api/members/v1"
HERE = "/members/roles"


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def joined(client: AsyncClient) -> str:
    form = {"name": "Ada Byron", "email": f"{uuid4().hex}@defra.example", "organisation": "Defra", "grade": "G7"}
    return str((await client.post(f"{API}/members", json=form)).json()["member_id"])


async def given(client: AsyncClient, member_id: str, role: str, headers: dict[str, str], **more: str) -> None:
    form = {"role": role, **more}
    answer = await client.post(f"{API}/members/{member_id}/role-grants", json=form, headers=headers)
    answer.raise_for_status()


async def recorded(client: AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    answer = await client.get(f"{API}/role-records", params=filters, headers=signed_in("team"))
    found: list[dict[str, Any]] = answer.raise_for_status().json()["records"]
    return found


def lines(found: list[dict[str, Any]]) -> list[tuple[str, str | None, bool]]:
    return [(its["role"], its["organisation"], its["granted"]) for its in found]


async def test_each_role_that_is_given_or_taken_back_is_recorded_once(client: AsyncClient) -> None:
    ada, team = await joined(client), signed_in("team")
    head = {"role": "hosep", "organisation": "Defra"}

    await given(client, ada, "volunteer", team)
    await given(client, ada, "volunteer", team)
    await given(client, ada, "hosep", team, organisation="Defra")
    for _ in range(2):
        await client.post(f"{API}/members/{ada}/role-revocations", json=head, headers=team)
    await client.post(f"{API}/members/{ada}/departures", headers=team)

    found = await recorded(client, member_id=ada)
    assert lines(found) == [
        ("volunteer", None, False),
        ("hosep", "DEFRA", False),
        ("hosep", "DEFRA", True),
        ("volunteer", None, True),
    ]
    assert len({its["by"] for its in found}) == 1
    assert {its["member_id"] for its in found} == {ada}


async def test_who_is_erased_is_named_no_more_and_what_was_done_stays(client: AsyncClient, running: FastAPI) -> None:
    ada, team = await joined(client), signed_in("team")
    await given(client, ada, "scheme-lead", team)
    before = (await recorded(client, role="scheme-lead"))[0]

    await client.post(f"{API}/members/{ada}/erasure", headers=team)

    taken, first = (await recorded(client, role="scheme-lead"))[:2]
    assert await recorded(client, member_id=ada) == []
    assert first == before | {"member_id": None}
    assert (taken["granted"], taken["member_id"]) == (False, None)
    async with running.state.running.database.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM role_record WHERE member_id = $1", UUID(ada)) == 0


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM role_record",
        "UPDATE role_record SET role = 'team'",
        "UPDATE role_record SET member_id = gen_random_uuid()",
        "UPDATE role_record SET member_id = NULL, granted = NOT granted",
    ],
)
async def test_the_database_itself_lets_nobody_change_the_record(
    client: AsyncClient, database_url: str, sql: str
) -> None:
    await given(client, await joined(client), "volunteer", signed_in("team"))
    connection = await asyncpg.connect(database_url)

    with pytest.raises(asyncpg.RaiseError, match="stays as it is"):
        await connection.execute(sql)
    await connection.close()


async def test_the_record_is_asked_for_in_parts_each_line_once(client: AsyncClient) -> None:
    ada, team = await joined(client), signed_in("team")
    for role in ("volunteer", "scheme-lead", "team"):
        await given(client, ada, role, team)

    pages, before = [], None
    while True:
        filters: dict[str, Any] = {"member_id": ada, "limit": 2} | ({"before": before} if before else {})
        page = (await client.get(f"{API}/role-records", params=filters, headers=team)).json()
        pages.append([its["role"] for its in page["records"]])
        if (before := page["next"]) is None:
            break

    assert pages == [["team", "scheme-lead"], ["volunteer"]]


async def test_the_record_is_the_teams(client: AsyncClient) -> None:
    ada = await joined(client)

    for roles in (("member",), ("hosep",), ("operator",)):
        assert (await client.get(f"{API}/role-records", headers=signed_in(*roles, member_id=ada))).status_code == 403
        assert (await client.get(HERE, headers=in_browser(*roles, member_id=ada))).status_code == 403


async def test_the_page_shows_who_when_and_what_without_a_name_and_is_searched_by_member_and_role(
    client: AsyncClient,
) -> None:
    ada, ben, team = await joined(client), await joined(client), signed_in("team")
    await given(client, ada, "hosep", team, organisation="Defra")
    await given(client, ada, "operator", team)
    await given(client, ben, "operator", team)

    async def shown(query: str) -> str:
        return words((await client.get(f"{HERE}?{query}", headers=in_browser("team"))).text)

    of_ada, operators = await shown(f"member={ada}"), await shown("role=operator")
    both, nothing = await shown(f"member={ada}&role=hosep"), await shown(f"member={uuid4()}")
    wrong = await client.get(f"{HERE}?member=ada", headers=in_browser("team"))

    assert "Given: Head of profession at Department for Environment, Food and Rural Affairs (Defra)" in of_ada
    assert (of_ada.count(f"{ada} by account"), ben in of_ada, "Ada Byron" in of_ada) == (2, False, False)
    assert (ada in operators, ben in operators) == (True, True)
    assert both.count(f"{ada} by account") == 1
    assert "There is nothing of this kind." in nothing
    assert (wrong.status_code, "Enter the whole id of a member" in wrong.text) == (422, True)


async def test_a_long_record_is_turned_over_page_by_page(client: AsyncClient) -> None:
    ada, team = await joined(client), signed_in("team")
    for _ in range(14):
        await given(client, ada, "volunteer", team)
        await client.post(f"{API}/members/{ada}/role-revocations", json={"role": "volunteer"}, headers=team)

    first = (await client.get(f"{HERE}?member={ada}", headers=in_browser("team"))).text
    older = re.search(rf'href="({HERE}\?member={ada}&amp;before=\d+)"', first)
    assert older is not None
    second = (await client.get(older.group(1).replace("&amp;", "&"), headers=in_browser("team"))).text

    assert (first.count("Given:"), first.count("Taken back:")) == (12, 13)
    assert (second.count("Given:"), second.count("Taken back:")) == (2, 1)
    assert "before=" not in second
    assert f'href="{HERE}?member={ada}"' in second
