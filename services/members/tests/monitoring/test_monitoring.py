"""Equality monitoring on the real database: over HTTP, on its page, and in its store."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.database import Transaction
from chassis.testing import CSRF_OF_FORMS, in_browser, signed_in
from members.monitoring import store
from members.monitoring.ledger import Ledger, book, counted_as, row_of
from testkit.eventually import eventually

API = "/api/members/v1"
HERE = "/members/monitoring"
ANSWERS = {"sex": "female", "religion": "prefer-not-to-say"}


async def joined(client: AsyncClient) -> str:
    form = {"name": "Ada King", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    return str((await client.post(f"{API}/members", json=form)).raise_for_status().json()["member_id"])


async def answered(client: AsyncClient, member_id: str, answers: dict[str, str]) -> Any:
    me = signed_in("member", member_id=member_id)
    return await client.put(f"{API}/members/{member_id}/monitoring-answers", json={"answers": answers}, headers=me)


async def shown(client: AsyncClient, member_id: str, **who: Any) -> Any:
    me = who or signed_in("member", member_id=member_id)
    return await client.get(f"{API}/members/{member_id}/monitoring-answers", headers=me)


async def kept_of(running: FastAPI, member_id: str) -> tuple[int, int]:
    """How many rows of answers and of what releases counted there are of a member."""
    vault = running.state.vault
    async with running.state.running.database.transaction() as tx, store.opened(tx):
        name = vault.name(UUID(member_id))
        answers = await store.of(tx, vault, name)
        return (1 if answers else 0, len(list(counted_as(await store.ledger_of(tx, vault, name), name))))


async def counted(running: FastAPI, tx: Transaction, *members: str) -> None:
    """As a release counts them, in UKHSA as HEO, with `ANSWERS`."""
    vault, people = running.state.vault, len(members)
    exact = {what: [("UKHSA", "HEO-SEO", {code: people})] for what, code in ANSWERS.items()}
    row = row_of(book(exact), ("UKHSA", "HEO-SEO"), ANSWERS)
    its = Ledger({"2026-Q3": exact}, {vault.name(UUID(its)): row for its in members})
    await store.keep_ledger(tx, vault, its, filled_to=1 << 10)


async def counted_of(running: FastAPI, member_id: str) -> dict[str, Any]:
    vault = running.state.vault
    async with running.state.running.database.transaction() as tx, store.opened(tx):
        name = vault.name(UUID(member_id))
        return dict(counted_as(await store.ledger_of(tx, vault, name), name))


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def test_anyone_reads_what_is_asked(client: AsyncClient) -> None:
    asked = (await client.get(f"{API}/monitoring-questions")).json()

    assert (asked["version"], len(asked["questions"])) == (1, 8)
    assert asked["questions"][0] == {
        "code": "sex",
        "question": "What is your sex?",
        "hint": "",
        "options": [
            {"code": "female", "text": "Female"},
            {"code": "male", "text": "Male"},
            {"code": "prefer-not-to-say", "text": "Prefer not to say"},
        ],
    }


async def test_a_member_answers_changes_and_deletes_their_answers(client: AsyncClient) -> None:
    member_id = await joined(client)
    assert (await shown(client, member_id)).status_code == 404

    first = await answered(client, member_id, ANSWERS)
    assert (first.status_code, first.json()["answers"]) == (200, ANSWERS)
    assert (await answered(client, member_id, {"age": "25-to-34"})).json()["answers"] == {"age": "25-to-34"}
    assert (await shown(client, member_id)).json()["answers"] == {"age": "25-to-34"}

    me = signed_in("member", member_id=member_id)
    for _ in range(2):
        gone = await client.delete(f"{API}/members/{member_id}/monitoring-answers", headers=me)
        assert gone.status_code == 204
    assert (await shown(client, member_id)).status_code == 404


async def test_nobody_but_the_member_reads_or_writes_answers(client: AsyncClient) -> None:
    member_id = await joined(client)
    await answered(client, member_id, ANSWERS)

    for who in (signed_in("team"), signed_in("hosep", organisation="UKHSA"), signed_in("member", member_id=uuid4())):
        address = f"{API}/members/{member_id}/monitoring-answers"
        assert (await client.get(address, headers=who)).status_code == 404
        assert (await client.put(address, json={"answers": {}}, headers=who)).status_code == 404
        assert (await client.delete(address, headers=who)).status_code == 404
    assert (await client.get(f"{API}/members/{member_id}/monitoring-answers")).status_code == 401
    assert (await shown(client, member_id)).json()["answers"] == ANSWERS


async def test_what_is_no_answer_is_told_at_its_question_and_changes_nothing(client: AsyncClient) -> None:
    member_id = await joined(client)
    await answered(client, member_id, ANSWERS)

    refused = await answered(client, member_id, {"sex": "tall"})

    assert refused.status_code == 422
    assert [(its["field"], its["detail"]) for its in refused.json()["errors"]] == [
        ("sex", "Choose one of the answers, or none")
    ]
    assert "tall" not in refused.text
    assert (await shown(client, member_id)).json()["answers"] == ANSWERS


async def test_the_services_own_role_cannot_read_the_answers_nor_the_restricted_role_the_members(
    running: FastAPI, client: AsyncClient
) -> None:
    await answered(client, await joined(client), ANSWERS)
    database = running.state.running.database

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="monitoring"):
        async with database.transaction() as tx:
            await tx.fetch("SELECT * FROM monitoring.answer")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="member"):
        async with database.transaction() as tx, store.opened(tx):
            await tx.fetch("SELECT * FROM member")
    async with database.transaction() as tx:
        async with store.opened(tx):
            assert await tx.fetchval("SELECT count(*) FROM monitoring.answer") > 0
        assert await tx.fetchval("SELECT count(*) FROM member") > 0


async def test_no_row_holds_an_answer_or_a_members_id_to_be_read(running: FastAPI, client: AsyncClient) -> None:
    member_id = await joined(client)
    await answered(client, member_id, ANSWERS)

    async with running.state.running.database.transaction() as tx, store.opened(tx):
        rows = await tx.fetch("SELECT name, sealed FROM monitoring.answer")
    kept = b"".join(row["name"] + row["sealed"] for row in rows)
    assert b"female" not in kept
    assert UUID(member_id).bytes not in kept
    assert member_id.encode() not in kept


@pytest.mark.parametrize("way", ["departures", "erasure"])
async def test_who_leaves_or_is_erased_leaves_no_answer_behind(running: FastAPI, client: AsyncClient, way: str) -> None:
    member_id, other = await joined(client), await joined(client)
    await answered(client, member_id, ANSWERS)
    await answered(client, other, ANSWERS)
    async with running.state.running.database.transaction() as tx, store.opened(tx):
        await counted(running, tx, member_id, other)
    assert await kept_of(running, member_id) == (1, 1)

    me = signed_in("member", member_id=member_id)
    assert (await client.post(f"{API}/members/{member_id}/{way}", headers=me)).is_success

    assert await kept_of(running, member_id) == (0, 0)
    assert await kept_of(running, other) == (1, 1)
    assert (await answered(client, member_id, ANSWERS)).status_code == 404


async def test_deleting_answers_also_blanks_what_releases_counted(running: FastAPI, client: AsyncClient) -> None:
    member_id, other = await joined(client), await joined(client)
    async with running.state.running.database.transaction() as tx, store.opened(tx):
        await counted(running, tx, member_id, other)

    me = signed_in("member", member_id=member_id)
    await client.delete(f"{API}/members/{member_id}/monitoring-answers", headers=me)

    there = ("UKHSA", "HEO-SEO")
    assert await counted_of(running, member_id) == {"2026-Q3": {"place": there, "codes": None}}
    assert await counted_of(running, other) == {"2026-Q3": {"place": there, "codes": ANSWERS}}


async def counted_as_it_was_before(running: FastAPI, tx: Transaction, *members: str) -> None:
    """In rows of one release each, as they were kept until there was one row."""
    await counted(running, tx, *members)
    await tx.execute("DELETE FROM monitoring.ledger")
    await tx.execute("INSERT INTO monitoring.exact SELECT * FROM monitoring.book")
    await tx.execute("DELETE FROM monitoring.book")
    for name in [running.state.vault.name(UUID(its)) for its in members]:
        sealed = running.state.vault.seal(name, {"place": ["UKHSA", "HEO-SEO"], "codes": ANSWERS})
        await tx.execute("INSERT INTO monitoring.counted VALUES ('2026-Q3', $1, $2)", name, sealed)


async def test_rows_that_were_kept_before_are_read_blanked_and_deleted_and_are_gone_with_the_next_release(
    running: FastAPI, client: AsyncClient
) -> None:
    members = [await joined(client) for _ in range(3)]
    stays, deletes, leaves = members
    database = running.state.running.database
    async with database.transaction() as tx, store.opened(tx):
        await counted_as_it_was_before(running, tx, *members)

    place = f"{API}/members/{deletes}/monitoring-answers"
    await client.delete(place, headers=signed_in("member", member_id=deletes))
    await client.post(f"{API}/members/{leaves}/departures", headers=signed_in("member", member_id=leaves))

    there = ("UKHSA", "HEO-SEO")
    after = [{"2026-Q3": {"place": there, "codes": codes}} for codes in (ANSWERS, None)]
    assert [await counted_of(running, its) for its in members] == [*after, {}]
    async with database.transaction() as tx, store.opened(tx):
        await store.keep_ledger(
            tx, running.state.vault, await store.ledger_of(tx, running.state.vault), filled_to=1 << 10
        )
        for table in ("counted", "exact"):
            assert await tx.fetchval(f"SELECT count(*) FROM monitoring.{table}") == 0  # noqa: S608 - ours
    assert [await counted_of(running, its) for its in (stays, deletes)] == after


async def test_a_row_cannot_be_read_as_one_of_other_releases(running: FastAPI, client: AsyncClient) -> None:
    member_id = await joined(client)
    with pytest.raises(InvalidTag):
        async with running.state.running.database.transaction() as tx, store.opened(tx):
            await counted(running, tx, member_id)
            exact = running.state.vault.seal(b"2026-Q2", {}, filled_to=1 << 10)
            await tx.execute("INSERT INTO monitoring.book VALUES ('2026-Q2', $1)", exact)
            await store.ledger_of(tx, running.state.vault)


@pytest.mark.parametrize(
    ("method", "way", "left"),
    [("POST", "departures", []), ("POST", "erasure", []), ("DELETE", "monitoring-answers", [None])],
)
async def test_who_goes_while_a_release_is_made_is_taken_out_of_it(
    *,
    running: FastAPI,
    client: AsyncClient,
    waits_for_a_lock: Callable[[], Awaitable[bool]],
    method: str,
    way: str,
    left: list[None],
) -> None:
    member_id, database = await joined(client), running.state.running.database
    me = signed_in("member", member_id=member_id)

    async with asyncio.TaskGroup() as tasks, database.transaction() as tx, store.opened(tx):
        await store.hold_for_a_release(tx)
        gone = tasks.create_task(client.request(method, f"{API}/members/{member_id}/{way}", headers=me))
        await eventually(waits_for_a_lock)
        await counted(running, tx, member_id)

    assert gone.result().is_success
    assert [its["codes"] for its in (await counted_of(running, member_id)).values()] == left


async def test_the_page_says_why_and_who_sees_it_and_nothing_is_chosen_for_anybody(client: AsyncClient) -> None:
    member_id = await joined(client)

    page = await client.get(HERE, headers=in_browser("member", member_id=member_id))

    assert page.status_code == 200
    assert "You decide whether to answer." in words(page.text)
    assert "You alone. They are encrypted and kept apart from your profile" in words(page.text)
    assert page.text.count("Prefer not to say") == 8
    assert "checked" not in page.text
    assert "Delete my answers" not in page.text


async def test_a_member_answers_and_deletes_on_the_page(client: AsyncClient) -> None:
    member_id = await joined(client)
    me = in_browser("member", member_id=member_id)

    sent = await client.post(HERE, data={**ANSWERS, **CSRF_OF_FORMS}, headers=me)
    assert (sent.status_code, sent.headers["location"]) == (303, "/members/monitoring?done=answered")
    page = (await client.get(sent.headers["location"], headers=me)).text
    assert "Your answers are kept." in words(page)
    assert re.findall(r'value="([^"]+)" checked', page) == ["female", "prefer-not-to-say"]

    assert "The next figures count you as somebody who has not answered" in words(
        (await client.get(f"{HERE}/delete", headers=me)).text
    )
    gone = await client.post(f"{HERE}/delete", data=CSRF_OF_FORMS, headers=me)
    assert (gone.status_code, gone.headers["location"]) == (303, "/members/monitoring?done=deleted")
    assert "checked" not in (await client.get(HERE, headers=me)).text


@pytest.mark.parametrize("wrong", ["tall", "<script>"])
async def test_a_wrong_answer_is_told_at_its_question_and_the_others_stay(client: AsyncClient, wrong: str) -> None:
    me = in_browser("member", member_id=await joined(client))

    page = await client.post(HERE, data={"sex": wrong, "caring": "no", **CSRF_OF_FORMS}, headers=me)

    assert page.status_code == 422
    assert page.text.count("Choose one of the answers, or none") == 2
    assert '<a href="#sex">' in page.text
    assert re.findall(r'value="([^"]+)" checked', page.text) == ["no"]


async def test_an_account_without_a_member_is_told_so(client: AsyncClient) -> None:
    for address in (HERE, f"{HERE}/delete"):
        assert "not a member" in (await client.get(address, headers=in_browser("team"))).text
