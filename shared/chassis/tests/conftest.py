from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from chassis import migrations
from chassis.database import Database, connect
from chassis.migrations import CHASSIS, read
from chassis.settings import ServiceSettings
from testkit.addresses import KafkaAddress


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


@pytest.fixture
def settings(kafka: KafkaAddress, topic_prefix: str, database_url: str) -> ServiceSettings:
    """Of a service on this test's own streams and database."""
    return ServiceSettings(
        database_url=database_url,
        kafka_bootstrap=kafka.bootstrap,
        topic_prefix=topic_prefix,
        http_port=0,
        token_keys=Path("unused"),
        front_door="https://gse.example",
    )
