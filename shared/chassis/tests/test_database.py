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

    async with store.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM effect") == 0
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
