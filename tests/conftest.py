from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from house import House, lent

from testkit.addresses import KafkaAddress
from testkit.databases import Databases


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(
    kafka: KafkaAddress, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """One running house for all journeys of a session. Each journey has people of its own."""
    async with lent(kafka, databases, tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def moving_house(
    kafka: KafkaAddress, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """One for the journeys that move the business clock on, which is everybody's; members has two replicas there."""
    async with lent(kafka, databases, tmp_path_factory.mktemp("moving")) as house:
        await house.join_replica("members")
        yield house
