from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chassis import migrations
from chassis.database import Database, connect
from chassis.migrations import CHASSIS, read


async def _prepare(url: str) -> None:
    await migrations.migrate(url, read("chassis", CHASSIS))


@pytest.fixture
async def database_url(database: Callable[..., Awaitable[str]]) -> str:
    """A database of this test's own, with the chassis's tables alone."""
    return await database("chassis", _prepare)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Database]:
    store = await connect(database_url, size=20, name="test")
    yield store
    await store.close()
