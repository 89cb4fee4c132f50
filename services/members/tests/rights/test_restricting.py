"""Restricting a member, and the record of what was changed of them: by the API and by the pages."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import CSRF_OF_FORMS, account_of, in_browser
from members.imports import store as import_store
from members.rights import change_store
from members.rights.restriction_store import NOT_RESTRICTED
from members.signing_in import account_store

SignIn = Callable[..., dict[str, str]]
Said = Callable[[str], Awaitable[list[tuple[str, dict[str, Any]]]]]
API: Final = "/api/members/v1"
PAGE: Final = "/members/profile/restriction"


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page.partition("<main")[2]).split())


async def joined(client: AsyncClient) -> str:
    form = {"name": "Ada Moss", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    answer = await client.post(f"{API}/members", json=form, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["member_id"])


async def listed(running: FastAPI, *members: str) -> list[str]:
    """Which of them a list of members holds."""
    sql = f"SELECT member_id FROM member WHERE member_id = ANY($1) AND {NOT_RESTRICTED}"  # noqa: S608 (ours)
    async with running.state.running.database.transaction() as tx:
        return [str(row["member_id"]) for row in await tx.fetch(sql, [UUID(its) for its in members])]


async def record(client: AsyncClient, headers: dict[str, str], member_id: str) -> list[tuple[str, str]]:
    answer = await client.get(f"{API}/members/{member_id}/changes", headers=headers)
    assert answer.status_code == 200, answer.text
    return [(its["what"], its["who"]) for its in answer.json()["changes"]]


async def test_a_member_restricts_and_ends_it_each_said_and_recorded_once(
    client: AsyncClient, running: FastAPI, signed_in: SignIn, said: Said
) -> None:
    ada, ben = await joined(client), await joined(client)
    me = signed_in("member", member_id=ada)

    first = await client.post(f"{API}/members/{ada}/restrictions", headers=me)
    again = await client.post(f"{API}/members/{ada}/restrictions", headers=me)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["restricted_since"] == again.json()["restricted_since"] is not None
    assert await listed(running, ada, ben) == [ben]
    for _ in range(2):
        lifted = await client.post(f"{API}/members/{ada}/restriction-ends", headers=me)
        assert lifted.json() == {"member_id": ada, "restricted_since": None}
    assert sorted(await listed(running, ada, ben)) == sorted([ada, ben])
    assert (await said(ada))[1:] == [
        ("MemberProcessingRestricted", {"member_id": ada, "restricted": True}),
        ("MemberProcessingRestricted", {"member_id": ada, "restricted": False}),
    ]
    assert await record(client, me, ada) == [("not-restricted", "member"), ("restricted", "member")]


async def test_restricting_is_for_the_member_and_the_team(client: AsyncClient, signed_in: SignIn) -> None:
    ada, ben = await joined(client), await joined(client)
    other = signed_in("member", "hosep", member_id=ben, organisation="UKHSA")

    for path in ("restrictions", "restriction-ends"):
        assert (await client.post(f"{API}/members/{ada}/{path}", headers=other)).status_code == 404
        assert (await client.post(f"{API}/members/{ada}/{path}")).status_code == 401
        assert (await client.post(f"{API}/members/{uuid4()}/{path}", headers=signed_in("team"))).status_code == 404
    for path in ("restriction", "changes"):
        assert (await client.get(f"{API}/members/{ada}/{path}", headers=other)).status_code == 404
    by_team = await client.post(f"{API}/members/{ada}/restrictions", headers=signed_in("team"))
    assert by_team.json()["restricted_since"] is not None
    assert await record(client, signed_in("member", member_id=ada), ada) == [("restricted", "team")]


async def test_whoever_leaves_is_restricted_no_more_and_the_record_goes(
    client: AsyncClient, running: FastAPI, signed_in: SignIn
) -> None:
    ada, team = await joined(client), signed_in("team")
    await client.post(f"{API}/members/{ada}/restrictions", headers=team)

    assert (await client.post(f"{API}/members/{ada}/departures", headers=team)).status_code == 200

    async with running.state.running.database.transaction() as tx:
        for table in ("restriction", "profile_change"):
            sql = f"SELECT count(*) FROM {table} WHERE member_id = $1"  # noqa: S608 (a table of ours)
            assert await tx.fetchval(sql, UUID(ada)) == 0
    late = await client.post(f"{API}/members/{ada}/restrictions", headers=team)
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "has-left")


async def test_who_ended_a_membership_or_had_somebody_erased_is_kept_but_no_account_of_their_own(
    client: AsyncClient, running: FastAPI, signed_in: SignIn
) -> None:
    """Nothing leads from somebody who has left to how they signed in."""
    team, kept = signed_in("team"), []
    for path, sql in (
        ("departures", "SELECT departed_at AS at, departed_by AS by FROM member WHERE member_id = $1"),
        ("erasure", "SELECT requested_at AS at, requested_by AS by FROM erasure WHERE member_id = $1"),
    ):
        ada, ben = await joined(client), await joined(client)
        ben_themself = signed_in("member", member_id=ben)
        async with running.state.running.database.transaction() as tx:
            await account_store.add(tx, account_of(ben_themself), "https://rights.example", ben)
            await account_store.link(tx, account_of(ben_themself), UUID(ben))
            before = tx.now
        for member_id, headers in ((ada, team), (ben, ben_themself)):
            answer = await client.post(f"{API}/members/{member_id}/{path}", headers=headers)
            assert answer.is_success, answer.text
        async with running.state.running.database.transaction() as tx:
            rows = [await tx.fetchrow(sql, UUID(each)) for each in (ada, ben)]
            assert all(before < its["at"] < tx.now for its in rows)
        kept.append([its["by"] for its in rows])
    copy = (await client.get(f"{API}/my/copy", headers=team)).json()

    assert kept == [[account_of(team), None], [account_of(team), None]]
    assert [(its["title"], len(its["rows"])) for its in copy["holdings"] if its["rows"]] == [
        ("When you ended the membership of others", 1),
        ("When you had others erased", 1),
    ]


async def test_every_change_is_recorded_with_who_did_it_and_without_what_it_was(
    client: AsyncClient, signed_in: SignIn
) -> None:
    ada = await joined(client)
    me, team = signed_in("member", member_id=ada), signed_in("team")
    there = f"{API}/members/{ada}"
    await client.post(f"{there}/contact-changes", json={"name": "Ada Lake"}, headers=me)
    await client.post(f"{there}/contact-changes", json={"email": f"{uuid4().hex}@ukhsa.example"}, headers=team)
    await client.post(f"{there}/grade-changes", json={"grade": "SEO"}, headers=team)
    await client.post(f"{there}/transfers", json={"organisation": "DEFRA", "grade": "SEO"}, headers=me)
    await client.post(f"{there}/transfers", json={"organisation": "DSTL", "grade": "G7"}, headers=me)
    await client.post(f"{there}/grade-changes", json={"grade": "nonsense"}, headers=me)
    await client.post(f"{there}/profile-updates", json={"interests": ["botany"], "skills": []}, headers=me)

    answer = await client.get(f"{there}/changes", headers=team)

    assert [(its["what"], its["who"]) for its in answer.json()["changes"]] == [
        ("interests", "member"),
        ("organisation", "member"),
        ("grade", "member"),
        ("organisation", "member"),
        ("grade", "team"),
        ("email", "team"),
        ("name", "member"),
    ]
    assert all(its["by"] for its in answer.json()["changes"])
    assert "Lake" not in answer.text
    mine = (await client.get(f"{there}/changes?limit=4", headers=me)).json()
    assert (len(mine["changes"]), {its["by"] for its in mine["changes"]}) == (4, {None})
    rest = (await client.get(f"{there}/changes?limit=4&before={mine['next']}", headers=me)).json()
    assert ([its["what"] for its in rest["changes"]], rest["next"]) == (["grade", "email", "name"], None)


async def test_what_a_list_and_a_merger_changed_is_recorded_as_theirs(
    client: AsyncClient, running: FastAPI, signed_in: SignIn
) -> None:
    ada, ben, import_id, account_id = await joined(client), await joined(client), uuid4(), uuid4()
    async with running.state.running.database.transaction() as tx:
        await import_store.begin(tx, import_id, account_id=account_id, organisation=None, rows=[])
        await change_store.record_import(tx, [UUID(ada)], import_id)
        await change_store.record_merger(tx, [UUID(ada), UUID(ben)])

    its = (await client.get(f"{API}/members/{ada}/changes", headers=signed_in("team"))).json()["changes"]

    assert [(each["what"], each["who"], each["by"]) for each in its] == [
        ("organisation", "merger", None),
        ("organisation", "list", str(account_id)),
    ]
    assert await record(client, signed_in("team"), ben) == [("organisation", "merger")]
    page = words((await client.get("/members/profile/changes", headers=in_browser("member", member_id=ada))).text)
    assert "Organisation The merger of your organisation" in page


async def test_an_erasure_takes_the_record_and_the_restriction_along(
    client: AsyncClient, running: FastAPI, signed_in: SignIn
) -> None:
    ada = await joined(client)
    me = signed_in("member", member_id=ada)
    await client.post(f"{API}/members/{ada}/restrictions", headers=me)

    assert (await client.post(f"{API}/members/{ada}/erasure", headers=me)).status_code == 202

    async with running.state.running.database.transaction() as tx:
        counts = await tx.fetchrow(
            """
            SELECT (SELECT count(*) FROM restriction WHERE member_id = $1) AS restrictions,
                (SELECT count(*) FROM profile_change WHERE member_id = $1) AS changes
            """,
            UUID(ada),
        )
    assert counts is not None
    assert tuple(counts) == (0, 0)


async def test_a_member_restricts_on_a_page_that_says_what_it_means(client: AsyncClient) -> None:
    ada = await joined(client)
    me = in_browser("member", member_id=ada)
    before = words((await client.get(PAGE, headers=me)).text)

    sent = await client.post(PAGE, data={"restricted": "yes"} | CSRF_OF_FORMS, headers=me)
    after = words((await client.get(sent.headers["location"], headers=me)).text)
    changes = words((await client.get("/members/profile/changes", headers=me)).text)
    ended = await client.post(PAGE, data={"restricted": "no"} | CSRF_OF_FORMS, headers=me)

    assert "mentoring does not pair you; a pair that you have goes on" in before
    assert "Restrict the use of my details" in before
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}?done=true")
    assert "The use of your details is restricted. All parts" in after
    assert "End the restriction" in after
    assert "Use of your details restricted You" in changes
    assert "The restriction has ended." in words((await client.get(ended.headers["location"], headers=me)).text)


async def test_the_pages_tell_who_is_no_member_how_to_become_one(client: AsyncClient) -> None:
    for page in (PAGE, "/members/profile/changes"):
        answer = await client.get(page, headers=in_browser("team"))
        assert "You are not a member yet" in words(answer.text)
    assert "Nothing has been changed yet." in words(
        (
            await client.get("/members/profile/changes", headers=in_browser("member", member_id=await joined(client)))
        ).text
    )
