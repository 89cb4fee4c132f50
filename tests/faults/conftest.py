from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from house import House, lent

from testkit.addresses import KafkaAddress
from testkit.databases import Databases


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    kafka: KafkaAddress, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A house of its own: its thousands of people would all be invited to what the journeys publish."""
    async with lent(kafka, databases, tmp_path_factory.mktemp("killed")) as house:
        yield house
