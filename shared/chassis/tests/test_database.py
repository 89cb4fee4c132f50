"""A transaction's end, when the store goes away just then: what was committed is told as committed."""

import asyncio
from typing import Any

import asyncpg
import pytest

from chassis.database import Database, Outage, connect
from testkit.children import in_thread


class FallsWhenGivenBack:
    """A pool whose connections are ended by the server between a transaction's end and their return."""

    def __init__(self, database: Database, url: str) -> None:
        self.pool = database._pool
        self.url = url

    async def acquire(self, *, timeout: float) -> Any:  # noqa: ASYNC109 - the pool's own
        return await self.pool.acquire(timeout=timeout)

    async def release(self, connection: Any) -> None:
        pid = connection.get_server_pid()
        in_thread(lambda: asyncio.run(self._end(pid)))  # not awaited, or the client would notice before it gives back
        await self.pool.release(connection)

    async def _end(self, pid: int) -> None:
        bare = await asyncpg.connect(self.url)
        await bare.execute("SELECT pg_terminate_backend($1)", pid)
        await bare.close()


async def test_a_connection_that_falls_after_the_commit_takes_nothing_back(store: Database, database_url: str) -> None:
    falling = Database(FallsWhenGivenBack(store, database_url))
    woken: list[bool] = []
    falling.on_said.append(lambda: woken.append(True))
    async with falling.transaction() as tx:
        tx.has_put = True
        await tx.execute("CREATE TABLE effect ()")

    bare = await asyncpg.connect(database_url)
    assert await bare.fetchval("SELECT count(*) FROM effect") == 0
    await bare.close()
    assert woken == [True]


async def test_a_connection_that_falls_after_a_failure_leaves_the_failure_as_it_is(
    store: Database, database_url: str
) -> None:
    falling = Database(FallsWhenGivenBack(store, database_url))
    with pytest.raises(ZeroDivisionError):
        async with falling.transaction():
            raise ZeroDivisionError


async def test_a_store_that_is_not_there_is_an_outage() -> None:
    with pytest.raises(Outage):
        await connect("postgresql://a:b@127.0.0.1:1/none", size=2, name="test")


async def test_a_connection_goes_back_as_the_commit_left_it(store: Database, database_url: str) -> None:
    async with store.transaction() as tx:
        pid = await tx.fetchval("SELECT pg_backend_pid()")
    bare = await asyncpg.connect(database_url)
    last = await bare.fetchval("SELECT query FROM pg_stat_activity WHERE pid = $1", pid)
    await bare.close()

    assert last == "COMMIT;"


async def test_one_statement_is_committed_without_asking_for_it(store: Database, database_url: str) -> None:
    async with store.transaction(one_statement=True) as tx:
        pid = await tx.fetchval("SELECT pg_backend_pid()")
    bare = await asyncpg.connect(database_url)
    last = await bare.fetchval("SELECT query FROM pg_stat_activity WHERE pid = $1", pid)
    await bare.close()

    assert last == "SELECT pg_backend_pid()"


async def test_a_second_statement_where_one_was_promised_is_refused(store: Database) -> None:
    async with store.transaction(one_statement=True) as tx:
        await tx.fetchval("SELECT 1")
        with pytest.raises(RuntimeError, match="second statement"):
            await tx.execute("SELECT 2")
