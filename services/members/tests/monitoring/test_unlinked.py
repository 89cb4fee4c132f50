"""Whoever reads all tables of the database tries to find out whose row of the monitoring store is whose.

They see what `pg_dump` writes, in its order, and what PostgreSQL itself keeps in a row: who wrote it, who locked it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from chassis.testing import signed_in
from members.membership import store as members
from members.monitoring import shuffling
from members.monitoring import store as monitoring
from members.monitoring.answers import Answers
from members.rights.restriction_store import NOT_RESTRICTED
from members.statistics import periods
from testkit.eventually import eventually

API = "/api/members/v1"
MANY = 60
ANSWERS = ("female", "male", "prefer-not-to-say")
LAST = periods.last_ended(datetime.now(UTC).date())


@pytest.fixture(scope="module")
async def attacker(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def told(running: FastAPI, client: AsyncClient) -> None:
    """Members who joined and answered, one after the other, and a release that has counted them."""
    for number in range(MANY):
        await answered(client, ANSWERS[number % len(ANSWERS)])
    release = await client.post(f"{API}/statistics-releases", json={"period": LAST.code}, headers=signed_in("team"))
    await shuffling.shuffle(running.state.running.database)
    assert (release.status_code, list(release.json()["diversity"])) == (201, ["sex"])


async def answered(client: AsyncClient, sex: str) -> str:
    """Somebody joins and answers."""
    form = {"name": "Ada King", "email": f"{uuid4().hex}@ukhsa.example", "organisation": "UKHSA", "grade": "HEO"}
    member_id = (await client.post(f"{API}/members", json=form)).raise_for_status().json()["member_id"]
    answer = await client.put(
        f"{API}/members/{member_id}/monitoring-answers",
        json={"answers": {"sex": sex}},
        headers=signed_in("member", member_id=member_id),
    )
    assert answer.status_code == 200, answer.text
    return str(member_id)


async def restricted(attacker: asyncpg.Connection, sql: str) -> list[Any]:
    """Read as the owner of what is restricted."""
    async with attacker.transaction():
        await attacker.execute("SELECT set_config('role', session_user || '_restricted', true)")
        return list(await attacker.fetch(sql))


@pytest.mark.usefixtures("told")
async def test_rows_lie_in_no_order_that_members_have_too(running: FastAPI, attacker: asyncpg.Connection) -> None:
    vault = running.state.vault
    named = await attacker.fetch(
        """
        SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'name'
        WHERE relnamespace = 'monitoring'::regnamespace AND relkind = 'r'"""
    )
    as_they_lie = await attacker.fetch("SELECT member_id FROM member")
    as_counted = await attacker.fetch(f"SELECT member_id FROM member WHERE left_on IS NULL AND {NOT_RESTRICTED}")  # noqa: S608

    lengths = []
    for (table,) in named:
        rows = [row["name"] for row in await restricted(attacker, f"SELECT name FROM monitoring.{table}")]  # noqa: S608
        lengths.append(len(rows))
        for people in (as_they_lie, as_counted):
            in_place = sum(row == vault.name(its["member_id"]) for row, its in zip(rows, people, strict=False))
            assert in_place < MANY / 4  # by chance it is about one
    assert lengths.count(MANY) == 2, "the answers, and what the release counted"


async def test_no_transaction_wrote_both_an_answer_and_something_of_who_gave_it(
    client: AsyncClient, attacker: asyncpg.Connection
) -> None:
    for _ in range(3):
        await answered(client, "female")

    answers = {row["xmin"] for row in await restricted(attacker, "SELECT xmin::text FROM monitoring.answer")}
    members = await attacker.fetch("SELECT xmin::text, xmax::text FROM member")
    assert len(answers) >= 3
    assert answers & {xid for row in members for xid in row} == set()


@pytest.mark.parametrize("way", ["departures", "erasure"])
async def test_an_answer_that_is_being_written_goes_with_its_member_all_the_same(
    *, running: FastAPI, client: AsyncClient, waits_for_a_lock: Callable[[], Awaitable[bool]], way: str
) -> None:
    member_id, database, vault = (
        UUID(await answered(client, "female")),
        running.state.running.database,
        running.state.vault,
    )
    me, name = signed_in("member", member_id=member_id), vault.name(member_id)

    async with asyncio.TaskGroup() as tasks, database.transaction() as tx:
        assert await members.stays(tx, member_id) is not None
        gone = tasks.create_task(client.post(f"{API}/members/{member_id}/{way}", headers=me))
        await eventually(waits_for_a_lock)
        async with monitoring.opened(tx):
            await monitoring.keep(tx, vault, name, Answers(1, datetime.now(UTC).date(), {"sex": "male"}))

    assert gone.result().is_success
    async with database.transaction() as tx, monitoring.opened(tx):
        assert await monitoring.of(tx, vault, name) is None


@pytest.mark.parametrize(("method", "way"), [("POST", "departures"), ("DELETE", "monitoring-answers")])
async def test_answers_that_are_being_shuffled_go_with_their_member_all_the_same(
    *, running: FastAPI, client: AsyncClient, waits_for_a_lock: Callable[[], Awaitable[bool]], method: str, way: str
) -> None:
    member_id, database, vault = await answered(client, "female"), running.state.running.database, running.state.vault
    me, name = signed_in("member", member_id=member_id), vault.name(UUID(member_id))

    async with asyncio.TaskGroup() as tasks, database.transaction() as tx, monitoring.opened(tx):
        await monitoring.lay_by_chance(tx)
        gone = tasks.create_task(client.request(method, f"{API}/members/{member_id}/{way}", headers=me))
        await eventually(waits_for_a_lock)

    assert gone.result().is_success
    async with database.transaction() as tx, monitoring.opened(tx):
        assert await monitoring.of(tx, vault, name) is None
